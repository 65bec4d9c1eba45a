"""The evaluator by vectors gives the very timeline that the plain one gives, on any series."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import structs

from kfm_audit.aws.alarm_evaluation import YoungBreach
from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.aws.math_assumptions import Choices
from kfm_audit.facts import MetricAlarm, MetricQuery, MetricStat
from kfm_audit.replay.history import History, Recorded
from kfm_audit.replay.vector import VectorRun
from kfm_audit.simulation.assumptions import Assumptions, AverageFold
from kfm_audit.simulation.metric import MetricRun
from kfm_audit.simulation.series import Measured, SeriesError
from kfm_audit.simulation.timeline import Refused
from kfm_audit.simulation.watch import watch_of
from kfm_audit.values import ABSENT, Known, Origin

START = 1769817600
"""2026-01-31T00:00:00Z."""


def alarm(**attributes: object) -> MetricAlarm:
    defaults = {
        "comparison_operator": "GreaterThanThreshold",
        "threshold": 1.0,
        "evaluation_periods": 3,
        "period": 60,
        "statistic": "Sum",
        "namespace": "Kfm",
        "metric_name": "a",
    }
    known = {
        key: value if value is ABSENT else Known(value) for key, value in {**defaults, **attributes}.items()
    }
    return MetricAlarm(
        subject="aws_cloudwatch_metric_alarm.x", origin=Origin("plan.json"), resource_name="x", **known
    )


def math_alarm(expression: str, *, stat: str = "Sum", **attributes: object) -> MetricAlarm:
    period = attributes.pop("period", 60)
    metrics = [
        MetricQuery(
            at=f"metric_query/{n}",
            id=Known(name),
            metric=MetricStat(
                namespace=Known("Kfm"), metric_name=Known(name), period=Known(period), stat=Known(stat)
            ),
        )
        for n, name in enumerate("abc")
    ]
    result = MetricQuery(
        at="metric_query/3", id=Known("result"), expression=Known(expression), return_data=Known(True)
    )
    single = dict.fromkeys(("period", "statistic", "namespace", "metric_name"), ABSENT)
    return alarm(metric_query=(*metrics, result), **{**single, **attributes})


def recorded(
    values: list[float | None], name: str = "a", stat: str = "Sum", interval: int = 60, start: int = START
) -> Recorded:
    return Recorded(
        namespace="Kfm",
        metric_name=name,
        dimensions=(),
        statistic=stat,
        start=start,
        interval=interval,
        values=np.array([np.nan if v is None else v for v in values], dtype=np.float64),
    )


def both(
    one: MetricAlarm,
    series: list[Recorded],
    *,
    minutes: int = 40,
    first: int = 0,
    initial: AlarmState = AlarmState.OK,
    assumptions: Assumptions = Assumptions(),  # noqa: B008 - frozen
) -> None:
    watch = watch_of(one)
    assert not isinstance(watch, Refused), watch
    span = {
        "first": START + first,
        "stop": START + minutes * 60,
        "initial": initial,
        "assumptions": assumptions,
    }
    plain = MetricRun(
        one, watch, Measured((item.listed() for item in series), assumptions.average_fold), **span
    )
    expected = plain.timeline()
    vector = VectorRun(one, watch, History(series), **span)
    assert vector.timeline() == structs.replace(expected, evaluations=())
    assert vector.assumptions_used() == plain.assumptions_used(expected)
    assert vector.range_sensitivity == plain.range_sensitivity(expected)
    moments, values = vector.datapoints()
    if len(values):
        newest = [evaluation.slots[-1] for evaluation in expected.evaluations]
        assert [None if math.isnan(v) else v for v in values.tolist()] == newest
        assert moments.moments.tolist() == [evaluation.at for evaluation in expected.evaluations]


VALUES = st.lists(st.sampled_from([None, None, 0.0, 0.3, 1.0, 1.5, 2.0, -4.0, 1e30]), max_size=45)
COMPARISONS = st.sampled_from(
    [
        "GreaterThanThreshold",
        "GreaterThanOrEqualToThreshold",
        "LessThanThreshold",
        "LessThanOrEqualToThreshold",
    ]
)
TREATMENTS = st.sampled_from(["missing", "ignore", "breaching", "notBreaching"])
PERIODS_AND_POINTS = st.integers(1, 6).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n)))
INITIAL = st.sampled_from(list(AlarmState))
CHOICES = st.builds(
    Choices,
    fill_without_data=st.sampled_from(["fill", "leave"]),
    extremes_without_data=st.sampled_from(["leave-out", "zero"]),
    standard_deviation=st.sampled_from(["population", "sample"]),
)
ASSUMPTIONS = st.builds(
    Assumptions,
    evaluation_range=st.sampled_from([0, 0, 4, 9]),
    young_breach=st.sampled_from(YoungBreach),
    math=CHOICES,
)


@given(
    VALUES, COMPARISONS, TREATMENTS, PERIODS_AND_POINTS, INITIAL, ASSUMPTIONS,
    st.sampled_from(["Sum", "Minimum", "Maximum", "Average", "SampleCount"]),
    st.sampled_from([60, 120, 300]), st.sampled_from([0, 60, 30, 420]), st.sampled_from([0, 60, -120, 17]),
)  # fmt: skip
@settings(max_examples=400, deadline=None)
def test_an_alarm_on_a_single_metric(
    values, comparison, treatment, window, initial, assumptions, statistic, period, first, shift
):
    one = alarm(
        comparison_operator=comparison,
        treat_missing_data=treatment,
        evaluation_periods=window[0],
        datapoints_to_alarm=window[1],
        statistic=statistic,
        period=period,
    )
    series = [recorded(values, stat=statistic, start=START + shift)] if values else []
    both(one, series, first=first, initial=initial, assumptions=assumptions)


@given(VALUES, TREATMENTS, PERIODS_AND_POINTS, st.sampled_from([10, 20, 30]), INITIAL)
@settings(max_examples=80, deadline=None)
def test_an_alarm_of_high_resolution(values, treatment, window, period, initial):
    one = alarm(
        treat_missing_data=treatment,
        evaluation_periods=window[0],
        datapoints_to_alarm=window[1],
        period=period,
    )
    both(one, [recorded(values or [None], interval=10)], minutes=9, initial=initial)


@given(VALUES, TREATMENTS, st.sampled_from([(60, 300), (300, 300), (60, 3600), (300, 900)]), INITIAL)
@settings(max_examples=80, deadline=None)
def test_coarse_records_and_long_periods(values, treatment, intervals, initial):
    interval, period = intervals
    one = alarm(treat_missing_data=treatment, evaluation_periods=2, period=period)
    both(one, [recorded(values or [1.0], interval=interval)], minutes=200, initial=initial)


@pytest.mark.parametrize("first", [0, 60, 1740])
@pytest.mark.parametrize("period", [3600, 7200])
def test_windows_longer_than_a_day_are_evaluated_once_an_hour(period, first):
    values = [float(n % 7 > 4) if n % 5 else None for n in range(3000)]
    periods = 93_600 // period
    one = alarm(evaluation_periods=periods, datapoints_to_alarm=periods // 4, period=period, threshold=0.5)
    both(one, [recorded(values)], minutes=3000, first=first)


INNER = st.sampled_from(["a", "b", "c", "5", "0.5", "FILL(a, 0)", "FILL(b, REPEAT)", "FILL(c, LINEAR)"])
SERIES = st.recursive(
    st.sampled_from(["a", "b", "c", "SUM(METRICS())", "TIME_SERIES(2)", "HOUR(a)", "EPOCH(b)"]),
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "/", "^", "<", ">=", "==", "!=", "AND", "OR"]), inner),
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "/", ">", "<="]), st.sampled_from(["2", "0", "0.1"])),
        st.builds("IF({}, {}, {})".format, inner, inner, inner),
        st.builds("IF({}, {})".format, inner, inner),
        st.builds("IF({} > 1, {}, 0)".format, inner, inner),
        st.builds("FILL({}, {})".format, inner, st.sampled_from(["0", "c", "REPEAT", "LINEAR", "MIN(a)"])),
        st.builds("{}({})".format, st.sampled_from(["ABS", "CEIL", "FLOOR", "LOG", "LOG10", "RATE", "DIFF", "DIFF_TIME", "RUNNING_SUM", "-"]), inner),
        st.builds("{}([{}, {}])".format, st.sampled_from(["AVG", "SUM", "MIN", "MAX", "STDDEV", "DATAPOINT_COUNT"]), inner, inner),
        st.builds("({} - {}({}))".format, inner, st.sampled_from(["AVG", "SUM", "MIN", "MAX", "STDDEV", "DATAPOINT_COUNT"]), inner),
        st.builds("SUM([{}, {}] * 2)".format, inner, inner),
    ),
    max_leaves=7,
)  # fmt: skip


@given(
    SERIES,
    VALUES,
    VALUES,
    VALUES,
    TREATMENTS,
    PERIODS_AND_POINTS,
    ASSUMPTIONS,
    st.sampled_from([60, 120, 300]),
)
@example(
    "IF(FILL(b, 0) >= 1, 100 * a / b, 0)", [1.0] * 9, [None] * 30, [], "missing", (3, 2), Assumptions(), 60
)
@example("(a * HOUR(a))", [0.3, -4.0], [], [], "missing", (2, 1), Assumptions(), 120)  # 0.0 and -0.0
@settings(max_examples=500, deadline=None)
def test_an_alarm_on_metric_math(expression, a, b, c, treatment, window, assumptions, period):
    one = math_alarm(
        expression,
        period=period,
        treat_missing_data=treatment,
        evaluation_periods=window[0],
        datapoints_to_alarm=window[1],
    )
    series = [recorded(values, name) for name, values in (("a", a), ("b", b), ("c", c)) if values]
    both(one, series, assumptions=assumptions)


@given(VALUES, VALUES, st.sampled_from([0, 60, 90, 300]))
@settings(max_examples=80, deadline=None)
def test_metric_math_over_records_of_different_intervals(a, b, shift):
    one = math_alarm("a + FILL(b, 1)", period=300)
    series = [recorded(a or [1.0], "a"), recorded(b or [2.0], "b", interval=300, start=START + shift)]
    both(one, series, minutes=120)


@given(
    VALUES,
    st.lists(st.sampled_from([None, 0.0, 1.0, 3.0, 0.1]), max_size=50),
    st.sampled_from([60, 180, 300]),
)
@settings(max_examples=120, deadline=None)
def test_averages_weighted_with_their_samples(values, counts, period):
    one = alarm(statistic="Average", period=period)
    values = values or [None]
    counts = (counts + [1.0] * len(values))[: len(values)]
    series = [recorded(values, stat="Average"), recorded(counts, stat="SampleCount")]
    both(one, series, assumptions=Assumptions(average_fold=AverageFold.WEIGHTED))


@given(VALUES, VALUES)
@settings(max_examples=40, deadline=None)
def test_what_cannot_be_done_by_vectors_is_done_one_by_one(a, b):
    series = [recorded(a or [None], "a"), recorded(b or [None], "b")]
    both(math_alarm("FIRST(SORT([a, b], SUM, DESC))"), series)
    both(math_alarm("FIRST(REMOVE_EMPTY(METRICS()))"), series)


@given(VALUES, st.lists(st.sampled_from([None, 5.0, 99.0, 100.0, 500.0]), min_size=45, max_size=45))
@settings(max_examples=40, deadline=None)
def test_percentiles_with_low_samples(values, counts):
    one = alarm(statistic=ABSENT, extended_statistic="p90", evaluate_low_sample_count_percentiles="ignore")
    both(one, [recorded(values or [None], stat="p90"), recorded(counts, stat="SampleCount")])


@pytest.mark.parametrize("stat", ["Maximum", "p90"])
def test_what_aws_never_publishes_in_a_unit_has_no_data_in_it(stat):
    metric = {"namespace": "AWS/SQS", "metric_name": "ApproximateAgeOfOldestMessage"}
    statistic = {"statistic": ABSENT, "extended_statistic": stat} if stat == "p90" else {"statistic": stat}
    ignored = {"evaluate_low_sample_count_percentiles": "ignore"}
    series = [structs.replace(recorded([9.0] * 45, stat=name), **metric) for name in (stat, "SampleCount")]
    for unit, state in (("Seconds", AlarmState.ALARM), ("Milliseconds", AlarmState.INSUFFICIENT_DATA)):
        one = alarm(
            **metric, **statistic, **(ignored if stat == "p90" and unit != "Seconds" else {}), unit=unit
        )
        both(one, series)
        watch = watch_of(one)
        assert not isinstance(watch, Refused)
        span = {"first": START + 600, "stop": START + 1_200, "initial": AlarmState.OK}
        found = VectorRun(one, watch, History(series), **span, assumptions=Assumptions()).timeline()
        assert found.spans[-1].state is state


def test_a_record_that_does_not_fit_is_refused_with_the_same_words():
    for series, words in (
        (recorded([1.0], interval=300), "no multiple of the 300 s of Kfm a"),
        (recorded([1.0], interval=7), "no multiple of the 7 s of Kfm a"),
    ):
        with pytest.raises(SeriesError, match=words):
            both(alarm(), [series])
        watch = watch_of(alarm())
        assert not isinstance(watch, Refused)
        with pytest.raises(SeriesError, match=words):
            VectorRun(
                alarm(),
                watch,
                History([series]),
                first=START,
                stop=START,
                initial=AlarmState.OK,
                assumptions=Assumptions(),
            )


def test_a_history_joins_records_and_the_later_one_holds():
    history = History([recorded([1.0, 2.0, None]), recorded([5.0, 6.0], start=START + 120)])
    joined = history.get(("Kfm", "a", (), "Sum"))
    assert joined is not None
    assert (joined.start, joined.values.tolist()) == (START, [1.0, 2.0, 5.0, 6.0])
    assert (history.start, history.stop) == (START, START + 240)


def test_of_two_intervals_the_finer_one_is_kept():
    fine, coarse = recorded([1.0, 2.0]), recorded([9.0], interval=300)
    for series in ([fine, coarse], [coarse, fine]):
        assert History(series).get(fine.key) is fine
    empty = recorded([], interval=10)
    assert History([empty, coarse]).get(coarse.key) is coarse
