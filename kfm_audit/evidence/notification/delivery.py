"""Alarms joined to those they notify.

An action is an SNS topic where its ARN's service field says so, or where the
expression that it comes from leads to one. A name that looks like SNS is no
evidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.aws.arns import alarm_name, parse_arn, service_of
from kfm_audit.evidence.leads import bare, without_last_key
from kfm_audit.facts import Alarm, Change, CompositeAlarm, EventRule
from kfm_audit.values import Known, Reference, ReferenceKind, Unknown

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence
    from kfm_audit.evidence.notification.eventbridge import EventBridge

_SCALING_SERVICES: Final = frozenset({"autoscaling", "automate"})
_SCALING_TYPES: Final = frozenset({"aws_autoscaling_policy", "aws_appautoscaling_policy"})
_OTHER_TYPES: Final = frozenset(
    {"aws_lambda_function", "aws_lambda_alias", "aws_ssm_document", "aws_ssmincidents_response_plan"}
)


class Action(Enum):
    """What an alarm action does."""

    SNS = "sns"
    SCALING = "scaling"
    OTHER = "other"
    UNKNOWN = "unknown"


class Route(Struct, frozen=True):
    """Whether a way other than an SNS action leads from an alarm to somebody, and which."""

    exists: bool | None
    """None: it cannot be told."""
    why: str = ""
    """The resource that it goes by; where it does not exist, or perhaps not, the reason."""


NO_ROUTE: Final = Route(exists=False)


class Delivery:
    """Who is notified by which alarm."""

    def __init__(self, evidence: Evidence) -> None:
        """Join the alarms of `evidence`; nothing is computed before it is asked for."""
        self._evidence = evidence

    def notified_topics(self, alarm: Alarm) -> Known[tuple[str, ...]] | Unknown:
        """The SNS topics that `alarm_actions` names: ARNs, or addresses of topics that are yet to be made.

        Unknown where an action leads to something that the input does not show.
        """
        actions = alarm.alarm_actions
        match actions:
            case Known(value):
                return Known(tuple(arn for arn in value if _of_arn(arn) is Action.SNS), actions.sensitive)
            case Unknown(references):
                kinds = [(reference, of_reference(reference)) for reference in references]
                topics = tuple(reference.name for reference, kind in kinds if kind is Action.SNS)
                unresolved = tuple(reference for reference, kind in kinds if kind is Action.UNKNOWN)
                # One path that certainly ends in a topic is enough; all paths that certainly do not are too.
                if topics or (references and not unresolved):
                    return Known(topics)
                return Unknown(unresolved)
            case _:
                return Known(())

    def actions(self, alarm: Alarm) -> tuple[Action, ...]:
        """What each of the alarm's actions does, in their order."""
        match alarm.alarm_actions:
            case Known(value):
                return tuple(_of_arn(arn) for arn in value)
            case Unknown(references):
                return tuple(of_reference(reference) for reference in references)
            case _:
                return ()

    def by_eventbridge(self, alarm: Alarm) -> Route:
        """Whether an EventBridge rule takes the alarm's change to ALARM to a target that may tell somebody."""
        return _first(self._eventbridge.routes(alarm)) if self._evidence.of(EventRule) else NO_ROUTE

    def by_composite(self, alarm: Alarm) -> Route:
        """Whether a composite alarm above it, at any height, notifies SNS when this one goes off."""
        return self._by_composite(alarm, frozenset()) if self._tripped else NO_ROUTE

    def _by_composite(self, alarm: Alarm, seen: frozenset[str]) -> Route:
        routes = []
        for composite, certain in self._above(alarm):
            if composite.subject in seen:
                continue
            topics = self.notified_topics(composite)
            if isinstance(topics, Known) and topics.value:
                name = composite.subject
                routes.append(
                    Route(True, name) if certain else Route(None, f"whether {name} watches it is not known")
                )
            elif isinstance(topics, Unknown):
                routes.append(Route(None, f"whether {composite.subject} notifies SNS is not known"))
            else:
                routes.append(self._by_composite(composite, seen | {alarm.subject, composite.subject}))
        return _first(routes)

    def _above(self, alarm: Alarm) -> Iterator[tuple[CompositeAlarm, bool]]:
        """Composites whose rule speaks of the alarm; with False where that is not certain."""
        certain = set()
        keys = [("reference", address) for address in addresses(alarm.subject)]
        if isinstance(alarm.alarm_name, Known):
            keys.insert(0, ("name", alarm.alarm_name.value))
        for key in dict.fromkeys(keys):
            for composite in self._tripped.get((alarm.stack, *key), ()):
                if composite.subject != alarm.subject and composite.subject not in certain:
                    certain.add(composite.subject)
                    yield composite, True
        for composite in self._tripped.get((alarm.stack, "unresolved", ""), ()):
            if composite.subject != alarm.subject and composite.subject not in certain:
                yield composite, False

    @cached_property
    def _tripped(self) -> dict[tuple[str, str, str], list[CompositeAlarm]]:
        """The composites that will exist and may act, by what in their rules leads to an alarm.

        That is the name of a child that can trip them, a reference of a rule
        that is not known, or "unresolved" for a rule that may hold any child.
        """
        found: dict[tuple[str, str, str], list[CompositeAlarm]] = {}
        for composite in self._evidence.of(CompositeAlarm):
            if composite.change is Change.DELETED or composite.actions_enabled == Known(False):
                continue
            match composite.alarm_rule:
                case Known(text):
                    keys = [("name", alarm_name(child)) for child in _tripping_children(text)]
                case Unknown(references):
                    keys = [("reference", item.name) for item in references]
                    if any(item.kind is ReferenceKind.UNRESOLVED for item in references):
                        keys.append(("unresolved", ""))
                case _:
                    keys = []
            for key in dict.fromkeys(keys):
                found.setdefault((composite.stack, *key), []).append(composite)
        return found

    @cached_property
    def _eventbridge(self) -> EventBridge:
        from kfm_audit.evidence.notification.eventbridge import EventBridge

        return EventBridge(self._evidence)


def of_reference(reference: Reference) -> Action:
    """What an action does that comes from `reference`."""
    match reference.kind:
        case ReferenceKind.CONSTANT:
            # A constant beside others is a condition or a part of a name, unless it is an ARN.
            return _of_service(service_of(reference.name))
        case ReferenceKind.UNRESOLVED:
            return Action.UNKNOWN
        case ReferenceKind.RESOURCE | ReferenceKind.DATA:
            return _of_type(resource_type(reference.name))


def _of_type(kind: str) -> Action:
    if kind == "aws_sns_topic":
        return Action.SNS
    if kind in _SCALING_TYPES:
        return Action.SCALING
    return Action.OTHER if kind in _OTHER_TYPES else Action.UNKNOWN


# Thousands of alarms notify a handful of topics.
@lru_cache(maxsize=1024)
def _of_arn(text: str) -> Action:
    arn = parse_arn(text)
    return _of_service(arn.service if arn else None)


def _of_service(service: str | None) -> Action:
    if service == "sns":
        return Action.SNS
    return Action.SCALING if service in _SCALING_SERVICES else Action.OTHER


def resource_type(address: str) -> str:
    """`aws_sns_topic` of `module.m["a.b"].data.aws_sns_topic.alerts`: the last step but one."""
    return bare(address).rpartition(".")[0].rpartition(".")[2]


def addresses(subject: str) -> tuple[str, ...]:
    """What an expression may call a resource: a plan writes `x[each.key]` as `x`, and so for a module's key."""
    return subject, without_last_key(subject), bare(subject)


def _tripping_children(text: str) -> tuple[str, ...]:
    """The alarms that a rule asks to be in ALARM; none where the rule cannot be parsed."""
    from kfm_audit.aws.alarm_rule import children, parse_alarm_rule
    from kfm_audit.aws.alarm_rule_error import AlarmRuleError

    try:
        rule = parse_alarm_rule(text)
    except AlarmRuleError:
        return ()
    return tuple(item.child for item in children(rule) if item.state is AlarmState.ALARM)


def _first(routes: Iterable[Route]) -> Route:
    """The best of several routes: one that exists, else one that may, else one that ends on its way, else none."""
    best = NO_ROUTE
    for route in routes:
        if route.exists:
            return route
        if route.exists is None or best is NO_ROUTE:
            best = route
    return best
