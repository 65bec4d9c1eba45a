"""The queues and functions of the evidence, and the alarms that hear of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property

from msgspec import Struct

from kfm_audit.drill.modes import NAMESPACES, Mode, Role
from kfm_audit.evidence import Evidence
from kfm_audit.evidence.alarm.series import series_of
from kfm_audit.evidence.notification.dead_letters import DeadLetters, called_so
from kfm_audit.evidence.places import apart
from kfm_audit.facts import Alarm, Change, Function, MetricAlarm, Queue
from kfm_audit.policy.contract import ResourceKind
from kfm_audit.simulation.timeline import key_of
from kfm_audit.values import Known, Unknown, known


class Resource(Struct, frozen=True, kw_only=True):
    """A queue or function. `names` are what the metrics of each role are named by.

    `subject` is its address, or its name where only alarms name it; `fact` is None then.
    """

    kind: ResourceKind
    stack: str
    subject: str
    names: dict[Role, str]
    fact: Queue | Function | None = None

    def unseen_by(self, mode: Mode) -> bool:
        """Whether a failure hardly shows on the resource itself, and what would show it is not in the input.

        A poison pill hardly shows on its queue: its consumer fails, and its dead-letter queue fills.
        """
        return self.kind == "queue" and mode.name == "poison-pill" and len(self.names) == 1


class Resources:
    """All resources, each joined to the alarms that read its metrics and those above them."""

    def __init__(self, evidence: Evidence) -> None:
        """Join nothing before it is asked for."""
        self._evidence = evidence
        self._dead_letters = DeadLetters(evidence)
        self._heard_by: dict[tuple[str, str, str], tuple[Alarm, ...]] = {}

    @cached_property
    def all(self) -> tuple[Resource, ...]:
        """Those of the inputs, in their order, then those that alarms alone name."""
        facts: tuple[Queue | Function, ...] = (*self._evidence.of(Queue), *self._evidence.of(Function))
        live = (fact for fact in facts if fact.change is not Change.DELETED)
        declared = [resource for fact in live if (resource := self.of(fact)) is not None]
        said = {(resource.kind == "function", resource.names[_own(resource)]) for resource in declared}
        return (
            *declared,
            *(item for item in self._named if (item.kind == "function", item.subject) not in said),
        )

    def of(self, fact: Queue | Function) -> Resource | None:
        """A resource of the inputs; None where its name is known only after apply, or secret."""
        name = fact.name if isinstance(fact, Queue) else fact.function_name
        if not isinstance(name, Known) or name.sensitive:
            return None
        names: dict[Role, str]
        if isinstance(fact, Function):
            kind: ResourceKind = "function"
            names = {"function": name.value}
        elif self._dead_letters.is_dead_letter_queue(fact):
            kind, names = "dlq", {"dlq": name.value}
        else:
            kind, names = "queue", {"queue": name.value}
            target = self._dead_letters.target(fact)
            for letter in (known(item.name) for item in target.facts) if target else ():
                names.setdefault("dlq", letter or "")
            for consumer in self._dead_letters.consumers(fact):
                names.setdefault("function", known(consumer.function_name) or "")
        return Resource(kind=kind, stack=fact.stack, subject=fact.subject, names=names, fact=fact)

    def alarms(self, resource: Resource) -> tuple[Alarm, ...]:
        """The alarms that read a metric of the resource, or of what belongs to it, and all composites above them."""
        key = (resource.kind, resource.stack, resource.subject)
        if key not in self._heard_by:
            self._heard_by[key] = self._hearing(resource)
        return self._heard_by[key]

    def _hearing(self, resource: Resource) -> tuple[Alarm, ...]:
        found: dict[tuple[str, str], Alarm] = {}
        waiting: list[Alarm] = [
            alarm
            for role, name in resource.names.items()
            for alarm in self._readers.get((*NAMESPACES[role], name), ())
            if self._is_meant(alarm, role, name, resource)
        ]
        while waiting:
            alarm = waiting.pop(0)
            if key_of(alarm) not in found:
                found[key_of(alarm)] = alarm
                waiting += self._evidence.alarms.above(alarm)
        return tuple(found.values())

    def _is_meant(self, alarm: MetricAlarm, role: Role, name: str, resource: Resource) -> bool:
        """Whether an alarm on a metric of that name is on this resource: names are the same in dev and in prod.

        An alarm speaks of what its own stack declares, else of what any does, and of its own region and account.
        """
        fact = resource.fact
        if fact is None:
            places = self._places[NAMESPACES[role][0], name]
            return places.get(alarm.stack) == places.get(resource.stack)
        if alarm.stack != fact.stack:
            return (alarm.stack, NAMESPACES[role][0], name) not in self._declared
        return not isinstance(apart(fact, alarm), tuple)

    @cached_property
    def _declared(self) -> frozenset[tuple[str, str, str]]:
        """The stacks that declare a queue or function, with its namespace and name."""
        queues = ((item, "AWS/SQS", known(item.name)) for item in self._evidence.of(Queue))
        functions = ((item, "AWS/Lambda", known(item.function_name)) for item in self._evidence.of(Function))
        return frozenset(
            (fact.stack, namespace, name)
            for fact, namespace, name in (*queues, *functions)
            if name is not None and fact.change is not Change.DELETED
        )

    @cached_property
    def _readers(self) -> dict[tuple[str, str, str], list[MetricAlarm]]:
        """Alarms by namespace, dimension and its value; of all stacks: alarms may stand in one of their own."""
        found: dict[tuple[str, str, str], list[MetricAlarm]] = defaultdict(list)
        for alarm in self._evidence.alarms.all:
            if isinstance(alarm, MetricAlarm):
                for key in dict.fromkeys(_read(alarm)):
                    found[key].append(alarm)
        return found

    @cached_property
    def _named(self) -> tuple[Resource, ...]:
        found = []
        for (namespace, _, name), alarms in self._readers.items():
            role: Role = "function" if namespace == "AWS/Lambda" else "dlq" if called_so(name) else "queue"
            first: dict[str, str] = {}
            for alarm in alarms:
                first.setdefault(self._places[namespace, name].get(alarm.stack, ""), alarm.stack)
            found += [
                Resource(kind=role, stack=stack, subject=name, names={role: name}) for stack in first.values()
            ]
        return tuple(found)

    @cached_property
    def _places(self) -> dict[tuple[str, str], dict[str, str]]:
        """For each name that alarms speak of, the stacks that speak of different resources, by what tells them apart.

        That is the account and region of what is deployed, or the environment of a stack; where it is not known of
        all of them, they are taken to speak of one resource.
        """
        found: dict[tuple[str, str], dict[str, str]] = {}
        for (namespace, _, name), alarms in self._readers.items():
            places = {alarm.stack: self._place(alarm) for alarm in alarms}
            found[namespace, name] = {} if "" in places.values() else places
        return found

    def _place(self, alarm: MetricAlarm) -> str:
        return alarm.stack if alarm.deployed else self._evidence.environments.named_in(alarm.stack) or ""


def _own(resource: Resource) -> Role:
    return resource.kind


def _read(alarm: MetricAlarm) -> Iterator[tuple[str, str, str]]:
    found = series_of(alarm)
    for series in () if isinstance(found, Unknown) else found:
        if series.is_secret:
            continue
        for namespace, dimension in _unique(NAMESPACES.values()):
            name = (known(series.dimensions) or {}).get(dimension)
            if known(series.namespace) == namespace and name is not None:
                yield namespace, dimension, name


def _unique(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(dict.fromkeys(pairs))
