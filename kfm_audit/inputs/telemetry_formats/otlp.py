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
from kfm_audit.inputs.telemetry_formats.losses import DECODE_ERRORS, Losses
from kfm_audit.inputs.telemetry_formats.pieces import NONE, At, Pieces, documents
from kfm_audit.values import Origin

METRICS: Final = "resourceMetrics"
OTHER_SIGNALS: Final = {"resourceSpans": "traces", "resourceLogs": "logs", "resourceProfiles": "profiles"}
SNAKE: Final = "resource_metrics"
_CURE: Final = (
    "write OTLP/JSON as opentelemetry-proto defines it, for example by the collector's file exporter"
)


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
    reader = _Reader(families, losses)
    others: set[str] = set()
    exports = 0
    top = msgspec.json.Decoder(dict[str, Raw])
    for at, raw in documents(source):
        try:
            document = top.decode(raw)
        except DECODE_ERRORS as error:
            losses.undecodable("export", error, _CURE, pointer=at.pointer, line=at.line)
            continue
        if METRICS in document:
            if exports:
                families.next_batch()
            exports += 1
            reader.export(document[METRICS], at / METRICS)
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
            "give the export of a metrics pipeline; if this file is meant for something else, exclude it in "
            "kfm-audit.toml",
        )
    yield from families.facts()
    yield from losses.facts


class _Reader(Struct, frozen=True):
    """Reads exports into families; what is lost goes to `losses`."""

    families: Families
    losses: Losses

    def export(self, raw: Raw, at: At) -> None:
        for index, resource in _decoders().resources.all(raw, at, self.losses):
            place = at / index
            for key, scopes in (
                ("scopeMetrics", resource.scope_metrics),
                ("instrumentationLibraryMetrics", resource.instrumentation_library_metrics),
            ):
                for number, scope in _decoders().scopes.all(scopes, place / key, self.losses):
                    scope_at = place / key / number
                    sender = self._sender(
                        resource.resource, place / "resource", scope.scope, scope_at / "scope"
                    )
                    self._metrics(scope.metrics, scope_at / "metrics", sender)

    def _sender(self, resource: _Bearer | None, at: At, scope: _Bearer | None, scope_at: At) -> int:
        """Make the sender known: its resource, and the scope, whose attributes stand beside the points."""
        attributes = resource.labels if resource else {}
        of_scope = scope.labels if scope else {}

        def where(_index: int, key: str) -> Origin:
            return _place(scope, scope_at, key) if key in of_scope else _place(resource, at, key)

        return self.families.sender({**attributes, **of_scope}, where)

    def _metrics(self, raw: Raw, at: At, sender: int) -> None:
        for index, metric in _decoders().metrics.all(raw, at, self.losses):
            place = at / index
            if not metric.name:
                self._lost(place, "metric", "has no name", "name the instrument")
            elif metric.data is None:
                cause = "has none of gauge, sum, histogram, exponentialHistogram and summary"
                self._lost(place, f"metric {metric.name}", cause, _CURE)
            else:
                key, data = metric.data
                self.families.declare(metric.name, place.origin)
                self._points(metric.name, data.data_points, place / key / "dataPoints", sender)

    def _points(self, name: str, raw: Raw, at: At, sender: int) -> None:
        points = list(_decoders().points.all(raw, at, self.losses))

        def where(index: int, key: str) -> Origin:
            number, point = points[index]
            return _place(point, at / number, key)

        self.families.add(name, [point.labels for _, point in points], where, sender=sender)

    def _lost(self, at: At, part: str, cause: str, cure: str) -> None:
        self.losses.add(part, cause, cure, pointer=at.pointer, line=at.line)


def _place(bearer: _Bearer | None, at: At, key: str) -> Origin:
    """The place of the value of an attribute of what stands at `at`, or that place itself."""
    for index, item in enumerate((bearer.attributes if bearer else None) or ()):
        if item.key == key:
            return (at / "attributes" / index / "value").origin
    return at.origin
