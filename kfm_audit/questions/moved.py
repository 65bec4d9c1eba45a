"""Who moved production data back, were they allowed to, is it accounted for?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from kfm_audit.evidence import Evidence
from kfm_audit.evidence.lakefs.branches import environment_branch
from kfm_audit.facts import (
    BranchHead,
    BranchOperation,
    Case,
    CommitRecord,
    LogCoverage,
    Promotion,
    Rollback,
    RunList,
)
from kfm_audit.findings.finding import Finding
from kfm_audit.globs import matches_any
from kfm_audit.lakefs.operations import Outcome, outcome
from kfm_audit.questions.words import listed, number

BEYOND: Final = "what gates looked at and what attestations say is not judged by this version"


def scope(evidence: Evidence) -> str:
    """What the answer is about, in numbers and times."""
    counts = evidence.counts()
    logs = evidence.of(LogCoverage)
    first = min((log.first for log in logs if log.first), default=None)
    last = max((log.last for log in logs if log.last), default=None)
    span = f" from {first:%Y-%m-%dT%H:%M:%SZ} to {last:%Y-%m-%dT%H:%M:%SZ}" if first and last else ""
    moved = f"{number(counts.get('rollback', 0), 'rollback')} in {number(len(evidence.of(Case)), 'case')}"
    promoted = len(evidence.of(Promotion))
    moved += f" and {number(promoted, 'promotion')}" if promoted else ""
    covered = f"; the log covers{span or ' no time'}" if logs else ""
    return f"{moved}{_elsewhere(evidence)}{covered}"


def gaps(evidence: Evidence, findings: Sequence[Finding]) -> Iterator[str]:  # noqa: ARG001 - as all questions ask
    """What keeps the answer from being whole: the traces beside the log that were not read."""
    unseen = [
        *([] if evidence.of(LogCoverage) else ["an audit log (who did what, and what left no trace)"]),
        *(
            []
            if evidence.of(CommitRecord)
            else ["commit logs (what merges brought, commits of an earlier state)"]
        ),
        *([] if evidence.of(BranchHead) else ["snapshots of heads (moves that no log shows)"]),
        *([] if evidence.of(RunList) else ["hook runs (whether gates passed)"]),
    ]
    if unseen:
        yield f"not read: {', '.join(unseen)}"


def _elsewhere(evidence: Evidence) -> str:
    """The calls that moved a branch back and are not counted: elsewhere, or at another time."""
    policy = evidence.policy.lakefs
    judged = {call.origin for call in evidence.of(Rollback)}
    branches: set[str] = set()
    outside = 0
    for call in evidence.of(BranchOperation):
        if outcome(call.status) is not Outcome.EFFECTIVE or call.origin in judged:
            continue
        if environment_branch(call.repository, call.branch, policy) is None:
            if not matches_any(call.branch, policy.run_branches):
                branches.add(call.branch)
        elif not evidence.in_window(call.time):
            outside += 1
    said = []
    if branches:
        said.append(f"{listed(sorted(branches))}, which the policy calls no environment")
    if outside:
        said.append(f"{number(outside, 'call')} outside the time that is judged")
    return f" (not counted: {'; '.join(said)})" if said else ""
