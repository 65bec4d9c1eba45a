"""How far the reading of large logs has come: on a terminal only, and gone when it is done."""

from __future__ import annotations

import time
from typing import Final, TextIO

_PATIENCE: Final = 1.0
_EVERY: Final = 0.2
"""Seconds: nothing is said of what is done sooner, and nothing more often."""


class Progress:
    """Writes one line on a terminal and overwrites it."""

    def __init__(self, terminal: TextIO) -> None:
        """Begin; nothing is written yet."""
        self._terminal = terminal
        self._path = ""
        self._began = self._said = 0.0
        self._width = 0

    def __call__(self, path: str, done: int, total: int) -> None:
        """Say that so many bytes of a file are read, of `total`, or of an unknown number where that is 0.

        All of them: the line is taken away.
        """
        if done == total:
            self._end()
            return
        now = time.monotonic()
        if path != self._path:
            self._path, self._began, self._said = path, now, now + _PATIENCE - _EVERY
        if now - self._said < _EVERY:
            return
        self._said = now
        self._write(line(path, done, total, now - self._began))

    def _end(self) -> None:
        if self._width:
            self._terminal.write("\r" + " " * self._width + "\r")
            self._terminal.flush()
            self._width = 0

    def _write(self, text: str) -> None:
        self._terminal.write("\r" + text.ljust(self._width))
        self._terminal.flush()
        self._width = len(text)


def line(path: str, done: int, total: int, seconds: float) -> str:
    """What is said: `audit.jsonl: 1.2 of 2.5 GB, 3100 MB/s, 1 s left`."""
    rate = done / seconds if seconds > 0 else 0.0
    said = f"{done / 1e9:.1f} of {total / 1e9:.1f} GB" if total else f"{done / 1e9:.1f} GB"
    left = f", {(total - done) / rate:.0f} s left" if total > done and rate else ""
    return f"{path}: {said}, {rate / 1e6:.0f} MB/s{left}"
