"""ALM025: suppressor-can-mute-forever."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from kfm_audit.aws.alarm_rule import AlarmRuleError, AlarmState
from kfm_audit.aws.alarm_state_rule import holds
from kfm_audit.aws.arns import alarm_name
from kfm_audit.evidence.series import filled, often_silent
from kfm_audit.facts import Alarm, CompositeAlarm, MetricAlarm
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule
from kfm_audit.values import Known, ReferenceKind, Unknown, ends_of, known

_END_RULE = (
    "give the suppressor a rule that is false again when the maintenance ends, or take the suppressor away"
)
_END_SILENCE = (
    'set treat_missing_data = "notBreaching" on the suppressor and let what sets it off publish while it '
    "lasts, so that silence ends the suppression"
)
_MOST_CHILDREN = 6
"""Of a rule with more children, not every combination of states is tried."""


@rule("ALM025", on=CompositeAlarm, severity=Severity.WARNING)
def suppressor_can_mute_forever(alarm: CompositeAlarm, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """The alarm that suppresses a composite's actions may stay in ALARM, and mute it for good.

    ## Why
    While its suppressor is in ALARM, a composite takes no actions, however long that lasts; CloudWatch
    has no limit. A suppressor is meant for a maintenance window. It is none where it stays in ALARM by
    itself: an alarm that takes missing data for breaching while its metric has none, one that keeps its
    state when data ends (`ignore`, `FILL(m, REPEAT)`), a composite whose rule is always true. And where the
    composite can only be in ALARM while its suppressor is too, it never takes an action at all.

    ## Bad
    ```json tfplan.json
    {
      "format_version": "1.2",
      "terraform_version": "1.9.5",
      "resource_changes": [
        {
          "address": "aws_cloudwatch_metric_alarm.deploying",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "deploying",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-deploying",
              "namespace": "KFM/Deploy",
              "metric_name": "Running",
              "comparison_operator": "GreaterThanThreshold",
              "threshold": 0,
              "treat_missing_data": "ignore"
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
              "alarm_rule": "ALARM(prod-backlog)",
              "actions_suppressor": [{"alarm": "prod-deploying", "wait_period": 60, "extension_period": 60}]
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
          "address": "aws_cloudwatch_metric_alarm.deploying",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "deploying",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-deploying",
              "namespace": "KFM/Deploy",
              "metric_name": "Running",
              "comparison_operator": "GreaterThanThreshold",
              "threshold": 0,
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
              "alarm_rule": "ALARM(prod-backlog)",
              "actions_suppressor": [{"alarm": "prod-deploying", "wait_period": 60, "extension_period": 60}]
            },
            "after_unknown": {}
          }
        }
      ]
    }
    ```

    ## When it is undecided
    When the suppressor, or how it treats missing data, is known only after apply, or when no input holds
    the suppressor.

    ## Settings
    None.

    ## References
    - [Suppressing composite alarm actions](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm_How_To.html)
    """
    if alarm.actions_suppressor is None:
        return
    at = "actions_suppressor/0/alarm"
    match alarm.actions_suppressor.alarm:
        case Known(reference):
            found = ctx.evidence.alarms.named(alarm, alarm_name(reference))
            name = reference
        case Unknown(references) as unknown:
            names = {item.name for item in references if item.kind is ReferenceKind.RESOURCE}
            found = tuple(
                other
                for other in ctx.evidence.alarms.all
                if other.stack == alarm.stack and other.subject in names
            )
            name = ends_of(unknown)
        case _:
            return
    if len(found) != 1:
        yield ctx.undecided(
            alarm,
            f"whether its suppressor {name} can stay in ALARM cannot be told: no input holds it",
            at=at,
            help="check the plan that holds the suppressor with this one",
        )
        return
    suppressor = found[0]
    related = (ctx.related("the suppressor", suppressor),)
    if _never_without(ctx, alarm, suppressor):
        yield ctx.fail(
            alarm,
            f"never takes an action: it can be in ALARM only while its suppressor {suppressor.subject} is too",
            at=at,
            help="suppress by an alarm of something else: a deployment, a maintenance window, a failure upstream",
            related=related,
        )
        return
    why = _stays(ctx, suppressor)
    if isinstance(why, Unknown):
        yield ctx.undecided(
            alarm,
            f"whether its suppressor {suppressor.subject} can stay in ALARM hangs on {ends_of(why)}",
            at=at,
            help="give the suppressor's treat_missing_data a value that the plan knows",
            related=related,
        )
    elif why:
        yield ctx.fail(
            alarm,
            f"may be muted for good: its suppressor {suppressor.subject} {why}",
            at=at,
            help=_END_RULE if isinstance(suppressor, CompositeAlarm) else _END_SILENCE,
            related=related,
        )


def _never_without(ctx: Context[NoSettings], alarm: CompositeAlarm, suppressor: Alarm) -> bool:
    """Whether the composite's rule is false in all states of its children in which the suppressor is not in ALARM."""
    node = ctx.evidence.alarms.rule_of(alarm)
    if node is None or isinstance(node, AlarmRuleError):
        return False
    references = dict.fromkeys(child.child for child in ctx.evidence.alarms.children_of(alarm))
    own = [
        reference
        for reference in references
        if ctx.evidence.alarms.named(alarm, alarm_name(reference)) == (suppressor,)
    ]
    if not own or len(references) > _MOST_CHILDREN:
        return False
    for states in product(AlarmState, repeat=len(references)):
        now = dict(zip(references, states, strict=True))
        if all(now[reference] is not AlarmState.ALARM for reference in own) and holds(node, now.get):
            return False
    return True


def _stays(ctx: Context[NoSettings], suppressor: Alarm) -> str | Unknown:
    """Why a suppressor may stay in ALARM by itself; "" where it does not, as far as is known."""
    if isinstance(suppressor, CompositeAlarm):
        node = ctx.evidence.alarms.rule_of(suppressor)
        if node is None or isinstance(node, AlarmRuleError):
            return suppressor.alarm_rule if isinstance(suppressor.alarm_rule, Unknown) else ""
        always = holds(node, lambda _: None)
        return "has a rule that is always true" if always else ""
    assert isinstance(suppressor, MetricAlarm)
    match suppressor.treat_missing_data:
        case Known("ignore"):
            return "keeps its state when its metric has no data (treat_missing_data is ignore)"
        case Known("breaching") if often_silent(suppressor):
            return "is in ALARM while its metric has no data, as it has whenever there is nothing to do"
        case Unknown() as unknown:
            return unknown
        case _:
            repeats = filled(suppressor) and any(
                "REPEAT" in (known(query.expression) or "") for query in known(suppressor.metric_query) or ()
            )
            return "keeps its last value when its metric has no data (FILL with REPEAT)" if repeats else ""
