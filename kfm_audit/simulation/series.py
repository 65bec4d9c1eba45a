"""What metrics measured, and how shorter intervals fold into the periods of alarms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import lcm
from typing import Final, TypeAlias

from msgspec import Struct

from kfm_audit.aws.math_points import total
from kfm_audit.simulation.assumptions import AverageFold

Dimensions: TypeAlias = tuple[tuple[str, str], ...]
"""Names and values, sorted by name: with others, it is another metric."""


class InputSeries(Struct, frozen=True, kw_only=True):
    """One statistic of one metric.

    `values[i]` is the statistic of the `interval` seconds from `start + i *
    interval` on; None where there was no datapoint. What lies before the first
    and after the last value is missing.
    """

    namespace: str
    metric_name: str
    dimensions: Dimensions = ()
    statistic: str
    start: int = 0
    interval: int = 60
    values: tuple[float | None, ...]


class SeriesError(ValueError):
    """A series does not fit the alarm that reads it. The text is the end of a sentence about the alarm."""


def dimensions_of(mapping: Mapping[str, str]) -> Dimensions:
    """Dimensions as they are compared."""
    return tuple(sorted(mapping.items()))


class Measured:
    """All input series of a simulation, by metric and statistic."""

    def __init__(self, series: Iterable[InputSeries], average_fold: AverageFold = AverageFold.MEAN) -> None:
        """Take the series; where one is given twice, the first holds."""
        self._series: dict[tuple[str, str, Dimensions, str], InputSeries] = {}
        for item in series:
            key = (item.namespace, item.metric_name, item.dimensions, item.statistic)
            self._series.setdefault(key, item)
        self._average_fold = average_fold

    def folded(
        self, namespace: str, metric_name: str, dimensions: Dimensions, statistic: str, period: int
    ) -> Folded:
        """A statistic of a metric over windows of `period` seconds. Raises SeriesError."""
        key = (namespace, metric_name, dimensions, statistic)
        found = self._series.get(key)
        if found is None:
            return Folded(None, period)
        shown = f"{namespace} {metric_name}"
        if period % found.interval:
            raise SeriesError(
                f"has a period of {period} s, which is no multiple of the {found.interval} s of {shown}"
            )
        if period != found.interval and statistic not in FOLDABLE:
            raise SeriesError(
                f"has a period of {period} s: {statistic} of {shown} cannot be folded from {found.interval} s"
            )
        weights = None
        if statistic == "Average" and self._average_fold is AverageFold.WEIGHTED:
            weights = self._series.get((*key[:3], "SampleCount"))
            if weights is None or (weights.interval, weights.start) != (found.interval, found.start):
                raise SeriesError(f"reads the Average of {shown}, whose SampleCount is not given beside it")
        return Folded(found, period, weights)


class Folded:
    """One statistic over windows of one period; every window ends at a multiple of the series' interval."""

    def __init__(self, series: InputSeries | None, period: int, weights: InputSeries | None = None) -> None:
        """None is a metric without any data."""
        self._series = series
        self._period = period
        self._weights = weights
        self._found: dict[int, float | None] = {}

    @property
    def interval(self) -> int:
        """Windows end at multiples of this many seconds after `start`; 1 for a metric without data."""
        return self._series.interval if self._series else 1

    @property
    def start(self) -> int:
        """When the first interval begins."""
        return self._series.start if self._series else 0

    @property
    def is_assumed(self) -> bool:
        """Whether averages are folded, for which there is an assumption."""
        series = self._series
        return series is not None and series.statistic == "Average" and series.interval != self._period

    def value(self, end: int) -> float | None:
        """The statistic of the window that ends at `end`; None where it has no datapoint."""
        series = self._series
        if series is None:
            return None
        last = (end - series.start) // series.interval
        if last not in self._found:
            first = last - self._period // series.interval
            window = slice(max(first, 0), max(last, 0))
            weights = self._weights.values[window] if self._weights else ()
            self._found[last] = _fold(series.statistic, series.values[window], weights)
        return self._found[last]

    def slots(self, end: int, count: int) -> tuple[float | None, ...]:
        """The newest `count` windows before `end`, one beside the other, the newest last."""
        return tuple(self.value(end - age * self._period) for age in range(count - 1, -1, -1))


def common_end(folded: Sequence[Folded], at: int) -> int:
    """The end of the newest windows that all of an alarm's series have at a time."""
    fed = [item for item in folded if item.interval > 1]
    if not fed:
        return at
    step = lcm(*(item.interval for item in fed))
    return at - (at - fed[0].start) % step


def _fold(statistic: str, values: Sequence[float | None], weights: Sequence[float | None]) -> float | None:
    real = [value for value in values if value is not None]
    if not real:
        return None
    if len(values) == 1:
        return real[0]
    match statistic:
        case "Sum" | "SampleCount":
            return total(real)
        case "Minimum":
            return min(real)
        case "Maximum":
            return max(real)
        case _:
            return _average(values, weights) if weights else total(real) / len(real)


def _average(values: Sequence[float | None], weights: Sequence[float | None]) -> float | None:
    pairs = [
        (value, weight or 0.0) for value, weight in zip(values, weights, strict=False) if value is not None
    ]
    samples = total([weight for _, weight in pairs])
    return total([value * weight for value, weight in pairs]) / samples if samples else None


FOLDABLE: Final = frozenset({"Sum", "SampleCount", "Minimum", "Maximum", "Average"})
"""Statistics of a period that follow from those of its parts; percentiles do not."""
