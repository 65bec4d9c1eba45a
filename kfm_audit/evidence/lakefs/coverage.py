"""Which spans of time the audit logs cover: what they do not cover, they cannot show."""

from __future__ import annotations

from datetime import datetime, timedelta

from kfm_audit.facts import LogCoverage


class Coverage:
    """The spans of all logs together, as far as `now`."""

    def __init__(self, logs: tuple[LogCoverage, ...], tolerance: timedelta, now: datetime) -> None:
        """Join logs between which no more than `tolerance` is silent: one file ends where the next begins."""
        self._now = now
        self._spans: list[tuple[datetime, datetime]] = []
        for first, last in sorted((log.first, log.last) for log in logs if log.first and log.last):
            if self._spans and first - self._spans[-1][1] <= tolerance:
                start, end = self._spans[-1]
                self._spans[-1] = (start, max(end, last))
            else:
                self._spans.append((first, last))

    def covers(self, start: datetime, end: datetime) -> bool:
        """Whether one unbroken span holds the time from `start` to `end`, in either order."""
        low, high = min(start, end), max(start, end)
        return high <= self._now and any(first <= low and high <= last for first, last in self._spans)
