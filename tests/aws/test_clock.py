"""Metric math that reads the clock: what is quiet at some hours, what is loud, and what cannot be told."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kfm_audit.aws.clock import ClockUse, clock_use
from kfm_audit.aws.math_check import Query
from kfm_audit.aws.math_evaluate import run
from kfm_audit.aws.math_points import PlainKernel
from kfm_audit.aws.math_prepare import prepare


def use(*expressions: str, threshold: float = 300) -> ClockUse | None:
    return clock_use(
        {f"e{number}": text for number, text in enumerate(expressions)}, lambda value: value >= threshold
    )


@pytest.mark.parametrize(
    "expression",
    [
        "IF(DAY(m1) < 6, m1)",  # CloudWatch user guide: weekdays
        "IF(HOUR(m1) >= 8 AND HOUR(m1) < 18, m1, 0)",
        "IF(HOUR(m1) < 8, -5, m1)",
        "(HOUR(m1) >= 8) * m1",
        "100 * IF(MONTH(m1) == 12, 0, m1)",
        "FILL(IF(DATE(m1) > 1, m1), 0)",
    ],
)
def test_what_is_quiet(expression):
    found = use(expression)
    assert found is not None
    assert found.silent


@pytest.mark.parametrize(
    "expression",
    [
        "IF(HOUR(m1) >= 8, m1, m1 / 2)",
        "m1 + HOUR(m1)",
        "HOUR(m1) * m1",
        # What one part leaves out another takes: an evaluation of all hours shows that something always breaches.
        "MAX([IF(HOUR(m1) < 8, m1), IF(HOUR(m1) >= 8, m1)])",
        "IF(HOUR(m1) < 25, m1)",
        "IF(MINUTE(m1) < 60 AND DAY(m1) < 8, m1)",
    ],
)
def test_what_cannot_be_told(expression):
    found = use(expression)
    assert found is not None
    assert not found.silent


@pytest.mark.parametrize(
    "expression",
    [
        "m1",
        "IF(m1 > 5, m1)",
        "EPOCH(m1)",
        "YEAR(m1)",
        "IF(HOUR(m1) >= 8, m1, 300)",
        "IF(HOUR(m1) >= 8, m1, m2)",
        "IF(m1 > HOUR(m1), m1, m2)",
        "IF(",
    ],
)
def test_what_is_never_quiet(expression):
    assert use(expression) is None


def test_the_clock_may_be_read_in_another_query():
    assert use("HOUR(m1) >= 8", "IF(e0, m1)") == ClockUse("e1", "HOUR", silent=True)
    assert use("e1 * 2", "e0 + 1") is None, "queries in a circle"
    assert use("e1 + HOUR(m1)", "e0") is not None


HOURS = [hour * 3600 for hour in range(8 * 24)]
"""The beginnings of all hours of eight days: every hour and every day of a week."""
CONDITIONS = st.one_of(
    st.builds(
        "HOUR(m1) {} {}".format, st.sampled_from(("<", "<=", ">", ">=", "==", "!=")), st.integers(2, 21)
    ),
    st.builds("DAY(m1) {} {}".format, st.sampled_from(("<", ">", "==", "!=")), st.integers(2, 6)),
    st.builds(
        "(HOUR(m1) >= {} {} HOUR(m1) < {})".format,
        st.integers(2, 10),
        st.sampled_from(("AND", "OR")),
        st.integers(12, 21),
    ),
)
CONSTANTS = st.sampled_from(("0", "-5", "299", "300", "1000"))
CLOCKED = st.one_of(
    st.builds("IF({}, m1)".format, CONDITIONS),
    st.builds("IF({}, m1, {})".format, CONDITIONS, CONSTANTS | st.just("m2")),
    st.builds("IF({}, {}, m1)".format, CONDITIONS, CONSTANTS | st.just("m2")),
    st.builds("({}) * m1".format, CONDITIONS.filter(lambda text: " AND " not in text and " OR " not in text)),
    st.builds("IF(m1 > {}, m1, m2)".format, CONSTANTS),
    st.builds("FILL(IF({}, m1), {})".format, CONDITIONS, st.sampled_from(("0", "299"))),
    st.builds("MAX([IF({}, m1), m2])".format, CONDITIONS),
)


def goes_off(expression: str, start: int) -> bool:
    """Whether an outage, by whatever its metrics are, breaches 300 at a time."""
    queries = [Query(id="m1"), Query(id="m2"), Query(id="e0", expression=expression, return_data=True)]
    kernel = PlainKernel(1, 60, start=start)
    value = run(prepare(queries), {"m1": (1e6,), "m2": (1e6,)}, kernel, period=60).points[0]
    return value is not None and value >= 300


@settings(max_examples=60, deadline=None)
@given(CLOCKED)
def test_what_is_said_of_the_clock_is_what_the_evaluator_shows_hour_by_hour(expression):
    found = use(expression)
    deaf = [start for start in HOURS if not goes_off(expression, start)]
    if found is None:
        assert not deaf
    elif found.silent:
        assert deaf
