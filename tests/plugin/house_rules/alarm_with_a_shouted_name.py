"""HSE001: alarm-with-a-shouted-name."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from kfm_audit.facts import CompositeAlarm, MetricAlarm
from kfm_audit.rules.kit import Context, Finding, Severity, rule
from kfm_audit.values import Known, Unknown


class Shouting(Struct, frozen=True, forbid_unknown_fields=True):
    """How much shouting is too much."""

    most_capitals: int = 3
    """The most capital letters in a name."""


@rule("HSE001", on=(MetricAlarm, CompositeAlarm), severity=Severity.WARNING, settings=Shouting)
def alarm_with_a_shouted_name(
    alarm: MetricAlarm | CompositeAlarm, ctx: Context[Shouting]
) -> Iterator[Finding]:
    """The alarm's name is written in capitals.

    ## Why
    Whoever is paged at night reads the name first, and reads words of small letters faster.

    ## Bad
    ```toml kfm-audit.toml
    plugins = ["house"]
    ```

    ```json tfplan.json
    {
      "format_version": "1.2",
      "terraform_version": "1.9.5",
      "resource_changes": [
        {
          "address": "aws_cloudwatch_metric_alarm.backlog",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "backlog",
          "change": {"actions": ["create"], "after": {"alarm_name": "PROD-BACKLOG"}, "after_unknown": {}}
        }
      ]
    }
    ```

    ## Good
    ```toml kfm-audit.toml
    plugins = ["house"]
    ```

    ```json tfplan.json
    {
      "format_version": "1.2",
      "terraform_version": "1.9.5",
      "resource_changes": [
        {
          "address": "aws_cloudwatch_metric_alarm.backlog",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "backlog",
          "change": {"actions": ["create"], "after": {"alarm_name": "prod-backlog"}, "after_unknown": {}}
        }
      ]
    }
    ```

    ## When it is undecided
    Where the name is known only after apply.

    ## Settings
    `most_capitals`: how many capitals a name may have.

    ## References
    The house's own guide to names.
    """
    match alarm.alarm_name:
        case Known(name):
            capitals = sum(letter.isupper() for letter in name)
            if capitals > ctx.settings.most_capitals:
                yield ctx.fail(
                    alarm,
                    f"is called {name}, with {capitals} capitals",
                    at="alarm_name",
                    help=f'set alarm_name = "{name.lower()}"; its history stays with the old name',
                )
        case Unknown():
            yield ctx.undecided(
                alarm,
                "has a name that is known only after apply",
                at="alarm_name",
                help="write the name as a constant",
            )
        case _:
            pass
