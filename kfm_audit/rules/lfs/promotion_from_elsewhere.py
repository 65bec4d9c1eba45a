"""LFS006: promotion-from-elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kfm_audit.evidence.lakefs.branches import is_named
from kfm_audit.facts import Promotion
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule

_OLD_REF = re.compile(r"[~^]|^[0-9a-f]{64}$")


@rule("LFS006", on=Promotion, severity=Severity.ERROR)
def promotion_from_elsewhere(promotion: Promotion, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """Something was merged into an environment that does not lead there.

    ## Why
    Gates run on the way from a run's branch, or from the environment before, into the next one. A merge from
    anywhere else brings in what no gate has seen; and the merge of an old ref (`main~3`, a commit id) can
    bring an old state back without being called a rollback. The log shows source and destination of every
    merge, whatever its message says.

    ## Bad
    ```json audit.jsonl
    {"log_audit":true,"time":"2026-01-30T03:00:00Z","operation_id":"MergeIntoBranch","method":"POST","path":"/api/v1/repositories/kfm/refs/feature-x/merge/env-prod","status_code":200,"request_id":"0b1e","user":"airflow"}
    ```
    ```yaml policy.yaml
    policy: 1
    name: example
    extends: core
    lakefs:
      environment_branches: {prod: [env-prod]}
      promotion: {sources: {prod: [run-*, env-stage]}}
    ```

    ## Good
    ```json audit.jsonl
    {"log_audit":true,"time":"2026-01-30T03:00:00Z","operation_id":"MergeIntoBranch","method":"POST","path":"/api/v1/repositories/kfm/refs/run-7/merge/env-prod","status_code":200,"request_id":"0b1e","user":"airflow"}
    ```
    ```yaml policy.yaml
    policy: 1
    name: example
    extends: core
    lakefs:
      environment_branches: {prod: [env-prod]}
      promotion: {sources: {prod: [run-*, env-stage]}}
    ```

    ## When it is undecided
    Where a pull request was merged and nothing shows its branches: the log holds its number alone. Where only
    the commit log shows a merge, and its message names no source.

    ## Settings
    `lakefs.promotion.sources`: for each environment the globs of the branches that may be merged into it. An
    environment without an entry admits every branch, and no old ref.

    ## References
    lakeFS API: `mergeIntoBranch`, `mergePullRequest`.
    """
    persons = (promotion.user,) if promotion.user else ()
    sources = ctx.policy.lakefs.promotion.sources.get(promotion.environment)
    if not promotion.branch:
        yield ctx.undecided(
            promotion,
            f"whether pull request {promotion.pull} was merged from where it may is not shown: the log names no branch",
            help=f"add the commit logs of the environment branches of {promotion.repository}, or look the pull "
            f"request up: GET /repositories/{promotion.repository}/pulls/{promotion.pull}",
            persons=persons,
        )
    elif _is_old_ref(promotion, ctx):
        yield ctx.fail(
            promotion,
            f"is {promotion.deed}: it merges the ref {promotion.source}, not the head of a branch",
            at="source",
            help="check what the environment holds now: the merge of an old ref can bring an old state back. "
            "Merge branches; to go back, revert, which leaves its name and runs hooks",
            persons=persons,
        )
    elif sources is not None and not promotion.source:
        yield ctx.undecided(
            promotion,
            f"whether {promotion.deed} came from where it may is not shown: only {promotion.shown_by} shows it",
            help="add the audit log of that time: it names the source of every merge",
            persons=persons,
        )
    elif sources is not None and not is_named(promotion.source, sources):
        yield ctx.fail(
            promotion,
            f"is {promotion.deed}; only {', '.join(sources) or 'nothing'} may be merged there",
            at="source",
            help="find out what it brought and whether it passed the gates; if it must go, revert it: "
            f"`{promotion.undoing}`. "
            "If such merges are right, add the branch to lakefs.promotion.sources, with a review",
            persons=persons,
        )


def _is_old_ref(promotion: Promotion, ctx: Context[NoSettings]) -> bool:
    """Whether the source is a commit, or counted back from one, and not the head of a branch."""
    source = promotion.source
    commit = ctx.evidence.history.commit(promotion.repository, source) if source else None
    return bool(_OLD_REF.search(source)) or commit is not None
