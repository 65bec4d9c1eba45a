"""What expressions give: AWS's tables, recorded values, and named assumptions where AWS is silent."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.aws.math_assumptions import Assumption, Choices
from kfm_audit.aws.math_check import Query
from kfm_audit.aws.math_error import MathError
from kfm_audit.aws.math_evaluate import Evaluation, evaluate
from kfm_audit.aws.math_points import Points
from kfm_audit.aws.math_prepare import prepare

_ = None
SATURDAY = 1769817600
"""2026-01-31T00:00:00Z."""


def run(
    expression: str, *more: tuple[str, str], start: int = 0, choices: Choices | None = None, **series: Points
) -> Evaluation[Points]:
    queries = [
        *(Query(id=id_, period=60) for id_ in series),
        *(Query(id=id_, expression=text) for id_, text in more),
        Query(id="result", expression=expression, return_data=True),
    ]
    return evaluate(queries, series, 60, start=start, choices=choices)


def points(expression: str, *more: tuple[str, str], **series: Points) -> Points:
    return run(expression, *more, **series).points


class TestAwsTables:
    """CloudWatch user guide, "Using metric math": every table, value for value; nothing is assumed."""

    @pytest.mark.parametrize(
        ("expression", "expected"),
        [
            ("(metric1 < metric2)", (0, 0, 1, 0)),
            ("(metric1 >= 30)", (1, 0, 0, 0)),
            ("(metric1 > 15 AND metric2 > 15)", (1, 0, 0, 0)),
        ],
    )
    def test_comparisons(self, expression, expected):
        series = {"metric1": (30.0, 20.0, 0.0, 0.0), "metric2": (20.0, _, 20.0, _)}
        assert run(expression, **series) == Evaluation(expected, ())

    @pytest.mark.parametrize(
        ("expression", "expected"),
        [
            ("IF(metric1, metric2, metric3)", (30, 0, 20, _, _)),
            ("IF(metric1, 5, metric3)", (5, 5, 20, _, _)),
            ("IF(metric1, metric2, 5)", (30, 0, 5, 5, _)),
        ],
    )
    def test_if(self, expression, expected):
        series = {
            "metric1": (1.0, 1.0, 0.0, 0.0, _),
            "metric2": (30.0, _, 0.0, 0.0, 30.0),
            "metric3": (0.0, 0.0, 20.0, _, 20.0),
        }
        assert run(expression, **series) == Evaluation(expected, ())

    def test_if_with_a_number_as_condition_takes_a_whole_series(self):
        series = {"metric2": (30.0, _), "metric3": (_, 7.0)}
        assert points("IF(1, metric2, metric3)", **series) == (30, _)
        assert points("IF(-1, metric2, metric3)", **series) == (30, _)
        assert points("IF(0, metric2, metric3)", **series) == (_, 7)
        assert points("IF(0, metric2)", **series) == (_, _)

    def test_if_without_a_third_argument_drops_what_is_false(self):
        assert points("IF(m < 400, m)", m=(100.0, 500.0, _, 399.0)) == (100, _, _, 399)
        assert points("IF(m < 400, 10, 2)", m=(100.0, 500.0, _)) == (10, 2, _)

    def test_weekdays(self):
        hours = evaluate(
            [
                Query(id="m1", period=3600),
                Query(id="e1", expression="IF(DAY(m1)<6,m1)", return_data=True),
            ],
            {"m1": (1.0,) * 4},
            3600,
            start=SATURDAY - 2 * 3600,
        )
        assert hours.points == (1, 1, _, _)


@pytest.mark.parametrize(
    ("errors", "invocations", "ratio"),
    [(5.0, 100.0, 0.05), (_, 100.0, 0.0), (0.0, 0.0, _), (5.0, 0.0, _), (5.0, _, _), (_, _, _)],
)
def test_the_truth_table_of_an_error_ratio(errors, invocations, ratio):
    found = run("errors / invocations", errors=(errors,), invocations=(invocations,))
    assert found == Evaluation((ratio,), ())


def test_guards_of_a_ratio():
    series = {"e": (5.0, _, 0.0, _, 5.0), "i": (100.0, 100.0, 0.0, _, _)}
    assert points("IF(i>0, e/i, 0)", **series) == (0.05, 0, 0, _, _), (
        "a missing condition drops the datapoint"
    )
    assert points("IF(FILL(i,0)>0, e/FILL(i,1), 0)", **series) == (0.05, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # Recorded from CloudWatch for m = [4, 4, 8, 16, 32].
        ("m*2", (8, 8, 16, 32, 64)),
        ("IF(m>=8,m,0)", (0, 0, 8, 16, 32)),
        ("SUM([m,m])", (8, 8, 16, 32, 64)),
        ("FILL(m,0)", (4, 4, 8, 16, 32)),
        ("RUNNING_SUM(m)", (4, 8, 16, 32, 64)),
        # By the text of the guide.
        ("DIFF(m)", (_, 0, 4, 8, 16)),
        ("DIFF_TIME(m)", (_, 60, 60, 60, 60)),
        ("RATE(m)", (_, 0, 4 / 60, 8 / 60, 16 / 60)),
        ("m - AVG(m)", (-8.8, -8.8, -4.8, 3.2, 19.2)),
        ("m / MAX(m)", (0.125, 0.125, 0.25, 0.5, 1)),
        ("m - MIN(m)", (0, 0, 4, 12, 28)),
        ("m / SUM(m) * 64", (4, 4, 8, 16, 32)),
        ("m / DATAPOINT_COUNT(m)", (0.8, 0.8, 1.6, 3.2, 6.4)),
        ("m / PERIOD(m)", (4 / 60, 4 / 60, 8 / 60, 16 / 60, 32 / 60)),
        ("-m", (-4, -4, -8, -16, -32)),
        ("2 - -m", (6, 6, 10, 18, 34)),
        ("ABS(4 - m)", (0, 0, 4, 12, 28)),
        ("CEIL(m / 5)", (1, 1, 2, 4, 7)),
        ("FLOOR(m / 5)", (0, 0, 1, 3, 6)),
        ("LOG10(m * 25)", (2, 2, math.log10(200), math.log10(400), math.log10(800))),
        ("LOG(m)", (math.log(4), math.log(4), math.log(8), math.log(16), math.log(32))),
        ("m ^ 2", (16, 16, 64, 256, 1024)),
        ("TIME_SERIES(MAX(m))", (32,) * 5),
        ("EPOCH(m)", (0, 60, 120, 180, 240)),
        ("m == 4 OR m == 32", (1, 1, 0, 0, 1)),
        ("m != 4 && m <= 16", (0, 0, 1, 1, 0)),
    ],
)
def test_functions_and_operators(expression, expected):
    assert points(expression, m=(4.0, 4.0, 8.0, 16.0, 32.0)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a + b", (11, 2, 30, _)),
        ("a * b", (10, 0, 0, _)),
        ("a + 1", (2, 3, _, _)),
        ("b / a", (10, 0, _, _)),
        ("SUM([a, b])", (11, 2, 30, _)),
        ("AVG([a, b])", (5.5, 1, 15, _)),
        ("MIN([a, b])", (1, 2, 30, _)),
        ("MAX(METRICS())", (10, 2, 30, _)),
        ("DATAPOINT_COUNT([a, b])", (2, 1, 1, _)),
        ("FILL(a, 7)", (1, 2, 7, 7)),
        ("FILL(a, b)", (1, 2, 30, _)),
        ("FILL(a, REPEAT)", (1, 2, 2, 2)),
        ("FILL(b, LINEAR)", (10, 20, 30, _)),
        ("AVG(b) * FILL(a, 1)", (10, 20, 10, 10)),
        ("DIFF(b)", (_, _, 20, _)),
        ("RATE(b)", (_, _, 20 / 120, _)),
        ("RUNNING_SUM(b)", (10, _, 40, _)),
        ("FIRST(SORT([a, b], SUM, DESC))", (10, _, 30, _)),
        ("LAST(SORT([a, b], MAX, DESC, 1))", (10, _, 30, _)),
        ("SLICE([a, b], 1, 2)", (10, _, 30, _)),
        ("SUM(SLICE([a, b], 0))", (11, 2, 30, _)),
        ("SUM(METRICS('b') * 2 + a)", (21, 2, 60, _)),
        ("FIRST(METRICS('nothing'))", (_, _, _, _)),
        ("SUM(METRICS('nothing')) + a", (1, 2, _, _)),
        ("FIRST(REMOVE_EMPTY([empty, b]))", (10, _, 30, _)),
        ("a / METRIC_COUNT(METRICS('a'))", (1, 2, _, _)),
        ("FILL(empty, 0) + a", (1, 2, 0, 0)),
        ("SUM([METRICS('a'), METRICS('b')])", (11, 2, 30, _)),
    ],
)
def test_missing_data(expression, expected):
    series = {"a": (1.0, 2.0, _, _), "b": (10.0, _, 30.0, _), "empty": (_,) * 4}
    if "empty" not in expression:
        del series["empty"]
    assert points(expression, **series) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("MINUTE", 59.0), ("HOUR", 23.0), ("DAY", 5.0), ("DATE", 30.0), ("MONTH", 1.0), ("YEAR", 2026.0)],
)
def test_the_calendar_is_that_of_the_beginning_of_the_slot_in_utc(name, expected):
    assert run(f"{name}(m)", m=(_,), start=SATURDAY - 60).points == (expected,)


@pytest.mark.parametrize(
    ("expression", "assumed"),
    [
        ("a + b", ()),
        ("a > 1 AND b > 1 OR a > 5", (Assumption.OPERATOR_PRECEDENCE,)),
        ("FILL(a, 0)", ()),
        ("FILL(empty, 0)", (Assumption.FILL_WITHOUT_DATA,)),
        ("FILL(b, LINEAR)", ()),
        ("FILL(a, LINEAR)", (Assumption.FILL_AT_THE_EDGE,)),
        ("LOG(a)", ()),
        ("LOG(a - 1)", (Assumption.NO_NUMBER,)),
        ("a ^ 0.5", ()),
        ("(a - 5) ^ 0.5", (Assumption.NO_NUMBER,)),
        ("AVG([a, b])", ()),
        ("MAX([b, b])", (Assumption.EXTREMES_WITHOUT_DATA,)),
        ("a - AVG(a)", (Assumption.EVALUATION_RANGE,)),
        ("DIFF(a)", (Assumption.EVALUATION_RANGE,)),
        ("a * (1 / 0)", (Assumption.NO_SCALAR,)),
        (
            "MAX(empty) + a",
            (Assumption.EVALUATION_RANGE, Assumption.NO_SCALAR, Assumption.EXTREMES_WITHOUT_DATA),
        ),
        ("STDDEV([a, a])", (Assumption.EXTREMES_WITHOUT_DATA, Assumption.STANDARD_DEVIATION)),
        ("DATAPOINT_COUNT([a, b])", ()),
        ("DATAPOINT_COUNT([a, empty])", (Assumption.COUNT_OF_NOTHING,)),
        ("FIRST(SORT([a, b], AVG, ASC))", (Assumption.EVALUATION_RANGE, Assumption.SORT_ORDER)),
        ("SLICE([a, b], 0, 1)", (Assumption.SLICE_OF_ONE,)),
    ],
)
def test_what_is_assumed_is_said(expression, assumed):
    series = {"a": (1.0, 2.0, _), "b": (10.0, _, 30.0), "empty": (_,) * 3}
    assert set(run(expression, **series).assumptions) == set(assumed)
    assert all(item.text.endswith(".") for item in assumed)


def test_choices_depart_from_assumptions():
    sparse = {"a": (4.0, _), "b": (2.0, 6.0)}
    assert points("MIN([a, b])", **sparse) == (2, 6)
    assert run("MIN([a, b])", choices=Choices(extremes_without_data="zero"), **sparse).points == (2, 0)
    assert points("STDDEV([a, b])", **sparse) == (1, 0)
    sample = run("STDDEV([a, b])", choices=Choices(standard_deviation="sample"), **sparse)
    assert sample.points == (pytest.approx(math.sqrt(2)), _)
    left = run("FILL(a, 0)", choices=Choices(fill_without_data="leave"), a=(_, _))
    assert left == Evaluation((_, _), (Assumption.FILL_WITHOUT_DATA,))


def test_a_metric_without_a_series_has_no_data():
    queries = [Query(id="a"), Query(id="b"), Query(id="e", expression="a + b", return_data=True)]
    assert evaluate(queries, {"a": (1.0, _)}, 60).points == (1, _)


def test_expressions_read_expressions_and_are_computed_once():
    assert points("double + double", ("double", "m * 2"), m=(1.0, _)) == (4, _)


def test_a_metric_alone_may_be_the_result():
    assert evaluate([Query(id="m", return_data=True)], {"m": (1.0, _)}, 60).points == (1, _)


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("SERVICE_QUOTA(m)", "SERVICE_QUOTA is not evaluated: the quota is known only to AWS"),
        ("INSIGHT_RULE_METRIC('r', 'Sum')", "INSIGHT_RULE_METRIC is not evaluated: its series come from a Contributor Insights rule"),
        ("LAST(ANOMALY_DETECTION_BAND(m))", "ANOMALY_DETECTION_BAND is not evaluated: the band comes from a model that only CloudWatch has"),
        ("FIRST(LAMBDA('f'))", "LAMBDA is not evaluated: its series come from a Lambda function"),
        ("DB_PERF_INSIGHTS('RDS', 'db-1', 'db.load.avg')", "DB_PERF_INSIGHTS is not evaluated: its series come from Performance Insights"),
        ("SELECT AVG(x) FROM y", "which metrics a Metrics Insights query finds is known only to CloudWatch"),
        ("FIRST(SLICE(METRICS(), AVG(m)))", "the bounds of SLICE are evaluated where they are written as numbers"),
        ("SEARCH('x')", "SEARCH is not supported on Metric Alarms."),
        ("m / nobody", "ID 'nobody' not found"),
        ("SLICE(METRICS(), 4, 5)", "the expression gives 0 time series, not one"),
    ],
)  # fmt: skip
def test_what_cannot_be_evaluated_is_refused_by_name(expression, said):
    with pytest.raises(MathError) as raised:
        points(expression, m=(1.0,))
    assert raised.value.message == said


def test_a_band_is_refused():
    band = [
        Query(id="m1", return_data=True),
        Query(id="ad1", expression="ANOMALY_DETECTION_BAND(m1)", return_data=True),
    ]
    with pytest.raises(MathError, match="a model that only CloudWatch has"):
        prepare(band, threshold_id="ad1")


SERIES = st.lists(
    st.one_of(st.none(), st.floats(-1e3, 1e3), st.integers(-3, 3).map(float)), min_size=4, max_size=4
)
EXPRESSIONS = st.recursive(
    st.sampled_from(["a", "b", "SUM(METRICS())", "FILL(a, REPEAT)", "DIFF(b)"]),
    lambda inner: st.one_of(
        st.builds(
            "({} {} {})".format,
            inner,
            st.sampled_from(["+", "-", "*", "/", "^", "<", ">=", "AND", "OR"]),
            inner,
        ),
        st.builds("IF({}, {}, {})".format, inner, inner, inner),
        st.builds(
            "{}({})".format, st.sampled_from(["ABS", "CEIL", "LOG", "RATE", "RUNNING_SUM", "-"]), inner
        ),
        st.builds("MAX([{}, {}])".format, inner, inner),
        st.builds("({} * AVG({}))".format, inner, inner),
    ),
    max_leaves=6,
)


@given(EXPRESSIONS, SERIES, SERIES)
def test_a_datapoint_is_a_finite_number_or_missing(expression, a, b):
    for value in points(expression, a=tuple(a), b=tuple(b)):
        assert value is None or math.isfinite(value)


@given(SERIES, SERIES, st.sampled_from(["+", "-", "*", "<", ">", "==", "AND", "OR"]))
def test_timestamps_are_the_union_of_both_series(a, b, operator):
    found = points(f"a {operator} b", a=tuple(a), b=tuple(b))
    assert [value is None for value in found] == [x is None and y is None for x, y in zip(a, b, strict=True)]


@given(SERIES, SERIES)
def test_a_missing_value_is_a_zero_where_the_other_series_has_one(a, b):
    zeros = tuple(tuple(0.0 if v is None else v for v in series) for series in (a, b))
    for operator in ("+", "*", ">=", "OR"):
        sparse = points(f"a {operator} b", a=tuple(a), b=tuple(b))
        full = points(f"a {operator} b", a=zeros[0], b=zeros[1])
        assert all(one is None or one == other for one, other in zip(sparse, full, strict=True))
