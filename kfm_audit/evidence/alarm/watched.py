"""Resources joined to the alarms that watch them, whatever those ask.

A resource is a queue or function of the input, or one that alarms name and no
input holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from kfm_audit.evidence.alarm.series import Series, series_of
from kfm_audit.evidence.leads import Lead
from kfm_audit.evidence.notification.dead_letters import DeadLetters, called_so
from kfm_audit.evidence.places import apart
from kfm_audit.facts import Change, Function, MetricAlarm, Queue
from kfm_audit.policy.contract import ResourceKind
from kfm_audit.values import Attribute, Known, Unknown, known, under

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence

_KEYS: Final = {"AWS/SQS": "QueueName", "AWS/Lambda": "FunctionName"}


class Resource(Struct):
    """A resource: `names` are its address and its name; `fact` is None where no input holds it."""

    kind: ResourceKind
    stack: str
    name: str
    names: tuple[str, ...]
    fact: Queue | Function | None
    alarms: list[MetricAlarm]


class Watched:
    """The resources of a run, each with its alarms, and the alarms of which it is not known what they watch."""

    def __init__(self, evidence: Evidence, dead_letters: DeadLetters) -> None:
        """Join nothing before it is asked for."""
        self._evidence = evidence
        self._dead_letters = dead_letters

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        """All resources: queues and functions of the inputs, then those that alarms name."""
        found: dict[tuple[str, str, str], Resource] = {}
        for queue in self._evidence.of(Queue):
            if queue.change is not Change.DELETED:
                kind: ResourceKind = "dlq" if self._dead_letters.is_dead_letter_queue(queue) else "queue"
                found["fact", queue.stack, queue.subject] = _declared(kind, queue, queue.name)
        for function in self._evidence.of(Function):
            if function.change is not Change.DELETED:
                key = ("fact", function.stack, function.subject)
                found[key] = _declared("function", function, function.function_name)
        for alarm in self._alarms:
            for key in self._keys(alarm):
                if key not in found:
                    kind = _kind_of(key[0], key[2])
                    found[key] = Resource(kind, key[1], key[2], (key[2],), None, [])
                found[key].alarms.append(alarm)
        return tuple(found.values())

    @cached_property
    def floating(self) -> Mapping[str, list[MetricAlarm]]:
        """For each stack the alarms of which the input does not show what they watch."""
        found: dict[str, list[MetricAlarm]] = {}
        for alarm in self._alarms:
            series = series_of(alarm)
            unknown = isinstance(series, Unknown) or any(
                isinstance(item.metric_name, Unknown) or _is_floating(item) for item in series
            )
            if unknown and not self._keys(alarm):
                found.setdefault(alarm.stack, []).append(alarm)
        return found

    @cached_property
    def _alarms(self) -> tuple[MetricAlarm, ...]:
        return tuple(alarm for alarm in self._evidence.of(MetricAlarm) if alarm.change is not Change.DELETED)

    def _keys(self, alarm: MetricAlarm) -> tuple[tuple[str, str, str], ...]:
        """Keys of the resources that an alarm watches: of facts, or the namespace, stack and name."""
        found = series_of(alarm)
        keys: dict[tuple[str, str, str], None] = {}
        for series in () if isinstance(found, Unknown) else found:
            namespace = known(series.namespace) or ""
            dimension = _KEYS.get(namespace)
            if dimension is None:
                continue
            attribute = under(series.dimensions, dimension)
            lead: Lead[Queue] | Lead[Function] = (
                self._dead_letters.queues.of(attribute, alarm)
                if namespace == "AWS/SQS"
                else self._dead_letters.functions.of(attribute, alarm)
            )
            facts: Iterable[Queue | Function] = lead.facts
            if isinstance(attribute, Known) and not lead.facts:
                facts = self._elsewhere.get((namespace, attribute.value), ())
            # A name may stand in several regions: then the alarm is on the resource in its own.
            facts = [fact for fact in facts if not _far(fact, alarm)] or facts
            keys |= dict.fromkeys(("fact", fact.stack, fact.subject) for fact in facts)
            if isinstance(attribute, Known) and not facts and not attribute.sensitive:
                keys[namespace, alarm.stack, attribute.value] = None
        return tuple(keys)

    @cached_property
    def _elsewhere(self) -> dict[tuple[str, str], list[Queue | Function]]:
        """Queues and functions of all stacks by name: alarms may stand in a stack of their own."""
        found: dict[tuple[str, str], list[Queue | Function]] = {}
        for queue in self._evidence.of(Queue):
            if isinstance(queue.name, Known) and queue.change is not Change.DELETED:
                found.setdefault(("AWS/SQS", queue.name.value), []).append(queue)
        for function in self._evidence.of(Function):
            if isinstance(function.function_name, Known) and function.change is not Change.DELETED:
                found.setdefault(("AWS/Lambda", function.function_name.value), []).append(function)
        return found


def _is_floating(series: Series) -> bool:
    """Whether the input does not show which resource a metric is of: a dimension that names none hides none."""
    dimension = _KEYS.get(known(series.namespace) or "")
    attribute = series.dimensions if dimension is None else under(series.dimensions, dimension)
    return isinstance(attribute, Unknown)


def _far(fact: Queue | Function, alarm: MetricAlarm) -> bool:
    """Whether a resource of the alarm's stack is in another region or account."""
    return fact.stack == alarm.stack and isinstance(apart(fact, alarm), tuple)


def _declared(kind: ResourceKind, fact: Queue | Function, name: Attribute[str]) -> Resource:
    secret = isinstance(name, Known) and name.sensitive
    text = name.value if isinstance(name, Known) and not secret else ""
    return Resource(kind, fact.stack, fact.subject, (fact.subject, text), fact, [])


def _kind_of(namespace: str, name: str) -> ResourceKind:
    if namespace == "AWS/Lambda":
        return "function"
    return "dlq" if called_so(name) else "queue"
