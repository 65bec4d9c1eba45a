from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.inputs.partitions import outside, partition_of

HOUR = "etl/v1/data/region=us-east-1/organization=org-acme/year=2024/month=02/day=12/hour=13/log_abc-snappy.parquet"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_the_documented_path() -> None:
    assert partition_of(HOUR) == (at("2024-02-12T13:00"), at("2024-02-12T14:00"))


@pytest.mark.parametrize(
    ("path", "span"),
    [
        ("year=2024/month=2/x.parquet", (at("2024-02-01"), at("2024-03-03"))),
        ("year=2024/x.parquet", (at("2024-01-01"), at("2025-01-01"))),
        ("month=2/day=1/x.parquet", None),
        ("year=2024/month=13/x.parquet", None),
        ("year=x/x.parquet", None),
        ("a/b.parquet", None),
    ],
)
def test_paths(path, span) -> None:
    assert partition_of(path) == span


@pytest.mark.parametrize(
    ("since", "until", "out"),
    [
        (None, None, False),
        ("2024-02-12T13:30", None, False),
        ("2024-02-12T14:30", None, False),
        ("2024-02-12T15:00", None, True),
        (None, "2024-02-12T12:30", False),
        (None, "2024-02-12T12:00", True),
        ("2024-02-12T13:10", "2024-02-12T13:20", False),
    ],
)
def test_a_partition_is_left_out_where_nothing_of_it_or_near_it_is_judged(since, until, out) -> None:
    assert outside(HOUR, since and at(since), until and at(until)) is out


@given(st.text("year=0123456789/month=day=hour=.", max_size=60), st.datetimes(timezones=st.just(UTC)))
def test_any_path(path, time) -> None:
    outside(path, time, time)
