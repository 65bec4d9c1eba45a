"""Spans of time, and times moved by them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.policy.span import shifted

FIRST = datetime.min.replace(tzinfo=UTC)
LAST = datetime.max.replace(tzinfo=UTC)


@given(st.datetimes(timezones=st.just(UTC)), st.timedeltas())
def test_a_moved_time_is_right_or_the_end_of_time(time, by) -> None:
    moved = shifted(time, by)
    if by <= LAST - time and by >= FIRST - time:
        assert moved - time == by
    else:
        assert moved == (LAST if by > timedelta() else FIRST)
