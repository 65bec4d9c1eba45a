"""Colours of a terminal: eight ANSI codes, where `rich` would do the same for 66 ms of start-up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

Paint = Callable[[str, str], str]
"""Give a text the style of that name."""

_CODES: Final[Mapping[str, str]] = {
    "error": "1;31",
    "warning": "1;33",
    "note": "1;36",
    "pending": "1;34",
    "undecided": "1;35",
    "where": "1",
    "label": "32",
    "faint": "2",
}


def painter(*, color: bool) -> Paint:
    """A function that paints, or one that leaves every text as it is."""
    return _paint if color else _leave


def _paint(text: str, style: str) -> str:
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if text else text


def _leave(text: str, _style: str) -> str:
    return text
