"""ALM001: alarm-without-sns-action."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.evidence.notification.delivery import Action
from kfm_audit.facts import Alarm, CompositeAlarm, MetricAlarm
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule
from kfm_audit.values import ABSENT, Attribute, Known, Unknown, ends_of

_HELP = (
    "set alarm_actions = [aws_sns_topic.<topic>.arn] to a topic with a subscriber; if it is meant to be "
    "silent, suppress this finding with a reason"
)

_SCALING_HELP = "nothing to do, unless somebody should know when it scales: then add a topic to alarm_actions"
_SUPPRESSOR_HELP = "nothing to do if it marks maintenance; if it marks a failure, nobody is told of that one: let it notify a topic"


@rule("ALM001", on=(MetricAlarm, CompositeAlarm), severity=Severity.ERROR)
def alarm_without_sns_action(alarm: Alarm, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """No SNS topic is told when the alarm goes off.

    ## Why
    An alarm that tells nobody is a graph with a red line: the queue fills, the alarm is in ALARM, and the
    first to know is the reader of the stale dataset. An action is an SNS topic where its ARN's service field
    says so, or where the expression that it comes from leads, through variables and module outputs, to a
    topic in the plan. A name that looks like SNS is no evidence. Notifications for OK or INSUFFICIENT_DATA
    are none for ALARM.

    Two other ways count where policy says so: an enabled EventBridge rule on the default bus that matches the
    alarm's change to ALARM, and a composite alarm above it that notifies SNS. A rule's target must be one
    that may tell somebody: a log group or stream only keeps the event, and a topic or function of the input
    must let `events.amazonaws.com` in, unless the target names a role. Alarms that only drive scaling
    (their actions are scaling policies, or their name begins with `TargetTracking-`) are notes. So are alarms whose
    actions are known only after apply and certainly lead elsewhere: a plan shows the references of such a list and
    hides the constants beside them. And so are those without an action that suppress a composite: one for a
    maintenance window is meant to be silent, one for a failure upstream is not.

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
    }
    ```

    ## Good
    ```hcl main.tf
    resource "aws_sns_topic" "oncall" {
      name = "oncall"
    }

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
      alarm_actions       = [aws_sns_topic.oncall.arn]
    }
    ```

    ## When it is undecided
    Where an action is known only after apply, or cannot be told from the sources alone, and its expression
    leads to something that the plan does not show: a local, `each.value`, a dynamic block, a resource that is
    not in the plan. The finding names it. And where an EventBridge rule or a composite may be a way, and it
    cannot be told whether it is one.

    ## Settings
    `delivery.eventbridge` and `delivery.composite` say whether these routes count (both do, unless policy
    says no).

    ## References
    CloudWatch user guide, "Alarm actions" and "Alarm events and EventBridge"; EventBridge user guide, "Using
    resource-based policies for Amazon EventBridge"; `aws_cloudwatch_metric_alarm` in the Terraform AWS provider: unset
    is null, a set that refers to a new resource is unknown as a whole.
    """
    topics = ctx.evidence.delivery.notified_topics(alarm)
    if isinstance(topics, Known) and topics.value:
        return
    routes = [
        *([ctx.evidence.delivery.by_eventbridge(alarm)] if ctx.policy.delivery.eventbridge else []),
        *([ctx.evidence.delivery.by_composite(alarm)] if ctx.policy.delivery.composite else []),
    ]
    if any(route.exists for route in routes):
        return
    if isinstance(topics, Unknown):
        from kfm_audit.evidence.unset import when

        yield ctx.undecided(
            alarm,
            f"whether it notifies an SNS topic {when(topics, alarm)}: its actions come from {ends_of(topics)}",
            at="alarm_actions",
            help=_hint(topics, alarm),
        )
        return
    maybe = next((route for route in routes if route.exists is None), None)
    if maybe is not None:
        yield ctx.undecided(
            alarm,
            "has no SNS action of its own, and whether another route leads to somebody cannot be told: "
            f"{maybe.why}",
            at="alarm_actions",
            help=_HELP,
        )
        return
    if alarm.alarm_actions in (ABSENT, Known(())) and (
        (alarm.stack, alarm.subject) in ctx.evidence.alarms.suppressors()
    ):
        yield ctx.fail(
            alarm,
            "only keeps the actions of a composite back, and notifies no SNS topic",
            at="alarm_actions",
            help=_SUPPRESSOR_HELP,
            severity=Severity.NOTE,
        )
        return
    ending = next((f"; {route.why}" for route in routes if route.why), "")
    only_scales = _only_scales(alarm, ctx)
    # A plan shows the references of an unknown set and hides the constants beside them.
    partly_hidden = isinstance(alarm.alarm_actions, Unknown)
    yield ctx.fail(
        alarm,
        ("only drives scaling and notifies no SNS topic" if only_scales else _message(alarm, ctx))
        + ending
        + (
            ", as far as a plan shows: constants beside references are not visible in it"
            if partly_hidden
            else ""
        ),
        at="alarm_actions",
        help=_SCALING_HELP if only_scales else _HELP,
        severity=Severity.NOTE if only_scales or partly_hidden else None,
    )


def _hint(topics: Unknown, alarm: Alarm) -> str:
    if any(".local." in f".{reference.name}" for reference in topics.references):
        return "a plan does not show locals: name the topic in alarm_actions itself, or audit the sources beside the plan"
    from kfm_audit.evidence.unset import cure

    return cure(
        topics,
        "lead the expression to a topic in this plan, or plan again after what it comes from exists",
        alarm,
    )


def _message(alarm: Alarm, ctx: Context[NoSettings]) -> str:
    actions = ctx.evidence.delivery.actions(alarm)
    if len(actions) == 1:
        return f"notifies no SNS topic: its only action, {_shown(alarm.alarm_actions)}, is none"
    if actions:
        return f"notifies no SNS topic: none of its {len(actions)} actions is one"
    others = [
        name
        for name, attribute in (
            ("OK", alarm.ok_actions),
            ("INSUFFICIENT_DATA", alarm.insufficient_data_actions),
        )
        if isinstance(attribute, Unknown) or (isinstance(attribute, Known) and attribute.value)
    ]
    if others:
        return f"notifies no SNS topic: it has actions for {' and '.join(others)} only"
    unset = "empty" if isinstance(alarm.alarm_actions, Known) else "not set"
    return f"notifies no SNS topic: alarm_actions is {unset}"


def _shown(actions: Attribute[tuple[str, ...]]) -> str:
    match actions:
        case Known(value, sensitive):
            return "which is marked sensitive" if sensitive else value[0] or '""'
        case Unknown(references):
            return references[0].name
        case _:
            return "unset"


def _only_scales(alarm: Alarm, ctx: Context[NoSettings]) -> bool:
    if isinstance(alarm.alarm_name, Known) and alarm.alarm_name.value.startswith("TargetTracking-"):
        return True
    actions = ctx.evidence.delivery.actions(alarm)
    return bool(actions) and all(action is Action.SCALING for action in actions)
