"""SYS007: expired-suppression."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.facts import ExpiredSuppression
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule


@rule("SYS007", on=ExpiredSuppression, severity=Severity.WARNING)
def expired_suppression(suppression: ExpiredSuppression, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """A suppression is past its last day.

    ## Why
    It was accepted until a day, and the day has gone by: the finding that it hid is shown again.

    ## Bad
    ```toml kfm-audit.toml
    [[suppress]]
    rule = "ALM001"
    subject = "aws_cloudwatch_metric_alarm.gone"
    reason = "reaches the on-call by the vendor's own integration"
    owner = "data-platform"
    expires = "2025-12-31"
    ```

    ## Good
    ```toml kfm-audit.toml
    suppress = []
    ```

    ## When it is undecided
    Never.

    ## Settings
    None. A suppression holds through its last day, UTC.

    ## References
    Design section 4, Config.
    """
    yield ctx.fail(
        suppression,
        f"expired on {suppression.expired}",
        help="mend what it hid; or have its owner decide again and set a new `expires`",
    )
