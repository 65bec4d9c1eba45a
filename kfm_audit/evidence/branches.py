"""What policy says of a branch: its environment, who may move it back, and what is due when."""

from __future__ import annotations

from msgspec import Struct

from kfm_audit.globs import matches_any
from kfm_audit.policy.model import Due, LakeFS, RollbackRoles


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
