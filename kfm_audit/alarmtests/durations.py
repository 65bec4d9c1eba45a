"""Spans of time as in promtool: `90s`, `9m`, `1h30m`, `1d`."""

from __future__ import annotations

import re
from typing import Final

_DURATION: Final = re.compile(r"(?:([0-9]++)d)?(?:([0-9]++)h)?(?:([0-9]++)m)?(?:([0-9]++)s)?", re.ASCII)
_DIGITS: Final = 8
"""What has more digits than this is longer than any test, in whatever unit."""
_SECONDS: Final = (86_400, 3_600, 60, 1)
LIMIT: Final = 100 * 86_400
"""No test spans more than a hundred days: an alarm looks back a week at most."""


def read_duration(text: str) -> int:
    """Whole seconds. Raises ValueError with what is wrong."""
    found = _DURATION.fullmatch(text.strip())
    if found is None or not any(found.groups()):
        finer = "; CloudWatch's finest period is one second" if text.strip().endswith("ms") else ""
        raise ValueError(f"`{_short(text)}` is no span of time: write 90s, 9m, 1h30m or 1d{finer}")
    parts = [(part or "0").lstrip("0") or "0" for part in found.groups()]
    seconds = sum(int(part[:_DIGITS]) * unit for part, unit in zip(parts, _SECONDS, strict=True))
    if seconds > LIMIT or any(len(part) > _DIGITS for part in parts):
        raise ValueError(f"`{_short(text)}` is longer than a test may be, 100d")
    return seconds


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def shown_duration(seconds: int) -> str:
    """The shortest way to write a span: `90s` is `1m30s`, none at all `0m`."""
    if seconds == 0:
        return "0m"
    parts = []
    for unit, letter in zip(_SECONDS, "dhms", strict=True):
        number, seconds = divmod(seconds, unit)
        if number:
            parts.append(f"{number}{letter}")
    return "".join(parts)
