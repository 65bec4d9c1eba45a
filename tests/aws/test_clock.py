"""Metric math that reads the clock: what is quiet at some hours, what is loud, and what cannot be told."""

from __future__ import annotations

import pytest

from kfm_audit.aws.clock import ClockUse, clock_use


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
    ["IF(HOUR(m1) >= 8, m1, m1 / 2)", "m1 + HOUR(m1)", "HOUR(m1) * m1"],
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
