"""Globs in which only `*` and `?` are special, as everywhere in config and policy."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache


@cache
def glob(pattern: str) -> re.Pattern[str]:
    """A pattern that matches whole strings; `*` crosses every character, `[` is just a bracket."""
    parts = (".*" if char == "*" else "." if char == "?" else re.escape(char) for char in pattern)
    return re.compile("".join(parts), re.DOTALL)


def matches_any(text: str, patterns: Iterable[str]) -> bool:
    """Whether one of the globs matches the whole of `text`."""
    return any(glob(pattern).fullmatch(text) for pattern in patterns)
