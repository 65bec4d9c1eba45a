"""The message that CloudWatch publishes to SNS when an alarm changes its state.

CloudWatch user guide, "Notifying users on alarm changes", "Schema of Amazon SNS
notifications when alarms change state", and notifications recorded in September
2026. CloudWatch publishes with `MessageStructure=json` and sends no message
attributes, ever; what subscribers of SQS and Lambda get, and what filters on the
body see, is the `default` text: the JSON object built here.

What is not in the input (a name that is known only after apply) and what only
the moment gives (reason, times) are markers of `message`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final, TypeAlias

from msgspec import Struct

from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.aws.arns import alarm_arn, partition_of
from kfm_audit.aws.message import Message, Number, SomeNumber, SomeText, SomeValue, Text, Value
from kfm_audit.aws.regions import region_name

TIME: Final = SomeText(suffix="+0000")
"""`2026-09-14T11:18:44.401+0000`: times are always written in UTC."""


class AlarmKind(Enum):
    """The kinds of alarm, by the shape of their messages."""

    METRIC = "metric"
    METRIC_MATH = "metric-math"
    COMPOSITE = "composite"


class Metric(Struct, frozen=True, kw_only=True):
    """A metric with its statistic. `statistic` is as configured: `Sum`, `p99`."""

    namespace: Text = SomeText()
    name: Text = SomeText()
    dimensions: Mapping[str, Text] | SomeValue = {}
    statistic: Text = SomeText()
    period: Number = SomeNumber()
    unit: Text | None = None


class Query(Struct, frozen=True, kw_only=True):
    """One entry of an alarm's metric queries: a metric or an expression, never both."""

    id: Text
    label: Text | None = None
    metric: Metric | None = None
    expression: Text | None = None
    period: Number | None = None
    return_data: bool = False
    account: Text | None = None


class Evaluation(Struct, frozen=True, kw_only=True):
    """How a metric alarm is evaluated. `datapoints` is M of N, N where it is not configured."""

    periods: Number = SomeNumber()
    datapoints: Number = SomeNumber()
    comparison: Text = SomeText()
    threshold: Number = SomeNumber()
    treat_missing_data: Text | None = None
    low_sample_percentiles: Text | None = None


class MetricTrigger(Struct, frozen=True):
    """What a single-metric alarm watches."""

    metric: Metric
    evaluation: Evaluation


class MathTrigger(Struct, frozen=True):
    """What a metric-math alarm watches: its queries, in their order."""

    queries: tuple[Query, ...]
    evaluation: Evaluation


class RuleTrigger(Struct, frozen=True):
    """What a composite alarm watches."""

    rule: Text


Trigger: TypeAlias = MetricTrigger | MathTrigger | RuleTrigger
Actions: TypeAlias = tuple[Text, ...] | SomeValue


class Alarm(Struct, frozen=True, kw_only=True):
    """An alarm as configured; `region` and `account` are "" where they are not known.

    `propagates_tags` says that ActionConfiguration.AlarmTagsPropagation is on.
    """

    name: Text
    trigger: Trigger
    description: Text | None = None
    region: str = ""
    account: str = ""
    ok_actions: Actions = ()
    alarm_actions: Actions = ()
    insufficient_data_actions: Actions = ()
    propagates_tags: bool = False


def kind_of(alarm: Alarm) -> AlarmKind:
    """The shape of the alarm's messages."""
    match alarm.trigger:
        case MetricTrigger():
            return AlarmKind.METRIC
        case MathTrigger():
            return AlarmKind.METRIC_MATH
        case RuleTrigger():
            return AlarmKind.COMPOSITE


def alarm_message(alarm: Alarm, state: AlarmState) -> Message:
    """What CloudWatch publishes when the alarm goes into `state`, keys in CloudWatch's order."""
    head: dict[str, Value] = {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": alarm.account or SomeText(),
    }
    change: dict[str, Value] = {
        "NewStateValue": state.value,
        "NewStateReason": SomeText(),
        "StateChangeTime": TIME,
        "Region": region_name(alarm.region),
        "AlarmArn": _arn(alarm),
    }
    old: dict[str, Value] = {"OldStateValue": SomeText(one_of=_other_states(state))}
    muted: dict[str, Value] = {"ActionExecutedAfterMuteWindow": SomeValue()}
    actions: dict[str, Value] = {
        "OKActions": alarm.ok_actions,
        "AlarmActions": alarm.alarm_actions,
        "InsufficientDataActions": alarm.insufficient_data_actions,
    }
    # The shape of propagated tags is not documented in full: `AlarmTagsStatus`, and the tags beside it.
    tags: dict[str, Value] = {key: SomeValue() for key in TAG_KEYS} if alarm.propagates_tags else {}
    match alarm.trigger:
        case RuleTrigger(rule):
            children: dict[str, Value] = {"AlarmRule": rule, "TriggeringChildren": SomeValue()}
            return Message(head | change | actions | muted | old | children | tags)
        case MetricTrigger(metric, evaluation):
            trigger = _single(metric) | _evaluated(metric.period, evaluation)
        case MathTrigger(queries, evaluation):
            metrics: dict[str, Value] = {"Metrics": tuple(_query(query) for query in queries)}
            trigger = _evaluated(_period(queries), evaluation) | metrics
    updated: dict[str, Value] = {"AlarmConfigurationUpdatedTimestamp": TIME}
    return Message(head | updated | change | old | muted | actions | {"Trigger": trigger} | tags)


def _arn(alarm: Alarm) -> Text:
    """The alarm's ARN, or what is known of its beginning and end."""
    if isinstance(alarm.name, str) and alarm.region and alarm.account:
        return alarm_arn(alarm.name, alarm.region, alarm.account)
    prefix = f"arn:{partition_of(alarm.region)}:cloudwatch:{alarm.region}:" if alarm.region else "arn:aws"
    if alarm.region and alarm.account:
        prefix += f"{alarm.account}:alarm:"
        prefix += alarm.name.prefix if isinstance(alarm.name, SomeText) else ""
    suffix = f":alarm:{alarm.name}" if isinstance(alarm.name, str) else alarm.name.suffix
    return SomeText(prefix=prefix, suffix=suffix)


def _other_states(state: AlarmState) -> tuple[str, ...]:
    """An action is taken only when the state changes."""
    return tuple(other.value for other in AlarmState if other is not state)


def _single(metric: Metric) -> dict[str, Value]:
    """How a single metric is described: statistics in capitals, percentiles apart and as configured."""
    statistic: dict[str, Value]
    match metric.statistic:
        case SomeText():
            names = ("StatisticType", "Statistic", "ExtendedStatistic")
            statistic = {name: SomeValue() for name in names}
        case str() as name if name in _STATISTICS:
            statistic = {"StatisticType": "Statistic", "Statistic": _STATISTICS[name]}
        case str() as name:
            statistic = {"StatisticType": "ExtendedStatistic", "ExtendedStatistic": name}
    named: dict[str, Value] = {"MetricName": metric.name, "Namespace": metric.namespace}
    return named | statistic | {"Unit": metric.unit, "Dimensions": _dimensions(metric)}


def _evaluated(period: Number, evaluation: Evaluation) -> dict[str, Value]:
    missing = evaluation.treat_missing_data
    return {
        "Period": period,
        "EvaluationPeriods": evaluation.periods,
        "DatapointsToAlarm": evaluation.datapoints,
        "ComparisonOperator": evaluation.comparison,
        "Threshold": evaluation.threshold,
        # Where nothing is configured, an empty string has been seen.
        "TreatMissingData": SomeText(one_of=("", "missing")) if missing is None else missing,
        "EvaluateLowSampleCountPercentile": evaluation.low_sample_percentiles or "",
    }


def _period(queries: tuple[Query, ...]) -> Number:
    """The period of a metric-math alarm: all its metrics have the same one."""
    periods = {query.metric.period for query in queries if query.metric is not None}
    return periods.pop() if len(periods) == 1 else SomeNumber()


def _query(query: Query) -> Value:
    # Whether CloudWatch leaves out or nulls what is not configured was not recorded.
    common: dict[str, Value] = {"Id": query.id, "Label": _or_some(query.label)}
    after: dict[str, Value] = {"ReturnData": query.return_data}
    if query.metric is None:
        return (
            {"Expression": _or_some(query.expression)} | common | after | {"Period": _or_some(query.period)}
        )
    metric = query.metric
    described: dict[str, Value] = {
        "Metric": {
            "Dimensions": _dimensions(metric),
            "MetricName": metric.name,
            "Namespace": metric.namespace,
        },
        "Period": metric.period,
        "Stat": metric.statistic,
        "Unit": _or_some(metric.unit),
    }
    return common | {"MetricStat": described} | after | {"AccountId": _or_some(query.account)}


def _or_some(value: Text | Number | None) -> Value:
    return SomeValue() if value is None else value


def _dimensions(metric: Metric) -> Value:
    if isinstance(metric.dimensions, SomeValue):
        return metric.dimensions
    return tuple({"value": value, "name": name} for name, value in metric.dimensions.items())


_STATISTICS: Final = {name: name.upper() for name in ("Average", "Sum", "Minimum", "Maximum")} | {
    "SampleCount": "SAMPLE_COUNT"
}

TAG_KEYS: Final = ("AlarmTags", "AlarmTagsStatus")
"""Keys that only a message with propagated tags has ("Alarm tags in notifications")."""
