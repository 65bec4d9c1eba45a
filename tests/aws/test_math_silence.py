"""What expressions give when nothing is measured, by each reading of AWS's documents."""

from __future__ import annotations

import pytest

from kfm_audit.aws.math_check import Query
from kfm_audit.aws.math_error import MathError
from kfm_audit.aws.math_silence import WithoutData, without_data


def queries(text):
    return [
        Query(id="e", period=60),
        Query(id="i", period=60),
        Query(id="r", expression=text, return_data=True),
    ]


@pytest.mark.parametrize(
    ("text", "values", "repeated"),
    [
        # Metric math leaves no datapoint where no metric has one.
        ("e + i", (None,), False),
        ("100 * e / i", (None,), False),
        ("IF(i > 0, e / i, 0)", (None,), False),
        ("SUM([e, i])", (None,), False),
        ("DATAPOINT_COUNT([e, i]) + 1", (None,), False),
        ("MAX([e, i]) * 0", (None,), False),
        # FILL fills, or leaves a metric without any datapoint alone: AWS does not say.
        ("FILL(e, 7)", (7.0, None), False),
        ("100 * FILL(e, 0) / FILL(i, 1)", (0.0, None), False),
        ("FILL(e, 0) / i", (None,), False),
        ("RUNNING_SUM(FILL(e, 1))", (*map(float, range(1, 9)), None), False),
        # A value is repeated, or a line drawn, from a datapoint that is still seen.
        ("FILL(e, REPEAT)", (None,), True),
        ("FILL(FILL(e, REPEAT), 0)", (0.0, None), True),
        ("FILL(FILL(e, 0), REPEAT)", (0.0, None), True),
        ("FILL(e, LINEAR)", (None,), False),
        # What is no datapoint of a metric is there all the same.
        ("TIME_SERIES(5)", (5.0,), False),
        ("TIME_SERIES(5) - FILL(e, 0)", (5.0,), False),
        ("e + 0 * TIME_SERIES(5)", (0.0,), False),
        ("TIME_SERIES(PERIOD(e))", (60.0,), False),
    ],
)
def test_the_values_without_any_data(text, values, repeated) -> None:
    assert without_data(queries(text)) == WithoutData(values, repeated)


def test_a_metric_alone_has_no_datapoint() -> None:
    assert without_data([Query(id="e", return_data=True)]) == WithoutData((None,))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("IF(HOUR(e) > 3, FILL(e, 0))", "HOUR gives changes with the clock"),
        ("e +", "is expected"),
        ("e + other", "ID 'other' not found"),
        ("SEARCH('x', 'Sum')", "SEARCH is not supported"),
        ("SERVICE_QUOTA(e)", "the quota is known only to AWS"),
    ],
)
def test_what_cannot_be_told_is_refused(text, said) -> None:
    with pytest.raises(MathError, match=said):
        without_data(queries(text))
