"""What all audit logs together cover, hour by hour, and what the commit log shows that they do not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from kfm_audit.evidence.lakefs.commits import Making, making
from kfm_audit.facts import AuditTrail, CommitRecord, LogCoverage

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence

_HOUR: Final = timedelta(hours=1)
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MOST: Final = 366 * 24
"""Hours that are looked at one by one: a year."""


def audit_trail(evidence: Evidence) -> AuditTrail | None:
    """What the logs cover together, as far as the window; None where no log has an audit line."""
    logs = [log for log in evidence.of(LogCoverage) if log.first is not None and log.last is not None]
    first = min((log.first for log in logs if log.first), default=None)
    last = max((log.last for log in logs if log.last), default=None)
    if first is None or last is None:
        return None
    start = evidence.since or first
    # A window that is open at its end reaches to now: a log that has stopped since must not look whole.
    end = min(evidence.until or (evidence.now if evidence.since else last), evidence.now)
    seen = {hour for log in logs for hour in _hours_of(log)}
    expected = list(_expected(start, end, evidence.policy.lakefs.expected_hours))
    commits = [
        c for c in _on_environments(evidence) if max(first, start) <= c.creation_time <= min(last, end)
    ]
    logged = [commit for commit in commits if evidence.calls.made(commit) is not None]
    return AuditTrail(
        subject="audit logs",
        origin=logs[0].origin,
        first=first,
        last=last,
        silent=tuple(hour for hour in expected if hour not in seen),
        expected=len(expected),
        hourly=all(log.hours for log in logs),
        unlogged=tuple(commit.id for commit in commits if evidence.calls.made(commit) is None),
        matched=len(logged),
    )


def hour_of(time: datetime) -> datetime:
    """The full hour in which a time lies."""
    return time.replace(minute=0, second=0, microsecond=0)


def _hours_of(log: LogCoverage) -> Iterator[datetime]:
    """The hours in which a log has lines; of one that was not counted by hour, all between its first and last."""
    if log.hours:
        yield from (hour for hour, _ in log.hours)
    elif log.first is not None and log.last is not None:
        hour = hour_of(log.first)
        for _ in range(_MOST):
            if hour > log.last:
                return
            yield hour
            if log.last - hour < _HOUR:
                return  # the calendar may end there
            hour += _HOUR


def _expected(start: datetime, end: datetime, spans: tuple[str, ...]) -> Iterator[datetime]:
    """The full hours between two times that policy expects to have lines."""
    hour = hour_of(start)
    for _ in range(_MOST):
        if end - hour < _HOUR:
            return
        if hour >= start and any(_holds(span, hour) for span in spans):
            yield hour
        hour += _HOUR


def _holds(span: str, hour: datetime) -> bool:
    """Whether `mon-fri 06-20` holds an hour."""
    days, _, hours = span.rpartition(" ")
    from_hour, _, to_hour = hours.partition("-")
    if not int(from_hour) <= hour.hour < int(to_hour):
        return False
    if not days:
        return True
    first, _, last = days.partition("-")
    start, end = _DAYS.index(first), _DAYS.index(last or first)
    day = hour.weekday()
    return start <= day <= end if start <= end else day >= start or day <= end


def _on_environments(evidence: Evidence) -> Iterator[CommitRecord]:
    for repository, branch in evidence.history.branches():
        if evidence.calls.environment(repository, branch) is not None:
            for commit in evidence.ownership.commits(repository, branch):
                if making(commit) is not Making.FIRST:
                    yield commit
