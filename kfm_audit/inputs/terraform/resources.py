"""From a planned resource to a fact: one function a resource type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from msgspec import Struct

from kfm_audit.facts import (
    AlarmMuteRule,
    Change,
    CompositeAlarm,
    EventRule,
    EventTarget,
    Fact,
    MetricAlarm,
    Schedule,
)
from kfm_audit.inputs.terraform.attributes import Attributes
from kfm_audit.inputs.terraform.delivery_resources import DELIVERY_READERS
from kfm_audit.inputs.terraform.lakefs_resources import LAKEFS_READERS
from kfm_audit.inputs.terraform.metric_queries import (
    actions_suppressor,
    metric_queries,
    promql_criteria,
    unless_empty,
)
from kfm_audit.inputs.terraform.tags import effective_tags
from kfm_audit.values import ABSENT, Attribute, Known, Origin, Unknown

T = TypeVar("T")


class Instance(Struct, frozen=True, kw_only=True):
    """What the facts of one resource instance share."""

    subject: str
    name: str
    origin: Origin
    stack: str
    change: Change
    attributes: Attributes
    provider: Attribute[Mapping[str, str]]
    default_tags: Attribute[Mapping[str, str]]


def _metric_alarm(at: Instance) -> Fact:
    read = at.attributes
    promql, periods = promql_criteria(read), read.integer("evaluation_periods")
    return MetricAlarm(
        subject=at.subject,
        origin=at.origin,
        stack=at.stack,
        change=at.change,
        resource_name=at.name,
        alarm_name=read.text_in_part("alarm_name"),
        arn=_if_known(read.text("arn")),
        alarm_description=unless_empty(read.text("alarm_description")),
        actions_enabled=_or_default(read.flag("actions_enabled"), default=True),
        alarm_actions=read.texts("alarm_actions"),
        ok_actions=read.texts("ok_actions"),
        insufficient_data_actions=read.texts("insufficient_data_actions"),
        tags=effective_tags(at.attributes, at.default_tags),
        provider=at.provider,
        region=unless_empty(read.text("region")),
        namespace=unless_empty(read.text("namespace")),
        metric_name=unless_empty(read.text("metric_name")),
        dimensions=unless_empty(read.mapping("dimensions")),
        comparison_operator=read.text("comparison_operator"),
        evaluation_periods=periods if promql is ABSENT else unless_empty(periods),
        datapoints_to_alarm=unless_empty(read.integer("datapoints_to_alarm")),
        threshold=read.number("threshold"),
        threshold_metric_id=unless_empty(read.text("threshold_metric_id")),
        period=unless_empty(read.integer("period")),
        statistic=unless_empty(read.text("statistic")),
        extended_statistic=unless_empty(read.text("extended_statistic")),
        unit=unless_empty(read.text("unit")),
        treat_missing_data=_or_default(unless_empty(read.text("treat_missing_data")), default="missing"),
        evaluate_low_sample_count_percentiles=unless_empty(
            read.text("evaluate_low_sample_count_percentiles")
        ),
        metric_query=metric_queries(read),
        promql_criteria=promql,
        evaluation_interval=unless_empty(read.integer("evaluation_interval")),
    )


def _composite_alarm(at: Instance) -> Fact:
    read = at.attributes
    return CompositeAlarm(
        subject=at.subject,
        origin=at.origin,
        stack=at.stack,
        change=at.change,
        resource_name=at.name,
        alarm_name=read.text_in_part("alarm_name"),
        arn=_if_known(read.text("arn")),
        alarm_description=unless_empty(read.text("alarm_description")),
        actions_enabled=_or_default(read.flag("actions_enabled"), default=True),
        alarm_actions=read.texts("alarm_actions"),
        ok_actions=read.texts("ok_actions"),
        insufficient_data_actions=read.texts("insufficient_data_actions"),
        tags=effective_tags(at.attributes, at.default_tags),
        provider=at.provider,
        region=unless_empty(read.text("region")),
        actions_suppressor=actions_suppressor(read),
        alarm_rule=read.text("alarm_rule"),
    )


def _event_rule(at: Instance) -> Fact:
    read = at.attributes
    return EventRule(
        subject=at.subject,
        origin=at.origin,
        stack=at.stack,
        change=at.change,
        name=read.text("name"),
        event_pattern=read.text("event_pattern"),
        state=read.text("state"),
        is_enabled=read.flag("is_enabled"),
        event_bus_name=read.text("event_bus_name"),
    )


def _event_target(at: Instance) -> Fact:
    read = at.attributes
    return EventTarget(
        subject=at.subject,
        origin=at.origin,
        stack=at.stack,
        change=at.change,
        rule=read.text("rule"),
        arn=read.text("arn"),
        dead_letter_arn=read.inner("arn", "dead_letter_config"),
        role_arn=read.text("role_arn"),
    )


def _mute_rule(at: Instance) -> Fact:
    read = at.attributes
    match read.nested("mute_targets"):
        case Known((targets, *_)):
            alarm_names = targets.texts("alarm_names")
        case Unknown() as unknown:
            alarm_names = unknown
        case _:
            alarm_names = ABSENT
    return AlarmMuteRule(
        subject=at.subject,
        origin=at.origin,
        stack=at.stack,
        change=at.change,
        name=read.text("name"),
        expression=read.inner("expression", "rule", "schedule"),
        duration=read.inner("duration", "rule", "schedule"),
        timezone=read.inner("timezone", "rule", "schedule"),
        alarm_names=alarm_names,
        start_date=read.text("start_date"),
        expire_date=read.text("expire_date"),
    )


def _schedule(at: Instance) -> Fact:
    read = at.attributes
    return Schedule(
        subject=at.subject,
        origin=at.origin,
        stack=at.stack,
        change=at.change,
        schedule_expression=read.text("schedule_expression"),
        state=read.text("state"),
        target_arn=read.inner("arn", "target"),
        target_input=read.inner("input", "target"),
    )


READERS: Final[Mapping[str, Callable[[Instance], Fact]]] = {
    "aws_cloudwatch_metric_alarm": _metric_alarm,
    "aws_cloudwatch_composite_alarm": _composite_alarm,
    "aws_cloudwatch_alarm_mute_rule": _mute_rule,
    "aws_cloudwatch_event_rule": _event_rule,
    "aws_cloudwatch_event_target": _event_target,
    "aws_scheduler_schedule": _schedule,
    **DELIVERY_READERS,
    **LAKEFS_READERS,
}
"""The resource types that become facts."""


def _if_known(attribute: Attribute[T]) -> Attribute[T]:
    """ABSENT for what the provider computes when it makes the resource."""
    return attribute if isinstance(attribute, Known) else ABSENT


def _or_default(attribute: Attribute[T], *, default: T) -> Attribute[T]:
    return Known(default) if attribute is ABSENT else attribute
