"""Who receives what an alarm sends: over its topics and their filter policies to the subscribers."""

from __future__ import annotations

import time
from collections.abc import Iterator

from msgspec import Struct, structs

from kfm_audit.aws.alarm_message import TIME
from kfm_audit.aws.arns import parse_arn
from kfm_audit.aws.message import Message, Value
from kfm_audit.evidence import Evidence
from kfm_audit.evidence.alarm.alarms import account_of, region_of
from kfm_audit.evidence.notification.published import published
from kfm_audit.evidence.notification.reach import Destination, Path, Reach
from kfm_audit.facts import ChatChannel, CompositeAlarm, Subscription
from kfm_audit.simulation.composite import name_of
from kfm_audit.simulation.timeline import Notice, StateChange
from kfm_audit.values import known


class Delivery(Struct, frozen=True, kw_only=True):
    """What becomes of a notice at one subscriber of one topic, or at a topic that stops it.

    `subscriber` is None where the topic stops it, or where the input shows
    none. `reach` says whether it arrives, or that it cannot be told; `why` is a
    clause about the subscriber, else the topic, that says why it does not.
    """

    topic: Destination
    subscriber: Subscription | ChatChannel | None
    reach: Reach
    why: str = ""


def deliveries(evidence: Evidence, notice: Notice) -> tuple[Delivery, ...]:
    """All ways of a notice, in the order of topics and subscribers; () for one that goes to no topic.

    What reaches nobody because a topic has no subscriber is one delivery without
    a subscriber.
    """
    told = evidence.notifications.told(notice.alarm, notice.change.new)
    return tuple(delivery for path in told.paths for delivery in _of(path))


def message(evidence: Evidence, notice: Notice) -> Message:
    """What CloudWatch publishes for a notice, with what the moment gives filled in.

    Values that the input does not hold are the markers of `kfm_audit.aws.message`.
    """
    alarm, change = notice.alarm, notice.change
    found = published(alarm, region_of(alarm), _account(evidence, notice), change.new)
    assert found.body is not None, "an alarm's message is a JSON object"
    body: dict[str, Value] = dict(found.body)
    body |= {"StateChangeTime": _timestamp(change.at), "OldStateValue": change.old.value}
    body |= {"NewStateReason": change.reason} if change.reason else {}
    body["ActionExecutedAfterMuteWindow"] = False
    if isinstance(alarm, CompositeAlarm) and change.child is not None:
        body["TriggeringChildren"] = (_child(change),)
    return structs.replace(found, body={key: body[key] for key in found.body})


def _account(evidence: Evidence, notice: Notice) -> str:
    """The alarm's account: that of its provider's role, else that of a topic of its own stack; else ""."""
    alarm = notice.alarm
    topics = (path.destination.topic for path in evidence.notifications.told(alarm, notice.change.new).paths)
    arns = (parse_arn(known(topic.arn) or "") for topic in topics if topic and topic.stack == alarm.stack)
    return account_of(alarm) or next((arn.account for arn in arns if arn is not None), "")


def _of(path: Path) -> Iterator[Delivery]:
    topic = path.destination
    for end in path.ends:
        step = end.step
        yield Delivery(topic=topic, subscriber=end.subscriber, reach=step.reach, why=step.why)
    if path.stop is not None:
        yield Delivery(topic=topic, subscriber=None, reach=path.stop.reach, why=path.stop.why)
    elif not path.ends:
        yield Delivery(topic=topic, subscriber=None, reach=Reach.NOT_REACHED, why="has no subscriber")


def _child(change: StateChange) -> Value:
    assert change.child is not None
    words = change.reason.partition(" transitioned to ")[2].split()
    state: dict[str, Value] = {"Value": words[0] if words else "", "Timestamp": _timestamp(change.at)}
    return {"Arn": name_of(change.child), "State": state}


def _timestamp(at: int) -> str:
    """`2026-09-14T11:18:44.000+0000`: always in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.000", time.gmtime(at)) + TIME.suffix
