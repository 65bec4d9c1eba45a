"""LFS004: history-rewritten."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kfm_audit.evidence.lakefs.promotions import made_anew
from kfm_audit.facts import Case, Owed, RepositoryRewrite, Role, Rollback
from kfm_audit.lakefs.deeds import REWRITES, Trace
from kfm_audit.lakefs.operations import Operation
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule


@rule("LFS004", on=(Case, RepositoryRewrite), severity=Severity.WARNING, singly=True)
def history_rewritten(moved: Case | RepositoryRewrite, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """An environment branch was moved back in a way that its own log does not show.

    ## Why
    A hard reset moves the branch to any commit: no commit, no hook, no trace in the commit log, and lakeFS
    has no reflog. A deletion, with the branch made anew, comes to the same; the call that makes it names no
    branch in the audit log. What was there before can be found only while somebody knows the old head and
    garbage collection has not passed. By a listed role, and with all that the case owes settled, it is a
    note. Where two snapshots of a branch's head were taken, the later of which does not hold the earlier, it was
    moved, whether a log shows it or not. A deleted repository, restored refs and written commit records rewrite
    the history of all branches at once.

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
    match moved:
        case RepositoryRewrite():
            by = moved.user or "a user whom no log names"
            yield ctx.fail(
                moved,
                f"was {_DONE.get(Operation(moved.operation), moved.operation)} by {by}: no branch's log shows what was before",
                at="operation_id",
                help="compare the heads of all its branches with those that you know (last promotions, run logs, a dump of "
                "refs), and ask who decided it; data are still there until garbage collection passes: stop it first",
                persons=(moved.user,) if moved.user else (),
            )
        case Case():
            yield from _of_case(moved, ctx)


_DONE: Final = {
    Operation.DELETE_REPOSITORY: "deleted",
    Operation.RESTORE_REFS: "given the refs of a dump",
    Operation.RESTORE_SUBMIT: "given the refs of a dump",
    Operation.COMMIT_RECORD: "given a commit record with a committer and a date of somebody's choice",
}


def _of_case(case: Case, ctx: Context[NoSettings]) -> Iterator[Finding]:
    for call in case.rollbacks:
        if call.operation not in REWRITES:
            continue
        settled = all(case.owed(debt, ctx.now) is Owed.SETTLED for debt in case.due)
        listed = call.standing.role in (Role.LISTED, Role.BREAK_GLASS)
        made = made_anew(call, ctx.evidence) if call.operation == Operation.DELETE_BRANCH.value else None
        by = made.user or "a user whom no log names" if made else ""
        yield ctx.fail(
            call,
            f"is {call.deed}"
            + ("" if call.operation == Trace.MOVED_HEAD.value else ": the branch's own log does not show it")
            + (" (by a listed role and accounted for)" if settled and listed else "")
            + (f"; soon after {by} made a branch, whose name and beginning no log shows" if made else ""),
            at="operation_id",
            help=_help(call, ctx),
            severity=Severity.NOTE if settled and listed else None,
            related=(ctx.related("a branch was made", made),) if made else (),
            persons=tuple(dict.fromkeys(name for name in (call.user, made.user if made else "") if name)),
        )


def _help(call: Rollback, ctx: Context[NoSettings]) -> str:
    find = "" if call.previous else "find the head before the call (last promotion, run log, CI) and "
    keep = (
        f"{find}keep {'it' if find else 'the head before'} by a branch, since garbage "
        f"collection ignores tags: `lakectl branch create lakefs://{call.repository}/"
        f"keep-before-{call.time:%Y%m%dT%H%MZ} -s lakefs://{call.repository}/{call.previous or '<old head>'}`"
    )
    if call.operation == Trace.MOVED_HEAD.value:
        return f"{keep}. Then find out who moved it: a hard reset and a deletion stand in the audit log alone"
    if call.operation == Operation.DELETE_BRANCH.value:
        return (
            f"{keep}. If the branch was made anew, compare its head with the old one before data build on it"
        )
    bad = ctx.evidence.history.commit(call.repository, call.previous) if call.previous else None
    name = bad.id if bad else "<bad commit>"
    parent = (
        " -m 1`" if bad and len(bad.parents) > 1 else "`" if bad else "`, with `-m 1` where that is a merge"
    )
    return (
        f"{keep}. Next time revert, which leaves a commit and runs hooks: `lakectl branch revert "
        f"lakefs://{call.repository}/{call.branch} {name}{parent}"
    )
