"""Rollbacks that no call of the rollback set shows: what commit logs and snapshots of heads give away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from kfm_audit.evidence.lakefs.history import Move, first_parent
from kfm_audit.evidence.lakefs.roles import standing
from kfm_audit.facts import BranchOperation, CommitRecord, LoggedCall, Role, Rollback, Standing
from kfm_audit.lakefs.deeds import REWRITES, Trace
from kfm_audit.policy.section import duration
from kfm_audit.policy.span import shifted

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence
    from kfm_audit.evidence.lakefs.branches import EnvironmentBranch

COMMIT_LOG: Final = "the commit log"
SNAPSHOTS: Final = "snapshots of the head"


def hidden_rollbacks(evidence: Evidence, logged: Iterable[Rollback]) -> Iterator[Rollback]:
    """The rollbacks of environment branches that are none of the logged ones, in the order of branches and time.

    A commit that brings back an earlier state is one, whatever call made it and whatever its message says;
    and so is a head that does not descend from the one seen before, unless a logged call moved it.
    """
    rewritten = [call for call in logged if call.operation in REWRITES]
    for repository, name in evidence.history.branches():
        branch = evidence.calls.environment(repository, name)
        if branch is None:
            continue
        brought_back = evidence.history.returns(repository, name)
        for commit in evidence.ownership.commits(repository, name):
            earlier = brought_back.get(commit.id)
            if earlier is None:
                continue
            call = evidence.calls.made(commit)
            if commit.creation_time <= evidence.now and not isinstance(call, BranchOperation):
                yield _of_commit(commit, earlier, call, name, branch, evidence)
        for move in evidence.history.moves(repository, name):
            if move.lost and not _explained(move, repository, name, rewritten, evidence):
                yield _of_move(move, repository, name, branch)


def restored_by(call: BranchOperation, evidence: Evidence) -> str:
    """The commit whose state a logged call brought back, as the commit log shows it; "" where it shows none."""
    made = evidence.calls.commit(call)
    if made is None:
        return ""
    earlier = evidence.history.returns(call.repository, call.branch).get(made.id)
    return earlier.id if earlier else ""


def _of_commit(
    commit: CommitRecord,
    earlier: CommitRecord,
    call: LoggedCall | None,
    name: str,
    branch: EnvironmentBranch,
    evidence: Evidence,
) -> Rollback:
    time = call.time if call else commit.creation_time
    operation = BranchOperation(
        subject=call.subject if call else f"lakefs://{commit.repository}/{name}@{time:%Y-%m-%dT%H:%M:%SZ}",
        origin=call.origin if call else commit.origin,
        operation=Trace.EARLIER_STATE.value,
        repository=commit.repository,
        branch=name,
        time=time,
        user=call.user if call else commit.committer,
        status=call.status if call else 0,
        request_id=call.request_id if call else "",
        target=earlier.id,
        source_ip=call.source_ip if call else "",
        client=call.client if call else "",
    )
    return Rollback(
        **{field: getattr(operation, field) for field in operation.__struct_fields__},
        environment=branch.environment,
        standing=standing(operation, branch.roles, evidence.people),
        commit=commit.id,
        restored=earlier.id,
        previous=first_parent(commit),
        shown_by=COMMIT_LOG,
    )


def _of_move(move: Move, repository: str, name: str, branch: EnvironmentBranch) -> Rollback:
    time = move.after.first
    between = f"between {move.before.last:%Y-%m-%dT%H:%M:%SZ} and {time:%Y-%m-%dT%H:%M:%SZ}"
    return Rollback(
        subject=f"lakefs://{repository}/{name}@{time:%Y-%m-%dT%H:%M:%SZ}",
        origin=move.after.shown_by.origin,
        operation=Trace.MOVED_HEAD.value,
        repository=repository,
        branch=name,
        time=time,
        user="",
        status=0,
        target=move.after.commit,
        environment=branch.environment,
        standing=Standing(
            Role.UNDECIDED,
            f"it was moved {between}, and nothing shows by whom",
            "read the audit log of that time, or ask whoever may hard-reset it; an open-source server logs "
            "calls only with `logging.audit_log_level: INFO`",
        ),
        restored=move.after.commit,
        previous=move.before.commit,
        shown_by=SNAPSHOTS,
    )


def _explained(
    move: Move, repository: str, name: str, rewritten: Iterable[Rollback], evidence: Evidence
) -> bool:
    """Whether a logged hard reset or deletion lies between the two sightings."""
    slack = duration(evidence.policy.lakefs.commit_tolerance)
    first, last = shifted(move.before.last, -slack), shifted(move.after.first, slack)
    return any(
        (call.repository, call.branch) == (repository, name) and first <= call.time <= last
        for call in rewritten
    )
