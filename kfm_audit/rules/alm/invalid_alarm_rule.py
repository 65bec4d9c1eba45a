"""ALM012: invalid-alarm-rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kfm_audit.aws.alarm_relations import refused_child
from kfm_audit.aws.alarm_rule_error import AlarmRuleError
from kfm_audit.evidence.alarm.alarms import account_of, region_of
from kfm_audit.facts import CompositeAlarm
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule
from kfm_audit.values import ABSENT, Known, Unknown, ends_of, known

_HELP: Final = (
    "write operators and states in capitals and each name in double quotes: "
    'ALARM("prod-backlog") AND NOT ALARM("prod-maintenance")'
)
_SHOWN: Final = 24


@rule("ALM012", on=CompositeAlarm, severity=Severity.ERROR)
def invalid_alarm_rule(alarm: CompositeAlarm, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """CloudWatch refuses the rule of the composite alarm.

    ## Why
    Terraform takes any text for `alarm_rule`, and the apply fails when everything else is already done:
    the pages that the composite was to send are not there. The language is stricter than it looks:
    operators, states, TRUE and FALSE are upper case only; a name with spaces, brackets or commas needs
    double quotes; an alarm cannot watch itself, or alarms of another region or account. The findings
    carry CloudWatch's own words, with the character at which it stops.

    ## Bad
    ```json tfplan.json
    {
      "format_version": "1.2",
      "terraform_version": "1.9.5",
      "resource_changes": [
        {
          "address": "aws_cloudwatch_composite_alarm.ingest",
          "mode": "managed",
          "type": "aws_cloudwatch_composite_alarm",
          "name": "ingest",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-ingest",
              "alarm_rule": "ALARM(prod-backlog) and ALARM(prod-age)"
            },
            "after_unknown": {}
          }
        }
      ]
    }
    ```

    ## Good
    ```json tfplan.json
    {
      "format_version": "1.2",
      "terraform_version": "1.9.5",
      "resource_changes": [
        {
          "address": "aws_cloudwatch_composite_alarm.ingest",
          "mode": "managed",
          "type": "aws_cloudwatch_composite_alarm",
          "name": "ingest",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-ingest",
              "alarm_rule": "ALARM(prod-backlog) AND ALARM(prod-age)"
            },
            "after_unknown": {}
          }
        }
      ]
    }
    ```

    ## When it is undecided
    Where `alarm_rule` is known only after apply, as it is where it is built from the `arn` of an alarm that
    is yet to be made, or cannot be told from the sources alone.

    ## Settings
    None.

    ## References
    CloudWatch user guide, "Create a composite alarm"; API, `PutCompositeAlarm`, `AlarmRule`: 10,240
    characters, 100 alarms, 500 elements.
    """
    if alarm.alarm_rule is ABSENT:
        yield ctx.fail(alarm, "has no alarm_rule", at="alarm_rule", help=_HELP)
        return
    if isinstance(alarm.alarm_rule, Unknown):
        from kfm_audit.evidence.unset import cure, when

        yield ctx.undecided(
            alarm,
            f"whether CloudWatch takes its rule {when(alarm.alarm_rule, alarm)}: alarm_rule depends on "
            f"{ends_of(alarm.alarm_rule)}",
            at="alarm_rule",
            help=cure(
                alarm.alarm_rule,
                "build alarm_rule from alarm_name rather than arn: names are known in the plan",
                alarm,
            ),
        )
        return
    rule = ctx.evidence.alarms.rule_of(alarm)
    if isinstance(rule, AlarmRuleError):
        yield ctx.fail(
            alarm,
            f"has a rule that CloudWatch refuses: {_said(rule, alarm.alarm_rule)}",
            at="alarm_rule",
            help=_HELP,
        )
        return
    refusals = dict.fromkeys(
        refused_child(
            child.child,
            name=known(alarm.alarm_name) or "",
            region=region_of(alarm),
            account=account_of(alarm),
        )
        for child in ctx.evidence.alarms.children_of(alarm)
    )
    for number, refusal in enumerate(text for text in refusals if text):
        yield ctx.fail(
            alarm,
            f"has a rule that CloudWatch refuses: {refusal}",
            at="alarm_rule",
            help="watch alarms of the composite's own account and region only, and never the composite "
            "itself; a name is enough to refer to them",
            key=str(number) if number else "",
        )


def _said(error: AlarmRuleError, rule: Known[str]) -> str:
    """CloudWatch's words, which quote the rule: not where it is secret."""
    if rule.sensitive:
        return f"it is not valid from character {error.position} on"
    rest = rule.value[error.position : error.position + _SHOWN].strip()
    return f"{error.message}, before {rest!r}" if rest else error.message
