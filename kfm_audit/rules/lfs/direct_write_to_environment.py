"""LFS007: direct-write-to-environment."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.facts import DirectWrites
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule


@rule("LFS007", on=DirectWrites, severity=Severity.WARNING)
def direct_write_to_environment(writes: DirectWrites, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """Somebody wrote to an environment branch past a promotion.

    ## Why
    Uploads, commits, cherry-picks and imports on an environment branch run no pre-merge hook: what they bring
    passed no gate, and no run's provenance leads to it. Branch protection stops uploads and commits, not
    cherry-picks and imports. Calls of one user that follow each other closely are one finding. A commit of an
    earlier meta-range is a rollback and belongs to LFS001.

    ## Bad
    ```json audit.jsonl
    {"log_audit":true,"time":"2026-01-30T03:00:00Z","operation_id":"UploadObject","method":"POST","path":"/api/v1/repositories/kfm/branches/env-prod/objects?path=parcels%2Fa.parquet","status_code":201,"request_id":"0b1e","user":"jane.doe"}
    {"log_audit":true,"time":"2026-01-30T03:00:09Z","operation_id":"Commit","method":"POST","path":"/api/v1/repositories/kfm/branches/env-prod/commits","status_code":201,"request_id":"0b1f","user":"jane.doe"}
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
    {"log_audit":true,"time":"2026-01-30T03:00:00Z","operation_id":"UploadObject","method":"POST","path":"/api/v1/repositories/kfm/branches/run-7/objects?path=parcels%2Fa.parquet","status_code":201,"request_id":"0b1e","user":"jane.doe"}
    {"log_audit":true,"time":"2026-01-30T03:00:09Z","operation_id":"Commit","method":"POST","path":"/api/v1/repositories/kfm/branches/run-7/commits","status_code":201,"request_id":"0b1f","user":"jane.doe"}
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
    `lakefs.environment_branches`, `lakefs.episode_gap`.

    ## References
    lakeFS: branch protection blocks writes and commits; `cherryPick`, `importStart` and `mergeIntoBranch` pass it.
    """
    calls = "a call" if writes.calls == 1 else f"{writes.calls} calls"
    what = ", ".join(name if n == 1 else f"{n} {name}" for name, n in writes.operations)
    until = "" if writes.last == writes.first else f" until {writes.last:%Y-%m-%dT%H:%M:%SZ}"
    by = writes.user or "a user whom no log names"
    yield ctx.fail(
        writes,
        f"is {calls} by {by} that wrote to {writes.environment} past its gates: {what}{until}",
        help=f"compare what changed: `lakectl diff lakefs://{writes.repository}/<commit before> "
        f"lakefs://{writes.repository}/{writes.branch}`; write to a run's branch and merge it, and protect this "
        f"one: `lakectl branch-protect add lakefs://{writes.repository} {writes.branch}`, which stops uploads "
        "and commits (resets and hard resets too), not cherry-picks and imports",
        persons=(writes.user,) if writes.user else (),
    )
