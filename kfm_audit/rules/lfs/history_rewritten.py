"""LFS004: history-rewritten."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.facts import Case, Owed, Role, Rollback
from kfm_audit.lakefs.operations import REWRITES, Operation
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule


@rule("LFS004", on=Case, severity=Severity.WARNING, singly=True)
def history_rewritten(case: Case, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """An environment branch was moved back in a way that its own log does not show.

    ## Why
    A hard reset moves the branch to any commit: no commit, no hook, no trace in the commit log, and lakeFS
    has no reflog. A deletion, with the branch made anew, comes to the same; the call that makes it names no
    branch in the audit log. What was there before can be found only while somebody knows the old head and
    garbage collection has not passed. By a listed role, and with all that the case owes settled, it is a
    note.

    ## Bad
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

    ## Good
    ```json audit.jsonl
    {"log_audit":true,"time":"2026-01-30T03:00:00Z","operation_id":"RevertBranch","method":"POST","path":"/api/v1/repositories/kfm/branches/env-prod/revert","status_code":204,"request_id":"0b1e","user":"jane.doe"}
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
    Never.

    ## Settings
    `lakefs.environment_branches`, `lakefs.rollback`.

    ## References
    lakeFS API: `hardResetBranch` (experimental), `deleteBranch`; `lakectl branch revert`.
    """
    for call in case.rollbacks:
        if call.operation not in REWRITES:
            continue
        settled = all(case.owed(debt, ctx.now) is Owed.SETTLED for debt in case.due)
        listed = call.standing.role in (Role.LISTED, Role.BREAK_GLASS)
        yield ctx.fail(
            call,
            f"is {call.deed}: the branch's own log does not show it"
            + (" (by a listed role and accounted for)" if settled and listed else ""),
            at="operation_id",
            help=_help(call),
            severity=Severity.NOTE if settled and listed else None,
            persons=(call.user,) if call.user else (),
        )


def _help(call: Rollback) -> str:
    keep = (
        "find the head before the call (last promotion, run log, CI) and keep it by a branch, since garbage "
        f"collection ignores tags: `lakectl branch create lakefs://{call.repository}/"
        f"keep-before-{call.time:%Y%m%dT%H%MZ} -s lakefs://{call.repository}/<old head>`"
    )
    if call.operation == Operation.DELETE_BRANCH.value:
        return (
            f"{keep}. If the branch was made anew, compare its head with the old one before data build on it"
        )
    return (
        f"{keep}. Next time revert, which leaves a commit and runs hooks: `lakectl branch revert "
        f"lakefs://{call.repository}/{call.branch} <bad commit>`, with `-m 1` where that is a merge"
    )
