"""From an assertion to what the simulation says of its alarm."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from kfm_audit.alarmtests.alarms import LoadedAlarms
from kfm_audit.alarmtests.durations import shown_duration
from kfm_audit.alarmtests.model import AlarmTest, Assertion
from kfm_audit.alarmtests.observed import Assumed, Evaluated, Observed, Received, Taken, Words
from kfm_audit.alarmtests.reads import keys_of
from kfm_audit.aws.alarm_evaluation import Comparison
from kfm_audit.aws.alarm_rule import AlarmState
from kfm_audit.aws.message import Value
from kfm_audit.evidence.reach import Destination, Reach
from kfm_audit.facts import Alarm, ChatChannel, CompositeAlarm, MetricAlarm, Subscription
from kfm_audit.simulation import (
    ASSUMPTIONS,
    Assumptions,
    InputSeries,
    Key,
    Notice,
    Simulation,
    Timeline,
    deliveries,
    key_of,
    simulate,
)
from kfm_audit.simulation.receivers import message
from kfm_audit.values import Known, known

MINUTE = 60


class NotSimulatedError(Exception):
    """The alarm cannot be evaluated. The text is the end of a sentence that begins with the alarm."""


def observe(
    loaded: LoadedAlarms, alarm: Alarm, test: AlarmTest, assertion: Assertion, assumptions: Assumptions
) -> Observed:
    """Simulate one assertion. Raises NotSimulatedError, and `SeriesError` where a series does not fit."""
    base = int(test.starts_at.timestamp()) if test.starts_at else 0
    simulation = simulate(
        loaded.evidence,
        [
            InputSeries(
                namespace=series.key.namespace,
                metric_name=series.key.name,
                dimensions=series.key.dimensions,
                statistic=series.key.stat,
                start=base,
                interval=test.interval,
                values=series.values,
            )
            for series in test.series
        ],
        start=base,
        stop=base + assertion.eval_time,
        alarms=(alarm,),
        evaluate_from=None if assertion.evaluate_from is None else base + assertion.evaluate_from,
        initial=_initial(loaded, alarm, test, assertion),
        assumptions=assumptions,
    )
    refused = simulation.refusal(alarm)
    if refused is not None:
        raise NotSimulatedError(refused.why)
    timeline = simulation.timeline(alarm)
    assert timeline is not None, "an alarm that was asked for is simulated or refused"
    return _Observer(loaded, alarm, test, assertion, simulation, timeline, base).observed(assumptions)


def _initial(
    loaded: LoadedAlarms, alarm: Alarm, test: AlarmTest, assertion: Assertion
) -> dict[Key, AlarmState]:
    states = {
        key_of(other): AlarmState(state)
        for word, state in test.initial_states.items()
        for other in loaded.called(word)
    }
    return states | {key_of(alarm): AlarmState(assertion.written.initial_state)}


class _Observer:
    def __init__(
        self,
        loaded: LoadedAlarms,
        alarm: Alarm,
        test: AlarmTest,
        assertion: Assertion,
        simulation: Simulation,
        timeline: Timeline,
        base: int,
    ) -> None:
        self._loaded = loaded
        self._alarm = alarm
        self._test = test
        self._assertion = assertion
        self._simulation = simulation
        self._timeline = timeline
        self._base = base

    def observed(self, assumptions: Assumptions) -> Observed:
        evaluations = tuple(self._evaluated())
        notices = [notice for notice in self._simulation.notices if notice.alarm is self._alarm]
        changes = self._timeline.changes
        return Observed(
            initial_state=self._assertion.written.initial_state,
            evaluations=evaluations,
            actions=tuple(action for notice in notices for action in self._taken(notice)),
            received=tuple(one for notice in notices for one in self._received(notice)),
            reason=changes[-1].reason if changes else "",
            series=tuple(self._rows(evaluations)),
            threshold=_threshold(self._alarm),
            assumed=_assumed(self._simulation, assumptions),
            doubts=tuple(self._doubts()),
            warnings=tuple(self._warnings()),
        )

    def _evaluated(self) -> Iterator[Evaluated]:
        if self._timeline.evaluations:
            breaches = _breaches(self._alarm)
            for one in self._timeline.evaluations:
                span = self._timeline.span_at(one.at)
                value = one.slots[-1] if one.slots else None
                yield Evaluated(
                    time=one.at - self._base,
                    state=span.state.value,
                    value=value,
                    breaching=value is not None and breaches(value),
                    indeterminate=not span.certain,
                )
            return
        for time in range(self._timeline.first, self._simulation.stop + 1, MINUTE):
            span = self._timeline.span_at(time)
            yield Evaluated(time=time - self._base, state=span.state.value, indeterminate=not span.certain)
        last = self._timeline.first + (self._simulation.stop - self._timeline.first) // MINUTE * MINUTE
        if last != self._simulation.stop and self._timeline.first <= self._simulation.stop:
            span = self._timeline.span_at(self._simulation.stop)
            time = self._simulation.stop - self._base
            yield Evaluated(time=time, state=span.state.value, indeterminate=not span.certain)

    def _taken(self, notice: Notice) -> Iterator[Taken]:
        for action in notice.actions:
            yield Taken(
                time=notice.at - self._base,
                state=notice.change.new.value,
                target=self._action_words(notice.alarm, action),
            )

    def _action_words(self, alarm: Alarm, action: str) -> Words:
        for destination in self._loaded.evidence.alarms.topics.of_alarm(alarm)[0]:
            words = _topic_words(destination)
            if action in words:
                return words
        return (action,)

    def _received(self, notice: Notice) -> Iterator[Received]:
        body: Mapping[str, object] | None = None
        for delivery in deliveries(self._loaded.evidence, notice):
            if body is None:
                body = _plain(message(self._loaded.evidence, notice).body or {})
            yield Received(
                time=notice.at - self._base,
                state=notice.change.new.value,
                topic=_topic_words(delivery.topic),
                subscriber=_subscriber_words(delivery.subscriber) if delivery.subscriber else (),
                arrives={Reach.REACHED: True, Reach.NOT_REACHED: False, Reach.UNTOLD: None}[delivery.reach],
                why=delivery.why,
                body=body,
            )

    def _rows(self, evaluations: tuple[Evaluated, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
        """What is drawn above the states: the series that a metric alarm reads, the children of a composite."""
        if isinstance(self._alarm, CompositeAlarm):
            for child in self._loaded.evidence.alarms.below(self._alarm):
                timeline = self._simulation.timeline(child)
                states = (
                    timeline.state_at(self._base + one.time).value if timeline else "?" for one in evaluations
                )
                yield known(child.alarm_name) or child.subject, tuple(states)
            return
        read = keys_of(self._alarm)
        for series in self._test.series:
            if series.key in read:
                ends = (one.time // self._test.interval - 1 for one in evaluations)
                values = (series.values[at] if 0 <= at < len(series.values) else None for at in ends)
                yield f"{series.key.name} {series.key.stat}", tuple(shown_value(value) for value in values)

    def _doubts(self) -> Iterator[str]:
        about = {item.name: item.about for item in ASSUMPTIONS} | _ABOUT
        for name in self._simulation.assumptions:
            if name in _DECIDING:
                yield f"{name} ({about.get(name, name)})"

    def _warnings(self) -> Iterator[str]:
        """What the result hangs on, and what could not be simulated beside it."""
        for item in self._simulation.range_sensitive:
            slots = "slot" if item.slots == 1 else "slots"
            yield (
                f"{_called(item.alarm)} would be {item.other.value} and not {item.state.value} at "
                f"{shown_duration(item.at - self._base)} with an evaluation range of {item.slots} {slots}: "
                "AWS publishes no formula for the range"
            )
        for refused in self._simulation.refused:
            yield f"{_called(refused.alarm)} is not simulated: it {refused.why}"


def _threshold(alarm: Alarm) -> str:
    """`>= 5`, or "" where that is not one number that is known."""
    if not isinstance(alarm, MetricAlarm):
        return ""
    operator, threshold = known(alarm.comparison_operator), known(alarm.threshold)
    sign = _SIGNS.get(operator or "")
    secret = isinstance(alarm.threshold, Known) and alarm.threshold.sensitive
    return f"{sign} {threshold:g}" if sign and threshold is not None and not secret else ""


_SIGNS = {
    Comparison.AT_LEAST.value: ">=",
    Comparison.GREATER.value: ">",
    Comparison.LESS.value: "<",
    Comparison.AT_MOST.value: "<=",
}
_ABOUT = {
    "evaluation-range": "how many periods an evaluation looks at: AWS publishes no formula",
    "low-samples": "some of the percentiles have too few samples and some enough: AWS says nothing of such a mixture",
    "suppressor-order": "a change at the very moment at which a wait or an extension of the suppressor ends",
    "unseen-suppressor": "the suppressor is not in the input, and is taken not to be in ALARM",
}
_DECIDING = frozenset({"young-breach", "low-samples", "suppressor-order", "unseen-suppressor"})
"""Assumptions that decide a state or an action where AWS's documents leave it open."""


def _assumed(simulation: Simulation, assumptions: Assumptions) -> tuple[Assumed, ...]:
    about = {item.name: item.about for item in ASSUMPTIONS} | _ABOUT
    return tuple(
        Assumed(name, _chosen(name, assumptions), about.get(name, "")) for name in simulation.assumptions
    )


def _chosen(name: str, assumptions: Assumptions) -> str:
    value = getattr(assumptions, name.replace("-", "_"), None)
    if name == "evaluation-range":
        return str(value) if value else "auto (N+2; N+60/period below 60 s)"
    return str(getattr(value, "value", "")) or ""


def _breaches(alarm: Alarm) -> _Breaches:
    operator = known(alarm.comparison_operator) if isinstance(alarm, MetricAlarm) else None
    threshold = known(alarm.threshold) if isinstance(alarm, MetricAlarm) else None
    if operator not in _SIGNS or threshold is None:
        return _Breaches(None, 0)
    return _Breaches(Comparison(operator), threshold)


class _Breaches:
    """Whether a datapoint breaches; never, where that cannot be told."""

    def __init__(self, comparison: Comparison | None, threshold: float) -> None:
        self._comparison = comparison
        self._threshold = threshold

    def __call__(self, value: float) -> bool:
        return self._comparison is not None and self._comparison.holds(value, self._threshold)


def _called(alarm: Alarm) -> str:
    return alarm.subject


def _topic_words(destination: Destination) -> Words:
    """What a topic may be called: its address or ARN, and its name."""
    words = [destination.name]
    if destination.topic is not None:
        topic = destination.topic
        words = [topic.subject, *_known_words((topic.arn, topic.name))]
    return tuple(dict.fromkeys(words))


def _subscriber_words(subscriber: Subscription | ChatChannel) -> Words:
    endpoint = (subscriber.endpoint,) if isinstance(subscriber, Subscription) else ()
    return (subscriber.subject, *_known_words(endpoint))


def _known_words(attributes: Iterable[object]) -> Iterator[str]:
    """The values that may be printed; what is marked sensitive is no name."""
    for attribute in attributes:
        if isinstance(attribute, Known) and not attribute.sensitive and isinstance(attribute.value, str):
            yield attribute.value


def _plain(value: Mapping[str, Value]) -> Mapping[str, object]:
    return dict(value)


def shown_value(value: float | None) -> str:
    """A datapoint as it is drawn: `_` where there is none, as in the notation of series."""
    return "_" if value is None else f"{value:.6g}"
