"""Alarms in a team's own tests: what a plan's alarms do, given what their metrics measure.

    from kfm_audit.testing import load_alarms, metric

    alarms = load_alarms("infra/plan.json")

    def test_errors_page():
        errors = metric("AWS/Lambda Errors", "Sum", FunctionName="kfm-prod-ingest")
        calls = metric("AWS/Lambda Invocations", "Sum", FunctionName="kfm-prod-ingest")
        run = alarms.run("kfm-prod-ingest-error-ratio", {errors: "0x4 5x9", calls: "100x14"}, until="15m")
        assert run.state == "ALARM", run
        assert run.changes == (("5m", "OK"), ("8m", "ALARM")), run
        assert run.notified == ("aws_sns_topic_subscription.pager",), run

The semantics are those of `kfm-audit test`: docs/testing-alarms.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from kfm_audit.alarmtests.alarms import LoadedAlarms, Unreadable
from kfm_audit.alarmtests.alarms import load_alarms as _load
from kfm_audit.alarmtests.document import AlarmStateTest, StateName
from kfm_audit.alarmtests.durations import read_duration, shown_duration
from kfm_audit.alarmtests.formats.drawing import drawn
from kfm_audit.alarmtests.model import AlarmTest, Assertion, GivenSeries, MetricKey
from kfm_audit.alarmtests.observe import NotSimulatedError, observe
from kfm_audit.alarmtests.observed import Observed
from kfm_audit.alarmtests.places import Place
from kfm_audit.alarmtests.reads import all_read, nearest_read
from kfm_audit.alarmtests.series import SeriesError, Values, read_values
from kfm_audit.facts import Alarm
from kfm_audit.policy.strict import nearest
from kfm_audit.simulation.assumptions import AssumptionError, read_assumptions
from kfm_audit.simulation.series import SeriesError as UnfitSeriesError

__all__ = ["AlarmRun", "AlarmTestError", "Alarms", "load_alarms", "metric"]


class AlarmTestError(Exception):
    """A test cannot be run as it is written, or its alarms cannot be read. The text is the whole message."""


def metric(name: str, statistic: str, /, **dimensions: str) -> MetricKey:
    """A series, named as the alarm names it: `metric("AWS/Lambda Errors", "Sum", FunctionName="ingest")`.

    The namespace ends at the first space. Dimensions are all that the metric has: with others it is another
    one. Raises AlarmTestError for a name without a namespace.
    """
    namespace, _, rest = name.partition(" ")
    if not rest:
        raise AlarmTestError(f"{name!r} has no namespace: write 'NAMESPACE {name}'")
    return MetricKey(namespace, rest, tuple(sorted(dimensions.items())), statistic)


def load_alarms(path: str | Path, *, variable_files: tuple[str | Path, ...] = ()) -> Alarms:
    """The alarms of a plan, of a folder of `.tf` files, or of what `aws cloudwatch describe-alarms` printed.

    `variable_files` give values of variables to a folder of `.tf` files. Raises AlarmTestError where the
    alarms cannot be read, as a whole or in part.
    """
    base = Path.cwd()
    loaded = _load(base / path, base, tuple(base / file for file in variable_files))
    if isinstance(loaded, Unreadable):
        raise AlarmTestError("; ".join(loaded.said))
    return Alarms(loaded)


class AlarmRun:
    """What one alarm did. As text it is the drawing that `kfm-audit test` makes."""

    def __init__(self, name: str, observed: Observed) -> None:
        """Made by `Alarms.run`."""
        self._name = name
        self._observed = observed

    @property
    def state(self) -> StateName:
        """The state after the last evaluation."""
        return self._observed.state

    def state_at(self, time: str) -> StateName:
        """The state at a time (`9m`), after an evaluation at that time. Raises ValueError for no time."""
        at = read_duration(time)
        passed = [one.state for one in self._observed.evaluations if one.time <= at]
        return passed[-1] if passed else self._observed.initial_state

    @property
    def changes(self) -> tuple[tuple[str, StateName], ...]:
        """When the state changed, and to what: `(("8m", "ALARM"),)`."""
        return tuple((shown_duration(time), state) for time, state in self._observed.changes)

    @property
    def actions(self) -> tuple[str, ...]:
        """What was done, in the order of time: addresses of topics, else what the alarm names."""
        return tuple(one.target[0] for one in self._observed.actions)

    @property
    def notified(self) -> tuple[str, ...]:
        """The addresses of the subscribers that certainly got a message, one for each message."""
        return tuple(one.subscriber[0] for one in self._observed.received if one.arrives and one.subscriber)

    @property
    def messages(self) -> tuple[Mapping[str, object], ...]:
        """The body of each of these messages, in the same order."""
        return tuple(one.body for one in self._observed.received if one.arrives and one.subscriber)

    @property
    def reason(self) -> str:
        """CloudWatch's reason for the last change; "" where the state did not change."""
        return self._observed.reason

    @property
    def indeterminate(self) -> bool:
        """Whether AWS's documents leave open a state that the alarm was in."""
        return any(one.indeterminate for one in self._observed.evaluations)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the result hangs on, such as the size of the evaluation range."""
        return self._observed.warnings

    def __str__(self) -> str:
        """The alarm's name, and its series and states over time."""
        return "\n".join([self._name, *drawn(None, self._observed)])

    __repr__ = __str__


class Alarms:
    """The alarms of one plan, folder or description."""

    def __init__(self, loaded: LoadedAlarms) -> None:
        """Made by `load_alarms`."""
        self._loaded = loaded
        self._read = all_read(loaded.all)

    @property
    def names(self) -> tuple[str, ...]:
        """The addresses of all alarms."""
        return tuple(alarm.subject for alarm in self._loaded.all)

    def run(
        self,
        alarm: str,
        series: Mapping[MetricKey, str | Values],
        *,
        until: str,
        initial: StateName = "INSUFFICIENT_DATA",
        evaluate_from: str = "",
        interval: str = "1m",
        starts_at: datetime | None = None,
        initial_states: Mapping[str, StateName] | None = None,
        evaluation_range: int = 0,
        assumptions: Mapping[str, str] | None = None,
    ) -> AlarmRun:
        """What an alarm (its name or address) does from its first evaluation to the one at `until`.

        A series is text in promtool's notation (`0x4 9x5`), or one value for each `interval`, None where
        there is none. `initial` is the state just before the first evaluation; `evaluation_range` 0 is
        `auto`; `starts_at` is time 0. Raises AlarmTestError where the test cannot be run: an unknown alarm,
        a series that no alarm reads, an alarm that cannot be evaluated.
        """
        found = self._alarm(alarm)
        for word in initial_states or {}:
            self._alarm(word)
        written = AlarmStateTest(
            eval_time=until, alarm=alarm, exp_state="OK", initial_state=initial, evaluate_from=evaluate_from
        )
        try:
            assertion = Assertion(
                written=written,
                eval_time=read_duration(until),
                evaluate_from=read_duration(evaluate_from) if evaluate_from else None,
                changes=None,
                notified=(),
                place=Place(),
                places={},
            )
            test = AlarmTest(
                name=alarm,
                interval=read_duration(interval),
                series=tuple(self._series(key, values) for key, values in series.items()),
                assertions=(assertion,),
                initial_states=initial_states or {},
                starts_at=starts_at.replace(tzinfo=starts_at.tzinfo or UTC) if starts_at else None,
                evaluation_range=evaluation_range,
                assumptions=assumptions or {},
                place=Place(),
                places={},
            )
            chosen = read_assumptions(test.assumptions, evaluation_range)
            observed = observe(self._loaded, found, test, assertion, chosen)
        except (NotSimulatedError, UnfitSeriesError) as error:
            raise AlarmTestError(f"{alarm} {error}") from None
        except (SeriesError, AssumptionError, ValueError) as error:
            raise AlarmTestError(str(error)) from None
        if not observed.evaluations:
            raise AlarmTestError(f"{alarm} is not evaluated until {until}: its whole window must have passed")
        return AlarmRun(alarm, observed)

    def _alarm(self, word: str) -> Alarm:
        found = self._loaded.called(word)
        if len(found) == 1:
            return found[0]
        if found:
            raise AlarmTestError(f"{len(found)} alarms are called {word}: name one plan")
        raise AlarmTestError(f"no alarm is called {word}{nearest(word, self._loaded.words)}")

    def _series(self, key: MetricKey, values: str | Values) -> GivenSeries:
        if key not in self._read:
            raise AlarmTestError(f"no alarm reads {key}{nearest_read(key, self._read)}")
        given = read_values(values) if isinstance(values, str) else tuple(values)
        return GivenSeries(key=key, values=given, place=Place())
