"""LFS019: environment-unprotected."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.facts import BranchProtection
from kfm_audit.lakefs.branch_globs import GlobError, protects
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule
from kfm_audit.values import ABSENT, Known, Unknown, ends_of


@rule("LFS019", on=BranchProtection, severity=Severity.WARNING)
def environment_unprotected(protection: BranchProtection, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """No branch protection rule covers an environment branch.

    ## Why
    Protection is what stops uploads, commits, resets and hard resets on a branch: on an unprotected one whoever
    may write can change production without a merge, and whoever may revert can move it to any commit, which
    leaves no trace. It does not stop reverts, merges, cherry-picks, imports and deletions.

    ## Bad
    ```json repositories/kfm/settings/branch_protection.json
    [{"pattern": "main"}]
    ```
    ```yaml policy.yaml
    policy: 1
    name: example
    extends: core
    lakefs:
      environment_branches: {prod: [env-prod]}
    ```

    ## Good
    ```json repositories/kfm/settings/branch_protection.json
    [{"pattern": "main"}, {"pattern": "env-*"}]
    ```
    ```yaml policy.yaml
    policy: 1
    name: example
    extends: core
    lakefs:
      environment_branches: {prod: [env-prod]}
    ```

    ## When it is undecided
    Where the patterns are known only after apply, or cannot be told from the sources alone.

    ## Settings
    `lakefs.environment_branches`, `lakefs.repositories`.

    ## References
    lakeFS: branch protection; `pkg/graveler/graveler.go`, what it blocks.
    """
    repository = protection.repository.value if isinstance(protection.repository, Known) else ""
    if repository and not ctx.evidence.calls.of_policy(repository):
        return
    match protection.patterns:
        case Unknown() as unknown:
            from kfm_audit.evidence.unset import cure, when

            yield ctx.undecided(
                protection,
                f"whether it covers the environment branches {when(unknown, protection)}: its patterns depend on "
                f"{ends_of(unknown)}",
                at="rules",
                help=cure(unknown, "write the patterns so that the plan knows them", protection),
            )
            return
        case Known(value=patterns):
            pass
        case _:
            assert protection.patterns is ABSENT
            patterns = ()
    for environment in ctx.policy.lakefs.environment_branches:
        for branch in ctx.evidence.gates.branches(environment, repository):
            if not any(_covers(pattern, branch) for pattern in patterns):
                yield ctx.fail(
                    protection,
                    f"leaves {branch} unprotected: "
                    + (f"its patterns are {', '.join(patterns)}" if patterns else "it has no pattern"),
                    at="rules",
                    help=f"`lakectl branch-protect add lakefs://{repository or '<repository>'} {branch}`; it stops direct "
                    "commits too, so that pipelines which still write there fail at once: move them to run branches first",
                    key=branch,
                )


def _covers(pattern: str, branch: str) -> bool:
    """Whether a pattern covers a branch; lakeFS ignores one that is malformed."""
    try:
        return protects(pattern, branch)
    except GlobError:
        return False
