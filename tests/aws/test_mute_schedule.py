"""When mute rules are active: the examples of AWS's page `Schedule`, and anything at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.aws.mute_schedule import MuteScheduleError, read_duration, share, windows

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)  # a Thursday
HOUR = timedelta(hours=1)


def starts(expression, duration="PT4H", timezone="", days=7):
    return [
        start.strftime("%a %d %H:%M")
        for start, _ in windows(expression, duration, timezone, BEGIN, BEGIN + timedelta(days=days))
    ]


@pytest.mark.parametrize(
    ("text", "hours"),
    [("PT4H", 4), ("P2DT12H", 60), ("PT6H", 6), ("PT2H", 2), ("P7D", 168), ("P15D", 360), ("PT90M", 1.5)],
)
def test_durations(text, hours):
    assert read_duration(text) == hours * HOUR


@pytest.mark.parametrize("text", ["", "P", "PT", "P16D", "PT30S", "4h", "PT4H ago", "P1M", "P999D"])
def test_no_durations(text):
    with pytest.raises(MuteScheduleError):
        read_duration(text)


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("cron(0 2 * * SUN)", ["Sun 04 02:00"]),
        ("cron(0 18 * * FRI)", ["Fri 02 18:00"]),
        ("cron(0 1 1 * *)", ["Thu 01 01:00"]),
        ("cron(0 2 * * 0)", ["Sun 04 02:00"]),
        ("cron(0 2 * * 7)", ["Sun 04 02:00"]),
        ("cron(30 23 5,6 1 *)", ["Mon 05 23:30", "Tue 06 23:30"]),
        ("cron(0 */12 3 * ?)", ["Sat 03 00:00", "Sat 03 12:00"]),
        ("cron(0 2 * 2 *)", []),
        ("at(2026-01-03T10:30:00)", ["Sat 03 10:30"]),
        ("at(2026-01-03T10:30)", ["Sat 03 10:30"]),
        ("at(2027-01-03T10:30)", []),
    ],
)
def test_when(expression, found):
    assert starts(expression) == found


def test_a_time_zone():
    assert starts("cron(0 18 * * FRI)", timezone="America/Chicago") == ["Sat 03 00:00"]


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "rate(1 day)",
        "cron()",
        "cron(0 2 * *)",
        "cron(0 2 * * ? *)",
        "cron(60 2 * * *)",
        "cron(0 2 L * *)",
        "cron(0 2 1 * MON)",
        "cron(0 2 */0 * *)",
        "cron(0 2 * * SAT-SUN)",
        "at(tomorrow)",
        "cron(0 2 * * *",
    ],
)
def test_what_cannot_be_read(expression):
    with pytest.raises(MuteScheduleError):
        starts(expression)


@pytest.mark.parametrize(
    ("expression", "duration", "muted"),
    [
        ("cron(0 0 * * *)", "P1D", 1),
        ("cron(0 22 * * *)", "P1DT1H", 1),
        ("cron(* * * * *)", "PT1M", 1),
        ("cron(0 * * * *)", "PT30M", 0.5),
        ("cron(0 0 * * SUN)", "P7D", 1),
        ("cron(0 12 * * *)", "PT6H", 0.25),
        ("at(2025-12-31T00:00)", "P8D", 0.25),
    ],
)
def test_share(expression, duration, muted):
    end = BEGIN + timedelta(days=28)
    assert share(windows(expression, duration, "", BEGIN, end), BEGIN, end) == muted


FIELD = st.text("0123456789*/,-?LWSUNMO ", max_size=8)


@given(
    st.one_of(st.text(), st.builds("cron({})".format, FIELD), st.builds("at({})".format, st.text())),
    st.sampled_from(["PT4H", "P15D", ""]) | st.text(),
    st.sampled_from(["", "Europe/Berlin", "../etc/passwd"]) | st.text(),
)
def test_anything(expression, duration, timezone):
    end = BEGIN + timedelta(days=28)
    try:
        found = windows(expression, duration, timezone, BEGIN, end)
    except MuteScheduleError:
        return
    assert all(start < stop for start, stop in found)
    assert 0 <= share(found, BEGIN, end) <= 1
