"""ALM007: page-without-composite."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.aws.arns import alarm_name
from kfm_audit.facts import MetricAlarm
from kfm_audit.rules.kit import Context, Finding, Severity, rule
from kfm_audit.values import Unknown, ends_of

_NEVER: Final = frozenset({(False,)})


class Composites(Struct, frozen=True, forbid_unknown_fields=True):
    """What the policy asks of alarms that notify."""

    required: bool = False
    """Whether only composite alarms may notify."""


@rule("ALM007", on=MetricAlarm, severity=Severity.NOTE, settings=Composites)
def page_without_composite(alarm: MetricAlarm, ctx: Context[Composites]) -> Iterator[Finding]:
    """Several metric alarms notify a topic by themselves, where a composite alarm should.

    ## Why
    One broken consumer raises backlog, age, errors and dead letters within minutes: four pages for one
    cause. A composite alarm above them sends one, can be suppressed during maintenance, and is where the
    message says what is wrong. It is a note, because a page too many is better than none: an alarm whose
    action is taken away before the composite exists pages nobody, and so does one whose composite waits for
    others too.

    An alarm that is the only one of its stack to notify a topic has nothing to be joined with, and is
    left alone.

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
              "alarm_name": "prod-age",
              "namespace": "AWS/SQS",
              "metric_name": "ApproximateAgeOfOldestMessage",
              "dimensions": {"QueueName": "prod-soils"},
              "alarm_actions": [
                "arn:aws:sns:us-east-1:111122223333:oncall"
              ]
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
              "alarm_name": "prod-backlog",
              "namespace": "AWS/SQS",
              "metric_name": "ApproximateNumberOfMessagesVisible",
              "dimensions": {"QueueName": "prod-soils"},
              "alarm_actions": [
                "arn:aws:sns:us-east-1:111122223333:oncall"
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
          "address": "aws_cloudwatch_metric_alarm.age",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "age",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-age",
              "namespace": "AWS/SQS",
              "metric_name": "ApproximateAgeOfOldestMessage",
              "dimensions": {"QueueName": "prod-soils"}
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
              "alarm_name": "prod-backlog",
              "namespace": "AWS/SQS",
              "metric_name": "ApproximateNumberOfMessagesVisible",
              "dimensions": {"QueueName": "prod-soils"}
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
              "alarm_name": "prod-page",
              "alarm_rule": "ALARM(prod-age) OR ALARM(prod-backlog)",
              "alarm_actions": [
                "arn:aws:sns:us-east-1:111122223333:oncall"
              ]
            },
            "after_unknown": {}
          }
        }
      ]
    }
    ```

    ## When it is undecided
    Where whether an action is an SNS topic is known only after apply, or cannot be told from the sources
    alone.

    ## Settings
    `rules.ALM007.required` (false in `core`, which never fires; true in `kfm-v11`).

    ## References
    The KFM runbook, guard rails: composite alarms before paging. CloudWatch user guide, "Create a
    composite alarm".
    """
    if not ctx.settings.required:
        return
    topics = ctx.evidence.delivery.notified_topics(alarm)
    if isinstance(topics, Unknown):
        from kfm_audit.evidence.unset import cure, when

        yield ctx.undecided(
            alarm,
            f"whether it notifies by itself {when(topics, alarm)}: its actions come from {ends_of(topics)}",
            at="alarm_actions",
            help=cure(
                topics,
                "pass the topic's ARN as a module input, or plan again after the topic exists",
                alarm,
            ),
        )
        return
    if not topics.value:
        return
    topic = "a topic that is marked sensitive" if topics.sensitive else topics.value[0]
    above = ctx.evidence.delivery.by_composite(alarm)
    if above.exists:
        alone = _goes_off_alone(above.why, alarm, ctx)
        yield ctx.fail(
            alarm,
            f"notifies {topic} by itself, and {above.why} above it notifies too: one failure sends two pages"
            if alone
            else f"notifies {topic} by itself, and {above.why} above it notifies too, once others are in ALARM "
            "with it: such a failure sends two pages",
            at="alarm_actions",
            help="take the topic out of the metric alarm's alarm_actions, once you have seen the "
            "composite page"
            if alone
            else "take the topic out of the metric alarm's alarm_actions if nobody needs to hear of it alone: "
            "the composite does not page then; else leave it",
        )
    elif any(ctx.evidence.alarms.notify_themselves(alarm.stack, each) > 1 for each in topics.value):
        yield ctx.fail(
            alarm,
            f"notifies {topic} by itself, as others do: the policy asks for a composite alarm before a page",
            at="alarm_actions",
            help="watch it by a composite alarm, move the topic there and take it away here in the same "
            "change; "
            "join the alarms by OR: an AND is deaf to every failure that raises only one of them",
        )


def _goes_off_alone(composite: str, alarm: MetricAlarm, ctx: Context[Composites]) -> bool:
    """Whether a composite may be in ALARM while the alarm is, and no other that its rule names."""
    from kfm_audit.aws.alarm_rule_error import AlarmRuleError
    from kfm_audit.aws.alarm_rule_outcomes import outcomes

    alarms = ctx.evidence.alarms
    found = next((other for other in alarms.above(alarm) if other.subject == composite), None)
    rule_of = None if found is None else alarms.rule_of(found)
    if found is None or rule_of is None or isinstance(rule_of, AlarmRuleError):
        return True
    named = {alarm_name(child.child): AlarmState.OK for child in alarms.children_of(found)}
    own = [name for name in named if alarms.named(found, name) == (alarm,)]
    case = named | dict.fromkeys(own, AlarmState.ALARM)
    return not own or outcomes(rule_of, [case]) != _NEVER
