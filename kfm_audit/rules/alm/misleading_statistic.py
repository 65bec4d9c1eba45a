"""ALM009: misleading-statistic."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.aws.metrics import is_own
from kfm_audit.evidence.alarm.series import Series, series_of, watched
from kfm_audit.facts import MetricAlarm
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule
from kfm_audit.values import Unknown, ends_of, first_unknown, known, shown


@rule("ALM009", on=MetricAlarm, severity=Severity.WARNING, alike=True)
def misleading_statistic(alarm: MetricAlarm, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """The statistic does not tell what the alarm asks.

    ## Why
    Lambda publishes one sample of `Errors` for each invocation, 0 or 1: their average is a share between
    0 and 1, and `>= 5` of it never holds, however many calls fail. A queue's age is published once a
    minute: its sum over five minutes is five times the age. The alarm looks right in every review, and
    fires never or always.

    An average of `Errors` or `Throttles` under a threshold below 1 is a share that was meant, and is not
    reported.

    ## Bad
    ```json tfplan.json
    {
      "format_version": "1.2",
      "terraform_version": "1.9.5",
      "resource_changes": [
        {
          "address": "aws_cloudwatch_metric_alarm.errors",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "errors",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-errors",
              "namespace": "AWS/Lambda",
              "metric_name": "Errors",
              "dimensions": {"FunctionName": "prod-load"},
              "statistic": "Average",
              "comparison_operator": "GreaterThanOrEqualToThreshold",
              "threshold": 5
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
          "address": "aws_cloudwatch_metric_alarm.errors",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "errors",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-errors",
              "namespace": "AWS/Lambda",
              "metric_name": "Errors",
              "dimensions": {"FunctionName": "prod-load"},
              "statistic": "Sum",
              "comparison_operator": "GreaterThanOrEqualToThreshold",
              "threshold": 5
            },
            "after_unknown": {}
          }
        }
      ]
    }
    ```

    ## When it is undecided
    Where the metric or its statistic is known only after apply.

    ## Settings
    None.

    ## References
    CloudWatch user guide, "CloudWatch statistics definitions"; the metrics pages of the Lambda and SQS
    guides.
    """
    found = series_of(alarm)
    if isinstance(found, Unknown):
        yield _undecided(alarm, found, "metric_query", ctx)
        return
    for series in found:
        namespace = known(series.namespace)
        if is_own(namespace):
            continue
        unknown = first_unknown(series.statistic, series.namespace, series.metric_name)
        if unknown is not None:
            yield _undecided(alarm, unknown, series.statistic_at, ctx)
            continue
        why = None if _is_share(alarm, series) else _why(series)
        if why is not None:
            yield ctx.fail(
                alarm,
                f"reads the {shown(series.statistic)} of {series.name}, which {why}",
                at=series.statistic_at,
                help="change the statistic, and look at the threshold again: the two belong together, and a "
                "threshold that was fitted to the old statistic may fire at once or never",
            )


def _why(series: Series) -> str | None:
    from kfm_audit.aws.statistics import misleading

    namespace, name = known(series.namespace), known(series.metric_name)
    statistic = known(series.statistic)
    return misleading(namespace, name, statistic) if namespace and name and statistic else None


def _is_share(alarm: MetricAlarm, series: Series) -> bool:
    """Whether an average of events is compared with a share: `Errors` of each invocation are 0 or 1."""
    threshold = known(alarm.threshold)
    return (
        known(series.statistic) == "Average"
        and known(series.namespace) == "AWS/Lambda"
        and series == watched(alarm)
        and threshold is not None
        and 0 <= threshold < 1
    )


def _undecided(alarm: MetricAlarm, unknown: Unknown, at: str, ctx: Context[NoSettings]) -> Finding:
    from kfm_audit.evidence.unset import cure, when

    return ctx.undecided(
        alarm,
        f"whether its statistic tells what it asks {when(unknown, alarm)}: it depends on {ends_of(unknown)}",
        at=at,
        help=cure(unknown, "write metric and statistic so that the plan knows them", alarm),
    )
