"""Facts about CloudWatch alarms and the routes from them to people.

Attribute names are those of the Terraform AWS provider, so that a finding's
attribute path is what the user writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from kfm_audit.facts.base import Fact
from kfm_audit.values import ABSENT, Attribute, Known


class Alarm(Fact, frozen=True, kw_only=True):
    """What metric and composite alarms share."""

    resource_name: str
    """The last name of the address, for messages: `ingest_errors`."""
    alarm_name: Attribute[str] = ABSENT
    actions_enabled: Attribute[bool] = Known(True)
    alarm_actions: Attribute[tuple[str, ...]] = ABSENT
    ok_actions: Attribute[tuple[str, ...]] = ABSENT
    insufficient_data_actions: Attribute[tuple[str, ...]] = ABSENT
    tags: Attribute[Mapping[str, str]] = ABSENT
    """Effective tags: `tags_all`, else default tags with `tags` over them."""
    provider: Attribute[Mapping[str, str]] = ABSENT
    """What the provider configuration says of account and region: alias, region, profile, role."""


class MetricAlarm(Alarm, frozen=True, kw_only=True):
    """`aws_cloudwatch_metric_alarm`."""

    kind: ClassVar[str] = "metric-alarm"

    namespace: Attribute[str] = ABSENT
    metric_name: Attribute[str] = ABSENT
    dimensions: Attribute[Mapping[str, str]] = ABSENT
    query_dimensions: Attribute[tuple[Mapping[str, str], ...]] = ABSENT
    """The dimensions of each `metric_query` that reads a metric."""


class CompositeAlarm(Alarm, frozen=True, kw_only=True):
    """`aws_cloudwatch_composite_alarm`."""

    kind: ClassVar[str] = "composite-alarm"

    alarm_rule: Attribute[str] = ABSENT


class Topic(Fact, frozen=True, kw_only=True):
    """`aws_sns_topic`."""

    kind: ClassVar[str] = "topic"

    name: Attribute[str] = ABSENT
    arn: Attribute[str] = ABSENT


class Subscription(Fact, frozen=True, kw_only=True):
    """`aws_sns_topic_subscription`."""

    kind: ClassVar[str] = "subscription"

    topic_arn: Attribute[str] = ABSENT
    protocol: Attribute[str] = ABSENT


class EventRule(Fact, frozen=True, kw_only=True):
    """`aws_cloudwatch_event_rule`: the other way an alarm reaches somebody."""

    kind: ClassVar[str] = "event-rule"

    name: Attribute[str] = ABSENT
    event_pattern: Attribute[str] = ABSENT
    state: Attribute[str] = ABSENT
    is_enabled: Attribute[bool] = ABSENT
    event_bus_name: Attribute[str] = ABSENT


class EventTarget(Fact, frozen=True, kw_only=True):
    """`aws_cloudwatch_event_target`."""

    kind: ClassVar[str] = "event-target"

    rule: Attribute[str] = ABSENT
    arn: Attribute[str] = ABSENT
