"""The operations of metric math on one evaluation: a tuple of slots, oldest first, None where data is missing.

CloudWatch user guide, "Metric math syntax and functions" and "Using IF
expressions". Sums are made from the oldest slot on, and logarithms and powers by
the C library, so that an evaluator by vectors can give the very same bits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final, TypeAlias

from kfm_audit.aws.math_assumptions import Choices
from kfm_audit.aws.math_error import MathError

Points: TypeAlias = tuple[float | None, ...]


class PlainKernel:
    """One evaluation. `start` is the epoch second at which the first slot begins, `period` its length."""

    def __init__(self, slots: int, period: int, *, start: int = 0, choices: Choices | None = None) -> None:
        """Take the shape of the evaluation."""
        self.slots = slots
        self._period = period
        self._start = start
        self._choices = choices or Choices()

    def constant(self, value: float) -> Points:
        """The same value in every slot."""
        return (value,) * self.slots

    def binary(self, operator: str, left: Points, right: Points, *, sparse: tuple[bool, bool]) -> Points:
        """A gap of one series counts as 0 where the other has a value; a number makes no datapoint."""
        operation = OPERATIONS[operator]
        return tuple(_binary(operation, one, other, sparse) for one, other in zip(left, right, strict=True))

    def pointwise(self, function: str, points: Points) -> Points:
        """Gaps stay gaps."""
        operation = FUNCTIONS[function]
        return tuple(None if value is None else operation(value) for value in points)

    def choose(self, condition: Points, yes: Points, no: Points | None, *, zero: bool) -> Points:
        """Any value but 0 is true; where the condition has none, there is none."""
        otherwise = no or (None,) * self.slots
        return tuple(
            None if asked is None else _chosen(asked, one, other, zero=zero)
            for asked, one, other in zip(condition, yes, otherwise, strict=True)
        )

    def fill(self, points: Points, filler: Points) -> Points:
        """The filler's value in each gap, where it has one."""
        if self._choices.fill_without_data == "leave" and self.is_empty(points):
            return points
        return tuple(other if value is None else value for value, other in zip(points, filler, strict=True))

    def repeat(self, points: Points) -> Points:
        """The value before each gap, where there is one."""
        filled: list[float | None] = []
        last = None
        for value in points:
            last = last if value is None else value
            filled.append(last)
        return tuple(filled)

    def interpolate(self, points: Points) -> Points:
        """A straight line through each gap that has a value on both sides."""
        filled = list(points)
        for (first, one), (last, other) in pairwise(_present(points)):
            for slot in range(first + 1, last):
                filled[slot] = one + (other - one) * ((slot - first) / (last - first))
        return tuple(filled)

    def change(self, function: str, points: Points) -> Points:
        """Against the value before, however long ago; the first value has none."""
        changed: list[float | None] = [None] * self.slots
        for (first, one), (last, other) in pairwise(_present(points)):
            seconds = float((last - first) * self._period)
            match function:
                case "DIFF":
                    changed[last] = other - one
                case "DIFF_TIME":
                    changed[last] = seconds
                case _:
                    changed[last] = (other - one) / seconds
        return tuple(changed)

    def running_sum(self, points: Points) -> Points:
        """The sum up to each value; gaps stay gaps."""
        total = 0.0
        summed: list[float | None] = []
        for value in points:
            total += value or 0.0
            summed.append(None if value is None else total)
        return tuple(summed)

    def over_time(self, function: str, points: Points) -> Points:
        """One number of all values of the evaluation."""
        return (self._reduced(function, points),) * self.slots

    def across(self, function: str, members: Sequence[Points]) -> Points:
        """One number of all members in each slot in which any has a value."""
        if not members:
            return (None,) * self.slots
        return tuple(
            None if all(value is None for value in values) else self._reduced(function, values)
            for values in zip(*members, strict=True)
        )

    def calendar(self, function: str) -> Points:
        """What the function gives for the beginning of each slot: CloudWatch's timestamp."""
        times = (self._start + slot * self._period for slot in range(self.slots))
        return tuple(calendar_value(function, time) for time in times)

    def in_order(self, members: Sequence[Points], function: str, *, descending: bool) -> tuple[Points, ...]:
        """Members that are equal keep their order."""

        def key(points: Points) -> float:
            return self._reduced(function, points) or 0.0

        return tuple(sorted(members, key=key, reverse=descending))

    def with_data(self, members: Sequence[Points]) -> tuple[Points, ...]:
        """The members that have any value."""
        return tuple(points for points in members if not self.is_empty(points))

    def count(self, points: Points) -> int:
        """How many slots have a value."""
        return sum(value is not None for value in points)

    def is_empty(self, points: Points) -> bool:
        """Whether no slot has a value."""
        return all(value is None for value in points)

    def _reduced(self, function: str, values: Sequence[float | None]) -> float | None:
        """One number of several; gaps are left out or count as 0, as each function has it."""
        present = [value for value in values if value is not None]
        match function:
            case "SUM":
                return total(present)
            case "AVG":
                return finite(total(present) / len(values))
            case "DATAPOINT_COUNT":
                return float(len(present))
            case _:
                if self._choices.extremes_without_data == "zero":
                    present = [value or 0.0 for value in values]
                return self._extreme(function, present)

    def _extreme(self, function: str, values: Sequence[float]) -> float | None:
        divisor = len(values) - (self._choices.standard_deviation == "sample")
        if not values or (function == "STDDEV" and not divisor):
            return None
        match function:
            case "MIN":
                return min(values)
            case "MAX":
                return max(values)
            case _:
                mean = total(values) / len(values)
                return finite(
                    math.sqrt(total([(value - mean) * (value - mean) for value in values]) / divisor)
                )


class AnyTime(PlainKernel):
    """An evaluation of what holds at any time: the parts of a date are refused."""

    def calendar(self, function: str) -> Points:
        """Raise MathError: what is so at one hour may be otherwise at another."""
        raise MathError(f"what {function} gives changes with the clock", 0, certain=False)


def total(values: Sequence[float]) -> float:
    """From the first to the last: the built-in sum compensates rounding from Python 3.12 on."""
    found = 0.0
    for value in values:
        found += value
    return found


def finite(value: float) -> float | None:
    """A value, or None for what is no finite number."""
    return value if math.isfinite(value) else None


def power(base: float, exponent: float) -> float:
    """A power by the C library; NaN where there is none."""
    try:
        return math.pow(base, exponent)
    except (ValueError, OverflowError):
        return math.nan


def logarithm(value: float) -> float:
    """The natural logarithm; NaN where there is none."""
    return math.log(value) if value > 0 else math.nan


def logarithm10(value: float) -> float:
    """The decimal logarithm; NaN where there is none."""
    return math.log10(value) if value > 0 else math.nan


def calendar_value(function: str, time: int) -> float:
    """What a calendar function gives for a timestamp in epoch seconds: DAY is 1 on Mondays."""
    if function == "EPOCH":
        return float(time)
    moment = datetime.fromtimestamp(time, UTC)
    if function == "DAY":
        return float(moment.isoweekday())
    return float(getattr(moment, "day" if function == "DATE" else function.lower()))


OPERATIONS: Final[dict[str, Callable[[float, float], float | None]]] = {
    "+": lambda left, right: finite(left + right),
    "-": lambda left, right: finite(left - right),
    "*": lambda left, right: finite(left * right),
    "/": lambda left, right: finite(left / right) if right else None,
    "^": lambda left, right: finite(power(left, right)),
    "==": lambda left, right: float(left == right),
    "!=": lambda left, right: float(left != right),
    "<=": lambda left, right: float(left <= right),
    ">=": lambda left, right: float(left >= right),
    "<": lambda left, right: float(left < right),
    ">": lambda left, right: float(left > right),
    "AND": lambda left, right: float(bool(left) and bool(right)),
    "OR": lambda left, right: float(bool(left) or bool(right)),
}
"""What each operator gives; None where the datapoint is dropped."""

FUNCTIONS: Final[dict[str, Callable[[float], float | None]]] = {
    "-": lambda value: -value,
    "ABS": abs,
    "CEIL": lambda value: float(math.ceil(value)),
    "FLOOR": lambda value: float(math.floor(value)),
    "LOG": lambda value: finite(logarithm(value)),
    "LOG10": lambda value: finite(logarithm10(value)),
}


def _binary(
    operation: Callable[[float, float], float | None],
    left: float | None,
    right: float | None,
    sparse: tuple[bool, bool],
) -> float | None:
    """A gap of one series counts as 0 where the other has a value; a number makes no datapoint."""
    if left is None and right is None:
        return None
    if left is None:
        if sparse != (True, True):
            return None
        left = 0.0
    if right is None:
        if sparse != (True, True):
            return None
        right = 0.0
    return operation(left, right)


def _chosen(asked: float, yes: float | None, no: float | None, *, zero: bool) -> float | None:
    if not asked:
        return no
    return 0.0 if zero and yes is None else yes


def _present(points: Points) -> list[tuple[int, float]]:
    return [(slot, value) for slot, value in enumerate(points) if value is not None]
