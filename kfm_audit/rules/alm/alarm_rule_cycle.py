"""ALM014: alarm-rule-cycle."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from kfm_audit.evidence.alarm.alarms import same_place
from kfm_audit.facts import Alarm, CompositeAlarm
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule
from kfm_audit.values import ReferenceKind, Unknown, ends_of


@rule("ALM014", on=CompositeAlarm, severity=Severity.ERROR)
def alarm_rule_cycle(alarm: CompositeAlarm, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """Composite alarms watch each other in a circle.

    ## Why
    CloudWatch accepts such rules, notices the circle and stops evaluating: the alarms keep whatever state
    they had, and page nobody again. None of them can be deleted either, because each is watched by
    another; `terraform destroy` fails. Terraform sees no circle where the rules hold names rather than
    references. Each composite of the circle is a finding.

    ## Bad
    ```json tfplan.json
    {
      "format_version": "1.2",
      "terraform_version": "1.9.5",
      "resource_changes": [
        {
          "address": "aws_cloudwatch_composite_alarm.page",
          "mode": "managed",
          "type": "aws_cloudwatch_composite_alarm",
          "name": "page",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-page",
              "alarm_rule": "ALARM(prod-all)"
            },
            "after_unknown": {}
          }
        },
        {
          "address": "aws_cloudwatch_composite_alarm.all",
          "mode": "managed",
          "type": "aws_cloudwatch_composite_alarm",
          "name": "all",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-all",
              "alarm_rule": "ALARM(prod-page) OR ALARM(prod-age)"
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
          "address": "aws_cloudwatch_composite_alarm.page",
          "mode": "managed",
          "type": "aws_cloudwatch_composite_alarm",
          "name": "page",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-page",
              "alarm_rule": "ALARM(prod-all)"
            },
            "after_unknown": {}
          }
        },
        {
          "address": "aws_cloudwatch_composite_alarm.all",
          "mode": "managed",
          "type": "aws_cloudwatch_composite_alarm",
          "name": "all",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-all",
              "alarm_rule": "ALARM(prod-backlog) OR ALARM(prod-age)"
            },
            "after_unknown": {}
          }
        }
      ]
    }
    ```

    ## When it is undecided
    Where the rule of a composite that another one watches is known only after apply and comes from something
    that the input does not show, or cannot be told from the sources alone; and where the composites have
    providers of which it cannot be told whether they lead to the same account and region.

    ## Settings
    None.

    ## References
    CloudWatch API, `PutCompositeAlarm`: cycles are possible, evaluation stops, and to delete such alarms
    one rule has to be changed first, for example to `FALSE`.
    """
    alarms = ctx.evidence.alarms
    if alarms.in_cycle(alarm):
        path = _circle(alarm, ctx)
        words = " -> ".join(item.subject for item in path)
        if all(same_place(*edge) for edge in pairwise(path)):
            yield ctx.fail(
                alarm,
                f"watches itself through others: {words}; CloudWatch stops evaluating them, and none of them "
                "can be deleted",
                at="alarm_rule",
                help="take one of these references out of its rule; to delete alarms that exist already, "
                'first set one alarm_rule to "FALSE", which stops its pages until you write the new rule',
                related=tuple(
                    ctx.related("is part of the circle", item, "alarm_rule") for item in path[1:-1]
                ),
            )
        else:
            yield ctx.undecided(
                alarm,
                f"may watch itself through others, {words}: whether their providers lead to the same account "
                "and region cannot be told",
                at="alarm_rule",
                help="give both providers a region and an assume_role that the plan knows",
            )
    elif isinstance(alarm.alarm_rule, Unknown) and alarms.above(alarm) and _unresolved(alarm.alarm_rule):
        from kfm_audit.evidence.unset import cure, when

        yield ctx.undecided(
            alarm,
            f"is watched by {alarms.above(alarm)[0].subject}, and whether it watches that in turn "
            f"{when(alarm.alarm_rule, alarm)}: alarm_rule depends on {ends_of(alarm.alarm_rule)}",
            at="alarm_rule",
            help=cure(
                alarm.alarm_rule,
                "refer to each alarm as ${aws_cloudwatch_metric_alarm.<name>.alarm_name}",
                alarm,
            ),
        )


def _circle(alarm: CompositeAlarm, ctx: Context[NoSettings]) -> tuple[Alarm, ...]:
    """The shortest way from the alarm back to itself, which it stands at both ends of."""
    ways: list[tuple[Alarm, ...]] = [(alarm,)]
    seen: set[str] = set()
    for way in ways:
        last = way[-1]
        if not isinstance(last, CompositeAlarm):
            continue
        for below in ctx.evidence.alarms.below(last):
            if below.subject == alarm.subject and len(way) > 1:
                return (*way, alarm)
            if below.subject not in seen and below.subject != alarm.subject:
                seen.add(below.subject)
                ways.append((*way, below))
    return (alarm,)


def _unresolved(unknown: Unknown) -> bool:
    return any(reference.kind is ReferenceKind.UNRESOLVED for reference in unknown.references)
