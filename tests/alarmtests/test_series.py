"""The notation of series is promtool's; what CloudWatch does not know is refused by name."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.alarmtests.durations import read_duration, shown_duration
from kfm_audit.alarmtests.series import LIMIT, SeriesError, read_values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        # Prometheus documentation, "Unit testing for rules"
        ("-2+4x3", (-2, 2, 6, 10)),
        ("1-2x4", (1, -1, -3, -5, -7)),
        ("1x4", (1, 1, 1, 1, 1)),
        ("4 _x3 7", (4, None, None, None, 7)),
        ("1 _ 3", (1, None, 3)),
        ("_x10", (None,) * 10),
        ("100x4 0x4 _x5", (100,) * 5 + (0,) * 5 + (None,) * 5),
        # never hexadecimal: "the syntax is ambiguous"
        ("0x3", (0, 0, 0, 0)),
        ("5x0", (5,)),
        ("_x0 1", (1,)),
        (".5 1. +2 1e3 1e-3+1x1", (0.5, 1, 2, 1000, 0.001, 1.001)),
        ("1\n2\t3", (1, 2, 3)),
    ],
)
def test_promtools_notation(text, values):
    assert read_values(text) == values


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 stale", "`stale`: CloudWatch has no stale marker; write `_` for a missing value"),
        ("NaN", "`NaN`: CloudWatch takes no NaN"),
        ("-Inf", "`-Inf`: CloudWatch takes no infinity"),
        ("{{schema:1}}", "CloudWatch has no native histograms"),
        ("1+2", "`1+2` is no value"),
        ("1x", "`1x` is no value"),
        ("x3", "`x3` is no value"),
        ("1+-2x3", "is no value"),
        ("1 2,3", "`2,3` is no value"),
        ("", "a series has at least one value"),
        ("_x0", "a series has at least one value"),
        ("3e108", "leaves the range of CloudWatch's values"),
        ("1+1e108x9", "leaves the range"),
        (f"1x{LIMIT}", "longer than 100,000 values"),
        ("1x99999999999999999999", "`1x99999999999999999999` makes the series longer than 100,000 values"),
        ("_x" + "9" * 5000, "makes the series longer than 100,000 values"),
    ],
)
def test_what_is_refused(text, message):
    with pytest.raises(SeriesError, match=re.escape(message)):
        read_values(text)


@given(st.text(alphabet="0123456789+-.exX_ staleNInf{}\n", max_size=60))
def test_any_text_is_values_or_an_error(text):
    try:
        values = read_values(text)
    except SeriesError:
        return
    assert 0 < len(values) <= LIMIT


@given(st.lists(st.none() | st.integers(-1000, 1000), min_size=1, max_size=30))
def test_values_written_out_read_back(values):
    assert read_values(" ".join("_" if value is None else str(value) for value in values)) == tuple(values)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0m", 0), ("90s", 90), ("9m", 540), ("1h30m", 5400), ("1d", 86400), ("1d1s", 86401)],
)
def test_durations(text, seconds):
    assert read_duration(text) == seconds
    assert read_duration(shown_duration(seconds)) == seconds


def test_a_duration_may_begin_with_noughts():
    assert read_duration("0" * 5000 + "9m") == 540


@pytest.mark.parametrize("text", ["", "5", "m", "5x", "1m1h", "-5m", "5 m", "101d", "1.5h", "50ms", "٣m"])
def test_what_is_no_duration(text):
    with pytest.raises(ValueError, match=r"is no span of time|longer than a test may be"):
        read_duration(text)


@pytest.mark.parametrize("text", ["99999999d", "9" * 5000 + "s", "8640001s"])
def test_what_is_too_long_is_said_to_be(text):
    with pytest.raises(ValueError, match="longer than a test may be, 100d"):
        read_duration(text)


@given(st.integers(0, 100 * 86_400))
def test_durations_read_back(seconds):
    assert read_duration(shown_duration(seconds)) == seconds
