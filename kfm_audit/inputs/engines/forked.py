"""Ranges of a file scanned by several processes of one program: Python's lock holds back threads.

Processes are forked, so that nothing is imported or learnt again; each writes what it finds into
a pipe, which also keeps it from running ahead.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, Final, NoReturn

import msgspec

from kfm_audit.inputs.engines.scan import Scanned

Span = tuple[int, int]
Work = Callable[[int, int], list[Scanned]]

_LENGTH: Final = 8
_DECODER: Final = msgspec.msgpack.Decoder(list[Scanned])


def can_fork() -> bool:
    """Whether forking is safe: on Linux, in a program that has no other thread, which could hold a lock."""
    return sys.platform == "linux" and threading.active_count() == 1


def forked(work: Work, spans: Sequence[Span], processes: int) -> Iterator[list[Scanned]]:
    """What `work` makes of each span, in their order. Raises OSError where a process could not go on."""
    pipes: list[BinaryIO] = []
    children: list[int] = []
    try:
        for first in range(processes):
            reading, writing = os.pipe()
            child = os.fork()
            if child == 0:
                os.close(reading)
                _carry_out(work, spans[first::processes], writing)
            os.close(writing)
            pipes.append(os.fdopen(reading, "rb"))
            children.append(child)
        for number in range(len(spans)):
            yield _received(pipes[number % processes])
    finally:
        # Whoever still writes into a closed pipe ends.
        for pipe in pipes:
            pipe.close()
        for child in children:
            os.waitpid(child, 0)


def _received(pipe: BinaryIO) -> list[Scanned]:
    size = int.from_bytes(pipe.read(_LENGTH), "little")
    data = pipe.read(size)
    if not size or len(data) < size:
        raise OSError(0, "a process that read a part of it ended before its time")
    return _DECODER.decode(data)


def _carry_out(work: Work, spans: Sequence[Span], writing: int) -> NoReturn:
    """The whole life of a child. It ends without what the program does at its end, which is the parent's."""
    code = 1
    try:
        with os.fdopen(writing, "wb") as pipe:
            for low, high in spans:
                data = msgspec.msgpack.encode(work(low, high))
                pipe.write(len(data).to_bytes(_LENGTH, "little") + data)
                pipe.flush()
        code = 0
    finally:
        os._exit(code)
