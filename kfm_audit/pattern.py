"""Regular expressions that are compiled when they are first used.

Compiling all that the modules of a small run hold would be a tenth of its time,
and most of them are never asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, AnyStr, cast


def pattern(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """What `re.compile` gives, made at the first use: re.error is raised there too."""
    return cast("re.Pattern[AnyStr]", _Uncompiled(lambda: re.compile(text, flags)))


class _Uncompiled:
    """Stands for a pattern; each of its methods is looked up once."""

    def __init__(self, compiled: Callable[[], object]) -> None:
        self._compiled = compiled

    # The attributes of a pattern have as many types as names.
    def __getattr__(self, name: str) -> Any:
        found = getattr(self._compiled(), name)
        # From now on the pattern's own, without this detour.
        setattr(self, name, found)
        return found
