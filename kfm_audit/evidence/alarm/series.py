"""What an alarm reads: its metrics, each with how it is read and where that is written."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from kfm_audit.facts import MetricAlarm, MetricQuery
from kfm_audit.values import ABSENT, Attribute, Known, Unknown, known


class Series(Struct, frozen=True, kw_only=True):
    """One metric that an alarm reads.

    `at` is the attribute path of the block that names it, with a `/` at its
    end, and "" for the alarm itself; `statistic_at` the whole path of the
    statistic. `id` is the query's, "" for an alarm on a single metric.
    `period` is in seconds.
    """

    at: str
    statistic_at: str
    id: str
    namespace: Attribute[str]
    metric_name: Attribute[str]
    dimensions: Attribute[Mapping[str, str]]
    statistic: Attribute[str]
    period: Attribute[int]
    unit: Attribute[str]
    account_id: Attribute[str] = ABSENT
    """The account that a query reads the metric of; absent: the alarm's own."""

    @property
    def name(self) -> str:
        """`AWS/SQS ApproximateAgeOfOldestMessage`, for messages; "a metric" where that cannot be said."""
        if self.is_secret:
            return "a metric"
        namespace, metric = known(self.namespace), known(self.metric_name)
        return f"{namespace} {metric}" if namespace and metric else metric or "a metric"

    @property
    def is_secret(self) -> bool:
        """Whether the input marks anything that names the metric as secret."""
        return any(
            isinstance(attribute, Known) and attribute.sensitive
            for attribute in (self.namespace, self.metric_name, self.dimensions)
        )


def in_other_unit(series: Series) -> str:
    """The unit in which AWS publishes a metric that is read in another one, and so has no data there; else "".

    API, `PutMetricAlarm`, `Unit`: it selects data points, and converts nothing.
    """
    unit, namespace, name = known(series.unit), known(series.namespace), known(series.metric_name)
    if not unit or not namespace or not name:
        return ""
    from kfm_audit.aws.statistics import unit_of

    published = unit_of(namespace, name)
    return published if published != unit else ""


def series_of(alarm: MetricAlarm) -> tuple[Series, ...] | Unknown:
    """All metrics that an alarm reads; Unknown where its queries are known only after apply."""
    match alarm.metric_query:
        case Known(queries):
            return tuple(_of_query(query) for query in queries if query.metric is not None)
        case Unknown() as unknown:
            return unknown
        case _:
            return () if alarm.metric_name is ABSENT else (_of_alarm(alarm),)


def watched(alarm: MetricAlarm) -> Series | None:
    """The one metric whose values are compared with the threshold; None where an expression is."""
    match alarm.metric_query:
        case Known(queries):
            returned = [query for query in queries if query.return_data != Known(False)]
            return _of_query(returned[0]) if len(returned) == 1 and returned[0].metric is not None else None
        case Unknown():
            return None
        case _:
            return None if alarm.metric_name is ABSENT else _of_alarm(alarm)


def often_silent(alarm: MetricAlarm) -> bool:
    """Whether all that the alarm reads has no data while there is nothing to do: Lambda, SQS.

    What the alarm makes of that, also by expressions that put values there (`FILL`), says `silence`.
    """
    from kfm_audit.aws.statistics import Emission, emission

    found = series_of(alarm)
    if isinstance(found, Unknown) or not found:
        return False
    names = ((known(series.namespace), known(series.metric_name)) for series in found)
    return all(
        namespace and name and emission(namespace, name) is not Emission.UNKNOWN for namespace, name in names
    )


def of_dead_letters(alarm: MetricAlarm) -> bool:
    """Whether the alarm reads a queue that is called one of dead letters: `soils-dlq`, `dead-letters`."""
    found = series_of(alarm)
    if isinstance(found, Unknown):
        return False
    queues = ((known(series.dimensions) or {}).get("QueueName", "") for series in found)
    return any(_is_dead_letter_queue(queue) for queue in queues)


def _is_dead_letter_queue(name: str) -> bool:
    words = name.lower().replace("_", "-").replace(".", "-").split("-")
    return "dlq" in words or words[-1].endswith("dlq") or "deadletter" in "".join(words)


def periods_of(alarm: MetricAlarm) -> tuple[tuple[str, Attribute[int]], ...]:
    """Each period in which an alarm reads, in seconds, with its attribute path.

    Metric math has them in its queries, Metrics Insights beside the expression.
    """
    match alarm.metric_query:
        case Known(queries):
            found = []
            for query in queries:
                if query.metric is not None:
                    found.append((f"{query.at}/metric/0/period", query.metric.period))
                elif query.period is not ABSENT:
                    found.append((f"{query.at}/period", query.period))
            return tuple(found)
        case Unknown() as unknown:
            return (("metric_query", unknown),)
        case _:
            return (("period", alarm.period),)


def _of_alarm(alarm: MetricAlarm) -> Series:
    extended = alarm.statistic is ABSENT and alarm.extended_statistic is not ABSENT
    return Series(
        at="",
        statistic_at="extended_statistic" if extended else "statistic",
        id="",
        namespace=alarm.namespace,
        metric_name=alarm.metric_name,
        dimensions=alarm.dimensions,
        statistic=alarm.extended_statistic if extended else alarm.statistic,
        period=alarm.period,
        unit=alarm.unit,
    )


def _of_query(query: MetricQuery) -> Series:
    metric = query.metric
    assert metric is not None, "only queries of metrics are series"
    at = f"{query.at}/metric/0/"
    return Series(
        at=at,
        statistic_at=f"{at}stat",
        id=known(query.id) or "",
        namespace=metric.namespace,
        metric_name=metric.metric_name,
        dimensions=metric.dimensions,
        statistic=metric.stat,
        period=metric.period,
        unit=metric.unit,
        account_id=query.account_id,
    )
