"""Ratios are found by what they compute, however they are written."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kfm_audit.evidence.alarm.ratios import Single, ratio_of
from kfm_audit.facts import MetricAlarm, MetricQuery, MetricStat
from kfm_audit.values import ABSENT, Known, Origin, Unknown


def alarm(expression: str, *, more: tuple[tuple[str, str], ...] = (), operator: str = "GreaterThanThreshold",
          threshold: float = 2.0, stat: str = "Sum", shown: object = ABSENT) -> MetricAlarm:  # fmt: skip
    metrics = [
        MetricQuery(
            at=f"metric_query/{n}",
            id=Known(name),
            metric=MetricStat(
                namespace=Known("Kfm"), metric_name=Known(name), stat=Known(stat), period=Known(60)
            ),
        )
        for n, name in enumerate(("e", "i", "g"))
    ]
    expressions = [
        MetricQuery(at="", id=Known(name), expression=Known(text), return_data=Known(name == "r"))
        for name, text in (*more, ("r", expression))
    ]
    return MetricAlarm(
        subject="x",
        origin=Origin("x"),
        resource_name="x",
        comparison_operator=Known(operator),
        threshold=Known(threshold),
        metric_query=Known((*metrics, *expressions)) if shown is ABSENT else shown,
    )


def found(*arguments: object, **more: object) -> tuple[list[str], list[str], tuple, Single | None] | None:
    ratio = ratio_of(alarm(*arguments, **more), 10)
    if ratio is None:
        return None
    names = [[series.id for series in side] for side in (ratio.above, ratio.below)]
    return (*names, ratio.idle, ratio.single)


@pytest.mark.parametrize(
    ("expression", "idle", "single"),
    [
        ("100 * e / i", (None, None, None), Single(1, 100.0)),
        ("100 * FILL(e, 0) / FILL(i, 1)", (0.0, None, None), Single(1, 100.0)),
        ("IF(i > 0, 100 * e / i, 0)", (None, 0.0, 0.0), Single(1, 100.0)),
        ("IF(FILL(i, 0) >= 7, 100 * e / i, 0)", (0.0, 0.0, 0.0), Single(7, 100 / 7)),
        ("IF(FILL(i, 0) >= 50, 100 * e / i, 0)", (0.0, 0.0, 0.0), None),
    ],
)
def test_guards(expression, idle, single):
    ratio = found(expression)
    assert ratio is not None
    assert ratio[:3] == (["e"], ["i"], idle)
    assert ratio[3] == (single and Single(single.calls, pytest.approx(single.value)))


@pytest.mark.parametrize(
    ("expression", "operator", "threshold", "above", "below", "single"),
    [
        ("100 * e / (e + g)", "GreaterThanThreshold", 2, ["e"], ["e", "g"], Single(1, 100.0)),
        ("100 * (i - e) / i", "LessThanThreshold", 95, ["i", "e"], ["i"], Single(1, 0.0)),
        ("100 * g / i", "LessThanThreshold", 95, ["g"], ["i"], Single(1, 0.0)),
        ("100 - 100 * e / i", "LessThanThreshold", 95, ["e"], ["i"], Single(1, 0.0)),
        ("100 - 100 * g / i", "GreaterThanThreshold", 5, ["g"], ["i"], Single(1, 100.0)),
        ("e / i", "GreaterThanThreshold", 0.3, ["e"], ["i"], Single(1, 1.0)),
        ("e / i", "GreaterThanThreshold", 2, ["e"], ["i"], None),
    ],
)  # fmt: skip
def test_which_side_counts_failures_is_told_by_the_threshold(
    expression, operator, threshold, above, below, single
):
    ratio = found(expression, operator=operator, threshold=threshold)
    assert ratio is not None
    assert (ratio[0], ratio[1], ratio[3]) == (above, below, single)


def test_a_ratio_is_found_through_other_expressions():
    more = (("rate", "e / total"), ("total", "FILL(i, 0)"))
    ratio = ratio_of(alarm("100 * rate", more=more), 10)
    assert ratio is not None
    assert ([series.id for series in ratio.above], [series.id for series in ratio.below], ratio.at) == (
        ["e"],
        ["i"],
        3,
    )


@pytest.mark.parametrize(
    "other",
    [
        alarm("e / 2"),
        alarm("e / PERIOD(i)"),
        alarm("1 / i"),
        alarm("e / i", stat="Average"),
        alarm("e / nobody"),
        alarm("SERVICE_QUOTA(i) / i"),
        alarm("e / i", shown=Unknown()),
        alarm("e / i", shown=ABSENT, threshold=2).__class__(
            subject="x", origin=Origin("x"), resource_name="x"
        ),
    ],
)
def test_what_is_no_ratio_of_counts(other):
    assert ratio_of(other, 10) is None


WORDS = st.sampled_from(
    [
        "e",
        "i",
        "g",
        "x",
        "/",
        "/",
        "+",
        "*",
        "(",
        ")",
        ",",
        "IF(",
        "FILL(",
        "SUM(",
        "METRICS()",
        "[e, i]",
        "0",
        "100",
        "RATE(",
    ]
)


@given(st.lists(WORDS, max_size=12).map(" ".join), st.lists(WORDS, max_size=6).map(" ".join))
@settings(max_examples=200, deadline=None)
def test_any_expressions_are_judged(expression, other):
    ratio = ratio_of(alarm(expression, more=(("x", other),)), 4)
    assert ratio is None or ratio.below
