"""From an assertion to what the simulation says of its alarm."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from kfm_audit.alarmtests.alarms import LoadedAlarms
from kfm_audit.alarmtests.durations import shown_duration
from kfm_audit.alarmtests.model import AlarmTest, Assertion
from kfm_audit.alarmtests.observed import Assumed, Evaluated, Observed, Received, Seen, Taken, Words
from kfm_audit.alarmtests.reads import keys_of
from kfm_audit.alarmtests.thresholds import Breaches, shown_threshold
from kfm_audit.alarmtests.veil import Veil
from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.evidence.notification.reach import Destination, Reach
from kfm_audit.facts import Alarm, ChatChannel, CompositeAlarm, MetricAlarm, Subscription
from kfm_audit.simulation.assumptions import ASSUMPTIONS, Assumptions
from kfm_audit.simulation.receivers import deliveries, message
from kfm_audit.simulation.series import InputSeries
from kfm_audit.simulation.simulate import simulate
from kfm_audit.simulation.timeline import Key, Notice, Simulation, Timeline, key_of
from kfm_audit.simulation.watch import Watch, watch_of
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
        self._veil = Veil(alarm)

    def observed(self, assumptions: Assumptions) -> Observed:
        evaluations, earlier = tuple(self._evaluated()), tuple(self._earlier())
        notices = [notice for notice in self._simulation.notices if notice.alarm is self._alarm]
        changes = self._timeline.changes
        return Observed(
            initial_state=self._assertion.written.initial_state,
            evaluations=evaluations,
            actions=tuple(action for notice in notices for action in self._taken(notice)),
            received=tuple(one for notice in notices for one in self._received(notice)),
            reason=self._veil.text(changes[-1].reason) if changes else "",
            earlier=earlier,
            series=tuple(self._rows([*(one.time for one in earlier), *(one.time for one in evaluations)])),
            threshold=shown_threshold(self._alarm),
            assumed=_assumed(self._simulation, assumptions),
            doubts=tuple(self._doubts()),
            warnings=tuple(self._warnings()),
        )

    def _evaluated(self) -> Iterator[Evaluated]:
        if self._timeline.evaluations:
            breaches = Breaches(self._alarm)
            for one in self._timeline.evaluations:
                span = self._timeline.span_at(one.at)
                value = one.slots[-1] if one.slots else None
                yield Evaluated(
                    time=one.at - self._base,
                    state=span.state.value,
                    value=value,
                    breaching=breaches(value),
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

    def _earlier(self) -> Iterator[Seen]:
        """What the first evaluation sees of its window beside the newest datapoint."""
        watch = watch_of(self._alarm) if isinstance(self._alarm, MetricAlarm) else None
        if not isinstance(watch, Watch) or not self._timeline.evaluations:
            return
        breaches, first = Breaches(self._alarm), self._timeline.evaluations[0]
        window = first.slots[-watch.criteria.periods :]
        for age in range(len(window) - 1, 0, -1):
            time = first.end - age * watch.criteria.period - self._base
            value = window[-1 - age]
            if time > 0:
                yield Seen(time, value, breaches(value))

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
                told = message(self._loaded.evidence, notice).body or {}
                body = {key: self._veil.value(value) for key, value in told.items()}
            yield Received(
                time=notice.at - self._base,
                state=notice.change.new.value,
                topic=_topic_words(delivery.topic),
                subscriber=_subscriber_words(delivery.subscriber) if delivery.subscriber else (),
                arrives={Reach.REACHED: True, Reach.NOT_REACHED: False, Reach.UNTOLD: None}[delivery.reach],
                why=delivery.why,
                body=body,
            )

    def _rows(self, times: Sequence[int]) -> Iterator[tuple[str, tuple[str, ...]]]:
        """What is drawn above the states: the series that a metric alarm reads, the children of a composite."""
        if isinstance(self._alarm, CompositeAlarm):
            for child in self._loaded.evidence.alarms.below(self._alarm):
                timeline = self._simulation.timeline(child)
                states = (timeline.state_at(self._base + time).value if timeline else "?" for time in times)
                yield known(child.alarm_name) or child.subject, tuple(states)
            return
        read = keys_of(self._alarm)
        for series in self._test.series:
            if series.key in read:
                ends = (time // self._test.interval - 1 for time in times)
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


def shown_value(value: float | None) -> str:
    """A datapoint as it is drawn: `_` where there is none, as in the notation of series."""
    return "_" if value is None else f"{value:.6g}"
