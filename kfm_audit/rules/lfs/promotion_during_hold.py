"""LFS021: promotion-during-hold."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.evidence.lakefs.holds import holds_of
from kfm_audit.evidence.lakefs.people import Holds
from kfm_audit.facts import Promotion
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule


@rule("LFS021", on=Promotion, severity=Severity.ERROR)
def promotion_during_hold(promotion: Promotion, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """Something was promoted while promotions to that environment were held.

    ## Why
    A hold is what stands between a finding and the next release: while a defect is looked into, while somebody
    with a say has not spoken, over a holiday. A promotion in that time made the hold void, for everybody
    downstream.

    ## Bad
    ```json audit.jsonl
    {"log_audit":true,"time":"2026-01-30T03:00:00Z","operation_id":"MergeIntoBranch","method":"POST","path":"/api/v1/repositories/kfm/refs/run-7/merge/env-prod","status_code":200,"request_id":"0b1e","user":"airflow"}
    ```
    ```yaml policy.yaml
    policy: 1
    name: example
    extends: core
    lakefs:
      environment_branches: {prod: [env-prod]}
      holds: [{environments: [prod], since: 2026-01-28, until: 2026-01-31, reason: parcels under review}]
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
      holds: [{environments: [prod], since: 2026-01-28, until: 2026-01-29, reason: parcels under review}]
    ```

    ## When it is undecided
    Where the dates of the hold cannot be read, or a name under `except_users` may be somebody else's.

    ## Settings
    `lakefs.holds`: environments, reason, `since`, `until` (a date counts as a whole day, in UTC; left out, the
    hold lasts), `except_users`.

    ## References
    Design, section 7: promotion may be held.
    """
    persons = (promotion.user,) if promotion.user else ()
    for held in holds_of(promotion, ctx.evidence):
        hold = held.hold
        if held.fault:
            yield ctx.undecided(
                promotion,
                f"whether {promotion.deed} fell into the hold for {hold.reason} is not known: {held.fault}",
                help=f"mend {held.key} of the policy",
                key=hold.reason,
                persons=persons,
            )
            continue
        until = f"until {hold.until}" if hold.until else "which has no end"
        message = f"is {promotion.deed} during the hold since {hold.since}, {until}: {hold.reason}"
        match held.excepted:
            case Holds.YES:
                pass
            case Holds.UNDECIDED:
                yield ctx.undecided(
                    promotion,
                    f"{message}; whether the exception for {', '.join(hold.except_users)} covers it is not shown",
                    help="list lakeFS ids under `except_users`",
                    key=hold.reason,
                    persons=persons,
                )
            case Holds.NO:
                yield ctx.fail(
                    promotion,
                    message,
                    help="ask whoever called the hold what is to become of it; if it must go, revert the merge: "
                    f"`{promotion.undoing}`, which is a rollback and owes a correction. Merges pass branch protection: while "
                    "a hold lasts, take `fs:CreateCommit` on the branch from the pipelines",
                    key=hold.reason,
                    persons=persons,
                )
