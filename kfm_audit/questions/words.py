"""Numbers and names as the answers write them."""

from __future__ import annotations

from collections.abc import Sequence


def number(n: int, what: str) -> str:
    """`1 alarm`, `2 alarms`."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def listed(names: Sequence[str]) -> str:
    """The first name, and how many there are beside it."""
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def were(ids: Sequence[str]) -> str:
    """All of them, with the verb that fits."""
    return f"{', '.join(ids)} was" if len(ids) == 1 else f"{', '.join(ids)} were"
