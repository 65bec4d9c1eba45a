"""From JSON pointers to lines, for the few places that findings name.

The decoder gives the extent of every value for nothing, so that only the path
to the place is walked, never the document.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property
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
        self._reached: dict[str, tuple[_Extent, str]] = {}
        self._items: dict[int, list[_Extent]] = {}
        self._values: dict[tuple[int, str], _Extent | None] = {}

    def location(self, path: str, pointer: str, attribute: str = "") -> Location:
        """The place of the value at `pointer`, `attribute` below it, or of the nearest above that exists."""
        # Findings on one fact share its pointer.
        if pointer not in self._reached:
            self._reached[pointer] = self._walk(self._root, "", split_pointer(pointer))
        (start, end), shown = self._reached[pointer]
        if attribute and shown == pointer:
            below = [part for part in attribute.split("/") if part]
            (start, end), shown = self._walk((start, end), shown, below)
        # A value over many lines is shown by its first: an alert on a pull request needs every line in the diff.
        newline = self._data.find(b"\n", start, end)
        line, column = self.line_column(start)
        end_line, end_column = self.line_column(end if newline < 0 else newline)
        return Location(path, line, column, end_line, end_column, shown)

    def _walk(self, extent: _Extent, pointer: str, parts: Iterable[str]) -> tuple[_Extent, str]:
        """The extent below another, as far down as there is one, and the pointer of it."""
        for part in parts:
            child = self._child(*extent, part)
            if child is None:
                break
            extent = child
            pointer += join_pointer(part)
        return extent, pointer

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

    def _child(self, start: int, end: int, part: str) -> _Extent | None:
        """The extent of an array's item or of an object's value; None where there is none."""
        opening = self._data[start : start + 1]
        if opening == b"{":
            # Findings share the way down to the document's large parts, and it is walked once.
            if (start, part) not in self._values:
                self._values[start, part] = self._value(start, end, part)
            return self._values[start, part]
        if opening != b"[":
            return None
        if start not in self._items:
            self._items[start] = self._extents(start, end)
        items = self._items[start]
        return items[int(part)] if part.isascii() and part.isdigit() and int(part) < len(items) else None

    def _value(self, start: int, end: int, name: str) -> _Extent | None:
        """The extent of a value. The decoder knows how long each is, and the key where it begins."""
        data = self._data
        values = _OBJECT.decode(memoryview(data)[start:end])
        if name not in values:
            return None
        key = b'"%s"' % name.encode() if _PLAIN.fullmatch(name) else b""
        at = data.find(key, start, end) if key else -1
        if at >= 0 and data.find(key, at + 1, end) < 0 and data.find(b"\\u", start, end) < 0:
            # The text stands once in the object and all that is in it, and in no other spelling: it is this key.
            at += len(key)
            while data[at] in b" \n\r\t:":
                at += 1
            value = values[name]
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
        for item in _ARRAY.decode(memoryview(self._data)[start:end]):
            gap = _GAP.match(self._data, at)
            at = gap.end() if gap else at
            size = len(memoryview(item))
            extents.append((at, at + size))
            at += size
        return extents


def _count(data: bytes) -> int:
    return len(data.translate(None, _CONTINUATION))
