"""LFS008: safeguard-changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from kfm_audit.facts import SafeguardChange, SafeguardKind
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule


@rule("LFS008", on=SafeguardChange, severity=Severity.WARNING, singly=True)
def safeguard_changed(change: SafeguardChange, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """What keeps an environment safe was changed.

    ## Why
    Whoever can change branch protection, hooks, policies or groups can make the next rollback look allowed:
    by listing themselves just before, or by taking the protection off for a minute. The change alone is worth
    a look. If somebody whom it let in moved an environment branch back soon after, it is an error: they let
    themselves in, or were let in for it. Of groups, those are watched that the policy lists for rollbacks. A
    file under `_lakefs_actions/` counts on any branch: pre-merge hooks are read from the branch that is
    merged.

    ## Bad
    ```json audit.jsonl
    {"log_audit":true,"time":"2026-01-30T02:50:00Z","operation_id":"AddGroupMembership","method":"PUT","path":"/api/v1/auth/groups/reliability/members/mallory","status_code":201,"request_id":"0a01","user":"mallory"}
    {"log_audit":true,"time":"2026-01-30T03:00:00Z","operation_id":"HardResetBranch","method":"PUT","path":"/api/v1/repositories/kfm/branches/env-prod/hard_reset?ref=9666d7c9daf3","status_code":204,"request_id":"0b1e","user":"mallory"}
    ```
    ```yaml policy.yaml
    policy: 1
    name: example
    extends: core
    lakefs:
      environment_branches: {prod: [env-prod]}
      rollback: {groups: [reliability]}
    ```

    ## Good
    ```json audit.jsonl
    {"log_audit":true,"time":"2026-01-30T02:50:00Z","operation_id":"AddGroupMembership","method":"PUT","path":"/api/v1/auth/groups/cartographers/members/sam.roe","status_code":201,"request_id":"0a01","user":"admin"}
    {"log_audit":true,"time":"2026-01-30T03:00:00Z","operation_id":"HardResetBranch","method":"PUT","path":"/api/v1/repositories/kfm/branches/env-prod/hard_reset?ref=9666d7c9daf3","status_code":204,"request_id":"0b1e","user":"jane.doe"}
    ```
    ```yaml policy.yaml
    policy: 1
    name: example
    extends: core
    lakefs:
      environment_branches: {prod: [env-prod]}
      rollback: {groups: [reliability], users: [jane.doe]}
    ```

    ## When it is undecided
    Never.

    ## Settings
    `lakefs.membership_watch` (24 h): how soon after the change a rollback makes it an error. `lakefs.rollback`,
    whose groups are watched.

    ## References
    lakeFS API: `setBranchProtectionRules`, `addGroupMembership`, `attachPolicyToGroup`, `createCredentials`,
    `setGCRules`; lakeFS hooks: where action files are read from.
    """
    what = f"is a change of {change.safeguard.value}: {change.deed}"
    by = change.by or "a user whom no log names"
    persons = tuple(dict.fromkeys(name for name in (change.by, change.lets_in) if name))
    if not change.rollback or change.rollback_time is None:
        yield ctx.fail(change, f"{what}, by {by}", help=_help(change), persons=persons)
        return
    minutes = int((change.rollback_time - change.time).total_seconds()) // 60
    how_soon = f"{minutes} min later" if minutes else "within a minute"
    let_in = change.safeguard in (SafeguardKind.MEMBERSHIP, SafeguardKind.ACCESS)
    yield ctx.fail(
        change,
        f"{what}, by {by}; {how_soon} came {change.rollback_deed} ({change.rollback})",
        help=_help(change),
        severity=Severity.ERROR if let_in else None,
        persons=persons,
    )


def _help(change: SafeguardChange) -> str:
    match change.safeguard:
        case SafeguardKind.PROTECTION:
            return (
                f"compare the rules with those that you want: `lakectl branch-protect list lakefs://{change.repository}`; "
                "the log does not show what they were set to"
            )
        case SafeguardKind.RETENTION:
            return (
                f"compare the rules with the rollback horizon: `lakectl gc get-config lakefs://{change.repository}`; keep a "
                "branch on each head that a rollback may need, since garbage collection ignores tags"
            )
        case SafeguardKind.HOOKS:
            return (
                f"read what changed: `lakectl diff lakefs://{change.repository}/<commit before> "
                f"lakefs://{change.repository}/{change.branch}`; a run branch that changes its own hooks decides which "
                "gates its merge passes"
            )
        case SafeguardKind.ACCESS | SafeguardKind.MEMBERSHIP:
            return (
                "ask who decided it and where that is written; if nobody did, take it back and revoke the keys of whom it "
                "let in. If it is right, accept it alone: [[suppress]] by subject"
            )
        case _:
            assert_never(change.safeguard)
