"""From an alarm to the message that CloudWatch will publish when it goes off, as far as that is known."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from kfm_audit.aws import alarm_message as aws
from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.aws.message import Message, Number, SomeNumber, SomeText, SomeValue, Text
from kfm_audit.aws.partly_known import pieces
from kfm_audit.facts import Alarm, CompositeAlarm, MetricAlarm, MetricQuery, MetricStat
from kfm_audit.values import Attribute, Known, PartMap, PartText, Unknown


def published(
    alarm: Alarm, region: str = "", account: str = "", state: AlarmState = AlarmState.ALARM
) -> Message:
    """The message for the change to a state; `region` and `account` are "" where they are not known."""
    message = aws.alarm_message(
        aws.Alarm(
            name=_text(alarm.alarm_name),
            trigger=_trigger(alarm),
            description=_text_or_none(alarm.alarm_description),
            region=region,
            account=account,
            ok_actions=_actions(alarm.ok_actions),
            alarm_actions=_actions(alarm.alarm_actions),
            insufficient_data_actions=_actions(alarm.insufficient_data_actions),
        ),
        state,
    )
    if isinstance(alarm, MetricAlarm) and alarm.is_promql:
        # AWS documents no message of such an alarm: what it says of the query may have any shape.
        return replace(message, body={**(message.body or {}), "Trigger": SomeValue()})
    return message


def kind_of(alarm: Alarm) -> aws.AlarmKind:
    """The shape of the alarm's messages."""
    if isinstance(alarm, CompositeAlarm):
        return aws.AlarmKind.COMPOSITE
    single = isinstance(alarm, MetricAlarm) and isinstance(alarm.metric_name, Known | Unknown)
    return aws.AlarmKind.METRIC if single else aws.AlarmKind.METRIC_MATH


def _trigger(alarm: Alarm) -> aws.Trigger:
    if isinstance(alarm, CompositeAlarm):
        return aws.RuleTrigger(_text(alarm.alarm_rule))
    assert isinstance(alarm, MetricAlarm)
    evaluation = aws.Evaluation(
        periods=_number(alarm.evaluation_periods),
        datapoints=_number(alarm.datapoints),
        comparison=_text(alarm.comparison_operator),
        threshold=_number(alarm.threshold),
        treat_missing_data=_text_or_none(alarm.treat_missing_data),
        low_sample_percentiles=_text_or_none(alarm.evaluate_low_sample_count_percentiles),
    )
    if kind_of(alarm) is aws.AlarmKind.METRIC_MATH:
        return aws.MathTrigger(_queries(alarm.metric_query), evaluation)
    statistic = alarm.statistic if isinstance(alarm.statistic, Known) else alarm.extended_statistic
    metric = aws.Metric(
        namespace=_text(alarm.namespace),
        name=_text(alarm.metric_name),
        dimensions=_dimensions(alarm.dimensions),
        statistic=_text(statistic),
        period=_number(alarm.period),
        unit=_text_or_none(alarm.unit),
    )
    return aws.MetricTrigger(metric, evaluation)


def _queries(queries: Attribute[tuple[MetricQuery, ...]]) -> tuple[aws.Query, ...]:
    """The queries; one of which nothing is known where the input does not show them."""
    if not isinstance(queries, Known):
        return (aws.Query(id=SomeText()),)
    return tuple(
        aws.Query(
            id=_text(query.id),
            label=_text_or_none(query.label),
            metric=_metric(query.metric) if query.metric is not None else None,
            expression=_text_or_none(query.expression),
            period=_number(query.period) if isinstance(query.period, Known | Unknown) else None,
            return_data=query.return_data == Known(True),
            account=_text_or_none(query.account_id),
        )
        for query in queries.value
    )


def _metric(stat: MetricStat) -> aws.Metric:
    return aws.Metric(
        namespace=_text(stat.namespace),
        name=_text(stat.metric_name),
        dimensions=_dimensions(stat.dimensions),
        statistic=_text(stat.stat),
        period=_number(stat.period),
        unit=_text_or_none(stat.unit),
    )


def _text(attribute: Attribute[str]) -> Text:
    match attribute:
        case Known(value):
            return value
        case PartText(text=text):
            known = pieces(text)
            return SomeText(prefix=known[0], suffix=known[-1])
        case _:
            return SomeText()


def _text_or_none(attribute: Attribute[str]) -> Text | None:
    match attribute:
        case Known(value):
            return value
        case Unknown():
            return SomeText()
        case _:
            return None


def _number(attribute: Attribute[int] | Attribute[float]) -> Number:
    return attribute.value if isinstance(attribute, Known) else SomeNumber()


def _dimensions(attribute: Attribute[Mapping[str, str]]) -> Mapping[str, Text] | SomeValue:
    match attribute:
        case Known(value):
            return dict(value)
        case PartMap(items=items):
            return {key: _text(value) for key, value in items}
        case Unknown():
            return SomeValue()
        case _:
            return {}


def _actions(attribute: Attribute[tuple[str, ...]]) -> aws.Actions:
    match attribute:
        case Known(value):
            return value
        case Unknown():
            return SomeValue()
        case _:
            return ()
