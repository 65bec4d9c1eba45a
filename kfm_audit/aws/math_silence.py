"""What the queries of an alarm give when none of its metrics has any data.

Metric math leaves no datapoint then, unless an expression makes values of its own
(`FILL`, `TIME_SERIES`, `DATAPOINT_COUNT`). AWS does not document what `FILL` makes of a
metric without any datapoint in the evaluation range: there is a value for each reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from kfm_audit.aws.math_assumptions import Choices
from kfm_audit.aws.math_check import Query
from kfm_audit.aws.math_evaluate import run
from kfm_audit.aws.math_points import AnyTime, Points
from kfm_audit.aws.math_prepare import prepare

_SLOTS: Final = 8
"""Slots that are looked at: a running sum of filled values is another number in each."""
_PERIOD: Final = 60
"""Seconds, where no query has a period."""
_READINGS: Final = (Choices(), Choices(fill_without_data="leave"))


class WithoutData(Struct, frozen=True):
    """The values that an alarm compares, each once; None where there is no datapoint.

    `repeated` says that `FILL(m, REPEAT)` would repeat a value, if it saw one further back.
    """

    values: tuple[float | None, ...]
    repeated: bool = False


def without_data(queries: Sequence[Query]) -> WithoutData:
    """What the queries of an alarm give without any data, by all readings of AWS's documents.

    Raises MathError, as `math_prepare.prepare` does, and for what only CloudWatch can compute, or what
    changes with the clock.
    """
    prepared = prepare(queries)
    period = max((query.period for query in queries), default=0) or _PERIOD
    values: dict[float | None, None] = {}
    repeated = False
    for choices in _READINGS:
        kernel = _Silent(_SLOTS, period, choices=choices)
        values |= dict.fromkeys(run(prepared, {}, kernel, period=period).points)
        repeated = repeated or kernel.repeated
    return WithoutData(tuple(values), repeated)


class _Silent(AnyTime):
    """An evaluation that notes whether it repeats a value that it does not see."""

    repeated = False

    def repeat(self, points: Points) -> Points:
        self.repeated = self.repeated or self.is_empty(points)
        return super().repeat(points)
