"""From a metric alarm to what is evaluated: criteria, the series that feed it, and its expressions."""

from __future__ import annotations

import re
from typing import Final, TypeVar

from msgspec import Struct

from kfm_audit.aws.alarm_evaluation import Comparison, Criteria, LowSamples, Treatment, longest_window
from kfm_audit.evidence.alarm.series import Series, in_other_unit, periods_of, series_of
from kfm_audit.evidence.alarm.silence import treatment
from kfm_audit.facts import MetricAlarm, MetricQuery
from kfm_audit.pattern import pattern
from kfm_audit.simulation.series import Dimensions, dimensions_of
from kfm_audit.simulation.timeline import Refused
from kfm_audit.values import ABSENT, Attribute, Known, ReferenceKind, Unknown, ends_of, first_unknown, known

_T = TypeVar("_T")
_PERCENTILE: Final = pattern(r"p([0-9]{1,2}(?:\.[0-9]{1,10})?|100)", re.ASCII)


class Feed(Struct, frozen=True):
    """One metric that an alarm reads; `id` is that of its query, "" for an alarm on a single metric.

    `dark` says that it is read in a unit in which AWS never publishes it: it has no data there, whatever was measured.
    """

    id: str
    namespace: str
    metric_name: str
    dimensions: Dimensions
    statistic: str
    dark: bool = False


class Expression(Struct, frozen=True):
    """An expression over other queries, and whether its value is what is compared."""

    id: str
    text: str


class Watch(Struct, frozen=True, kw_only=True):
    """What is evaluated of an alarm.

    `returned` is the id of the query whose value is compared with the
    threshold; "" for an alarm on a single metric. `spells_minimum` says that
    `datapoints_to_alarm` is configured.
    """

    criteria: Criteria
    feeds: tuple[Feed, ...]
    expressions: tuple[Expression, ...] = ()
    returned: str = ""
    spells_minimum: bool = False

    @property
    def is_math(self) -> bool:
        """Whether an expression is compared with the threshold, and not a metric."""
        return any(item.id == self.returned for item in self.expressions)


class _RefusalError(Exception):
    def __init__(self, why: str, *, unknown: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.unknown = unknown


def watch_of(alarm: MetricAlarm) -> Watch | Refused:
    """What is evaluated of an alarm, or why it cannot be."""
    try:
        return _watch(alarm)
    except _RefusalError as refusal:
        return Refused(alarm, refusal.why, refusal.unknown)


def _watch(alarm: MetricAlarm) -> Watch:
    unknown = first_unknown(alarm.metric_query, alarm.metric_name, alarm.threshold_metric_id)
    if unknown is not None:
        raise _not_known("what it reads", unknown)
    if alarm.is_promql:
        if isinstance(alarm.promql_criteria, Unknown):
            raise _not_known("what it reads", alarm.promql_criteria)
        raise _RefusalError("is a PromQL alarm: its query runs over series that no series here stands for")
    if alarm.threshold_metric_id is not ABSENT:
        raise _RefusalError(
            "compares with an anomaly detection band, which CloudWatch learns from weeks of data"
        )
    queries = known(alarm.metric_query) or ()
    expressions = tuple(_expression(query) for query in queries if query.metric is None)
    returned = _returned(queries) if queries else ""
    found = series_of(alarm)
    assert not isinstance(found, Unknown), "the queries are known here"
    feeds = tuple(_feed(item) for item in found)
    if not feeds and not expressions:
        raise _RefusalError("reads no metric")
    watched = next((feed for feed in feeds if feed.id == returned), None)
    watch = Watch(
        criteria=_criteria(alarm, _period(alarm), feeds, watched.statistic if watched else ""),
        feeds=feeds,
        expressions=expressions,
        returned=returned,
        spells_minimum=alarm.datapoints_to_alarm is not ABSENT,
    )
    if expressions:
        _try(watch)
    return watch


def _try(watch: Watch) -> None:
    """Refuse expressions that CloudWatch refuses, and those that only CloudWatch can compute."""
    from kfm_audit.aws.math_error import MathError
    from kfm_audit.simulation.math import prepared, tried

    try:
        ready = prepared(watch)
    except MathError as error:
        by_cloudwatch = "is refused by CloudWatch" if error.certain else "cannot be simulated"
        raise _RefusalError(f"{by_cloudwatch}: {error.message}") from None
    try:
        tried(watch, ready)
    except MathError as error:
        raise _RefusalError(f"cannot be simulated: {error.message}") from None


def _criteria(alarm: MetricAlarm, period: int, feeds: tuple[Feed, ...], statistic: str) -> Criteria:
    periods = _needed(alarm.evaluation_periods, "its evaluation_periods")
    datapoints = _needed(alarm.datapoints, "its datapoints_to_alarm")
    if not 1 <= datapoints <= periods:
        raise _RefusalError(f"is refused by CloudWatch: {datapoints} of {periods} datapoints to alarm")
    if periods * period > longest_window(period):
        raise _RefusalError(f"is refused by CloudWatch: it looks back over {periods} periods of {period} s")
    percentile = _PERCENTILE.fullmatch(statistic) if statistic.startswith("p") else None
    return Criteria(
        comparison=_comparison(_needed(alarm.comparison_operator, "its comparison_operator")),
        threshold=float(_needed(alarm.threshold, "its threshold")),
        period=period,
        periods=periods,
        datapoints=datapoints,
        treatment=_treatment(alarm.treat_missing_data, feeds),
        percentile=float(percentile[1]) / 100 if percentile else None,
        low_samples=_low_samples(alarm) if percentile else LowSamples.EVALUATE,
    )


def _comparison(text: str) -> Comparison:
    try:
        return Comparison(text)
    except ValueError:
        if "Lower" in text or "Upper" in text:
            why = "compares with an anomaly detection band, which CloudWatch learns from weeks of data"
            raise _RefusalError(why) from None
        raise _RefusalError(f"is refused by CloudWatch: no comparison is called {text!r}") from None


def _treatment(attribute: Attribute[str], feeds: tuple[Feed, ...]) -> Treatment:
    found = treatment(
        attribute, of_dynamodb=bool(feeds) and all(feed.namespace == "AWS/DynamoDB" for feed in feeds)
    )
    if isinstance(found, Unknown):
        raise _not_known("its treat_missing_data", found)
    if found is None:
        name = known(attribute)
        raise _RefusalError(f"is refused by CloudWatch: no treatment of missing data is called {name!r}")
    return found


def _low_samples(alarm: MetricAlarm) -> LowSamples:
    match alarm.evaluate_low_sample_count_percentiles:
        case Known(text):
            return LowSamples.IGNORE if text == "ignore" else LowSamples.EVALUATE
        case Unknown(references) as unknown:
            # The provider computes what is not set: it is then known only after apply, and the default.
            own = f"{alarm.subject}.evaluate_low_sample_count_percentiles"
            if any(item.name != own or item.kind is not ReferenceKind.UNRESOLVED for item in references):
                raise _not_known("its evaluate_low_sample_count_percentiles", unknown)
            return LowSamples.EVALUATE
        case _:
            return LowSamples.EVALUATE


def _period(alarm: MetricAlarm) -> int:
    periods = [_needed(period, "its period") for _, period in periods_of(alarm)]
    if not periods:
        raise _RefusalError("reads no metric that would give it a period")
    if len(set(periods)) > 1:
        raise _RefusalError("is refused by CloudWatch: its metrics have different periods")
    period = periods[0]
    if period not in (10, 20, 30) and (period < 60 or period % 60):
        raise _RefusalError(f"is refused by CloudWatch: a period of {period} s")
    return period


def _feed(series: Series) -> Feed:
    if series.is_secret:
        raise _RefusalError("reads a metric that the input marks as sensitive")
    dimensions = series.dimensions
    if isinstance(dimensions, Unknown):
        raise _not_known("the dimensions of its metric", dimensions)
    return Feed(
        id=series.id,
        namespace=_needed(series.namespace, "the namespace of its metric"),
        metric_name=_needed(series.metric_name, "the name of its metric"),
        dimensions=dimensions_of(known(dimensions) or {}),
        statistic=_needed(series.statistic, "the statistic of its metric"),
        dark=bool(in_other_unit(series)),
    )


def _expression(query: MetricQuery) -> Expression:
    text = _needed(query.expression, f"the expression at {query.at}")
    if text.lstrip()[:6].upper() == "SELECT":
        raise _RefusalError(
            "is a Metrics Insights alarm: its query runs over metrics that no series here stands for"
        )
    return Expression(_needed(query.id, f"the id at {query.at}"), text)


def _returned(queries: tuple[MetricQuery, ...]) -> str:
    found = []
    for query in queries:
        match query.return_data:
            case Known(True):
                found.append(query)
            case Unknown() as unknown:
                raise _not_known("which of its queries it compares", unknown)
            case _:
                pass
    if len(found) != 1:
        raise _RefusalError(f"is refused by CloudWatch: {len(found)} of its queries return data, not one")
    return _needed(found[0].id, f"the id at {found[0].at}")


def _needed(attribute: Attribute[_T], what: str) -> _T:
    match attribute:
        case Known(value):
            return value
        case Unknown() as unknown:
            raise _not_known(what, unknown)
        case _:
            raise _RefusalError(f"is refused by CloudWatch: {what} is not set")


def _not_known(what: str, unknown: Unknown) -> _RefusalError:
    return _RefusalError(f"cannot be simulated: {what} depends on {ends_of(unknown)}", unknown=True)
