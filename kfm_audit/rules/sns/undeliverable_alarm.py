"""SNS001: undeliverable-alarm."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kfm_audit.evidence.notification.delivery import Route
from kfm_audit.evidence.notification.reach import Path, Reach, Step
from kfm_audit.facts import Alarm, CompositeAlarm, Fact, MetricAlarm, Topic
from kfm_audit.rules.kit import Context, Finding, NoSettings, Related, Severity, rule
from kfm_audit.values import Known

_SUBSCRIBE = (
    "add an aws_sns_topic_subscription whose endpoint somebody reads, or notify a topic that has one; "
    "one that will be made by hand belongs into the code too"
)
_SHOWN = 3


@rule("SNS001", on=(MetricAlarm, CompositeAlarm, Topic), severity=Severity.ERROR)
def undeliverable_alarm(fact: Fact, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """The alarm notifies a topic, and no subscriber of any of its topics gets the message.

    ## Why
    An alarm with an SNS action passes every review, and still tells nobody: the topic has no subscription,
    a filter policy drops the message, the topic refuses CloudWatch, a function or queue refuses SNS, a mail
    address was never confirmed. The rule follows the message on its way (alarm, topic, subscription,
    endpoint), with the exact body that CloudWatch publishes for this alarm, and says where it ends. Where
    another rule says the same of the topic or subscription, it names it as the cause.

    A topic that is not known to exist (the plan makes it, or there are sources only) has the subscriptions
    that the input shows, and no others. A topic that exists already may have some that were made by hand:
    where no input shows any, this is said once, of the topic. Chat channels of AWS Chatbot count as
    subscribers; what a CloudFormation stack or a command subscribes is not seen, and needs a suppression.
    Of topics that no input holds (an ARN, a data source) nothing can be said, and nothing is said here; the
    run's answer to "Will somebody be told?" counts them. An alarm whose actions are switched off is
    ALM002's, one without a topic ALM001's. The other ways that ALM001 accepts, an EventBridge rule and a
    composite alarm above, are accepted here too.

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
            "actions": ["create"],
            "after": {"alarm_name": "prod-ingest-backlog"},
            "after_unknown": {"alarm_actions": true}
          }
        },
        {
          "address": "aws_sns_topic.alerts",
          "mode": "managed",
          "type": "aws_sns_topic",
          "name": "alerts",
          "change": {"actions": ["create"], "after": {"name": "alerts"}, "after_unknown": {"arn": true}}
        }
      ],
      "configuration": {
        "root_module": {
          "resources": [
            {
              "address": "aws_cloudwatch_metric_alarm.ingest_backlog",
              "expressions": {"alarm_actions": {"references": ["aws_sns_topic.alerts.arn"]}}
            },
            {"address": "aws_sns_topic.alerts", "expressions": {"name": {"constant_value": "alerts"}}}
          ]
        }
      }
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
            "actions": ["create"],
            "after": {"alarm_name": "prod-ingest-backlog"},
            "after_unknown": {"alarm_actions": true}
          }
        },
        {
          "address": "aws_sns_topic.alerts",
          "mode": "managed",
          "type": "aws_sns_topic",
          "name": "alerts",
          "change": {"actions": ["create"], "after": {"name": "alerts"}, "after_unknown": {"arn": true}}
        },
        {
          "address": "aws_sns_topic_subscription.pager",
          "mode": "managed",
          "type": "aws_sns_topic_subscription",
          "name": "pager",
          "change": {
            "actions": ["create"],
            "after": {"protocol": "https", "endpoint_auto_confirms": true},
            "after_unknown": {"topic_arn": true}
          }
        }
      ],
      "configuration": {
        "root_module": {
          "resources": [
            {
              "address": "aws_cloudwatch_metric_alarm.ingest_backlog",
              "expressions": {"alarm_actions": {"references": ["aws_sns_topic.alerts.arn"]}}
            },
            {"address": "aws_sns_topic.alerts", "expressions": {"name": {"constant_value": "alerts"}}},
            {
              "address": "aws_sns_topic_subscription.pager",
              "expressions": {"topic_arn": {"references": ["aws_sns_topic.alerts.arn"]}}
            }
          ]
        }
      }
    }
    ```

    ## When it is undecided
    Of an alarm: where a filter policy asks for what is known of its message only after apply, or at run time,
    and where it may notify other topics than those that the plan shows. Of a topic, once for all its alarms:
    where it exists and no input shows a subscription; where a filter policy, a protocol or another policy is
    known only after apply; where a function or queue is not in the input, or a permission is for a version or alias
    of the function and the plan does not tell which of these is invoked; where its only subscribers are mail
    or web addresses of which no input shows that they were confirmed; and, of sources without a plan, where a
    subscription hangs on a `count` that is not known or a module is not there that may hold one.

    ## Settings
    `delivery.eventbridge` and `delivery.composite` say whether these routes count, as for ALM001.

    ## References
    CloudWatch user guide, "Notifying users on alarm changes"; SNS developer guide, "Amazon SNS message
    filtering", "Confirming a subscription", "Fanout to Lambda functions", "Fanout to Amazon SQS queues".
    """
    if isinstance(fact, Topic):
        yield from _of_topic(fact, ctx)
        return
    assert isinstance(fact, Alarm)
    told = ctx.evidence.notifications.told(fact)
    if fact.actions_enabled == Known(False) or not told.paths or told.reach is Reach.REACHED:
        return
    if told.reach is Reach.UNTOLD and ctx.evidence.notifications.waits_for(fact):
        return  # said once, of the topic
    routes = _routes(fact, ctx)
    if any(route.exists for route in routes):
        return
    reasons, cures = _reasons(told.paths, Reach.NOT_REACHED if told.open else told.reach)
    related = tuple(_related(told.paths, fact, ctx))
    maybe = next((route for route in routes if route.exists is None), None)
    if told.reach is Reach.UNTOLD or maybe is not None:
        if told.open:
            reasons.append(f"what else it notifies depends on {', '.join(told.open)}")
        if maybe is not None:
            reasons.append(f"another route may lead to somebody ({maybe.why})")
        yield ctx.undecided(
            fact,
            f"whether it reaches anybody cannot be told: {_listed(reasons)}",
            at="alarm_actions",
            help=_listed(cures[:1]),
            related=related,
        )
        return
    yield ctx.fail(
        fact,
        f"reaches nobody: {_listed(reasons)}",
        at="alarm_actions",
        help=_listed(cures[:1]) or _SUBSCRIBE,
        related=related,
    )


def _routes(alarm: Alarm, ctx: Context[NoSettings]) -> list[Route]:
    """The ways beside the alarm's own topics, as far as policy lets them count."""
    delivery = ctx.evidence.delivery
    return [
        *([delivery.by_eventbridge(alarm)] if ctx.policy.delivery.eventbridge else []),
        *([delivery.by_composite(alarm)] if ctx.policy.delivery.composite else []),
    ]


def _of_topic(topic: Topic, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """What cannot be told of all alarms of a topic alike is said once."""
    alarms = [
        alarm
        for alarm in ctx.evidence.notifications.dependents(topic)
        if not any(route.exists for route in _routes(alarm, ctx))
    ]
    if not alarms:
        return
    paths = [
        path
        for path in ctx.evidence.notifications.told(alarms[0]).paths
        if path.destination.key == (topic.stack, topic.subject)
    ]
    reasons, cures = _reasons(paths, Reach.UNTOLD)
    who = f"{alarms[0].subject} reaches" if len(alarms) == 1 else f"{len(alarms)} alarms reach"
    yield ctx.undecided(
        topic,
        f"whether {who} anybody by it cannot be told: {_listed(reasons)}",
        at="",
        help=_listed(cures[:1]) or _SUBSCRIBE,
        related=tuple(_related(paths, topic, ctx)),
    )


def _reasons(paths: Iterable[Path], reach: Reach) -> tuple[list[str], list[str]]:
    """Where the ways end, or may end, in words, and what mends it."""
    reasons: list[str] = []
    cures: list[str] = []
    for path in paths:
        name = path.destination.name
        steps = [(f"{end.subscriber.subject} of {name}", end.step) for end in path.ends]
        if path.stop is not None and (path.stop.reach is reach or not path.ends):
            steps = [(name, path.stop)]
        if not steps:
            reasons.append(f"nothing in the input subscribes to {name}")
            cures.append(_SUBSCRIBE)
        for who, step in steps:
            if step.reach is reach or reach is Reach.NOT_REACHED:
                reasons.append(f"{who} {step.why}{_cause(step)}")
                cures.append(step.cure)
    return reasons, [cure for cure in dict.fromkeys(cures) if cure]


def _cause(step: Step) -> str:
    return f" ({step.cause})" if step.cause and step.cause not in step.why else ""


def _related(paths: Iterable[Path], fact: Fact, ctx: Context[NoSettings]) -> Iterator[Related]:
    for path in paths:
        topic = path.destination.topic
        if topic is not None and topic is not fact:
            at = path.stop.at if path.stop is not None and path.stop.fact is None else ""
            yield ctx.related("the topic that is notified", topic, at)
        for end in path.ends[:_SHOWN]:
            untold = end.step.reach is Reach.UNTOLD
            words = "from here on it cannot be told" if untold else "where the message ends"
            yield ctx.related(words, end.step.fact or end.subscriber, end.step.at)


def _listed(texts: list[str]) -> str:
    rest = f"; and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return "; ".join(texts[:_SHOWN]) + rest
