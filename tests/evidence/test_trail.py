"""What logs cover, hour by hour, against the hours that policy expects."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from kfm_audit.evidence import Evidence
from kfm_audit.evidence.lakefs.trail import audit_trail
from kfm_audit.facts import AuditTrail, LogCoverage
from kfm_audit.policy.lakefs import LakeFS
from kfm_audit.policy.model import Policy
from kfm_audit.values import Origin

FRIDAY = datetime(2026, 1, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def log(*hours, first=None, last=None, name="a.jsonl") -> LogCoverage:
    """A log with one line in each of these hours after the beginning of Friday."""
    counted = tuple((FRIDAY + hour * HOUR, 1) for hour in hours)
    return LogCoverage(
        subject=name,
        origin=Origin(name),
        lines=len(hours),
        audit_lines=len(hours),
        skipped=0,
        duplicates=0,
        without_user=0,
        first=FRIDAY + (hours[0] if first is None else first) * HOUR + HOUR / 2,
        last=FRIDAY + (hours[-1] if last is None else last) * HOUR + HOUR / 2,
        hours=counted,
    )


def trail(*logs, expected=("00-24",), now=FRIDAY + 1000 * HOUR, **window) -> AuditTrail | None:
    policy = Policy(policy=1, name="test", lakefs=LakeFS(expected_hours=expected))
    return audit_trail(Evidence(logs, policy, now, **window))


def silent(*logs, **more) -> list[float]:
    found = trail(*logs, **more)
    assert found is not None
    return [(hour - FRIDAY) / HOUR for hour in found.silent]


def test_hours_without_a_line_are_silent_and_the_torn_ones_at_the_ends_are_not_asked() -> None:
    found = trail(log(3, 4, 7))
    assert found == AuditTrail(
        subject="audit logs",
        origin=Origin("a.jsonl"),
        first=FRIDAY + 3.5 * HOUR,
        last=FRIDAY + 7.5 * HOUR,
        silent=(FRIDAY + 5 * HOUR, FRIDAY + 6 * HOUR),
        expected=3,
        hourly=True,
    )


def test_logs_fill_each_others_gaps() -> None:
    assert silent(log(3, 7), log(4, 5, 6, name="b.jsonl")) == []


@pytest.mark.parametrize(
    ("expected", "hours"),
    [
        ((), []),
        (("00-24",), [4, 5, 6]),
        (("fri 05-06",), [5]),
        (("mon-thu 00-24",), []),
        (("fri-mon 06-24",), [6]),
        (("sat-mon 00-24", "fri 04-05"), [4]),
        (("05-24", "00-05"), [4, 5, 6]),
    ],
)
def test_which_hours_are_expected(expected, hours) -> None:
    assert silent(log(3, 7), expected=expected) == hours


def test_days_may_run_over_the_end_of_the_week() -> None:
    long = log(0, 96)  # from Friday to Tuesday
    days = {int(hour // 24) for hour in silent(long, expected=("sun-mon 00-24",))}
    assert days == {2, 3}
    assert {int(hour // 24) for hour in silent(long, expected=("sat-sun 00-24",))} == {1, 2}


def test_the_window_asks_for_what_lies_before_the_first_line_and_behind_the_last() -> None:
    assert silent(log(3, 4), since=FRIDAY + HOUR, until=FRIDAY + 6 * HOUR) == [1, 2, 5]
    assert silent(log(3, 4), since=FRIDAY + HOUR, until=FRIDAY + 6 * HOUR, now=FRIDAY + 5 * HOUR) == [1, 2]


def test_a_log_that_was_not_counted_by_hour_covers_all_between_its_ends() -> None:
    uncounted = log(first=3, last=7)
    found = trail(uncounted)
    assert (found.silent, found.hourly) == ((), False)


def test_without_any_audit_line_there_is_no_trail() -> None:
    assert trail() is None


def test_the_calendar_may_end_while_a_log_goes_on() -> None:
    end = datetime.max.replace(tzinfo=UTC)
    whole = replace(log(0), first=end - 2.5 * HOUR, last=end, hours=())
    found = trail(whole, now=end)
    assert found is not None
    assert found.silent == ()
    counted = replace(whole, hours=((end.replace(minute=0, second=0, microsecond=0), 1),))
    found = trail(counted, now=end)
    assert found is not None
    assert len(found.silent) == 1
