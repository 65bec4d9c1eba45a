"""ALM020: missing-data-treatment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kfm_audit.aws.alarm_evaluation import Comparison
from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.evidence.alarm.series import Series, series_of, watched
from kfm_audit.evidence.alarm.silence import Silence, silence
from kfm_audit.facts import MetricAlarm
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule
from kfm_audit.values import Unknown, ends_of, known, shown

_LESS: Final = (Comparison.LESS.value, Comparison.AT_MOST.value)


@rule("ALM020", on=MetricAlarm, severity=Severity.WARNING, alike=True)
def missing_data_treatment(alarm: MetricAlarm, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """Missing data means the wrong thing for a metric that is often silent.

    ## Why
    Lambda publishes only for minutes in which a function runs; a queue falls silent some hours after its
    last message. An alarm on errors, age or depth that takes missing data as `breaching` goes off
    whenever there is nothing to do, and people learn to ignore it.

    The other way round, an alarm that waits for too few invocations never sees a 0, because none is
    published: where missing data is not `breaching`, a function that is not called at all does not set it
    off.

    ## Bad
    ```json tfplan.json
    {
      "format_version": "1.2",
      "terraform_version": "1.9.5",
      "resource_changes": [
        {
          "address": "aws_cloudwatch_metric_alarm.dlq",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "dlq",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-dlq",
              "namespace": "AWS/SQS",
              "metric_name": "ApproximateNumberOfMessagesVisible",
              "dimensions": {"QueueName": "prod-soils-dlq"},
              "comparison_operator": "GreaterThanThreshold",
              "threshold": 0,
              "treat_missing_data": "breaching"
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
          "address": "aws_cloudwatch_metric_alarm.dlq",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "dlq",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-dlq",
              "namespace": "AWS/SQS",
              "metric_name": "ApproximateNumberOfMessagesVisible",
              "dimensions": {"QueueName": "prod-soils-dlq"},
              "comparison_operator": "GreaterThanThreshold",
              "threshold": 0,
              "treat_missing_data": "notBreaching"
            },
            "after_unknown": {}
          }
        }
      ]
    }
    ```

    What an alarm does in silence is evaluated as CloudWatch would: by `treat_missing_data` where there is no
    datapoint, and by the value that an expression gives without data, such as 100 of `FILL(m, 100)`.

    ## When it is undecided
    Where `treat_missing_data` or an expression is known only after apply, or cannot be told from the sources
    alone, and the metric is one that is often silent; and where it hangs on what `FILL` gives of a metric
    that has no datapoint at all, which AWS does not document. Expressions that CloudWatch refuses (ALM011) or
    that look at the clock are not judged.

    ## Settings
    None.

    ## References
    CloudWatch user guide, "Configuring how CloudWatch alarms treat missing data"; the metrics pages of
    the Lambda and SQS guides: SQS metrics stop up to six hours after a queue was last active.
    """
    found = series_of(alarm)
    if isinstance(found, Unknown) or not found:
        return
    silent = [_silent(series) for series in found]
    if not all(silent):
        return
    ended = silence(alarm, AlarmState.OK)
    has = f"{found[0].name} has no data {silent[0]}"
    greater = (known(alarm.comparison_operator) or "").startswith("Greater")
    if isinstance(alarm.treat_missing_data, Unknown) and ended is alarm.treat_missing_data:
        from kfm_audit.evidence.unset import cure, when

        yield ctx.undecided(
            alarm,
            f"reads {found[0].name}, which has no data {silent[0]}, and how it treats that {when(ended, alarm)}: "
            f"treat_missing_data depends on {ends_of(ended)}",
            at="treat_missing_data",
            help=cure(ended, "write treat_missing_data so that the plan knows it", alarm),
        )
    elif isinstance(ended, Unknown):
        if greater:
            from kfm_audit.evidence.unset import cure, when

            yield ctx.undecided(
                alarm,
                f"may go off when there is nothing to do: {has}, and whether what it compares then breaches "
                f"{when(ended, alarm)}: that depends on {ends_of(ended)}",
                at="metric_query",
                help=cure(
                    ended, "write expressions, ids and the threshold so that the plan knows them", alarm
                ),
            )
    elif ended is not None and greater and AlarmState.ALARM in ended.states:
        yield _goes_off(alarm, ended, has, ctx)
    elif ended is not None and _waits_for_nothing(alarm) and AlarmState.ALARM not in ended.states:
        yield ctx.fail(
            alarm,
            f"waits for too few {found[0].name}, of which no 0 is ever published, and missing data is "
            f"{shown(alarm.treat_missing_data)}: complete silence does not set it off",
            at="treat_missing_data",
            help='set treat_missing_data = "breaching"; where the function is rightly idle at times, first '
            "choose a period longer than these, or it pages each night",
        )


def _goes_off(alarm: MetricAlarm, ended: Silence, has: str, ctx: Context[NoSettings]) -> Finding:
    """The finding on an alarm that is in ALARM, or may be, while its metrics have no data."""
    if not ended.filled and not ended.repeated:
        return ctx.fail(
            alarm,
            f"goes off when there is nothing to do: {has}, and missing data is breaching",
            at="treat_missing_data",
            help='set treat_missing_data = "notBreaching", and watch for silence that should not be with an '
            "alarm of its own, such as a heartbeat: without one a dead producer looks healthy",
        )
    cure = (
        "let its expression give a value that does not breach where there is no data, such as FILL(m, 0), and set "
        'treat_missing_data = "notBreaching", which holds whatever FILL gives'
    )
    if len(ended.states) == 1:
        message = f"goes off when there is nothing to do: {has}, and its expression then breaches"
        return ctx.fail(alarm, message, at="metric_query", help=cure)
    return ctx.undecided(
        alarm,
        f"may go off when there is nothing to do: {has}, and AWS does not document what FILL gives of a metric "
        "without any data",
        at="metric_query",
        help=cure,
    )


def _silent(series: Series) -> str:
    """When a series has no data, for messages; "" where it always has, or where that is not known."""
    from kfm_audit.aws.statistics import Emission, emission

    namespace, name = known(series.namespace), known(series.metric_name)
    if not namespace or not name:
        return ""
    match emission(namespace, name):
        case Emission.WHEN_INVOKED:
            return "while the function is not invoked"
        case Emission.WHILE_ACTIVE:
            return "some hours after the queue was last used"
        case Emission.UNKNOWN:
            return ""


def _waits_for_nothing(alarm: MetricAlarm) -> bool:
    """Whether the alarm is to fire when a function is not called: 0 invocations would breach."""
    series, threshold = watched(alarm), known(alarm.threshold)
    if series is None or threshold is None:
        return False
    if known(series.namespace) != "AWS/Lambda" or known(series.metric_name) != "Invocations":
        return False
    operator = known(alarm.comparison_operator) or ""
    return operator in _LESS and Comparison(operator).holds(0, threshold)
