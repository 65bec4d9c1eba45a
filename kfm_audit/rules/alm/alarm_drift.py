"""ALM027: alarm-drift."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from kfm_audit.evidence.alarm.drift import differences
from kfm_audit.facts import Alarm, AlarmComparison, Change
from kfm_audit.rules.kit import Context, Finding, Severity, rule
from kfm_audit.values import Known, shown


class Drift(Struct, frozen=True, forbid_unknown_fields=True):
    """What `rules: {ALM027: ...}` may say."""

    covered: float = 0.5
    """The share of the alarms of an account and region that Terraform must declare before the others are said to be
    undeclared: with less it is taken that most of the estate is kept elsewhere. Over 1 says nothing of them."""


@rule("ALM027", on=AlarmComparison, severity=Severity.WARNING, settings=Drift)
def alarm_drift(pair: AlarmComparison, ctx: Context[Drift]) -> Iterator[Finding]:
    """What is deployed is not what Terraform says.

    ## Why
    An alarm that somebody raised the threshold of at night, and that nobody set back, is reviewed in its `.tf`
    file for ever after. The rule compares each alarm of a plan or of sources with the one of its name that
    `aws cloudwatch describe-alarms` shows, in the same account and region as far as these are told, and says
    each attribute in which they differ. A change that the plan makes is no drift; with sources alone a
    difference may also be a change that nobody applied yet, and the finding says so.

    An alarm that the plan says exists, and that is not among those that AWS lists, was deleted by hand. An
    alarm that is deployed and that no Terraform declares is a note, and said only where Terraform declares
    most alarms of that account and region; those of Application Auto Scaling (`TargetTracking-...`) are left
    out. The other rules judge an alarm that is declared and deployed once, as declared.

    ## Bad
    ```hcl main.tf
    provider "aws" {
      region = "us-east-1"
    }

    resource "aws_cloudwatch_metric_alarm" "errors" {
      alarm_name          = "prod-errors"
      namespace           = "AWS/Lambda"
      metric_name         = "Errors"
      dimensions          = { FunctionName = "ingest" }
      statistic           = "Sum"
      period              = 60
      evaluation_periods  = 3
      comparison_operator = "GreaterThanThreshold"
      threshold           = 5
    }
    ```
    ```json describe-alarms.json
    {
      "MetricAlarms": [
        {
          "AlarmName": "prod-errors",
          "AlarmArn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:prod-errors",
          "ActionsEnabled": true,
          "Namespace": "AWS/Lambda",
          "MetricName": "Errors",
          "Dimensions": [{"Name": "FunctionName", "Value": "ingest"}],
          "Statistic": "Sum",
          "Period": 60,
          "EvaluationPeriods": 3,
          "ComparisonOperator": "GreaterThanThreshold",
          "Threshold": 500.0,
          "TreatMissingData": "missing"
        }
      ],
      "CompositeAlarms": []
    }
    ```

    ## Good
    ```hcl main.tf
    provider "aws" {
      region = "us-east-1"
    }

    resource "aws_cloudwatch_metric_alarm" "errors" {
      alarm_name          = "prod-errors"
      namespace           = "AWS/Lambda"
      metric_name         = "Errors"
      dimensions          = { FunctionName = "ingest" }
      statistic           = "Sum"
      period              = 60
      evaluation_periods  = 3
      comparison_operator = "GreaterThanThreshold"
      threshold           = 5
    }
    ```
    ```json describe-alarms.json
    {
      "MetricAlarms": [
        {
          "AlarmName": "prod-errors",
          "AlarmArn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:prod-errors",
          "ActionsEnabled": true,
          "Namespace": "AWS/Lambda",
          "MetricName": "Errors",
          "Dimensions": [{"Name": "FunctionName", "Value": "ingest"}],
          "Statistic": "Sum",
          "Period": 60,
          "EvaluationPeriods": 3,
          "ComparisonOperator": "GreaterThanThreshold",
          "Threshold": 5.0,
          "TreatMissingData": "missing"
        }
      ],
      "CompositeAlarms": []
    }
    ```

    ## When it is undecided
    Where alarms of the same name are deployed in several regions or accounts and nothing says which of them
    the declared one is. What is known only after apply is not compared.

    ## Settings
    `covered`: the share of the alarms of an account and region that Terraform must declare before others are
    said to be undeclared (0.5).

    ## References
    CloudWatch API, `DescribeAlarms`: without `--alarm-types` it leaves composite alarms out. Terraform,
    "Manage resource drift".
    """
    declared, actual = pair.declared, pair.actual
    if pair.candidates and declared is not None:
        yield _unclear(pair, declared, ctx)
    elif declared is not None and actual is not None:
        yield from _compared(pair, declared, actual, ctx)
    elif declared is not None:
        yield ctx.fail(
            pair,
            f"exists, says the plan, and is not deployed: AWS does not list {shown(declared.alarm_name)}",
            help="plan again to see whether it was deleted by hand, and apply; if describe-alarms was asked for "
            "some alarms only, ask for all",
        )
    elif actual is not None and pair.covered >= ctx.settings.covered:
        yield ctx.fail(
            pair,
            f"is deployed, and no Terraform that was read declares it, as it does {pair.covered:.0%} of the alarms "
            "of its account and region",
            severity=Severity.NOTE,
            help="import it into the code (`terraform import`, or an import block), or delete it if nobody misses "
            "it; it may also belong to a stack that was not read",
        )


def _compared(
    pair: AlarmComparison, declared: Alarm, actual: Alarm, ctx: Context[Drift]
) -> Iterator[Finding]:
    created = declared.change is Change.CREATED
    planned = isinstance(declared.arn, Known) or declared.change is Change.CHANGED
    for item in differences(declared, actual):
        if created:
            message = (
                f"is to be created, and an alarm of its name is deployed already: {item.at} is {item.declared} "
                f"here and {item.actual} there"
            )
            cure = "import it, so that the plan shows what will change, or choose another name: the provider refuses"
        else:
            message = f"is deployed with {item.at} {item.actual}, and Terraform says {item.declared}"
            cure = "apply, if the code is right; else put the deployed value into the code"
            if not planned:
                message += ": changed by hand, or not applied yet"
        yield ctx.fail(
            pair,
            message,
            at=item.at,
            help=cure,
            related=(ctx.related("as it is deployed", actual, item.at),),
        )


def _unclear(pair: AlarmComparison, declared: Alarm, ctx: Context[Drift]) -> Finding:
    places = ", ".join(sorted(alarm.stack for alarm in pair.candidates))
    return ctx.undecided(
        pair,
        f"may differ from what is deployed: {len(pair.candidates)} alarms are called "
        f"{shown(declared.alarm_name)} ({places}), and which of them it is cannot be told",
        at="alarm_name",
        help="give the provider a region, and an assume_role, that the sources or the plan show",
        related=tuple(ctx.related("bears the name", alarm, "alarm_name") for alarm in pair.candidates[:3]),
    )
