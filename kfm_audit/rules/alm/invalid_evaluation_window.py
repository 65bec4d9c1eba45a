"""ALM019: invalid-evaluation-window."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kfm_audit.aws.alarm_evaluation import HOUR, longest_window
from kfm_audit.evidence.alarm.series import periods_of
from kfm_audit.facts import Alarm, CompositeAlarm, MetricAlarm
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule
from kfm_audit.values import Known, Unknown, ends_of, known, shown

_MAX_ACTIONS: Final = 5
_SHORT: Final = (10, 20, 30)
_SHORT_IN_QUERIES: Final = (1, 5, *_SHORT)


@rule("ALM019", on=(MetricAlarm, CompositeAlarm), severity=Severity.ERROR, alike=True)
def invalid_evaluation_window(alarm: Alarm, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """CloudWatch refuses the alarm's periods, datapoints or number of actions.

    ## Why
    Terraform's provider checks little of this, so the plan looks right and the apply stops half-way: the
    alarm is not made, or keeps its old settings, while the rest of the change goes live. More than five
    actions for one state is such a case: the provider counts those for OK and INSUFFICIENT_DATA, and not
    those for ALARM.

    The limits: 1 <= M <= N, where M is `datapoints_to_alarm` and N `evaluation_periods`; a period is 10, 20,
    30 or a multiple of 60 seconds (in a `metric_query` also 1 or 5), and all metrics of one expression have
    the same; N x period is at most a day, or seven days from periods of an hour on; at most five actions for
    each state.

    ## Bad
    ```json tfplan.json
    {
      "format_version": "1.2",
      "terraform_version": "1.9.5",
      "resource_changes": [
        {
          "address": "aws_cloudwatch_metric_alarm.ingest_backlog",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "ingest_backlog",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-backlog",
              "period": 60,
              "evaluation_periods": 3,
              "datapoints_to_alarm": 5
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
          "address": "aws_cloudwatch_metric_alarm.ingest_backlog",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "ingest_backlog",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-backlog",
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
    Where `evaluation_periods`, `datapoints_to_alarm` or a period is known only after apply, or cannot be told
    from the sources alone, and what is known breaks no limit. Actions that are known only after apply are not
    counted.

    ## Settings
    None.

    ## References
    CloudWatch API, `PutMetricAlarm`: `Period`, `EvaluationPeriods`, `DatapointsToAlarm`, `AlarmActions`,
    `Metrics`; `PutCompositeAlarm`.
    """
    for at in ("alarm_actions", "ok_actions", "insufficient_data_actions"):
        actions = known(getattr(alarm, at))
        if actions is not None and len(actions) > _MAX_ACTIONS:
            yield ctx.fail(
                alarm,
                f"has {len(actions)} {at}, and CloudWatch takes at most {_MAX_ACTIONS}",
                at=at,
                help="send to one SNS topic and subscribe the others to it",
            )
    if isinstance(alarm, MetricAlarm):
        yield from _window(alarm, ctx)


def _window(alarm: MetricAlarm, ctx: Context[NoSettings]) -> Iterator[Finding]:
    wrong = [*_counts(alarm, ctx), *_periods(alarm, ctx)]
    yield from wrong
    if wrong:
        return
    for at, attribute in (
        ("evaluation_periods", alarm.evaluation_periods),
        ("datapoints_to_alarm", alarm.datapoints_to_alarm),
        *periods_of(alarm),
    ):
        if isinstance(attribute, Unknown):
            from kfm_audit.evidence.unset import cure, when

            yield ctx.undecided(
                alarm,
                f"whether CloudWatch takes its evaluation window {when(attribute, alarm)}: "
                f"{at} depends on {ends_of(attribute)}",
                at=at,
                help=cure(
                    attribute, "use values that the plan knows, such as variables with a default", alarm
                ),
            )
            return


def _counts(alarm: MetricAlarm, ctx: Context[NoSettings]) -> Iterator[Finding]:
    periods, datapoints = known(alarm.evaluation_periods), known(alarm.datapoints_to_alarm)
    for at, count in (("evaluation_periods", periods), ("datapoints_to_alarm", datapoints)):
        if count is not None and count < 1:
            yield ctx.fail(
                alarm,
                f"has {at} = {shown(getattr(alarm, at))}, which must be 1 or more",
                at=at,
                help=f"set {at} to 1 or more",
            )
    if periods is not None and datapoints is not None and datapoints > periods > 0:
        yield ctx.fail(
            alarm,
            f"asks for {shown(alarm.datapoints_to_alarm)} breaching datapoints out of "
            f"{shown(alarm.evaluation_periods)}: datapoints_to_alarm is more than evaluation_periods",
            at="datapoints_to_alarm",
            help="set evaluation_periods to at least datapoints_to_alarm; lowering datapoints_to_alarm "
            "instead makes the alarm fire sooner",
        )


def _periods(alarm: MetricAlarm, ctx: Context[NoSettings]) -> Iterator[Finding]:
    valid: dict[int, tuple[str, Known[int]]] = {}
    for at, attribute in periods_of(alarm):
        if not isinstance(attribute, Known):
            continue
        period = attribute.value
        short = _SHORT if at == "period" else _SHORT_IN_QUERIES
        if period in short or (period > 0 and period % 60 == 0):
            if not at.startswith("metric_query") or at.endswith("/metric/0/period"):
                valid.setdefault(period, (at, attribute))
            continue
        yield ctx.fail(
            alarm,
            f"has a period of {shown(attribute)} seconds, which CloudWatch refuses",
            at=at,
            help=f"use {', '.join(map(str, short))} or a multiple of 60 seconds",
        )
    if len(valid) > 1:
        yield ctx.fail(
            alarm,
            f"mixes metrics with periods of {' and '.join(shown(valid[each][1]) for each in sorted(valid))} "
            "seconds: CloudWatch wants one for all metrics of an alarm",
            at=valid[max(valid)][0],
            help="give every metric_query of the alarm the same period",
        )
        return
    for period, (_, attribute) in valid.items():
        yield from _length(alarm, period, attribute, ctx)


def _length(
    alarm: MetricAlarm, period: int, attribute: Known[int], ctx: Context[NoSettings]
) -> Iterator[Finding]:
    limit = longest_window(period)
    if (known(alarm.evaluation_periods) or 0) * period <= limit:
        return
    words = "seven days" if period >= HOUR else "one day where the period is under an hour"
    longer = "" if period >= HOUR else f", or the period to {HOUR} or more, which allows seven days"
    yield ctx.fail(
        alarm,
        f"looks back over {shown(alarm.evaluation_periods)} periods of {shown(attribute)} seconds, and "
        f"CloudWatch takes at most {words}",
        at="evaluation_periods",
        help=f"set evaluation_periods to {limit // period} or less{longer}",
    )
