"""LFS016: promotion-carries-foreign-commits."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.evidence.lakefs.foreign import foreign_commits
from kfm_audit.facts import Promotion
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule

_SHOWN = 3


@rule("LFS016", on=Promotion, severity=Severity.ERROR)
def promotion_carries_foreign_commits(promotion: Promotion, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """A promotion brought along work that was made for another environment.

    ## Why
    A merge brings all that its source holds and its target does not. A run that was branched from stage and is
    merged into prod brings the whole of stage, promoted to prod or not: the gates that it passed were asked
    about one run. Foreign are the commits that were made on another environment's branch (its merges), and that
    were not in the target before. A promotion of that branch itself brings them rightly, where policy allows
    it, and what a later environment holds already is foreign to none before it. Which comes first is said by
    `lakefs.promotion.sources`, where that lets one environment be merged into another; else by the order in
    which policy names them.

    ## Bad
    ```json audit.jsonl
    {"log_audit":true,"time":"2026-01-30T03:00:00Z","operation_id":"MergeIntoBranch","method":"POST","path":"/api/v1/repositories/kfm/refs/run-7/merge/env-prod","status_code":200,"request_id":"0b1e","user":"airflow"}
    ```
    ```json repositories/kfm/refs/env-prod/commits.json
    {"results": [
      {"id": "p1", "parents": ["c0", "r7"], "committer": "airflow", "message": "Merge 'run-7' into 'env-prod'", "creation_date": 1769741999, "meta_range_id": "m2", "metadata": {}, "generation": 5, "version": 1},
      {"id": "r7", "parents": ["s1"], "committer": "airflow", "message": "run 7", "creation_date": 1769741100, "meta_range_id": "m2", "metadata": {}, "generation": 4, "version": 1},
      {"id": "s1", "parents": ["c0", "x1"], "committer": "airflow", "message": "Merge 'run-1' into 'env-stage'", "creation_date": 1769733000, "meta_range_id": "m1", "metadata": {}, "generation": 3, "version": 1},
      {"id": "x1", "parents": ["c0"], "committer": "airflow", "message": "run 1", "creation_date": 1769732700, "meta_range_id": "m1", "metadata": {}, "generation": 2, "version": 1},
      {"id": "c0", "parents": [], "committer": "airflow", "message": "Repository created", "creation_date": 1769652000, "meta_range_id": "m0", "metadata": {}, "generation": 1, "version": 1}
    ]}
    ```
    ```json repositories/kfm/refs/env-stage/commits.json
    {"results": [
      {"id": "s1", "parents": ["c0", "x1"], "committer": "airflow", "message": "Merge 'run-1' into 'env-stage'", "creation_date": 1769733000, "meta_range_id": "m1", "metadata": {}, "generation": 3, "version": 1},
      {"id": "x1", "parents": ["c0"], "committer": "airflow", "message": "run 1", "creation_date": 1769732700, "meta_range_id": "m1", "metadata": {}, "generation": 2, "version": 1},
      {"id": "c0", "parents": [], "committer": "airflow", "message": "Repository created", "creation_date": 1769652000, "meta_range_id": "m0", "metadata": {}, "generation": 1, "version": 1}
    ]}
    ```
    ```yaml policy.yaml
    policy: 1
    name: example
    extends: core
    lakefs:
      environment_branches: {stage: [env-stage], prod: [env-prod]}
    ```

    ## Good
    ```json audit.jsonl
    {"log_audit":true,"time":"2026-01-30T03:00:00Z","operation_id":"MergeIntoBranch","method":"POST","path":"/api/v1/repositories/kfm/refs/run-7/merge/env-prod","status_code":200,"request_id":"0b1e","user":"airflow"}
    ```
    ```json repositories/kfm/refs/env-prod/commits.json
    {"results": [
      {"id": "p1", "parents": ["c0", "r7"], "committer": "airflow", "message": "Merge 'run-7' into 'env-prod'", "creation_date": 1769741999, "meta_range_id": "m2", "metadata": {}, "generation": 5, "version": 1},
      {"id": "r7", "parents": ["c0"], "committer": "airflow", "message": "run 7", "creation_date": 1769741100, "meta_range_id": "m2", "metadata": {}, "generation": 2, "version": 1},
      {"id": "c0", "parents": [], "committer": "airflow", "message": "Repository created", "creation_date": 1769652000, "meta_range_id": "m0", "metadata": {}, "generation": 1, "version": 1}
    ]}
    ```
    ```json repositories/kfm/refs/env-stage/commits.json
    {"results": [
      {"id": "s1", "parents": ["c0", "x1"], "committer": "airflow", "message": "Merge 'run-1' into 'env-stage'", "creation_date": 1769733000, "meta_range_id": "m1", "metadata": {}, "generation": 3, "version": 1},
      {"id": "x1", "parents": ["c0"], "committer": "airflow", "message": "run 1", "creation_date": 1769732700, "meta_range_id": "m1", "metadata": {}, "generation": 2, "version": 1},
      {"id": "c0", "parents": [], "committer": "airflow", "message": "Repository created", "creation_date": 1769652000, "meta_range_id": "m0", "metadata": {}, "generation": 1, "version": 1}
    ]}
    ```
    ```yaml policy.yaml
    policy: 1
    name: example
    extends: core
    lakefs:
      environment_branches: {stage: [env-stage], prod: [env-prod]}
    ```

    ## When it is undecided
    Where commit logs were read and do not reach far enough to show what the merge brought. Without any commit
    log the question of who moved production back says so, once.

    ## Settings
    `lakefs.environment_branches`, `lakefs.promotion.sources`.

    ## References
    lakeFS: merge, and how commits are found that the destination does not have; design, section 7.
    """
    persons = (promotion.user,) if promotion.user else ()
    found = foreign_commits(promotion, ctx.evidence)
    if found is None:
        return
    if found.commits:
        shown = ", ".join(commit.id[:12] for commit in found.commits[:_SHOWN])
        more = f" and {len(found.commits) - _SHOWN} more" if len(found.commits) > _SHOWN else ""
        n = "a commit" if len(found.commits) == 1 else f"{len(found.commits)} commits"
        yield ctx.fail(
            promotion,
            f"is {promotion.deed} that brought along {n} of {found.environment}: {shown}{more}",
            help=f"see what came with it: `lakectl diff lakefs://{promotion.repository}/{promotion.previous or '<head before>'} "
            f"lakefs://{promotion.repository}/{promotion.commit or promotion.branch}`. If it must go, `{promotion.undoing}`, "
            f"and promote the run anew from a branch that begins at {promotion.branch}",
            related=tuple(ctx.related("brought along", commit) for commit in found.commits[:_SHOWN]),
            persons=persons,
        )
    elif not found.whole:
        yield ctx.undecided(
            promotion,
            f"what {promotion.deed} brought along is not shown: the commit logs do not reach far enough",
            help="fetch the commit logs of the source and of all environment branches: `kfm-audit collect lakefs`",
            persons=persons,
        )
