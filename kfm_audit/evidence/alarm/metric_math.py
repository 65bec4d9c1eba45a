"""The metric math of an alarm, as CloudWatch would get it."""

from __future__ import annotations

from kfm_audit.aws.math_check import Query
from kfm_audit.facts import MetricAlarm, MetricQuery
from kfm_audit.values import Attribute, Known, Unknown, first_unknown, known


def queries_of(alarm: MetricAlarm) -> tuple[Query, ...] | Unknown | None:
    """The queries of an alarm on metric math; None for one on a single metric.

    Unknown where an id, an expression or what is returned is known only after
    apply. A period that is not known counts as not set.
    """
    match alarm.metric_query:
        case Known(queries):
            pass
        case Unknown() as unknown:
            return unknown
        case _:
            return None
    texts = (attribute for query in queries for attribute in (query.id, query.expression))
    open_ = first_unknown(*texts, *(query.return_data for query in queries), alarm.threshold_metric_id)
    return open_ or tuple(_query(query) for query in queries)


def is_secret(query: MetricQuery) -> bool:
    """Whether the input marks the expression or the id of a query as secret."""
    attributes: tuple[Attribute[str], ...] = (query.expression, query.id)
    return any(isinstance(attribute, Known) and attribute.sensitive for attribute in attributes)


def _query(query: MetricQuery) -> Query:
    beside = query.period if query.metric is None else query.metric.period
    return Query(
        id=known(query.id) or "",
        expression=known(query.expression) or "",
        period=known(beside) or 0,
        return_data=known(query.return_data) is True,
    )
