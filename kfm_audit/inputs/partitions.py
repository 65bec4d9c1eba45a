"""Hive partitions in paths: `year=2026/month=07/day=01/hour=09`, as lakeFS Cloud lays out its logs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Final

_SLACK: Final = timedelta(hours=1)
"""What came in late lies in the partition behind its time, and what belongs together near it."""

_LENGTHS: Final = {
    "year": timedelta(days=366),
    "month": timedelta(days=31),
    "day": timedelta(days=1),
    "hour": timedelta(hours=1),
}


def partition_of(path: str) -> tuple[datetime, datetime] | None:
    """The time that a partition holds, from its beginning to before its end; None for a path that names none.

    The last of months and years is taken longer than it is, never shorter.
    """
    said: dict[str, int] = {}
    for part in PurePosixPath(path).parts:
        key, _, value = part.partition("=")
        if key in _LENGTHS and value.isascii() and value.isdigit():
            said[key] = int(value)
    keys = tuple(_LENGTHS)[: len(said)]
    if not said or set(said) != set(keys):
        return None
    try:
        start = datetime(
            said["year"], said.get("month", 1), said.get("day", 1), said.get("hour", 0), tzinfo=UTC
        )
        return start, start + _LENGTHS[keys[-1]]
    except (ValueError, OverflowError):
        return None


def outside(path: str, since: datetime | None, until: datetime | None) -> bool:
    """Whether a path's partition holds nothing of the time that is judged, and nothing within an hour of it."""
    partition = partition_of(path)
    if partition is None:
        return False
    start, end = partition
    try:
        return (since is not None and end + _SLACK <= since) or (
            until is not None and start - _SLACK >= until
        )
    except OverflowError:
        return False
