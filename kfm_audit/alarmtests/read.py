"""A file of alarm tests, read strictly: what is wrong is said with its line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from kfm_audit.alarmtests.document import AlarmStateTest, Series, Test, TestFile
from kfm_audit.alarmtests.durations import read_duration
from kfm_audit.alarmtests.model import AlarmTest, Assertion, Fault, GivenSeries, MetricKey, Suite
from kfm_audit.alarmtests.places import Document, Path, Place, read_document
from kfm_audit.alarmtests.series import SeriesError, Values, read_values
from kfm_audit.policy.strict import DocumentError, read_strictly


def read_suite(path: str, data: bytes) -> Suite | tuple[Fault, ...]:
    """The tests of a file, or all that is wrong with it. Raises nothing."""
    try:
        document = read_document(data)
    except (ValueError, RecursionError) as error:
        return (_no_yaml(path, str(error), data),)
    try:
        written = read_strictly(document.value, TestFile)
    except DocumentError as error:
        where = ".".join(error.path)
        return (
            Fault(path, document.place(error.path), f"{where}: {error.message}" if where else error.message),
        )
    reader = _Reader(path, document)
    suite = reader.suite(written)
    return tuple(reader.faults) or suite


_MARK: Final = re.compile(r" at line ([0-9]{1,9}), column ([0-9]{1,9})$", re.ASCII)
"""Where a complaint of the YAML library ends: at the place that it is about."""
_BEGUN: Final = re.compile(
    r"^while (?:parsing|scanning) .* at line ([0-9]{1,9}), column ([0-9]{1,9}) ", re.ASCII
)
"""What was being parsed, and where it begins."""


def _no_yaml(path: str, complaint: str, data: bytes) -> Fault:
    """Say at its place why a file is no YAML."""
    if "UTF-8 octet" in complaint:
        return Fault(path, Place(), "is not UTF-8: save it as UTF-8")
    mark = _MARK.search(complaint)
    if mark is None:
        return Fault(path, Place(), f"is not YAML: {complaint}")
    lines = data.decode("utf-8", "replace").splitlines() or [""]
    what = f"is not YAML: {complaint[: mark.start()]}"
    line, column = int(mark[1]), int(mark[2])
    if (line, column) <= (len(lines), len(lines[-1])):
        return Fault(path, Place(line, column), what)
    # Behind the end there is nothing to look at: what was left open stands before it.
    begun = _BEGUN.match(complaint)
    place = Place(int(begun[1]), int(begun[2])) if begun else Place(len(lines), 1)
    return Fault(path, place, f"{what}: the file ends before a bracket or quotation mark is closed")


class _Reader:
    def __init__(self, path: str, document: Document) -> None:
        self._path = path
        self._document = document
        self.faults: list[Fault] = []

    def suite(self, written: TestFile) -> Suite:
        tests = tuple(
            self._test(test, written, ("tests", str(number))) for number, test in enumerate(written.tests)
        )
        seen: dict[str, AlarmTest] = {}
        for test in tests:
            if test.name in seen:
                line = seen[test.name].place.line
                self._fault(
                    test.places["name"], f"two tests are called `{test.name}`: the other is in line {line}"
                )
            seen.setdefault(test.name, test)
        return Suite(
            path=self._path,
            alarms=written.alarms,
            variable_files=written.variable_files,
            tests=tests,
            places=self._places((), ("alarms", "variable_files", "assumptions", "evaluation_range")),
        )

    def _test(self, test: Test, file: TestFile, at: Path) -> AlarmTest:
        interval = self._duration(test.interval, (*at, "interval"))
        if interval == 0:
            self._fault(self._document.place((*at, "interval")), "an interval is longer than no time at all")
        slots = file.evaluation_range if test.evaluation_range is None else test.evaluation_range
        series = tuple(
            self._series(item, (*at, "input_series", str(number)))
            for number, item in enumerate(test.input_series)
        )
        self._refuse_twice(series)
        if not test.alarm_state_test:
            self._fault(
                self._document.place((*at, "alarm_state_test")), f"the test `{test.name}` asserts nothing"
            )
        return AlarmTest(
            name=test.name,
            interval=interval,
            series=series,
            assertions=tuple(
                self._assertion(item, (*at, "alarm_state_test", str(number)))
                for number, item in enumerate(test.alarm_state_test)
            ),
            initial_states=test.initial_states,
            starts_at=self._instant(test.starts_at, (*at, "starts_at")),
            evaluation_range=0 if slots == "auto" else slots,
            assumptions={**file.assumptions, **test.assumptions},
            place=self._document.place(at),
            places=self._places(at, Test.__struct_fields__),
        )

    def _series(self, series: Series, at: Path) -> GivenSeries:
        namespace, name = series.namespace, series.metric
        if not namespace:
            namespace, _, name = series.metric.partition(" ")
            if not name:
                place = self._document.place((*at, "metric"))
                self._fault(
                    place, f"`{series.metric}` has no namespace: write `metric: NAMESPACE {series.metric}`"
                )
        values = self._values(series.values, (*at, "values"))
        dimensions = tuple(sorted(series.dimensions.items()))
        key = MetricKey(namespace, name, dimensions, series.stat)
        return GivenSeries(key=key, values=values, place=self._document.place(at))

    def _refuse_twice(self, series: tuple[GivenSeries, ...]) -> None:
        seen: dict[MetricKey, GivenSeries] = {}
        for one in series:
            if one.key in seen:
                self._fault(
                    one.place, f"the series {one.key} is given twice: see line {seen[one.key].place.line}"
                )
            seen.setdefault(one.key, one)

    def _assertion(self, written: AlarmStateTest, at: Path) -> Assertion:
        eval_time = self._duration(written.eval_time, (*at, "eval_time"))
        begin = (
            self._duration(written.evaluate_from, (*at, "evaluate_from")) if written.evaluate_from else None
        )
        if begin is not None and begin > eval_time:
            place = self._document.place((*at, "evaluate_from"))
            self._fault(
                place,
                f"the first evaluation, at {written.evaluate_from}, is after the last, at {written.eval_time}",
            )
        changes = None
        if written.exp_changes is not None:
            changes = tuple(
                (self._duration(change.at, (*at, "exp_changes", str(number), "at")), change.state)
                for number, change in enumerate(written.exp_changes)
            )
        notified = tuple(
            self._duration(item.at, (*at, "exp_notifications", str(number), "at")) if item.at else None
            for number, item in enumerate(written.exp_notifications or ())
        )
        return Assertion(
            written=written,
            eval_time=eval_time,
            evaluate_from=begin,
            changes=changes,
            notified=notified,
            place=self._document.place(at),
            places=self._places(at, AlarmStateTest.__struct_fields__),
        )

    def _duration(self, text: str, at: Path) -> int:
        try:
            return read_duration(text)
        except ValueError as error:
            self._fault(self._document.place(at), str(error))
            return 0

    def _values(self, text: str, at: Path) -> Values:
        try:
            return read_values(text)
        except SeriesError as error:
            self._fault(self._document.place(at), str(error))
            return ()

    def _instant(self, text: str, at: Path) -> datetime | None:
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError):
            place = self._document.place(at)
            self._fault(place, f"`{text}` is no time; write 2026-01-31T09:00:00Z")
            return None

    def _places(self, at: Path, keys: tuple[str, ...]) -> Mapping[str, Place]:
        here = self._document.place(at)
        found = {key: self._document.place((*at, key)) for key in keys}
        return {key: place for key, place in found.items() if place != here or key == "name"}

    def _fault(self, place: Place, message: str) -> None:
        self.faults.append(Fault(self._path, place, message))
