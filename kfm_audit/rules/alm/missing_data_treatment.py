"""ALM020: missing-data-treatment."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.evidence.series import Series, filled, series_of, watched
from kfm_audit.facts import MetricAlarm
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule
from kfm_audit.values import Known, Unknown, ends_of, known, shown


@rule("ALM020", on=MetricAlarm, severity=Severity.WARNING)
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

    ## When it is undecided
    Where `treat_missing_data` is known only after apply, and the metric is one that is often silent.

    ## Settings
    None. Metric math with `FILL` or `TIME_SERIES` has no missing data and is not judged.

    ## References
    CloudWatch user guide, "Configuring how CloudWatch alarms treat missing data"; the metrics pages of
    the Lambda and SQS guides: SQS metrics stop up to six hours after a queue was last active.
    """
    found = series_of(alarm)
    if isinstance(found, Unknown) or not found or filled(alarm):
        return
    silent = [_silent(series) for series in found]
    if not all(silent):
        return
    if isinstance(alarm.treat_missing_data, Unknown):
        yield ctx.undecided(
            alarm,
            f"reads {found[0].name}, which has no data {silent[0]}, and how it treats that is known only "
            f"after apply: treat_missing_data depends on {ends_of(alarm.treat_missing_data)}",
            at="treat_missing_data",
            help="write treat_missing_data so that the plan knows it",
        )
        return
    comparison = known(alarm.comparison_operator) or ""
    if comparison.startswith("Greater") and alarm.treat_missing_data == Known("breaching"):
        yield ctx.fail(
            alarm,
            f"goes off when there is nothing to do: {found[0].name} has no data {silent[0]}, and missing "
            "data is breaching",
            at="treat_missing_data",
            help='set treat_missing_data = "notBreaching", and watch for silence that should not be with an '
            "alarm of its own, such as a heartbeat: without one a dead producer looks healthy",
        )
    elif _waits_for_nothing(alarm) and known(alarm.treat_missing_data) != "breaching":
        yield ctx.fail(
            alarm,
            f"waits for too few {found[0].name}, of which no 0 is ever published, and missing data is "
            f"{shown(alarm.treat_missing_data)}: complete silence does not set it off",
            at="treat_missing_data",
            help='set treat_missing_data = "breaching"; where the function is rightly idle at times, first '
            "choose a period longer than these, or it pages each night",
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
    match known(alarm.comparison_operator):
        case "LessThanThreshold":
            return threshold > 0
        case "LessThanOrEqualToThreshold":
            return threshold >= 0
        case _:
            return False
