"""Times as XML Schema writes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_DATE_TIME: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?)?(Z|z|[+-]\d\d:\d\d)?", re.ASCII
)


def instant(text: str) -> datetime | None:
    """Read an `xsd:dateTime`, or an `xsd:date` as its first moment, in UTC; None where `text` is neither.

    A time without an offset is taken for UTC, as everywhere in PROV documents
    of pipelines; fractions finer than a microsecond are cut. `24:00:00` is the
    next day's midnight, as XML Schema has it.
    """
    found = _DATE_TIME.fullmatch(text.strip())
    if found is None:
        return None
    date, hour, minute, second, fraction, offset = found.groups()
    next_day = (hour, minute, second) == ("24", "00", "00")
    clock = f"{'00' if next_day else hour}:{minute}:{second}" if hour else "00:00:00"
    try:
        local = datetime.fromisoformat(f"{date}T{clock}.{(fraction or '0')[:6]:0<6}")
        zone = timedelta() if offset in (None, "Z", "z") else _offset(offset)
        return (local + timedelta(days=next_day) - zone).replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _offset(text: str) -> timedelta:
    hours, minutes = int(text[1:3]), int(text[4:6])
    if hours > 14 or minutes > 59:
        raise ValueError(text)
    distance = timedelta(hours=hours, minutes=minutes)
    return -distance if text[0] == "-" else distance
