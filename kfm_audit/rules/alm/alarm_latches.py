"""ALM026: alarm-latches."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.evidence.alarm.series import of_dead_letters, often_silent
from kfm_audit.evidence.alarm.silence import Silence, silence
from kfm_audit.evidence.notification.delivery import Action
from kfm_audit.facts import MetricAlarm
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule
from kfm_audit.values import Unknown, ends_of, known, shown


@rule("ALM026", on=MetricAlarm, severity=Severity.WARNING)
def alarm_latches(alarm: MetricAlarm, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """The alarm stays in ALARM after the failure, and later failures page nobody.

    ## Why
    CloudWatch acts when the state changes, once. With `treat_missing_data = "ignore"` a metric that has no data
    while there is nothing to do keeps the alarm in ALARM after a failure: for days, if the function is not
    called. The next failure changes no state and pages nobody. `FILL(m, REPEAT)` in an expression does the same
    for as long as CloudWatch still sees the last datapoint.

    The depth of a dead-letter queue does the same by its nature: it stays above 0 until somebody empties
    the queue, and a hundred new dead letters are not news. That is a note, because the alarm is right and
    a second one is missing. It is not reported where an alarm watches the growth of that queue, with
    `DIFF` or `RATE`, or where the alarm also starts something that may empty it.

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
              "comparison_operator": "GreaterThanOrEqualToThreshold",
              "threshold": 1,
              "treat_missing_data": "ignore"
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
              "comparison_operator": "GreaterThanOrEqualToThreshold",
              "threshold": 1,
              "treat_missing_data": "notBreaching"
            },
            "after_unknown": {}
          }
        }
      ]
    }
    ```

    ## When it is undecided
    Where `treat_missing_data` is known only after apply, or cannot be told from the sources alone, and the
    metric is one that is often silent. And where an expression repeats the last value: how far back
    CloudWatch looks for it is not documented. Expressions that CloudWatch refuses (ALM011) or that look at
    the clock are not judged.

    ## Settings
    None.

    ## References
    CloudWatch user guide, "Alarm actions": actions are taken when the state changes; "Configuring how
    CloudWatch alarms treat missing data"; metric math, `FILL`.
    """
    comparison = known(alarm.comparison_operator) or ""
    if not comparison.startswith("Greater"):
        return
    if not ctx.evidence.shapes.once(ends_in_silence, alarm):
        yield from _in_silence(alarm, ctx)
    if of_dead_letters(alarm) and _of_depth(alarm) and not _emptied(alarm, ctx) and not _grows(alarm, ctx):
        yield ctx.fail(
            alarm,
            "stays in ALARM until somebody empties the dead-letter queue: letters that come after the "
            "first page "
            "nobody",
            at="metric_name",
            help="keep it, and add an alarm on the growth of the queue: metric math DIFF(depth) > 0, with "
            'treat_missing_data = "notBreaching"',
            severity=Severity.NOTE,
        )


def ends_in_silence(alarm: MetricAlarm) -> bool:
    """Whether it is certain that an alarm leaves ALARM when its metrics fall silent, whatever it is called."""
    ended, before = silence(alarm, AlarmState.ALARM), silence(alarm, AlarmState.OK)
    return isinstance(ended, Silence) and isinstance(before, Silence) and AlarmState.ALARM not in ended.states


def _in_silence(alarm: MetricAlarm, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """What is wrong where an alarm that is in ALARM stays there when its metrics fall silent."""
    ended = silence(alarm, AlarmState.ALARM)
    if isinstance(ended, Unknown) and often_silent(alarm):
        from kfm_audit.evidence.unset import cure, when

        own = ended is alarm.treat_missing_data
        yield ctx.undecided(
            alarm,
            f"whether it stays in ALARM while there is no data {when(ended, alarm)}: "
            f"{'treat_missing_data' if own else 'what it compares then'} depends on {ends_of(ended)}",
            at="treat_missing_data" if own else "metric_query",
            help=cure(
                ended,
                "write treat_missing_data so that the plan knows it"
                if own
                else "write expressions, ids and the threshold so that the plan knows them",
                alarm,
            ),
        )
    if not isinstance(ended, Silence) or AlarmState.ALARM not in ended.states:
        return
    if ended.repeated and len(ended.states) > 1:
        yield ctx.undecided(
            alarm,
            "may stay in ALARM while there is no data, and later failures then page nobody: FILL repeats the last "
            "value, and AWS does not document for how long",
            at=_repeats(alarm),
            help="fill with 0 instead of REPEAT",
        )
    elif ended.repeated:
        yield ctx.fail(
            alarm,
            "stays in ALARM while there is no data, because FILL repeats the last value and missing data is "
            f"{shown(alarm.treat_missing_data)}: later failures page nobody",
            at=_repeats(alarm),
            help='fill with 0 instead of REPEAT, and set treat_missing_data = "notBreaching"',
        )
    elif _is_kept(alarm) and often_silent(alarm):
        # One that goes into ALARM when data stops is ALM020's.
        yield ctx.fail(
            alarm,
            "stays in ALARM while there is no data, because missing data is ignored: until data comes back, "
            "later failures page nobody",
            at="treat_missing_data",
            help='set treat_missing_data = "notBreaching", so that it goes back to OK when there is nothing to do; '
            "a failure that stops all work then looks like its end: watch that by a heartbeat alarm",
        )


def _is_kept(alarm: MetricAlarm) -> bool:
    """Whether silence keeps an ALARM and makes none."""
    before = silence(alarm, AlarmState.OK)
    return isinstance(before, Silence) and AlarmState.ALARM not in before.states


def _repeats(alarm: MetricAlarm) -> str:
    """The attribute path of an expression that repeats the last value of a metric."""
    for query in known(alarm.metric_query) or ():
        if "REPEAT" in (known(query.expression) or ""):
            return f"{query.at}/expression"
    return "metric_query"


def _of_depth(alarm: MetricAlarm) -> bool:
    """Whether the alarm compares the depth itself, not what an expression makes of it."""
    return known(alarm.metric_name) == "ApproximateNumberOfMessagesVisible"


def _emptied(alarm: MetricAlarm, ctx: Context[NoSettings]) -> bool:
    """Whether an action is neither a notification nor known to be something else than the cure."""
    return any(action in (Action.OTHER, Action.UNKNOWN) for action in ctx.evidence.delivery.actions(alarm))


def _grows(alarm: MetricAlarm, ctx: Context[NoSettings]) -> bool:
    """Whether an alarm of the stack watches the growth of the same queue."""
    queue = (known(alarm.dimensions) or {}).get("QueueName", "")
    return ctx.evidence.alarms.readings.grows(alarm.stack, queue)
