"""From JSON pointers to lines, for the few places that findings name.

The decoder gives the extent of every value for nothing, so that only the path
to the place is walked, never the document.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import Final, TypeAlias

import msgspec
from msgspec import Raw

from kfm_audit.pattern import pattern
from kfm_audit.values import Location

_OBJECT: Final = msgspec.json.Decoder(dict[str, Raw])
_ARRAY: Final = msgspec.json.Decoder(list[Raw])
_KEY: Final = pattern(rb'[\s,]*("(?:[^"\\]|\\.)*")\s*:\s*')
_GAP: Final = pattern(rb"[\s,]*")
_PLAIN: Final = pattern(r"[A-Za-z0-9_.-]+")
"""Names that no writer of JSON escapes without need."""

_Extent: TypeAlias = tuple[int, int]


def split_pointer(pointer: str) -> tuple[str, ...]:
    """The reference tokens of an RFC 6901 pointer."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def join_pointer(*parts: str | int) -> str:
    """The RFC 6901 pointer of reference tokens."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


_BLOCK: Final = 64 * 1024
_CONTINUATION: Final = bytes(range(0x80, 0xC0))
"""The bytes of UTF-8 that begin no code point."""


class Positions:
    """Where the values of one JSON document stand."""

    def __init__(self, data: bytes) -> None:
        """Take a document that is known to be well-formed; `data` is without a byte order mark."""
        self._data = data
        self._view = memoryview(data)
        self._reached: dict[str, tuple[_Extent, str]] = {}
        self._items: dict[int, list[_Extent]] = {}
        self._values: dict[tuple[int, str], _Extent | None] = {}

    def location(self, path: str, pointer: str, attribute: str = "") -> Location:
        """The place of the value at `pointer`, `attribute` below it, or of the nearest above that exists."""
        # Findings on one fact share its pointer.
        reached = self._reached.get(pointer)
        if reached is None:
            reached = self._reached[pointer] = self._walk(self._root, "", split_pointer(pointer))
        (start, end), shown = reached
        if attribute and shown == pointer:
            below = tuple(part for part in attribute.split("/") if part)
            (start, end), shown = self._walk((start, end), shown, below)
        # A value over many lines is shown by its first: an alert on a pull request needs every line in the diff.
        newline = self._data.find(b"\n", start, end)
        line, column = self.line_column(start)
        end_line, end_column = self.line_column(end if newline < 0 else newline)
        return Location(path, line, column, end_line, end_column, shown)

    def _walk(self, extent: _Extent, pointer: str, parts: tuple[str, ...]) -> tuple[_Extent, str]:
        """The extent below another, as far down as there is one, and the pointer of it."""
        depth = 0
        for part in parts:
            child = self._child(extent, part)
            if child is None:
                break
            extent = child
            depth += 1
        return extent, pointer + join_pointer(*parts[:depth])

    def line_column(self, offset: int) -> tuple[int, int]:
        """1-based line and column, in code points, of a byte offset."""
        line = bisect_right(self._line_starts, offset)
        start = self._line_starts[line - 1]
        return line, self._code_points(offset) - self._code_points(start) + 1

    def _code_points(self, offset: int) -> int:
        """How many code points begin before a byte offset."""
        if self._is_ascii:
            return offset
        block = offset // _BLOCK
        return self._blocks[block] + _count(self._data[block * _BLOCK : offset])

    @cached_property
    def _is_ascii(self) -> bool:
        return self._data.isascii()

    @cached_property
    def _spells(self) -> bool:
        """Whether the document spells characters by their numbers, so that a key may be written in other ways."""
        return b"\\u" in self._data

    @cached_property
    def _blocks(self) -> list[int]:
        """How many code points begin before each block: a plan may be one line of megabytes."""
        starts = range(0, len(self._data), _BLOCK)
        return [0, *accumulate(_count(self._data[start : start + _BLOCK]) for start in starts)]

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer(rb"\n", self._data))]

    @cached_property
    def _root(self) -> _Extent:
        start = len(self._data) - len(self._data.lstrip())
        return start, len(self._data.rstrip())

    def _child(self, extent: _Extent, part: str) -> _Extent | None:
        """The extent of an array's item or of an object's value; None where there is none."""
        start, end = extent
        match self._data[start]:
            case 0x7B:  # {
                # Findings share the way down to the document's large parts, and it is walked once.
                key = (start, part)
                if key not in self._values:
                    self._values[key] = self._value(start, end, part)
                return self._values[key]
            case 0x5B:  # [
                if start not in self._items:
                    self._items[start] = self._extents(start, end)
                items = self._items[start]
                number = int(part) if part.isascii() and part.isdigit() else len(items)
                return items[number] if number < len(items) else None
            case _:
                return None

    def _value(self, start: int, end: int, name: str) -> _Extent | None:
        """The extent of a value. The decoder knows how long each is, and the key where it begins."""
        data = self._data
        values = _OBJECT.decode(self._view[start:end])
        value = values.get(name)
        if value is None:
            return None
        key = _quoted(name)
        at = data.find(key, start, end) if key else -1
        if at >= 0 and data.find(key, at + 1, end) < 0 and not self._spells:
            # The text stands once in the object and all that is in it, and in no other spelling: it is this key.
            at += len(key)
            while data[at] in b" \n\r\t:":
                at += 1
            if data.startswith(value, at):
                return at, at + len(memoryview(value))
        return self._value_by_keys(start, values, name)

    def _value_by_keys(self, start: int, values: dict[str, Raw], name: str) -> _Extent | None:
        """Walk an object's keys up to `name`."""
        data = self._data
        at = start + 1
        for _ in values:
            key = _KEY.match(data, at)
            if key is None:
                return None
            quoted = key[1]
            found = quoted[1:-1].decode() if b"\\" not in quoted else msgspec.json.decode(quoted, type=str)
            begin, at = key.end(), key.end() + len(memoryview(values[found]))
            if found == name:
                # Of a repeated key the decoder keeps the last value: what stands here is then another.
                return (begin, at) if data[begin:at] == bytes(values[found]) else None
        return None

    def _extents(self, start: int, end: int) -> list[_Extent]:
        """The extents of an array's items."""
        extents = []
        at = start + 1
        for item in _ARRAY.decode(self._view[start:end]):
            gap = _GAP.match(self._data, at)
            at = gap.end() if gap else at
            size = len(memoryview(item))
            extents.append((at, at + size))
            at += size
        return extents


@lru_cache(maxsize=1024)
def _quoted(name: str) -> bytes:
    """A name as every writer of JSON quotes it; nothing where there are several ways."""
    return b'"%s"' % name.encode() if _PLAIN.fullmatch(name) else b""


def _count(data: bytes) -> int:
    return len(data.translate(None, _CONTINUATION))
