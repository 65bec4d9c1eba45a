"""Recorded history: for each statistic of each metric, one array of numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from kfm_audit.simulation.series import Dimensions, InputSeries

Floats: TypeAlias = NDArray[np.float64]
Key: TypeAlias = tuple[str, str, Dimensions, str]
"""Namespace, metric name, dimensions and statistic."""


class Recorded(Struct, frozen=True, kw_only=True):
    """One statistic of one metric, as it was recorded.

    `values[i]` is that of the `interval` seconds from `start + i * interval` on, in
    seconds since 1970; NaN where there was no datapoint.
    """

    namespace: str
    metric_name: str
    dimensions: Dimensions
    statistic: str
    start: int
    interval: int
    values: Floats

    @property
    def key(self) -> Key:
        """What it is a record of."""
        return (self.namespace, self.metric_name, self.dimensions, self.statistic)

    @property
    def stop(self) -> int:
        """The end of the last interval."""
        return self.start + self.interval * len(self.values)

    def listed(self) -> InputSeries:
        """The same for the plain simulation."""
        return InputSeries(
            namespace=self.namespace,
            metric_name=self.metric_name,
            dimensions=self.dimensions,
            statistic=self.statistic,
            start=self.start,
            interval=self.interval,
            values=tuple(None if value != value else value for value in self.values.tolist()),  # noqa: PLR0124
        )


class History:
    """All that was recorded."""

    def __init__(self, series: Iterable[Recorded] = ()) -> None:
        """Take series; what is recorded twice is joined, and the later record holds where both speak.

        Of two records with different intervals only the finer one is kept.

        A record without values says that the metric is known to have had none.
        """
        self._series: dict[Key, Recorded] = {}
        for item in series:
            before = self._series.get(item.key)
            self._series[item.key] = item if before is None else _joined(before, item)

    def __len__(self) -> int:
        return len(self._series)

    def __iter__(self) -> Iterator[Recorded]:
        return iter(self._series.values())

    def get(self, key: Key) -> Recorded | None:
        """A record; None for a metric without any data."""
        return self._series.get(key)

    @property
    def start(self) -> int:
        """The beginning of the first interval of all."""
        return min((item.start for item in self if len(item.values)), default=0)

    @property
    def stop(self) -> int:
        """The end of the last interval of all."""
        return max((item.stop for item in self if len(item.values)), default=0)


def from_points(
    key: Key, points: Mapping[int, float] | Iterable[tuple[int, float]], interval: int
) -> Recorded:
    """A record made of datapoints: the begin of each interval, in seconds since 1970, and its value.

    A later point holds over an earlier one of the same interval. Raises ValueError without any point.
    """
    items = points.items() if isinstance(points, Mapping) else points
    times, values = zip(*items, strict=True)
    return from_arrays(key, np.asarray(times, dtype=np.int64), np.asarray(values, dtype=np.float64), interval)


def from_arrays(key: Key, times: NDArray[np.int64], values: Floats, interval: int) -> Recorded:
    """The same from arrays. Times that are not on the grid of the first count for the interval they are in."""
    start = int(times.min())
    steps = np.diff(times)
    if len(times) and ((steps == interval).all() or (steps == -interval).all()):
        grid = (values if times[0] == start else values[::-1]).copy()
    else:
        slots = (times - start) // interval
        grid = np.full(int(slots.max()) + 1, np.nan)
        grid[slots] = values
    namespace, metric_name, dimensions, statistic = key
    return Recorded(
        namespace=namespace,
        metric_name=metric_name,
        dimensions=dimensions,
        statistic=statistic,
        start=start,
        interval=interval,
        values=grid,
    )


def _joined(before: Recorded, after: Recorded) -> Recorded:
    """Two records of one metric; of two with different intervals the finer one holds, because sums do not mix."""
    if before.interval != after.interval:
        return min(before, after, key=lambda item: item.interval if len(item.values) else 1 << 31)
    times: list[NDArray[np.int64]] = []
    values: list[Floats] = []
    for item in (before, after):
        present = np.flatnonzero(~np.isnan(item.values))
        times.append(item.start + present.astype(np.int64) * item.interval)
        values.append(item.values[present])
    together = np.concatenate(times)
    if not len(together):
        return after
    return from_arrays(before.key, together, np.concatenate(values), before.interval)
