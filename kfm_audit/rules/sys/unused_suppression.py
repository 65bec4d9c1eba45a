"""SYS006: unused-suppression."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.facts import StaleSuppression
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule


@rule("SYS006", on=StaleSuppression, severity=Severity.WARNING)
def unused_suppression(suppression: StaleSuppression, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """A suppression matches no finding.

    ## Why
    It hides nothing today and will hide something tomorrow that nobody has looked at. A suppression counts as unused
    only in a run in which its rule saw all there is: a pull request without logs says nothing about those of rollbacks,
    and a run on a few files says nothing at all.

    ## Bad
    ```toml kfm-audit.toml
    [[suppress]]
    rule = "ALM001"
    subject = "aws_cloudwatch_metric_alarm.gone"
    reason = "reaches the on-call by the vendor's own integration"
    owner = "data-platform"
    expires = "2027-01-31"
    ```

    ```json tfplan.json
    {
      "format_version": "1.2",
      "resource_changes": [
        {
          "address": "aws_cloudwatch_metric_alarm.ingest_backlog",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "ingest_backlog",
          "change": {
            "actions": ["no-op"],
            "after": {
              "alarm_name": "prod-ingest-backlog",
              "alarm_actions": ["arn:aws:sns:us-east-1:111122223333:oncall"]
            }
          }
        }
      ]
    }
    ```

    ## Good
    ```toml kfm-audit.toml
    suppress = []
    ```

    ```json tfplan.json
    {
      "format_version": "1.2",
      "resource_changes": [
        {
          "address": "aws_cloudwatch_metric_alarm.ingest_backlog",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "ingest_backlog",
          "change": {
            "actions": ["no-op"],
            "after": {
              "alarm_name": "prod-ingest-backlog",
              "alarm_actions": ["arn:aws:sns:us-east-1:111122223333:oncall"]
            }
          }
        }
      ]
    }
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
