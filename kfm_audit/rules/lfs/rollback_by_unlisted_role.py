"""LFS001: rollback-by-unlisted-role."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.facts import Role, Rollback
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule


@rule("LFS001", on=Rollback, severity=Severity.ERROR, singly=True)
def rollback_by_unlisted_role(rollback: Rollback, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """Somebody who is not listed for it moved an environment branch back.

    ## Why
    A hard reset, a revert, the commit of an earlier meta-range or the deletion of an environment branch
    changes what everybody downstream reads. lakeFS itself lets every member of its preconfigured group
    Developers do so (`fs:RevertBranch`), and branch protection does not stop reverts and deletions. Whether
    somebody may is judged as of the call: users and groups of the policy with their dates, members of a group
    with theirs.

    ## Bad
    ```json audit.jsonl
    {"log_audit":true,"time":"2026-01-30T03:00:00Z","operation_id":"HardResetBranch","method":"PUT","path":"/api/v1/repositories/kfm/branches/env-prod/hard_reset?ref=9666d7c9daf3","status_code":204,"request_id":"0b1e","user":"mallory"}
    ```
    ```yaml policy.yaml
    policy: 1
    name: example
    extends: core
    lakefs:
      environment_branches: {prod: [env-prod]}
      rollback: {users: [jane.doe]}
    ```

    ## Good
    ```json audit.jsonl
    {"log_audit":true,"time":"2026-01-30T03:00:00Z","operation_id":"HardResetBranch","method":"PUT","path":"/api/v1/repositories/kfm/branches/env-prod/hard_reset?ref=9666d7c9daf3","status_code":204,"request_id":"0b1e","user":"jane.doe"}
    ```
    ```yaml policy.yaml
    policy: 1
    name: example
    extends: core
    lakefs:
      environment_branches: {prod: [env-prod]}
      rollback: {users: [jane.doe]}
    ```

    ## When it is undecided
    Where the log names no user; where the policy lists a group and no directory says who was in it; where the
    directory lists a membership without dates and the log does not cover the time between the call and the
    directory.

    ## Settings
    `lakefs.rollback` (users, groups and `break_glass`, each with `since` and `until` where needed),
    `lakefs.environment_branches`, `lakefs.repositories`, `lakefs.overrides`.

    ## References
    lakeFS API: `hardResetBranch`, `revertBranch`, `commit` (`source_metarange`), `deleteBranch`; lakeFS RBAC,
    preconfigured policies.
    """
    what = rollback.deed
    persons = (rollback.user,) if rollback.user else ()
    match rollback.standing.role:
        case Role.LISTED | Role.BREAK_GLASS:
            pass
        case Role.UNLISTED:
            yield ctx.fail(
                rollback,
                f"is {what}, and the policy's rollback roles do not allow it: {rollback.standing.why}",
                at="user",
                help="ask who made the call why, and have a listed role check what the branch holds now "
                "before anything moves it again: a second reset would cover the first. To list them from now "
                "on does not excuse this call; if it was right, accept it alone: [[suppress]] by subject",
                persons=persons,
            )
        case Role.UNDECIDED:
            yield ctx.undecided(
                rollback,
                f"whether {what} was allowed is not shown: {rollback.standing.why}",
                at="user",
                help=rollback.standing.cure,
                persons=persons,
            )
