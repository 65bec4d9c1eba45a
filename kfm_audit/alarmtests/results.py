"""What came of running files of alarm tests."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from pathlib import Path

from msgspec import Struct

from kfm_audit.alarmtests.model import AlarmTest, Assertion, Fault
from kfm_audit.alarmtests.observed import Observed
from kfm_audit.alarmtests.places import Place


class Outcome(Enum):
    """What became of one assertion."""

    HOLDS = "holds"
    FAILS = "fails"
    UNREADABLE = "unreadable"
    """The alarm cannot be evaluated: it uses what is not supported, or is known only after apply."""
    BROKEN = "broken"
    """The simulation raised an exception."""


class Mismatch(Struct, frozen=True):
    """One thing that is not as expected: the key of the assertion, where it stands, and what is said."""

    key: str
    place: Place
    message: str


class AssertionResult(Struct, frozen=True, kw_only=True):
    """One assertion, and what became of it.

    `subject` is the alarm's address in its `stack`, `name` its name, `source` the file or folder that it is from.
    """

    test: AlarmTest
    assertion: Assertion
    source: str
    stack: str
    subject: str
    name: str
    outcome: Outcome
    mismatches: tuple[Mismatch, ...] = ()
    observed: Observed | None = None


class FileResult(Struct, frozen=True, kw_only=True):
    """A file of tests. `faults` are why it could not be run, `unreadable` why its alarms could not be read."""

    path: str
    results: tuple[AssertionResult, ...] = ()
    faults: tuple[Fault, ...] = ()
    unreadable: tuple[Fault, ...] = ()
    lines: tuple[str, ...] = ()
    """The file's text, for excerpts."""


class CoveredAlarm(Struct, frozen=True):
    """An alarm of the input, and how many assertions are about it."""

    alarms: str
    subject: str
    name: str
    assertions: int


class Coverage(Struct, frozen=True):
    """The alarms of all inputs that the files name."""

    alarms: tuple[CoveredAlarm, ...] = ()
    threshold: float | None = None

    @property
    def tested(self) -> int:
        """How many alarms have at least one assertion."""
        return sum(1 for alarm in self.alarms if alarm.assertions)

    @property
    def percent(self) -> float:
        """The share of tested alarms; 100 where there are no alarms."""
        return 100 * self.tested / len(self.alarms) if self.alarms else 100.0

    @property
    def untested(self) -> tuple[CoveredAlarm, ...]:
        """The alarms that no assertion is about."""
        return tuple(alarm for alarm in self.alarms if not alarm.assertions)

    @property
    def too_low(self) -> bool:
        """Whether fewer alarms are tested than asked for."""
        return self.threshold is not None and self.percent < self.threshold


class TestRun(Struct, frozen=True, kw_only=True):
    """All files of a run. `looked_at` are the paths that were looked for tests in, `names` globs of those wanted.

    `sources` are the files and folders that the alarms are from.
    """

    files: tuple[FileResult, ...]
    coverage: Coverage
    looked_at: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    sources: tuple[Path, ...] = ()

    @property
    def results(self) -> Iterator[tuple[FileResult, AssertionResult]]:
        """All assertions, with their files."""
        return ((file, result) for file in self.files for result in file.results)

    def count(self, outcome: Outcome) -> int:
        """How many assertions have an outcome."""
        return sum(1 for _, result in self.results if result.outcome is outcome)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """All that is wrong with the files themselves."""
        return tuple(fault for file in self.files for fault in file.faults)

    @property
    def unreadable(self) -> tuple[Fault, ...]:
        """All alarms that could not be read."""
        return tuple(fault for file in self.files for fault in file.unreadable)

    @property
    def assertions(self) -> int:
        """How many assertions were run."""
        return sum(len(file.results) for file in self.files)

    @property
    def exit_code(self) -> int:
        """The exit code of design section 4, the highest that applies."""
        checks = (
            (5, self.count(Outcome.BROKEN) > 0),
            (4, bool(self.unreadable) or self.count(Outcome.UNREADABLE) > 0),
            (3, not self.assertions and not self.faults and not self.unreadable),
            (2, bool(self.faults)),
            (1, self.count(Outcome.FAILS) > 0 or self.coverage.too_low),
        )
        return next((code for code, applies in checks if applies), 0)
