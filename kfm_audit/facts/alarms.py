"""Facts about CloudWatch alarms and the routes from them to people.

Attribute names are those of the Terraform AWS provider, so that a finding's
attribute path is what the user writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from msgspec import Struct

from kfm_audit.facts.base import Fact
from kfm_audit.values import ABSENT, Attribute, Known


class Alarm(Fact, frozen=True, kw_only=True):
    """What metric and composite alarms share."""

    resource_name: str
    """The last name of the address, for messages: `ingest_errors`."""
    alarm_name: Attribute[str] = ABSENT
    arn: Attribute[str] = ABSENT
    """Known only of an alarm that exists."""
    alarm_description: Attribute[str] = ABSENT
    actions_enabled: Attribute[bool] = Known(True)
    alarm_actions: Attribute[tuple[str, ...]] = ABSENT
    ok_actions: Attribute[tuple[str, ...]] = ABSENT
    insufficient_data_actions: Attribute[tuple[str, ...]] = ABSENT
    tags: Attribute[Mapping[str, str]] = ABSENT
    """Effective tags: `tags_all`, else default tags with `tags` over them."""
    provider: Attribute[Mapping[str, str]] = ABSENT
    """What the provider configuration says of account and region: alias, region, profile, role."""
    region: Attribute[str] = ABSENT
    """The resource's own `region`, which is stronger than the provider's."""
    deleted_first: bool = False
    """Whether the plan replaces it, and deletes what is there before it makes it anew."""

    @property
    def may_act(self) -> bool:
        """Whether it has actions to take when it goes into ALARM, as far as is known."""
        return (
            self.alarm_actions is not ABSENT
            and self.alarm_actions != Known(())
            and self.actions_enabled != Known(False)
        )


class MetricStat(Struct, frozen=True, kw_only=True):
    """The `metric` of a `metric_query`: a metric, and how it is read. `period` is in seconds."""

    namespace: Attribute[str] = ABSENT
    metric_name: Attribute[str] = ABSENT
    dimensions: Attribute[Mapping[str, str]] = ABSENT
    period: Attribute[int] = ABSENT
    stat: Attribute[str] = ABSENT
    unit: Attribute[str] = ABSENT


class MetricQuery(Struct, frozen=True, kw_only=True):
    """A `metric_query`: a metric, or an expression over other queries. `at` is its attribute path."""

    at: str
    id: Attribute[str] = ABSENT
    expression: Attribute[str] = ABSENT
    label: Attribute[str] = ABSENT
    period: Attribute[int] = ABSENT
    return_data: Attribute[bool] = Known(False)
    account_id: Attribute[str] = ABSENT
    metric: MetricStat | None = None


class PromqlCriteria(Struct, frozen=True, kw_only=True):
    """`promql_criteria` of `evaluation_criteria`: what a PromQL alarm evaluates. Periods are in seconds."""

    query: Attribute[str] = ABSENT
    """Each series that it gives is a contributor that breaches."""
    pending_period: Attribute[int] = ABSENT
    """For how long a contributor must breach before it is in ALARM."""
    recovery_period: Attribute[int] = ABSENT
    """For how long it must be gone before it is in OK again."""


class MetricAlarm(Alarm, frozen=True, kw_only=True):
    """`aws_cloudwatch_metric_alarm`."""

    kind: ClassVar[str] = "metric-alarm"

    namespace: Attribute[str] = ABSENT
    metric_name: Attribute[str] = ABSENT
    dimensions: Attribute[Mapping[str, str]] = ABSENT
    comparison_operator: Attribute[str] = ABSENT
    evaluation_periods: Attribute[int] = ABSENT
    datapoints_to_alarm: Attribute[int] = ABSENT
    threshold: Attribute[float] = ABSENT
    threshold_metric_id: Attribute[str] = ABSENT
    period: Attribute[int] = ABSENT
    """In seconds; metric math has its periods in the queries."""
    statistic: Attribute[str] = ABSENT
    extended_statistic: Attribute[str] = ABSENT
    unit: Attribute[str] = ABSENT
    treat_missing_data: Attribute[str] = Known("missing")
    evaluate_low_sample_count_percentiles: Attribute[str] = ABSENT
    metric_query: Attribute[tuple[MetricQuery, ...]] = ABSENT
    promql_criteria: Attribute[PromqlCriteria] = ABSENT
    """Excludes metrics, threshold, datapoints and `treat_missing_data` (CloudWatch API, `PutMetricAlarm`)."""
    evaluation_interval: Attribute[int] = ABSENT
    """How often a PromQL alarm is evaluated, in seconds."""

    @property
    def is_promql(self) -> bool:
        """Whether it is a PromQL alarm; where its criteria are not known, whether it reads nothing else."""
        return (
            self.promql_criteria is not ABSENT and self.metric_query is ABSENT and self.metric_name is ABSENT
        )

    @property
    def datapoints(self) -> Attribute[int]:
        """How many datapoints must breach (M): `datapoints_to_alarm`, else `evaluation_periods`."""
        return self.evaluation_periods if self.datapoints_to_alarm is ABSENT else self.datapoints_to_alarm


class ActionsSuppressor(Struct, frozen=True, kw_only=True):
    """`actions_suppressor`: the alarm that keeps a composite's actions back. Periods are in seconds."""

    alarm: Attribute[str] = ABSENT
    wait_period: Attribute[int] = ABSENT
    extension_period: Attribute[int] = ABSENT


class CompositeAlarm(Alarm, frozen=True, kw_only=True):
    """`aws_cloudwatch_composite_alarm`."""

    kind: ClassVar[str] = "composite-alarm"

    alarm_rule: Attribute[str] = ABSENT
    made_after: Attribute[tuple[str, ...]] = ABSENT
    """The resources that Terraform makes before it, by references and `depends_on`: addresses without keys.

    Absent where the alarm is not to be made, or its rule is not known yet. Unknown where the input does not
    show all of them; the references are then those that it shows, and what hides the others.
    """
    actions_suppressor: ActionsSuppressor | None = None


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
    dead_letter_arn: Attribute[str] = ABSENT
    """`arn` of `dead_letter_config`: the queue for events that the target does not take."""
    role_arn: Attribute[str] = ABSENT
    """The role in which EventBridge calls the target; without one the target's own policy must let it in."""


class AlarmMuteRule(Fact, frozen=True, kw_only=True):
    """`aws_cloudwatch_alarm_mute_rule`: alarms change their state and take no action while it is active."""

    kind: ClassVar[str] = "alarm-mute-rule"

    name: Attribute[str] = ABSENT
    expression: Attribute[str] = ABSENT
    """`cron(...)`, which comes back, or `at(...)`, which does not."""
    duration: Attribute[str] = ABSENT
    timezone: Attribute[str] = ABSENT
    alarm_names: Attribute[tuple[str, ...]] = ABSENT
    start_date: Attribute[str] = ABSENT
    expire_date: Attribute[str] = ABSENT


class Schedule(Fact, frozen=True, kw_only=True):
    """`aws_scheduler_schedule`: EventBridge Scheduler calls its target at these times."""

    kind: ClassVar[str] = "schedule"

    schedule_expression: Attribute[str] = ABSENT
    """`cron(...)` and `rate(...)` come back, `at(...)` does not."""
    state: Attribute[str] = ABSENT
    target_arn: Attribute[str] = ABSENT
    """For a call of AWS's API `arn:aws:scheduler:::aws-sdk:SERVICE:ACTION`."""
    target_input: Attribute[str] = ABSENT
    """For such a call its parameters, as JSON."""


class WatchedResource(Fact, frozen=True, kw_only=True):
    """A resource that metrics are about, and of which nothing else is judged.

    It is read only of a plan that deletes an alarm. `name` is the value of the dimension that names it.
    """

    kind: ClassVar[str] = "watched-resource"

    name: str = ""
