"""Alarms joined to each other: by the names that they bear, and by the rules of composites.

CloudWatch keeps one namespace of names for metric and composite alarms in each
account and region. What the input shows of account and region is the provider
configuration, and the resource's own `region`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from kfm_audit.aws.arns import alarm_name, parse_arn
from kfm_audit.aws.partly_known import is_one
from kfm_audit.evidence.leads import without_last_key
from kfm_audit.facts import Alarm, Change, CompositeAlarm, MetricAlarm
from kfm_audit.values import Known, PartText, ReferenceKind, Unknown, known

if TYPE_CHECKING:
    from kfm_audit.aws.alarm_rule import InState, Node
    from kfm_audit.aws.alarm_rule_error import AlarmRuleError
    from kfm_audit.evidence.alarm.namesakes import Namesakes
    from kfm_audit.evidence.alarm.readings import Readings
    from kfm_audit.evidence.evidence import Evidence
    from kfm_audit.evidence.notification.topics import Topics

_Names: TypeAlias = dict[tuple[str, str], list[Alarm]]


class Alarms:
    """All alarms of a run, and who refers to whom."""

    def __init__(self, evidence: Evidence) -> None:
        """Join the alarms of `evidence`; nothing is computed before it is asked for."""
        self._evidence = evidence

    @cached_property
    def all(self) -> tuple[Alarm, ...]:
        """Every alarm that exists or will: those that the plan deletes are left out."""
        return tuple(alarm for alarm in self._every if alarm.change is not Change.DELETED)

    @cached_property
    def composites(self) -> tuple[CompositeAlarm, ...]:
        """Every composite alarm that exists or will."""
        return tuple(alarm for alarm in self.all if isinstance(alarm, CompositeAlarm))

    @cached_property
    def topics(self) -> Topics:
        """Alarms joined to topics, and these to their subscribers."""
        from kfm_audit.evidence.notification.topics import Topics

        return Topics(self._evidence)

    @cached_property
    def readings(self) -> Readings:
        """Alarms joined to what they watch."""
        from kfm_audit.evidence.alarm.readings import Readings

        return Readings(self._evidence)

    def named(self, beside: Alarm, name: str) -> tuple[Alarm, ...]:
        """The alarms of `beside`'s stack that bear a name, in its region as far as can be told."""
        found = self._by_name.get((beside.stack, name), ())
        return tuple(alarm for alarm in found if same_place(alarm, beside) is not False)

    def elsewhere(self, beside: Alarm, name: str) -> bool:
        """Whether another stack of this run has an alarm of that name."""
        return any(stack != beside.stack for stack in self._stacks_by_name.get(name, ()))

    def perhaps_named_as(self, alarm: Alarm) -> Alarm | None:
        """Another alarm of the stack that may bear the name of one whose name is not known, or not wholly."""
        stack = self._by_stack[alarm.stack]
        found: Iterator[Alarm]
        if isinstance(alarm.alarm_name, PartText):
            from kfm_audit.evidence.alarm.namesakes import Namesakes

            if alarm.stack not in self._namesakes:
                self._namesakes[alarm.stack] = Namesakes(stack)
            found = self._namesakes[alarm.stack].of(alarm)
        else:
            found = (other for other in stack if other.subject != alarm.subject)
        return next((other for other in found if same_place(alarm, other) is not False), None)

    def leaving(self, beside: Alarm, name: str) -> tuple[Alarm, ...]:
        """The alarms of `beside`'s stack that bear a name now, and will not: deleted, or renamed."""
        found = self._leaving.get((beside.stack, name), ())
        return tuple(alarm for alarm in found if same_place(alarm, beside) is not False)

    def rule_of(self, composite: CompositeAlarm) -> Node | AlarmRuleError | None:
        """The composite's rule, parsed, or what CloudWatch says of it; None where it is not known."""
        key = (composite.stack, composite.subject)
        if key not in self._rules:
            self._rules[key] = _parsed(composite)
        return self._rules[key]

    def children_of(self, composite: CompositeAlarm) -> tuple[InState, ...]:
        """The references in the composite's rule; () where it is not known or not valid."""
        from kfm_audit.aws.alarm_rule import children
        from kfm_audit.aws.alarm_rule_error import AlarmRuleError

        rule = self.rule_of(composite)
        return () if rule is None or isinstance(rule, AlarmRuleError) else tuple(children(rule))

    def below(self, composite: CompositeAlarm) -> tuple[Alarm, ...]:
        """The alarms of this run that the composite's rule speaks of, each once."""
        if isinstance(composite.alarm_rule, Unknown):
            names = {
                item.name for item in composite.alarm_rule.references if item.kind is ReferenceKind.RESOURCE
            }
            found = [alarm for name in sorted(names) for alarm in self._at(composite.stack, name)]
        else:
            found = [
                alarm
                for child in self.children_of(composite)
                for alarm in self.named(composite, alarm_name(child.child))
            ]
        return tuple({(alarm.stack, alarm.subject): alarm for alarm in found}.values())

    def suppressors(self) -> frozenset[tuple[str, str]]:
        """Stack and subject of each alarm that keeps back the actions of a composite."""
        return self._suppressors

    def in_cycle(self, composite: CompositeAlarm) -> tuple[Alarm, ...]:
        """The composites that `composite` shares a cycle with, itself among them; () where it is in none."""
        return self._cycles.get((composite.stack, composite.subject), ())

    def above(self, alarm: Alarm) -> tuple[CompositeAlarm, ...]:
        """The composites whose rule speaks of the alarm."""
        return tuple(self._above.get((alarm.stack, alarm.subject), ()))

    def _at(self, stack: str, name: str) -> Iterator[Alarm]:
        yield from self._by_subject.get((stack, name), ())

    def notify_themselves(self, stack: str, topic: str) -> int:
        """How many metric alarms of a stack notify a topic without a composite alarm between them."""
        return self._notifying.get((stack, topic), 0)

    @cached_property
    def _notifying(self) -> dict[tuple[str, str], int]:
        found: dict[tuple[str, str], int] = defaultdict(int)
        for alarm in self.all:
            topics = self._evidence.delivery.notified_topics(alarm)
            if isinstance(alarm, MetricAlarm) and isinstance(topics, Known):
                for topic in dict.fromkeys(topics.value):
                    found[alarm.stack, topic] += 1
        return found

    @cached_property
    def _every(self) -> tuple[Alarm, ...]:
        return (*self._evidence.of(MetricAlarm), *self._evidence.of(CompositeAlarm))

    @cached_property
    def _rules(self) -> dict[tuple[str, str], Node | AlarmRuleError | None]:
        return {}

    @cached_property
    def _by_name(self) -> _Names:
        found: _Names = defaultdict(list)
        for alarm in self.all:
            name = settled_name(alarm)
            if name is not None:
                found[alarm.stack, name].append(alarm)
        return found

    @cached_property
    def _by_stack(self) -> dict[str, list[Alarm]]:
        found: dict[str, list[Alarm]] = defaultdict(list)
        for alarm in self.all:
            found[alarm.stack].append(alarm)
        return found

    @cached_property
    def _namesakes(self) -> dict[str, Namesakes]:
        return {}

    @cached_property
    def _stacks_by_name(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for stack, name in self._by_name:
            found[name].append(stack)
        return found

    @cached_property
    def _by_subject(self) -> _Names:
        """By address, and by address without the instance key where there is one instance only."""
        found: _Names = defaultdict(list)
        for alarm in self.all:
            found[alarm.stack, alarm.subject].append(alarm)
        instances: _Names = defaultdict(list)
        for alarm in self.all:
            if alarm.subject.endswith("]"):
                instances[alarm.stack, without_last_key(alarm.subject)].append(alarm)
        found.update({key: alarms for key, alarms in instances.items() if len(alarms) == 1})
        return found

    @cached_property
    def _leaving(self) -> _Names:
        found: _Names = defaultdict(list)
        for alarm in self._every:
            past = alarm if alarm.change is Change.DELETED else alarm.before
            if not isinstance(past, Alarm) or not isinstance(past.alarm_name, Known):
                continue
            if past is alarm or past.alarm_name != alarm.alarm_name:
                found[alarm.stack, past.alarm_name.value].append(alarm)
        return found

    @cached_property
    def _above(self) -> dict[tuple[str, str], list[CompositeAlarm]]:
        found: dict[tuple[str, str], list[CompositeAlarm]] = defaultdict(list)
        for composite in self.composites:
            for alarm in self.below(composite):
                found[alarm.stack, alarm.subject].append(composite)
        return found

    @cached_property
    def _suppressors(self) -> frozenset[tuple[str, str]]:
        found: set[tuple[str, str]] = set()
        for composite in self.composites:
            if composite.actions_suppressor is None:
                continue
            match composite.actions_suppressor.alarm:
                case Known(reference):
                    suppressing = self.named(composite, alarm_name(reference))
                case Unknown(references):
                    suppressing = tuple(
                        alarm for item in references for alarm in self._at(composite.stack, item.name)
                    )
                case _:
                    suppressing = ()
            found.update((alarm.stack, alarm.subject) for alarm in suppressing)
        return frozenset(found)

    @cached_property
    def _cycles(self) -> dict[tuple[str, str], tuple[Alarm, ...]]:
        from kfm_audit.evidence.cycles import cycles

        composites = {(composite.stack, composite.subject): composite for composite in self.composites}
        edges = {
            key: tuple((alarm.stack, alarm.subject) for alarm in self.below(composite))
            for key, composite in composites.items()
        }
        return {
            key: tuple(composites[member] for member in members) for key, members in cycles(edges).items()
        }


def region_of(alarm: Alarm) -> str:
    """The region of an alarm: its own, else its provider's; "" where neither is told."""
    own = known(alarm.region)
    return own or (known(alarm.provider) or {}).get("region", "")


def settled_name(alarm: Alarm) -> str | None:
    """The name by which an alarm is told apart in its stack; None where it may turn out to be any.

    One that is known but for the stack's own variables is settled too: it holds a mark in their place.
    """
    match alarm.alarm_name:
        case Known(value):
            return value
        case PartText(text=text) if is_one(text):
            return text
        case _:
            return None


def same_place(one: Alarm, other: Alarm) -> bool | None:
    """Whether two alarms of a stack share account and region; None where it cannot be told."""
    regions = region_of(one), region_of(other)
    if all(regions) and regions[0] != regions[1]:
        return False
    if one.provider == other.provider and one.region == other.region:
        return True
    accounts = account_of(one), account_of(other)
    return False if all(accounts) and accounts[0] != accounts[1] else None


def account_of(alarm: Alarm) -> str:
    """The account of a deployed alarm, or that whose role the provider takes; "" where that is not told."""
    provider = known(alarm.provider) or {}
    role = parse_arn(provider.get("role_arn", ""))
    return role.account if role else provider.get("account_id", "")


def _parsed(composite: CompositeAlarm) -> Node | AlarmRuleError | None:
    from kfm_audit.aws.alarm_rule import parse_alarm_rule
    from kfm_audit.aws.alarm_rule_error import AlarmRuleError

    text = known(composite.alarm_rule)
    if text is None:
        return None
    try:
        return parse_alarm_rule(text)
    except AlarmRuleError as error:
        return error
