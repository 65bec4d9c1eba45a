"""SYS008: unreasoned-suppression."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.facts import UnreasonedSuppression
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule


@rule("SYS008", on=UnreasonedSuppression, severity=Severity.WARNING)
def unreasoned_suppression(suppression: UnreasonedSuppression, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """A suppression lacks what it must have, and does not hold.

    ## Why
    Without a reason nobody can tell a decision from an accident. Rules about rollbacks are accepted one event
    at a time only, with an owner and an expiry: an auditor asks who took that decision.

    ## Bad
    ```toml kfm-audit.toml
    [[suppress]]
    rule = "ALM001"
    subject = "*"
    ```

    ## Good
    ```toml kfm-audit.toml
    suppress = []
    ```

    ## When it is undecided
    Never.

    ## Settings
    None.

    ## References
    Design section 4, Config.
    """
    yield ctx.fail(suppression, f"lacks {suppression.lacks}, and does not hold", help="add it to the entry")
