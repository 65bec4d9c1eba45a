"""ALM018: alarm-that-cannot-change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
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
from kfm_audit.evidence.series import Series, watched
from kfm_audit.facts import Alarm, CompositeAlarm, MetricAlarm
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule
from kfm_audit.values import ABSENT, Known, Unknown, ends_of, first_unknown, known, shown

_SIGNS: Final = {
    "GreaterThanOrEqualToThreshold": ">=",
    "GreaterThanThreshold": ">",
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "<=",
}
_MOST_CHILDREN: Final = 7
"""Of more alarms not all combinations of states are tried: three to the seventh are 2,187."""


@rule("ALM018", on=(MetricAlarm, CompositeAlarm), severity=Severity.ERROR)
def alarm_that_cannot_change(alarm: Alarm, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """No value of the metric, or no state of its alarms, changes the alarm's state.

    ## Why
    A count is never below 0 and a percentage never above 100: `>= 0` errors is always true, `> 100`
    percent never. Such an alarm is in ALARM from its first data point and pages once, or it never pages
    at all. The same goes for a composite whose rule comes out the same whatever its alarms do, such as
    `ALARM(a) OR NOT ALARM(a)`.

    A threshold that is never met is left alone where missing data is `breaching`: such an alarm goes off
    when the data stops. A composite with a constant rule is left alone where it suppresses another one:
    that is a switch.

    ## Bad
    ```json tfplan.json
    {
      "format_version": "1.2",
      "terraform_version": "1.9.5",
      "resource_changes": [
        {
          "address": "aws_cloudwatch_metric_alarm.errors",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "errors",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-errors",
              "namespace": "AWS/Lambda",
              "metric_name": "Errors",
              "dimensions": {"FunctionName": "prod-load"},
              "statistic": "Sum",
              "comparison_operator": "GreaterThanOrEqualToThreshold",
              "threshold": 0
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
          "address": "aws_cloudwatch_metric_alarm.errors",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "errors",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-errors",
              "namespace": "AWS/Lambda",
              "metric_name": "Errors",
              "dimensions": {"FunctionName": "prod-load"},
              "statistic": "Sum",
              "comparison_operator": "GreaterThanOrEqualToThreshold",
              "threshold": 5
            },
            "after_unknown": {}
          }
        }
      ]
    }
    ```

    ## When it is undecided
    Where the range of the metric is known and the threshold, the comparison or the statistic is known
    only after apply. Metric math and composites of more than seven alarms are not judged.

    ## Settings
    None.

    ## References
    The metrics pages of the service guides; CloudWatch API, `PutMetricAlarm`, `ComparisonOperator`: the
    statistic is the first operand.
    """
    if isinstance(alarm, MetricAlarm):
        yield from _of_metric(alarm, ctx)
    elif isinstance(alarm, CompositeAlarm):
        yield from _of_composite(alarm, ctx)


def _of_metric(alarm: MetricAlarm, ctx: Context[NoSettings]) -> Iterator[Finding]:
    series = watched(alarm)
    if series is None or alarm.threshold_metric_id is not ABSENT:
        return
    unknown = first_unknown(alarm.threshold, alarm.comparison_operator, series.statistic)
    bounds = _range(series)
    if bounds is None:
        return
    if unknown is not None:
        yield ctx.undecided(
            alarm,
            f"whether its threshold can be met is known only after apply: it depends on {ends_of(unknown)}",
            at="threshold",
            help="write threshold, comparison_operator and statistic so that the plan knows them",
        )
        return
    sign, threshold = _SIGNS.get(known(alarm.comparison_operator) or ""), known(alarm.threshold)
    if sign is None or threshold is None:
        return
    lowest, highest = bounds
    least, most = _holds(lowest, sign, threshold), highest is not None and _holds(highest, sign, threshold)
    # Each comparison holds on one side of the threshold: what both ends of the range do, all of it does.
    always = least and (most or sign.startswith(">"))
    never = not least and (sign.startswith("<") or (highest is not None and not most))
    if not always and not (never and known(alarm.treat_missing_data) != "breaching"):
        return
    limits = f"never below {lowest:g}" + (f" or above {highest:g}" if highest is not None else "")
    yield ctx.fail(
        alarm,
        f"{'is in ALARM whenever there is data' if always else 'can never go into ALARM'}: "
        f"the {shown(series.statistic)} of {series.name} is {limits}, and it waits for "
        f"{sign} {shown(alarm.threshold)}",
        at="threshold",
        help=_help(sign, threshold, bounds, always=always),
    )


def _help(sign: str, threshold: float, bounds: tuple[float, float | None], *, always: bool) -> str:
    lowest, highest = bounds
    if highest == 1 and 1 < threshold <= 100:
        return "the metric is a fraction between 0 and 1: divide the threshold by 100"
    if always and sign == ">=":
        return f"to fire on the first event, write GreaterThanThreshold {lowest:g}, or >= {lowest + 1:g}"
    if not always and sign == "<":
        return f"to fire when there is nothing, write LessThanOrEqualToThreshold {lowest:g}"
    return "choose a threshold that the metric can reach and leave again"


def _range(series: Series) -> tuple[float, float | None] | None:
    """The values that the series can have, whatever statistic where that is not known; None: not known."""
    from kfm_audit.aws.statistics import value_range

    namespace, name = known(series.namespace), known(series.metric_name)
    if namespace is None or name is None:
        return None
    statistic = "Maximum" if isinstance(series.statistic, Unknown) else known(series.statistic) or ""
    found = value_range(namespace, name, statistic)
    return (found.lowest, found.highest) if found else None


def _holds(value: float, sign: str, threshold: float) -> bool:
    return {
        ">=": value >= threshold,
        ">": value > threshold,
        "<": value < threshold,
        "<=": value <= threshold,
    }[sign]


def _of_composite(alarm: CompositeAlarm, ctx: Context[NoSettings]) -> Iterator[Finding]:
    rule = ctx.evidence.alarms.rule_of(alarm)
    if rule is None or isinstance(rule, AlarmRuleError):
        return
    names = sorted({alarm_name(child.child) for child in ctx.evidence.alarms.children_of(alarm)})
    if len(names) > _MOST_CHILDREN or (alarm.stack, alarm.subject) in ctx.evidence.alarms.suppressors():
        return
    outcomes = set()
    for states in product(AlarmState, repeat=len(names)):
        outcomes.add(_true(rule, dict(zip(names, states, strict=True))))
        if len(outcomes) > 1:
            return
    state = "ALARM" if outcomes == {True} else "OK"
    secret = isinstance(alarm.alarm_rule, Known) and alarm.alarm_rule.sensitive
    yield ctx.fail(
        alarm,
        f"is always in {state}: its rule{'' if secret else f', {shown(alarm.alarm_rule)},'} comes out "
        "the same whatever its alarms do",
        at="alarm_rule",
        help="write a rule that depends on the state of an alarm, or delete the composite",
    )


def _true(node: Node, states: Mapping[str, AlarmState]) -> bool:
    match node:
        case InState(state, child):
            return states[alarm_name(child)] is state
        case Constant(value):
            return value
        case Not(operand):
            return not _true(operand, states)
        case And(operands):
            return all(_true(operand, states) for operand in operands)
        case Or(operands):
            return any(_true(operand, states) for operand in operands)
        case AtLeast():
            hits = sum(_true(child, states) is not node.negated for child in node.children)
            return hits >= node.minimum
