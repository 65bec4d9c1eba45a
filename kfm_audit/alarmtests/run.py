"""Run files of alarm tests: find -> read -> simulate -> compare."""

from __future__ import annotations

import os
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from kfm_audit.alarmtests.alarms import LoadedAlarms, Unreadable, load_alarms
from kfm_audit.alarmtests.compare import mismatches
from kfm_audit.alarmtests.durations import shown_duration
from kfm_audit.alarmtests.model import AlarmTest, Assertion, Fault, Suite
from kfm_audit.alarmtests.observe import NotSimulatedError, observe
from kfm_audit.alarmtests.observed import Observed
from kfm_audit.alarmtests.places import Place
from kfm_audit.alarmtests.read import read_suite
from kfm_audit.alarmtests.reads import all_read, nearest_read
from kfm_audit.alarmtests.results import (
    AssertionResult,
    Coverage,
    CoveredAlarm,
    FileResult,
    Mismatch,
    Outcome,
    TestRun,
)
from kfm_audit.facts import Alarm
from kfm_audit.globs import matches_any
from kfm_audit.inputs.find import display
from kfm_audit.policy.strict import nearest
from kfm_audit.simulation.assumptions import AssumptionError, Assumptions, read_assumptions
from kfm_audit.simulation.series import SeriesError
from kfm_audit.values import Known


class Request(Struct, frozen=True, kw_only=True):
    """What to run. `names` are globs of tests' names; () are all. Paths in reports are relative to `base`."""

    files: tuple[Path, ...]
    base: Path
    names: tuple[str, ...] = ()
    threshold: float | None = None
    looked_at: tuple[str, ...] = ()


def run_tests(request: Request) -> TestRun:
    """Run all tests of all files. Raises nothing that a file could cause."""
    alarms = _Alarms(request.base)
    files = tuple(_FileRunner(file, request, alarms).result() for file in request.files)
    return TestRun(
        files=files,
        coverage=alarms.coverage(files, request.threshold),
        looked_at=request.looked_at,
        names=request.names,
        sources=alarms.sources,
    )


class _Alarms:
    """The alarms of a run, each source read once however many files name it."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self._loaded: dict[tuple[Path, tuple[Path, ...]], LoadedAlarms | Unreadable] = {}

    @property
    def sources(self) -> tuple[Path, ...]:
        """The files and folders that the alarms are from, and the files of variables."""
        return tuple(
            dict.fromkeys(path for source, variables in self._loaded for path in (source, *variables))
        )

    def of(self, file: Path, suite: Suite) -> LoadedAlarms | Unreadable:
        source = _beside(file, suite.alarms)
        variables = tuple(_beside(file, name) for name in suite.variable_files)
        for name in variables:
            if not name.is_file():
                return Unreadable(display(name, self._base), ("there is no such file",))
        key = (source, variables)
        if key not in self._loaded:
            self._loaded[key] = load_alarms(source, self._base, variables)
        return self._loaded[key]

    def coverage(self, files: Iterable[FileResult], threshold: float | None) -> Coverage:
        """All alarms that were read, with the number of assertions on each."""
        asserted = Counter(
            (result.source, result.stack, result.subject) for file in files for result in file.results
        )
        found: dict[tuple[str, str, str], CoveredAlarm] = {}
        for (source, _), loaded in self._loaded.items():
            if isinstance(loaded, Unreadable):
                continue
            shown = display(source, self._base)
            for alarm in loaded.all:
                key = (shown, alarm.stack, alarm.subject)
                found[key] = CoveredAlarm(shown, alarm.subject, called(alarm), asserted[key])
        return Coverage(tuple(found[key] for key in sorted(found)), threshold)


class _FileRunner:
    def __init__(self, file: Path, request: Request, alarms: _Alarms) -> None:
        self._file = file
        self._request = request
        self._alarms = alarms
        self._path = display(file, request.base)
        self._faults: list[Fault] = []

    def result(self) -> FileResult:
        try:
            data = self._file.read_bytes()
        except OSError as error:
            return FileResult(
                path=self._path, faults=(Fault(self._path, Place(), f"cannot be read: {error.strerror}"),)
            )
        lines = tuple(data.decode("utf-8", "replace").splitlines())
        suite = read_suite(self._path, data)
        if not isinstance(suite, Suite):
            return FileResult(path=self._path, faults=suite, lines=lines)
        loaded = self._alarms.of(self._file, suite)
        if isinstance(loaded, Unreadable):
            place = suite.places.get("alarms", Place())
            unreadable = tuple(Fault(self._path, place, why) for why in loaded.said)
            return FileResult(path=self._path, unreadable=unreadable, lines=lines)
        source = display(_beside(self._file, suite.alarms), self._request.base)
        results = tuple(
            result
            for test in suite.tests
            if not self._request.names or matches_any(test.name, self._request.names)
            for result in self._test(test, suite, loaded, source)
        )
        return FileResult(path=self._path, results=results, faults=tuple(self._faults), lines=lines)

    def _test(
        self, test: AlarmTest, suite: Suite, loaded: LoadedAlarms, source: str
    ) -> Iterator[AssertionResult]:
        assumptions = self._assumptions(test, suite)
        if not self._names_hold(test, loaded) or assumptions is None:
            return
        for assertion in test.assertions:
            alarm = self._alarm(assertion, loaded)
            if alarm is not None:
                yield from self._assertion(test, assertion, alarm, loaded, source, assumptions)

    def _assertion(
        self,
        test: AlarmTest,
        assertion: Assertion,
        alarm: Alarm,
        loaded: LoadedAlarms,
        source: str,
        assumptions: Assumptions,
    ) -> Iterator[AssertionResult]:
        observed: Observed | None = None
        failed: tuple[Mismatch, ...] = ()
        try:
            observed = observe(loaded, alarm, test, assertion, assumptions)
        except SeriesError as error:
            self._fault(assertion.at("alarm"), f"{called(alarm)} {error}")
            return
        except NotSimulatedError as error:
            outcome = Outcome.UNREADABLE
            failed = (Mismatch("alarm", assertion.at("alarm"), f"cannot be evaluated: it {error}"),)
        except Exception:  # noqa: BLE001 - whatever it is, the other assertions are run, and it is said
            outcome = Outcome.BROKEN
            text = traceback.format_exc().strip().splitlines()[-1]
            failed = (
                Mismatch("alarm", assertion.at("alarm"), f"could not be simulated, a defect of ours: {text}"),
            )
        else:
            if not observed.evaluations:
                self._fault(
                    assertion.at("eval_time"),
                    f"{called(alarm)} is not evaluated until {assertion.written.eval_time}: its first evaluation is "
                    f"{_first(assertion)}",
                )
                return
            failed = mismatches(assertion, observed)
            outcome = Outcome.FAILS if failed else Outcome.HOLDS
        yield AssertionResult(
            test=test,
            assertion=assertion,
            source=source,
            stack=alarm.stack,
            subject=alarm.subject,
            name=called(alarm),
            outcome=outcome,
            mismatches=failed,
            observed=observed,
        )

    def _assumptions(self, test: AlarmTest, suite: Suite) -> Assumptions | None:
        try:
            return read_assumptions(test.assumptions, test.evaluation_range)
        except AssumptionError as error:
            place = test.places.get("assumptions") or suite.places.get("assumptions") or test.place
            self._fault(place, str(error))
            return None

    def _names_hold(self, test: AlarmTest, loaded: LoadedAlarms) -> bool:
        """Whether everything that the test names is there; else no result of it would mean anything."""
        before = len(self._faults)
        read = all_read(loaded.all)
        for series in test.series:
            if series.key not in read:
                self._fault(series.place, f"no alarm reads {series.key}{nearest_read(series.key, read)}")
        for word in test.initial_states:
            if not loaded.called(word):
                place = test.places.get("initial_states", test.place)
                self._fault(place, f"no alarm is called {word}{nearest(word, loaded.words)}")
        return len(self._faults) == before

    def _alarm(self, assertion: Assertion, loaded: LoadedAlarms) -> Alarm | None:
        word = assertion.written.alarm
        found = loaded.called(word)
        if len(found) == 1:
            return found[0]
        if not found:
            self._fault(assertion.at("alarm"), f"no alarm is called {word}{nearest(word, loaded.words)}")
        else:
            where = ", ".join(f"{alarm.subject} in {alarm.stack}" for alarm in found)
            self._fault(
                assertion.at("alarm"),
                f"{len(found)} alarms are called {word}: {where}; let `alarms` name one plan",
            )
        return None

    def _fault(self, place: Place, message: str) -> None:
        self._faults.append(Fault(self._path, place, message))


def called(alarm: Alarm) -> str:
    """The alarm's name, where it may be printed; else its address."""
    name = alarm.alarm_name
    return name.value if isinstance(name, Known) and not name.sensitive else alarm.subject


def _beside(file: Path, name: str) -> Path:
    return Path(os.path.normpath(file.parent / name))


def _first(assertion: Assertion) -> str:
    if assertion.evaluate_from is not None:
        return f"at {shown_duration(assertion.evaluate_from)}"
    return "when its whole window has passed; choose a later eval_time, or an earlier `evaluate_from`"
