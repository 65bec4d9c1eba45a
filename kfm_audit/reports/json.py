"""`json-v1`: every detail of a run, for programs. Its schema is `schemas/report/json-v1.schema.json`.

The keys stay; new ones may come (design section 4).
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from msgspec import UNSET, Raw, Struct, UnsetType, field

from kfm_audit.findings.finding import Acceptance, LocatedRelated, SettledFinding, Severity, Verdict
from kfm_audit.reports.encode import encode
from kfm_audit.reports.report import IgnoredFile, InputRecord, Report, RuleCount, View, Window
from kfm_audit.values import Location

SCHEMA: Final = "kfm-audit/json-v1"


class _Tool(Struct):
    name: str
    version: str


class _Policy(Struct):
    name: str
    sha256: str


class _Answer(Struct):
    answer: str
    why: str


class _Summary(Struct):
    inputs: dict[str, int]
    facts: dict[str, int]
    findings: dict[str, int]
    pending: int
    undecided: int
    suppressed: int
    known: int
    new: int
    resolved: int


class _Location(Struct):
    path: str | None
    line: int | None
    column: int | None
    end_line: int | None
    end_column: int | None
    pointer: str | None


class _Related(Struct):
    message: str
    location: _Location


class _Suppression(Struct):
    by: str
    reason: str
    owner: str
    expires: str | None


class _Finding(Struct):
    rule: str
    name: str
    severity: str
    verdict: str
    message: str
    help: str
    document: Raw | None
    subject: str
    stack: str
    attribute: str
    due: datetime | None
    location: _Location
    related: list[_Related]
    fingerprint: str
    baseline: str
    suppression: _Suppression | None


class _Document(Struct):
    schema: str
    tool: _Tool
    now: datetime
    window: Window
    policy: _Policy
    questions: dict[str, _Answer]
    summary: _Summary
    rules: dict[str, RuleCount]
    inputs: tuple[InputRecord, ...]
    ignored: tuple[IgnoredFile, ...]
    findings: list[_Finding] = field(default_factory=list)
    # Encoded as it is: importing its types is left to the runs that have one.
    population: Struct | None = None
    contract: Struct | UnsetType = UNSET


def render(report: Report, view: View) -> str:
    """The document. `findings` are those that the view admits; `summary` counts them all."""
    return encode(
        _Document(
            schema=SCHEMA,
            tool=_Tool("kfm-audit", report.version),
            now=report.now,
            window=report.window,
            policy=_Policy(report.policy_name, report.policy_sha256),
            questions={
                question.name: _Answer(question.answer.value, question.why) for question in report.questions
            },
            summary=_summary(report),
            rules={rule.id: report.counts.get(rule.id, RuleCount()) for rule in report.rules},
            inputs=report.inputs,
            ignored=report.ignored,
            findings=[_finding(settled) for settled in report.findings if view.shows(settled)],
            population=report.population,
            contract=report.contract or UNSET,
        )
    )


def _summary(report: Report) -> _Summary:
    open_findings = [settled for settled in report.findings if settled.acceptance is None]
    known = sum(settled.known for settled in open_findings)
    return _Summary(
        inputs=report.kinds,
        facts=dict(sorted(report.facts.items())),
        findings={severity.value: report.failures(severity) for severity in Severity},
        pending=report.verdicts(Verdict.PENDING),
        undecided=report.verdicts(Verdict.UNDECIDED),
        suppressed=report.suppressed,
        known=known,
        new=len(open_findings) - known,
        resolved=report.resolved,
    )


def _finding(settled: SettledFinding) -> _Finding:
    finding = settled.finding
    return _Finding(
        rule=finding.rule,
        name=finding.name,
        severity=finding.severity.value,
        verdict=finding.verdict.value,
        message=finding.message,
        help=finding.help,
        document=Raw(finding.document.encode()) if finding.document else None,
        subject=finding.subject,
        stack=finding.stack,
        attribute=finding.place.attribute,
        due=finding.due,
        location=_location(settled.location),
        related=[_related(related) for related in settled.related],
        fingerprint=finding.fingerprint,
        baseline="known" if settled.known else "new",
        suppression=_suppression(settled.acceptance) if settled.acceptance else None,
    )


def _related(related: LocatedRelated) -> _Related:
    return _Related(related.message, _location(related.location))


def _location(place: Location) -> _Location:
    return _Location(
        path=place.path or None,
        line=place.line or None,
        column=place.column or None,
        end_line=place.end_line or None,
        end_column=place.end_column or None,
        pointer=place.pointer or None,
    )


def _suppression(acceptance: Acceptance) -> _Suppression:
    return _Suppression(acceptance.by.value, acceptance.reason, acceptance.owner, acceptance.expires or None)
