"""LFS020: rollback-without-revalidation."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.evidence.lakefs.gates import GateRun
from kfm_audit.facts import Case
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, duration, rule, shifted


@rule("LFS020", on=Case, severity=Severity.WARNING)
def rollback_without_revalidation(case: Case, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """After a rollback nobody checked what the environment holds now.

    ## Why
    What was good a week ago need not fit the schemas, the models and the derived views of today. A rollback is
    over when the gates of the environment have run on what it left, and what was built from the bad state is
    built anew. A revert runs the hooks of pre-revert and post-revert; a hard reset and a deletion run none, so
    that somebody has to start them. Runs for a merge to come do not count: they are about its source.

    ## Bad
    ```json audit.jsonl
    {"log_audit":true,"time":"2026-01-29T03:00:00Z","operation_id":"RevertBranch","method":"POST","path":"/api/v1/repositories/kfm/branches/env-prod/revert","status_code":204,"request_id":"0b1e","user":"jane.doe"}
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
      rollback: {users: [jane.doe]}
      promotion: {gates: {prod: [data-quality]}}
    ```

    ## Good
    ```json audit.jsonl
    {"log_audit":true,"time":"2026-01-29T03:00:00Z","operation_id":"RevertBranch","method":"POST","path":"/api/v1/repositories/kfm/branches/env-prod/revert","status_code":204,"request_id":"0b1e","user":"jane.doe"}
    ```
    ```json repositories/kfm/actions/runs.json
    {"results": [{"run_id": "r1", "branch": "env-prod", "event_type": "post-revert", "commit_id": "c7",
      "start_time": "2026-01-29T03:00:01Z", "end_time": "2026-01-29T03:04:00Z", "status": "completed",
      "hooks": [{"hook_run_id": "h1", "action": "gates", "hook_id": "data-quality", "status": "completed",
        "start_time": "2026-01-29T03:00:01Z", "end_time": "2026-01-29T03:04:00Z"}]}],
     "pagination": {"has_more": false, "next_offset": "", "results": 1, "max_per_page": 1000}}
    ```
    ```yaml policy.yaml
    policy: 1
    name: example
    extends: core
    lakefs:
      environment_branches: {prod: [env-prod]}
      rollback: {users: [jane.doe]}
      promotion: {gates: {prod: [data-quality]}}
    ```

    ## When it is undecided
    Once it is due, where no list of hook runs reaches back to the rollback. Where no runs of a repository were
    read at all, that is said once, of its first rollback.

    ## Settings
    `lakefs.due.revalidation` (24 h), `lakefs.promotion.gates`; where policy names no gates of an environment,
    nothing is asked.

    ## References
    Design, section 7: rollback, then re-validation and rebuilding of derived views; lakeFS hooks, post-revert.
    """
    required = ctx.evidence.gates.required(case.environment)
    if not required:
        return
    if not ctx.evidence.gates.were_read(case.first.repository):
        yield from _unread(case, ctx)
        return
    first, last = case.first, case.rollbacks[-1]
    branch = ctx.evidence.calls.environment(first.repository, first.branch)
    policy = ctx.policy.lakefs
    due = shifted(first.time, duration((branch.due if branch else policy.due).revalidation))
    since = shifted(last.time, -duration(policy.commit_tolerance))
    runs = ctx.evidence.gates.runs_since(first.repository, first.branch, since, ctx.now)
    results = {gate: ctx.evidence.gates.result(gate, runs, first.repository, last.time) for gate in required}
    open_ = [gate for gate in required if results[gate] is not GateRun.PASSED]
    if not open_:
        return
    persons = (first.user,) if first.user else ()
    failed = [gate for gate in open_ if results[gate] is GateRun.FAILED]
    related = tuple(ctx.related("a run since", run) for run in runs[:3])
    cure = (
        f"run {', '.join(open_)} on {first.branch} as it is now, and rebuild what was derived from the state that was left; "
        "hang the gates on `post-revert`, so that the next revert runs them by itself"
    )
    if ctx.now < due:
        message = f"is {case.deed}; so far {', '.join(open_)} did not pass on what it left"
        yield ctx.pending(case, message, due=due, help=cure, related=related, persons=persons)
    elif failed:
        message = f"is {case.deed}, and {', '.join(failed)} did not pass on what it left"
        yield ctx.fail(case, message, help=cure, related=related, persons=persons)
    elif any(results[gate] is GateRun.MISSING for gate in open_):
        message = f"is {case.deed}, and {', '.join(open_)} did not run on what it left"
        yield ctx.fail(case, message, help=cure, related=related, persons=persons)
    else:
        yield ctx.undecided(
            case,
            f"whether {', '.join(open_)} ran after {case.deed} is not shown: no list of hook runs reaches back to it",
            help=f"fetch the runs with their hooks: `kfm-audit collect lakefs`, or GET "
            f"/repositories/{first.repository}/actions/runs",
            related=related,
            persons=persons,
        )


def _unread(case: Case, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """Say once of a repository that nothing shows whether anything was checked after its rollbacks."""
    repository = case.first.repository
    asked = (
        other
        for other in ctx.evidence.of(Case)
        if other.first.repository == repository and ctx.evidence.gates.required(other.environment)
    )
    if next(asked) is not case:
        return
    others = sum(1 for _ in asked)
    more = f", nor after {others} more of {repository}" if others else ""
    yield ctx.undecided(
        case,
        f"whether {', '.join(ctx.evidence.gates.required(case.environment))} ran after {case.deed} is not shown{more}: "
        "no hook runs were read",
        help=f"fetch the runs with their hooks: `kfm-audit collect lakefs`, or GET /repositories/{repository}/actions/runs",
        persons=(case.first.user,) if case.first.user else (),
    )
