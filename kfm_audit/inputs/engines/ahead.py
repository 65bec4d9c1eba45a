"""A stream that another process reads ahead: to unpack and to search take a core each.

Threads would share Python's lock, and each wait for the other. What the process reads lies in memory
that both see; one pipe tells of buffers that are full, another of those that are free.
"""

from __future__ import annotations

import contextlib
import mmap
import os
from collections.abc import Iterator
from typing import BinaryIO, Final, NoReturn

import msgspec

from kfm_audit.inputs.engines.forked import can_fork
from kfm_audit.inputs.engines.packed import PackError
from kfm_audit.inputs.engines.stream import Fill

_BUFFERS: Final = 4
AT_ONCE: Final = 512 * 1024
"""Bytes of a buffer: few, for the two processes may share a cache, and to unpack needs most of it."""
_LENGTH: Final = 4
_FREE: Final = b"."


@contextlib.contextmanager
def read_ahead(fill: Fill) -> Iterator[Fill]:
    """What reads the same as `fill`, which another process calls where that can be.

    Reading raises the PackError that `fill` raises, and OSError where the process ended before its time.
    """
    if not can_fork() or os.cpu_count() == 1:
        yield fill
        return
    shared = mmap.mmap(-1, _BUFFERS * AT_ONCE)
    full, to_parent = os.pipe()
    to_child, free = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(full)
        os.close(free)
        _carry_out(fill, shared, to_child, to_parent)
    os.close(to_parent)
    os.close(to_child)
    try:
        with os.fdopen(full, "rb", buffering=0) as pipe, shared, memoryview(shared) as view:
            os.write(free, _FREE * _BUFFERS)
            yield _Buffers(view, pipe, free).fill
    finally:
        os.close(free)  # whoever waits for a buffer ends
        os.waitpid(child, 0)


class _Buffers:
    """The buffers in their turn, as this process reads them."""

    def __init__(self, view: memoryview, pipe: BinaryIO, free: int) -> None:
        self._view = view
        self._pipe = pipe
        self._free = free
        self._number = 0
        self._taken = self._size = 0

    def fill(self, view: memoryview) -> int:
        """Copy what was read. Raises PackError and OSError."""
        if self._taken == self._size:
            self._taken, self._size = 0, self._next()
        length = min(self._size - self._taken, len(view))
        start = self._number % _BUFFERS * AT_ONCE + self._taken
        view[:length] = self._view[start : start + length]
        self._taken += length
        if length and self._taken == self._size:
            self._number += 1
            with contextlib.suppress(BrokenPipeError):  # it has read all, and ended
                os.write(self._free, _FREE)
        return length

    def _next(self) -> int:
        """Wait for the next buffer: how much it holds."""
        said = self._pipe.read(_LENGTH)
        if len(said) < _LENGTH:
            raise OSError(0, "the process that unpacks it ended before its time")
        size = int.from_bytes(said, "little")
        if not size and (error := self._pipe.read()):
            raise PackError(*msgspec.json.decode(error, type=tuple[str, str]))
        return size


def _carry_out(fill: Fill, shared: mmap.mmap, free: int, full: int) -> NoReturn:
    """The whole life of the child: one buffer after the other; 0 bytes are the end, an error may follow it."""
    try:
        start, size = 0, 1
        with memoryview(shared) as view:
            while size and os.read(free, 1):
                size = fill(view[start : start + AT_ONCE])
                os.write(full, size.to_bytes(_LENGTH, "little"))
                start = (start + AT_ONCE) % len(view)
    except PackError as error:
        os.write(full, bytes(_LENGTH) + msgspec.json.encode((str(error), error.cure)))
    finally:
        os._exit(0)
