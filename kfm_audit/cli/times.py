"""Times that the command line gives: one reader, and one message, for all commands."""

from __future__ import annotations

from datetime import UTC, datetime

from kfm_audit.cli.parser import UsageError


def read_time(text: str | None, option: str) -> datetime | None:
    """The time that an option gives, in UTC, where it also is without an offset; None without one.

    Raises UsageError.
    """
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(f"{option} {text}: is no time; write 2026-01-31T09:00:00Z") from None


def read_span(since: str | None, until: str | None) -> tuple[datetime | None, datetime | None]:
    """The times of `--since` and `--until`. Raises UsageError where nothing lies between them."""
    begin, end = read_time(since, "--since"), read_time(until, "--until")
    if begin and end and begin >= end:
        raise UsageError(f"--since {since} is not before --until {until}: no event lies between")
    return begin, end
