"""ALM011: invalid-metric-math."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from msgspec import structs

from kfm_audit.facts import MetricAlarm, MetricQuery
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule
from kfm_audit.values import ABSENT, Attribute, Known, Unknown, ends_of, known

if TYPE_CHECKING:
    from kfm_audit.aws.math_check import Checked, Fault
    from kfm_audit.aws.math_error import MathError

_HELP: Final = (
    "correct the expression: functions, AND and OR are written in capitals, ids begin with a lower-case "
    "letter, and the query that returns data gives one time series"
)
_SHOWN: Final = 40


@rule("ALM011", on=MetricAlarm, severity=Severity.ERROR, alike=True)
def invalid_metric_math(alarm: MetricAlarm, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """CloudWatch refuses the metric math of the alarm.

    ## Why
    Terraform takes any text for `expression`, and the apply fails when everything else is already done:
    the alarm is not there, or stays as it was. The language is small and strict: functions are upper case
    only, ids begin with a lower-case letter, SEARCH is not for alarms, a number alone is no result, and
    exactly one query returns data, a single time series. The findings name the query and the character at
    which it goes wrong.

    ## Bad
    ```json tfplan.json
    {
      "format_version": "1.2",
      "terraform_version": "1.9.5",
      "resource_changes": [
        {
          "address": "aws_cloudwatch_metric_alarm.ratio",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "ratio",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-error-ratio",
              "treat_missing_data": "notBreaching",
              "metric_query": [
                {"id": "errors", "return_data": false, "metric": [{
                  "namespace": "AWS/Lambda", "metric_name": "Errors", "period": 300, "stat": "Sum",
                  "dimensions": {"FunctionName": "prod-load"}}]},
                {"id": "calls", "return_data": false, "metric": [{
                  "namespace": "AWS/Lambda", "metric_name": "Invocations", "period": 300, "stat": "Sum",
                  "dimensions": {"FunctionName": "prod-load"}}]},
                {"id": "ratio", "return_data": true,
                 "expression": "if(FILL(calls, 0) >= 50, 100 * error / calls, 0)"}
              ]
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
          "address": "aws_cloudwatch_metric_alarm.ratio",
          "mode": "managed",
          "type": "aws_cloudwatch_metric_alarm",
          "name": "ratio",
          "change": {
            "actions": ["create"],
            "after": {
              "alarm_name": "prod-error-ratio",
              "treat_missing_data": "notBreaching",
              "metric_query": [
                {"id": "errors", "return_data": false, "metric": [{
                  "namespace": "AWS/Lambda", "metric_name": "Errors", "period": 300, "stat": "Sum",
                  "dimensions": {"FunctionName": "prod-load"}}]},
                {"id": "calls", "return_data": false, "metric": [{
                  "namespace": "AWS/Lambda", "metric_name": "Invocations", "period": 300, "stat": "Sum",
                  "dimensions": {"FunctionName": "prod-load"}}]},
                {"id": "ratio", "return_data": true,
                 "expression": "IF(FILL(calls, 0) >= 50, 100 * errors / calls, 0)"}
              ]
            },
            "after_unknown": {}
          }
        }
      ]
    }
    ```

    ## When it is undecided
    Where a query's id or expression, or which of them returns data, is known only after apply, or cannot be
    told from the sources alone; what is known is checked all the same. Where AWS does not list a form and
    does not say that it refuses it, such as the product of two arrays. Where it does not document which of two
    operators binds first, as in `a OR b AND c` and `0 < a < 10`. Metrics Insights queries (`SELECT
    ...`) are another language and are not judged.

    ## Settings
    None.

    ## References
    CloudWatch user guide, "Using metric math"; API, `PutMetricAlarm`, `Metrics`: ten metrics and ten
    expressions, one of which returns data; Terraform AWS provider,
    `expression`: 1024 characters, where the API takes 2048.
    """
    if alarm.metric_query is ABSENT:
        return
    from kfm_audit.evidence.alarm.metric_math import queries_of

    queries = queries_of(alarm)
    if isinstance(queries, Unknown):
        yield from _as_far_as_known(alarm, queries, ctx)
    elif queries is not None:
        from kfm_audit.aws.math_check import examine

        written = known(alarm.metric_query) or ()
        yield from _without_content(alarm, written, ctx)
        # Periods that differ are ALM019's.
        judged = [structs.replace(query, period=0) for query in queries]
        checked = examine(judged, threshold_id=known(alarm.threshold_metric_id) or "")
        for number, fault in enumerate(checked.faults):
            query = written[fault.query] if fault.query >= 0 else None
            yield _said(alarm, fault, query, number, ctx)
        if not checked.faults:
            yield from _unclear(alarm, written, checked, ctx)


def _unclear(
    alarm: MetricAlarm, queries: tuple[MetricQuery, ...], checked: Checked, ctx: Context[NoSettings]
) -> Iterator[Finding]:
    """What CloudWatch takes, and may read in another way than people do."""
    from kfm_audit.evidence.alarm.metric_math import is_secret

    for query in queries:
        expression = checked.expressions.get(known(query.id) or "")
        if expression is not None and expression.unclear and not is_secret(query):
            yield ctx.undecided(
                alarm,
                f"whether CloudWatch reads {expression.text!r} as it is read here is not documented "
                f"({'; '.join(item.text for item in expression.unclear)})",
                at=f"{query.at}/expression",
                help="put brackets around what belongs together",
                key="unclear",
            )


def _without_content(
    alarm: MetricAlarm, queries: tuple[MetricQuery, ...], ctx: Context[NoSettings]
) -> Iterator[Finding]:
    for query in queries:
        both = query.metric is not None and query.expression is not ABSENT
        if both or (query.metric is None and query.expression is ABSENT):
            has = "both a metric and an expression" if both else "neither a metric nor an expression"
            yield ctx.fail(
                alarm,
                f"has a metric_query with {has}",
                at=query.at,
                help="give each metric_query either a metric block or an expression",
                key="content",
            )


def _as_far_as_known(alarm: MetricAlarm, unknown: Unknown, ctx: Context[NoSettings]) -> Iterator[Finding]:
    from kfm_audit.aws.math_check import check_alone

    for query in known(alarm.metric_query) or ():
        for number, error in enumerate(check_alone(known(query.expression) or "TIME_SERIES(0)")):
            yield _said(alarm, error, query, number, ctx)
    from kfm_audit.evidence.unset import cure, when

    yield ctx.undecided(
        alarm,
        f"whether CloudWatch takes its metric math {when(unknown, alarm)}: it depends on {ends_of(unknown)}",
        at="metric_query",
        help=cure(
            unknown,
            "write ids and expressions so that the plan knows them: only names of resources need references",
            alarm,
        ),
    )


def _said(
    alarm: MetricAlarm,
    fault: Fault | MathError,
    query: MetricQuery | None,
    number: int,
    ctx: Context[NoSettings],
) -> Finding:
    """A finding on one fault; expressions and ids that are secret are not quoted."""
    from kfm_audit.evidence.alarm.metric_math import is_secret

    in_expression = query is not None and fault.position >= 0
    at = "metric_query" if query is None else f"{query.at}/expression" if in_expression else query.at
    message = f"has metric math that CloudWatch refuses: {_placed(fault, query)}"
    if not fault.certain:
        message = f"whether CloudWatch takes its metric math is not documented: {_placed(fault, query)}"
    if query is not None and is_secret(query):
        what = f"an expression that is marked sensitive is not valid from character {fault.position + 1} on"
        if not in_expression:
            what = "a query with an id that is marked sensitive is not valid"
        message = f"has metric math that CloudWatch refuses: {what}"
    elif query is None and _is_secret(alarm.threshold_metric_id):
        what = "what it watches, with a threshold_metric_id that is marked sensitive, is not valid"
        message = f"has metric math that CloudWatch refuses: {what}"
    # A cure may name ids.
    secret_ids = any(_is_secret(each.id) for each in known(alarm.metric_query) or ())
    cure = _HELP if secret_ids else fault.cure or _HELP
    key = str(number) if number else ""
    if fault.certain:
        return ctx.fail(alarm, message, at=at, help=cure, key=key)
    return ctx.undecided(
        alarm, message, at=at, help="write it in a form that AWS lists, or try it in the console", key=key
    )


def _is_secret(attribute: Attribute[str]) -> bool:
    return isinstance(attribute, Known) and attribute.sensitive


def _placed(fault: Fault | MathError, query: MetricQuery | None) -> str:
    """`Error in expression 'e1': Function 'X' not found, at character 5: 'X(m1)'`."""
    if query is None or fault.position < 0:
        return fault.message
    name = known(query.id) or "?"
    text = known(query.expression) or ""
    excerpt = text[fault.position : fault.end]
    short = excerpt if len(excerpt) <= _SHOWN else f"{excerpt[:_SHOWN]}..."
    place = f", at character {fault.position + 1}" + (f": {short!r}" if short else "")
    return f"Error in expression '{name}': {fault.message}{place}"
