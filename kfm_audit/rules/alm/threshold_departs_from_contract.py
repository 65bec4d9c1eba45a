"""ALM016: threshold-departs-from-contract."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.evidence.alarm.contract import Cell, Status
from kfm_audit.evidence.alarm.series import series_of
from kfm_audit.facts import MetricAlarm
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule
from kfm_audit.values import Unknown, first_unknown


@rule("ALM016", on=MetricAlarm, severity=Severity.WARNING)
def threshold_departs_from_contract(alarm: MetricAlarm, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """The alarm stands for one of the contract's, and does not keep its terms.

    ## Why
    The contract says what everybody may count on: a backlog of 1000 messages for 5 minutes is told, in
    every pipeline. An alarm that looks at another window, at another threshold or at one datapoint looks
    like it in every dashboard, and wakes people at other times than they were promised.

    A window of 5 minutes is kept where evaluation periods x period is at least 300 seconds, and datapoints
    to alarm x period at most 300: a breach that lasts is told by then. Thresholds that mean the same
    (`> 999` and `>= 1000` of a count, 0.02 of a share and 2 of a percentage) are the same. Of several
    alarms on one metric the closest is held against each contract alarm.

    ## Bad
    ```json tfplan.json
    {
      "format_version": "1.2",
      "terraform_version": "1.9.5",
      "resource_changes": [
        {
          "address": "aws_cloudwatch_metric_alarm.age",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "age",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-age",
              "namespace": "AWS/SQS",
              "metric_name": "ApproximateAgeOfOldestMessage",
              "dimensions": {"QueueName": "prod-soils"},
              "statistic": "Maximum",
              "comparison_operator": "GreaterThanOrEqualToThreshold",
              "threshold": 300,
              "period": 60,
              "evaluation_periods": 3
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
          "address": "aws_cloudwatch_metric_alarm.age",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "age",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-age",
              "namespace": "AWS/SQS",
              "metric_name": "ApproximateAgeOfOldestMessage",
              "dimensions": {"QueueName": "prod-soils"},
              "statistic": "Maximum",
              "comparison_operator": "GreaterThanOrEqualToThreshold",
              "threshold": 300,
              "period": 60,
              "evaluation_periods": 5,
              "datapoints_to_alarm": 3
            },
            "after_unknown": {}
          }
        }
      ]
    }
    ```

    ## When it is undecided
    Where a term is known only after apply, or cannot be told from the sources alone; where an expression does
    more than arithmetic, so that what it computes cannot be compared; and where it is not known whether the
    alarm is made.

    ## Settings
    `alarms.contract`, `alarms.overrides` (with a reason) and `environments` of each contract alarm. Without
    a contract, as in `core`, the rule is silent.

    ## References
    The KFM runbook, alarms and guard rails. CloudWatch API reference, `PutMetricAlarm`:
    `EvaluationPeriods`, `DatapointsToAlarm`, `Period`.
    """
    if not ctx.policy.alarms.contract:
        return
    for row, cell in ctx.evidence.contract.of_alarm(alarm):
        related = () if row.fact is None else (ctx.related("owes the alarm", row.fact),)
        if cell.status is Status.DEPARTS:
            yield ctx.fail(
                alarm,
                f"departs from {cell.promise.name} of the contract: "
                + "; ".join(item.what for item in cell.held.departures),
                at=cell.held.departures[0].at,
                help=_help(cell),
                related=related,
                key=cell.promise.name,
            )
        elif cell.status is Status.UNDECIDED:
            yield ctx.undecided(
                alarm,
                f"whether it keeps {cell.promise.name} of the contract cannot be told: {cell.why}",
                help=_decides(alarm, cell),
                related=related,
                key=cell.promise.name,
            )


def _decides(alarm: MetricAlarm, cell: Cell) -> str:
    """What would show whether the alarm keeps the contract's terms."""
    if not cell.held.untold:
        return "check a plan, which shows whether it is made"
    found = series_of(alarm)
    read = () if isinstance(found, Unknown) else found
    terms = (alarm.threshold, alarm.comparison_operator, alarm.evaluation_periods, alarm.datapoints_to_alarm)
    of_series = (term for series in read for term in (series.statistic, series.period))
    unknown = first_unknown(alarm.metric_query, *terms, *of_series)
    if unknown is not None:
        from kfm_audit.evidence.unset import cure

        return cure(
            unknown,
            "write threshold, statistic, period and evaluation periods so that the plan knows them",
            alarm,
        )
    if "expression" in cell.held.untold:
        alone = cell.promise.expression in cell.promise.metrics
        ours = (
            "watch the metric itself" if alone else f"write it as arithmetic, like {cell.promise.expression}"
        )
        return (
            f"{ours}; if it is meant to say something else, say so under alarms.overrides in the policy, with "
            "the reason"
        )
    return "set threshold, comparison_operator, evaluation_periods and one period for all its metrics"


def _help(cell: Cell) -> str:
    cures = ", ".join(dict.fromkeys(item.cure for item in cell.held.departures))
    reasons = "".join(f" (overridden: {reason})" for reason in cell.promise.reasons)
    return (
        f"set {cures}{reasons}; if the departure is meant, say so under alarms.overrides in the policy, with "
        "the reason"
    )
