"""From the evidence and the findings of a run to its population."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from kfm_audit.evidence import Evidence
from kfm_audit.evidence.lakefs.gates import GateRun
from kfm_audit.facts import (
    ActionRun,
    AuditTrail,
    BranchOperation,
    Case,
    Debt,
    DeniedRollback,
    LogCoverage,
    MergeCall,
    Promotion,
    Rollback,
)
from kfm_audit.findings.finding import Finding, Verdict
from kfm_audit.lakefs.deeds import Trace
from kfm_audit.lakefs.operations import Outcome, outcome
from kfm_audit.ledger import Ledger
from kfm_audit.policy.section import duration
from kfm_audit.reports.population import (
    CoverageEntry,
    DebtEntry,
    LedgerEntry,
    LogEntry,
    Population,
    PromotionEntry,
    Reconciled,
    RollbackEntry,
)

_WORST: Final = (Verdict.FAIL, Verdict.UNDECIDED, Verdict.PENDING)
_EVENTS: Final = frozenset({"merge", "revert"})
"""The events of hooks (`pre-merge`, `post-revert`) that are about promotions and rollbacks."""


def population_of(
    evidence: Evidence, findings: Iterable[Finding], ledger: Ledger | None = None
) -> Population:
    """Every rollback and promotion that was judged, with its verdict, and what the logs cover."""
    said: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.rule.startswith("LFS"):
            said.setdefault(finding.subject, []).append(finding)
    cases = {call.subject: case for case in evidence.of(Case) for call in case.rollbacks}
    judged = {call.subject for call in evidence.of(Rollback)}
    calls = sorted(
        {
            call.subject: call
            for case in evidence.of(Case)
            for call in case.rollbacks
            if call.subject in judged
        }.values(),
        key=lambda call: (call.time, call.subject),
    )
    return Population(
        rollbacks=tuple(_rollback(call, cases[call.subject], said, evidence.now) for call in calls),
        promotions=tuple(_promotion(p, said, evidence) for p in evidence.of(Promotion)),
        denied=len(evidence.of(DeniedRollback)),
        failed=_failed(evidence),
        coverage=_coverage(evidence),
        ledger=_ledger(ledger, evidence) if ledger else None,
    )


def _rollback(call: Rollback, case: Case, said: Mapping[str, list[Finding]], now: datetime) -> RollbackEntry:
    own = said.get(call.subject, [])
    of_case = [f for f in said.get(case.subject, []) if case.subject != call.subject and f.rule != "LFS001"]
    found = [*own, *of_case]
    return RollbackEntry(
        subject=call.subject,
        case=case.subject,
        verdict=_verdict(found),
        findings=tuple(sorted({finding.rule for finding in found})),
        environment=call.environment,
        repository=call.repository,
        branch=call.branch,
        operation=call.operation,
        time=call.time,
        user=call.user,
        role=call.standing.role.value,
        role_evidence=call.standing.why,
        request_id=call.request_id,
        source_ip=call.source_ip,
        client=call.client,
        target=call.target,
        commit=call.commit,
        previous=call.previous,
        restored=call.restored,
        shown_by=call.shown_by,
        reopened=call.reopened,
        records={
            debt.value: _debt(case, debt, now) for debt in sorted(case.due, key=lambda debt: debt.value)
        },
    )


def _debt(case: Case, debt: Debt, now: datetime) -> DebtEntry:
    record = case.records.get(debt)
    return DebtEntry(
        standing=case.owed(debt, now).value,
        due=case.due[debt],
        record=record.subject if record else None,
        joined_by=record.joined_by if record else None,
        recorded=record.recorded if record else None,
    )


def _promotion(promotion: Promotion, said: Mapping[str, list[Finding]], evidence: Evidence) -> PromotionEntry:
    found = [f for f in said.get(promotion.subject, []) if f.rule not in _OF_ROLLBACKS]
    runs = evidence.gates.promotion_runs(promotion)
    gates = {
        gate: evidence.gates.result(gate, runs, promotion.repository, promotion.time).value
        for gate in evidence.gates.required(promotion.environment)
    }
    return PromotionEntry(
        subject=promotion.subject,
        # What nothing shows of a gate is said once of a repository, and is no pass of any promotion.
        verdict=_verdict(found) if found or set(gates.values()) <= {GateRun.PASSED.value} else "undecided",
        findings=tuple(sorted({finding.rule for finding in found})),
        environment=promotion.environment,
        repository=promotion.repository,
        branch=promotion.branch,
        source=promotion.source,
        time=promotion.time,
        user=promotion.user,
        request_id=promotion.request_id,
        source_ip=promotion.source_ip,
        client=promotion.client,
        commit=promotion.commit,
        previous=promotion.previous,
        merged=promotion.merged,
        shown_by=promotion.shown_by,
        gates=gates,
    )


_OF_ROLLBACKS: Final = frozenset({"LFS001", "LFS002", "LFS003", "LFS004", "LFS014", "LFS020"})
"""A merge that brings back an earlier state is both: a rollback and a promotion, of one subject."""


def _verdict(findings: Iterable[Finding]) -> str:
    verdicts = {finding.verdict for finding in findings}
    return next((verdict.value for verdict in _WORST if verdict in verdicts), "pass")


def _failed(evidence: Evidence) -> int:
    """How many calls on environment branches in the window failed: neither rollbacks nor denials."""
    return sum(
        1
        for call in evidence.calls.of(BranchOperation)
        if outcome(call.status) is Outcome.FAILED
        and evidence.in_window(call.time)
        and evidence.calls.environment(call.repository, call.branch) is not None
    )


def _coverage(evidence: Evidence) -> CoverageEntry:
    logs = evidence.of(LogCoverage)
    trail = next(iter(evidence.of(AuditTrail)), None)
    hours: dict[str, int] = {}
    for log in logs:
        for hour, lines in log.hours:
            key = f"{hour:%Y-%m-%dT%H:00:00Z}"
            hours[key] = hours.get(key, 0) + lines
    moved = [call for call in evidence.of(Rollback) if call.operation == Trace.MOVED_HEAD.value]
    seen = sum(
        len(evidence.history.moves(repository, name))
        for repository, name in evidence.history.branches()
        if evidence.calls.environment(repository, name) is not None
    )
    return CoverageEntry(
        logs=tuple(
            LogEntry(
                path=log.subject,
                lines=log.lines,
                audit_lines=log.audit_lines,
                skipped=log.skipped,
                duplicates=log.duplicates,
                without_user=log.without_user,
                first=log.first,
                last=log.last,
            )
            for log in logs
        ),
        first=trail.first if trail else None,
        last=trail.last if trail else None,
        hours=dict(sorted(hours.items())),
        hours_expected=trail.expected if trail else 0,
        hours_silent=tuple(f"{hour:%Y-%m-%dT%H:00:00Z}" for hour in trail.silent) if trail else (),
        commits=Reconciled(matched=trail.matched if trail else 0, unmatched=trail.unlogged if trail else ()),
        heads=Reconciled(matched=max(seen - len(moved), 0), unmatched=tuple(call.subject for call in moved)),
        hook_runs=_hook_runs(evidence, trail),
    )


def _hook_runs(evidence: Evidence, trail: AuditTrail | None) -> Reconciled:
    """The runs of hooks of merges and reverts on environment branches that a logged call explains, and the others."""
    slack = duration(evidence.policy.lakefs.join_tolerance)
    times: dict[tuple[str, str, str], list[datetime]] = {}
    for merge in evidence.calls.of(MergeCall):
        times.setdefault((merge.repository, merge.branch, "merge"), []).append(merge.time)
    for call in evidence.calls.of(BranchOperation):
        times.setdefault((call.repository, call.branch, "revert"), []).append(call.time)
    matched, unmatched = 0, []
    for run in evidence.of(ActionRun):
        event = run.event_type.partition("-")[2]
        if trail is None or event not in _EVENTS or not trail.first <= run.start_time <= trail.last:
            continue
        if evidence.calls.environment(run.repository, run.branch) is None:
            continue
        called = times.get((run.repository, run.branch, event), [])
        near = bisect_left(called, run.start_time - slack)
        if near < len(called) and called[near] <= run.start_time + slack:
            matched += 1
        else:
            unmatched.append(run.subject)
    return Reconciled(matched=matched, unmatched=tuple(unmatched))


def _ledger(ledger: Ledger, evidence: Evidence) -> LedgerEntry:
    return LedgerEntry(
        path=ledger.shown,
        entries=len(ledger.entries),
        head=ledger.head,
        reopened=tuple(case.subject for case in evidence.of(Case) if case.reopened),
    )
