"""OTLP/JSON: `ExportMetricsServiceRequest` as one document, or one a line as collectors write it.

Read are the attributes of data points (a series each) and of the resources and
scopes that sent them. Values, times, buckets and exemplars take no part in
cardinality and are not decoded: int64 as strings cost nothing here.
Source: opentelemetry-proto, `metrics.proto` and the OTLP/JSON encoding (lowerCamelCase keys).
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
from kfm_audit.inputs.telemetry_formats.losses import DECODE_ERRORS, Losses, plainly
from kfm_audit.inputs.telemetry_formats.pieces import NONE, At, Pieces, documents
from kfm_audit.values import Origin

METRICS: Final = "resourceMetrics"
OTHER_SIGNALS: Final = {"resourceSpans": "traces", "resourceLogs": "logs", "resourceProfiles": "profiles"}
SNAKE: Final = "resource_metrics"
_CURE: Final = "write OTLP/JSON as opentelemetry-proto defines it, for example by the collector's file exporter"


class _Message(Struct, frozen=True, rename="camel"):
    """A protobuf message in JSON: what we do not need is skipped, null is "left out"."""


class _Any(_Message, frozen=True):
    string_value: str | None = None
    bool_value: bool | None = None
    int_value: int | str | None = None
    double_value: float | str | None = None
    bytes_value: str | None = None
    array_value: Raw = NONE
    kvlist_value: Raw = NONE

    @property
    def text(self) -> str:
        """The value as exporters to label-based systems write it."""
        if self.string_value is not None:
            return self.string_value
        if self.bool_value is not None:
            return "true" if self.bool_value else "false"
        for value in (self.int_value, self.double_value, self.bytes_value):
            if value is not None:
                return str(value)
        for raw in (self.array_value, self.kvlist_value):
            if bytes(raw) != b"null":
                return bytes(msgspec.json.format(bytes(raw), indent=-1)).decode("utf-8", "replace")
        return ""


class _Attribute(_Message, frozen=True):
    key: str
    value: _Any | None = None


class _Bearer(_Message, frozen=True):
    """What has attributes: a data point, a resource, a scope."""

    attributes: list[_Attribute] | None = None

    @property
    def labels(self) -> dict[str, str]:
        return {item.key: item.value.text if item.value else "" for item in self.attributes or ()}


class _Data(_Message, frozen=True):
    data_points: Raw = NONE


class _Metric(_Message, frozen=True):
    name: str = ""
    gauge: _Data | None = None
    sum: _Data | None = None
    histogram: _Data | None = None
    exponential_histogram: _Data | None = None
    summary: _Data | None = None

    @property
    def data(self) -> tuple[str, _Data] | None:
        """The one of the five that is set, with its key."""
        return next(
            (
                (key, data)
                for key, data in (
                    ("gauge", self.gauge),
                    ("sum", self.sum),
                    ("histogram", self.histogram),
                    ("exponentialHistogram", self.exponential_histogram),
                    ("summary", self.summary),
                )
                if data is not None
            ),
            None,
        )


class _Scope(_Message, frozen=True):
    scope: _Bearer | None = None
    metrics: Raw = NONE


class _Resource(_Message, frozen=True):
    resource: _Bearer | None = None
    scope_metrics: Raw = NONE
    instrumentation_library_metrics: Raw = NONE
    """The name of `scopeMetrics` until OTLP 0.15."""


class _Decoders(Struct, frozen=True):
    resources: Pieces[_Resource]
    scopes: Pieces[_Scope]
    metrics: Pieces[_Metric]
    points: Pieces[_Bearer]


@cache
def _decoders() -> _Decoders:
    return _Decoders(
        Pieces(_Resource, "resource", _CURE),
        Pieces(_Scope, "scope", _CURE),
        Pieces(_Metric, "metric", _CURE),
        Pieces(_Bearer, "data point", _CURE),
    )


def read(source: Source) -> Iterator[Fact]:
    """Yield the metric families of an OTLP source and what was lost of it.

    Lines of traces and logs beside metrics hold nothing to judge; a source of
    nothing else is refused, with the cure.
    """
    families, losses = Families(), Losses(source)
    others: set[str] = set()
    exports = 0
    top = msgspec.json.Decoder(dict[str, Raw])
    for at, raw in documents(source):
        try:
            document = top.decode(raw)
        except DECODE_ERRORS as error:
            losses.add("export", plainly(error), _CURE, pointer=at.pointer, line=at.line)
            continue
        if METRICS in document:
            if exports:
                families.next_batch()
            exports += 1
            _read_export(document[METRICS], at / METRICS, families, losses)
        elif SNAKE in document:
            losses.add(
                "export",
                "is not OTLP/JSON: its keys are written with underscores, as the SDKs' console exporters do",
                _CURE,
                pointer=at.pointer,
                line=at.line,
            )
        elif found := sorted(OTHER_SIGNALS.keys() & document.keys()):
            others.update(OTHER_SIGNALS[key] for key in found)
        else:
            losses.add("export", "holds no `resourceMetrics`", _CURE, pointer=at.pointer, line=at.line)
    if others and not exports:
        kinds = " and ".join(sorted(others))
        losses.add(
            "",
            f"is OTLP, but holds {kinds}: there is no metric in it",
            "give the export of a metrics pipeline; if this file is meant for something else, leave it out of PATHS "
            "or exclude it in kfm-audit.toml",
        )
    yield from families.facts()
    yield from losses.facts


def _read_export(raw: Raw, at: At, families: Families, losses: Losses) -> None:
    decoders = _decoders()
    for index, resource in decoders.resources.all(raw, at, losses):
        for key, scopes in (
            ("scopeMetrics", resource.scope_metrics),
            ("instrumentationLibraryMetrics", resource.instrumentation_library_metrics),
        ):
            below = at / index / key
            for number, scope in decoders.scopes.all(scopes, below, losses):
                _read_scope(resource.resource, scope, at / index, below / number, families, losses)


def _read_scope(
    resource: _Bearer | None, scope: _Scope, resource_at: At, at: At, families: Families, losses: Losses
) -> None:
    decoders = _decoders()
    sender: int | None = None
    for index, metric in decoders.metrics.all(scope.metrics, at / "metrics", losses):
        place = at / "metrics" / index
        if not metric.name:
            losses.add("metric", "has no name", "name the instrument", pointer=place.pointer, line=at.line)
            continue
        if metric.data is None:
            losses.add(
                f"metric {metric.name}",
                "has none of gauge, sum, histogram, exponentialHistogram and summary",
                _CURE,
                pointer=place.pointer,
                line=at.line,
            )
            continue
        key, data = metric.data
        points_at = place / key / "dataPoints"
        if sender is None:
            sender = _sender(resource, scope.scope, resource_at, at, families)
        families.empty(metric.name, lambda _key, place=place: place.origin)  # type: ignore[misc]
        for number, point in decoders.points.all(data.data_points, points_at, losses):
            families.add(metric.name, point.labels, _Where(points_at / number, point), sender=sender)


def _sender(
    resource: _Bearer | None, scope: _Bearer | None, resource_at: At, scope_at: At, families: Families
) -> int:
    """Make the resource known, with the attributes of the scope: they too stand beside the data points."""
    attributes = dict(resource.labels) if resource else {}
    of_scope = scope.labels if scope else {}
    attributes.update(of_scope)

    def where(key: str) -> Origin:
        if key in of_scope:
            return _Where(scope_at / "scope", scope)(key)
        return _Where(resource_at / "resource", resource)(key)

    return families.sender(attributes, where)


class _Where(Struct, frozen=True):
    """The places of a bearer and of its attributes' values, made only for those that are asked for."""

    at: At
    bearer: _Bearer | None

    def __call__(self, key: str) -> Origin:
        for index, item in enumerate((self.bearer.attributes if self.bearer else None) or ()):
            if item.key == key:
                return (self.at / "attributes" / index / "value").origin
        return self.at.origin
