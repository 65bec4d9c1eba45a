"""ALM006: ok-notifications."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from kfm_audit.evidence.alarm.series import of_dead_letters
from kfm_audit.facts import Alarm, CompositeAlarm, MetricAlarm, Subscription
from kfm_audit.rules.kit import Context, Finding, Severity, rule
from kfm_audit.values import Unknown, known


class OkNotifications(Struct, frozen=True, forbid_unknown_fields=True):
    """What the policy says of notifications that all is well again."""

    allowed: bool = True
    """Whether notifications for OK are wanted from every alarm."""
    resolving: tuple[str, ...] = ("http", "https", "lambda", "sqs", "firehose")
    """Protocols of subscribers that take an OK as the end of an incident: machines, not people."""


@rule("ALM006", on=(MetricAlarm, CompositeAlarm), severity=Severity.NOTE, settings=OkNotifications)
def ok_notifications(alarm: Alarm, ctx: Context[OkNotifications]) -> Iterator[Finding]:
    """People are told that the alarm is over.

    ## Why
    Each incident sends two messages where OK notifications are on, and an alarm that flaps sends dozens.
    People who are told that all is well again stop reading, and miss the next one. Pagers and ticket
    systems, on the other hand, close an incident by it: a topic with such a subscriber is left alone. So
    are the alarms of dead-letter queues, where OK says that somebody has emptied the queue, and alarms
    that notify nobody of ALARM, which is another finding.

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
              "alarm_actions": [
                "arn:aws:sns:us-east-1:111122223333:oncall"
              ],
              "ok_actions": [
                "arn:aws:sns:us-east-1:111122223333:oncall"
              ]
            },
            "after_unknown": {}
          }
        },
        {
          "address": "aws_sns_topic.oncall",
          "mode": "managed",
          "type": "aws_sns_topic",
          "name": "oncall",
          "change": {
            "actions": ["create"],
            "after": {
              "name": "oncall",
              "arn": "arn:aws:sns:us-east-1:111122223333:oncall"
            },
            "after_unknown": {}
          }
        },
        {
          "address": "aws_sns_topic_subscription.mail",
          "mode": "managed",
          "type": "aws_sns_topic_subscription",
          "name": "mail",
          "change": {
            "actions": ["create"],
            "after": {
              "topic_arn": "arn:aws:sns:us-east-1:111122223333:oncall",
              "protocol": "email",
              "endpoint": "oncall@example.org"
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
              "alarm_actions": [
                "arn:aws:sns:us-east-1:111122223333:oncall"
              ]
            },
            "after_unknown": {}
          }
        },
        {
          "address": "aws_sns_topic.oncall",
          "mode": "managed",
          "type": "aws_sns_topic",
          "name": "oncall",
          "change": {
            "actions": ["create"],
            "after": {
              "name": "oncall",
              "arn": "arn:aws:sns:us-east-1:111122223333:oncall"
            },
            "after_unknown": {}
          }
        },
        {
          "address": "aws_sns_topic_subscription.mail",
          "mode": "managed",
          "type": "aws_sns_topic_subscription",
          "name": "mail",
          "change": {
            "actions": ["create"],
            "after": {
              "topic_arn": "arn:aws:sns:us-east-1:111122223333:oncall",
              "protocol": "email",
              "endpoint": "oncall@example.org"
            },
            "after_unknown": {}
          }
        }
      ]
    }
    ```

    ## When it is undecided
    Where the input does not show who is subscribed to the topic.

    ## Settings
    `rules.ALM006.allowed` (true in `core`, which never fires; false in `kfm-v11`) and `resolving`, the
    protocols of subscribers that resolve on OK.

    ## References
    The KFM runbook, guard rails: no OK notifications. Of 723 alarms in public repositories 453 have them.
    """
    notifies = ctx.evidence.delivery.notified_topics(alarm)
    if ctx.settings.allowed or (not isinstance(notifies, Unknown) and not notifies.value):
        return
    if isinstance(alarm, MetricAlarm) and of_dead_letters(alarm):
        return
    topics = ctx.evidence.alarms.topics
    destinations, _ = topics.of_alarm(msgspec.structs.replace(alarm, alarm_actions=alarm.ok_actions))
    unseen = []
    for destination in destinations:
        protocols = [
            known(subscriber.protocol) if isinstance(subscriber, Subscription) else "chat"
            for subscriber in topics.subscribers(destination)
        ]
        if any(protocol in ctx.settings.resolving for protocol in protocols):
            return
        if not protocols or None in protocols:
            unseen.append(destination.name)
    if unseen:
        yield ctx.undecided(
            alarm,
            f"notifies {unseen[0]} of OK too, and whether a subscriber there needs it to resolve an "
            "incident is "
            "not in this input",
            at="ok_actions",
            help="delete ok_actions, unless a pager or ticket system closes its incidents by them: they "
            "would stay "
            "open",
        )
    elif destinations:
        yield ctx.fail(
            alarm,
            f"notifies {destinations[0].name} of OK too, where only people are subscribed",
            at="ok_actions",
            help="delete ok_actions; if something downstream closes incidents by them, list its protocol "
            "under "
            "rules.ALM006.resolving instead",
        )
