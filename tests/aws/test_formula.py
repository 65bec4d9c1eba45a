"""Whether two metric math expressions say the same, up to a factor."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.aws.formula import Untold, factor, ids_of, value
from kfm_audit.aws.math_syntax import parse

OURS = "100 * e / i"


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
        ("100 * e / MAX([i, 1])", 1.0),
        ("100 * SUM([e]) / SUM([i])", 1.0),
        ("ABS(0 - 100 * e / i)", 1.0),
        ("IF(i > 0 AND e >= 0, e / i, 0)", 100.0),
        # What says something else.
        ("100 * i / e", None),
        ("100 * e", None),
        ("100 * e / (e + i)", None),
        ("-100 * e / i", None),
        ("100 * e / i + 1", None),
        ("e > i", None),
        ("0 * e / i", None),
        # What one point of each metric does not tell, and what is no expression.
        ("AVG([e]) / i", None),
        ("RATE(e) / i", None),
        ("100 * SUM(METRICS()) / i", None),
        ("ANOMALY_DETECTION_BAND(e)", None),
        ("e / other", None),
        ("e / (i - i)", None),
        ("e /", None),
        ("", None),
        ("IF(i < 10, e / i)", None),
        ("(0 - e) ^ 0.5", None),
    ],
)
def test_by_what_it_must_be_multiplied(theirs, expected) -> None:
    found = factor(OURS, theirs, {}, ("e", "i"))
    assert found == (None if expected is None else pytest.approx(expected))


def test_their_expression_goes_through_others() -> None:
    steps = {"ratio": "errors / calls", "errors": "FILL(e, 0)", "calls": "i", "percent": "ratio * 100"}
    assert factor(OURS, "percent", steps, ("e", "i")) == pytest.approx(1)
    assert factor(OURS, "ratio", steps, ("e", "i")) == pytest.approx(100)


def test_expressions_that_speak_of_each_other_end() -> None:
    assert factor(OURS, "a", {"a": "b + 1", "b": "a / i"}, ("e", "i")) is None
    assert factor(OURS, "a", {"a": "a"}, ("e", "i")) is None


def test_ours_has_names_of_its_own() -> None:
    names = {"errors": "z_errors", "invocations": "z_invocations"}
    theirs = {"m1": "z_errors", "m2": "z_invocations"}
    metrics = ("z_errors", "z_invocations")
    ours = "100 * errors / invocations"
    assert factor(ours, "m1 / m2", theirs, metrics, names) == pytest.approx(100)
    assert factor(ours, "m2 / m1", theirs, metrics, names) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2 + 3 * 4 - 1", 13),
        ("2 ^ 3 / 4", 2),
        ("-a + 1", -6),
        ("a == 7 AND NOT_THERE > 0", None),
        ("a == 7", 1),
        ("a != 7", 0),
        ("a <= 7 OR a > 100", 1),
        ("a < 7 OR a > 100", 0),
        ("MIN([a, 3, 12])", 3),
        ("MAX([a, 3, 12])", 12),
        ("SUM([a, 3, 12])", 22),
        ("ABS(0 - a)", 7),
        ("IF(a, 1, 2)", 1),
        ("IF(a > 7, 1, 2)", 2),
    ],
)
def test_the_value_at_one_point(text, expected) -> None:
    if expected is None:
        with pytest.raises(Untold):
            value(text, {"a": 7.0}, {})
    else:
        assert value(text, {"a": 7.0}, {}) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("100 * b / a", ("b", "a")),
        ("IF(a > b, -a, FILL(c, REPEAT))", ("a", "b", "c")),
        ("SUM([z, y]) + x ^ z", ("z", "y", "x")),
        ("SORT(METRICS(), AVG, ASC)", ("AVG",)),
        ("12", ()),
    ],
)
def test_the_ids_of_an_expression_in_the_order_of_writing(text, expected) -> None:
    assert ids_of(parse(text).root) == expected


EXPRESSIONS = st.recursive(
    st.sampled_from(("e", "i")) | st.integers(1, 1000).map(str),
    lambda below: st.one_of(
        st.tuples(below, st.sampled_from("+*/"), below).map(lambda parts: f"({' '.join(parts)})"),
        below.map(lambda text: f"FILL({text}, 0)"),
        st.tuples(below, below).map(lambda parts: f"MAX([{parts[0]}, {parts[1]}])"),
    ),
    max_leaves=8,
)
FACTORS = st.integers(1, 10_000)


@given(EXPRESSIONS)
def test_an_expression_says_the_same_as_itself(text) -> None:
    assert factor(text, text, {}, ("e", "i")) == pytest.approx(1)


@given(EXPRESSIONS, FACTORS)
def test_a_constant_factor_is_found(text, by) -> None:
    assert factor(text, f"{by} * {text}", {}, ("e", "i")) == pytest.approx(1 / by)
    assert factor(text, f"{text} / {by}", {}, ("e", "i")) == pytest.approx(by)
    assert factor(f"{by} * {text}", "x", {"x": text}, ("e", "i")) == pytest.approx(by)


@given(EXPRESSIONS, EXPRESSIONS)
def test_the_factor_back_is_the_inverse(one, other) -> None:
    there, back = factor(one, other, {}, ("e", "i")), factor(other, one, {}, ("e", "i"))
    assert (there is None) is (back is None)
    if there is not None and back is not None:
        assert there * back == pytest.approx(1)


@given(EXPRESSIONS)
def test_a_guard_changes_nothing(text) -> None:
    assert factor(text, f"IF(i > 0, {text}, 0)", {}, ("e", "i")) == pytest.approx(1)


@given(st.text(alphabet="ei0123456789.+-*/^()[], <>=!&|ANDORIFMAXSUMFILL", max_size=40))
def test_no_text_raises(text) -> None:
    found = factor(OURS, text, {"x": text}, ("e", "i"))
    assert found is None or found > 0
