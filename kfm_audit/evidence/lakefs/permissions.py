"""Who may roll an environment back as far as lakeFS is concerned: policies of its access control, and their holders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from kfm_audit.evidence.lakefs.people import Holds
from kfm_audit.facts import Effect, Group, HolderKind, PolicyStatement, ServerPolicy
from kfm_audit.globs import glob, matches_any
from kfm_audit.policy.lakefs import Identity, Roles
from kfm_audit.values import Known

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence

ACTION: Final = "fs:RevertBranch"
"""What a reset, a hard reset and a revert need, and nothing else (lakeFS `pkg/api/controller.go`)."""


class MayRollBack(Struct, frozen=True):
    """The environment branches that a policy lets its holders move back; `unread` where nobody read it."""

    branches: tuple[str, ...] = ()
    conditional: bool = False
    unread: bool = False


def may_roll_back(policy: str, evidence: Evidence) -> MayRollBack:
    """What a policy of the server allows, by its id."""
    found = [fact for fact in evidence.of(ServerPolicy) if fact.id == Known(policy)]
    known = [fact.statements.value for fact in found if isinstance(fact.statements, Known)]
    if not known:
        return MayRollBack(unread=True)
    statements = known[0]
    branches = [
        branch
        for environment in evidence.policy.lakefs.environment_branches
        for branch in evidence.gates.branches(environment, "")
    ]
    allowed = [b for b in branches if _rules(statements, Effect.ALLOW, b) and not _denied(statements, b)]
    sure = [b for b in allowed if any(not s.conditional for s in _rules(statements, Effect.ALLOW, b))]
    return MayRollBack(tuple(sure or allowed), conditional=bool(allowed) and not sure)


def outside_roles(holder: str, kind: HolderKind, evidence: Evidence) -> bool:
    """Whether no list of the policy, now or for some branches, names a user or group."""
    policy = evidence.policy.lakefs
    roles: list[Roles] = [policy.rollback, policy.rollback.break_glass]
    for override in policy.overrides:
        if override.rollback is not None:
            roles += [override.rollback, override.rollback.break_glass]
    if kind is HolderKind.GROUP:
        names = {holder}
        for group in evidence.of(Group):
            if holder in (group.id, group.name):
                names |= {group.id, group.name}
        return not any(_id(entry) in names for role in roles for entry in role.groups)
    return all(evidence.people.same(holder, _id(entry)) is Holds.NO for role in roles for entry in role.users)


def _id(entry: str | Identity) -> str:
    return entry if isinstance(entry, str) else entry.id


def _rules(statements: tuple[PolicyStatement, ...], effect: Effect, branch: str) -> list[PolicyStatement]:
    """The statements of one effect that are about moving a branch back, in any repository."""
    return [
        statement
        for statement in statements
        if statement.effect is effect
        and matches_any(ACTION, statement.actions)
        and any(_covers(resource, branch) for resource in statement.resources)
    ]


def _denied(statements: tuple[PolicyStatement, ...], branch: str) -> bool:
    """Whether a deny takes the branch away in every repository; one of a single repository leaves the others."""
    denied = _rules(statements, Effect.DENY, branch)
    return any(
        not statement.conditional and any(_covers_all(resource) for resource in statement.resources)
        for statement in denied
    )


def _covers(resource: str, branch: str) -> bool:
    """Whether an ARN covers the branch of that name in some repository."""
    if resource == "*":
        return True
    repository, slash, named = resource.rpartition("/branch/")
    if not slash:
        # One glob over the whole: `arn:lakefs:fs:::repository/*`, `arn:lakefs:fs:::*`.
        return bool(glob(resource).fullmatch(f"arn:lakefs:fs:::repository/any/branch/{branch}")) or (
            resource.startswith("arn:lakefs:fs:::repository/") and resource.endswith("/*")
        )
    return repository.startswith("arn:lakefs:fs:::") and matches_any(branch, (named,))


def _covers_all(resource: str) -> bool:
    """Whether an ARN is about the branches of every repository."""
    repository, slash, _ = resource.rpartition("/branch/")
    return resource in ("*", "arn:lakefs:fs:::*", "arn:lakefs:fs:::repository/*") or (
        bool(slash) and repository in ("arn:lakefs:fs:::repository/*", "arn:lakefs:fs:::*")
    )
