"""LFS005: rollback-attempt-denied."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.facts import DeniedRollback
from kfm_audit.lakefs.operations import Operation
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule


@rule("LFS005", on=DeniedRollback, severity=Severity.WARNING)
def rollback_attempt_denied(attempt: DeniedRollback, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """Somebody tried to move an environment branch back and was refused.

    ## Why
    A refusal is either a misplaced attempt, a credential in the wrong hands, or a responder whom the
    permissions leave standing at 3 a.m. Each is worth knowing before the next incident. 401 stands for an
    unknown caller and for one without the permission alike; 403 for a protected branch, a read-only
    repository or the default branch.

    ## Bad
    ```json audit.jsonl
    {"log_audit":true,"time":"2026-01-30T03:00:00Z","operation_id":"HardResetBranch","method":"PUT","path":"/api/v1/repositories/kfm/branches/env-prod/hard_reset?ref=9666d7c9daf3","status_code":403,"request_id":"0b1e","user":"mallory"}
    ```
    ```yaml policy.yaml
    policy: 1
    name: example
    extends: core
    lakefs:
      environment_branches: {prod: [env-prod]}
    ```

    ## Good
    ```json audit.jsonl
    {"log_audit":true,"time":"2026-01-30T03:00:00Z","operation_id":"RevertBranch","method":"POST","path":"/api/v1/repositories/kfm/branches/env-prod/revert","status_code":409,"request_id":"0b1e","user":"jane.doe"}
    ```
    ```yaml policy.yaml
    policy: 1
    name: example
    extends: core
    lakefs:
      environment_branches: {prod: [env-prod]}
    ```

    ## When it is undecided
    Never.

    ## Settings
    `lakefs.environment_branches`, `lakefs.repositories`.

    ## References
    lakeFS API, responses of `hardResetBranch`, `revertBranch`, `commit` and `deleteBranch`.
    """
    source = f" from {attempt.source_ip}" if attempt.source_ip else ""
    yield ctx.fail(
        attempt,
        f"is an attempt at {attempt.deed}{source} that lakeFS refused with {attempt.status}",
        at="status_code",
        help=_help(attempt),
        persons=(attempt.user,) if attempt.user else (),
    )


def _help(attempt: DeniedRollback) -> str:
    if attempt.status == 401:
        return (
            "ask who made the call what for; if nobody did, revoke the access key that was used. If somebody "
            "on duty needed it, put them into a listed group rather than widening `fs:RevertBranch`"
        )
    if attempt.operation == Operation.DELETE_BRANCH.value:
        return "ask who made the call what for; it is the default branch, or the repository is read-only"
    revert = f"lakectl branch revert lakefs://{attempt.repository}/{attempt.branch} <bad commit>"
    return (
        "ask who made the call what for; if the data must go back, a listed role can revert, which "
        f"protection allows: `{revert}`, with `-m 1` for a merge; do not lift the protection"
    )
