"""In what an alarm that is deployed differs from what Terraform declares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from msgspec import Struct

from kfm_audit.facts import (
    ActionsSuppressor,
    Alarm,
    Change,
    CompositeAlarm,
    MetricAlarm,
    MetricQuery,
    PromqlCriteria,
)
from kfm_audit.values import ABSENT, Attribute, Known, Unknown, known

_ALL: Final = ("actions_enabled", "alarm_actions", "ok_actions", "insufficient_data_actions")
_METRIC: Final = (
    *("namespace", "metric_name", "dimensions", "comparison_operator", "evaluation_periods"),
    *("datapoints_to_alarm", "threshold", "threshold_metric_id", "period", "statistic"),
    *("extended_statistic", "unit", "treat_missing_data", "evaluate_low_sample_count_percentiles"),
)
_PROMQL: Final = ("query", "pending_period", "recovery_period")
_STAT: Final = ("namespace", "metric_name", "dimensions", "period", "stat", "unit")
_SETS: Final = frozenset({"alarm_actions", "ok_actions", "insufficient_data_actions"})
_LONGEST: Final = 120


class Difference(Struct, frozen=True):
    """One attribute, by its path, with its value as declared and as deployed, in words."""

    at: str
    declared: str
    actual: str


def differences(declared: Alarm, actual: Alarm) -> tuple[Difference, ...]:
    """Where the two differ as far as both are known.

    A change that the plan makes is no difference: what is deployed may be as
    it was before the plan, or already as it will be.
    """
    now = {item.at: item for item in _differences(declared, actual)}
    before = declared.before if isinstance(declared.before, Alarm) else None
    if declared.change is not Change.CHANGED or before is None:
        return tuple(now.values())
    return tuple(item for item in _differences(before, actual) if item.at in now)


def _differences(one: Alarm, other: Alarm) -> Iterator[Difference]:
    names = (*_ALL, *(_METRIC if isinstance(one, MetricAlarm) and not _are_promql(one, other) else ()))
    yield from _of_structs(one, other, names, "")
    yield from _said("alarm_description", one.alarm_description, other.alarm_description)
    if isinstance(one, MetricAlarm) and isinstance(other, MetricAlarm):
        yield from _of_queries(one, other)
        yield from _of_promql(one, other)
    if isinstance(one, CompositeAlarm) and isinstance(other, CompositeAlarm):
        yield from _said("alarm_rule", one.alarm_rule, other.alarm_rule)
        nothing = ActionsSuppressor()
        yield from _of_structs(
            one.actions_suppressor or nothing,
            other.actions_suppressor or nothing,
            ("alarm", "wait_period", "extension_period"),
            "actions_suppressor/",
        )


def _of_structs(one: Struct, other: Struct, names: Iterable[str], at: str) -> Iterator[Difference]:
    for name in names:
        yield from _said(f"{at}{name}", _value(one, name), _value(other, name))


def _value(of: Struct, name: str) -> Attribute[Any]:
    """An attribute, where what CloudWatch takes for it counts where it is left out."""
    if name == "datapoints_to_alarm" and isinstance(of, MetricAlarm):
        return of.datapoints
    found: Attribute[Any] = getattr(of, name)
    return Known(()) if name in _SETS and found is ABSENT else found


def _of_queries(one: MetricAlarm, other: MetricAlarm) -> Iterator[Difference]:
    """Queries are told apart by their ids: Terraform keeps them as a set."""
    if isinstance(one.metric_query, Unknown) or isinstance(other.metric_query, Unknown):
        return
    mine, theirs = _by_id(one), _by_id(other)
    if None in mine or None in theirs:
        return
    for name in dict.fromkeys((*mine, *theirs)):
        here, there = mine.get(name), theirs.get(name)
        if here is None or there is None:
            at = here.at if here else "metric_query"
            yield Difference(
                at, f"a query {name}" if here else "no such query", "none" if here else f"{name}"
            )
            continue
        names = ("expression", "period", "return_data", "account_id")
        yield from _of_structs(here, there, names, f"{here.at}/")
        if here.metric is not None and there.metric is not None:
            yield from _of_structs(here.metric, there.metric, _STAT, f"{here.at}/metric/")


def _are_promql(one: Alarm, other: Alarm) -> bool:
    """Whether both are PromQL alarms: what the provider writes of other attributes, such as 0, then means nothing."""
    return all(isinstance(alarm, MetricAlarm) and alarm.is_promql for alarm in (one, other))


def _of_promql(one: MetricAlarm, other: MetricAlarm) -> Iterator[Difference]:
    mine, theirs = one.promql_criteria, other.promql_criteria
    if isinstance(mine, Unknown) or isinstance(theirs, Unknown):
        return
    here, there = (item.value if isinstance(item, Known) else PromqlCriteria() for item in (mine, theirs))
    yield from _of_structs(here, there, _PROMQL, "evaluation_criteria/0/promql_criteria/0/")
    yield from _said("evaluation_interval", one.evaluation_interval, other.evaluation_interval)


def _by_id(alarm: MetricAlarm) -> dict[str | None, MetricQuery]:
    return {known(query.id): query for query in known(alarm.metric_query) or ()}


def _said(at: str, one: Attribute[Any], other: Attribute[Any]) -> Iterator[Difference]:
    if isinstance(one, Unknown) or isinstance(other, Unknown):
        return
    mine, theirs = _plain(at, known(one)), _plain(at, known(other))
    if mine == theirs:
        return
    secret = any(isinstance(item, Known) and item.sensitive for item in (one, other))
    if secret:
        yield Difference(at, "a sensitive value", "another value")
    else:
        yield Difference(at, _shown(mine), _shown(theirs))


def _plain(at: str, value: object) -> object:
    """A value as it is compared: "" and {} are nothing, sets have no order, rules no layout."""
    if at in _SETS and isinstance(value, tuple):
        return tuple(sorted(set(value)))
    if at == "alarm_rule" and isinstance(value, str):
        return " ".join(value.split())
    return value if value not in ("", {}, ()) else None


def _shown(value: object) -> str:
    if value is None or value == ():
        return "unset"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        text = ", ".join(str(item) for item in value)
    elif isinstance(value, dict):
        text = ", ".join(f"{name} = {item}" for name, item in sorted(value.items()))
    elif isinstance(value, float) and value.is_integer():
        text = str(int(value))
    else:
        text = str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
