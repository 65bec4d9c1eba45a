"""What is deployed joined to what Terraform declares, so that each thing is judged once.

Answers of AWS are put together first: pages, and what several calls say of one
thing. What Terraform declares too is then judged as declared, with what only AWS
knows (whether somebody confirmed a subscription) added to it; the two alarms of a
pair become an `AlarmComparison`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeVar

import msgspec

from kfm_audit.aws.arns import parse_arn
from kfm_audit.evidence.alarm.comparisons import compare
from kfm_audit.evidence.leads import Leads
from kfm_audit.facts import (
    AlarmMuteRule,
    Change,
    CompositeAlarm,
    DeployedListing,
    DeployedTags,
    Fact,
    MetricAlarm,
    Queue,
    Subscription,
    Topic,
    UnreadableInput,
)
from kfm_audit.values import Known, Unknown, known

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence

F = TypeVar("F", bound=Fact)
A = TypeVar("A", MetricAlarm, CompositeAlarm)


def join_deployed(evidence: Evidence) -> None:
    """Put together what AWS said, join it to what Terraform declares, and compare the alarms."""
    evidence.add(_missing_pages(evidence.of(DeployedListing)))
    tags = {fact.subject: fact.tags for fact in evidence.of(DeployedTags)}
    evidence.put(MetricAlarm, [_tagged(fact, tags) for fact in _once(evidence.of(MetricAlarm))])
    evidence.put(CompositeAlarm, [_tagged(fact, tags) for fact in _once(evidence.of(CompositeAlarm))])
    evidence.put(Topic, _topics(evidence))
    evidence.put(Subscription, _subscriptions(evidence))
    evidence.put(Queue, _undeclared(_once(evidence.of(Queue)), lambda queue: known(queue.arn)))
    evidence.put(AlarmMuteRule, _undeclared(_once(evidence.of(AlarmMuteRule)), lambda rule: known(rule.name)))
    compare(evidence)


def _once(facts: Iterable[F]) -> list[F]:
    """Each deployed thing once: of several answers about it the one that leaves the least open."""
    kept: list[F] = []
    at: dict[str, int] = {}
    for fact in facts:
        if not fact.deployed:
            kept.append(fact)
        elif fact.subject not in at:
            at[fact.subject] = len(kept)
            kept.append(fact)
        elif _open(fact) < _open(kept[at[fact.subject]]):
            kept[at[fact.subject]] = fact
    return kept


def _open(fact: Fact) -> int:
    return sum(isinstance(getattr(fact, name), Unknown) for name in fact.__struct_fields__)


def _tagged(alarm: A, tags: dict[str, Mapping[str, str]]) -> A:
    if not alarm.deployed or alarm.subject not in tags:
        return alarm
    return msgspec.structs.replace(alarm, tags=Known(tags[alarm.subject]))


def _topics(evidence: Evidence) -> list[Topic]:
    """The topics, each once. One that sources declare gets the ARN under which it exists."""
    every = _once(evidence.of(Topic))
    deployed = [topic for topic in every if topic.deployed]
    by_name: dict[str, list[Topic]] = {}
    for topic in deployed:
        by_name.setdefault(known(topic.name) or "", []).append(topic)
    found = []
    for topic in every:
        same = by_name.get(known(topic.name) or "", [])
        # A plan knows the ARN of what exists; of a name that several regions have nothing is taken.
        if topic.deployed or isinstance(topic.arn, Known) or topic.change is not Change.UNCHANGED:
            found.append(topic)
        elif len(same) == 1 and _region(topic) in ("", _region(same[0])):
            found.append(
                msgspec.structs.replace(
                    topic, arn=same[0].arn, subscriptions_confirmed=same[0].subscriptions_confirmed
                )
            )
        else:
            found.append(topic)
    return _undeclared(found, lambda topic: known(topic.arn))


def _region(topic: Topic) -> str:
    arn = parse_arn(known(topic.arn) or "")
    return arn.region if arn else (known(topic.provider) or {}).get("region", "")


def _undeclared(facts: list[F], name: Callable[[F], str | None]) -> list[F]:
    """All but what is deployed and declared too, under the same ARN or name."""
    declared = {name(fact) for fact in facts if not fact.deployed and name(fact)}
    return [fact for fact in facts if not fact.deployed or name(fact) not in declared]


def _subscriptions(evidence: Evidence) -> list[Subscription]:
    """The subscriptions, each once; those that are declared know whether they are confirmed."""
    leads = Leads(evidence.of(Topic), lambda topic: (topic.arn,), lambda topic: (topic.name,))
    every = _once(evidence.of(Subscription))
    actual = {_end(fact, known(fact.topic_arn) or ""): fact for fact in every if fact.deployed}
    used: set[str] = set()
    found: list[Subscription] = []
    for fact in every:
        if fact.deployed:
            continue
        match = None
        for arn in _topic_arns(fact, leads):
            match = match or actual.get(_end(fact, arn))
        if match is None:
            found.append(fact)
            continue
        used.add(match.subject)
        found.append(msgspec.structs.replace(fact, pending_confirmation=match.pending_confirmation))
    return [*found, *(fact for fact in every if fact.deployed and fact.subject not in used)]


def _topic_arns(subscription: Subscription, leads: Leads[Topic]) -> Iterator[str]:
    if isinstance(subscription.topic_arn, Known):
        yield subscription.topic_arn.value
    for topic in leads.of(subscription.topic_arn, subscription).facts:
        if isinstance(topic.arn, Known):
            yield topic.arn.value


def _end(subscription: Subscription, topic: str) -> tuple[str, str | None, str | None]:
    return topic, known(subscription.protocol), known(subscription.endpoint) or subscription.subject


def _missing_pages(listings: Iterable[DeployedListing]) -> Iterator[Fact]:
    """A page that says that another follows, where no last page was read."""
    pages: dict[tuple[str, ...], list[DeployedListing]] = {}
    for page in listings:
        pages.setdefault((page.listed.value, page.account, page.region), []).append(page)
    for same in pages.values():
        if not any(page.last for page in same):
            page = same[-1]
            yield UnreadableInput(
                subject=page.origin.input,
                origin=page.origin,
                cause=f"is one page of {page.listed.value}, says that another follows (NextToken), "
                "and no input holds it",
                cure="leave out --max-items and --no-paginate, or give all pages",
                part="the next page",
            )
