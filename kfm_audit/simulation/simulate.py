"""The simulation of alarms: metric alarms, composites above them, suppressors, and what all of them send."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

from kfm_audit.aws.alarm_rule_error import AlarmRuleError
from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.aws.arns import alarm_name
from kfm_audit.evidence import Evidence
from kfm_audit.facts import Alarm, CompositeAlarm, MetricAlarm
from kfm_audit.simulation.assumptions import DEFAULTS, SUPPRESSOR_ORDER, UNSEEN_SUPPRESSOR, Assumptions
from kfm_audit.simulation.composite import composite_timeline
from kfm_audit.simulation.metric import MetricRun
from kfm_audit.simulation.notices import notices_of, suppressed_notices
from kfm_audit.simulation.series import InputSeries, Measured
from kfm_audit.simulation.timeline import (
    Key,
    Notice,
    RangeSensitivity,
    Refused,
    Simulation,
    Timeline,
    Withholding,
    key_of,
)
from kfm_audit.simulation.watch import Watch, watch_of
from kfm_audit.values import Known, ReferenceKind, Unknown, ends_of

Engine: TypeAlias = Callable[[MetricAlarm, Watch, int, AlarmState], Timeline | Refused]
"""Evaluates a metric alarm from a time on, given the state before."""


def simulate(
    evidence: Evidence,
    series: Iterable[InputSeries],
    *,
    start: int,
    stop: int,
    alarms: Iterable[Alarm] | None = None,
    evaluate_from: int | None = None,
    initial: Mapping[Key, AlarmState] | None = None,
    assumptions: Assumptions = DEFAULTS,
    check_range: bool = True,
    engine: Engine | None = None,
) -> Simulation:
    """What alarms do from `start` to `stop`, both in seconds since 1970 and both included.

    `alarms` are those asked for (all that will exist, if None); children of
    composites and suppressors are simulated with them. A metric alarm is
    evaluated first at `evaluate_from`, by default `start` + N x period, then
    each minute (10 s for periods under a minute; an hour where N x period is
    longer than a day). An evaluation at T sees the slots that ended at or
    before T; slots before a series' first value are missing. A composite is
    evaluated first when the first alarm below it is. `initial` are the states
    just before the first evaluation, by `key_of` the alarm; INSUFFICIENT_DATA
    where there is none. `check_range` compares with an evaluation range of one
    slot more and one less. `engine` evaluates metric alarms instead of this
    program's plain evaluation, and keeps its series and assumptions to itself.

    Raises SeriesError where a series does not fit an alarm that reads it.
    """
    run = _Run(
        evidence,
        Measured(series, assumptions.average_fold),
        start=start,
        stop=stop,
        evaluate_from=evaluate_from,
        initial=initial or {},
        assumptions=assumptions,
        check_range=check_range,
        engine=engine,
    )
    return run.simulation(evidence.alarms.all if alarms is None else tuple(alarms))


def needed(evidence: Evidence, alarm: Alarm) -> tuple[Alarm, ...]:
    """The alarms whose timelines an alarm's own hangs on: children of its rule, and its suppressor."""
    if not isinstance(alarm, CompositeAlarm):
        return ()
    suppressor = suppressor_of(evidence, alarm)
    return (*watched_by(evidence, alarm), *((suppressor,) if suppressor is not None else ()))


def watched_by(evidence: Evidence, alarm: Alarm) -> tuple[Alarm, ...]:
    """The children of an alarm's rule, as far as it is told which they are; () for a metric alarm."""
    if not isinstance(alarm, CompositeAlarm):
        return ()
    return tuple(child for _, child in _children(evidence, alarm) if child is not None)


def suppressor_of(evidence: Evidence, alarm: CompositeAlarm) -> Alarm | None:
    """The alarm that keeps back a composite's actions, where the input holds it and leaves no doubt which it is."""
    if alarm.actions_suppressor is None:
        return None
    match alarm.actions_suppressor.alarm:
        case Known(reference):
            found = evidence.alarms.named(alarm, alarm_name(reference))
        case Unknown(references):
            names = {item.name for item in references if item.kind is ReferenceKind.RESOURCE}
            found = tuple(
                other
                for other in evidence.alarms.all
                if other.stack == alarm.stack and other.subject in names
            )
        case _:
            found = ()
    return found[0] if len(found) == 1 else None


def _children(evidence: Evidence, alarm: CompositeAlarm) -> Iterator[tuple[str, Alarm | None]]:
    """The references of a composite's rule, each once, with the alarm that it means, if there is exactly one."""
    for reference in dict.fromkeys(child.child for child in evidence.alarms.children_of(alarm)):
        found = evidence.alarms.named(alarm, alarm_name(reference))
        yield reference, found[0] if len(found) == 1 else None


class _Run:
    def __init__(
        self,
        evidence: Evidence,
        measured: Measured,
        *,
        start: int,
        stop: int,
        evaluate_from: int | None,
        initial: Mapping[Key, AlarmState],
        assumptions: Assumptions,
        check_range: bool,
        engine: Engine | None,
    ) -> None:
        self._evidence = evidence
        self._measured = measured
        self._start = start
        self._stop = stop
        self._evaluate_from = evaluate_from
        self._initial = initial
        self._assumptions = assumptions
        self._check_range = check_range
        self._engine = engine
        self._timelines: dict[Key, Timeline] = {}
        self._refused: dict[Key, Refused] = {}
        self._sensitive: list[RangeSensitivity] = []
        self._used: set[str] = set()

    def simulation(self, alarms: tuple[Alarm, ...]) -> Simulation:
        for alarm in self._in_order(alarms):
            self._simulate(alarm)
        notices: list[Notice] = []
        withheld: list[Withholding] = []
        for timeline in self._timelines.values():
            sent, held = self._notices(timeline)
            notices += sent
            withheld += held
        return Simulation(
            start=self._start,
            stop=self._stop,
            timelines=self._timelines,
            notices=tuple(sorted(notices, key=lambda notice: notice.at)),
            withheld=tuple(withheld),
            refused=tuple(self._refused.values()),
            range_sensitive=tuple(self._sensitive),
            assumptions=tuple(sorted(self._used)),
        )

    def _in_order(self, alarms: tuple[Alarm, ...]) -> list[Alarm]:
        """The alarms and all that they hang on, what is needed first; the members of a cycle in any order."""
        order: dict[Key, Alarm] = {}
        begun: set[Key] = set()
        # A suppressor may watch what it suppresses: it decides on the actions alone, and comes when it comes.
        waiting = [(alarm, False) for alarm in reversed(self._all_of(alarms))]
        while waiting:
            alarm, ready = waiting.pop()
            key = key_of(alarm)
            if ready:
                order.setdefault(key, alarm)
            elif key not in begun:
                begun.add(key)
                waiting.append((alarm, True))
                waiting += ((child, False) for child in reversed(watched_by(self._evidence, alarm)))
        return list(order.values())

    def _all_of(self, alarms: tuple[Alarm, ...]) -> list[Alarm]:
        found: dict[Key, Alarm] = {}
        waiting = list(reversed(alarms))
        while waiting:
            alarm = waiting.pop()
            if key_of(alarm) not in found:
                found[key_of(alarm)] = alarm
                waiting += reversed(needed(self._evidence, alarm))
        return list(found.values())

    def _simulate(self, alarm: Alarm) -> None:
        found = self._composite(alarm) if isinstance(alarm, CompositeAlarm) else self._metric(alarm)
        if isinstance(found, Refused):
            self._refused[key_of(alarm)] = found
        else:
            self._timelines[key_of(alarm)] = found

    def _metric(self, alarm: Alarm) -> Timeline | Refused:
        assert isinstance(alarm, MetricAlarm), "alarms are metric alarms or composites"
        watch = watch_of(alarm)
        if isinstance(watch, Refused):
            return watch
        whole = self._start + watch.criteria.periods * watch.criteria.period
        first = whole if self._evaluate_from is None else self._evaluate_from
        if self._engine is not None:
            return self._engine(alarm, watch, first, self._before(alarm))
        run = MetricRun(
            alarm,
            watch,
            self._measured,
            first=first,
            stop=self._stop,
            initial=self._before(alarm),
            assumptions=self._assumptions,
        )
        timeline = run.timeline()
        self._used |= run.assumptions_used(timeline)
        sensitive = run.range_sensitivity(timeline) if self._check_range else None
        if sensitive is not None:
            self._sensitive.append(sensitive)
        return timeline

    def _composite(self, alarm: CompositeAlarm) -> Timeline | Refused:
        if self._evidence.alarms.in_cycle(alarm):
            return Refused(alarm, "is in a cycle of composite alarms, which CloudWatch stops evaluating")
        rule = self._evidence.alarms.rule_of(alarm)
        if rule is None:
            if isinstance(alarm.alarm_rule, Unknown):
                why = f"cannot be simulated: its alarm_rule depends on {ends_of(alarm.alarm_rule)}"
                return Refused(alarm, why, unknown=True)
            return Refused(alarm, "is refused by CloudWatch: it has no alarm_rule")
        if isinstance(rule, AlarmRuleError):
            return Refused(alarm, f"is refused by CloudWatch: {rule.message}")
        children = {
            reference: self._timelines[key_of(child)]
            for reference, child in _children(self._evidence, alarm)
            if child is not None and key_of(child) in self._timelines
        }
        return composite_timeline(
            alarm,
            rule,
            children,
            initial=self._before(alarm),
            start=self._start if self._evaluate_from is None else self._evaluate_from,
            stop=self._stop,
        )

    def _before(self, alarm: Alarm) -> AlarmState:
        return self._initial.get(key_of(alarm), AlarmState.INSUFFICIENT_DATA)

    def _notices(self, timeline: Timeline) -> tuple[tuple[Notice, ...], tuple[Withholding, ...]]:
        alarm = timeline.alarm
        if not isinstance(alarm, CompositeAlarm) or alarm.actions_suppressor is None:
            return notices_of(timeline), ()
        suppressor = suppressor_of(self._evidence, alarm)
        other = self._timelines.get(key_of(suppressor)) if suppressor is not None else None
        if other is None:
            self._used.add(UNSEEN_SUPPRESSOR)
        notices, withheld = suppressed_notices(timeline, alarm.actions_suppressor, other, self._stop)
        if any(item.tie for item in withheld):
            self._used.add(SUPPRESSOR_ORDER)
        return notices, withheld
