"""The operations of metric math on many evaluations at once: arrays, NaN where data is missing.

The same numbers as `kfm_audit.aws.math_points`, to the last bit. Call it where
numpy's warnings are off: what is no number becomes NaN. An array has one
value a slot; its last axis are the slots of one evaluation, oldest first, or, in a
`Line`, all moments at which any slot ends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kfm_audit.aws.math_assumptions import Choices
from kfm_audit.aws.math_points import calendar_value, logarithm, logarithm10, power
from kfm_audit.replay.history import Floats


class NeedsWindowsError(Exception):
    """The operation looks at several slots of one evaluation: a `Line` does not know which belong together."""


class NotVectorisedError(Exception):
    """The operation is done for each evaluation alone: how many series it gives hangs on the data."""


class VectorKernel:
    """Evaluations as the rows of an array. `starts` are the beginnings of all slots, in seconds since 1970."""

    def __init__(self, starts: NDArray[np.int64], period: int, choices: Choices) -> None:
        """Take the shape of the arrays, which is that of `starts`."""
        self._starts = starts
        self._period = period
        self._choices = choices

    @property
    def slots(self) -> int:
        """How many values a series without gaps has in all evaluations together."""
        return int(self._starts.size)

    def constant(self, value: float) -> Floats:
        """The same value in every slot."""
        return np.broadcast_to(np.float64(value), self._starts.shape)

    def binary(self, operator: str, left: Floats, right: Floats, *, sparse: tuple[bool, bool]) -> Floats:
        """A gap of one series counts as 0 where the other has a value; a number makes no datapoint."""
        gaps, others = np.isnan(left), np.isnan(right)
        if sparse == (True, True):
            left, right = np.where(gaps, 0.0, left), np.where(others, 0.0, right)
            missing = gaps & others
        else:
            missing = gaps | others
        found: Floats = _OPERATIONS[operator](left, right)
        return np.where(missing | ~np.isfinite(found), np.nan, found)

    def pointwise(self, function: str, points: Floats) -> Floats:
        """Gaps stay gaps."""
        found: Floats = _FUNCTIONS[function](points)
        return found

    def choose(self, condition: Floats, yes: Floats, no: Floats | None, *, zero: bool) -> Floats:
        """Any value but 0 is true; where the condition has none, there is none."""
        chosen = np.where(np.isnan(yes), 0.0, yes) if zero else yes
        otherwise: Floats | float = np.nan if no is None else no
        found = np.where(condition != 0, chosen, otherwise)
        return np.where(np.isnan(condition), np.nan, found)

    def fill(self, points: Floats, filler: Floats) -> Floats:
        """The filler's value in each gap, where it has one."""
        gaps = np.isnan(points)
        if self._choices.fill_without_data == "leave":
            gaps &= ~gaps.all(axis=-1, keepdims=True)
        return np.where(gaps, filler, points)

    def repeat(self, points: Floats) -> Floats:
        """The value before each gap, where there is one."""
        return _taken(points, _before(points))

    def interpolate(self, points: Floats) -> Floats:
        """A straight line through each gap that has a value on both sides."""
        before = _before(points)
        size = points.shape[-1]
        after = size - 1 - _before(points[..., ::-1])[..., ::-1]
        one, other = _taken(points, before), _taken(points, np.where(after < size, after, -1))
        slots = np.arange(size)
        line = one + (other - one) * ((slots - before) / (after - before))
        return np.where(np.isnan(points), line, points)

    def change(self, function: str, points: Floats) -> Floats:
        """Against the value before, however long ago; the first value has none."""
        before = np.full(points.shape, -1)
        before[..., 1:] = _before(points)[..., :-1]
        seconds = (np.arange(points.shape[-1]) - before) * float(self._period)
        difference: Floats = points - _taken(points, before)
        match function:
            case "DIFF":
                found = difference
            case "DIFF_TIME":
                found = np.where(np.isnan(difference), np.nan, seconds)
            case _:
                found = difference / seconds
        return found

    def running_sum(self, points: Floats) -> Floats:
        """The sum up to each value; gaps stay gaps."""
        gaps = np.isnan(points)
        summed: Floats = np.cumsum(np.where(gaps, 0.0, points), axis=-1)
        return np.where(gaps, np.nan, summed)

    def over_time(self, function: str, points: Floats) -> Floats:
        """One number of all values of each evaluation."""
        columns = [points[..., slot] for slot in range(points.shape[-1])]
        return np.broadcast_to(self._reduced(function, columns)[..., np.newaxis], points.shape)

    def across(self, function: str, members: Sequence[Floats]) -> Floats:
        """One number of all members in each slot in which any has a value."""
        if not members:
            return np.full(self._starts.shape, np.nan)
        gaps = np.logical_and.reduce([np.isnan(points) for points in members])
        return np.where(gaps, np.nan, self._reduced(function, members))

    def calendar(self, function: str) -> Floats:
        """What the function gives for the beginning of each slot: CloudWatch's timestamp."""
        different, where = np.unique(self._starts, return_inverse=True)
        values = np.array([calendar_value(function, time) for time in different.tolist()])
        return values[where].reshape(self._starts.shape)

    def in_order(self, members: Sequence[Floats], function: str, *, descending: bool) -> tuple[Floats, ...]:  # noqa: ARG002 - `Kernel`'s
        """Refused: the order is another one in each evaluation."""
        raise NotVectorisedError

    def with_data(self, members: Sequence[Floats]) -> tuple[Floats, ...]:  # noqa: ARG002 - `Kernel`'s
        """Refused: another number of series is left in each evaluation."""
        raise NotVectorisedError

    def count(self, points: Floats) -> int:
        """How many slots of all evaluations have a value."""
        return int(np.count_nonzero(~np.isnan(points)))

    def is_empty(self, points: Floats) -> bool:
        """Whether any evaluation sees no value of the series at all."""
        return bool(np.isnan(points).all(axis=-1).any())

    def _reduced(self, function: str, parts: Sequence[Floats]) -> Floats:
        present = [~np.isnan(part) for part in parts]
        how_many: Floats = np.add.reduce(present, axis=0, dtype=np.float64)
        match function:
            case "SUM":
                return _sum(parts)
            case "AVG":
                mean = _sum(parts) / len(parts)
                return np.where(np.isfinite(mean), mean, np.nan)
            case "DATAPOINT_COUNT":
                return how_many
            case _:
                if self._choices.extremes_without_data == "zero":
                    parts = [np.where(np.isnan(part), 0.0, part) for part in parts]
                    how_many = np.full(how_many.shape, float(len(parts)))
                return self._extreme(function, parts, how_many)

    def _extreme(self, function: str, parts: Sequence[Floats], how_many: Floats) -> Floats:
        match function:
            case "MIN":
                found: Floats = np.fmin.reduce(parts)
            case "MAX":
                found = np.fmax.reduce(parts)
            case _:
                divisor = how_many - (self._choices.standard_deviation == "sample")
                mean = _sum(parts) / how_many
                found = np.sqrt(_sum([(part - mean) * (part - mean) for part in parts]) / divisor)
                found = np.where((divisor > 0) & np.isfinite(found), found, np.nan)
        return np.where(how_many == 0, np.nan, found)


class Line(VectorKernel):
    """One array of all moments at which a slot ends, for expressions that work slot by slot.

    An evaluation sees `reach` of them, `stride` apart, the last of them its own.
    """

    def __init__(
        self, starts: NDArray[np.int64], period: int, choices: Choices, reach: int, stride: int
    ) -> None:
        """Take the moments, and which of them an evaluation sees."""
        super().__init__(starts, period, choices)
        self._reach = reach
        self._stride = stride

    def fill(self, points: Floats, filler: Floats) -> Floats:
        """As above, unless it matters which slots belong together."""
        if self._choices.fill_without_data == "leave":
            raise NeedsWindowsError
        return super().fill(points, filler)

    def repeat(self, points: Floats) -> Floats:  # noqa: ARG002 - `Kernel`'s
        """Refused."""
        raise NeedsWindowsError

    def interpolate(self, points: Floats) -> Floats:  # noqa: ARG002 - `Kernel`'s
        """Refused."""
        raise NeedsWindowsError

    def change(self, function: str, points: Floats) -> Floats:  # noqa: ARG002 - `Kernel`'s
        """Refused."""
        raise NeedsWindowsError

    def running_sum(self, points: Floats) -> Floats:  # noqa: ARG002 - `Kernel`'s
        """Refused."""
        raise NeedsWindowsError

    def over_time(self, function: str, points: Floats) -> Floats:  # noqa: ARG002 - `Kernel`'s
        """Refused."""
        raise NeedsWindowsError

    def is_empty(self, points: Floats) -> bool:
        """Whether any evaluation sees no value of the series at all."""
        gaps = np.isnan(points)
        if not gaps.any():
            return False
        count = len(gaps) - (self._reach - 1) * self._stride
        empty = gaps[:count].copy()
        for age in range(1, self._reach):
            empty &= gaps[age * self._stride : age * self._stride + count]
        return bool(empty.any())


def _before(points: Floats) -> NDArray[np.int64]:
    """For each slot the last one up to it that has a value; -1 where there is none."""
    slots = np.where(np.isnan(points), -1, np.arange(points.shape[-1]))
    found: NDArray[np.int64] = np.maximum.accumulate(slots, axis=-1)
    return found


def _taken(points: Floats, slots: NDArray[np.int64]) -> Floats:
    """The values at these slots; NaN for -1."""
    found = np.take_along_axis(points, np.maximum(slots, 0), axis=-1)
    return np.where(slots < 0, np.nan, found)


def _sum(parts: Sequence[Floats]) -> Floats:
    """From the first to the last, gaps left out."""
    total = np.zeros(parts[0].shape)
    for part in parts:
        total += np.where(np.isnan(part), 0.0, part)
    return total


def _one_by_one(function: Callable[..., float], arguments: int) -> Callable[..., Floats]:
    """A function of the C library on each value: numpy's own may differ in the last bit."""
    made = np.frompyfunc(function, arguments, 1)
    return lambda *points: np.asarray(made(*points), dtype=np.float64)


# ufuncs and functions made of them: their types are those of any number of overloads.
_OPERATIONS: Final[dict[str, Callable[..., Floats]]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": lambda left, right: np.where(right == 0, np.nan, left / right),
    "^": _one_by_one(power, 2),
    "==": lambda left, right: (left == right).astype(np.float64),
    "!=": lambda left, right: (left != right).astype(np.float64),
    "<=": lambda left, right: (left <= right).astype(np.float64),
    ">=": lambda left, right: (left >= right).astype(np.float64),
    "<": lambda left, right: (left < right).astype(np.float64),
    ">": lambda left, right: (left > right).astype(np.float64),
    "AND": lambda left, right: ((left != 0) & (right != 0)).astype(np.float64),
    "OR": lambda left, right: ((left != 0) | (right != 0)).astype(np.float64),
}
_FUNCTIONS: Final[dict[str, Callable[..., Floats]]] = {
    "-": np.negative,
    "ABS": np.abs,
    "CEIL": np.ceil,
    "FLOOR": np.floor,
    "LOG": _one_by_one(logarithm, 1),
    "LOG10": _one_by_one(logarithm10, 1),
}
