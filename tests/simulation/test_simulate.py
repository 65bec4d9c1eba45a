"""Alarms over time: when evaluations begin, what they see, and what an unguarded ratio does."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.evidence import Evidence
from kfm_audit.facts import MetricAlarm, MetricQuery, MetricStat
from kfm_audit.policy.model import Policy
from kfm_audit.simulation.series import InputSeries, SeriesError
from kfm_audit.simulation.simulate import simulate
from kfm_audit.values import Known, Origin

FUNCTION = {"FunctionName": "load"}


def alarm(**more):
    fields = {
        "comparison_operator": Known("GreaterThanOrEqualToThreshold"),
        "threshold": Known(5.0),
        "evaluation_periods": Known(3),
    }
    return MetricAlarm(subject="a", origin=Origin("x"), resource_name="a", **(fields | more))


def on_errors(**more):
    return alarm(
        namespace=Known("AWS/Lambda"),
        metric_name=Known("Errors"),
        dimensions=Known(FUNCTION),
        statistic=Known("Sum"),
        **({"period": Known(60)} | more),
    )


def series(name, *values, interval=60, statistic="Sum"):
    return InputSeries(
        namespace="AWS/Lambda",
        metric_name=name,
        dimensions=(("FunctionName", "load"),),
        statistic=statistic,
        interval=interval,
        values=values,
    )


def run(one, *given, stop, **more):
    found = simulate(Evidence([one], Policy(policy=1), datetime.now(UTC)), given, start=0, stop=stop, **more)
    timeline = found.timeline(one)
    assert timeline is not None, found.refused
    return timeline


def changes(timeline):
    return [(change.at, change.new.value) for change in timeline.changes]


def test_the_first_evaluation_is_at_the_end_of_the_whole_window():
    timeline = run(on_errors(), series("Errors", 9, 9, 9, 0, 0, 0), stop=360)
    assert [evaluation.at for evaluation in timeline.evaluations] == [180, 240, 300, 360]
    assert changes(timeline) == [(180, "ALARM"), (240, "OK")]


def test_windows_slide_by_the_minute():
    timeline = run(
        on_errors(period=Known(300), evaluation_periods=Known(1)),
        series("Errors", 0, 5, 0, 0, 0, 0, 0),
        stop=420,
    )
    assert changes(timeline) == [(300, "ALARM"), (420, "OK")]


def test_a_series_that_does_not_fit_is_refused():
    with pytest.raises(SeriesError, match="no multiple of the 120 s"):
        run(on_errors(), series("Errors", 9, interval=120), stop=360)


RATIO = [
    (5, 100, 0.05),
    (None, 100, 0.0),
    (0, 0, None),
    (5, 0, None),
    (5, None, None),
    (None, None, None),
]


@pytest.mark.parametrize(("errors", "invocations", "value"), RATIO)
def test_the_truth_table_of_an_unguarded_ratio(errors, invocations, value):
    def metric(id_, name):
        stat = MetricStat(
            namespace=Known("AWS/Lambda"),
            metric_name=Known(name),
            dimensions=Known(FUNCTION),
            period=Known(60),
            stat=Known("Sum"),
        )
        return MetricQuery(at=id_, id=Known(id_), metric=stat)

    ratio = MetricQuery(at="e", id=Known("e"), expression=Known("m1 / m2"), return_data=Known(True))
    one = alarm(
        metric_query=Known((metric("m1", "Errors"), metric("m2", "Invocations"), ratio)),
        threshold=Known(0.02),
        evaluation_periods=Known(1),
    )
    timeline = run(one, series("Errors", errors), series("Invocations", invocations), stop=60)
    assert timeline.evaluations[-1].slots[-1] == value
    expected = {0.05: AlarmState.ALARM, 0.0: AlarmState.OK, None: AlarmState.INSUFFICIENT_DATA}[value]
    assert timeline.state_at(60) is expected
