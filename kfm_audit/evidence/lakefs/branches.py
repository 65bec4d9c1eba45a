"""What policy says of a branch: its environment, who may move it back, and what is due when."""

from __future__ import annotations

from msgspec import Struct

from kfm_audit.globs import matches_any
from kfm_audit.policy.lakefs import Due, LakeFS, RollbackRoles


class EnvironmentBranch(Struct, frozen=True):
    """What holds for one environment branch."""

    environment: str
    roles: RollbackRoles
    due: Due


def environment_branch(repository: str, branch: str, policy: LakeFS) -> EnvironmentBranch | None:
    """What holds for a branch, or None where it is none of an environment's.

    The first environment with a glob that matches counts, and of the overrides
    that match, for roles and dues each the first that has any.
    """
    if policy.repositories and not matches_any(repository, policy.repositories):
        return None
    environment = next(
        (name for name, globs in policy.environment_branches.items() if matches_any(branch, globs)), None
    )
    if environment is None:
        return None
    overrides = [override for override in policy.overrides if matches_any(branch, override.branches)]
    return EnvironmentBranch(
        environment=environment,
        roles=next((o.rollback for o in overrides if o.rollback is not None), policy.rollback),
        due=next((o.due for o in overrides if o.due is not None), policy.due),
    )


def is_named(branch: str, globs: tuple[str, ...]) -> bool:
    """Whether one of policy's globs, or of a server's patterns of `*` and `?`, names a branch."""
    return matches_any(branch, globs)


def is_before(environment: str, other: str, policy: LakeFS) -> bool:
    """Whether work comes to an environment before it comes to the other.

    What may be merged into which says so (`lakefs.promotion.sources`), where that names any environment's
    branches; else the order in which policy names the environments.
    """
    feeding = _feeding(policy)
    if not any(feeding.values()):
        order = list(policy.environment_branches)
        return order.index(environment) < order.index(other)
    found: set[str] = set()
    open_ = [other]
    while open_:
        fresh = feeding[open_.pop()] - found
        found |= fresh
        open_ += sorted(fresh)
    return environment in found


def _feeding(policy: LakeFS) -> dict[str, frozenset[str]]:
    """For each environment those whose branches may be merged into it."""
    return {
        name: frozenset(
            other
            for other, globs in policy.environment_branches.items()
            if other != name and any(glob in sources or matches_any(glob, sources) for glob in globs)
        )
        for name in policy.environment_branches
        for sources in (policy.promotion.sources.get(name, ()),)
    }
