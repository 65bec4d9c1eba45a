"""The JSON report of a run, as types: `schemas/report/test-json-v1.schema.json` is generated from them."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from kfm_audit.alarmtests.document import StateName

SCHEMA = "kfm-audit/test-json-v1"


class Tool(Struct, frozen=True):
    """Who wrote the report."""

    name: str
    version: str


class Summary(Struct, frozen=True):
    """Numbers of the run."""

    files: int
    assertions: int
    hold: int
    fail: int
    unreadable: int
    """Assertions whose alarm cannot be evaluated."""
    broken: int
    """Assertions that could not be simulated: a defect of the tool."""
    faults: int
    """Things that are wrong with the files of tests, or with the alarms that they name."""
    exit_code: int


class UntestedAlarm(Struct, frozen=True):
    """An alarm that no assertion is about."""

    alarms: str
    """The file or folder that the alarm is from."""
    address: str
    name: str


class CoverageDocument(Struct, frozen=True):
    """How many of the alarms have an assertion."""

    alarms: int
    tested: int
    percent: float
    """100 where there are no alarms."""
    threshold: float | None
    """What `--coverage-threshold` asks for; null where it does not."""
    untested: tuple[UntestedAlarm, ...]


class FaultDocument(Struct, frozen=True):
    """What is wrong with a file of tests, or with the alarms that it names."""

    line: int
    column: int
    message: str


class MismatchDocument(Struct, frozen=True):
    """One thing that is not as expected."""

    key: str
    """The key of the assertion."""
    line: int
    column: int
    message: str


class ChangeDocument(Struct, frozen=True):
    """A change of state."""

    at: int
    """Seconds from time 0 on."""
    state: StateName


class ActionDocument(Struct, frozen=True):
    """An action that is taken."""

    at: int
    """Seconds from time 0 on."""
    state: StateName
    """The state whose action it is."""
    target: str
    """The address of the topic where the input holds it, else what the alarm names."""


class NotificationDocument(Struct, frozen=True):
    """A message on its way to a subscriber."""

    at: int
    """Seconds from time 0 on."""
    state: StateName
    topic: str
    subscriber: str | None
    """Null where the topic stops the message, or has no subscriber that the input shows."""
    arrives: bool | None
    """Null where it cannot be told."""
    why: str
    """Why it does not arrive, or may not."""


class EvaluationDocument(Struct, frozen=True):
    """One evaluation of the alarm."""

    at: int
    """Seconds from time 0 on."""
    state: StateName
    value: float | None
    """The newest datapoint; null where there is none, and for composite alarms."""
    breaching: bool
    indeterminate: bool
    """AWS's documents do not settle the state."""


class AssumptionDocument(Struct, frozen=True):
    """An assumption that the result rests on."""

    name: str
    choice: str
    about: str


class ActualDocument(Struct, frozen=True):
    """What became of the alarm."""

    state: StateName
    reason: str
    """CloudWatch's reason for the last change; "" where the state did not change."""
    changes: tuple[ChangeDocument, ...]
    actions: tuple[ActionDocument, ...]
    notifications: tuple[NotificationDocument, ...]
    timeline: tuple[EvaluationDocument, ...]
    assumptions: tuple[AssumptionDocument, ...]


class AssertionDocument(Struct, frozen=True):
    """One assertion, and what became of it."""

    test: str
    alarm: str
    """The alarm's name."""
    address: str
    stack: str
    line: int
    column: int
    eval_time: int
    """Seconds from time 0 on."""
    expected: StateName
    outcome: Literal["holds", "fails", "unreadable", "broken"]
    mismatches: tuple[MismatchDocument, ...]
    warnings: tuple[str, ...]
    """What the result hangs on."""
    actual: ActualDocument | None
    """Null where the alarm was not evaluated."""


class FileDocument(Struct, frozen=True):
    """One file of tests."""

    path: str
    faults: tuple[FaultDocument, ...]
    unreadable: tuple[FaultDocument, ...]
    """Why the alarms that it names could not be read."""
    assertions: tuple[AssertionDocument, ...]


class ReportDocument(Struct, frozen=True, rename={"schema_name": "schema"}):
    """A run of `kfm-audit test`. Lines and columns are 1-based, columns in code points."""

    schema_name: Literal["kfm-audit/test-json-v1"]
    """The name and version of this format; within a version, keys are only added."""
    tool: Tool
    summary: Summary
    coverage: CoverageDocument
    files: tuple[FileDocument, ...]
