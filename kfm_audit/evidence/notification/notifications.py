"""Notifications followed from an alarm over its topics to those who read them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.evidence.notification.reach import (
    REACHED,
    Destination,
    End,
    Never,
    Path,
    Reach,
    Refusal,
    Step,
    Told,
)
from kfm_audit.evidence.notification.topics import Subscriber, Topics
from kfm_audit.facts import Alarm, Change, ChatChannel, Fact, Subscription, Topic, UnseenModule
from kfm_audit.values import Attribute, Known

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence
    from kfm_audit.evidence.notification.filtering import Filtering
    from kfm_audit.evidence.notification.publishing import Publishing
    from kfm_audit.evidence.notification.receiving import Receiving


SUBSCRIBE: Final = (
    "add an aws_sns_topic_subscription whose endpoint somebody reads; one that was made by hand belongs into "
    "the code too: nobody can review what is not in it"
)

_MAY_NOT_BE: Final = Step(
    reach=Reach.UNTOLD,
    why="may not be made: its count or for_each is not known from the sources",
    cure="check a plan, or give the variables in terraform.tfvars or a *.auto.tfvars file",
)


class Notifications:
    """What becomes of the notifications of alarms."""

    def __init__(self, evidence: Evidence) -> None:
        """Follow nothing before it is asked for."""
        self._evidence = evidence
        self._topics = Topics(evidence)
        self._received: dict[tuple[str, str, tuple[str, str]], Step] = {}
        self._told: dict[tuple[str, str, AlarmState], Told] = {}
        self._alike: dict[tuple[object, ...], Told] = {}
        """What is told of alarms that go the same ways, by these: each of them is held by what is told."""
        self._shared: dict[tuple[tuple[str, str], str, bool], Path | None] = {}
        self._waiting: dict[int, tuple[str, str] | None] = {}

    def told(self, alarm: Alarm, state: AlarmState = AlarmState.ALARM) -> Told:
        """All ways of the alarm's notification about its change to a state, and what becomes of it."""
        key = (alarm.stack, alarm.subject, state)
        if key not in self._told:
            destinations, opened = self._topics.of_alarm(alarm, state)
            paths = tuple([self._path(item, alarm, state) for item in destinations])
            alike = (*map(id, paths), *opened)
            self._told[key] = self._alike.setdefault(alike, Told(paths, opened))
        return self._told[key]

    def alarms(self, topic: Topic) -> tuple[Alarm, ...]:
        """The alarms that notify the topic and may act."""
        return self._topics.alarms(self._topics.destination(topic))

    def alarms_before(self, subscription: Subscription) -> tuple[Alarm, ...]:
        """The alarms whose topics the subscription is to."""
        return self._alarms_before.get((subscription.stack, subscription.subject), ())

    def refusal(self, subscription: Subscription) -> Refusal | None:
        """Why SNS refuses the subscription's filter policy; None where it does not, or cannot be told."""
        return self._filtering.refusal(subscription)

    def doubts(self, subscription: Subscription) -> tuple[str, ...]:
        """Why SNS might refuse the filter policy, where AWS's documents disagree."""
        policy = self._filtering.policy(subscription)
        return getattr(policy, "doubts", ())

    def never(self, subscription: Subscription) -> Never | None:
        """The key for which the subscription gets none of its alarms' messages, whatever they are about."""
        return self._filtering.never(subscription, self.alarms_before(subscription))

    def published(self, topic: Topic) -> tuple[tuple[Alarm, Step], ...]:
        """What the topic says to what CloudWatch publishes for each alarm that notifies it."""
        return tuple((alarm, self._publishing.step(topic, alarm)) for alarm in self.alarms(topic))

    def policy_of(self, topic: Topic) -> tuple[Fact, Attribute[str]]:
        """The policy of the topic that holds, and the fact that says so."""
        return self._publishing.policy(topic)

    def has_subscribers(self, topic: Topic) -> bool | None:
        """Whether anybody is subscribed to the topic; None where that cannot be told."""
        destination = self._topics.destination(topic)
        subscribers = self._topics.subscribers(destination)
        if subscribers:
            return True
        unseen = self._unseen_subscribers(destination, subscribers)
        return None if unseen is not None and unseen.reach is Reach.UNTOLD else False

    def dependents(self, topic: Topic) -> tuple[Alarm, ...]:
        """Alarms of which it cannot be told if anybody is told, for a reason that is the topic's own."""
        key = self._topics.destination(topic).key
        return tuple(
            alarm for alarm in self.alarms(topic) if self.waits_for(alarm) and self._waits(alarm) == key
        )

    def waits_for(self, alarm: Alarm) -> bool:
        """Whether it cannot be told if anybody is told, for a reason that is a topic's own."""
        return self._waits(alarm) is not None

    def _waits(self, alarm: Alarm) -> tuple[str, str] | None:
        """The topic at which the same cannot be told for all alarms: one of the input, else the first."""
        told = self.told(alarm)
        key = id(told)
        if key not in self._waiting:
            self._waiting[key] = _waits_at(told)
        return self._waiting[key]

    @cached_property
    def unseen(self) -> tuple[tuple[str, int], ...]:
        """Topics that no input holds, by name, and how many alarms nobody but they may tell."""
        found: dict[str, int] = {}
        for destination in self._topics.all:
            if destination.topic is None:
                waiting = [a for a in self._topics.alarms(destination) if self._waits(a) == destination.key]
                if waiting:
                    found[destination.name] = len(waiting)
        return tuple(sorted(found.items()))

    @cached_property
    def _unseen_modules(self) -> dict[str, str]:
        """For each stack the first module whose sources are not there."""
        found: dict[str, str] = {}
        for module in self._evidence.of(UnseenModule):
            found.setdefault(module.stack, module.subject)
        return found

    @cached_property
    def _alarms_before(self) -> dict[tuple[str, str], tuple[Alarm, ...]]:
        found: dict[tuple[str, str], list[Alarm]] = {}
        for destination in self._topics.all:
            for subscriber in self._topics.subscribers(destination):
                alarms = found.setdefault((subscriber.stack, subscriber.subject), [])
                alarms += self._topics.alarms(destination)
        return {key: tuple(alarms) for key, alarms in found.items()}

    @cached_property
    def _publishing(self) -> Publishing:
        from kfm_audit.evidence.notification.publishing import Publishing

        return Publishing(self._evidence, self._topics.leads)

    @cached_property
    def _filtering(self) -> Filtering:
        from kfm_audit.evidence.notification.filtering import Filtering

        return Filtering()

    @cached_property
    def _receiving(self) -> Receiving:
        from kfm_audit.evidence.notification.receiving import Receiving

        return Receiving(self._evidence)

    def _path(self, destination: Destination, alarm: Alarm, state: AlarmState) -> Path:
        """The way by a topic, which most go alike: it is followed once, unless something on it looks at the alarm."""
        key = (destination.key, destination.name, alarm.indefinite)
        if key not in self._shared:
            path = self._followed(destination, alarm, state)
            self._shared[key] = None if self._looks_at_alarms(destination) else path
            return path
        return self._shared[key] or self._followed(destination, alarm, state)

    def _looks_at_alarms(self, destination: Destination) -> bool:
        topic = destination.topic
        return (topic is not None and self._publishing.names_sources(topic)) or any(
            isinstance(item, Subscription) and self._filtering.policy(item) is not None
            for item in self._topics.subscribers(destination)
        )

    def _followed(self, destination: Destination, alarm: Alarm, state: AlarmState) -> Path:
        topic = destination.topic
        if topic is not None:
            if topic.change is Change.DELETED:
                why = "is deleted by this plan"
                cure = "notify a topic that stays"
                return Path(destination, stop=Step(reach=Reach.NOT_REACHED, why=why, cure=cure, fact=topic))
            published = self._publishing.step(topic, alarm)
            if published.reach is Reach.NOT_REACHED:
                return Path(destination, stop=published)
        subscribers = self._topics.subscribers(destination)
        ends = tuple(End(item, self._end(item, destination, alarm, state)) for item in subscribers)
        if any(end.step.reach is Reach.REACHED for end in ends):
            return Path(destination, ends)
        return Path(destination, ends, self._unseen_subscribers(destination, subscribers))

    def _unseen_subscribers(
        self, destination: Destination, subscribers: tuple[Subscriber, ...]
    ) -> Step | None:
        """Why there may be subscribers that the input does not show; None where it shows all."""
        topic = destination.topic
        if self._topics.lists_all(destination):
            why = "exists, and AWS lists no subscription to it that is confirmed"
            return None if subscribers else Step(reach=Reach.NOT_REACHED, why=why, cure=SUBSCRIBE)
        if topic is None:
            why = "is not in the input, nor are its subscribers"
            return Step(reach=Reach.UNTOLD, why=why)
        floating = self._topics.floating(topic.stack)
        if floating:
            why = f"may have {floating[0].subject} as a subscriber, whose topic is known only after apply"
            cure = "give it a topic that the plan knows"
            return Step(reach=Reach.UNTOLD, why=why, cure=cure, fact=floating[0])
        if subscribers:
            return None  # where some are shown, all are taken to be
        module = self._unseen_modules.get(topic.stack)
        if module is not None:
            why = f"may have subscribers in {module}, whose sources are not in the input"
            return Step(reach=Reach.UNTOLD, why=why, cure="check a plan, which shows what is in all modules")
        if not isinstance(topic.arn, Known):
            return None  # a topic that has no ARN yet has no subscriber but those of the input
        why = "exists already, and no input shows a subscription to it"
        return Step(reach=Reach.UNTOLD, why=why, cure=SUBSCRIBE)

    def _end(self, subscriber: Subscriber, destination: Destination, alarm: Alarm, state: AlarmState) -> Step:
        step = self._step(subscriber, destination, alarm, state)
        topic = destination.topic
        if subscriber.indefinite and not alarm.indefinite and not (topic is not None and topic.indefinite):
            return _MAY_NOT_BE if step.reach is Reach.REACHED else step
        return step

    def _step(
        self, subscriber: Subscriber, destination: Destination, alarm: Alarm, state: AlarmState
    ) -> Step:
        if isinstance(subscriber, ChatChannel):
            return REACHED
        filtered = self._filtering.step(subscriber, alarm, state)
        if filtered.reach is Reach.NOT_REACHED:
            return filtered
        received = self._receive(subscriber, destination)
        # What certainly stops the message says more than what may.
        return (
            received if received.reach is Reach.NOT_REACHED or filtered.reach is Reach.REACHED else filtered
        )

    def _receive(self, subscription: Subscription, destination: Destination) -> Step:
        key = (subscription.stack, subscription.subject, destination.key)
        if key not in self._received:
            self._received[key] = self._receiving.step(subscription, destination)
        return self._received[key]


def _waits_at(told: Told) -> tuple[str, str] | None:
    """The topic at which what is told ends alike for all alarms."""
    if told.reach is not Reach.UNTOLD or told.open:
        return None
    for path in sorted(told.paths, key=lambda path: path.destination.topic is None):
        if path.reach is Reach.UNTOLD and not any(_of_alarm(step) for step in _steps(path)):
            return path.destination.key
    return None


def _steps(path: Path) -> tuple[Step, ...]:
    return (path.stop,) if path.stop is not None else tuple(end.step for end in path.ends)


def _of_alarm(step: Step) -> bool:
    return step.reach is Reach.UNTOLD and step.of_alarm
