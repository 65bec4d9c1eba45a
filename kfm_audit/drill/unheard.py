"""The failures that no alarm is sent for, of as many resources as there are.

Thousands of alarms of one module cost a few simulations: of resources that are watched alike, one is drilled.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kfm_audit.aws.arns import alarm_name
from kfm_audit.drill.lasting import lasting
from kfm_audit.drill.modes import MODES, NAMESPACES, Mode
from kfm_audit.drill.resources import Resource, Resources
from kfm_audit.evidence import Evidence
from kfm_audit.evidence.alarm.series import in_other_unit, series_of
from kfm_audit.facts import Alarm, CompositeAlarm, MetricAlarm
from kfm_audit.simulation.timeline import Refused, key_of
from kfm_audit.simulation.watch import watch_of
from kfm_audit.values import Attribute, Known, Unknown, keys_of, known

if TYPE_CHECKING:
    from kfm_audit.drill.drill import Drill, Outcome

Caught = Mapping[tuple[str, str], Collection[str]]
"""The metrics by which failures are to be heard, by the kind of resource and the mode's name."""


class Unheard:
    """The failures of resources that no alarm is sent for, or may not be."""

    def __init__(self, evidence: Evidence, caught: Caught) -> None:
        """Drill nothing before it is asked for. Of failures that nothing in `caught` hears, nothing is said."""
        self._evidence = evidence
        self._caught = caught
        self.resources = Resources(evidence)
        self._found: dict[Hashable, tuple[Outcome, ...]] = {}
        self._drill: Drill | None = None

    def of(self, resource: Resource) -> tuple[Outcome, ...]:
        """What becomes of those failures of the resource, as far as alarms with actions read such a metric."""
        alarms = self.resources.alarms(resource)
        key = self._signature(resource, alarms)
        if key is None:
            return tuple(self._drilled(resource, alarms))
        if key not in self._found:
            self._found[key] = tuple(self._drilled(resource, alarms))
        return tuple(self._of_this(outcome, resource, alarms) for outcome in self._found[key])

    def acting(self, resource: Resource) -> tuple[Alarm, ...]:
        """The alarms that read the resource, or stand above, and have actions."""
        return tuple(alarm for alarm in self.resources.alarms(resource) if alarm.may_act)

    def _drilled(self, resource: Resource, alarms: tuple[Alarm, ...]) -> Iterator[Outcome]:
        if not any(alarm.may_act for alarm in alarms):
            return
        read = {metric for alarm in alarms for metric in _metrics(alarm, resource)}
        for mode in MODES:
            if (
                resource.kind not in mode.into
                or read.isdisjoint(self._caught.get((resource.kind, mode.name), ()))
                or resource.unseen_by(mode)
                or any(_goes_off(alarm, resource, mode) for alarm in alarms)
            ):
                continue
            outcome = self._drilling.outcome(resource, mode)
            if not outcome.sent:
                yield outcome

    @property
    def _drilling(self) -> Drill:
        if self._drill is None:
            from kfm_audit.drill.drill import Drill

            self._drill = Drill(self._evidence, self.resources)
        return self._drill

    def _signature(self, resource: Resource, alarms: tuple[Alarm, ...]) -> Hashable:
        """All that decides what becomes of a failure, names put aside; None where that is more than this compares."""
        order = {key_of(alarm): number for number, alarm in enumerate(alarms)}
        roles = {name: role for role, name in resource.names.items()}
        parts: list[Hashable] = []
        if self._evidence.named("EventRule"):  # which may hear an alarm by its name
            parts += (self._evidence.delivery.by_eventbridge(alarm) for alarm in alarms)
        for alarm in alarms:
            if isinstance(alarm, MetricAlarm):
                parts.append((self._evidence.shapes.of(alarm), _watched(alarm, roles)))
                continue
            assert isinstance(alarm, CompositeAlarm), "alarms are metric alarms or composites"
            rule = self._of_rule(alarm, order)
            if rule is None:
                return None
            parts.append(rule)
        return (resource.kind, tuple(resource.names), tuple(parts))

    def _of_rule(
        self, composite: CompositeAlarm, order: Mapping[tuple[str, str], int]
    ) -> tuple[Hashable, Hashable] | None:
        """What a composite asks of the alarms in `order`; None where it asks more, or may be kept from acting."""
        from kfm_audit.aws.alarm_rule_error import AlarmRuleError
        from kfm_audit.aws.alarm_rule_shape import shape

        rule = self._evidence.alarms.rule_of(composite)
        if rule is None or isinstance(rule, AlarmRuleError) or composite.actions_suppressor is not None:
            return None
        children = []
        for child in self._evidence.alarms.children_of(composite):
            named = self._evidence.alarms.named(composite, alarm_name(child.child))
            if len(named) != 1 or key_of(named[0]) not in order:
                return None
            children.append((child.state, order[key_of(named[0])]))
        return (shape(rule), (*children, composite.may_act))

    def _of_this(self, outcome: Outcome, resource: Resource, alarms: tuple[Alarm, ...]) -> Outcome:
        """The outcome of a resource that is watched as this one is, in the names of this one."""
        if outcome.resource is resource:
            return outcome
        about, why = outcome.about, outcome.why
        if about is not None:
            others = self.resources.alarms(outcome.resource)
            about = alarms[[key_of(alarm) for alarm in others].index(key_of(about))]
            refused = watch_of(about) if isinstance(about, MetricAlarm) else None
            why = refused.why if isinstance(refused, Refused) else why
        return replace(
            outcome, resource=resource, about=about, why=why, by=(), who=(), could_page=self.acting(resource)
        )


def _goes_off(alarm: Alarm, resource: Resource, mode: Mode) -> bool:
    return isinstance(alarm, MetricAlarm) and alarm.may_act and lasting(alarm, resource, mode)


def _watched(alarm: MetricAlarm, roles: Mapping[str, str]) -> Hashable:
    """The values of the alarm's dimensions, by the roles of what they name."""
    metrics = [query.metric for query in known(alarm.metric_query) or () if query.metric is not None]
    return tuple(
        tuple(sorted((key, roles.get(value, value)) for key, value in attribute.value.items()))
        for attribute in (alarm.dimensions, *(metric.dimensions for metric in metrics))
        if isinstance(attribute, Known)
    )


def _metrics(alarm: Alarm, resource: Resource) -> Iterator[str]:
    """The metrics that an alarm reads, but for those of what only belongs to the resource, as its dead-letter queue.

    And but for those that AWS never publishes so, by dimension or unit: ALM008's.
    """
    found = series_of(alarm) if isinstance(alarm, MetricAlarm) else ()
    for series in () if isinstance(found, Unknown) else found:
        match series.namespace, series.metric_name:
            case Known(namespace), Known(name):
                if _of_another(resource, namespace, known(series.dimensions) or {}):
                    continue
                if not (
                    in_other_unit(series) or _never_published(namespace, name, keys_of(series.dimensions))
                ):
                    yield f"{namespace} {name}"
            case _:
                pass


def _of_another(resource: Resource, namespace: str, dimensions: Mapping[str, str]) -> bool:
    """Whether a metric is not of the resource itself: of its dead-letter queue, or of its consumer."""
    return any(
        role != resource.kind
        and NAMESPACES[role][0] == namespace
        and dimensions.get(NAMESPACES[role][1]) == name
        for role, name in resource.names.items()
    )


def _never_published(namespace: str, name: str, keys: Attribute[tuple[str, ...]]) -> bool:
    if isinstance(keys, Unknown):
        return False
    from kfm_audit.aws.metrics import Standing, judge

    verdict = judge(namespace, name, keys.value if isinstance(keys, Known) else ())
    return verdict.certain and verdict.standing in (Standing.IMPOSSIBLE_DIMENSION, Standing.UNPUBLISHED_SET)
