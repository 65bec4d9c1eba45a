"""ALM004: period-too-short."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from kfm_audit.evidence.alarm.series import periods_of, series_of
from kfm_audit.facts import MetricAlarm
from kfm_audit.rules.kit import Context, Finding, Severity, rule
from kfm_audit.values import Known, Unknown, ends_of, known, shown


class Periods(Struct, frozen=True, forbid_unknown_fields=True):
    """What the policy asks of periods."""

    minimum_period: int = 60
    """The shortest period of an alarm, in seconds."""
    custom_metrics: bool = False
    """Whether metrics of your own are held to it: they may be stored at high resolution."""


@rule("ALM004", on=MetricAlarm, severity=Severity.WARNING, settings=Periods, alike=True)
def period_too_short(alarm: MetricAlarm, ctx: Context[Periods]) -> Iterator[Finding]:
    """The alarm looks at its metric more often than the metric has data.

    ## Why
    AWS publishes its own metrics once a minute. Periods of 10, 20 or 30 seconds are empty most of the
    time: the alarm falls into INSUFFICIENT_DATA again and again, fires late or not at all, and costs
    three times as much. Metrics of your own may be stored at high resolution, so that only a policy can
    say whether seconds are wanted; the KFM runbook asks for 60 in any case.

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
              "period": 10
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
              "period": 60
            },
            "after_unknown": {}
          }
        }
      ]
    }
    ```

    ## When it is undecided
    Where the period is known only after apply, or cannot be told from the sources alone. In metric math the
    period is that of the queries.

    ## Settings
    `rules.ALM004.minimum_period` in seconds (60), and `custom_metrics`, which holds metrics outside of
    `AWS/` to it too (false in `core`, true in `kfm-v11`).

    ## References
    CloudWatch API, `PutMetricAlarm`, `Period`: with 10, 20 or 30 on a metric of standard resolution the
    alarm "might often lapse into INSUFFICIENT_DATA".
    """
    if not (ctx.settings.custom_metrics or _reads_aws(alarm)):
        return
    for at, period in periods_of(alarm):
        if isinstance(period, Unknown):
            from kfm_audit.evidence.unset import cure, when

            yield ctx.undecided(
                alarm,
                f"whether its period is under {ctx.settings.minimum_period} seconds {when(period, alarm)}: "
                f"it depends on {ends_of(period)}",
                at=at,
                help=cure(period, "write the period so that the plan knows it", alarm),
            )
            return
        if isinstance(period, Known) and 0 < period.value < ctx.settings.minimum_period:
            yield ctx.fail(
                alarm,
                f"has a period of {shown(period)} seconds, and the policy asks for at least "
                f"{ctx.settings.minimum_period}",
                at=at,
                help=f"set the period to {ctx.settings.minimum_period}; with the same evaluation_periods "
                "the alarm "
                "then looks back further, so that it fires later",
            )
            return


def _reads_aws(alarm: MetricAlarm) -> bool:
    """Whether some metric is AWS's own, or may be."""
    found = series_of(alarm)
    return isinstance(found, Unknown) or any(
        isinstance(series.namespace, Unknown) or (known(series.namespace) or "").startswith("AWS/")
        for series in found
    )
