"""OTLP JSON, as CloudWatch metric streams and the OpenTelemetry collector write it.

CloudWatch user guide, "Metric streams: OpenTelemetry 1.0.0 format": a metric is called
`amazonaws.com/NAMESPACE/NAME`, its attributes are Namespace, MetricName and
Dimensions, and each datapoint is a summary of one minute: sum, count, and the
quantiles 0 (Minimum) and 1 (Maximum). A gauge is one sample, a sum its Sum.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec import Raw, Struct

from kfm_audit.replay.formats.reading import DECODE_ERRORS, Lost, Read, Wanted, read_of
from kfm_audit.replay.history import Key
from kfm_audit.simulation.series import dimensions_of

MARK: Final = "resourceMetrics"
_CURE: Final = "write OTLP JSON, as the collector's file exporter does"
_PREFIX: Final = "amazonaws.com/"
_NANO: Final = 1_000_000_000
_QUANTILES: Final = {0.0: "Minimum", 1.0: "Maximum"}


class _Value(Struct, frozen=True, rename="camel"):
    string_value: str | None = None
    kvlist_value: _List | None = None


class _Pair(Struct, frozen=True):
    key: str
    value: _Value = _Value()


class _List(Struct, frozen=True):
    values: list[_Pair] = []


class _Quantile(Struct, frozen=True):
    quantile: float = 0.0
    value: float = 0.0


class _Point(Struct, frozen=True, rename="camel"):
    attributes: list[_Pair] = []
    start_time_unix_nano: str | int = 0
    time_unix_nano: str | int = 0
    count: str | int | None = None
    sum: float | None = None
    quantile_values: list[_Quantile] = []
    as_double: float | None = None
    as_int: str | int | None = None


class _Data(Struct, frozen=True, rename="camel"):
    data_points: list[_Point] = []


class _Metric(Struct, frozen=True):
    name: str = ""
    summary: _Data | None = None
    gauge: _Data | None = None
    sum: _Data | None = None


class _Scope(Struct, frozen=True):
    metrics: list[_Metric] = []


class _Resource(Struct, frozen=True, rename="camel"):
    scope_metrics: list[_Scope] = []
    instrumentation_library_metrics: list[_Scope] = []


class _Document(Struct, frozen=True, rename="camel"):
    resource_metrics: list[_Resource] = []


def read(path: str, documents: Iterator[tuple[int, Raw | bytes]], wanted: Wanted) -> Read:
    """The records of one document, or of one a line; `documents` are with their line numbers."""
    points: dict[tuple[Key, int], list[tuple[int, float]]] = defaultdict(list)
    lost: list[Lost] = []
    decoder = msgspec.json.Decoder(_Document)
    for line, raw in documents:
        try:
            document = decoder.decode(raw)
            for metric in _metrics(document):
                for key, interval, time, value in _values(metric, wanted):
                    points[key, interval].append((time, value))
        except (*DECODE_ERRORS, ValueError) as error:
            lost.append(Lost(path, f"line {line} is no OTLP: {str(error).splitlines()[0]}", _CURE))
    return read_of(path, points, lost)


def _metrics(document: _Document) -> Iterator[_Metric]:
    for resource in document.resource_metrics:
        for scope in (*resource.scope_metrics, *resource.instrumentation_library_metrics):
            yield from scope.metrics


def _values(metric: _Metric, wanted: Wanted) -> Iterator[tuple[Key, int, int, float]]:
    for data, kind in ((metric.summary, "summary"), (metric.gauge, "gauge"), (metric.sum, "sum")):
        for point in data.data_points if data else ():
            attributes = {pair.key: pair.value for pair in point.attributes}
            namespace, name = _named(metric.name, attributes)
            listed = attributes["Dimensions"].kvlist_value if "Dimensions" in attributes else None
            dimensions = dimensions_of(
                {pair.key: pair.value.string_value or "" for pair in (listed.values if listed else ())}
            )
            end, start = int(point.time_unix_nano) // _NANO, int(point.start_time_unix_nano) // _NANO
            interval = end - start if 0 < start < end else wanted.interval
            for statistic, value in _statistics(point, kind):
                key = (namespace, name, dimensions, statistic)
                if wanted.has(key):
                    yield key, interval, end - interval, value


def _named(name: str, attributes: dict[str, _Value]) -> tuple[str, str]:
    namespace = attributes.get("Namespace", _Value()).string_value
    metric = attributes.get("MetricName", _Value()).string_value
    if namespace and metric:
        return namespace, metric
    before, _, after = name.removeprefix(_PREFIX).rpartition("/")
    return before, after


def _statistics(point: _Point, kind: str) -> Iterator[tuple[str, float]]:
    if kind != "summary":
        value = float(point.as_int) if point.as_int is not None else point.as_double
        if value is not None:
            names = ("Sum",) if kind == "sum" else ("Average", "Minimum", "Maximum", "Sum")
            yield from ((name, value) for name in names)
        return
    count = float(point.count or 0)
    total = point.sum or 0.0
    if count:
        yield from (("Sum", total), ("SampleCount", count), ("Average", total / count))
    for item in point.quantile_values:
        yield _QUANTILES.get(item.quantile, f"p{item.quantile * 100:.10g}"), item.value
