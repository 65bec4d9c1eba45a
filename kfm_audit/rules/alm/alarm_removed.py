"""ALM022: alarm-removed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kfm_audit.aws.arns import alarm_name
from kfm_audit.evidence.alarm.readings import queries_of, readings_of
from kfm_audit.evidence.notification.reach import Reach
from kfm_audit.facts import Alarm, Change, CompositeAlarm, Fact, MetricAlarm, Subscription
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule
from kfm_audit.values import Known, Unknown, known


@rule(
    "ALM022",
    on=(MetricAlarm, CompositeAlarm, Subscription),
    changes=frozenset({Change.DELETED, Change.CHANGED}),
    severity=Severity.WARNING,
)
def alarm_removed(fact: Fact, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """The plan takes away an alarm or its last listener, and leaves what was watched.

    ## Why
    In a plan of forty changes one `- destroy` of an alarm is easily missed, and nothing breaks when it is
    gone: the queue still works, and whoever was told before is told no more. The rule is silent where the
    resource goes too, where another alarm of the plan reads the same metric, where an alarm of the same
    name stays, and where the alarm told nobody in the first place.

    The same happens without a delete: an alarm loses its action, a subscription gets another endpoint or filter.
    What the plan changes is followed twice, as it stands and as it will stand: where somebody got an alarm and
    nobody will, the change is said to be the cause. Why nobody does is ALM001's, ALM002's or SNS001's.

    ## Bad
    ```json tfplan.json
    {
      "format_version": "1.2",
      "terraform_version": "1.9.5",
      "resource_changes": [
        {
          "address": "aws_sqs_queue.prod_soils",
          "mode": "managed",
          "type": "aws_sqs_queue",
          "name": "prod_soils",
          "change": {
            "actions": ["no-op"],
            "after": {
              "name": "prod-soils",
              "arn": "arn:aws:sqs:us-east-1:111122223333:prod-soils"
            },
            "after_unknown": {}
          }
        },
        {
          "address": "aws_cloudwatch_metric_alarm.age",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "age",
          "change": {
            "actions": ["delete"],
            "before": {
              "alarm_name": "prod-age",
              "namespace": "AWS/SQS",
              "metric_name": "ApproximateAgeOfOldestMessage",
              "dimensions": {"QueueName": "prod-soils"},
              "alarm_actions": [
                "arn:aws:sns:us-east-1:111122223333:oncall"
              ]
            },
            "after": null,
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
          "address": "aws_sqs_queue.prod_soils",
          "mode": "managed",
          "type": "aws_sqs_queue",
          "name": "prod_soils",
          "change": {
            "actions": ["delete"],
            "before": {"name": "prod-soils"},
            "after": null,
            "after_unknown": {}
          }
        },
        {
          "address": "aws_cloudwatch_metric_alarm.age",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "age",
          "change": {
            "actions": ["delete"],
            "before": {
              "alarm_name": "prod-age",
              "namespace": "AWS/SQS",
              "metric_name": "ApproximateAgeOfOldestMessage",
              "dimensions": {"QueueName": "prod-soils"},
              "alarm_actions": [
                "arn:aws:sns:us-east-1:111122223333:oncall"
              ]
            },
            "after": null,
            "after_unknown": {}
          }
        }
      ]
    }
    ```

    ## When it is undecided
    Where the resource is not in the plan, or of a kind that this rule does not know: it may stay, or go with
    another stack. Where an alarm is deleted that names no metric (PromQL, Metrics Insights, `SEARCH`), and no
    other asks the same: what its query watches is not read. Where a subscription changes, and whether anybody
    gets the alarm by it then cannot be told: a new endpoint has to be confirmed.

    ## Settings
    None.

    ## References
    Terraform, `terraform show -json`: `resource_changes[].change.actions`.
    """
    if not ctx.evidence.alarms.readings.is_left(fact.stack):
        return  # the whole stack goes
    if fact.change is Change.CHANGED:
        yield from _changed(fact, ctx)
    elif isinstance(fact, MetricAlarm):
        yield from _alarm(fact, ctx)
    elif isinstance(fact, CompositeAlarm):
        yield from _composite(fact, ctx)
    elif isinstance(fact, Subscription):
        yield from _subscription(fact, ctx)


def _alarm(alarm: MetricAlarm, ctx: Context[NoSettings]) -> Iterator[Finding]:
    told, readings, queries = _told(alarm, ctx), readings_of(alarm), queries_of(alarm)
    joined = ctx.evidence.alarms.readings
    if not told or _replaced(alarm, ctx):
        return
    if queries and not joined.are_queried(alarm.stack, queries):
        yield ctx.undecided(
            alarm,
            f"is deleted, and what its {_language(alarm, queries)} watches is not read here: it told {told}; whether "
            "another alarm watches that, or it is gone, cannot be told",
            help="if what it watches stays, keep the alarm; if it is gone, suppress this finding with that reason",
        )
    if not readings or joined.are_read(alarm.stack, readings):
        return
    values = dict.fromkeys(value for reading in readings for _, value in reading.dimensions)
    fates = [found for value in values if (found := joined.fates(alarm.stack, (value,)))]
    what = str(readings[0])
    # A service goes while its cluster stays: one of what the dimensions name is enough.
    if any(all(change is Change.DELETED for change in found) for found in fates):
        return
    if fates:
        yield ctx.fail(
            alarm,
            f"is deleted, and {what} stays: it told {told}, and now nobody is told",
            help="keep the alarm, or delete it together with what it watches; if another alarm takes its "
            "place, "
            "make it in the same plan",
        )
    else:
        yield ctx.undecided(
            alarm,
            f"is deleted, and no other alarm of this plan reads {what}: it told {told}; whether the "
            "resource stays is "
            "not in this plan",
            help="if the resource stays, keep the alarm; if it is gone, suppress this finding with that "
            "reason",
        )


def _language(alarm: MetricAlarm, queries: tuple[str, ...]) -> str:
    if alarm.is_promql:
        return "PromQL query"
    from kfm_audit.aws.math_syntax import is_metrics_insights

    return "Metrics Insights query" if any(map(is_metrics_insights, queries)) else "expression"


def _composite(alarm: CompositeAlarm, ctx: Context[NoSettings]) -> Iterator[Finding]:
    told = _told(alarm, ctx)
    if not told or _replaced(alarm, ctx):
        return
    left = [
        child
        for name in dict.fromkeys(alarm_name(item.child) for item in ctx.evidence.alarms.children_of(alarm))
        for child in ctx.evidence.alarms.named(alarm, name)
        if not _told(child, ctx)
    ]
    if left:
        more = f" and {len(left) - 1} more" if len(left) > 1 else ""
        yield ctx.fail(
            alarm,
            f"is deleted, and {left[0].subject}{more}, which it watched, stays: it told {told}, and now "
            "nobody is told",
            help="keep the composite, or give the alarms that it watched an action of their own in the "
            "same plan",
            related=tuple(ctx.related("is heard by nobody then", child) for child in left[:3]),
        )


def _subscription(subscription: Subscription, ctx: Context[NoSettings]) -> Iterator[Finding]:
    topics = ctx.evidence.alarms.topics
    for topic in topics.leads.of(subscription.topic_arn, subscription).facts:
        destination = topics.destination(topic)
        alarms = topics.alarms(destination)
        if topic.change is Change.DELETED or topics.subscribers(destination) or not alarms:
            continue
        more = f" and {len(alarms) - 1} more" if len(alarms) > 1 else ""
        protocol = known(subscription.protocol) or "a subscriber"
        yield ctx.fail(
            subscription,
            f"is deleted, and was the last subscriber of {topic.subject}: {alarms[0].subject}{more} told "
            "it by "
            f"{protocol}, and now nobody is told",
            help="add the subscription that takes its place in the same plan, or delete the alarms and "
            "the topic too",
            related=(ctx.related("notifies the topic", alarms[0], "alarm_actions"),),
        )


def _changed(fact: Fact, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """What reached somebody before the plan, and reaches nobody after it."""
    earlier = ctx.evidence.earlier
    if isinstance(fact, Alarm):
        gone = earlier.reach(fact) is Reach.NOT_REACHED and not _another_way(fact, ctx)
        heard = earlier.heard(fact) if gone else ()
        if heard:
            yield ctx.fail(
                fact,
                f"changes, and reaches nobody then: until now it reaches {_named([end.subscriber for end in heard])}",
                at="actions_enabled" if fact.actions_enabled == Known(False) else "alarm_actions",
                help="keep a topic in alarm_actions that somebody is subscribed to, and actions_enabled true",
                related=tuple(ctx.related("got it until now", end.subscriber) for end in heard[:3]),
            )
    elif isinstance(fact, Subscription):
        lost = earlier.lost_by(fact)
        for alarms, make in ((lost.unheard, ctx.fail), (lost.untold, ctx.undecided)):
            left = [alarm for alarm in alarms if not _another_way(alarm, ctx)]
            if left:
                then = "reaches nobody then" if make == ctx.fail else "may reach nobody then"
                yield make(
                    fact,
                    f"changes, and {_named(left)}, which somebody gets by it until now, {then}"
                    + (f": it {lost.why}" if lost.why else ""),
                    help="keep what it was until another subscription gets the alarms: add the new one beside it, confirm "
                    "it, see its first message, and take the old one away then",
                    related=tuple(ctx.related("is told by it", alarm, "alarm_actions") for alarm in left[:3]),
                    key=then,
                )


def _another_way(alarm: Alarm, ctx: Context[NoSettings]) -> bool:
    """Whether a composite or EventBridge tells somebody, or may."""
    delivery, policy = ctx.evidence.delivery, ctx.policy.delivery
    return (policy.composite and delivery.by_composite(alarm).exists is not False) or (
        policy.eventbridge and delivery.by_eventbridge(alarm).exists is not False
    )


def _named(facts: Sequence[Fact]) -> str:
    return facts[0].subject if len(facts) == 1 else f"{facts[0].subject} and {len(facts) - 1} more"


def _told(alarm: Alarm, ctx: Context[NoSettings]) -> str:
    """Whom an alarm notifies, or may notify; "" where that is nobody."""
    topics = ctx.evidence.delivery.notified_topics(alarm)
    if isinstance(topics, Unknown):
        return "a topic that is known only after apply"
    if topics.value:
        return "a topic that is marked sensitive" if topics.sensitive else topics.value[0]
    route = ctx.evidence.delivery.by_composite(alarm)
    return route.why if route.exists else ""


def _replaced(alarm: Alarm, ctx: Context[NoSettings]) -> bool:
    return bool(ctx.evidence.alarms.named(alarm, known(alarm.alarm_name) or ""))
