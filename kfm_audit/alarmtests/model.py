"""Alarm tests, read: times in seconds, series expanded, every part with its place in the file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from kfm_audit.alarmtests.document import AlarmStateTest, Change, Notification, StateName
from kfm_audit.alarmtests.places import Place
from kfm_audit.alarmtests.series import Values


class Fault(Struct, frozen=True):
    """What is wrong with a file of tests, or with what it names, and where: the test cannot be run."""

    path: str
    place: Place
    message: str


class MetricKey(Struct, frozen=True, order=True):
    """What makes a series: a metric with its exact dimensions, and a statistic."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    stat: str

    def __str__(self) -> str:
        """As people write it: `AWS/Lambda Errors {FunctionName=ingest} Sum`."""
        dimensions = ", ".join(f"{key}={value}" for key, value in self.dimensions)
        named = f"{self.namespace} {self.name} " if self.namespace else f"{self.name} "
        return f"{named}{{{dimensions}}} {self.stat}" if dimensions else f"{named}{self.stat}"


class GivenSeries(Struct, frozen=True, kw_only=True):
    """A series of the test."""

    key: MetricKey
    values: Values
    place: Place


class Assertion(Struct, frozen=True, kw_only=True):
    """One entry of `alarm_state_test`. Times are in seconds from time 0 on."""

    written: AlarmStateTest
    eval_time: int
    evaluate_from: int | None
    changes: tuple[tuple[int, StateName], ...] | None
    notified: tuple[int | None, ...]
    """The times of `exp_notifications`, in its order."""
    place: Place
    places: Mapping[str, Place]
    """Where each of its keys stands."""

    def at(self, key: str) -> Place:
        """Where a key stands; where the assertion begins, if it is left out."""
        return self.places.get(key, self.place)

    @property
    def expected_changes(self) -> tuple[Change, ...]:
        """The changes as written."""
        return self.written.exp_changes or ()

    @property
    def expected_notifications(self) -> tuple[Notification, ...]:
        """The notifications as written."""
        return self.written.exp_notifications or ()


class AlarmTest(Struct, frozen=True, kw_only=True):
    """One entry of `tests`. `evaluation_range` 0 is `auto`; `starts_at` is in UTC, None where it does not matter."""

    name: str
    interval: int
    series: tuple[GivenSeries, ...]
    assertions: tuple[Assertion, ...]
    initial_states: Mapping[str, StateName]
    starts_at: datetime | None
    evaluation_range: int
    assumptions: Mapping[str, str]
    place: Place
    places: Mapping[str, Place]


class Suite(Struct, frozen=True, kw_only=True):
    """A file of tests. `alarms` and `variable_files` are as written: relative to the file."""

    path: str
    alarms: str
    variable_files: tuple[str, ...]
    tests: tuple[AlarmTest, ...]
    places: Mapping[str, Place]
