"""One block of a log: the lines that are worth parsing, and what can be told of the others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache
from typing import Final

from msgspec import Struct

from kfm_audit.inputs.engines.finder import Finder
from kfm_audit.inputs.engines.look import Look, fits
from kfm_audit.lakefs.form import PADDING
from kfm_audit.lakefs.needles import Needles
from kfm_audit.pattern import pattern

_TIME: Final = pattern(rb"\d{4}-\d\d-\d\d[T ](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d")
_PIECES: Final = 2
"""So many times at least are looked at in a block, whatever its ends say."""


class Line(Struct, frozen=True):
    """A line to be parsed: its number within the block from 1; `text` is None for one too long to be a line."""

    number: int
    text: bytes | None


class Scanned(Struct):
    """What a block holds. `counted` is None where every line is among `worth`."""

    size: int
    newlines: int
    worth: list[Line]
    counted: Counted | None = None


class Counted(Struct):
    """Of the lines of a block that are not worth parsing: how many there are, and of these how many are what.

    `hours` are the audit lines of each hour (`2026-07-01T09`); `first` and `last` are the earliest and the
    latest time looked at.
    """

    lines: int
    audit: int
    users: int
    hours: dict[bytes, int]
    first: bytes
    last: bytes

    def add(self, other: Counted) -> None:
        """Count what another block holds too."""
        self.lines += other.lines
        self.audit += other.audit
        self.users += other.users
        for hour, lines in other.hours.items():
            self.hours[hour] = self.hours.get(hour, 0) + lines
        self.first, self.last = min(self.first, other.first), max(self.last, other.last)

    @property
    def without_user(self) -> int:
        """Audit lines that name no user."""
        return max(self.audit - self.users, 0)


class Scanner:
    """Scans blocks of one log; several threads may share it."""

    def __init__(self, needles: Needles, look: Look | None, sample: bytes = b"") -> None:
        """Without a look every line is worth parsing. `sample` is some of the log, to be fast on."""
        self._needles = needles
        self.look = look
        if look is not None:
            slow = None if look.snakes else needles.by_id
            self._finder = Finder(needles.usual(snakes=look.snakes), sample, slow, needles.harmless)
            self._odd = pattern(
                b"(?<!%b)\n|\n(?!%b)" % (re.escape(look.end), re.escape(look.begin))
                if look.end
                else b"\n(?!%b)" % re.escape(look.begin)
            )

    def scan(self, buffer: bytearray, size: int, *, check: bool = False) -> Scanned:
        """Scan the whole lines in the first `size` bytes of a buffer.

        With `check`, the first of them has to fit the look, or all are worth parsing.
        """
        look = self.look
        if look is None or (check and not fits(look, bytes(buffer[: _end(buffer, 0, size)]))):
            return every_line(buffer, size)
        newlines = self._finder.count(buffer, 0, size, b"\n")
        worth: dict[int, int] = {}
        blank = 0
        for start, end in self._odd_lines(look, buffer, size, newlines):
            if buffer[start:end].strip(PADDING):
                worth[start] = end
            else:
                blank += 1
        self._add_hits(buffer, size, worth)
        counted = self._counted(look, buffer, size)
        if counted is None:
            return every_line(buffer, size)
        counted.lines = newlines + (buffer[size - 1] != 10) - blank - len(worth)
        for start, end in worth.items():
            _take_out(counted, look, bytes(buffer[start:end]))
        return Scanned(size, newlines, list(self._numbered(buffer, worth)), counted)

    def _add_hits(self, buffer: bytearray, size: int, worth: dict[int, int]) -> None:
        low, high = 0, -1
        matters = self._needles.matters
        for at, needle in self._finder.search(buffer, size):
            if at > high:
                low = buffer.rfind(b"\n", 0, at) + 1
                high = buffer.find(b"\n", at, size)
                if high < 0:
                    high = size
            if low not in worth and matters(needle, buffer, low, high):
                worth[low] = high

    def _odd_lines(
        self, look: Look, buffer: bytearray, size: int, newlines: int
    ) -> Iterator[tuple[int, int]]:
        """The lines that do not begin or end as whole lines of this log do, blank ones too."""
        closed = buffer[size - 1] == 10
        whole = (
            buffer.startswith(look.begin, 0, size)
            and buffer.endswith(look.end + (b"\n" if closed else b""), 0, size)
            and self._finder.count(buffer, 0, size, look.boundary) == newlines - closed
        )
        if whole:
            return
        starts = {0, buffer.rfind(b"\n", 0, size - 1) + 1}
        for match in self._odd.finditer(buffer, 0, size):
            starts.add(buffer.rfind(b"\n", 0, match.start()) + 1)
            starts.add(match.end())
        yield from ((start, _end(buffer, start, size)) for start in sorted(starts) if start < size)

    def _numbered(self, buffer: bytearray, worth: dict[int, int]) -> Iterator[Line]:
        number, counted_to = 1, 0
        for start, end in sorted(worth.items()):
            number += self._finder.count(buffer, counted_to, start, b"\n")
            counted_to = start
            yield Line(number, bytes(buffer[start:end]))

    def _counted(self, look: Look, buffer: bytearray, size: int) -> Counted | None:
        """What is told by the marks; None where a line that is looked at bears no time where it should."""
        try:
            last = buffer.rfind(b"\n", 0, size - 1) + 1
            times = _time_at(look, buffer, 0, size), _time_at(look, buffer, last, size)
            found = Counted(0, 0, 0, {}, min(times), max(times))
            self._add_hours(found, look, buffer, (0, last, size), times, _PIECES)
        except _NoTimeError:
            return None
        found.audit = sum(found.hours.values())
        found.users = self._finder.count(buffer, 0, size, look.user)
        return found

    def _add_hours(
        self,
        found: Counted,
        look: Look,
        buffer: bytearray,
        places: tuple[int, int, int],
        times: tuple[bytes, bytes],
        pieces: int,
    ) -> None:
        """Count by hour some lines, of which `times` are those of the first and of the last.

        `places` are where these two begin and where the last one ends. Where their hours differ, each half is
        looked at by itself, until the line is found with which an hour begins. Lines that do not stand in
        the order of their time are counted with their neighbours.
        """
        low, last, high = places
        first_time, last_time = times
        if last > low and (first_time[:13] != last_time[:13] or pieces > 1):
            middle = buffer.find(b"\n", (low + high) // 2, last) + 1 or last
            before = max(buffer.rfind(b"\n", low, middle - 1) + 1, low)
            end, begin = _time_at(look, buffer, before, middle), _time_at(look, buffer, middle, high)
            found.first, found.last = min(found.first, end, begin), max(found.last, end, begin)
            self._add_hours(found, look, buffer, (low, before, middle), (first_time, end), pieces // 2)
            self._add_hours(found, look, buffer, (middle, last, high), (begin, last_time), pieces // 2)
            return
        lines = self._finder.count(buffer, low, high, look.audit)
        if lines:
            hour = first_time[:13]
            found.hours[hour] = found.hours.get(hour, 0) + lines


def joined(blocks: Iterable[Scanned]) -> Scanned:
    """Blocks that follow one another as one: to tell of each by itself would cost as much as to read it."""
    whole = Scanned(0, 0, [])
    for block in blocks:
        whole.worth += (Line(whole.newlines + line.number, line.text) for line in block.worth)
        whole.size += block.size
        whole.newlines += block.newlines
        if whole.counted is None:
            whole.counted = block.counted
        elif block.counted is not None:
            whole.counted.add(block.counted)
    return whole


def every_line(buffer: bytearray, size: int) -> Scanned:
    """A block of which every line is parsed."""
    lines = bytes(buffer[:size]).split(b"\n")
    worth = [Line(number, text) for number, text in enumerate(lines, 1) if text.strip(PADDING)]
    return Scanned(size, len(lines) - 1, worth)


class _NoTimeError(Exception):
    """A line has no time where its log's lines have it."""


def _take_out(counted: Counted, look: Look, line: bytes) -> None:
    """Count a line no more: it will be parsed."""
    marks = line.count(look.audit)
    counted.audit -= marks
    counted.users -= line.count(look.user)
    at = line.find(look.time) + len(look.time)
    hour = line[at : at + 13].replace(b" ", b"T")
    hour = (
        hour if hour in counted.hours else max(counted.hours, key=lambda one: counted.hours[one], default=b"")
    )
    if hour:
        counted.hours[hour] = max(counted.hours[hour] - marks, 0)


def _time_at(look: Look, buffer: bytearray, start: int, size: int) -> bytes:
    end = _end(buffer, start, size)
    at = buffer.find(look.time, start, end) + len(look.time)
    time = bytes(buffer[at : at + 19])
    if at < start + len(look.time) or not _TIME.fullmatch(time) or not _is_date(time[:10]):
        raise _NoTimeError
    return time.replace(b" ", b"T")


@lru_cache(maxsize=1024)
def _is_date(text: bytes) -> bool:
    try:
        date.fromisoformat(text.decode())
    except ValueError:
        return False
    return True


def _end(buffer: bytearray, start: int, size: int) -> int:
    end = buffer.find(b"\n", start, size)
    return size if end < 0 else end
