"""One composite alarm over time, given the timelines of the alarms that its rule speaks of."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping

from kfm_audit.aws.alarm_rule import Node
from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.aws.alarm_state_reason import composite_reason
from kfm_audit.aws.alarm_state_rule import holds
from kfm_audit.aws.arns import alarm_arn
from kfm_audit.evidence.alarm.alarms import account_of, region_of
from kfm_audit.facts import Alarm, CompositeAlarm
from kfm_audit.simulation.timeline import Span, StateChange, Timeline
from kfm_audit.values import known


def composite_timeline(
    alarm: CompositeAlarm,
    rule: Node,
    children: Mapping[str, Timeline],
    *,
    initial: AlarmState,
    start: int,
    stop: int,
) -> Timeline:
    """The states of a composite. `children` are by the reference in the rule.

    CloudWatch user guide, "Create a composite alarm": it is evaluated when a
    child changes, and never in INSUFFICIENT_DATA after its first evaluation. A
    child that is not among `children` is one whose state is not known: where the
    rule hangs on it, it is taken to be in OK, and the state is not certain.
    """
    first = min((child.first for child in children.values()), default=start)
    moments = sorted({first, *(span.at for child in children.values() for span in child.spans)})
    state = initial
    spans: list[Span] = []
    changes: list[StateChange] = []
    for at in moments:
        if not first <= at <= stop:
            continue
        now = {reference: child.span_at(at) for reference, child in children.items()}
        truth = _truth(rule, now)
        after = AlarmState.ALARM if truth[0] else AlarmState.OK
        if after is not state:
            child = _changed(children, at)
            reason = composite_reason(name_of(child.alarm), child.state_at(at), at) if child else ""
            changes.append(StateChange(at, state, after, truth[1], reason, child.alarm if child else None))
        state = after
        if not spans or (spans[-1].state, spans[-1].certain) != (state, truth[1]):
            spans.append(Span(at, state, truth[1]))
    return Timeline(alarm=alarm, initial=initial, first=first, spans=tuple(spans), changes=tuple(changes))


def name_of(alarm: Alarm) -> str:
    """An alarm's ARN as far as the input tells it, else its name, else its address."""
    name = known(alarm.alarm_name) or alarm.subject
    region, account = region_of(alarm), account_of(alarm)
    return known(alarm.arn) or (alarm_arn(name, region, account) if region and account else name)


def _truth(rule: Node, now: Mapping[str, Span]) -> tuple[bool, bool]:
    """Whether the rule holds, and whether that is certain."""
    sure = {reference: span.state if span.certain else None for reference, span in now.items()}
    certain = holds(rule, sure.get)
    if certain is not None:
        return certain, True
    best = {reference: span.state for reference, span in now.items()}
    return bool(holds(rule, lambda reference: best.get(reference, AlarmState.OK))), False


def _changed(children: Mapping[str, Timeline], at: int) -> Timeline | None:
    """The child whose change it was: the first of the rule's that changed at the moment, else the last to change."""
    latest: StateChange | None = None
    found = None
    for child in children.values():
        before = bisect_right(child.changes, at, key=lambda change: change.at)
        if before and (latest is None or child.changes[before - 1].at > latest.at):
            latest, found = child.changes[before - 1], child
    return found
