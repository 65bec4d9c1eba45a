"""Alarms on metric math: the expressions of an alarm, evaluated on the slots of its metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from kfm_audit.aws.math_check import Query
from kfm_audit.aws.math_evaluate import run
from kfm_audit.aws.math_points import PlainKernel, Points
from kfm_audit.aws.math_prepare import Prepared, prepare
from kfm_audit.simulation.series import Folded

if TYPE_CHECKING:
    from kfm_audit.aws.math_assumptions import Choices
    from kfm_audit.simulation.watch import Watch

_CALENDAR: Final = ("MINUTE", "HOUR", "DAY", "DATE", "MONTH", "YEAR", "EPOCH")


def prepared(watch: Watch) -> Prepared:
    """The queries of an alarm, checked. Raises MathError for what CloudWatch refuses."""
    period = watch.criteria.period
    queries = [
        Query(id=feed.id, period=period, return_data=feed.id == watch.returned) for feed in watch.feeds
    ]
    queries += [
        Query(id=item.id, expression=item.text, return_data=item.id == watch.returned)
        for item in watch.expressions
    ]
    return prepare(queries)


def tried(watch: Watch, ready: Prepared) -> None:
    """Evaluate on no data at all. Raises MathError for what only CloudWatch can compute."""
    period = watch.criteria.period
    run(ready, {}, PlainKernel(1, period), period=period)


class MathReader:
    """The slots of an expression."""

    def __init__(self, watch: Watch, folded: Mapping[str, Folded], choices: Choices) -> None:
        """Take the series of the alarm, by the ids of their queries. Raises MathError."""
        self._prepared = prepared(watch)
        self._folded = folded
        self._period = watch.criteria.period
        self._choices = choices
        self._by_clock = any(word in item.text for item in watch.expressions for word in _CALENDAR)
        self._known: dict[tuple[int, tuple[Points, ...]], Points] = {}
        self.assumptions: set[str] = set()

    def slots(self, end: int, count: int) -> Points:
        """The newest `count` slots before `end`, the newest last.

        "Alarm evaluation": an expression is evaluated on the evaluation range, and on nothing before it.
        """
        points = {name: item.slots(end, count) for name, item in self._folded.items()}
        start = end - count * self._period
        key = (start if self._by_clock else 0, tuple(points.values()))
        if key not in self._known:
            kernel = PlainKernel(count, self._period, start=start, choices=self._choices)
            found = run(self._prepared, points, kernel, period=self._period)
            self.assumptions.update(item.value for item in found.assumptions)
            self._known[key] = found.points
        return self._known[key]
