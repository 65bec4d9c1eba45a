"""ALM024: alarm-watches-elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from kfm_audit.evidence.alarm.series import Series, series_of
from kfm_audit.evidence.alarm.watching import namesake, not_by_name, only_by_name, watched_by
from kfm_audit.evidence.leads import bare
from kfm_audit.evidence.places import HOME, apart, only_at_home, place_of
from kfm_audit.facts import Alarm, CompositeAlarm, Function, MetricAlarm, Queue
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule
from kfm_audit.values import ABSENT, Known, ReferenceKind, Unknown, ends_of, known

_ACTIONS: Final = ("alarm_actions", "ok_actions", "insufficient_data_actions")


@rule("ALM024", on=(MetricAlarm, CompositeAlarm), severity=Severity.ERROR)
def alarm_watches_elsewhere(alarm: Alarm, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """The alarm, what it watches and the topic that it notifies do not belong together.

    ## Why
    CloudWatch takes an alarm on any metric, also on one that never has data where the alarm lives. So it
    says nothing when an alarm stands in another region or account than the queue, when it watches the
    queue of another environment, or when a dimension holds the ARN or URL of a queue where AWS publishes
    its name: the alarm stays in INSUFFICIENT_DATA, or in OK with `notBreaching`, whatever happens. The
    metrics of CloudFront, of Route 53 health checks and of billing are in `us-east-1` alone, wherever
    people are.

    An action on a topic of another region is refused when it is applied. An alarm of one environment that
    notifies the topic of another is a warning: some teams share a topic. A topic of another account is
    the concern of its policy (SNS004), and a metric of another account is reached by `account_id` in its
    query. The environment of an alarm is told by its name, its tags or its stack, in this order; that of
    a topic and of a dimension by its name.

    An ARN or URL is also meant where a dimension is known only after apply and comes from a queue or topic
    whose name is in the input: of such a resource only these are unknown.

    ## Bad
    ```terraform main.tf
    resource "aws_sqs_queue" "ingest" {
      name = "prod-ingest"
    }

    resource "aws_cloudwatch_metric_alarm" "age" {
      alarm_name  = "prod-ingest-age"
      namespace   = "AWS/SQS"
      metric_name = "ApproximateAgeOfOldestMessage"
      dimensions  = { QueueName = aws_sqs_queue.ingest.arn }
    }
    ```

    ## Good
    ```terraform main.tf
    resource "aws_sqs_queue" "ingest" {
      name = "prod-ingest"
    }

    resource "aws_cloudwatch_metric_alarm" "age" {
      alarm_name  = "prod-ingest-age"
      namespace   = "AWS/SQS"
      metric_name = "ApproximateAgeOfOldestMessage"
      dimensions  = { QueueName = aws_sqs_queue.ingest.name }
    }
    ```

    ## When it is undecided
    Where alarm and resource have different provider configurations whose regions or accounts the input
    does not show; where another stack of the run has a resource of the name too; and where the region of
    an alarm on CloudFront, Route 53 or billing is not in the input.

    ## Settings
    `environments.names` (with aliases) and `environments.tags`. Without any name in the policy
    environments are not compared.

    ## References
    CloudWatch's answer at apply: "Invalid region ca-central-1 specified. Only us-west-2 is supported".
    CloudWatch user guide, "Metrics concepts" ("Metrics exist only in the Region in which they are
    created") and "Create a billing alarm"; CloudFront developer guide, "View CloudFront and edge function
    metrics"; Route 53 developer guide, "Monitoring health checks using CloudWatch"; SQS developer guide,
    "Available CloudWatch metrics for Amazon SQS".
    """
    if isinstance(alarm, MetricAlarm):
        found = series_of(alarm)
        for series in () if isinstance(found, Unknown) else found:
            yield from _watched(alarm, series, ctx)
    seen: set[str] = set()
    for attribute in _ACTIONS:
        match getattr(alarm, attribute):
            case Known(actions, sensitive):
                for action in actions:
                    if action not in seen and not sensitive:
                        seen.add(action)
                        yield from _notified(alarm, action, attribute, ctx)
            case Unknown() as unknown:
                for reference in unknown.references:
                    if reference.name not in seen:
                        seen.add(reference.name)
                        if reference.kind is ReferenceKind.CONSTANT:
                            yield from _notified(alarm, reference.name, attribute, ctx)
                        elif reference.kind is ReferenceKind.RESOURCE:
                            yield from _notified_later(alarm, Unknown((reference,)), attribute, ctx)


def _watched(alarm: MetricAlarm, series: Series, ctx: Context[NoSettings]) -> Iterator[Finding]:
    namespace = known(series.namespace)
    if namespace is None or series.is_secret:
        return
    yield from _at_home(alarm, namespace, f"{series.at}namespace", ctx)
    at = f"{series.at}dimensions"
    if isinstance(series.dimensions, Unknown):
        yield from _not_by_name(alarm, namespace, series.dimensions, at, ctx)
        return
    dimensions = known(series.dimensions) or {}
    wrong = not_by_name(namespace, dimensions)
    if wrong is not None:
        yield ctx.fail(
            alarm,
            f"reads {series.name} by {wrong.key} = {wrong.value}, and AWS publishes it by the name: "
            "it never has data",
            at=at,
            help=f"give the resource's {wrong.attribute}",
            key=wrong.key,
        )
        return
    yield from _other_environment(alarm, dimensions, at, ctx)
    if series.account_id is not ABSENT:
        return
    yield from _apart(alarm, watched_by(alarm, namespace, dimensions, ctx.evidence), at, ctx)


def _at_home(alarm: MetricAlarm, namespace: str, at: str, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """Metrics that are in `us-east-1` alone."""
    region = place_of(alarm).region if only_at_home(namespace, "") else HOME
    what = only_at_home(namespace, region)
    if region == HOME or not what:
        return
    if region:
        yield ctx.fail(
            alarm,
            f"lives in {region}, and {what} are in {HOME} alone: it never has data",
            at=at,
            help=f"give it a provider of {HOME}, and a topic there too",
        )
    else:
        yield ctx.undecided(
            alarm,
            f"reads {namespace}, and {what} are in {HOME} alone: the input does not show where it lives",
            at=at,
            help=f"write the region into the provider configuration of the alarm; it must be {HOME}",
        )


def _not_by_name(
    alarm: MetricAlarm, namespace: str, unknown: Unknown, at: str, ctx: Context[NoSettings]
) -> Iterator[Finding]:
    """A dimension known after apply that comes from one queue or topic alone, whose name is known."""
    found = only_by_name(alarm, namespace, unknown, ctx.evidence)
    if found is None:
        return
    address, ways, key = found
    yield ctx.fail(
        alarm,
        f"watches {address} by its {ways}, and AWS publishes its metrics by {key}, the name: "
        "it never has data",
        at=at,
        help=f"write {key} = {'.'.join(bare(address).split('.')[-2:])}.name",
        key=key,
    )


def _other_environment(
    alarm: MetricAlarm, dimensions: Mapping[str, str], at: str, ctx: Context[NoSettings]
) -> Iterator[Finding]:
    if not ctx.evidence.environments.named:
        return
    places = ctx.evidence.places
    for key, value in dimensions.items():
        watched = ctx.evidence.environments.named_in(value)
        own = places.environment_of(alarm) if watched is not None else None
        if own is not None and own != watched:
            yield ctx.fail(
                alarm,
                f"is an alarm of {own} and watches {value}, which is of {watched}",
                at=at,
                help=f"watch the {key} of {own}, or name the alarm after {watched}",
                key=key,
            )
            return


def _apart(
    alarm: MetricAlarm, facts: tuple[Queue | Function, ...], at: str, ctx: Context[NoSettings]
) -> Iterator[Finding]:
    """What the alarm watches, in another region or account than the alarm. One of several near it is enough."""
    if not facts:
        return
    found = [apart(alarm, fact) for fact in facts]
    if False in found:
        return
    fact, differ = facts[0], found[0]
    if isinstance(differ, tuple):
        yield _away(alarm, fact, differ, at, ctx)
        return
    yield ctx.undecided(
        alarm,
        f"watches {fact.subject} under another provider configuration than its own: whether both live in "
        "one region and account is not in the input",
        at=at,
        help="write region and role into both provider configurations, or give both the same",
    )


def _away(
    alarm: MetricAlarm, fact: Queue | Function, places: tuple[str, str], at: str, ctx: Context[NoSettings]
) -> Finding:
    (here, there), again = places, namesake(fact, ctx.evidence)
    if again is not None:
        return ctx.undecided(
            alarm,
            f"lives in {here}, and {fact.subject} in {there}: it may watch the one of its name that "
            f"{again.stack} makes",
            at=at,
            help=f"if it watches the one of {again.stack}, suppress this finding with that reason; if not, "
            "give both the same provider",
        )
    return ctx.fail(
        alarm,
        f"lives in {here} and watches {fact.subject}, which lives in {there}: it never has data",
        at=at,
        help="give both the same provider, or, for another account, set account_id in a metric_query",
        related=(ctx.related("is watched", fact),),
    )


def _notified(alarm: Alarm, action: str, at: str, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """A topic that is named by its ARN."""
    topic = ctx.evidence.places.of_topic(action)
    if topic is None:
        return
    region = place_of(alarm).region
    if region and topic.region and region != topic.region:
        yield _refused(alarm, region, action, topic.region, at, ctx)
    else:
        yield from _other_topic(alarm, topic.name, action, at, ctx)


def _notified_later(alarm: Alarm, unknown: Unknown, at: str, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """A topic that is yet to be made."""
    if not ctx.evidence.named("Topic"):
        return
    topics = ctx.evidence.alarms.topics.leads.of(unknown, alarm).facts
    found = [apart(alarm, topic) for topic in topics]
    if not topics or False in found:
        if topics and isinstance(topics[0].name, Known) and not topics[0].name.sensitive:
            yield from _other_topic(alarm, topics[0].name.value, topics[0].subject, at, ctx)
        return
    regions = place_of(alarm).region, place_of(topics[0]).region
    if all(regions) and regions[0] != regions[1]:
        yield _refused(alarm, regions[0], topics[0].subject, regions[1], at, ctx)
    elif not all(regions):
        yield ctx.undecided(
            alarm,
            f"notifies {ends_of(unknown)} under another provider configuration than its own: whether both "
            "live in one region, as CloudWatch asks, is not in the input",
            at=at,
            help="write the region into both provider configurations, or give both the same",
            key=topics[0].subject,
        )


def _refused(alarm: Alarm, here: str, topic: str, there: str, at: str, ctx: Context[NoSettings]) -> Finding:
    return ctx.fail(
        alarm,
        f"lives in {here} and notifies {topic}, which lives in {there}: CloudWatch refuses the alarm",
        at=at,
        help=f"notify a topic of {here}; to be told in {there}, subscribe from there to that topic",
        key=topic,
    )


def _other_topic(alarm: Alarm, name: str, topic: str, at: str, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """An alarm of one environment that notifies the topic of another."""
    if not ctx.evidence.environments.named:
        return
    notified = ctx.evidence.environments.named_in(name)
    own = ctx.evidence.places.environment_of(alarm) if notified is not None else None
    if own is not None and own != notified:
        yield ctx.fail(
            alarm,
            f"is an alarm of {own} and notifies {topic}, which is of {notified}",
            at=at,
            help=f"notify the topic of {own}; if the two share one, suppress this finding with that reason",
            severity=Severity.WARNING,
            key=topic,
        )
