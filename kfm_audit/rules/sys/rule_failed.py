"""SYS002: rule-failed."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.facts import FailedRule
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule


@rule("SYS002", on=FailedRule, severity=Severity.ERROR)
def rule_failed(failed: FailedRule, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """A rule raised an error while it judged.

    ## Why
    What a rule was about to say is lost: the run cannot count as a pass, and ends with exit code 5. All other
    rules still run.

    ## Bad
    A rule of a plug-in that divides by the length of an empty list.

    ## Good
    A rule that asks first, and says `undecided` where there is nothing to go by.

    ## When it is undecided
    Never.

    ## Settings
    None.

    ## References
    `docs/writing-rules.md` for how a rule is tested before it ships.
    """
    yield ctx.fail(
        failed,
        f"failed on {failed.judged}: {failed.error}",
        help="report it with the input that made it fail; until then, leave the rule out with --ignore",
        key=failed.judged,
    )
