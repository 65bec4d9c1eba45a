"""What readers of history share: what is wanted, what was lost, and how points become a record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec
import numpy as np
from msgspec import Raw, Struct
from numpy.typing import NDArray

from kfm_audit.replay.history import Floats, Key, Recorded, from_arrays

LIMIT: Final = 20_000_000
"""The most slots of one record: a wrong time must not fill the memory. 38 years of minutes."""
_LATEST: Final = 32_503_680_000
"""The year 3000: later times are milliseconds that are taken for seconds."""
DECODE_ERRORS: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class Lost(Struct, frozen=True):
    """Something that could not be read: where, why, and what to do about it."""

    path: str
    cause: str
    cure: str


class Wanted(Struct, frozen=True):
    """What the alarms read, and with which period each metric was recorded unless the file says so."""

    keys: frozenset[Key]
    interval: int = 60

    def has(self, key: Key) -> bool:
        """Whether some alarm reads it; sample counts go with every statistic."""
        return key in self.keys


class Read(Struct, frozen=True):
    """What came of one file. Of `partial` more is to follow, on a page of its own; of `whole` nothing is."""

    records: tuple[Recorded, ...] = ()
    lost: tuple[Lost, ...] = ()
    partial: frozenset[Key] = frozenset()
    whole: frozenset[Key] = frozenset()


def record(key: Key, times: NDArray[np.int64], values: Floats, interval: int) -> Recorded | None:
    """A record of the points that are numbers; None where their times cannot be those of a history.

    A key without any point is known to have none: its record is empty.
    """
    numbers = np.isfinite(values)
    if len(times) != len(values) or not numbers.all():
        times, values = times[numbers], values[numbers]
    if not len(times):
        namespace, metric_name, dimensions, statistic = key
        return Recorded(
            namespace=namespace,
            metric_name=metric_name,
            dimensions=dimensions,
            statistic=statistic,
            start=0,
            interval=interval,
            values=np.empty(0),
        )
    first, last = int(times.min()), int(times.max())
    if first < 0 or last > _LATEST or (last - first) // interval >= LIMIT:
        return None
    return from_arrays(key, times, values, interval)


def record_points(key: Key, points: Iterable[tuple[int, float]], interval: int) -> Recorded | None:
    """The same of pairs of time and value."""
    pairs = list(points)
    times = np.array([time for time, _ in pairs], dtype=np.int64)
    return record(key, times, np.array([value for _, value in pairs], dtype=np.float64), interval)


def read_of(
    path: str, points: Mapping[tuple[Key, int], Iterable[tuple[int, float]]], lost: Iterable[Lost]
) -> Read:
    """What came of a file: the records of its points, by metric and interval, and what was lost."""
    records, wrong = [], list(lost)
    for (key, interval), pairs in points.items():
        found = record_points(key, pairs, interval)
        if found is None:
            wrong.append(too_wide(path, key[1]))
        else:
            records.append(found)
    return Read(tuple(records), tuple(wrong))


def seconds(time: str | float) -> int:
    """Seconds since 1970 of a number, or of ISO 8601, which is in UTC where it has no offset.

    Raises ValueError or OverflowError.
    """
    try:
        return int(float(time))
    except ValueError:
        moment = datetime.fromisoformat(str(time))
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def members(raw: Mapping[str, Raw], key: str) -> list[Raw]:
    """The elements of a list in an object, undecoded; [] for anything else."""
    try:
        return msgspec.json.decode(raw.get(key, Raw(b"[]")), type=list[Raw])
    except DECODE_ERRORS:
        return []


def too_wide(path: str, what: str) -> Lost:
    """A record whose times cannot be right."""
    return Lost(
        path,
        f"the times of {what} lie further apart than any history, or are none of our time",
        "give times in seconds since 1970 (not in milliseconds), or as ISO 8601",
    )
