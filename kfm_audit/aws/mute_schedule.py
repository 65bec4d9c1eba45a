"""When an alarm mute rule is active.

CloudWatch API reference, `Schedule`: `cron(Minutes Hours Day-of-month Month Day-of-week)` comes back,
`at(yyyy-MM-ddThh:mm)` does not; each activation lasts an ISO 8601 duration of one minute to fifteen days; the
time zone is an IANA name, UTC where it is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from kfm_audit.pattern import pattern

_DURATION: Final = pattern(r"P(?:(\d{1,2})D)?(?:T(?:(\d{1,3})H)?(?:(\d{1,5})M)?(?:(\d{1,7})S)?)?")
_LONGEST: Final = timedelta(days=15)
_MONTHS: Final = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS: Final = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_MINUTES_A_DAY: Final = 24 * 60

Window = tuple[datetime, datetime]
"""From when to when, in UTC, the end excluded."""


class MuteScheduleError(ValueError):
    """What cannot be read of a schedule, as a clause."""


def windows(expression: str, duration: str, timezone: str, begin: datetime, end: datetime) -> list[Window]:
    """The windows that touch the span from `begin` to `end`, in their order. Raises MuteScheduleError."""
    lasting, zone = read_duration(duration), _zone(timezone)
    kind, _, rest = expression.strip().partition("(")
    if kind not in ("cron", "at") or not rest.endswith(")"):
        raise MuteScheduleError(f"its expression {expression!r} is neither cron(...) nor at(...)")
    if kind == "at":
        found = [_at(rest[:-1].strip(), lasting, zone)]
    else:
        found = list(_recurring(rest[:-1].split(), lasting, zone, begin, end))
    return [(start, stop) for start, stop in found if start < end and stop > begin]


def share(spans: Iterable[Window], begin: datetime, end: datetime) -> float:
    """What share of the time from `begin` to `end` lies in some of the windows."""
    covered, reached = timedelta(), begin
    for start, stop in sorted(spans):
        last = min(stop, end)
        if last > max(start, reached):
            covered += last - max(start, reached)
            reached = last
    return covered / (end - begin)


def read_duration(text: str) -> timedelta:
    """Read `PT4H` or `P2DT12H`. Raises MuteScheduleError."""
    found = _DURATION.fullmatch(text.strip())
    days, hours, minutes, seconds = (int(item or 0) for item in found.groups()) if found else (0,) * 4
    lasting = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not timedelta(minutes=1) <= lasting <= _LONGEST:
        raise MuteScheduleError(f"its duration {text!r} is none of PT1M to P15D")
    return lasting


def _zone(name: str) -> tzinfo:
    if name in ("", "UTC"):
        return UTC
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise MuteScheduleError(f"its time zone {name!r} is not known here") from None


def _at(text: str, lasting: timedelta, zone: tzinfo) -> Window:
    try:
        start = datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)
        return start, start + lasting
    except (ValueError, OverflowError):
        raise MuteScheduleError(f"its time at({text}) cannot be read") from None


def _recurring(
    fields: list[str], lasting: timedelta, zone: tzinfo, begin: datetime, end: datetime
) -> Iterator[Window]:
    if len(fields) != 5:
        raise MuteScheduleError(f"its cron has {len(fields)} fields, and not five")
    minutes, hours = _field(fields[0], 0, 59), _field(fields[1], 0, 23)
    days, months = _field(fields[2], 1, 31), _field(fields[3], 1, 12, _MONTHS)
    weekdays = {day % 7 for day in _field(fields[4], 0, 7, _DAYS)}
    if fields[2] not in "*?" and fields[4] not in "*?":
        raise MuteScheduleError("its cron names days of the month and of the week")
    of_a_day = _merged(
        sorted(60 * hour + minute for hour in hours for minute in minutes),
        int(lasting.total_seconds() // 60),
    )
    day = (begin - lasting).astimezone(zone).date() - timedelta(days=1)
    last = end.astimezone(zone).date()
    while day <= last:
        if day.day in days and day.month in months and day.isoweekday() % 7 in weekdays:
            for start, stop in of_a_day:
                first = _moment(day, start, zone)
                yield first, first + timedelta(minutes=stop - start)
        day += timedelta(days=1)


def _merged(starts: list[int], lasting: int) -> list[tuple[int, int]]:
    """The windows of a day, in minutes, put together where they touch."""
    found: list[tuple[int, int]] = []
    for start in starts:
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], start + lasting)
        else:
            found.append((start, start + lasting))
    return found


def _moment(day: date, minute: int, zone: tzinfo) -> datetime:
    hour, minute = divmod(minute % _MINUTES_A_DAY, 60)
    return datetime.combine(day, time(hour, minute), zone).astimezone(UTC)


def _field(text: str, least: int, most: int, names: list[str] | None = None) -> set[int]:
    """The values of a cron field: `*`, `?`, `5`, `1-5`, `MON-FRI`, `*/15`, and lists of these."""
    found: set[int] = set()
    for part in text.upper().split(","):
        span, slash, step = part.partition("/")
        every = _number(step, 1, most, None) if slash else 1
        if span in ("*", "?"):
            first, last = least, most
        else:
            one, dash, other = span.partition("-")
            first = _number(one, least, most, names)
            last = _number(other, least, most, names) if dash else most if slash else first
        if last < first:
            raise MuteScheduleError(f"its cron has a field {text!r} that cannot be read")
        found.update(range(first, last + 1, every))
    return found


def _number(text: str, least: int, most: int, names: list[str] | None) -> int:
    if names and text in names:
        return names.index(text) + (1 if names is _MONTHS else 0)
    if text.isascii() and text.isdigit() and len(text) < 5 and least <= int(text) <= most:
        return int(text)
    raise MuteScheduleError(f"its cron has a field with {text!r}, which cannot be read")
