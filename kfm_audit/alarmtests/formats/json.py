"""Every detail, for programs: `schemas/report/test-json-v1.schema.json`."""

from __future__ import annotations

from collections.abc import Iterable

from kfm_audit import __version__
from kfm_audit.alarmtests.formats import View, wording
from kfm_audit.alarmtests.formats.document import (
    ActionDocument,
    ActualDocument,
    AssertionDocument,
    AssumptionDocument,
    ChangeDocument,
    CoverageDocument,
    EvaluationDocument,
    FaultDocument,
    FileDocument,
    MismatchDocument,
    NotificationDocument,
    ReportDocument,
    Summary,
    Tool,
    UntestedAlarm,
)
from kfm_audit.alarmtests.model import Fault
from kfm_audit.alarmtests.observed import Observed
from kfm_audit.alarmtests.results import AssertionResult, Coverage, FileResult, Outcome, TestRun
from kfm_audit.reports.encode import encode


def render(run: TestRun, _view: View) -> str:
    """The document, with a final line feed."""
    return encode(document(run))


def document(run: TestRun) -> ReportDocument:
    """The run as it is written."""
    return ReportDocument(
        schema_name="kfm-audit/test-json-v1",
        tool=Tool("kfm-audit", __version__),
        summary=Summary(
            files=len(run.files),
            assertions=run.assertions,
            hold=run.count(Outcome.HOLDS),
            fail=run.count(Outcome.FAILS),
            unreadable=run.count(Outcome.UNREADABLE),
            broken=run.count(Outcome.BROKEN),
            faults=len(run.faults) + len(run.unreadable),
            exit_code=run.exit_code,
        ),
        coverage=_coverage(run.coverage),
        files=tuple(_file(file) for file in run.files),
    )


def _coverage(found: Coverage) -> CoverageDocument:
    return CoverageDocument(
        alarms=len(found.alarms),
        tested=found.tested,
        percent=round(found.percent, 2),
        threshold=found.threshold,
        untested=tuple(UntestedAlarm(alarm.alarms, alarm.subject, alarm.name) for alarm in found.untested),
    )


def _file(file: FileResult) -> FileDocument:
    return FileDocument(
        path=file.path,
        faults=_faults(file.faults),
        unreadable=_faults(file.unreadable),
        assertions=tuple(_assertion(result) for result in file.results),
    )


def _faults(faults: Iterable[Fault]) -> tuple[FaultDocument, ...]:
    return tuple(FaultDocument(fault.place.line, fault.place.column, fault.message) for fault in faults)


def _assertion(result: AssertionResult) -> AssertionDocument:
    assertion = result.assertion
    return AssertionDocument(
        test=result.test.name,
        alarm=result.name,
        address=result.subject,
        stack=result.stack,
        line=assertion.place.line,
        column=assertion.place.column,
        eval_time=assertion.eval_time,
        expected=assertion.written.exp_state,
        outcome=result.outcome.value,
        mismatches=tuple(
            MismatchDocument(item.key, item.place.line, item.place.column, item.message)
            for item in result.mismatches
        ),
        warnings=wording.warnings(result),
        actual=_actual(result.observed) if result.observed is not None else None,
    )


def _actual(observed: Observed) -> ActualDocument:
    return ActualDocument(
        state=observed.state,
        reason=observed.reason,
        changes=tuple(ChangeDocument(time, state) for time, state in observed.changes),
        actions=tuple(ActionDocument(one.time, one.state, one.target[0]) for one in observed.actions),
        notifications=tuple(
            NotificationDocument(
                one.time, one.state, one.topic[0], next(iter(one.subscriber), None), one.arrives, one.why
            )
            for one in observed.received
        ),
        timeline=tuple(
            EvaluationDocument(one.time, one.state, one.value, one.breaching, one.indeterminate)
            for one in observed.evaluations
        ),
        assumptions=tuple(AssumptionDocument(one.name, one.choice, one.about) for one in observed.assumed),
    )
