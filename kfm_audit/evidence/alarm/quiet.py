"""Alarms joined to what keeps them quiet at some hours: metric math that reads the clock, suppressors, children."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import product
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from kfm_audit.aws.alarm_evaluation import Comparison
from kfm_audit.aws.alarm_rule import children
from kfm_audit.aws.alarm_rule_error import AlarmRuleError
from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.aws.arns import alarm_name
from kfm_audit.aws.clock import ClockUse, clock_use
from kfm_audit.evidence.leads import bare
from kfm_audit.facts import Alarm, AlarmMuteRule, Change, CompositeAlarm, Fact, MetricAlarm, Schedule
from kfm_audit.policy.span import read_instant
from kfm_audit.values import Known, Unknown, ends_of, known

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence

_NEVER: Final = frozenset({(False,)})
_CLOCKS: Final = 6
"""A rule with more children that read the clock than this is not followed."""


_DISABLE: Final = ":aws-sdk:cloudwatch:disableAlarmActions"
"""EventBridge Scheduler user guide, "Using universal targets": the call of an API as a target."""


class _Parameters(Struct, frozen=True):
    """Of DisableAlarmActions."""

    AlarmNames: tuple[str, ...] = ()


class Quiet(Struct, frozen=True):
    """What keeps an alarm quiet at some hours: a clause about the alarm, and the attribute that says so.

    `sure` False: it looks at the clock, and whether it is ever quiet cannot be told. `by` is the other alarm,
    or the mute rule.
    """

    why: str
    at: str
    sure: bool
    by: Fact | None = None


def quiet_hours(evidence: Evidence, alarm: Alarm) -> Iterator[Quiet]:
    """All that keeps an alarm quiet by the clock."""
    yield from _of_mute_rules(evidence, alarm)
    yield from _of_schedules(evidence, alarm)
    if isinstance(alarm, MetricAlarm):
        use = _use(alarm)
        if use is not None:
            query = next(item for item in known(alarm.metric_query) or () if item.id == Known(use.id))
            why = f"looks at the clock ({use.function} in the query {use.id})"
            yield Quiet(why, f"{query.at}/expression", use.silent)
    elif isinstance(alarm, CompositeAlarm):
        yield from _of_suppressor(evidence, alarm)
        yield from _of_rule(evidence, alarm)


def _of_mute_rules(evidence: Evidence, alarm: Alarm) -> Iterator[Quiet]:
    """Mute rules of the alarm's stack that come back: one that is active once is planned work."""
    for rule in evidence.of(AlarmMuteRule):
        if rule.stack != alarm.stack or rule.change is Change.DELETED or not _names(rule, alarm):
            continue
        match rule.expression:
            case Known(text) if text.strip().startswith("cron("):
                if not _expired(rule, evidence.now):
                    when = _shown(rule.expression)
                    why = f"takes no action while the mute rule {rule.subject} is active ({when})"
                    yield Quiet(why, "", sure=True, by=rule)
            case Unknown() as unknown:
                from kfm_audit.evidence.unset import hidden

                why = (
                    f"is muted by {rule.subject}, whose schedule {hidden(unknown, rule)} ({ends_of(unknown)})"
                )
                yield Quiet(why, "", sure=False, by=rule)
            case _:
                pass


def _of_schedules(evidence: Evidence, alarm: Alarm) -> Iterator[Quiet]:
    """Schedules of the alarm's stack that switch its actions off, again and again."""
    for schedule in evidence.of(Schedule):
        if (
            schedule.stack == alarm.stack
            and schedule.change is not Change.DELETED
            and schedule.state != Known("DISABLED")
            and isinstance(schedule.target_arn, Known)
            and schedule.target_arn.value.endswith(_DISABLE)
            and isinstance(schedule.schedule_expression, Known)
            and schedule.schedule_expression.value.startswith(("cron(", "rate("))
            and _calls_for(schedule, alarm)
        ):
            when = _shown(schedule.schedule_expression)
            yield Quiet(
                f"has its actions switched off by {schedule.subject} ({when})", "", sure=True, by=schedule
            )


def _shown(schedule: Known[str]) -> str:
    return "on a schedule that is marked sensitive" if schedule.sensitive else schedule.value.strip()


def _calls_for(schedule: Schedule, alarm: Alarm) -> bool:
    """Whether the call's parameters name the alarm."""
    if not isinstance(schedule.target_input, Known) or not isinstance(alarm.alarm_name, Known):
        return False
    try:
        names = msgspec.json.decode(schedule.target_input.value, type=_Parameters).AlarmNames
    except (msgspec.MsgspecError, RecursionError):
        return False
    return alarm.alarm_name.value in names


def _names(rule: AlarmMuteRule, alarm: Alarm) -> bool:
    match rule.alarm_names:
        case Known(names):
            return isinstance(alarm.alarm_name, Known) and alarm.alarm_name.value in names
        case Unknown(references):
            return any(reference.name in (alarm.subject, bare(alarm.subject)) for reference in references)
        case _:
            return False


def _expired(rule: AlarmMuteRule, now: datetime) -> bool:
    try:
        return isinstance(rule.expire_date, Known) and read_instant(rule.expire_date.value) <= now
    except ValueError:
        return False


def _use(alarm: MetricAlarm) -> ClockUse | None:
    queries = known(alarm.metric_query) or ()
    expressions = {
        query.id.value: query.expression.value
        for query in queries
        if isinstance(query.id, Known)
        and isinstance(query.expression, Known)
        and not query.expression.sensitive
    }
    operator, threshold = known(alarm.comparison_operator), known(alarm.threshold)
    if not expressions:
        return None
    if threshold is None or operator not in {item.value for item in Comparison}:
        return clock_use(expressions, lambda _: True)
    return clock_use(expressions, lambda value: Comparison(operator).holds(value, threshold))


def _of_suppressor(evidence: Evidence, alarm: CompositeAlarm) -> Iterator[Quiet]:
    if alarm.actions_suppressor is None or not isinstance(alarm.actions_suppressor.alarm, Known):
        return
    name = alarm_name(alarm.actions_suppressor.alarm.value)
    for suppressor in evidence.alarms.named(alarm, name):
        if isinstance(suppressor, MetricAlarm) and _use(suppressor) is not None:
            why = f"takes no action while {suppressor.subject} is in ALARM, which looks at the clock"
            yield Quiet(why, "actions_suppressor/0/alarm", sure=True, by=suppressor)


def _of_rule(evidence: Evidence, alarm: CompositeAlarm) -> Iterator[Quiet]:
    """Children that read the clock, where one of their states makes the rule false whatever the others are."""
    rule = evidence.alarms.rule_of(alarm)
    if rule is None or isinstance(rule, AlarmRuleError):
        return
    clocks: dict[str, Alarm] = {}
    for name in dict.fromkeys(alarm_name(child.child) for child in children(rule)):
        for found in evidence.alarms.named(alarm, name):
            if isinstance(found, MetricAlarm) and _use(found) is not None:
                clocks[name] = found
    if not clocks or len(clocks) > _CLOCKS:
        return
    from kfm_audit.aws.alarm_rule_outcomes import outcomes

    for states in product((AlarmState.ALARM, AlarmState.OK), repeat=len(clocks)):
        if outcomes(rule, [dict(zip(clocks, states, strict=True))]) == _NEVER:
            names = ", ".join(found.subject for found in clocks.values())
            why = f"has a rule that is false at some hours, by {names}, which looks at the clock"
            yield Quiet(why, "alarm_rule", sure=True, by=next(iter(clocks.values())))
            return
