"""SYS006: unused-suppression."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.facts import StaleSuppression
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule


@rule("SYS006", on=StaleSuppression, severity=Severity.WARNING)
def unused_suppression(suppression: StaleSuppression, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """A suppression matches no finding.

    ## Why
    It hides nothing today and will hide something tomorrow that nobody has looked at.

    ## Bad
    ```toml kfm-audit.toml
    [[suppress]]
    rule = "ALM001"
    subject = "aws_cloudwatch_metric_alarm.gone"
    reason = "reaches the on-call by the vendor's own integration"
    owner = "data-platform"
    expires = "2027-01-31"
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
    yield ctx.fail(
        suppression,
        "matches no finding",
        help="delete it; if it should match, compare its rule and subject with `--output json`",
    )
