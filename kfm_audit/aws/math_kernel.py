"""The operations that an evaluation of metric math is made of.

A number (S) is a series that has the same value in every slot, so that every
operation works slot by slot, on one evaluation (`math_points`) or on many at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

P = TypeVar("P")


class Kernel(Protocol[P]):
    """The operations on points. `P` is one series over the slots of an evaluation, or of many at once."""

    @property
    def slots(self) -> int:
        """How many datapoints a series without gaps has in all."""

    def constant(self, value: float) -> P:
        """The same value in every slot."""

    def binary(self, operator: str, left: P, right: P, *, sparse: tuple[bool, bool]) -> P:
        """`left operator right`; `sparse` says which of them are time series, whose gaps count as 0."""

    def pointwise(self, function: str, points: P) -> P:
        """`-`, ABS, CEIL, FLOOR, LOG or LOG10 of each value."""

    def choose(self, condition: P, yes: P, no: P | None, *, zero: bool) -> P:
        """IF, slot by slot; `zero` says that a gap of `yes` counts as 0."""

    def fill(self, points: P, filler: P) -> P:
        """`points`, with the filler's values where it has none."""

    def repeat(self, points: P) -> P:
        """`points`, with the last value repeated where it has none."""

    def interpolate(self, points: P) -> P:
        """`points`, with a straight line where it has none between two values."""

    def change(self, function: str, points: P) -> P:
        """DIFF, DIFF_TIME or RATE: against the value before."""

    def running_sum(self, points: P) -> P:
        """The sum of all values up to each."""

    def over_time(self, function: str, points: P) -> P:
        """AVG, SUM, MIN, MAX, STDDEV or DATAPOINT_COUNT of one series: the same in every slot."""

    def across(self, function: str, members: Sequence[P]) -> P:
        """The same of several series, slot by slot."""

    def calendar(self, function: str) -> P:
        """MINUTE, HOUR, DAY, DATE, MONTH, YEAR or EPOCH of each slot's timestamp, in UTC."""

    def in_order(self, members: Sequence[P], function: str, *, descending: bool) -> tuple[P, ...]:
        """The members sorted by AVG, SUM, MIN or MAX of each."""

    def with_data(self, members: Sequence[P]) -> tuple[P, ...]:
        """The members that have any value."""

    def count(self, points: P) -> int:
        """How many values there are, gaps left out."""

    def is_empty(self, points: P) -> bool:
        """Whether any evaluation sees no value of the series at all."""
