"""Spans of time as people write them: `since: 2026-01-01`, `until: 2026-06-30T12:00:00Z`."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

from msgspec import Struct

_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_LAST: Final = datetime.max.replace(tzinfo=UTC)


class Span(Struct, frozen=True):
    """A half-open span in UTC; None is open."""

    since: datetime | None = None
    until: datetime | None = None

    def holds(self, time: datetime) -> bool:
        """Whether `time` lies in it."""
        return (self.since is None or self.since <= time) and (self.until is None or time < self.until)


def shifted(time: datetime, by: timedelta) -> datetime:
    """`time` moved by a span; the first or last moment there is where it would lie beyond."""
    try:
        return time + by
    except OverflowError:
        return _LAST if by > timedelta() else _FIRST


def read_span(since: str, until: str) -> Span:
    """Read both ends; "" is open, a date as `until` counts with the whole of that day. Raises ValueError."""
    return Span(_instant(since, days=0) if since else None, _instant(until, days=1) if until else None)


def read_instant(text: str) -> datetime:
    """Read a time with an offset, into UTC. Raises ValueError."""
    try:
        time = datetime.fromisoformat(text)
        if time.tzinfo is not None:
            return time.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError(f"{text!r} is no time: write 2026-01-31T09:00:00Z")


def _instant(text: str, *, days: int) -> datetime:
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        try:
            day = date.fromisoformat(text) + timedelta(days=days)
        except (ValueError, OverflowError):
            raise ValueError(f"{text!r} is no date: write 2026-01-31") from None
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    try:
        return read_instant(text)
    except ValueError:
        raise ValueError(f"{text!r} is no date or time: write 2026-01-31 or 2026-01-31T09:00:00Z") from None
