"""ALM030: value-cloudwatch-refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from kfm_audit.aws.alarm_evaluation import Comparison, Treatment
from kfm_audit.facts import Alarm, CompositeAlarm, MetricAlarm
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule
from kfm_audit.values import Attribute, Known, known, shown

_OPERATORS: Final = (
    *(comparison.value for comparison in Comparison),
    "LessThanLowerOrGreaterThanUpperThreshold",
    "LessThanLowerThreshold",
    "GreaterThanUpperThreshold",
)
_SIGNS: Final = {
    ">=": Comparison.AT_LEAST.value,
    ">": Comparison.GREATER.value,
    "<": Comparison.LESS.value,
    "<=": Comparison.AT_MOST.value,
}
_TREATMENTS: Final = tuple(treatment.value for treatment in Treatment)
_PERCENTILE: Final = (
    "write a percentile as p99, a trimmed mean as tm90 or TM(10%:90%): shares go from 0 to 100"
)
_NAME: Final = 255
_DESCRIPTION: Final = 1024


class _Refusal(Struct, frozen=True, kw_only=True):
    """What is wrong with one value, and what to write instead."""

    at: str
    message: str
    cure: str
    key: str = ""


@rule("ALM030", on=(MetricAlarm, CompositeAlarm), severity=Severity.ERROR)
def value_cloudwatch_refuses(alarm: Alarm, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """An argument of the alarm has a value that CloudWatch does not know, or one that is too long.

    ## Why
    CloudWatch takes seven operators, four treatments of missing data and the statistics of its guide, written
    exactly so: `>=`, `notbreaching` and `Avg` are none. The plan fails, or the apply does, and until then every
    other rule has to leave the alarm aside. Sources are looked at before there is a plan.

    ## Bad
    ```terraform main.tf
    resource "aws_cloudwatch_metric_alarm" "age" {
      alarm_name          = "prod-age"
      namespace           = "AWS/SQS"
      metric_name         = "ApproximateAgeOfOldestMessage"
      statistic           = "Max"
      comparison_operator = ">="
      treat_missing_data  = "notbreaching"
    }
    ```

    ## Good
    ```terraform main.tf
    resource "aws_cloudwatch_metric_alarm" "age" {
      alarm_name          = "prod-age"
      namespace           = "AWS/SQS"
      metric_name         = "ApproximateAgeOfOldestMessage"
      statistic           = "Maximum"
      comparison_operator = "GreaterThanOrEqualToThreshold"
      treat_missing_data  = "notBreaching"
    }
    ```

    ## When it is undecided
    Never. What is not known yet is for the rules that need it.

    ## Settings
    None.

    ## References
    CloudWatch API, `PutMetricAlarm`, `PutCompositeAlarm`; CloudWatch user guide, "CloudWatch statistics
    definitions".
    """
    yield from _long(alarm, "alarm_name", _NAME, ctx)
    yield from _long(alarm, "alarm_description", _DESCRIPTION, ctx)
    if isinstance(alarm, MetricAlarm):
        for refusal in ctx.evidence.shapes.once(_refusals, alarm):
            yield ctx.fail(alarm, refusal.message, at=refusal.at, help=refusal.cure, key=refusal.key)


def _long(alarm: Alarm, at: str, most: int, ctx: Context[NoSettings]) -> Iterator[Finding]:
    length = len(known(getattr(alarm, at)) or "")
    if length > most:
        yield ctx.fail(
            alarm,
            f"has an {at} of {length} characters, and CloudWatch takes at most {most}",
            at=at,
            help="shorten it",
        )


def _refusals(alarm: MetricAlarm) -> tuple[_Refusal, ...]:
    return tuple(_refused(alarm))


def _refused(alarm: MetricAlarm) -> Iterator[_Refusal]:
    from kfm_audit.aws.statistics import PLAIN, is_statistic

    yield from _listed("comparison_operator", alarm.comparison_operator, _OPERATORS)
    yield from _listed("treat_missing_data", alarm.treat_missing_data, _TREATMENTS)
    yield from _listed("statistic", alarm.statistic, PLAIN)
    of_queries = (
        (f"{query.at}/metric/0/stat", query.metric.stat)
        for query in known(alarm.metric_query) or ()
        if query.metric is not None
    )
    for at, statistic in (("extended_statistic", alarm.extended_statistic), *of_queries):
        if isinstance(statistic, Known) and not is_statistic(statistic.value):
            yield _unknown(at, statistic, _instead(statistic, PLAIN) or _PERCENTILE)
    if known(alarm.statistic) and known(alarm.extended_statistic):
        yield _Refusal(
            at="extended_statistic",
            message="sets both statistic and extended_statistic, and CloudWatch takes one",
            cure="keep the one that the threshold was chosen for",
            key="both",
        )


def _listed(at: str, attribute: Attribute[str], values: tuple[str, ...]) -> Iterator[_Refusal]:
    if isinstance(attribute, Known) and attribute.value and attribute.value not in values:
        yield _unknown(at, attribute, _instead(attribute, values) or f"write one of {', '.join(values)}")


def _unknown(at: str, attribute: Known[str], cure: str) -> _Refusal:
    name = at.rpartition("/")[2]
    value = shown(attribute) if attribute.sensitive else f'"{attribute.value}"'
    return _Refusal(at=at, message=f"has {name} = {value}, which CloudWatch does not know", cure=cure)


def _instead(attribute: Known[str], values: tuple[str, ...]) -> str:
    """The value that was meant, where it is plain."""
    text = attribute.value.lower()
    meant = _SIGNS.get(text) if values is _OPERATORS else None
    if meant is None and len(text) > 1:
        near = [value for value in values if value.lower().startswith(text) or value.lower() == text]
        meant = near[0] if len(near) == 1 else None
    if meant is None and text == "avg":
        meant = "Average" if "Average" in values else None
    return "" if meant is None or attribute.sensitive else f'write "{meant}"'
