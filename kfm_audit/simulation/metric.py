"""One metric alarm over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kfm_audit.aws.alarm_evaluation import HOUR, Basis, LowSamples, cadence, decide, evaluation_range
from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.facts import MetricAlarm
from kfm_audit.simulation.assumptions import AVERAGE_FOLD, LOW_SAMPLES, YOUNG_BREACH, Assumptions
from kfm_audit.simulation.series import Folded, Measured, common_end
from kfm_audit.simulation.timeline import Evaluation, RangeSensitivity, Span, StateChange, Timeline
from kfm_audit.simulation.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from kfm_audit.aws.alarm_evaluation import Decision
    from kfm_audit.simulation.math import MathReader


class MetricRun:
    """A metric alarm, evaluated from `first` to `stop`, both in seconds since 1970 and included."""

    def __init__(
        self,
        alarm: MetricAlarm,
        watch: Watch,
        measured: Measured,
        *,
        first: int,
        stop: int,
        initial: AlarmState,
        assumptions: Assumptions,
    ) -> None:
        """Find the alarm's series. Raises SeriesError."""
        self._alarm = alarm
        self._watch = watch
        self._first = first
        self._stop = stop
        self._initial = initial
        self._assumptions = assumptions
        period = watch.criteria.period
        self._folded = {
            feed.id: Folded(None, period)
            if feed.dark
            else measured.folded(feed.namespace, feed.metric_name, feed.dimensions, feed.statistic, period)
            for feed in watch.feeds
        }
        self._samples = self._sample_counts(measured)
        self._math: MathReader | None = None
        self._values = self._reader()

    def timeline(self) -> Timeline:
        """The states of the alarm, and each evaluation."""
        evaluations = []
        changes = []
        spans: list[Span] = []
        state, certain = self._initial, True
        for evaluation in self._evaluations(0):
            decision = evaluation.decision
            evaluations.append(evaluation)
            certain = not decision.indeterminate and (certain or not decision.retained)
            if decision.state is not state:
                changes.append(
                    StateChange(evaluation.at, state, decision.state, certain, self._reason(evaluation))
                )
            state = decision.state
            if not spans or (spans[-1].state, spans[-1].certain) != (state, certain):
                spans.append(Span(evaluation.at, state, certain))
        return Timeline(
            alarm=self._alarm,
            initial=self._initial,
            first=self._first,
            spans=tuple(spans),
            changes=tuple(changes),
            evaluations=tuple(evaluations),
        )

    def range_sensitivity(self, timeline: Timeline) -> RangeSensitivity | None:
        """The first evaluation that one slot more, or one less, in the range would change."""
        reach = evaluation_range(self._watch.criteria, self._assumptions.of_evaluation())
        found = []
        for offset in (-1, 1):
            slots = evaluation_range(self._watch.criteria, self._assumptions.of_evaluation(offset))
            if slots == reach:
                continue
            for ours, theirs in zip(timeline.evaluations, self._evaluations(offset), strict=True):
                state, other = ours.decision.state, theirs.decision.state
                if state is not other:
                    found.append(RangeSensitivity(self._alarm, ours.at, slots, state, other))
                    break
        return min(found, key=lambda item: item.at) if found else None

    def assumptions_used(self, timeline: Timeline) -> set[str]:
        """The names of the assumptions on which the timeline rests."""
        bases = {evaluation.decision.basis for evaluation in timeline.evaluations}
        used = set(self._math.assumptions) if self._math else set()
        if any(item.is_assumed for item in self._folded.values()):
            used.add(AVERAGE_FOLD)
        if Basis.YOUNG_BREACH in bases:
            used.add(YOUNG_BREACH)
        if Basis.SOME_LOW_SAMPLES in bases:
            used.add(LOW_SAMPLES)
        return used

    def _evaluations(self, offset: int) -> list[Evaluation]:
        criteria = self._watch.criteria
        assumptions = self._assumptions.of_evaluation(offset)
        reach = evaluation_range(criteria, assumptions)
        pause = cadence(criteria)
        folded = list(self._folded.values())
        state = self._initial
        found = []
        decided: dict[object, Decision] = {}
        for at in range(self._first, self._stop + 1, pause):
            # "Alarm evaluation": of windows longer than a day, only data up to the full hour is used.
            end = common_end(folded, at - at % HOUR if pause == HOUR else at)
            slots = self._values(end, reach)
            samples = self._samples.slots(end, reach) if self._samples else ()
            key = (slots, samples, state)
            decision = decided.get(key)
            if decision is None:
                decision = decided[key] = decide(criteria, slots, state, assumptions, samples)
            state = decision.state
            found.append(Evaluation(at, end, slots, decision))
        return found

    def _reader(self) -> Callable[[int, int], tuple[float | None, ...]]:
        watch = self._watch
        if not watch.is_math:
            return self._folded[watch.returned].slots
        from kfm_audit.simulation.math import MathReader

        self._math = MathReader(watch, self._folded, self._assumptions.math)
        return self._math.slots

    def _sample_counts(self, measured: Measured) -> Folded | None:
        criteria = self._watch.criteria
        if criteria.percentile is None or criteria.low_samples is LowSamples.EVALUATE:
            return None
        feed = next(feed for feed in self._watch.feeds if feed.id == self._watch.returned)
        if feed.dark:
            return Folded(None, criteria.period)
        where = (feed.namespace, feed.metric_name, feed.dimensions)
        return measured.folded(*where, "SampleCount", criteria.period)

    def _reason(self, evaluation: Evaluation) -> str:
        from kfm_audit.aws.alarm_state_reason import state_reason

        return state_reason(
            self._watch.criteria,
            evaluation.decision,
            evaluation.end,
            spells_minimum=self._watch.spells_minimum,
        )
