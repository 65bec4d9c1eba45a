"""Alarms that differ in names alone: a module that is called for each service makes hundreds of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from operator import attrgetter
from typing import Any, Final, TypeVar

from kfm_audit.facts import MetricAlarm, MetricQuery, MetricStat
from kfm_audit.values import Attribute, Known, PartMap, Reference, Unknown

T = TypeVar("T")

_NAMES: Final = frozenset(
    {
        "stack",
        "subject",
        "origin",
        "before",
        "resource_name",
        "alarm_name",
        "arn",
        "alarm_description",
        "tags",
        "provider",
        "region",
    }
)
"""What tells alarms of one shape apart, beside the values of their dimensions."""

_QUERY: Final = attrgetter("at", "id", "expression", "period", "return_data", "account_id")
_STAT: Final = attrgetter("namespace", "metric_name", "period", "stat", "unit")
_REST: Final = attrgetter(
    *(
        name
        for name in MetricAlarm.__struct_fields__
        if name not in _NAMES and name not in ("dimensions", "metric_query")
    )
)


class Shapes:
    """Metric alarms by what they read and how, whatever they and their resources are called.

    Two alarms have one shape where they differ in nothing but their names, ARNs, texts and tags, their
    stack, provider and region, the place where they were read, and the values of their dimensions.
    """

    def __init__(self) -> None:
        """No alarm has been looked at."""
        self._of: dict[tuple[str, str], int] = {}
        self._numbers: dict[Hashable, int] = {}
        self._once: dict[tuple[object, int], Any] = {}

    def of(self, alarm: MetricAlarm) -> int:
        """The number of the alarm's shape: alarms of one shape have the same."""
        key = (alarm.stack, alarm.subject)
        found = self._of.get(key)
        if found is None:
            found = self._of[key] = self._numbers.setdefault(_shape(alarm), len(self._numbers))
        return found

    def once(self, ask: Callable[[MetricAlarm], T], alarm: MetricAlarm) -> T:
        """What `ask` says of the alarm: asked once a shape, so that it must hang on nothing that tells these apart."""
        key = (ask, self.of(alarm))
        if key not in self._once:
            self._once[key] = ask(alarm)
        answer: T = self._once[key]
        return answer


def _shape(alarm: MetricAlarm) -> Hashable:
    own = alarm.subject
    queries: Hashable = alarm.metric_query
    if isinstance(alarm.metric_query, Known):
        queries = tuple(_of_query(query, own) for query in alarm.metric_query.value)
    return (_plain(_REST(alarm), own), _keys(alarm.dimensions, own), queries)


def _of_query(query: MetricQuery, own: str) -> Hashable:
    return (_plain(_QUERY(query), own), None if query.metric is None else _of_stat(query.metric, own))


def _of_stat(metric: MetricStat, own: str) -> Hashable:
    return (_plain(_STAT(metric), own), _keys(metric.dimensions, own))


def _plain(attributes: tuple[Any, ...], own: str) -> Hashable:  # attributes of any types
    """Attributes as they are compared: what is computed of each alarm refers to the alarm itself."""
    if Unknown not in map(type, attributes):
        return attributes
    return tuple(_unnamed(item, own) if isinstance(item, Unknown) else item for item in attributes)


def _unnamed(unknown: Unknown, own: str) -> Unknown:
    return Unknown(
        tuple(
            Reference(item.name.removeprefix(own), item.kind) if item.name.startswith(own) else item
            for item in unknown.references
        )
    )


def _keys(dimensions: Attribute[Mapping[str, str]], own: str) -> Hashable:
    match dimensions:
        case Known(mapping, sensitive):
            return (sensitive, *sorted(mapping))
        case PartMap(items=items):
            return (_unnamed(dimensions, own), *(key for key, _ in items))
        case Unknown():
            return _unnamed(dimensions, own)
        case _:
            return dimensions
