"""Which series the alarms read: what a test may give, and what it must not misspell."""

from __future__ import annotations

from collections.abc import Iterable

from kfm_audit.alarmtests.model import MetricKey
from kfm_audit.evidence.alarm.series import Series, series_of
from kfm_audit.facts import Alarm, MetricAlarm
from kfm_audit.values import Known, Unknown, known

SAMPLE_COUNT = "SampleCount"
"""Also weighs averages and tells percentiles of few samples, so that nobody need read it by itself."""


def keys_of(alarm: Alarm) -> tuple[MetricKey, ...]:
    """The series that an alarm reads, as far as they are known."""
    if not isinstance(alarm, MetricAlarm):
        return ()
    found = series_of(alarm)
    if isinstance(found, Unknown):
        return ()
    return tuple(key for key in map(_key, found) if key is not None)


def all_read(alarms: Iterable[Alarm]) -> frozenset[MetricKey]:
    """The series that any of the alarms reads, and the sample counts that go with them."""
    keys = {key for alarm in alarms for key in keys_of(alarm)}
    return frozenset(keys | {_samples_of(key) for key in keys})


def nearest_read(key: MetricKey, read: Iterable[MetricKey]) -> str:
    """`: did you mean AWS/Lambda Errors {FunctionName=ingest} Sum?`, or "" where nothing is near."""
    from difflib import get_close_matches

    words = {str(one): None for one in sorted(read) if one.stat != SAMPLE_COUNT}
    close = get_close_matches(str(key), words, n=1, cutoff=0.6)
    return f": did you mean {close[0]}?" if close else ""


def _samples_of(key: MetricKey) -> MetricKey:
    return MetricKey(key.namespace, key.name, key.dimensions, SAMPLE_COUNT)


def _key(series: Series) -> MetricKey | None:
    if (
        series.is_secret
        or not isinstance(series.metric_name, Known)
        or not isinstance(series.statistic, Known)
    ):
        return None
    match series.dimensions:
        case Known(named):
            dimensions = named
        case Unknown():
            return None
        case _:
            dimensions = {}
    namespace = known(series.namespace) or ""
    return MetricKey(
        namespace, series.metric_name.value, tuple(sorted(dimensions.items())), series.statistic.value
    )
