"""LFS015: promotion-without-passed-gates."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.evidence.lakefs.gates import GateRun
from kfm_audit.facts import Promotion
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule


@rule("LFS015", on=Promotion, severity=Severity.ERROR)
def promotion_without_passed_gates(promotion: Promotion, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """Something was promoted although a gate did not run for it, or did not pass.

    ## Why
    That a gate is configured shows nothing of this promotion: hooks are read from the branch that is merged,
    and one without the action file runs none. What shows it is a completed run of a hook of each gate, before
    this merge, on this branch, of this commit. What the gate looked at is not judged here.

    ## Bad
    ```json audit.jsonl
    {"log_audit":true,"time":"2026-01-30T03:00:00Z","operation_id":"MergeIntoBranch","method":"POST","path":"/api/v1/repositories/kfm/refs/run-7/merge/env-prod","status_code":200,"request_id":"0b1e","user":"airflow"}
    ```
    ```json repositories/kfm/actions/runs.json
    {"results": [{"run_id": "r0", "branch": "env-prod", "event_type": "post-merge", "commit_id": "c1",
      "start_time": "2026-01-01T02:59:58Z", "end_time": "2026-01-01T02:59:59Z", "status": "completed",
      "hooks": []}],
     "pagination": {"has_more": false, "next_offset": "", "results": 1, "max_per_page": 1000}}
    ```
    ```yaml policy.yaml
    policy: 1
    name: example
    extends: core
    lakefs:
      environment_branches: {prod: [env-prod]}
      promotion: {gates: {prod: [data-quality]}}
    ```

    ## Good
    ```json audit.jsonl
    {"log_audit":true,"time":"2026-01-30T03:00:00Z","operation_id":"MergeIntoBranch","method":"POST","path":"/api/v1/repositories/kfm/refs/run-7/merge/env-prod","status_code":200,"request_id":"0b1e","user":"airflow"}
    ```
    ```json repositories/kfm/actions/runs.json
    {"results": [{"run_id": "r1", "branch": "env-prod", "event_type": "pre-merge", "commit_id": "c7",
      "start_time": "2026-01-30T02:59:58Z", "end_time": "2026-01-30T02:59:59Z", "status": "completed",
      "hooks": [{"hook_run_id": "h1", "action": "gates", "hook_id": "data-quality", "status": "completed",
        "start_time": "2026-01-30T02:59:58Z", "end_time": "2026-01-30T02:59:59Z"}]}],
     "pagination": {"has_more": false, "next_offset": "", "results": 1, "max_per_page": 1000}}
    ```
    ```yaml policy.yaml
    policy: 1
    name: example
    extends: core
    lakefs:
      environment_branches: {prod: [env-prod]}
      promotion: {gates: {prod: [data-quality]}}
    ```

    ## When it is undecided
    Where no list of hook runs reaches back to the promotion, or the runs were read without their hooks. Where
    no runs of a repository were read at all, that is said once, of its first promotion.

    ## Settings
    `lakefs.promotion.gates`: the gates of each environment. `lakefs.gates`: the hooks that make a gate, by globs
    of their ids or of their actions' names; without an entry, those of the gate's own name.
    `lakefs.join_tolerance`: how long before the merge its gates may have begun.

    ## References
    lakeFS API: `listRepositoryRuns`, `listRunHooks`; lakeFS hooks, pre-merge.
    """
    required = ctx.evidence.gates.required(promotion.environment)
    if not required:
        return
    if not ctx.evidence.gates.were_read(promotion.repository):
        yield from _unread(promotion, ctx)
        return
    runs = ctx.evidence.gates.promotion_runs(promotion)
    results = {
        gate: ctx.evidence.gates.result(gate, runs, promotion.repository, promotion.time) for gate in required
    }
    failed = [gate for gate in required if results[gate] is GateRun.FAILED]
    missing = [gate for gate in required if results[gate] is GateRun.MISSING]
    untold = [gate for gate in required if results[gate] is GateRun.UNTOLD]
    persons = (promotion.user,) if promotion.user else ()
    related = tuple(ctx.related("the run before it", run) for run in runs[:3])
    if failed or missing:
        said = [
            *([f"{', '.join(missing)} did not run for it"] if missing else []),
            *([f"{', '.join(failed)} ran and did not pass"] if failed else []),
        ]
        yield ctx.fail(
            promotion,
            f"is {promotion.deed}: {' and '.join(said)}",
            help=f"run the gates on {promotion.branch} as it is now, and revert the merge if they fail: `{promotion.undoing}`. Then put "
            "the action file on every branch that is promoted: lakeFS reads it from the source of the merge",
            related=related,
            persons=persons,
        )
    elif untold:
        why = (
            "the hooks of the run before it were not read"
            if runs
            else "no list of hook runs reaches back to it"
        )
        yield ctx.undecided(
            promotion,
            f"whether {', '.join(untold)} passed before {promotion.deed} is not shown: {why}",
            help=f"fetch the runs with their hooks: `kfm-audit collect lakefs`, or GET "
            f"/repositories/{promotion.repository}/actions/runs",
            related=related,
            persons=persons,
        )


def _unread(promotion: Promotion, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """Say once of a repository that nothing shows what its gates did."""
    asked = (
        other
        for other in ctx.evidence.of(Promotion)
        if other.repository == promotion.repository and ctx.evidence.gates.required(other.environment)
    )
    if next(asked) is not promotion:
        return
    others = sum(1 for _ in asked)
    more = f", nor before {others} more of {promotion.repository}" if others else ""
    yield ctx.undecided(
        promotion,
        f"whether {', '.join(ctx.evidence.gates.required(promotion.environment))} passed before {promotion.deed} is not "
        f"shown{more}: no hook runs were read",
        help=f"fetch the runs with their hooks: `kfm-audit collect lakefs`, or GET "
        f"/repositories/{promotion.repository}/actions/runs",
        persons=(promotion.user,) if promotion.user else (),
    )
