"""Regular expressions that are compiled when they are first used: a run without telemetry pays for none."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache


def pattern(text: str) -> Callable[[], re.Pattern[str]]:
    """A function that gives the compiled pattern."""

    @cache
    def compiled() -> re.Pattern[str]:
        return re.compile(text)

    return compiled
