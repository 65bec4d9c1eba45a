"""Logs as blocks of whole lines, in buffers that are used again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

BLOCK: Final = 2 * 1024 * 1024
"""Bytes of a buffer: what fits into a processor's cache is read once from memory."""

LONGEST_LINE: Final = 64 * 1024 * 1024
"""Bytes. A longer line is none of lakeFS's, and would cost the memory that reading by blocks saves."""

Fill = Callable[[memoryview], int]
"""Writes into a buffer and says how many bytes; 0 at the end. `readinto` of a stream."""


def blocks(fill: Fill, block: int = BLOCK) -> Iterator[tuple[bytearray, int]]:
    """Blocks of whole lines: a buffer, and how much of its beginning counts; only the last may lack its end.

    The buffer is the reader's own: it is filled anew when the next block is asked for. A line that is longer than
    `LONGEST_LINE` is passed over; an empty buffer with size -1 stands for it.
    """
    buffer = bytearray(block)
    held = searched = 0
    while True:
        with memoryview(buffer) as view, view[held:] as rest:
            filled = fill(rest)
        if not filled:
            break
        held += filled
        end = buffer.rfind(b"\n", searched, held) + 1
        if end:
            yield buffer, end
            buffer[: held - end] = buffer[end:held]
            held -= end
            searched = held
            if len(buffer) > block and held < block:
                buffer = buffer[:block]
        elif held == len(buffer):
            if not buffer.strip(b"\x00"):
                held = searched = 0  # what truncating a log in place leaves may be as long as the log was
            elif held >= LONGEST_LINE:
                buffer, held, more = _past_line(fill, buffer)
                searched = 0
                yield bytearray(), -1
                if not more:
                    return
            else:
                searched = held
                buffer += bytes(min(len(buffer), LONGEST_LINE - len(buffer)))
    if held:
        yield buffer, held


def _past_line(fill: Fill, buffer: bytearray) -> tuple[bytearray, int, bool]:
    """Read on to the end of a line: the buffer with what follows, how much that is, and whether it goes on."""
    while True:
        with memoryview(buffer) as view:
            filled = fill(view)
        if not filled:
            return buffer, 0, False
        end = buffer.find(b"\n", 0, filled) + 1
        if end:
            buffer[: filled - end] = buffer[end:filled]
            return buffer, filled - end, True


def ranges(fill_at: Callable[[int], Fill], size: int, length: int) -> Iterator[tuple[int, int]]:
    """Ranges of about `length` bytes that begin with a line, of a file with `size` bytes.

    `fill_at` gives what reads the file from an offset on.
    """
    start = 0
    while start < size:
        end = min(start + length, size)
        if end < size:
            end = _line_start(fill_at(end - 1), end - 1, size)
        yield start, end
        start = end


def _line_start(fill: Fill, at: int, size: int) -> int:
    """The offset behind the first end of a line from `at` on."""
    buffer = bytearray(8 * 1024)
    while True:
        with memoryview(buffer) as view:
            filled = fill(view)
        if not filled:
            return size
        end = buffer.find(b"\n", 0, filled)
        if end >= 0:
            return at + end + 1
        at += filled
