"""ALM023: failure-nobody-hears."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.evidence import Evidence
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule


@rule("ALM023", on=Evidence, severity=Severity.ERROR)
def failure_nobody_hears(evidence: Evidence, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """A failure that the alarms are there for sets none of them off.

    ## Why
    An alarm that reads the right metric may still be deaf. `OldestAgeHigh AND BacklogHigh` never fires
    for a dead consumer on a queue of 900 messages: the messages grow old, and there are never 1000 of
    them. Nobody sees that in a review, because each alarm by itself is right.

    The policy says of each contract alarm which failures it `catches`. Where alarms with actions read
    the metrics of such an alarm, of the resource itself, the rule sends these failures through them, through
    the composites above and their suppressors, for six hours, and reports those in which no alarm with an
    action goes off. `kfm-audit drill` shows what each failure does to each metric. That alarms are
    missing altogether, also where there is one on the dead-letter queue, is ALM017; that an alarm reads a metric by dimensions, or in a unit, in which AWS publishes
    none is ALM008, and it is not counted as one that reads it; that a message which is sent reaches nobody is
    SNS001.

    ## Bad
    ```json tfplan.json
    {
      "format_version": "1.2",
      "terraform_version": "1.9.5",
      "resource_changes": [
        {
          "address": "aws_cloudwatch_metric_alarm.age",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "age",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-soils-age",
              "namespace": "AWS/SQS",
              "metric_name": "ApproximateAgeOfOldestMessage",
              "dimensions": {"QueueName": "prod-soils"},
              "statistic": "Maximum",
              "comparison_operator": "GreaterThanOrEqualToThreshold",
              "threshold": 300,
              "period": 60,
              "evaluation_periods": 5,
              "treat_missing_data": "notBreaching"
            },
            "after_unknown": {}
          }
        },
        {
          "address": "aws_cloudwatch_metric_alarm.backlog",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "backlog",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-soils-backlog",
              "namespace": "AWS/SQS",
              "metric_name": "ApproximateNumberOfMessagesVisible",
              "dimensions": {"QueueName": "prod-soils"},
              "statistic": "Maximum",
              "comparison_operator": "GreaterThanOrEqualToThreshold",
              "threshold": 1000,
              "period": 60,
              "evaluation_periods": 5,
              "treat_missing_data": "notBreaching"
            },
            "after_unknown": {}
          }
        },
        {
          "address": "aws_cloudwatch_composite_alarm.page",
          "mode": "managed",
          "type": "aws_cloudwatch_composite_alarm",
          "name": "page",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-soils-page",
              "alarm_rule": "ALARM(prod-soils-age) AND ALARM(prod-soils-backlog)",
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
          "address": "aws_cloudwatch_metric_alarm.age",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "age",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-soils-age",
              "namespace": "AWS/SQS",
              "metric_name": "ApproximateAgeOfOldestMessage",
              "dimensions": {"QueueName": "prod-soils"},
              "statistic": "Maximum",
              "comparison_operator": "GreaterThanOrEqualToThreshold",
              "threshold": 300,
              "period": 60,
              "evaluation_periods": 5,
              "treat_missing_data": "notBreaching"
            },
            "after_unknown": {}
          }
        },
        {
          "address": "aws_cloudwatch_composite_alarm.page",
          "mode": "managed",
          "type": "aws_cloudwatch_composite_alarm",
          "name": "page",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-soils-page",
              "alarm_rule": "ALARM(prod-soils-age) OR ALARM(prod-soils-backlog)",
              "alarm_actions": ["arn:aws:sns:us-east-1:111122223333:oncall"]
            },
            "after_unknown": {}
          }
        }
      ]
    }
    ```

    ## When it is undecided
    When an alarm that may act cannot be simulated: a threshold or rule that is known only after apply,
    a metric that the drill does not know, an anomaly detection band.

    ## Settings
    `alarms.contract` of the policy: `catches` says which failures each alarm is there for.

    ## References
    - [Alarm evaluation](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html)
    - [CloudWatch metrics for Amazon SQS](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html)
    """
    contract = evidence.policy.alarms.contract
    if not contract or not evidence.alarms.all:
        return
    from kfm_audit.drill.unheard import Unheard

    caught: dict[tuple[str, str], set[str]] = {}
    for promised in contract.values():
        metrics = {promised.metric, *promised.metrics.values()} - {""}
        for name in promised.catches:
            caught.setdefault((promised.resource or "", name), set()).update(metrics)
    unheard = Unheard(evidence, caught)
    for resource in unheard.resources.all:
        for outcome in unheard.of(resource):
            acting, mode = outcome.could_page, outcome.mode
            fact = resource.fact or acting[-1]
            of = resource.names[resource.kind]
            if outcome.is_silent:
                names = ", ".join(alarm.subject for alarm in acting)
                goes = "does not go off" if len(acting) == 1 else "do not go off"
                held = outcome.about is not None
                mend = f"let one of them go off by what this failure does: `kfm-audit drill` shows it; {_MEND[mode.name]}"
                yield ctx.fail(
                    fact,
                    f"pages nobody when {of} has {mode.about} ({mode.name}): "
                    f"{outcome.reason if held else f'{names} {goes} in six hours'}",
                    help=_SUPPRESS if held else mend,
                    key=f"{of} {mode.name}",
                )
            else:
                yield ctx.undecided(
                    fact,
                    f"may page nobody when {of} has a failure of the kind {mode.name}: {outcome.reason}",
                    help="check a plan, or give the alarms values that the input shows; where only CloudWatch can "
                    "compute what they compare, page also by an alarm on a metric with a threshold",
                    key=f"{of} {mode.name}",
                )


_SUPPRESS = (
    "let an alarm suppress it that this failure does not set off: a deployment, a maintenance window; `kfm-audit "
    "drill` shows what is held back"
)
_MEND = {
    "dead-consumer": "page on the age of the oldest message alone, or join it with OR",
    "drip": "page on the age of the oldest message alone, or join it with OR",
    "poison-pill": "page on the depth of the dead-letter queue, and on the share of errors of the consumer",
    "throttle-storm": "page on Throttles: throttled calls are neither invocations nor errors",
    "async-drop": "page on the depth of the function's dead-letter queue, or on AsyncEventsDropped",
    "dlq-trickle": "page on a depth above 0, without a window that the letter must outlast",
}
