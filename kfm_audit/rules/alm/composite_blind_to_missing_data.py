"""ALM015: composite-blind-to-missing-data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kfm_audit.aws.alarm_rule import (
    AlarmRuleError,
    AlarmState,
    And,
    AtLeast,
    Constant,
    InState,
    Node,
    Not,
    Or,
)
from kfm_audit.aws.arns import alarm_name
from kfm_audit.evidence.series import often_silent
from kfm_audit.facts import CompositeAlarm, MetricAlarm
from kfm_audit.rules.kit import Context, Finding, NoSettings, Related, Severity, rule
from kfm_audit.values import Known, Unknown, ends_of, known

_SHOWN: Final = 3


@rule("ALM015", on=CompositeAlarm, severity=Severity.WARNING)
def composite_blind_to_missing_data(alarm: CompositeAlarm, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """The composite alarm misreads an alarm that has no data.

    ## Why
    A composite is OK or ALARM, never INSUFFICIENT_DATA: an alarm without data makes `ALARM(x)` false, and
    the composite goes to OK as if the trouble were over. Where `x` treats missing data as `missing` (the
    default) and tells nobody of INSUFFICIENT_DATA itself, a metric that has stopped looks like a metric
    that is fine.

    The cure depends on the metric. One that always has data may be `breaching`, or be asked for by
    `INSUFFICIENT_DATA(x)`. One that is often silent (Lambda, SQS) must not: `OR INSUFFICIENT_DATA(x)`
    pages whenever there is nothing to do, which is a finding of this rule too. There `notBreaching` says
    that silence is fine, and a heartbeat alarm of its own tells of silence that is not.

    ## Bad
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
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-backlog",
              "namespace": "AWS/SQS",
              "metric_name": "ApproximateNumberOfMessagesVisible",
              "dimensions": {"QueueName": "prod-soils"},
              "treat_missing_data": "missing"
            },
            "after_unknown": {}
          }
        },
        {
          "address": "aws_cloudwatch_composite_alarm.page",
          "mode": "managed",
          "type": "aws_cloudwatch_composite_alarm",
          "name": "page",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-page",
              "alarm_rule": "ALARM(prod-backlog)"
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
          "address": "aws_cloudwatch_metric_alarm.backlog",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "backlog",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-backlog",
              "namespace": "AWS/SQS",
              "metric_name": "ApproximateNumberOfMessagesVisible",
              "dimensions": {"QueueName": "prod-soils"},
              "treat_missing_data": "notBreaching"
            },
            "after_unknown": {}
          }
        },
        {
          "address": "aws_cloudwatch_composite_alarm.page",
          "mode": "managed",
          "type": "aws_cloudwatch_composite_alarm",
          "name": "page",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-page",
              "alarm_rule": "ALARM(prod-backlog)"
            },
            "after_unknown": {}
          }
        }
      ]
    }
    ```

    ## When it is undecided
    Where the rule of the composite, or `treat_missing_data` of an alarm that it watches, is known only
    after apply. Alarms that are not in the input are not judged.

    ## Settings
    None.

    ## References
    CloudWatch API, `PutCompositeAlarm`: a composite is in INSUFFICIENT_DATA only right after it was made.
    CloudWatch user guide, "Configuring how CloudWatch alarms treat missing data".
    """
    below = [child for child in ctx.evidence.alarms.below(alarm) if isinstance(child, MetricAlarm)]
    unknown = next((child for child in below if isinstance(child.treat_missing_data, Unknown)), None)
    if unknown is not None and isinstance(unknown.treat_missing_data, Unknown):
        yield ctx.undecided(
            alarm,
            f"whether it misreads missing data of {unknown.subject} is known only after apply: "
            f"treat_missing_data there depends on {ends_of(unknown.treat_missing_data)}",
            at="alarm_rule",
            help="write treat_missing_data so that the plan knows it",
        )
    falling_silent = [child for child in below if child.treat_missing_data == Known("missing")]
    if isinstance(alarm.alarm_rule, Unknown) and falling_silent:
        yield ctx.undecided(
            alarm,
            f"watches {falling_silent[0].subject}, which may have no data, and what it makes of that is "
            "known only "
            f"after apply: alarm_rule depends on {ends_of(alarm.alarm_rule)}",
            at="alarm_rule",
            help="build alarm_rule from alarm_name rather than arn: names are known in the plan",
        )
        return
    rule = ctx.evidence.alarms.rule_of(alarm)
    if rule is None or isinstance(rule, AlarmRuleError):
        return
    asked = set(_asked(rule))
    blind = [
        child
        for child in falling_silent
        if (_name(child), AlarmState.ALARM) in asked
        and (_name(child), AlarmState.INSUFFICIENT_DATA) not in asked
        and not known(child.insufficient_data_actions)
        and not isinstance(child.insufficient_data_actions, Unknown)
    ]
    if blind:
        yield ctx.fail(
            alarm,
            f"takes missing data of {_listed(blind)} for the end of the trouble: an alarm in "
            "INSUFFICIENT_DATA is "
            "not in ALARM",
            at="alarm_rule",
            help=_cure(blind),
            related=_related(blind, ctx),
        )
    restless = [
        child
        for child in falling_silent
        if (_name(child), AlarmState.INSUFFICIENT_DATA) in asked and often_silent(child)
    ]
    if restless:
        yield ctx.fail(
            alarm,
            f"goes off whenever {_listed(restless)} has nothing to do: the metric then has no data, and "
            "the rule "
            "asks for INSUFFICIENT_DATA",
            at="alarm_rule",
            help='take INSUFFICIENT_DATA out of alarm_rule and set treat_missing_data = "notBreaching" '
            "there; watch "
            "for silence that should not be with a heartbeat alarm of its own",
            related=_related(restless, ctx),
            key="restless",
        )


def _cure(blind: list[MetricAlarm]) -> str:
    if all(often_silent(child) for child in blind):
        return (
            'set treat_missing_data = "notBreaching" there, and watch for silence that should not be with a '
            "heartbeat alarm of its own; do not add OR INSUFFICIENT_DATA(...), which pages whenever there is "
            "nothing to do"
        )
    return (
        'set treat_missing_data = "breaching" there, or add OR INSUFFICIENT_DATA(...) to alarm_rule, '
        "where the "
        "metric always has data; where it is silent at times either pages for nothing: take notBreaching "
        "and a "
        "heartbeat alarm instead"
    )


def _asked(rule: Node) -> Iterator[tuple[str, AlarmState]]:
    """The states that make the rule true: those that stand under no NOT, or under two."""
    waiting = [(rule, True)]
    while waiting:
        node, positive = waiting.pop()
        match node:
            case InState(state, child):
                if positive:
                    yield alarm_name(child), state
            case Not(operand):
                waiting.append((operand, not positive))
            case And(operands) | Or(operands):
                waiting.extend((operand, positive) for operand in operands)
            case AtLeast():
                waiting.extend((child, positive is not node.negated) for child in node.children)
            case Constant():
                pass


def _name(alarm: MetricAlarm) -> str:
    return known(alarm.alarm_name) or ""


def _listed(alarms: list[MetricAlarm]) -> str:
    more = f" and {len(alarms) - _SHOWN} more" if len(alarms) > _SHOWN else ""
    return ", ".join(alarm.subject for alarm in alarms[:_SHOWN]) + more


def _related(alarms: list[MetricAlarm], ctx: Context[NoSettings]) -> tuple[Related, ...]:
    return tuple(
        ctx.related("treats missing data as missing", alarm, "treat_missing_data")
        for alarm in alarms[:_SHOWN]
    )
