"""From a call that an audit log shows to the fact that rules speak about."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import TypedDict, assert_never

from kfm_audit.evidence.lakefs.branches import environment_branch
from kfm_audit.facts import (
    BranchOperation,
    BranchWrite,
    LoggedCall,
    MembershipChange,
    MergeCall,
    RepositoryCall,
    SafeguardCall,
)
from kfm_audit.lakefs.log import Call
from kfm_audit.lakefs.named import ACTIONS, Named, named
from kfm_audit.lakefs.operations import Decision, Operation, Outcome, decision, outcome
from kfm_audit.policy.lakefs import LakeFS
from kfm_audit.values import Origin

CallFact = LoggedCall | MembershipChange
"""The fact of a single call."""


class Passed(Enum):
    """Why a call makes no fact."""

    ORDINARY = "ordinary"
    """It decides nothing."""
    RESET = "reset"
    """It dropped what was not committed yet: it is counted, and moves no history."""
    LOST = "lost"
    """It lacks what its operation must have: nobody can say what it did."""


def fact_of(call: Call, origin: Origin, policy: LakeFS) -> CallFact | Passed:
    """The fact that a call makes, or why it makes none.

    Ordinary work (writes and commits on branches that are no environment's) makes none: there
    are millions of it, and nothing is decided by it.
    """
    if call.operation is None:
        return Passed.ORDINARY
    if call.repository or call.ref:
        # The S3 gateway: its path is the bare object key.
        return _write(call, origin, policy, call.repository, call.ref, call.path)
    names = named(call.operation, call.path)
    if names is None:
        return Passed.LOST
    return _of_rest(call, call.operation, names, origin, policy)


def _of_rest(  # noqa: PLR0912 - one case for each decision
    call: Call, operation: Operation, names: Named, origin: Origin, policy: LakeFS
) -> CallFact | Passed:
    repository, branch = names.part("repository"), names.part("branch")
    effective = outcome(call.status) is Outcome.EFFECTIVE
    match decision(operation):
        case Decision.ROLLBACK:
            target = names.query.get("ref", "") if operation is Operation.HARD_RESET else ""
            return _move(call, origin, repository, branch, target)
        case Decision.COMMIT:
            target = names.query.get("source_metarange", "")
            if target:
                return _move(call, origin, repository, branch, target)
            return _write(call, origin, policy, repository, branch, "")
        case Decision.PROMOTION:
            pull, source = names.part("pull"), names.part("source")
            place = f"{repository}/{branch}" if branch else f"{repository}/pulls/{pull}"
            return MergeCall(
                subject=f"lakefs://{place}@{event(call)}",
                origin=origin,
                branch=branch,
                source=source,
                pull=pull,
                **_said(call, repository),
            )
        case Decision.REVIEW | Decision.WRITE:
            return _write(call, origin, policy, repository, branch, names.query.get("path", ""))
        case Decision.REWRITE | Decision.CREATION:
            if not effective:
                return Passed.ORDINARY
            subject = f"lakefs://{repository}@{event(call)}"
            return RepositoryCall(subject=subject, origin=origin, **_said(call, repository))
        case Decision.RESET:
            return Passed.RESET if effective else Passed.ORDINARY
        case Decision.SAFEGUARD:
            return _safeguard(call, names, origin) if effective else Passed.ORDINARY
        case Decision.MEMBERSHIP:
            if not effective:
                return Passed.ORDINARY
            group, user = names.part("group"), names.part("user")
            return MembershipChange(
                subject=f"lakefs-group://{group}/{user}@{event(call)}",
                origin=origin,
                group=group,
                user=user,
                added=operation is Operation.ADD_MEMBER,
                time=call.time,
                by=call.user,
            )
        case Decision.HARMLESS:
            return Passed.ORDINARY
        case _ as never:
            assert_never(never)


def event(call: Call) -> str:
    """What a subject names a call by: its request id, else its time."""
    return call.request_id or f"{call.time:%Y-%m-%dT%H:%M:%SZ}"


def _move(call: Call, origin: Origin, repository: str, branch: str, target: str) -> BranchOperation:
    return BranchOperation(
        subject=f"lakefs://{repository}/{branch}@{event(call)}",
        origin=origin,
        branch=branch,
        target=target,
        **_said(call, repository),
    )


def _write(
    call: Call, origin: Origin, policy: LakeFS, repository: str, branch: str, path: str
) -> BranchWrite | Passed:
    if outcome(call.status) is not Outcome.EFFECTIVE:
        return Passed.ORDINARY
    if not path.startswith(ACTIONS) and environment_branch(repository, branch, policy) is None:
        return Passed.ORDINARY
    return BranchWrite(
        subject=f"lakefs://{repository}/{branch}@{event(call)}",
        origin=origin,
        branch=branch,
        path=path,
        **_said(call, repository),
    )


def _safeguard(call: Call, names: Named, origin: Origin) -> SafeguardCall:
    repository = names.part("repository")
    user, group, policy = names.part("user"), names.part("group"), names.part("policy")
    parts = (("users", user), ("groups", group), ("policies", policy))
    place = "/".join(f"{word}/{name}" for word, name in parts if name)
    return SafeguardCall(
        subject=f"lakefs://{repository}@{event(call)}"
        if repository
        else f"lakefs-auth://{place}@{event(call)}",
        origin=origin,
        about_user=user,
        group=group,
        policy=policy,
        **_said(call, repository),
    )


class _Said(TypedDict):
    operation: str
    repository: str
    time: datetime
    user: str
    status: int
    request_id: str
    source_ip: str
    client: str


def _said(call: Call, repository: str) -> _Said:
    """What a call's line says of every call."""
    assert call.operation is not None
    return {
        "operation": call.operation.value,
        "repository": repository,
        "time": call.time,
        "user": call.user,
        "status": call.status,
        "request_id": call.request_id,
        "source_ip": call.source_ip,
        "client": call.client,
    }
