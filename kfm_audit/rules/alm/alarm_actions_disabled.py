"""ALM002: alarm-actions-disabled."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.facts import Alarm, CompositeAlarm, MetricAlarm
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule
from kfm_audit.values import Known, Unknown


@rule("ALM002", on=(MetricAlarm, CompositeAlarm), severity=Severity.ERROR)
def alarm_actions_disabled(alarm: Alarm, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """The alarm's actions are switched off.

    ## Why
    With `actions_enabled = false` an alarm changes its state and does nothing else: it looks wired up in
    every review and pages nobody. It is usually left over from a maintenance window.

    ## Bad
    ```json tfplan.json
    {
      "format_version": "1.2",
      "terraform_version": "1.9.5",
      "resource_changes": [
        {
          "address": "aws_cloudwatch_metric_alarm.ingest_backlog",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "ingest_backlog",
          "change": {
            "actions": ["update"],
            "after": {
              "alarm_name": "prod-ingest-backlog",
              "actions_enabled": false,
              "alarm_actions": ["arn:aws:sns:us-east-1:111122223333:oncall"]
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
          "address": "aws_cloudwatch_metric_alarm.ingest_backlog",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "ingest_backlog",
          "change": {
            "actions": ["update"],
            "after": {
              "alarm_name": "prod-ingest-backlog",
              "actions_enabled": true,
              "alarm_actions": ["arn:aws:sns:us-east-1:111122223333:oncall"]
            },
            "after_unknown": {}
          }
        }
      ]
    }
    ```

    ## When it is undecided
    Where `actions_enabled` is known only after apply.

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
        case Unknown():
            yield ctx.undecided(
                alarm,
                "whether its actions are switched on is known only after apply",
                at="actions_enabled",
                help="set actions_enabled to a value that the plan knows",
            )
