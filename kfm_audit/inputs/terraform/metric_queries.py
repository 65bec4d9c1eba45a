"""The parts of an alarm that are blocks: metric queries, PromQL criteria, and a composite's suppressor.

An attribute that the provider writes as "" or 0 when it is not set reads as unset.
"""

from __future__ import annotations

from typing import Final, TypeVar

from kfm_audit.facts import ActionsSuppressor, MetricQuery, MetricStat, PromqlCriteria
from kfm_audit.inputs.terraform.attributes import Attributes
from kfm_audit.values import ABSENT, Attribute, Known, Unknown

T = TypeVar("T")

_NO_METRIC: Final = MetricStat(
    namespace=Unknown(),
    metric_name=Unknown(),
    dimensions=Unknown(),
    period=Unknown(),
    stat=Unknown(),
    unit=Unknown(),
)


def unless_empty(attribute: Attribute[T]) -> Attribute[T]:
    """ABSENT for "", 0 and {}: how the provider writes into its state what is not set."""
    return ABSENT if isinstance(attribute, Known) and not attribute.value else attribute


def metric_queries(read: Attributes) -> Attribute[tuple[MetricQuery, ...]]:
    """The `metric_query` blocks; ABSENT where there is none."""
    match read.nested("metric_query"):
        case Known(()):
            return ABSENT
        case Known(blocks):
            return Known(tuple(_query(block, number) for number, block in enumerate(blocks)))
        case other:
            return other


def promql_criteria(read: Attributes) -> Attribute[PromqlCriteria]:
    """The `promql_criteria` block in `evaluation_criteria`; ABSENT where there is none.

    A period of 0 is none: a contributor changes its state at once.
    """
    match read.nested("evaluation_criteria"):
        case Known((criteria, *_)):
            found = criteria.nested("promql_criteria")
        case Unknown() as unknown:
            return unknown
        case _:
            return ABSENT
    match found:
        case Known((block, *_)):
            return Known(
                PromqlCriteria(
                    query=block.text("query"),
                    pending_period=unless_empty(block.integer("pending_period")),
                    recovery_period=unless_empty(block.integer("recovery_period")),
                )
            )
        case Unknown() as unknown:
            return unknown
        case _:
            return ABSENT


def actions_suppressor(read: Attributes) -> ActionsSuppressor | None:
    """The `actions_suppressor` block; None where there is none."""
    match read.nested("actions_suppressor"):
        case Known((block, *_)):
            return ActionsSuppressor(
                alarm=block.text("alarm"),
                wait_period=block.integer("wait_period"),
                extension_period=block.integer("extension_period"),
            )
        case Unknown() as unknown:
            return ActionsSuppressor(alarm=unknown, wait_period=unknown, extension_period=unknown)
        case _:
            return None


def _query(block: Attributes, number: int) -> MetricQuery:
    return_data = block.flag("return_data")
    return MetricQuery(
        at=f"metric_query/{number}",
        id=block.text("id"),
        expression=unless_empty(block.text("expression")),
        label=unless_empty(block.text("label")),
        period=unless_empty(block.integer("period")),
        return_data=Known(False) if return_data is ABSENT else return_data,
        account_id=unless_empty(block.text("account_id")),
        metric=_metric(block),
    )


def _metric(block: Attributes) -> MetricStat | None:
    match block.nested("metric"):
        case Known((metric, *_)):
            return MetricStat(
                namespace=unless_empty(metric.text("namespace")),
                metric_name=unless_empty(metric.text("metric_name")),
                dimensions=unless_empty(metric.mapping("dimensions")),
                period=unless_empty(metric.integer("period")),
                stat=unless_empty(metric.text("stat")),
                unit=unless_empty(metric.text("unit")),
            )
        case Unknown():
            return _NO_METRIC
        case _:
            return None
