"""LFS018: rollback-permission-too-wide."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.evidence.lakefs.permissions import may_roll_back, outside_roles
from kfm_audit.facts import HolderKind, PolicyAttachment
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule
from kfm_audit.values import Known, Unknown, ends_of, first_unknown


@rule("LFS018", on=PolicyAttachment, severity=Severity.WARNING)
def rollback_permission_too_wide(held: PolicyAttachment, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """Permissions in lakeFS let somebody roll an environment back whom the policy does not list.

    ## Why
    A reset, a hard reset and a revert all need one permission, `fs:RevertBranch`, and nothing else. It is in
    `FSReadWriteAll`, which the preconfigured group Developers holds: by default every developer may hard-reset
    production. What lakeFS allows is what happens at 3 a.m., whatever a policy document says.

    ## Bad
    ```json auth/groups/Developers/policies.json
    {"results": [{"id": "FSReadWriteAll", "statement": [
      {"effect": "allow", "action": ["fs:ReadRepository", "fs:RevertBranch"], "resource": "*"}]}]}
    ```
    ```yaml policy.yaml
    policy: 1
    name: example
    extends: core
    lakefs:
      environment_branches: {prod: [env-prod]}
      rollback: {groups: [Reliability]}
    ```

    ## Good
    ```json auth/groups/Developers/policies.json
    {"results": [{"id": "DevelopRuns", "statement": [
      {"effect": "allow", "action": ["fs:RevertBranch"], "resource": "arn:lakefs:fs:::repository/kfm/branch/run-*"}]}]}
    ```
    ```yaml policy.yaml
    policy: 1
    name: example
    extends: core
    lakefs:
      environment_branches: {prod: [env-prod]}
      rollback: {groups: [Reliability]}
    ```

    ## When it is undecided
    Where the policy that is held was not read, or is known only after apply, or holds under a condition.

    ## Settings
    `lakefs.rollback` with `break_glass`, `lakefs.overrides`, `lakefs.environment_branches`.

    ## References
    lakeFS RBAC: actions and permissions, preconfigured groups and policies; `fs:RevertBranch`.
    """
    if not isinstance(held.holder, Known) or not isinstance(held.policy, Known):
        unknown = first_unknown(held.holder, held.policy) or Unknown()
        from kfm_audit.evidence.unset import cure, when

        yield ctx.undecided(
            held,
            f"who holds which policy {when(unknown, held)}: that depends on {ends_of(unknown)}",
            help=cure(unknown, "name holder and policy by values that the plan knows", held),
        )
        return
    holder, policy = held.holder.value, held.policy.value
    if not outside_roles(holder, held.holder_kind, ctx.evidence):
        return
    may = may_roll_back(policy, ctx.evidence)
    group = held.holder_kind is HolderKind.GROUP
    who = f"group {holder}" if group else holder
    persons = () if group else (holder,)
    if may.branches:
        more = f" and {len(may.branches) - 1} more" if len(may.branches) > 1 else ""
        said = f"lets {who} roll {may.branches[0]}{more} back (fs:RevertBranch by policy {policy})"
        roles = (
            "the policy's rollback roles do not list it" if group else "the policy's rollback roles do not"
        )
        if may.conditional:
            yield ctx.undecided(
                held,
                f"whether it {said} depends on a condition, and {roles}",
                help=f"read the condition of policy {policy}: where it can hold, take the policy from {who} and give one "
                "that has no fs:RevertBranch on environment branches; where it cannot, suppress this finding with "
                "that reason",
                persons=persons,
            )
            return
        yield ctx.fail(
            held,
            f"{said}, and {roles}",
            at="policy",
            help=f"take policy {policy} from {who} and give one that has no fs:RevertBranch on environment branches; a deny "
            "on `arn:lakefs:fs:::repository/*/branch/<environment branch>` wins over every allow. Test it with the team "
            "first: resets of their own work on those branches need the same permission",
            persons=persons,
        )
    elif may.unread:
        yield ctx.undecided(
            held,
            f"whether it lets {who} roll an environment back is not shown: policy {policy} was not read",
            help="fetch the policies: `kfm-audit collect lakefs`, or GET /auth/policies",
            persons=persons,
        )
