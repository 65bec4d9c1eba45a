"""Alarms joined to what they watch: who else reads a metric, and what becomes of the resource."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from kfm_audit.evidence.alarm.series import series_of
from kfm_audit.facts import Change, Function, MetricAlarm, Queue, Subscription, Topic, WatchedResource
from kfm_audit.values import Unknown, known

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence


class Reading(Struct, frozen=True):
    """A metric that is read, as CloudWatch tells it from others: dimensions are pairs, sorted."""

    namespace: str
    metric_name: str
    dimensions: tuple[tuple[str, str], ...]
    secret: bool = False

    def __str__(self) -> str:
        """`AWS/SQS ApproximateAgeOfOldestMessage of prod-soils`, unless the input marks it as secret."""
        if self.secret:
            return "a metric that is marked sensitive"
        of = ", ".join(value for _, value in self.dimensions)
        return f"{self.namespace} {self.metric_name}" + (f" of {of}" if of else "")


class Readings:
    """Which metrics the alarms of each stack read, and which resources stand in it."""

    def __init__(self, evidence: Evidence) -> None:
        """Join nothing before it is asked for."""
        self._evidence = evidence

    def are_read(self, stack: str, readings: Iterable[Reading]) -> bool:
        """Whether alarms of a stack that exist or will read all these metrics."""
        return all((stack, reading) in self._read for reading in readings)

    def are_queried(self, stack: str, queries: tuple[str, ...]) -> bool:
        """Whether one alarm of a stack that exists or will asks just these queries."""
        return any(alarm.stack == stack and queries_of(alarm) == queries for alarm in self._live)

    def grows(self, stack: str, queue: str) -> bool:
        """Whether an alarm of the stack watches the growth of a queue, by `DIFF` or `RATE`."""
        return (stack, queue) in self._growing

    def fates(self, stack: str, names: Iterable[str]) -> tuple[Change, ...]:
        """What happens to the resources of a stack that bear one of these names."""
        return tuple(change for name in names for change in self._resources.get((stack, name), ()))

    def is_left(self, stack: str) -> bool:
        """Whether anything of the stack stays that this program reads alarms for."""
        return stack in self._left

    @cached_property
    def _live(self) -> tuple[MetricAlarm, ...]:
        return tuple(alarm for alarm in self._evidence.of(MetricAlarm) if alarm.change is not Change.DELETED)

    @cached_property
    def _read(self) -> frozenset[tuple[str, Reading]]:
        return frozenset((alarm.stack, reading) for alarm in self._live for reading in readings_of(alarm))

    @cached_property
    def _growing(self) -> frozenset[tuple[str, str]]:
        return frozenset(
            (alarm.stack, value)
            for alarm in self._live
            if _watches_growth(alarm)
            for reading in readings_of(alarm)
            for key, value in reading.dimensions
            if key == "QueueName"
        )

    @cached_property
    def _resources(self) -> dict[tuple[str, str], list[Change]]:
        found: dict[tuple[str, str], list[Change]] = defaultdict(list)
        for queue in self._evidence.of(Queue):
            found[queue.stack, known(queue.name) or ""].append(queue.change)
        for function in self._evidence.of(Function):
            found[function.stack, known(function.function_name) or ""].append(function.change)
        for topic in self._evidence.of(Topic):
            found[topic.stack, known(topic.name) or ""].append(topic.change)
        for item in self._evidence.of(WatchedResource):
            if item.name:
                found[item.stack, item.name].append(item.change)
        return found

    @cached_property
    def _left(self) -> frozenset[str]:
        subscriptions = self._evidence.of(Subscription)
        return frozenset(
            [
                *(alarm.stack for alarm in self._live),
                *(item.stack for item in subscriptions if item.change is not Change.DELETED),
                *(
                    stack
                    for (stack, _), changes in self._resources.items()
                    if any(change is not Change.DELETED for change in changes)
                ),
            ]
        )


def readings_of(alarm: MetricAlarm) -> tuple[Reading, ...]:
    """The metrics that an alarm reads, but for those whose dimensions are not known."""
    found = series_of(alarm)
    if isinstance(found, Unknown):
        return ()
    return tuple(
        Reading(
            known(series.namespace) or "",
            known(series.metric_name) or "",
            tuple(sorted((known(series.dimensions) or {}).items())),
            series.is_secret,
        )
        for series in found
        if not isinstance(series.dimensions, Unknown)
    )


def queries_of(alarm: MetricAlarm) -> tuple[str, ...]:
    """The texts by which CloudWatch finds what an alarm watches, where it names no metric.

    PromQL, Metrics Insights, or an expression such as `SEARCH`.
    """
    if alarm.is_promql:
        criteria = known(alarm.promql_criteria)
        query = known(criteria.query) if criteria is not None else None
        return (query or "",)
    if series_of(alarm):
        return ()
    return tuple(text for query in known(alarm.metric_query) or () if (text := known(query.expression)))


def _watches_growth(alarm: MetricAlarm) -> bool:
    texts = (known(query.expression) or "" for query in known(alarm.metric_query) or ())
    return any("DIFF(" in text or "RATE(" in text for text in texts)
