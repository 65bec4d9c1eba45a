"""One metric alarm over history, all its evaluations at once.

The same timeline as `kfm_audit.simulation.metric`, which evaluates one after
another; it takes over where an evaluation cannot be done by vectors (SORT,
REMOVE_EMPTY, percentiles whose sample counts matter).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from math import gcd
from typing import TypeVar

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from kfm_audit.aws.alarm_evaluation import HOUR, LowSamples, cadence, decide, evaluation_range
from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.aws.alarm_state_reason import state_reason
from kfm_audit.aws.math_evaluate import run
from kfm_audit.facts import MetricAlarm
from kfm_audit.replay.fold import Grid, Windows, common_ends, windows
from kfm_audit.replay.history import Floats, History, Recorded
from kfm_audit.replay.kernel import Line, NeedsWindowsError, NotVectorisedError, VectorKernel
from kfm_audit.replay.states import STATES, Decided, decide_all
from kfm_audit.simulation.assumptions import AVERAGE_FOLD, YOUNG_BREACH, Assumptions, AverageFold
from kfm_audit.simulation.math import prepared
from kfm_audit.simulation.metric import MetricRun
from kfm_audit.simulation.series import Measured
from kfm_audit.simulation.timeline import RangeSensitivity, Span, StateChange, Timeline
from kfm_audit.simulation.watch import Feed, Watch

_T = TypeVar("_T", bound=np.generic)


class VectorRun:
    """A metric alarm, evaluated from `first` to `stop`, both in seconds since 1970 and included."""

    def __init__(
        self,
        alarm: MetricAlarm,
        watch: Watch,
        history: History,
        *,
        first: int,
        stop: int,
        initial: AlarmState,
        assumptions: Assumptions,
        reasons: bool = True,
        check_range: bool = True,
    ) -> None:
        """Find the alarm's series. Raises SeriesError where one does not fit the alarm.

        `reasons` gives each change CloudWatch's own `StateReason`, which takes longer than to find
        it. `check_range` compares with an evaluation range of one slot more and one less.
        """
        self._alarm = alarm
        self._watch = watch
        self._history = history
        self._first = first
        self._stop = stop
        self._initial = initial
        self._assumptions = assumptions
        self._reasons = reasons
        self._check_range = check_range
        self._by_windows = False
        self._sensitive: RangeSensitivity | None = None
        self._used: set[str] = set()
        for feed in watch.feeds:
            self._check(feed)

    def timeline(self) -> Timeline:
        """The states of the alarm; single evaluations are not kept."""
        if self._count < 1:
            return Timeline(alarm=self._alarm, initial=self._initial, first=self._first)
        if self._counts_samples:
            return self._plain()
        try:
            slots = self._slots(self._reach)
        except NotVectorisedError:
            return self._plain()
        decided = self._decide(slots)
        if decided.young:
            self._used.add(YOUNG_BREACH)
        if self._check_range:
            self._sensitive = self._sensitivity(decided, slots)
        return self._told(decided, slots)

    @property
    def range_sensitivity(self) -> RangeSensitivity | None:
        """The first evaluation that one slot more, or one less, in the range would change; known with the timeline."""
        return self._sensitive

    def datapoints(self) -> tuple[Grid, Floats]:
        """What is compared with the threshold, at each evaluation its newest slot: when it ends, and its value.

        Empty where the evaluations cannot be done by vectors.
        """
        grid = Grid(self._first, self._pause, self._count)
        if not self._count:
            return grid, np.empty(0)
        try:
            return grid, self._slots(self._reach)[0]
        except NotVectorisedError:
            return Grid(self._first, self._pause, 0), np.empty(0)

    def assumptions_used(self) -> set[str]:
        """The names of the assumptions on which the timeline rests; known when it was made."""
        return self._used

    @property
    def _period(self) -> int:
        return self._watch.criteria.period

    @property
    def _pause(self) -> int:
        return cadence(self._watch.criteria)

    @cached_property
    def _count(self) -> int:
        return max(0, (self._stop - self._first) // self._pause + 1)

    @cached_property
    def _reach(self) -> int:
        return evaluation_range(self._watch.criteria, self._assumptions.of_evaluation())

    @property
    def _counts_samples(self) -> bool:
        criteria = self._watch.criteria
        return criteria.percentile is not None and criteria.low_samples is not LowSamples.EVALUATE

    def _record(self, feed: Feed, statistic: str = "") -> Recorded | None:
        if feed.dark:
            return None
        key = (feed.namespace, feed.metric_name, feed.dimensions, statistic or feed.statistic)
        return self._history.get(key)

    def _check(self, feed: Feed) -> None:
        """Let the plain simulation say whether a series fits: it needs no values for that. Raises SeriesError."""
        beside = [self._record(feed), self._record(feed, "SampleCount")]
        empty = [structs.replace(item, values=np.empty(0)).listed() for item in beside if item is not None]
        fold = self._assumptions.average_fold
        folded = Measured(empty, fold).folded(
            feed.namespace, feed.metric_name, feed.dimensions, feed.statistic, self._period
        )
        if folded.is_assumed:
            self._used.add(AVERAGE_FOLD)

    @cached_property
    def _windows(self) -> Mapping[str, Windows]:
        weigh = self._assumptions.average_fold is AverageFold.WEIGHTED
        return {
            feed.id: windows(
                self._record(feed),
                self._period,
                self._record(feed, "SampleCount") if weigh and feed.statistic == "Average" else None,
            )
            for feed in self._watch.feeds
        }

    def _decide(self, slots: list[Floats]) -> Decided:
        return decide_all(self._watch.criteria, slots, self._initial, self._assumptions.of_evaluation())

    def _sensitivity(self, decided: Decided, slots: list[Floats]) -> RangeSensitivity | None:
        """What one slot more or less would change. Where the newest N slots are all there, the others do not matter."""
        complete = not any(np.isnan(values).any() for values in slots[: self._watch.criteria.periods])
        if complete and not self._by_windows:
            return None
        used = set(self._used)
        found = []
        for offset in (-1, 1):
            reach = evaluation_range(self._watch.criteria, self._assumptions.of_evaluation(offset))
            if reach == self._reach:
                continue
            other = self._decide(self._slots(reach))
            differs = np.flatnonzero(decided.states != other.states)
            if len(differs):
                at = int(differs[0])
                states = STATES[decided.states[at]], STATES[other.states[at]]
                found.append(RangeSensitivity(self._alarm, self._time(at), reach, *states))
        self._used = used
        return min(found, key=lambda item: item.at) if found else None

    def _slots(self, reach: int) -> list[Floats]:
        """The newest `reach` slots of all evaluations, the newest first. Raises NotVectorisedError."""
        count = self._count
        # "Alarm evaluation": of windows longer than a day, only data up to the full hour is used.
        last = self._first - self._first % HOUR if self._pause == HOUR else self._first
        step = gcd(self._period, self._pause)
        before = (reach - 1) * self._period
        grid = Grid(last - before, step, (before + (count - 1) * self._pause) // step + 1)
        per_age, per_evaluation = self._period // step, self._pause // step

        def at_age(values: NDArray[_T], age: int) -> NDArray[_T]:
            newest = (reach - 1 - age) * per_age
            return values[newest : newest + (count - 1) * per_evaluation + 1 : per_evaluation]

        recorded = [item for item in map(self._record, self._watch.feeds) if item is not None]
        ends = common_ends(recorded, grid)
        feeds = {name: found.at(ends) for name, found in self._windows.items()}
        if not self._watch.is_math:
            return [at_age(feeds[self._watch.returned], age) for age in range(reach)]
        moments = ends.moments if isinstance(ends, Grid) else ends
        starts = moments - self._period
        choices = self._assumptions.math
        try:
            line = Line(starts, self._period, choices, reach, per_age)
            values = self._computed(feeds, line)
            return [at_age(values, age) for age in range(reach)]
        except NeedsWindowsError:
            self._by_windows = True
            ages = range(reach - 1, -1, -1)

            def rows(values: Floats) -> Floats:
                return np.stack([at_age(values, age) for age in ages], axis=-1)

            kernel = VectorKernel(
                np.stack([at_age(starts, age) for age in ages], axis=-1), self._period, choices
            )
            values = self._computed({name: rows(values) for name, values in feeds.items()}, kernel)
            return [values[:, reach - 1 - age] for age in range(reach)]

    def _computed(self, feeds: Mapping[str, Floats], kernel: VectorKernel) -> Floats:
        with np.errstate(all="ignore"):
            found = run(prepared(self._watch), feeds, kernel, period=self._period)
        self._used |= {item.value for item in found.assumptions}
        return found.points

    def _plain(self) -> Timeline:
        """The same, one evaluation after another."""
        wanted = [(feed, name) for feed in self._watch.feeds for name in (feed.statistic, "SampleCount")]
        series = (self._record(feed, name) for feed, name in wanted)
        plain = MetricRun(
            self._alarm,
            self._watch,
            Measured((item.listed() for item in series if item is not None), self._assumptions.average_fold),
            first=self._first,
            stop=self._stop,
            initial=self._initial,
            assumptions=self._assumptions,
        )
        timeline = plain.timeline()
        self._used |= plain.assumptions_used(timeline)
        self._sensitive = plain.range_sensitivity(timeline) if self._check_range else None
        return structs.replace(timeline, evaluations=())

    def _told(self, decided: Decided, slots: list[Floats]) -> Timeline:
        """The timeline of decisions."""
        states, certain = decided.states, decided.certain
        differs = np.empty(len(states), dtype=bool)
        differs[0] = states[0] != STATES.index(self._initial)
        differs[1:] = states[1:] != states[:-1]
        begins = differs.copy()
        begins[0] = True
        begins[1:] |= certain[1:] != certain[:-1]
        changes = []
        state = self._initial
        for at in np.flatnonzero(differs).tolist():
            after = STATES[states[at]]
            reason = self._reason(at, state, slots) if self._reasons else ""
            changes.append(StateChange(self._time(at), state, after, bool(certain[at]), reason))
            state = after
        spans = tuple(
            Span(self._time(at), STATES[states[at]], bool(certain[at]))
            for at in np.flatnonzero(begins).tolist()
        )
        return Timeline(
            alarm=self._alarm, initial=self._initial, first=self._first, spans=spans, changes=tuple(changes)
        )

    def _time(self, evaluation: int) -> int:
        return self._first + evaluation * self._pause

    def _reason(self, evaluation: int, prior: AlarmState, slots: list[Floats]) -> str:
        values = [float(values[evaluation]) for values in reversed(slots)]
        criteria = self._watch.criteria
        decision = decide(
            criteria,
            [None if np.isnan(value) else value for value in values],
            prior,
            self._assumptions.of_evaluation(),
        )
        at = self._time(evaluation)
        end = at - at % HOUR if self._pause == HOUR else at
        recorded = [item for item in map(self._record, self._watch.feeds) if item is not None]
        ends = common_ends(recorded, Grid(end, self._pause, 1))
        newest = ends.first if isinstance(ends, Grid) else int(ends[0])
        return state_reason(criteria, decision, newest, spells_minimum=self._watch.spells_minimum)
