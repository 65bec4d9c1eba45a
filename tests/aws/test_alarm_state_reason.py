"""Reasons as CloudWatch wrote them: the texts are quoted from notifications and alarm histories of 2018 to 2026."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kfm_audit.aws.alarm_evaluation import Comparison, Criteria, Treatment, decide
from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.aws.alarm_state_reason import composite_reason, java_double, state_reason


def reason(slots, end, m, comparison, threshold, *, n=0, treatment="missing", period=60, spelled=True):
    criteria = Criteria(
        comparison=comparison,
        threshold=threshold,
        period=period,
        periods=n or len(slots),
        datapoints=m,
        treatment=Treatment(treatment),
    )
    prior = AlarmState.INSUFFICIENT_DATA
    at = int(datetime.fromisoformat(end).replace(tzinfo=UTC).timestamp())
    return state_reason(criteria, decide(criteria, slots, prior), at, spells_minimum=spelled)


def test_recorded_reasons():
    assert reason(
        [9.18241509182415, 9.72, 8.891518474692088], "2021-07-14T23:19", 3, Comparison.AT_LEAST, 7.0
    ) == (
        "Threshold Crossed: 3 out of the last 3 datapoints [8.891518474692088 (14/07/21 23:18:00), "
        "9.72 (14/07/21 23:17:00), 9.18241509182415 (14/07/21 23:16:00)] were greater than or equal to the "
        "threshold (7.0) (minimum 3 datapoints for OK -> ALARM transition)."
    )
    assert reason([0.0, 1.0, 0.0, 0.0, 1.0], "2021-12-21T06:47", 3, Comparison.GREATER, 0.0).startswith(
        "Threshold Crossed: 3 out of the last 5 datapoints [0.0 (21/12/21 06:45:00), 0.0 (21/12/21 06:44:00), "
        "0.0 (21/12/21 06:42:00)] were not greater than the threshold (0.0) "
        "(minimum 3 datapoints for ALARM -> OK transition)."
    )
    assert reason([0.0] * 5, "2020-04-29T23:33", 5, Comparison.LESS, 65.0) == (
        "Threshold Crossed: 5 out of the last 5 datapoints were less than the threshold (65.0). The most recent "
        "datapoints which crossed the threshold: [0.0 (29/04/20 23:32:00), 0.0 (29/04/20 23:31:00), "
        "0.0 (29/04/20 23:30:00), 0.0 (29/04/20 23:29:00), 0.0 (29/04/20 23:28:00)] "
        "(minimum 5 datapoints for OK -> ALARM transition)."
    )
    assert reason([1.0], "2018-02-05T06:29", 1, Comparison.AT_LEAST, 1.0, spelled=False) == (
        "Threshold Crossed: 1 datapoint [1.0 (05/02/18 06:28:00)] was greater than or equal to the threshold (1.0)."
    )


@pytest.mark.parametrize(
    ("treatment", "n", "said"),
    [
        (
            "breaching",
            2,
            "no datapoints were received for 2 periods and 2 missing datapoints were treated as [Breaching].",
        ),
        (
            "notBreaching",
            1,
            "no datapoints were received for 1 period and 1 missing datapoint was treated as [NonBreaching].",
        ),
    ],
)
def test_recorded_reasons_of_missing_data(treatment, n, said):
    found = reason([], "2026-08-13T06:00", n, Comparison.AT_LEAST, 1.0, n=n, treatment=treatment)
    assert found == f"Threshold Crossed: {said}"


def test_a_recorded_reason_of_some_missing_data():
    found = reason(
        [1.0], "2026-08-26T16:17", 3, Comparison.LESS, 1.0, n=3, treatment="breaching", spelled=False
    )
    assert found == (
        "Threshold Crossed: 1 datapoint [1.0 (26/08/26 16:16:00)] was not less than the threshold (1.0) "
        "and 2 missing datapoints were treated as [Breaching]."
    )


def test_insufficient_data():
    found = reason([], "2026-01-01T00:00", 2, Comparison.LESS, 1.0, n=2)
    assert found == "Insufficient Data: 2 datapoints were unknown."


def test_a_composite_names_the_child_that_changed():
    at = int(datetime(2022, 7, 22, 15, 57, 45, tzinfo=UTC).timestamp())
    assert composite_reason("arn:x", AlarmState.ALARM, at) == (
        "arn:x transitioned to ALARM at Friday 22 July, 2022 15:57:45 UTC"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (100.0, "100.0"),
        (0.05, "0.05"),
        (1e7, "1.0E7"),
        (1.25e-5, "1.25E-5"),
        (0.0, "0.0"),
        (-3.5, "-3.5"),
        (123456789.0, "1.23456789E8"),
    ],
)
def test_numbers_as_java_writes_them(value, text):
    assert java_double(value) == text
