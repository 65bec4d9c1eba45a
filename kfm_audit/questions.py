"""The four questions, and how far a run answered each of them.

A pull request without logs must never read as "no illegal rollbacks": a question
is answered only where its inputs were read, its rules ran and none was undecided.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from kfm_audit.evidence import Evidence
from kfm_audit.facts import (
    BranchOperation,
    Case,
    Correction,
    DeniedRollback,
    Incident,
    LogCoverage,
    MetricFamily,
    Rollback,
)
from kfm_audit.findings.finding import Finding, Verdict
from kfm_audit.globs import matches_any
from kfm_audit.lakefs.operations import Outcome, outcome
from kfm_audit.reports.report import Answer, InputRecord, InputStatus, Question
from kfm_audit.rules.judge import RuleSetting


class _Asked(Struct, frozen=True):
    name: str
    title: str
    families: tuple[str, ...]
    kinds: tuple[str, ...]
    needs: str
    beyond: str


QUESTIONS: Final = (
    _Asked(
        "told",
        "Will somebody be told?",
        ("ALM", "SNS"),
        ("terraform-plan",),
        "no Terraform plan was read",
        "actions and environments of alarms were judged; whether a message gets past filter policies to a "
        "subscriber is not judged by this version",
    ),
    _Asked(
        "moved",
        "Who moved production data back, were they allowed to, is it accounted for?",
        ("LFS",),
        ("lakefs-log",),
        "no lakeFS audit log was read: nothing is known about rollbacks",
        "calls that can hide a rollback (cherry-picks, merges of an old ref, imports) are not judged by this version",
    ),
    _Asked(
        "evidence",
        "Does the evidence hold?",
        ("PRV", "INC", "GOV", "DOC"),
        ("prov", "incident"),
        "neither provenance nor incident records were read",
        "the order of events in provenance and changes to records are not judged by this version",
    ),
    _Asked(
        "telemetry",
        "Does telemetry stay affordable and comparable?",
        ("TEL",),
        ("telemetry",),
        "no telemetry was read",
        "series budgets and growth since the last run are not judged by this version",
    ),
)


def answer_questions(
    evidence: Evidence,
    inputs: Iterable[InputRecord],
    rules: Iterable[RuleSetting],
    findings: Iterable[Finding],
) -> tuple[Question, ...]:
    """Say of each question whether it was answered, partly or not, and why."""
    inputs, findings = tuple(inputs), tuple(findings)
    families = {setting.rule.family for setting in rules}
    return tuple(_answer(asked, evidence, inputs, families, findings) for asked in QUESTIONS)


def _answer(
    asked: _Asked,
    evidence: Evidence,
    inputs: tuple[InputRecord, ...],
    families: set[str],
    findings: tuple[Finding, ...],
) -> Question:
    if not families.intersection(asked.families):
        return Question(asked.name, asked.title, Answer.NOT_CHECKED, "its rules were not selected")
    if asked.name == "moved" and not evidence.policy.lakefs.environment_branches:
        why = "the policy names no environment branches (lakefs.environment_branches)"
        return Question(asked.name, asked.title, Answer.NOT_CHECKED, why)
    of_kind = [record for record in inputs if record.kind in asked.kinds]
    read = [record for record in of_kind if record.status is not InputStatus.UNREADABLE]
    if not read:
        why = asked.needs if not of_kind else f"{of_kind[0].path} could not be read"
        return Question(asked.name, asked.title, Answer.NOT_CHECKED, why)
    gaps = []
    lost = [record.path for record in of_kind if record.status is not InputStatus.READ]
    unclaimed = [record.path for record in inputs if not record.kind]
    if lost:
        gaps.append(f"{_listed(lost)} could not be read in full")
    if unclaimed:
        gaps.append(f"{_listed(unclaimed)} could not be read")
    undecided = sum(
        1
        for finding in findings
        if finding.verdict is Verdict.UNDECIDED and finding.rule[:3] in asked.families
    )
    broken = sum(1 for finding in findings if finding.rule == "PRV001" and "PRV" in asked.families)
    if broken:
        gaps.append(f"{broken} of the provenance documents could not be understood")
    if undecided:
        gaps.append(f"{undecided} undecided")
    pending = sum(
        1 for finding in findings if finding.verdict is Verdict.PENDING and finding.rule[:3] in asked.families
    )
    if pending:
        gaps.append(f"{pending} pending")
    if asked.beyond:
        gaps.append(asked.beyond)
    scope = _scope(asked.name, evidence)
    if gaps:
        return Question(asked.name, asked.title, Answer.PARTLY, "; ".join(filter(None, (scope, *gaps))))
    return Question(asked.name, asked.title, Answer.ANSWERED, scope)


def _scope(name: str, evidence: Evidence) -> str:
    """What the answer is about, in numbers and times."""
    counts = evidence.counts()
    if name == "told":
        alarms = counts.get("metric-alarm", 0) + counts.get("composite-alarm", 0)
        return _number(alarms, "alarm")
    if name == "moved":
        logs = evidence.of(LogCoverage)
        first = min((log.first for log in logs if log.first), default=None)
        last = max((log.last for log in logs if log.last), default=None)
        span = f" from {first:%Y-%m-%dT%H:%M:%SZ} to {last:%Y-%m-%dT%H:%M:%SZ}" if first and last else ""
        moved = (
            f"{_number(counts.get('rollback', 0), 'rollback')} in {_number(len(evidence.of(Case)), 'case')}"
        )
        return f"{moved}{_elsewhere(evidence)}; the log covers{span or ' no time'}"
    if name == "evidence":
        corrections = _number(len(evidence.of(Correction)), "correction")
        return f"{corrections} and {_number(len(evidence.of(Incident)), 'incident')}"
    families = len(evidence.of(MetricFamily))
    return "1 metric family" if families == 1 else f"{families} metric families"


def _elsewhere(evidence: Evidence) -> str:
    """The branches, environments to nobody's policy, that were moved back too: one of them may be missing in it."""
    judged = {
        (call.repository, call.branch) for kind in (Rollback, DeniedRollback) for call in evidence.of(kind)
    }
    others = sorted(
        {
            call.branch
            for call in evidence.of(BranchOperation)
            if (call.repository, call.branch) not in judged
            and outcome(call.status) is Outcome.EFFECTIVE
            and not matches_any(call.branch, evidence.policy.lakefs.run_branches)
        }
        - {branch for _, branch in judged}
    )
    return f" (not counted: {_listed(others)}, which the policy calls no environment)" if others else ""


def _number(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _listed(paths: list[str]) -> str:
    return paths[0] if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"
