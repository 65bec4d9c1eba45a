"""Alarms joined to the topics that they notify, and topics to their subscribers."""

from __future__ import annotations

from collections.abc import Hashable
from functools import cached_property
from typing import TYPE_CHECKING, Final

from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.aws.arns import parse_arn
from kfm_audit.evidence.leads import Lead, Leads, indexed, keys_in
from kfm_audit.evidence.notification.delivery import Action, of_reference
from kfm_audit.evidence.notification.reach import Destination
from kfm_audit.facts import (
    Alarm,
    Change,
    ChatChannel,
    CompositeAlarm,
    Fact,
    MetricAlarm,
    Subscription,
    Topic,
)
from kfm_audit.values import ABSENT, Attribute, Known, Reference, ReferenceKind, Unknown, known

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence

Subscriber = Subscription | ChatChannel

_INDICES: Final = ("each.key", "count.index")


class Topics:
    """Who notifies which topic, and who is subscribed to it."""

    def __init__(self, evidence: Evidence) -> None:
        """Index nothing before it is asked for."""
        self._evidence = evidence
        self._led_to: dict[Hashable, tuple[tuple[Destination, ...], tuple[str, ...]]] = {}

    @cached_property
    def leads(self) -> Leads[Topic]:
        """The topics of all inputs, by what they are named with."""
        return Leads(self._evidence.of(Topic), lambda topic: (topic.arn,), lambda topic: (topic.name,))

    def of_alarm(
        self, alarm: Alarm, state: AlarmState = AlarmState.ALARM
    ) -> tuple[tuple[Destination, ...], tuple[str, ...]]:
        """The topics that the alarm notifies of its change to a state, and references that may lead to others."""
        actions = actions_into(alarm, state)
        if actions is ABSENT:
            return (), ()
        # What a reference leads to hangs on the instance keys besides.
        key = (alarm.stack, actions, keys_in(alarm.subject))
        if key not in self._led_to:
            self._led_to[key] = self._leading_to(alarm, actions)
        return self._led_to[key]

    def _leading_to(
        self, alarm: Alarm, actions: Attribute[tuple[str, ...]]
    ) -> tuple[tuple[Destination, ...], tuple[str, ...]]:
        match actions:
            case Known(value):
                topics = [arn for arn in value if _is_topic(arn)]
                return _unique([self._of_arn(arn, alarm, secret=actions.sensitive) for arn in topics]), ()
            case Unknown(references):
                one = indexed(actions)
                found: list[Destination] = []
                opened: list[str] = []
                for reference in references:
                    match of_reference(reference):
                        case Action.SNS:
                            found += self._of_reference(reference, alarm, one=one)
                        case Action.UNKNOWN:
                            opened.append(reference.name)
                        case _:
                            pass
                # Beside a topic these are its index: a plan writes `x[each.key]` as `x` and `each.key`.
                other = [name for name in opened if not found or not name.endswith(_INDICES)]
                return _unique(found), tuple(dict.fromkeys(other))
            case _:
                return (), ()

    def subscribers(self, destination: Destination) -> tuple[Subscriber, ...]:
        """Those of the inputs that will be subscribed to the topic, in the order of the inputs."""
        return tuple(self._joined.get(destination.key, ()))

    def lists_all(self, destination: Destination) -> bool:
        """Whether AWS itself listed all subscriptions of the topic, or says that it has none."""
        topic = destination.topic
        if topic is not None and topic.subscriptions_confirmed == Known(0):
            return True
        name = (known(topic.arn) if topic is not None else destination.name) or ""
        arn = parse_arn(name)
        return arn is not None and not self._listed.isdisjoint({(arn.account, arn.region), (name, "")})

    @cached_property
    def _listed(self) -> frozenset[tuple[str, str]]:
        """The accounts and regions whose subscriptions were listed, and the topics that were asked alone."""
        if not self._evidence.named("DeployedListing"):
            return frozenset()
        from kfm_audit.facts import DeployedListing, Listed

        return frozenset(
            (page.topic, "") if page.topic else (page.account, page.region)
            for page in self._evidence.of(DeployedListing)
            if page.listed is Listed.SUBSCRIPTIONS and page.account
        )

    def floating(self, stack: str) -> tuple[Subscriber, ...]:
        """Subscribers of a stack of which the input does not say what they are subscribed to."""
        return tuple(self._joined.get((stack, ""), ()))

    def alarms(self, destination: Destination) -> tuple[Alarm, ...]:
        """The alarms that notify the topic and may act."""
        found = self._notified.get(destination.key)
        return tuple(found[1]) if found else ()

    @property
    def all(self) -> tuple[Destination, ...]:
        """All topics that some alarm notifies, in the order of the alarms."""
        return tuple(destination for destination, _ in self._notified.values())

    def destination(self, topic: Topic) -> Destination:
        """The topic of an input, as a destination."""
        return Destination((topic.stack, topic.subject), topic.subject, topic)

    @cached_property
    def _notified(self) -> dict[tuple[str, str], tuple[Destination, list[Alarm]]]:
        found: dict[tuple[str, str], tuple[Destination, list[Alarm]]] = {}
        for alarm in (*self._evidence.of(MetricAlarm), *self._evidence.of(CompositeAlarm)):
            if alarm.change is Change.DELETED or alarm.actions_enabled == Known(False):
                continue
            for destination in self.of_alarm(alarm)[0]:
                found.setdefault(destination.key, (destination, []))[1].append(alarm)
        return found

    @cached_property
    def _joined(self) -> dict[tuple[str, str], list[Subscriber]]:
        found: dict[tuple[str, str], list[Subscriber]] = {}
        for subscription in self._evidence.of(Subscription):
            self._join(found, subscription, subscription.topic_arn)
        for channel in self._evidence.of(ChatChannel):
            for attribute in _each(channel.sns_topic_arns):
                self._join(found, channel, attribute)
        return found

    def _join(
        self,
        found: dict[tuple[str, str], list[Subscriber]],
        subscriber: Subscriber,
        attribute: Attribute[str],
    ) -> None:
        if subscriber.change is Change.DELETED:
            return
        lead = self.leads.of(attribute, subscriber)
        keys = [destination.key for destination in self._led(lead, subscriber)]
        # Where several references stand in one expression, what is open beside a topic is its condition.
        for key in dict.fromkeys(keys) if keys else [(subscriber.stack, "")]:
            found.setdefault(key, []).append(subscriber)

    def _led(self, lead: Lead[Topic], at: Fact) -> list[Destination]:
        return [self.destination(topic) for topic in lead.facts] + [
            _elsewhere(name, at) for name in lead.elsewhere
        ]

    def _of_arn(self, arn: str, at: Fact, *, secret: bool) -> Destination:
        lead = self.leads.of_text(arn, at)
        if not lead.facts:
            # The ARN of a topic that is yet to be made is put together from its name.
            parsed = parse_arn(arn)
            named = self.leads.of_text(parsed.resource, at).facts if parsed else ()
            lead = Lead(tuple(topic for topic in named if not isinstance(topic.arn, Known)))
        if lead.facts:
            return self.destination(lead.facts[0])
        found = _elsewhere(arn, at)
        return Destination(found.key, "a topic that is marked sensitive") if secret else found

    def _of_reference(self, reference: Reference, at: Fact, *, one: bool) -> list[Destination]:
        if reference.kind is ReferenceKind.CONSTANT:
            return [self._of_arn(reference.name, at, secret=False)]
        return self._led(self.leads.of_reference(reference, at, one=one), at)


def actions_into(alarm: Alarm, state: AlarmState) -> Attribute[tuple[str, ...]]:
    """The actions that an alarm takes when it changes into a state."""
    match state:
        case AlarmState.ALARM:
            return alarm.alarm_actions
        case AlarmState.OK:
            return alarm.ok_actions
        case AlarmState.INSUFFICIENT_DATA:
            return alarm.insufficient_data_actions


def _elsewhere(name: str, at: Fact) -> Destination:
    """A topic that no input holds: an ARN names it everywhere, a reference in its own stack."""
    return Destination(("" if _is_topic(name) else at.stack, name), name)


def _is_topic(text: str) -> bool:
    arn = parse_arn(text)
    return arn is not None and arn.service == "sns"


def _each(attribute: Attribute[tuple[str, ...]]) -> list[Attribute[str]]:
    match attribute:
        case Known(value):
            return [Known(item, attribute.sensitive) for item in value]
        case Unknown(references):
            return [Unknown((reference,)) for reference in references]
        case _:
            return []


def _unique(destinations: list[Destination]) -> tuple[Destination, ...]:
    return tuple({destination.key: destination for destination in destinations}.values())
