"""Whether two sets of metric queries say the same, up to a factor."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kfm_audit.aws.math_check import Query
from kfm_audit.aws.math_factor import factor
from kfm_audit.aws.math_syntax import parse
from kfm_audit.aws.math_typing import names_in

SAME = {"e": "e", "i": "i"}


def queries(text: str, expressions: Mapping[str, str] | None = None, period: int = 60) -> list[Query]:
    """The metrics e and i, further expressions by id, and the one that is returned: an expression, or an id."""
    below = {**(expressions or {}), "result": text}
    return [
        Query(id="e", period=period),
        Query(id="i", period=period),
        *(Query(id=id_, expression=found, return_data=id_ == "result") for id_, found in below.items()),
    ]


OURS = queries("100 * e / i")


@pytest.mark.parametrize(
    ("theirs", "expected"),
    [
        ("100 * e / i", 1.0),
        ("e / i * 100", 1.0),
        ("(e / i) * 100", 1.0),
        ("e / i", 100.0),
        ("e / (i / 100)", 1.0),
        ("1000 * e / i", 0.1),
        ("100 - 100 * (i - e) / i", 1.0),
        # Guards are passed by: AWS's own examples, and the usual ones.
        ("IF(i > 0, 100 * e / i, 0)", 1.0),
        ("IF(i > 0, 100 * e / i)", 1.0),
        ("IF(i < 10, 0, e / i)", 100.0),
        ("100 * FILL(e, 0) / FILL(i, 1)", 1.0),
        ("100 * FILL(e, REPEAT) / FILL(i, LINEAR)", 1.0),
        ("100 * e / MAX([i, TIME_SERIES(1)])", 1.0),
        ("100 * SUM([e]) / SUM([i])", 1.0),
        ("ABS(0 - 100 * e / i)", 1.0),
        ("IF(i > 0 AND e >= 0, e / i, 0)", 100.0),
        # The guide's functions that a single point cannot tell.
        ("AVG([e]) / i", 100.0),
        ("FIRST(METRICS()) / LAST(METRICS())", 100.0),
        ("e / (PERIOD(e) * i)", 6000.0),
        # What says something else.
        ("100 * i / e", None),
        ("100 * e", None),
        ("100 * e / (e + i)", None),
        ("100 * SUM(METRICS()) / i", None),
        ("-100 * e / i", None),
        ("100 * e / i + 1", None),
        ("e > i", None),
        ("0 * e / i", None),
        ("RATE(e) / i", None),
        ("e / i * AVG(e)", 100 / 254.25),
        ("e / AVG(i)", None),
        ("SUM(e) / i", None),
        ("CEIL(100 * e / i)", None),
        ("FLOOR(e) / FLOOR(i)", None),
        ("e / (i - i)", None),
        ("IF(i < 10, e / i)", None),
        ("(0 - e) ^ 0.5", None),
        # What only CloudWatch can compute, and what it refuses.
        ("FIRST(ANOMALY_DETECTION_BAND(e))", None),
        ("e / other", None),
        ("100 * e / MAX([i, 1])", None),
        ("SUM(e)", None),
        ("e /", None),
        ("SELECT SUM(Errors) FROM Lambda", None),
        # What changes with the clock: at one hour it is the same, at another it is not.
        ("IF(HOUR(e) < 24, 100 * e / i)", None),
        ("IF(DAY(e) < 6, 100 * e / i, 0)", None),
        ("100 * e / i + 0 * EPOCH(e)", None),
    ],
)
def test_by_what_it_must_be_multiplied(theirs, expected) -> None:
    found = factor(OURS, queries(theirs), SAME)
    assert found == (None if expected is None else pytest.approx(expected))


def test_what_is_the_same_but_for_rounding_is_the_same() -> None:
    assert factor(OURS, queries("e / i * 100"), SAME) == 1.0
    assert factor(OURS, queries("e / i"), SAME) == 100.0


def test_their_expression_goes_through_others() -> None:
    steps = {"ratio": "errors / calls", "errors": "FILL(e, 0)", "calls": "i + 0", "percent": "ratio * 100"}
    assert factor(OURS, queries("percent + 0", steps), SAME) == pytest.approx(1)
    assert factor(OURS, queries("ratio + 0", steps), SAME) == pytest.approx(100)


def test_expressions_that_speak_of_each_other_end() -> None:
    assert factor(OURS, queries("a + 0", {"a": "b + 1", "b": "a / i"}), SAME) is None
    assert factor(OURS, queries("a + 0", {"a": "a + 0"}), SAME) is None


def test_a_metric_may_have_another_id_on_either_side() -> None:
    theirs = [Query(id="m1"), Query(id="m2"), Query(id="share", expression="m1 / m2", return_data=True)]
    assert factor(OURS, theirs, {"e": "m1", "i": "m2"}) == pytest.approx(100)
    assert factor(OURS, theirs, {"e": "m2", "i": "m1"}) is None
    # The ids of one side mean nothing on the other.
    crossed = [Query(id="i"), Query(id="e"), Query(id="share", expression="i / e", return_data=True)]
    assert factor(OURS, crossed, {"e": "i", "i": "e"}) == pytest.approx(100)


def test_a_metric_may_be_the_result_itself() -> None:
    one = [Query(id="metric", return_data=True)]
    filled = [Query(id="m1"), Query(id="all", expression="FILL(m1, 0)", return_data=True)]
    assert factor(one, filled, {"metric": "m1"}) == 1.0
    assert factor(filled, one, {"m1": "metric"}) == 1.0


def test_a_set_without_a_result_tells_nothing() -> None:
    assert factor(OURS, queries("100 * e / i")[:2], SAME) is None
    assert factor(OURS, [], {}) is None


def test_the_period_is_that_of_the_alarm() -> None:
    theirs = "100 * e / i * PERIOD(e)"
    assert factor(OURS, queries(theirs, period=60), SAME) == pytest.approx(1 / 60)
    assert factor(OURS, queries(theirs, period=300), SAME) == pytest.approx(1 / 300)
    # RATE is by the second, whatever the period: both sides see the same slots.
    rates = queries("RATE(e) / RATE(i)")
    assert factor(rates, queries("RATE(e) / RATE(i)", period=300), SAME) == pytest.approx(1)


def test_more_than_three_metrics_are_told_apart() -> None:
    ids = [f"m{number}" for number in range(8)]
    metrics = [Query(id=id_) for id_ in ids]

    def summed(text: str) -> list[Query]:
        return [*metrics, Query(id="result", expression=text, return_data=True)]

    same = {id_: id_ for id_ in ids}
    all_of_them = " + ".join(ids)
    assert factor(summed(all_of_them), summed("SUM(METRICS())"), same) == pytest.approx(1)
    for left_out in ids:
        rest = " + ".join(id_ for id_ in ids if id_ != left_out)
        assert factor(summed(all_of_them), summed(rest), same) is None


EXPRESSIONS = st.recursive(
    st.sampled_from(("e", "i")) | st.integers(1, 1000).map(str),
    lambda below: st.one_of(
        st.tuples(below, st.sampled_from("+*/"), below).map(lambda parts: f"({' '.join(parts)})"),
        below.map(lambda text: f"FILL(0 * e + {text}, 0)"),
        st.tuples(below, below).map(lambda parts: f"MAX([0 * e + {parts[0]}, 0 * e + {parts[1]}])"),
    ),
    max_leaves=8,
)
FACTORS = st.integers(1, 10_000)


def series(text: str) -> list[Query]:
    """An expression as a time series: a mere number is none."""
    whole = f"0 * e + {text}"
    # Terraform takes expressions of at most 1024 characters.
    assume(len(whole) < 900)
    return queries(whole)


@given(EXPRESSIONS)
def test_an_expression_says_the_same_as_itself(text) -> None:
    assert factor(series(text), series(text), SAME) == 1


@given(EXPRESSIONS, FACTORS)
def test_a_constant_factor_is_found(text, by) -> None:
    assert factor(series(text), series(f"{by} * {text}"), SAME) == pytest.approx(1 / by)
    assert factor(series(text), series(f"{text} / {by}"), SAME) == pytest.approx(by)
    assert factor(series(f"{by} * {text}"), series(text), SAME) == pytest.approx(by)


@given(EXPRESSIONS, EXPRESSIONS)
def test_the_factor_back_is_the_inverse(one, other) -> None:
    there, back = factor(series(one), series(other), SAME), factor(series(other), series(one), SAME)
    assert (there is None) is (back is None)
    if there is not None and back is not None:
        assert there * back == pytest.approx(1)


@given(EXPRESSIONS)
def test_a_guard_changes_nothing(text) -> None:
    assert factor(series(text), queries(f"IF(i > 0, 0 * e + {text}, 0)"), SAME) == pytest.approx(1)


@given(st.text(alphabet="ei0123456789.+-*/^()[], <>=!&|ANDORIFMAXSUMFILL", max_size=40))
def test_no_text_raises(text) -> None:
    found = factor(OURS, queries(text, {"x": text}), SAME)
    assert found is None or found > 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("100 * b / a", ["b", "a"]),
        ("IF(a > b, -a, FILL(c, REPEAT))", ["a", "b", "a", "c"]),
        ("SUM([z, y]) + x ^ z", ["z", "y", "x", "z"]),
        ("SORT(METRICS(), AVG, ASC)", []),
        ("12", []),
    ],
)
def test_the_ids_of_an_expression_in_the_order_of_writing(text, expected) -> None:
    assert [name.id for name in names_in(parse(text).root)] == expected
