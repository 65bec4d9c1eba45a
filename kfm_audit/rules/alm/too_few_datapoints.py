"""ALM005: too-few-datapoints."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from kfm_audit.evidence.notification.delivery import Action
from kfm_audit.facts import MetricAlarm
from kfm_audit.rules.kit import Context, Finding, Severity, rule
from kfm_audit.values import ABSENT, Unknown, ends_of, known, shown


class Datapoints(Struct, frozen=True, forbid_unknown_fields=True):
    """What the policy asks of datapoints."""

    minimum: int = 1
    """How many datapoints must breach before an alarm goes off."""


@rule("ALM005", on=MetricAlarm, severity=Severity.NOTE, settings=Datapoints, alike=True)
def too_few_datapoints(alarm: MetricAlarm, ctx: Context[Datapoints]) -> Iterator[Finding]:
    """Too few breaching datapoints set the alarm off.

    ## Why
    One datapoint is one bad minute: a deployment, a retry, a single slow batch. Alarms that go off on it
    page for what is over before anybody has read the message. What counts is M, the datapoints that must
    breach: `datapoints_to_alarm`, and `evaluation_periods` where that is not set. Alarms that only drive
    scaling are left alone.

    This is a matter of taste and a note: more datapoints make the alarm slower, and blind to what is
    shorter.

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
              "period": 60,
              "evaluation_periods": 1
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
              "period": 60,
              "evaluation_periods": 5,
              "datapoints_to_alarm": 3
            },
            "after_unknown": {}
          }
        }
      ]
    }
    ```

    ## When it is undecided
    Where M is known only after apply, or cannot be told from the sources alone.

    ## Settings
    `rules.ALM005.minimum` (1 in `core`, which never fires; 3 in `kfm-v11`).

    ## References
    CloudWatch user guide, "Evaluating an alarm": M out of N datapoints. The KFM runbook, guard rails.
    """
    minimum = ctx.settings.minimum
    actions = ctx.evidence.delivery.actions(alarm)
    if minimum <= 1 or (actions and all(action is Action.SCALING for action in actions)):
        return
    at = "evaluation_periods" if alarm.datapoints_to_alarm is ABSENT else "datapoints_to_alarm"
    if isinstance(alarm.datapoints, Unknown):
        from kfm_audit.evidence.unset import cure, when

        yield ctx.undecided(
            alarm,
            f"whether fewer than {minimum} datapoints set it off {when(alarm.datapoints, alarm)}: {at} depends on "
            f"{ends_of(alarm.datapoints)}",
            at=at,
            help=cure(alarm.datapoints, f"write {at} so that the plan knows it", alarm),
        )
        return
    datapoints = known(alarm.datapoints)
    if datapoints is not None and datapoints < minimum:
        plural = "" if datapoints == 1 else "s"
        yield ctx.fail(
            alarm,
            f"goes off after {shown(alarm.datapoints)} breaching datapoint{plural}, and the policy asks "
            "for at "
            f"least {minimum}",
            at=at,
            help=f"set datapoints_to_alarm = {minimum} and evaluation_periods to {minimum} or more, such as "
            f"{minimum} out of {minimum + 2}; with the same period it then fires later, and not at all "
            "for what "
            "is shorter",
        )
