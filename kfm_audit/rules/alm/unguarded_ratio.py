"""ALM010: unguarded-ratio."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from kfm_audit.evidence.alarm.series import of_dead_letters, often_silent, series_of
from kfm_audit.facts import EventSourceMapping, Function, MetricAlarm, Queue
from kfm_audit.rules.kit import Context, Finding, Severity, rule
from kfm_audit.values import Attribute, Unknown, ends_of, known, shown

if TYPE_CHECKING:
    from kfm_audit.evidence.alarm.ratios import Ratio
    from kfm_audit.evidence.alarm.series import Series

_WITHOUT_DATA: Final = {
    "missing": "the alarm goes to INSUFFICIENT_DATA, which pages nobody",
    "ignore": "the alarm stays as it is, so that one that is in ALARM never recovers",
    "breaching": "the alarm goes off",
}


class Ratios(Struct, frozen=True, forbid_unknown_fields=True):
    """What the policy asks of ratios."""

    minimum_denominator: int = 10
    """The number of calls from which on a single failure may be a breaching datapoint."""


@rule("ALM010", on=MetricAlarm, severity=Severity.WARNING, settings=Ratios)
def unguarded_ratio(alarm: MetricAlarm, ctx: Context[Ratios]) -> Iterator[Finding]:
    """The alarm watches a ratio that means nothing when there is little or nothing to divide by.

    ## Why
    Metric math drops a datapoint whose denominator is 0 or missing. So an idle function has no error ratio
    at all, and `treat_missing_data` decides what the alarm does: it falls into INSUFFICIENT_DATA, keeps an
    ALARM for ever, or goes off because there is nothing to do. And where there is little to divide by, one
    failure is a catastrophe: one error in one call is 100 %.

    `IF(calls > 0, errors / calls, 0)` is no guard: where `calls` has no datapoint, the condition has none
    either, and the result is dropped. Ask for a minimum of calls, with FILL around it.

    A function that reports partial batch failures (`ReportBatchItemFailures`) succeeds although records
    failed: its error ratio stays 0. That is a finding of its own, unless an alarm watches the age or the
    dead letters of its queue.

    The rule does not look for forms. It evaluates the expression as CloudWatch does: on no data, on zeros,
    and on a single failure among fewer calls than the policy asks for.

    ## Bad
    ```json tfplan.json
    {
      "format_version": "1.2",
      "terraform_version": "1.9.5",
      "resource_changes": [
        {
          "address": "aws_cloudwatch_metric_alarm.ratio",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "ratio",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-error-ratio",
              "comparison_operator": "GreaterThanOrEqualToThreshold",
              "threshold": 2,
              "treat_missing_data": "missing",
              "metric_query": [
                {"id": "errors", "return_data": false, "metric": [{
                  "namespace": "AWS/Lambda", "metric_name": "Errors", "period": 300, "stat": "Sum",
                  "dimensions": {"FunctionName": "prod-load"}}]},
                {"id": "calls", "return_data": false, "metric": [{
                  "namespace": "AWS/Lambda", "metric_name": "Invocations", "period": 300, "stat": "Sum",
                  "dimensions": {"FunctionName": "prod-load"}}]},
                {"id": "ratio", "return_data": true, "expression": "100 * errors / calls"}
              ]
            },
            "after_unknown": {}
          }
        }
      ]
    }
    ```

    ## Good
    ```json tfplan.json
    {
      "format_version": "1.2",
      "terraform_version": "1.9.5",
      "resource_changes": [
        {
          "address": "aws_cloudwatch_metric_alarm.ratio",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "ratio",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-error-ratio",
              "comparison_operator": "GreaterThanOrEqualToThreshold",
              "threshold": 2,
              "treat_missing_data": "notBreaching",
              "metric_query": [
                {"id": "errors", "return_data": false, "metric": [{
                  "namespace": "AWS/Lambda", "metric_name": "Errors", "period": 300, "stat": "Sum",
                  "dimensions": {"FunctionName": "prod-load"}}]},
                {"id": "calls", "return_data": false, "metric": [{
                  "namespace": "AWS/Lambda", "metric_name": "Invocations", "period": 300, "stat": "Sum",
                  "dimensions": {"FunctionName": "prod-load"}}]},
                {"id": "ratio", "return_data": true,
                 "expression": "IF(FILL(calls, 0) >= 50, 100 * errors / calls, 0)"}
              ]
            },
            "after_unknown": {}
          }
        }
      ]
    }
    ```

    ## When it is undecided
    Where the ratio has no value without data, and `treat_missing_data` is known only after apply, or cannot
    be told from the sources alone. Ratios of anything but counts (`Sum`, `SampleCount`), and expressions that
    only CloudWatch can compute, are not judged.

    ## Settings
    `rules.ALM010.minimum_denominator` (10): the number of calls from which on a single failure may be a
    breaching datapoint. 1 asks for no minimum.

    ## References
    CloudWatch user guide, "Using metric math": missing values, division by zero, and the tables of IF;
    Lambda developer guide, "Implementing partial batch responses".
    """
    if not any("/" in (known(query.expression) or "") for query in known(alarm.metric_query) or ()):
        return
    from kfm_audit.evidence.alarm.ratios import ratio_of

    ratio = ratio_of(alarm, ctx.settings.minimum_denominator)
    if ratio is None:
        return
    at = f"metric_query/{ratio.at}/expression"
    wrong = _idle(alarm, ratio) + _small(ratio)
    if wrong:
        names = _named(ratio.below)
        yield ctx.fail(
            alarm,
            f"divides by {names} without a sufficient guard: {'; '.join(wrong)}",
            at=at,
            help="let the ratio count from a minimum of calls on, such as IF(FILL(<calls>, 0) >= 50, <ratio>, 0), "
            'and set treat_missing_data = "notBreaching"; below the minimum failures then page nobody, so choose '
            "it by the traffic, and watch for silence with an alarm of its own",
        )
    elif None in ratio.idle and isinstance(alarm.treat_missing_data, Unknown):
        from kfm_audit.evidence.unset import cure, when

        treatment = alarm.treat_missing_data
        yield ctx.undecided(
            alarm,
            f"divides by {_named(ratio.below)}, and what it does when there are none {when(treatment, alarm)}: "
            f"treat_missing_data depends on {ends_of(treatment)}",
            at="treat_missing_data",
            help=cure(treatment, 'write treat_missing_data = "notBreaching", which the plan knows', alarm),
        )
    function = _function_of_errors(ratio)
    if function and _reports_partial_batches(alarm, function, ctx):
        yield ctx.fail(
            alarm,
            f"does not see records that fail: {function} reports partial batch failures, and an invocation that "
            "reports them is no error",
            at=at,
            help="watch the age of the oldest message of the function's queue, or the depth of its dead-letter "
            "queue, beside the ratio",
            key="partial-batch",
        )


def _idle(alarm: MetricAlarm, ratio: Ratio) -> list[str]:
    """What goes wrong while there is nothing to divide by."""
    from kfm_audit.evidence.alarm.ratios import breaches

    values = [value for value in ratio.idle if value is not None and breaches(alarm, value)]
    if values:
        return [f"while there is nothing to divide by, its value is {values[0]:g}, which breaches"]
    treatment = known(alarm.treat_missing_data) or ""
    if None not in ratio.idle or treatment not in _WITHOUT_DATA:
        return []
    greater = (known(alarm.comparison_operator) or "").startswith("Greater")
    if treatment == "breaching" and greater and often_silent(alarm):
        return []  # ALM020 says so of every metric that is often silent.
    idle = f"it has no value, and with missing data as {shown(alarm.treat_missing_data)} {_WITHOUT_DATA[treatment]}"
    return [f"while there is nothing to divide by, {idle}"]


def _small(ratio: Ratio) -> list[str]:
    if ratio.single is None:
        return []
    calls, value = ratio.single.calls, ratio.single.value
    among = "the only call" if calls == 1 else f"one of {calls} calls"
    return [f"a failure of {among} gives {value:g}, which breaches"]


def _named(series: tuple[Series, ...]) -> str:
    return " and ".join(dict.fromkeys(item.name for item in series))


def _function_of_errors(ratio: Ratio) -> str:
    """The Lambda function whose errors the ratio counts; "" where it counts something else."""
    for series in ratio.above:
        name = (known(series.dimensions) or {}).get("FunctionName", "")
        if name and known(series.namespace) == "AWS/Lambda" and known(series.metric_name) == "Errors":
            return "" if series.is_secret else name
    return ""


def _reports_partial_batches(alarm: MetricAlarm, function: str, ctx: Context[Ratios]) -> bool:
    """Whether the function reports failures of records, and no alarm watches the queue that they stay in."""
    found = [
        mapping
        for mapping in ctx.evidence.of(EventSourceMapping)
        if mapping.stack == alarm.stack
        and "ReportBatchItemFailures" in (known(mapping.function_response_types) or ())
        and function in _names(ctx, alarm.stack, mapping.function_name)
    ]
    queues = {name for mapping in found for name in _names(ctx, alarm.stack, mapping.event_source_arn)}
    return bool(found) and not any(
        of_dead_letters(other) or queues.intersection(_queues_read(other))
        for other in ctx.evidence.of(MetricAlarm)
        if other.stack == alarm.stack
    )


def _names(ctx: Context[Ratios], stack: str, attribute: Attribute[str]) -> tuple[str, ...]:
    """The names that an attribute may mean: a name, the end of an ARN, or those of the resources it refers to."""
    if not isinstance(attribute, Unknown):
        return ((known(attribute) or "").rpartition(":")[2],)
    addresses = {reference.name for reference in attribute.references}
    named = [(item, item.function_name) for item in ctx.evidence.of(Function)]
    also = [(item, item.name) for item in ctx.evidence.of(Queue)]
    return tuple(
        known(name) or ""
        for fact, name in (*named, *also)
        if fact.stack == stack and fact.subject in addresses
    )


def _queues_read(alarm: MetricAlarm) -> tuple[str, ...]:
    found = series_of(alarm)
    if isinstance(found, Unknown):
        return ()
    return tuple((known(series.dimensions) or {}).get("QueueName", "") for series in found)
