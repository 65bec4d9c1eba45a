"""What AWS does not document of metric math, each with a name.

An evaluation gives back those that it rests on; whoever shows its result shows
them too. Where two answers are equally likely, the caller chooses (`Choices`).
"""

from __future__ import annotations

from enum import Enum
from typing import Literal

from msgspec import Struct


class Assumption(Enum):
    """An answer to a question that AWS's documents leave open. The value is its name in reports."""

    OPERATOR_PRECEDENCE = "operator-precedence"
    EVALUATION_RANGE = "range-dependent-math"
    FILL_WITHOUT_DATA = "fill-without-data"
    FILL_AT_THE_EDGE = "fill-at-the-edge"
    NO_NUMBER = "no-number"
    NO_SCALAR = "no-scalar"
    EXTREMES_WITHOUT_DATA = "extremes-without-data"
    COUNT_OF_NOTHING = "count-of-nothing"
    STANDARD_DEVIATION = "standard-deviation"
    SORT_ORDER = "sort-order"
    SLICE_OF_ONE = "slice-of-one"

    @property
    def text(self) -> str:
        """What is assumed, as a sentence."""
        return _TEXTS[self]


_TEXTS = {
    Assumption.OPERATOR_PRECEDENCE: (
        "Operators bind in the usual order: OR, AND, comparisons, + -, * /, ^; brackets make it certain."
    ),
    Assumption.EVALUATION_RANGE: (
        "Functions that look at several datapoints see those of the evaluation range, whose length "
        "AWS does not publish."
    ),
    Assumption.FILL_WITHOUT_DATA: "FILL fills a metric that has no datapoint in the evaluation range, too.",
    Assumption.FILL_AT_THE_EDGE: (
        "FILL with REPEAT or LINEAR leaves gaps that have no datapoint before them, or on both sides."
    ),
    Assumption.NO_NUMBER: "A datapoint whose result is no finite number, such as LOG of 0, is dropped.",
    Assumption.NO_SCALAR: (
        "A number that cannot be computed, such as MAX of no datapoints, gives no datapoints in what uses it."
    ),
    Assumption.EXTREMES_WITHOUT_DATA: "MIN, MAX and STDDEV leave missing values out.",
    Assumption.COUNT_OF_NOTHING: "DATAPOINT_COUNT of an array has no datapoint where no member has one.",
    Assumption.STANDARD_DEVIATION: "STDDEV is that of a population: it divides by the number of values.",
    Assumption.SORT_ORDER: (
        "SORT counts a series without datapoints as 0, and keeps the order of those that are equal."
    ),
    Assumption.SLICE_OF_ONE: "SLICE gives a single time series where one is left.",
}


class Choices(Struct, frozen=True, kw_only=True):
    """What the caller decides where AWS is silent; each departs from an assumption when it is changed."""

    fill_without_data: Literal["fill", "leave"] = "fill"
    """Whether FILL fills a metric that has no datapoint at all."""
    extremes_without_data: Literal["leave-out", "zero"] = "leave-out"
    """Whether MIN, MAX and STDDEV leave missing values out, or take them as 0."""
    standard_deviation: Literal["population", "sample"] = "population"
    """What STDDEV divides by: the number of values, or one less."""
