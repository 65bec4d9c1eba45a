"""Answers of CloudWatch's API: ListMetrics, and GetMetricData, which cannot be audited.

Source: the API reference; `MetricDataResult` has an id, a label, times and
values, but no dimensions.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

import msgspec
from msgspec import Raw, Struct

from kfm_audit.facts import Fact
from kfm_audit.inputs.source import Source
from kfm_audit.inputs.telemetry_formats.families import Families
from kfm_audit.inputs.telemetry_formats.losses import DECODE_ERRORS, Losses
from kfm_audit.inputs.telemetry_formats.pieces import NONE, At, Pieces, documents
from kfm_audit.values import Origin

METRICS: Final = "Metrics"
DATA: Final = "MetricDataResults"
_TOKEN: Final = "NextToken"  # noqa: S105 - the name of a field
_KEYS: Final = frozenset({METRICS, "OwningAccounts", _TOKEN, "ResponseMetadata"})
_CURE: Final = "save what `aws cloudwatch list-metrics --output json` answers as it is"


class _Dimension(Struct, frozen=True, rename="pascal"):
    name: str
    value: str


class _Metric(Struct, frozen=True, rename="pascal"):
    namespace: str
    metric_name: str
    dimensions: list[_Dimension] | None = None


@cache
def _metrics() -> Pieces[_Metric]:
    return Pieces(_Metric, "metric", _CURE)


def is_list(source: Source) -> bool:
    """Whether a document is an answer to ListMetrics: `Metrics` alone is a word of many."""
    values = source.shape.values
    if METRICS not in values or not values.keys() <= _KEYS:
        return False
    metrics = bytes(values[METRICS])
    return metrics[:1] == b"[" and (b'"MetricName"' in metrics or not metrics[1:-1].strip())


def read(source: Source) -> Iterator[Fact]:
    """Yield the metric families of one answer, or of one page a line, and what was lost."""
    families, losses = Families(), Losses(source)
    top = msgspec.json.Decoder(dict[str, Raw])
    last: tuple[At, Raw] | None = None
    for at, raw in documents(source):
        try:
            page = top.decode(raw)
        except DECODE_ERRORS as error:
            losses.undecodable("page", error, _CURE, pointer=at.pointer, line=at.line)
            continue
        _read_page(page.get(METRICS, NONE), at / METRICS, families, losses)
        last = at, page.get(_TOKEN, NONE)
    if last is not None and bytes(last[1]) not in (b"null", b'""'):
        losses.add(
            "the pages that follow",
            f"is one page of several: its last {_TOKEN} leads to more",
            "fetch the other pages too (the AWS CLI does without --max-items and --no-paginate) and put one "
            "answer on each line of one file",
            pointer=(last[0] / _TOKEN).pointer,
            line=last[0].line,
        )
    yield from families.facts()
    yield from losses.facts


def _read_page(raw: Raw, at: At, families: Families, losses: Losses) -> None:
    groups: dict[tuple[str, str], list[tuple[int, list[_Dimension]]]] = {}
    for index, metric in _metrics().all(raw, at, losses):
        group = groups.setdefault((metric.namespace, metric.metric_name), [])
        group.append((index, metric.dimensions or []))
    for (namespace, name), group in groups.items():

        def where(index: int, key: str, group: list[tuple[int, list[_Dimension]]] = group) -> Origin:
            number, dimensions = group[index]
            for position, dimension in enumerate(dimensions):
                if key and dimension.name == key:
                    return (at / number / "Dimensions" / position / "Value").origin
            return (at / number).origin

        series = [{dimension.name: dimension.value for dimension in dimensions} for _, dimensions in group]
        families.add(name, series, where, namespace=namespace)


def refuse_metric_data(source: Source) -> Iterator[Fact]:
    """Say that an answer to GetMetricData holds no labels, and what does."""
    losses = Losses(source)
    losses.add(
        "",
        "is an answer to CloudWatch GetMetricData, which has no dimensions: its labels cannot be judged",
        "fetch `aws cloudwatch list-metrics --namespace NAMESPACE --output json` and audit that",
    )
    yield from losses.facts
