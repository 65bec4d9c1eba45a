"""From JSON pointers to lines, for the few places that findings name.

The decoder gives the extent of every value for nothing, so that only the path
to the place is walked, never the document.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from itertools import accumulate
from typing import Final

import msgspec
from msgspec import Raw

from kfm_audit.values import Location

_OBJECT: Final = msgspec.json.Decoder(dict[str, Raw])
_ARRAY: Final = msgspec.json.Decoder(list[Raw])
_KEY: Final = re.compile(rb'[\s,]*("(?:[^"\\]|\\.)*")\s*:\s*')
_GAP: Final = re.compile(rb"[\s,]*")


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
        self._children: dict[int, dict[str, tuple[int, int]]] = {}

    def location(self, path: str, pointer: str, attribute: str = "") -> Location:
        """The place of the value at `pointer`, `attribute` below it, or of the nearest above that exists."""
        start, end = self._root
        found: list[str] = []
        for part in (*split_pointer(pointer), *(p for p in attribute.split("/") if p)):
            child = self._child(start, end, part)
            if child is None:
                break
            start, end = child
            found.append(part)
        # A value over many lines is shown by its first: an alert on a pull request needs every line in the diff.
        newline = self._data.find(b"\n", start, end)
        line, column = self.line_column(start)
        end_line, end_column = self.line_column(end if newline < 0 else newline)
        return Location(path, line, column, end_line, end_column, join_pointer(*found))

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
    def _root(self) -> tuple[int, int]:
        start = len(self._data) - len(self._data.lstrip())
        return start, len(self._data.rstrip())

    def _child(self, start: int, end: int, part: str) -> tuple[int, int] | None:
        if start not in self._children:
            self._children[start] = self._index(start, end)
        return self._children[start].get(part)

    def _index(self, start: int, end: int) -> dict[str, tuple[int, int]]:
        opening = self._data[start : start + 1]
        whole = memoryview(self._data)[start:end]
        index: dict[str, tuple[int, int]] = {}
        at = start + 1
        if opening == b"[":
            for number, item in enumerate(_ARRAY.decode(whole)):
                gap = _GAP.match(self._data, at)
                at = gap.end() if gap else at
                size = len(memoryview(item))
                index[str(number)] = (at, at + size)
                at += size
        elif opening == b"{":
            values = _OBJECT.decode(whole)
            for _ in values:
                key = _KEY.match(self._data, at)
                if key is None:
                    return {}
                name = msgspec.json.decode(key[1], type=str)
                size = len(memoryview(values[name]))
                index[name] = (key.end(), key.end() + size)
                at = key.end() + size
            if _GAP.sub(b"", self._data[at:end]) != b"}":
                return {}  # a repeated key: its extents cannot be told, the object's can
        return index


def _count(data: bytes) -> int:
    return len(data.translate(None, _CONTINUATION))
