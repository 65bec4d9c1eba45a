"""Shorter intervals folded into the periods of alarms, for all windows of a history at once.

The same numbers as `kfm_audit.simulation.series`, to the last bit: sums are made
from the oldest interval on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import lcm

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from kfm_audit.replay.history import Floats, Recorded


class Grid(Struct, frozen=True):
    """The moments at which windows end: `count` of them, `step` seconds apart, from `first` on."""

    first: int
    step: int
    count: int

    @property
    def moments(self) -> NDArray[np.int64]:
        """All of them."""
        return self.first + self.step * np.arange(self.count, dtype=np.int64)


class Windows(Struct, frozen=True):
    """A statistic over every window of one period: `values[i]` is that of the window whose last interval is `i`.

    Windows that the record covers in part are among them, at both ends.
    """

    start: int
    interval: int
    values: Floats

    def at(self, ends: Grid | NDArray[np.int64]) -> Floats:
        """The windows that end at these moments, or last before them; NaN where there is none."""
        if isinstance(ends, Grid) and ends.step % self.interval == 0:
            return self._strided(ends)
        moments = ends.moments if isinstance(ends, Grid) else ends
        at = (moments - self.start) // self.interval - 1
        inside = (at >= 0) & (at < len(self.values))
        found = np.full(len(moments), np.nan)
        found[inside] = self.values[at[inside]]
        return found

    def _strided(self, grid: Grid) -> Floats:
        stride = grid.step // self.interval
        first = (grid.first - self.start) // self.interval - 1
        begin = max(0, -(first // stride)) if first < 0 else 0
        end = min(grid.count, max(begin, -((first - len(self.values)) // stride)))
        if begin == 0 and end == grid.count:
            return self.values[first : first + stride * (end - 1) + 1 : stride]
        found = np.full(grid.count, np.nan)
        if begin < end:
            at = first + stride * begin
            found[begin:end] = self.values[at : at + stride * (end - begin - 1) + 1 : stride]
        return found


def windows(series: Recorded | None, period: int, weights: Recorded | None = None) -> Windows:
    """Every window of `period` seconds; None is a metric without any data. The period is a multiple of the interval."""
    if series is None:
        return Windows(0, period, np.empty(0))
    length = period // series.interval
    if length == 1:
        return Windows(series.start, series.interval, series.values)
    values = _folded(series.statistic, series.values, length, weights.values if weights else None)
    return Windows(series.start, series.interval, values)


def common_ends(recorded: Sequence[Recorded], grid: Grid) -> Grid | NDArray[np.int64]:
    """The ends of the newest windows that all of an alarm's series have at each moment."""
    if not recorded:
        return grid
    step, start = lcm(*(item.interval for item in recorded)), recorded[0].start
    if grid.step % step == 0 and (grid.first - start) % step == 0:
        return grid
    moments = grid.moments
    return moments - (moments - start) % step


def _folded(statistic: str, values: Floats, length: int, weights: Floats | None) -> Floats:
    beside = np.full(length - 1, np.nan)
    padded = np.concatenate((beside, values, beside))
    count = len(values) + length - 1
    if statistic in ("Minimum", "Maximum"):
        return _reduced(np.fmin if statistic == "Minimum" else np.fmax, padded, length, count)
    present = ~np.isnan(padded)
    parts = np.where(present, padded, 0.0)
    how_many = _summed(present.astype(np.float64), length, count)
    if statistic != "Average":
        total = _summed(parts, length, count)
        total[how_many == 0] = np.nan
        return total
    if weights is not None:
        # A count that is missing, or not given, is 0.
        given = np.zeros(len(values))
        given[: len(weights)] = np.nan_to_num(weights, nan=0.0)[: len(values)]
        share = np.where(present, np.concatenate((np.zeros(length - 1), given, np.zeros(length - 1))), 0.0)
        parts = parts * share
        how_many = _summed(share, length, count)
    total = _summed(parts, length, count)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean: Floats = total / how_many
    mean[how_many == 0] = np.nan
    # Windows that the record covers by one interval have its average, whatever it weighs.
    if len(values) == 1:
        mean[:] = values[0]
    elif len(values):
        mean[[0, -1]] = values[[0, -1]]
    return mean


def _summed(parts: Floats, length: int, count: int) -> Floats:
    total = np.zeros(count)
    for offset in range(length):
        total += parts[offset : offset + count]
    return total


def _reduced(
    smaller: Callable[..., Floats], padded: Floats, length: int, count: int
) -> Floats:  # the arguments of a ufunc
    found = padded[:count].copy()
    for offset in range(1, length):
        smaller(found, padded[offset : offset + count], out=found)
    return found
