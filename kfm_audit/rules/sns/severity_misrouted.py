"""SNS005: severity-misrouted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from kfm_audit.evidence.alarm.severities import Fit, Meant, Said, SaidInPart
from kfm_audit.evidence.notification.reach import End, Path, Reach
from kfm_audit.facts import Alarm, CompositeAlarm, Fact, MetricAlarm
from kfm_audit.rules.kit import Context, Finding, Related, Severity, rule
from kfm_audit.values import Known, Unknown, ends_of

_FILTER: Final = (
    'filter on the body (filter_policy_scope = "MessageBody", {"AlarmName": [{"prefix": "..."}]}): CloudWatch '
    "sends no severity"
)


class Misrouting(Struct, frozen=True, forbid_unknown_fields=True):
    """What `rules: {SNS005: ...}` may say."""

    tags: tuple[str, ...] = ("severity", "priority")
    """Tag keys that name the severity of an alarm, whatever their case."""


class _Recipient(Struct, frozen=True):
    """Who gets the alarm: a topic, or a subscriber of one. `sure` False: a filter policy may keep it out."""

    name: str
    meant: Meant
    fact: Fact | None
    sure: bool = True


@rule("SNS005", on=(MetricAlarm, CompositeAlarm), severity=Severity.WARNING, settings=Misrouting)
def severity_misrouted(alarm: MetricAlarm | CompositeAlarm, ctx: Context[Misrouting]) -> Iterator[Finding]:
    r"""The alarm goes to those who are told of another severity.

    ## Why
    A Sev2 that arrives in the mailbox for Sev3 is read on Monday; a Sev3 that calls the pager teaches people to
    switch it off. CloudWatch knows no severity: it is a word in a name, a tag that nobody forwards, and the
    topic that somebody chose by hand.

    The rule follows each alarm over its topics to the subscribers that their filter policies let it through to,
    and compares its severity with what these are for. Of an alarm a glob of the policy says it
    (`delivery.severities`), else a tag, else a word of its name or address: `Sev2`, `P0`, `critical`, `warning`,
    the policy's own (`telemetry.vocabularies.severity`) and their other `words`; and where none of them does, the
    contract alarm that it keeps (`alarms.contract`). Of a topic or subscriber it is
    a glob of the policy, else its name or address; one that names none is for any. Severities are compared
    within one vocabulary only: whether P1 is Sev2 the policy has to say.

    An alarm may well tell too many: that a Sev2 is in the channel for Sev3 also is fine, as long as somebody
    for Sev2, or for any, gets it. Where it is among those for something worse, it always fails. A composite
    above the alarm is judged itself.

    ## Bad
    ```hcl main.tf
    resource "aws_sns_topic" "sev2" {
      name = "kfm-prod-alerts-sev2"
    }

    resource "aws_sns_topic" "sev3" {
      name = "kfm-prod-alerts-sev3"
    }

    resource "aws_cloudwatch_metric_alarm" "backlog" {
      alarm_name          = "kfm-prod-ingest-backlog-sev2"
      namespace           = "AWS/SQS"
      metric_name         = "ApproximateNumberOfMessagesVisible"
      dimensions          = { QueueName = "kfm-prod-ingest" }
      statistic           = "Maximum"
      period              = 300
      evaluation_periods  = 3
      comparison_operator = "GreaterThanOrEqualToThreshold"
      threshold           = 5000
      alarm_actions       = [aws_sns_topic.sev3.arn]
    }
    ```

    ## Good
    ```hcl main.tf
    resource "aws_sns_topic" "sev2" {
      name = "kfm-prod-alerts-sev2"
    }

    resource "aws_sns_topic" "sev3" {
      name = "kfm-prod-alerts-sev3"
    }

    resource "aws_cloudwatch_metric_alarm" "backlog" {
      alarm_name          = "kfm-prod-ingest-backlog-sev2"
      namespace           = "AWS/SQS"
      metric_name         = "ApproximateNumberOfMessagesVisible"
      dimensions          = { QueueName = "kfm-prod-ingest" }
      statistic           = "Maximum"
      period              = 300
      evaluation_periods  = 3
      comparison_operator = "GreaterThanOrEqualToThreshold"
      threshold           = 5000
      alarm_actions       = [aws_sns_topic.sev2.arn]
    }
    ```

    ## When it is undecided
    Who gets it is for some severities, and that of the alarm is known only after apply; or it goes to others by the
    part of its name that is known, and the rest may say another severity; or only a filter policy
    that cannot be evaluated, an action that is known only after apply or an EventBridge rule stands between the
    alarm and the wrong people; or policy says whom they are for in words that cannot be compared with the
    alarm's.

    ## Settings
    `tags` names the tag keys that tell the severity of an alarm. `delivery.severities` of the policy lists the
    severities, worst first: `{Sev2: {words: [critical], alarms: [...], topics: [...], subscribers: [...]}}`. The
    `severity` of each alarm of `alarms.contract`.

    ## References
    KFM reliability runbook, guard rails: Sev2/Sev3 on one SNS topic with filter policies. CloudWatch user guide,
    "Notifying users on alarm changes"; SNS developer guide, "Amazon SNS subscription filter policies".
    """
    if alarm.actions_enabled == Known(False):
        return
    told = ctx.evidence.notifications.told(alarm)
    recipients = [item for path in told.paths for item in _recipients(path, ctx)]
    if not any(item.meant.names for item in recipients):
        return
    from kfm_audit.evidence.alarm.gravity import severity_of

    said = severity_of(ctx.evidence, alarm, ctx.settings.tags)
    if isinstance(said, SaidInPart):
        said = said.said
    if isinstance(said, Unknown):
        from kfm_audit.evidence.unset import cure, when

        first = next(item for item in recipients if item.meant.names)
        yield ctx.undecided(
            alarm,
            f"goes to {_described(first)}, and which severity it is itself {when(said, alarm)} ({ends_of(said)})",
            at="alarm_actions",
            help=cure(said, "give it a name or a tag severity that the input shows", alarm),
            related=_related([first], ctx),
        )
    elif said is not None:
        yield from _judged(alarm, said, recipients, told.open, ctx)


def _judged(
    alarm: Alarm,
    said: Said,
    recipients: list[_Recipient],
    opened: tuple[str, ...],
    ctx: Context[Misrouting],
) -> Iterator[Finding]:
    fits = [(item, ctx.evidence.severities.fit(said.name, item.meant)) for item in recipients]
    lesser = [item for item, fit in fits if fit is Fit.LESSER and item.sure]
    right = [item for item, fit in fits if fit is Fit.RIGHT]
    if lesser and not any(item.sure for item in right):
        yield from _told_too_little(alarm, said, lesser, _doubt(alarm, right, opened, ctx), ctx)
    for item, fit in fits:
        if fit is Fit.UNTOLD and item.meant.by_policy:
            yield ctx.undecided(
                alarm,
                f"is {said.name} by {said.by} and goes to {_described(item)}: whether that is the same cannot be "
                "told",
                at="alarm_actions",
                help=f"name {said.name} in the policy: under delivery.severities, or among the words of one",
                related=_related([item], ctx),
                key=item.name,
            )
        elif fit in (Fit.GRAVER, Fit.OTHER):
            yield _told_too_much(alarm, said, item, ctx)


def _told_too_little(
    alarm: Alarm, said: Said, lesser: list[_Recipient], doubt: str | None, ctx: Context[Misrouting]
) -> Iterator[Finding]:
    if doubt == "":
        return
    doubt = _open(said) or doubt
    where = " and ".join(_described(item) for item in lesser[:2])
    more = f" and {len(lesser) - 2} more" if len(lesser) > 2 else ""
    cure = (
        f"let it notify who is told of {said.name} (alarm_actions, or a subscription to the topic); or mend {said.by}, "
        "if it can wait"
    )
    make = ctx.fail if doubt is None else ctx.undecided
    message = f"is {said.name} by {said.by}, and goes to {where}{more} alone"
    yield make(
        alarm,
        message if doubt is None else f"{message}, as far as is shown: {doubt}",
        at="alarm_actions",
        help=cure,
        related=_related(lesser, ctx),
    )


def _told_too_much(alarm: Alarm, said: Said, item: _Recipient, ctx: Context[Misrouting]) -> Finding:
    place = "subscription" if item.fact is not None and item.fact.kind == "subscription" else "topic"
    if place == "subscription":
        cure = f"give the subscription a filter policy that keeps {said.name} out, or each severity a topic; {_FILTER}"
    else:
        cure = f"let it notify a topic that is for {said.name}; or mend {said.by}, if it is what the topic is for"
    message = f"is {said.name} by {said.by}, and goes to {_described(item)}"
    unless = f", as far as is shown: {_open(said)}" if said.open else ""
    if not item.sure:
        unless = ", unless its filter policy keeps it out, which cannot be told"
    make = ctx.undecided if unless else ctx.fail
    return make(
        alarm,
        f"{message}{unless}",
        at="alarm_actions",
        help=cure,
        related=_related([item], ctx),
        key=item.name,
    )


def _open(said: Said) -> str:
    """Why it may be of another severity after all."""
    return f"{said.open} may put another severity into its name" if said.open else ""


def _doubt(
    alarm: Alarm, right: list[_Recipient], opened: tuple[str, ...], ctx: Context[Misrouting]
) -> str | None:
    """Why somebody right may be told after all; "" where somebody is, None where nobody is."""
    if right:
        return f"a filter policy that cannot be told may let it through to {right[0].name}"
    if opened:
        return f"what else it notifies is not known ({', '.join(opened)})"
    delivery, policy = ctx.evidence.delivery, ctx.policy.delivery
    if policy.composite:
        route = delivery.by_composite(alarm)
        if route.exists is not False:
            return "" if route.exists else f"a composite may tell others ({route.why})"
    if policy.eventbridge:
        route = delivery.by_eventbridge(alarm)
        if route.exists is not False:
            return f"an EventBridge rule may tell others ({route.why})"
    return None


def _recipients(path: Path, ctx: Context[Misrouting]) -> Iterator[_Recipient]:
    """Those who get the message: the topic stands for all its subscribers that are not for something else."""
    if path.stop is not None and path.stop.reach is Reach.NOT_REACHED:
        return
    severities, destination = ctx.evidence.severities, path.destination
    meant = severities.of_topic(destination)
    alike = []
    for end in path.ends:
        if end.step.reach is Reach.NOT_REACHED:
            continue
        own = severities.of_subscriber(end.subscriber)
        if own.names in ((), meant.names):
            alike.append(_passes(end))
        else:
            name = f"{end.subscriber.subject} of {destination.name}"
            yield _Recipient(name, own, end.subscriber, _passes(end))
    if alike or not path.ends or path.stop is not None:
        yield _Recipient(destination.name, meant, destination.topic, not alike or any(alike))


def _passes(end: End) -> bool:
    """Whether the filter policy lets the message through; whether the endpoint takes it is SNS001's."""
    step = end.step
    return step.reach is Reach.REACHED or not (step.of_alarm or step.at.startswith("filter_policy"))


def _described(item: _Recipient) -> str:
    return f"{item.name} (for {' and '.join(item.meant.names)}, says {item.meant.by})"


def _related(items: list[_Recipient], ctx: Context[Misrouting]) -> tuple[Related, ...]:
    return tuple(
        ctx.related(f"is for {' and '.join(item.meant.names)}", item.fact)
        for item in items[:3]
        if item.fact is not None
    )
