"""LFS017: rollback-target-collectable."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from kfm_audit.evidence.lakefs.branches import is_named
from kfm_audit.facts import BranchLifecycle, Fact, ObjectLifecycle, RetentionRules
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, duration, rule
from kfm_audit.values import Known

_DAY: Final = timedelta(days=1)


@rule("LFS017", on=(RetentionRules, ObjectLifecycle, BranchLifecycle), severity=Severity.WARNING)
def rollback_target_collectable(rules: Fact, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """What a rollback would go back to is deleted sooner than the policy wants it kept.

    ## Why
    Garbage collection deletes the data of commits that no branch holds any more, some days after they were
    left. The rollback of a change that is older than that restores pointers to files that are gone, and says
    nothing. Tags keep nothing; branches do.

    ## Bad
    ```json repositories/kfm/settings/gc_rules.json
    {"default_retention_days": 21, "branches": [{"branch_id": "env-prod", "retention_days": 7}]}
    ```
    ```yaml policy.yaml
    policy: 1
    name: example
    extends: core
    lakefs:
      environment_branches: {prod: [env-prod]}
      rollback_horizon: 30d
    ```

    ## Good
    ```json repositories/kfm/settings/gc_rules.json
    {"default_retention_days": 21, "branches": [{"branch_id": "env-prod", "retention_days": 45}]}
    ```
    ```yaml policy.yaml
    policy: 1
    name: example
    extends: core
    lakefs:
      environment_branches: {prod: [env-prod]}
      rollback_horizon: 30d
    ```

    ## When it is undecided
    Never.

    ## Settings
    `lakefs.rollback_horizon`; without it nothing is judged.

    ## References
    lakeFS: garbage collection, retention rules; lakeFS Enterprise: object and branch lifecycle.
    """
    assert isinstance(rules, RetentionRules | ObjectLifecycle | BranchLifecycle)  # what wakes it
    if ctx.policy.lakefs.rollback_horizon is None or not ctx.evidence.calls.of_policy(rules.repository):
        return
    horizon = duration(ctx.policy.lakefs.rollback_horizon)
    wanted = f"{ctx.policy.lakefs.rollback_horizon} that a rollback has to reach back"
    for environment in ctx.policy.lakefs.environment_branches:
        for branch in ctx.evidence.gates.branches(environment, rules.repository):
            match rules:
                case RetentionRules():
                    match rules.days_of(branch):
                        case Known(days) if days < horizon / _DAY:
                            yield ctx.fail(
                                rules,
                                f"keeps what {branch} left for {days} days, less than the {wanted}",
                                help=f"raise retention_days of {branch} to {_days(horizon)}: `lakectl gc set-config "
                                f"lakefs://{rules.repository} -f <file>`; until then keep a branch on each head that may be "
                                "needed, since garbage collection ignores tags",
                                key=branch,
                            )
                        case _:
                            pass
                case ObjectLifecycle():
                    if branch in rules.branches and rules.expire_after_days < horizon / _DAY:
                        yield ctx.fail(
                            rules,
                            f"expires objects of {branch} below {rules.prefix or '/'} after {rules.expire_after_days} days, "
                            f"less than the {wanted}",
                            help=f"take {branch} out of the rule, or raise it to {_days(horizon)} days",
                            key=f"{branch} {rules.prefix}",
                        )
                case BranchLifecycle():
                    ages = [age for age in (rules.max_age_days, rules.max_inactivity_days) if age is not None]
                    if is_named(branch, rules.patterns) and ages:
                        yield ctx.fail(
                            rules,
                            f"deletes {branch} itself after {min(ages):g} days: its patterns are {', '.join(rules.patterns)}",
                            help="narrow the patterns, so that they leave environment branches alone",
                            key=branch,
                        )


def _days(horizon: timedelta) -> int:
    return horizon.days + bool(horizon.seconds)
