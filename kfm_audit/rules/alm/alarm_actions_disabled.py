"""ALM002: alarm-actions-disabled."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.facts import Alarm, CompositeAlarm, MetricAlarm
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule
from kfm_audit.values import Known, Unknown, ends_of


@rule("ALM002", on=(MetricAlarm, CompositeAlarm), severity=Severity.ERROR, alike=True)
def alarm_actions_disabled(alarm: Alarm, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """The alarm's actions are switched off.

    ## Why
    With `actions_enabled = false` an alarm changes its state and does nothing else: it looks wired up in
    every review and pages nobody. It is usually left over from a maintenance window.

    ## Bad
    ```hcl main.tf
    resource "aws_cloudwatch_metric_alarm" "ingest_backlog" {
      alarm_name          = "prod-ingest-backlog"
      namespace           = "AWS/SQS"
      metric_name         = "ApproximateNumberOfMessagesVisible"
      dimensions          = { QueueName = "ingest" }
      statistic           = "Maximum"
      period              = 300
      evaluation_periods  = 3
      comparison_operator = "GreaterThanOrEqualToThreshold"
      threshold           = 1000
      actions_enabled     = false
      alarm_actions       = ["arn:aws:sns:us-east-1:111122223333:oncall"]
    }
    ```

    ## Good
    ```hcl main.tf
    resource "aws_cloudwatch_metric_alarm" "ingest_backlog" {
      alarm_name          = "prod-ingest-backlog"
      namespace           = "AWS/SQS"
      metric_name         = "ApproximateNumberOfMessagesVisible"
      dimensions          = { QueueName = "ingest" }
      statistic           = "Maximum"
      period              = 300
      evaluation_periods  = 3
      comparison_operator = "GreaterThanOrEqualToThreshold"
      threshold           = 1000
      alarm_actions       = ["arn:aws:sns:us-east-1:111122223333:oncall"]
    }
    ```

    ## When it is undecided
    Where `actions_enabled` is known only after apply, or cannot be told from the sources alone.

    ## Settings
    None.

    ## References
    CloudWatch API, `PutMetricAlarm`, `ActionsEnabled`; the default is true.
    """
    match alarm.actions_enabled:
        case Known(False):
            yield ctx.fail(
                alarm,
                "changes its state but takes no action: actions_enabled is false",
                at="actions_enabled",
                help="set actions_enabled = true, or delete the line; to be quiet for a while, suppress it "
                "with a composite alarm's actions_suppressor, which ends by itself",
            )
        case Unknown() as unknown:
            from kfm_audit.evidence.unset import cure, when

            yield ctx.undecided(
                alarm,
                f"whether its actions are switched on {when(unknown, alarm)}: actions_enabled depends on {ends_of(unknown)}",
                at="actions_enabled",
                help=cure(unknown, "set actions_enabled to a value that the plan knows", alarm),
            )
