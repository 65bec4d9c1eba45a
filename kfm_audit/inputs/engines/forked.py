"""Ranges of a file scanned by several processes of one program: Python's lock holds back threads.

Processes are forked, so that nothing is imported or learnt again. Whichever is free takes the next
range, for one core is seldom as free as another; each writes what it finds into a pipe.
"""

from __future__ import annotations

import os
import select
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, Final, NoReturn

import msgspec

from kfm_audit.inputs.engines.scan import Scanned

Span = tuple[int, int]
Work = Callable[[int, int], Scanned]

_AHEAD: Final = 4
"""Ranges that a process may be ahead of what was taken: what it found in them waits in memory."""
_NUMBER: Final = 8
_DECODER: Final = msgspec.msgpack.Decoder(Scanned)


def can_fork() -> bool:
    """Whether forking is safe: on Linux, in a program that has no other thread, which could hold a lock."""
    return sys.platform == "linux" and threading.active_count() == 1


def forked(work: Work, spans: Sequence[Span], processes: int) -> Iterator[Scanned]:
    """What `work` makes of each span, in their order. Raises OSError where a process could not go on."""
    pipes: list[BinaryIO] = []
    children: list[int] = []
    taking, giving = os.pipe()
    try:
        for _ in range(processes):
            reading, writing = os.pipe()
            child = os.fork()
            if child == 0:
                os.close(reading)
                os.close(giving)
                _carry_out(work, spans, taking, writing)
            os.close(writing)
            pipes.append(os.fdopen(reading, "rb", buffering=0))
            children.append(child)
        yield from _in_order(len(spans), pipes, giving)
    finally:
        # Whoever still writes into a closed pipe ends, and whoever waits for a range.
        os.close(taking)
        os.close(giving)
        for pipe in pipes:
            pipe.close()
        for child in children:
            os.waitpid(child, 0)


def _in_order(number: int, pipes: list[BinaryIO], giving: int) -> Iterator[Scanned]:
    """Give out the ranges, a few more than were taken, and take what is found."""
    found: dict[int, Scanned] = {}
    given = 0
    for wanted in range(number):
        while given < min(wanted + _AHEAD * len(pipes), number):
            os.write(giving, given.to_bytes(_NUMBER, "little"))
            given += 1
        while wanted not in found:
            for pipe in select.select(pipes, (), ())[0]:
                at, scanned = _received(pipe)
                found[at] = scanned
        yield found.pop(wanted)


def _received(pipe: BinaryIO) -> tuple[int, Scanned]:
    at, size = (int.from_bytes(_read(pipe, _NUMBER), "little") for _ in range(2))
    return at, _DECODER.decode(_read(pipe, size))


def _read(pipe: BinaryIO, size: int) -> bytes:
    data = bytearray()
    while len(data) < size and (part := pipe.read(size - len(data))):
        data += part
    if len(data) < size:
        raise OSError(0, "a process that read a part of it ended before its time")
    return bytes(data)


def _carry_out(work: Work, spans: Sequence[Span], taking: int, writing: int) -> NoReturn:
    """The whole life of a child. It ends without what the program does at its end, which is the parent's."""
    code = 1
    try:
        with os.fdopen(writing, "wb") as pipe:
            while number := os.read(taking, _NUMBER):
                data = msgspec.msgpack.encode(work(*spans[int.from_bytes(number, "little")]))
                pipe.write(number + len(data).to_bytes(_NUMBER, "little") + data)
                pipe.flush()
        code = 0
    finally:
        os._exit(code)
