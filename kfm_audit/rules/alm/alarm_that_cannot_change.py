"""ALM018: alarm-that-cannot-change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kfm_audit.aws.alarm_bounds import breaching
from kfm_audit.aws.alarm_evaluation import Comparison, Treatment
from kfm_audit.aws.alarm_rule_error import AlarmRuleError
from kfm_audit.evidence.alarm.series import Series, watched
from kfm_audit.evidence.alarm.silence import treatment_of
from kfm_audit.facts import Alarm, CompositeAlarm, MetricAlarm
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule
from kfm_audit.values import ABSENT, Known, Unknown, ends_of, first_unknown, known, shown

_SIGNS: Final = {
    Comparison.AT_LEAST.value: ">=",
    Comparison.GREATER.value: ">",
    Comparison.LESS.value: "<",
    Comparison.AT_MOST.value: "<=",
}


@rule("ALM018", on=(MetricAlarm, CompositeAlarm), severity=Severity.ERROR, alike=True)
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
    Where the range of the metric is known and the threshold, the comparison, the statistic or the treatment
    of missing data is known only after apply, or cannot be told from the sources alone; and where a rule
    names so many alarms more than once that not all of their states can be tried. Metric math is not judged.

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
        from kfm_audit.evidence.unset import cure, when

        yield ctx.undecided(
            alarm,
            f"whether its threshold can be met {when(unknown, alarm)}: it depends on {ends_of(unknown)}",
            at="threshold",
            help=cure(
                unknown,
                "write threshold, comparison_operator and statistic so that the plan knows them",
                alarm,
            ),
        )
        return
    operator, threshold = known(alarm.comparison_operator) or "", known(alarm.threshold)
    if operator not in _SIGNS or threshold is None:
        return
    sign, (lowest, highest) = _SIGNS[operator], bounds
    always = breaching(Comparison(operator), threshold, lowest, highest)
    if always is None:
        return
    if not always and isinstance(alarm.treat_missing_data, Unknown):
        yield ctx.undecided(
            alarm,
            f"goes into ALARM at most by missing data, for the {shown(series.statistic)} of {series.name} is never "
            f"{sign} {shown(alarm.threshold)}: treat_missing_data depends on {ends_of(alarm.treat_missing_data)}",
            at="threshold",
            help="write treat_missing_data so that the plan knows it",
        )
        return
    if not always and treatment_of(alarm) is Treatment.BREACHING:
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


def _of_composite(alarm: CompositeAlarm, ctx: Context[NoSettings]) -> Iterator[Finding]:
    rule = ctx.evidence.alarms.rule_of(alarm)
    if rule is None or isinstance(rule, AlarmRuleError):
        return
    if (alarm.stack, alarm.subject) in ctx.evidence.alarms.suppressors():
        return
    from kfm_audit.aws.alarm_rule_outcomes import outcomes

    found = outcomes(rule)
    if found is None:
        yield ctx.undecided(
            alarm,
            "whether its rule can change cannot be told: it names too many alarms more than once",
            at="alarm_rule",
            help="make composites of parts of the rule, and a composite of these",
        )
        return
    if len(found) > 1:
        return
    state = "ALARM" if (True,) in found else "OK"
    secret = isinstance(alarm.alarm_rule, Known) and alarm.alarm_rule.sensitive
    yield ctx.fail(
        alarm,
        f"is always in {state}: its rule{'' if secret else f', {shown(alarm.alarm_rule)},'} comes out "
        "the same whatever its alarms do",
        at="alarm_rule",
        help="write a rule that depends on the state of an alarm, or delete the composite",
    )
