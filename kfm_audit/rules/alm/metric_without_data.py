"""ALM008: metric-without-data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kfm_audit.aws.metrics import Dimensions, Standing, Verdict, dimension_sets, is_own, judge
from kfm_audit.evidence.alarm.series import Series, in_other_unit, series_of
from kfm_audit.facts import MetricAlarm
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule
from kfm_audit.values import Unknown, ends_of, first_unknown, keys_of, known, shown

_KNOW: Final = "build names from variables or from the name of the resource, which the plan knows"
_SHOW: Final = "check the plan beside its sources, and write the keys of dimensions out there: their values do not matter"
_COMPARE: Final = "compare its namespace, name and dimensions with what CloudWatch lists"


@rule("ALM008", on=MetricAlarm, severity=Severity.ERROR, alike=True)
def metric_without_data(alarm: MetricAlarm, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """The alarm reads a metric that never has data.

    ## Why
    A metric is its namespace, its name and the exact set of its dimensions; nothing is rolled up over
    dimensions, and CloudWatch takes an alarm on any combination. With `function_name` for `FunctionName`,
    `SQS` for `AWS/SQS` or one dimension too many the alarm stays in INSUFFICIENT_DATA, or in OK with
    `notBreaching`, whatever happens. A `unit` other than the one that AWS publishes does the same.

    What AWS's documents rule out is an error. A metric of an AWS namespace that the catalogue of this
    program does not list is a note: the catalogue is large and not complete. So is a metric without any
    dimension where that means all resources of the account and region. Metrics of your own are not
    judged, nor those of namespaces that AWS publishes and the catalogue holds nothing of, such as
    `AWS/Billing`.

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
              "dimensions": {"function_name": "prod-load"}
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
              "dimensions": {"FunctionName": "prod-load"}
            },
            "after_unknown": {}
          }
        }
      ]
    }
    ```

    ## When it is undecided
    Where the namespace or the name of a metric, or the names of its dimensions, are known only after apply. The
    values of dimensions do not matter. A plan does not show the names where one value is not known yet: the
    sources beside it do.

    ## Settings
    None.

    ## References
    CloudWatch user guide, "Metrics concepts"; the metrics pages of each service's guide; the metric
    catalogue of the AWS CDK. API, `PutMetricAlarm`, `Unit`.
    """
    found = series_of(alarm)
    if isinstance(found, Unknown):
        yield _undecided(alarm, found, "metric_query", ctx)
        return
    for series in found:
        yield from _judged(alarm, series, ctx)


def _judged(alarm: MetricAlarm, series: Series, ctx: Context[NoSettings]) -> Iterator[Finding]:
    unknown = first_unknown(series.namespace, series.metric_name)
    namespace, name = known(series.namespace), known(series.metric_name)
    if unknown is not None and is_own(namespace):
        return
    if unknown is not None:
        yield _undecided(alarm, unknown, f"{series.at}metric_name", ctx)
        return
    if namespace is None or name is None:
        return
    names = keys_of(series.dimensions)
    if isinstance(names, Unknown):
        if namespace.startswith("AWS/"):
            yield _undecided(alarm, names, f"{series.at}dimensions", ctx, _SHOW)
        return
    dimensions = known(names) or ()
    verdict = judge(namespace, name, dimensions)
    said = _said(series, namespace, name, dimensions, verdict)
    if said is not None:
        attribute, message, hint = said
        if series.is_secret:
            message, hint = "reads a metric, marked as sensitive, that AWS does not publish so", _COMPARE
        certain = verdict.certain and verdict.standing is not Standing.ACCOUNT_WIDE
        yield ctx.fail(
            alarm,
            message,
            at=f"{series.at}{attribute}",
            help=hint,
            severity=None if certain else Severity.NOTE,
        )
        return
    unit = in_other_unit(series)
    if unit:
        yield ctx.fail(
            alarm,
            f"reads {series.name} in {shown(series.unit)}, and AWS publishes it in {unit}: it never has data",
            at=f"{series.at}unit",
            help="delete unit, which selects data points and converts nothing",
        )


def _said(
    series: Series, namespace: str, name: str, dimensions: Dimensions, verdict: Verdict
) -> tuple[str, str, str] | None:
    """Attribute, message and help for a verdict; None where there is nothing to say."""
    pairs = zip(verdict.wrong, verdict.suggested, strict=False)
    suggested = ", ".join(f"{new} for {old}" for old, new in pairs if new)
    wrong = " and ".join(verdict.wrong)
    never = "it never has data" if verdict.certain else "it has no data, unless AWS's lists are incomplete"
    match verdict.standing:
        case Standing.LISTED:
            return None
        case Standing.ACCOUNT_WIDE:
            return (
                "dimensions",
                f"reads {series.name} without a dimension: that is all resources of the account and region",
                f"set dimensions to one of {_sets(verdict.sets)}, if one resource is meant",
            )
        case Standing.UNLISTED_NAMESPACE:
            return _namespace(namespace, name, dimensions, verdict)
        case Standing.UNLISTED_METRIC:
            elsewhere = f"; it is one of {' and '.join(verdict.elsewhere[:3])}" if verdict.elsewhere else ""
            certain = (
                "there is no such metric" if verdict.certain else "no list of AWS that is known here has it"
            )
            return (
                "metric_name",
                f"reads {series.name}, and {certain}{elsewhere}",
                f"write {verdict.suggested[0]}" if verdict.suggested[0] else _look(namespace),
            )
        case Standing.IMPOSSIBLE_DIMENSION:
            return (
                "dimensions",
                f"reads {series.name} by {wrong}, which {namespace} does not publish: {never}",
                f"write {suggested}" if suggested else _choose(namespace, name),
            )
        case Standing.UNPUBLISHED_SET:
            by = f"by {' and '.join(dimensions)} alone" if dimensions else "without a dimension"
            only = f"and AWS publishes it by {_sets(verdict.sets)} only"
            return (
                "dimensions",
                f"reads {series.name} {by}, {only}: {never}",
                "name exactly one of these sets; nothing is added up over dimensions that are left out",
            )


def _namespace(
    namespace: str, name: str, dimensions: Dimensions, verdict: Verdict
) -> tuple[str, str, str] | None:
    if verdict.certain:
        return (
            "namespace",
            f"reads {name} in the namespace {namespace}, which AWS does not have",
            f"write {verdict.suggested[0]}; names are case-sensitive",
        )
    if namespace.casefold().startswith("aws/"):
        meant = f"write {verdict.suggested[0]} if you mean that; else " if verdict.suggested[0] else ""
        return (
            "namespace",
            f"reads {name} in the namespace {namespace}, which is in no list of AWS that is known here",
            f"{meant}{_look(namespace)}",
        )
    meant = f"AWS/{namespace}"
    if judge(meant, name, dimensions).standing is Standing.LISTED:
        return (
            "namespace",
            f"reads {name} in the namespace {namespace}, where {meant} publishes a metric of that name",
            f"write {meant}, unless you publish a metric of your own that is called so",
        )
    return None


def _look(namespace: str) -> str:
    return f"see whether CloudWatch lists it: aws cloudwatch list-metrics --namespace {namespace}"


def _choose(namespace: str, name: str) -> str:
    sets = dimension_sets(namespace, name)
    return f"name exactly {_sets(sets)}" if sets else _look(namespace)


def _sets(sets: tuple[Dimensions, ...]) -> str:
    return " or ".join("{" + ", ".join(keys) + "}" for keys in sets if keys) or "no dimension"


def _undecided(
    alarm: MetricAlarm, unknown: Unknown, at: str, ctx: Context[NoSettings], otherwise: str = _KNOW
) -> Finding:
    from kfm_audit.evidence.unset import cure, when

    return ctx.undecided(
        alarm,
        f"whether the metric that it reads ever has data {when(unknown, alarm)}: it depends on {ends_of(unknown)}",
        at=at,
        help=cure(unknown, otherwise, alarm),
    )
