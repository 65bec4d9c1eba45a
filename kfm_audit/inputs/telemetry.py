"""Telemetry: metrics with their labels, in the formats that tools write them.

A format is told by structure, not by ending. What is telemetry but cannot be
judged (values without dimensions, traces, logs) is refused with the cure,
never ignored.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from functools import lru_cache
from typing import Final, assert_never

from kfm_audit.facts import Fact
from kfm_audit.inputs.kind import Kind, ReadContext, Reading
from kfm_audit.inputs.positions import Positions
from kfm_audit.inputs.source import Form, Source
from kfm_audit.values import Location, Origin

NAMES: Final = (
    "*reliability-telemetry.json",
    "*energy-telemetry.json",
    "*carbon-telemetry.json",
    "*.prom",
    "*.om",
    "*.openmetrics",
    "*.otlp.json",
    "*.otlp.jsonl",
    "*.emf.json",
    "*.emf.jsonl",
)


class Format(Enum):
    """A way in which telemetry is written."""

    OTLP = "OTLP/JSON"
    EMF = "CloudWatch embedded metric format"
    LIST_METRICS = "CloudWatch ListMetrics"
    METRIC_DATA = "CloudWatch GetMetricData"
    PROMETHEUS_API = "Prometheus API"
    EXPOSITION = "Prometheus text or OpenMetrics"
    KFM = "KFM telemetry"


def format_of(source: Source) -> Format | None:
    """The format of a source, or None where it is no telemetry. Raises OSError."""
    shape = source.shape
    match shape.form:
        case Form.OBJECT | Form.ARRAY | Form.LINES:
            return _json_format(source, shape.keys)
        case Form.TEXT:
            from kfm_audit.inputs.telemetry_formats import exposition

            return Format.EXPOSITION if exposition.is_exposition(source) else None
        case Form.EMPTY | Form.BROKEN_JSON | Form.NOT_UTF8 | Form.TOO_DEEP:
            return None
        case _:
            assert_never(shape.form)


_OTLP_KEYS: Final = frozenset(
    {"resourceMetrics", "resource_metrics", "resourceSpans", "resourceLogs", "resourceProfiles"}
)


def _json_format(source: Source, keys: frozenset[str]) -> Format | None:
    if keys & _OTLP_KEYS:
        return Format.OTLP
    if "_aws" in keys or (source.shape.form is Form.LINES and b'"CloudWatchMetrics"' in source.head):
        return Format.EMF
    if "MetricDataResults" in keys:
        return Format.METRIC_DATA
    if "Metrics" in keys:
        from kfm_audit.inputs.telemetry_formats import cloudwatch

        if cloudwatch.is_list(source):
            return Format.LIST_METRICS
    if "status" in keys and source.shape.form is Form.OBJECT:
        from kfm_audit.inputs.telemetry_formats import prometheus_api

        if prometheus_api.is_answer(source):
            return Format.PROMETHEUS_API
    if "schema" in keys or source.path.endswith("-telemetry.json"):
        from kfm_audit.inputs.telemetry_formats import kfm

        if kfm.is_document(source):
            return Format.KFM
    return None


def recognise(source: Source) -> bool:
    """Whether a source is telemetry of any format, also of one that is refused."""
    return format_of(source) is not None


def read(source: Source, context: ReadContext) -> Reading:  # noqa: ARG001 - `Read`'s signature
    """The metric families and schema documents of a source, and what was lost of it."""
    return Reading(tuple(_facts(source, format_of(source))))


def _facts(source: Source, found: Format | None) -> Iterator[Fact]:
    # Each reader is imported where it is used: a run pays only for what it reads.
    match found:
        case Format.OTLP:
            from kfm_audit.inputs.telemetry_formats import otlp

            yield from otlp.read(source)
        case Format.EMF:
            from kfm_audit.inputs.telemetry_formats import emf

            yield from emf.read(source)
        case Format.LIST_METRICS:
            from kfm_audit.inputs.telemetry_formats import cloudwatch

            yield from cloudwatch.read(source)
        case Format.METRIC_DATA:
            from kfm_audit.inputs.telemetry_formats import cloudwatch

            yield from cloudwatch.refuse_metric_data(source)
        case Format.PROMETHEUS_API:
            from kfm_audit.inputs.telemetry_formats import prometheus_api

            yield from prometheus_api.read(source)
        case Format.EXPOSITION:
            from kfm_audit.inputs.telemetry_formats import exposition

            yield from exposition.read(source)
        case Format.KFM:
            from kfm_audit.inputs.telemetry_formats import kfm

            yield from kfm.read(source)
        case None:
            # `--kind telemetry` was said of something else.
            from kfm_audit.inputs.kind import unreadable

            yield unreadable(
                source,
                f"is none of the formats of telemetry: {', '.join(item.value for item in Format)}",
                "save what the exporter or the API gives as it is",
            )
        case _:
            assert_never(found)


def locate(source: Source, origin: Origin, attribute: str) -> Location:
    """The place of a fact's origin, and below it of an attribute, where that exists."""
    if source.shape.form is Form.TEXT:
        if origin.pointer and not origin.line:
            from kfm_audit.inputs.telemetry_formats import exposition

            return exposition.locate(source, origin, attribute)
        return Location(source.path, origin.line, 1 if origin.line else 0)
    if origin.line:
        return _in_line(source, origin, attribute)
    return source.positions.location(source.path, origin.pointer, attribute)


def _in_line(source: Source, origin: Origin, attribute: str) -> Location:
    """A place in the document that stands on one line of JSON lines."""
    if not origin.pointer:
        return Location(source.path, origin.line, 1)
    found = _positions(source, origin.line).location(source.path, origin.pointer, attribute)
    return Location(source.path, origin.line, found.column, origin.line, found.end_column, found.pointer)


# Hundreds of findings may stand in one line: exporters write batches of megabytes.
@lru_cache(maxsize=16)
def _positions(source: Source, line: int) -> Positions:
    return Positions(_lines(source)[line - 1])


@lru_cache(maxsize=2)
def _lines(source: Source) -> list[bytes]:
    return source.data.split(b"\n")


def _openings(key: str) -> Iterator[bytes]:
    """How a document begins whose first key is `key`: deep in another document it says nothing."""
    for gap in ("", "\n ", "\n  ", "\n    ", "\n\t"):
        yield f'{{{gap}"{key}"'.encode()


KIND: Final = Kind(
    name="telemetry",
    title="telemetry",
    names=NAMES,
    recognise=recognise,
    read=read,
    locate=locate,
    # Label values may hold e-mail addresses and secrets: messages mask them, an excerpt would not.
    excerpt=False,
    marks=(*_openings("resourceMetrics"), *_openings("MetricDataResults"), b'"CloudWatchMetrics"'),
)
