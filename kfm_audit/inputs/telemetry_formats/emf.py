"""CloudWatch's embedded metric format (EMF): a document, an array of them, or one a line in a log.

Only the keys that `Dimensions` lists are labels. Whatever else stands in an
event, request ids above all, is a property of a log line and costs no series.
Source: CloudWatch user guide, "Specification: Embedded metric format".
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

import msgspec
from msgspec import Raw, Struct

from kfm_audit.facts import Fact
from kfm_audit.inputs.positions import join_pointer
from kfm_audit.inputs.source import Source
from kfm_audit.inputs.telemetry_formats.families import Families
from kfm_audit.inputs.telemetry_formats.losses import DECODE_ERRORS, Losses
from kfm_audit.inputs.telemetry_formats.pieces import NONE, At, Pieces, documents
from kfm_audit.values import Origin

KEY: Final = "_aws"
MARK: Final = b'"CloudWatchMetrics"'
_CURE: Final = (
    "emit the event as the specification of the embedded metric format says; CloudWatch drops it silently"
)


class _Name(Struct, frozen=True, rename="pascal"):
    name: str


class _Directive(Struct, frozen=True, rename="pascal"):
    namespace: str
    metrics: list[_Name]
    dimensions: list[list[str]] | None = None


class _Metadata(Struct, frozen=True, rename="pascal"):
    cloud_watch_metrics: Raw = NONE


@cache
def _directives() -> Pieces[_Directive]:
    return Pieces(_Directive, "metric directive", _CURE)


def read(source: Source) -> Iterator[Fact]:
    """Yield the metric families of EMF events and what was lost; other lines of a log are passed over."""
    families, losses = Families(), Losses(source)
    top = msgspec.json.Decoder(dict[str, Raw])
    events = 0
    for at, raw in documents(source):
        if KEY.encode() not in bytes(raw):
            continue
        if events:
            families.next_batch()
        events += 1
        try:
            event = top.decode(raw)
            metadata = msgspec.json.decode(event.get(KEY, b"{}"), type=_Metadata)
        except DECODE_ERRORS as error:
            losses.undecodable("event", error, _CURE, pointer=at.pointer, line=at.line)
            continue
        _read_event(event, metadata.cloud_watch_metrics, at, families, losses)
    yield from families.facts()
    yield from losses.facts


def _read_event(event: dict[str, Raw], raw: Raw, at: At, families: Families, losses: Losses) -> None:
    directives = at / KEY / "CloudWatchMetrics"
    for index, directive in _directives().all(raw, directives, losses):
        place = directives / index
        every = (_labels(event, keys, at, place, losses) for keys in directive.dimensions or [[]])
        series = [labels for labels in every if labels is not None]

        def where(_index: int, key: str, place: At = place) -> Origin:
            return Origin(at.input, at.pointer + join_pointer(key), at.line) if key else place.origin

        for metric in directive.metrics:
            families.add(metric.name, series, where, namespace=directive.namespace)


def _labels(
    event: dict[str, Raw], dimensions: list[str], at: At, place: At, losses: Losses
) -> dict[str, str] | None:
    labels = {}
    for key in dimensions:
        if key not in event:
            losses.add(
                "dimension set",
                f"names the dimension `{key}`, which the event does not hold",
                "put it into the event, or out of Dimensions: CloudWatch drops such an event silently",
                pointer=place.pointer,
                line=at.line,
            )
            return None
        try:
            labels[key] = msgspec.json.decode(event[key], type=str)
        except DECODE_ERRORS as error:
            losses.undecodable(
                f"dimension {key}",
                error,
                "write the dimension's value as a string: CloudWatch drops such an event silently",
                pointer=at.pointer + join_pointer(key),
                line=at.line,
            )
            return None
    return labels
