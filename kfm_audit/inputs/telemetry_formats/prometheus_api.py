"""Answers of the Prometheus HTTP API: `/api/v1/series`, `/query`, `/query_range` and `/status/tsdb`.

`le` and `quantile` are no labels here: they bound a histogram's buckets and a
summary's quantiles by construction. Nor are `job` and `instance`, which
Prometheus itself adds for each target: they make series of their own, but no
team chose them. The series names of one histogram, summary or counter are one
metric, and its series are counted once for each set of labels.
Source: https://prometheus.io/docs/prometheus/latest/querying/api/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Final

import msgspec
from msgspec import Raw, Struct

from kfm_audit.facts import Fact, MetricFamily
from kfm_audit.inputs.positions import join_pointer
from kfm_audit.inputs.source import Source
from kfm_audit.inputs.telemetry_formats.families import Families, LabelSet, Where, family_names
from kfm_audit.inputs.telemetry_formats.losses import DECODE_ERRORS, Losses
from kfm_audit.inputs.telemetry_formats.pieces import NONE, At, Pieces
from kfm_audit.values import Origin

TARGET: Final = ("job", "instance")
BOUNDS: Final = ("le", "quantile")
_NAME: Final = "__name__"
_CURE: Final = "save the answer of /api/v1/series?match[]=... as it is (`curl -o series.json`)"


class _Result(Struct, frozen=True):
    metric: dict[str, str]


class _Query(Struct, frozen=True, rename="camel"):
    result_type: str
    result: Raw = NONE


class _Count(Struct, frozen=True):
    name: str
    value: int


class _Status(Struct, frozen=True, rename="camel"):
    series_count_by_metric_name: Raw = NONE


class _Decoders(Struct, frozen=True):
    series: Pieces[dict[str, str]]
    results: Pieces[_Result]
    counts: Pieces[_Count]


@cache
def _decoders() -> _Decoders:
    return _Decoders(
        Pieces(dict[str, str], "series", _CURE),
        Pieces(_Result, "result", _CURE),
        Pieces(_Count, "series count", "save the answer of /api/v1/status/tsdb as it is"),
    )


def is_answer(source: Source) -> bool:
    """Whether a document is an answer that tells of series: the envelope alone is everybody's."""
    values = source.shape.values
    if not {"status", "data"} <= values.keys() and not {"status", "errorType", "error"} <= values.keys():
        return False
    data = bytes(values.get("data", NONE))
    start = data[:4096]
    if data[:1] == b"[":
        return b'"__name__"' in start or (not data[1:-1].strip() and _is_ok(values))
    return b'"resultType"' in data or b'"seriesCountByMetricName"' in data or "errorType" in values


def _is_ok(values: dict[str, Raw]) -> bool:
    return bytes(values["status"]) == b'"success"' and values.keys() <= {
        "status",
        "data",
        "warnings",
        "infos",
    }


def read(source: Source) -> Iterator[Fact]:
    """Yield the metric families of an answer and what was lost of it."""
    losses = Losses(source)
    values = source.shape.values
    at = At(source.path)
    data = values.get("data", NONE)
    if bytes(values["status"]) != b'"success"':
        losses.add(
            "",
            f"is an answer of Prometheus that says {_error(values)}",
            "ask again, and save what it answers",
        )
    elif _is_of_texts(data):
        losses.add(
            "",
            "is an answer of Prometheus that lists names of labels or their values, and no metric that has them",
            _CURE,
        )
    elif bytes(data)[:1] == b"[":
        yield from _read_series(
            (
                (at / "data" / index, series)
                for index, series in _decoders().series.all(data, at / "data", losses)
            ),
            losses,
            lambda place, key: place.pointer + join_pointer(key),
        )
    elif b'"resultType"' in bytes(data):
        yield from _read_query(data, at / "data", losses)
    else:
        yield from _read_status(data, at / "data", losses)
    for number, warning in enumerate(_warnings(values)):
        losses.add(
            "data",
            f"Prometheus warns that the answer is not whole: `{warning}`",
            "ask again, without `limit` or for less at once, and save what it answers",
            pointer=(at / "warnings" / number).pointer,
        )
    yield from losses.facts


def _is_of_texts(data: Raw) -> bool:
    """Whether an answer's data are texts, as of /api/v1/labels and /api/v1/label/NAME/values."""
    return bytes(data)[:1] == b"[" and bytes(data)[1:].lstrip()[:1] == b'"'


def _warnings(values: dict[str, Raw]) -> list[str]:
    """What went wrong while the answer was made: "errors that do not inhibit the request execution".

    What a query itself is warned of (`PromQL warning: ...`) takes nothing away.
    """
    try:
        texts = msgspec.json.decode(values.get("warnings", NONE), type=list[str] | None)
    except DECODE_ERRORS:
        return []
    return [text for text in texts or () if not text.startswith("PromQL ")]


def _error(values: dict[str, Raw]) -> str:
    texts = []
    for key in ("errorType", "error"):
        try:
            texts.append(msgspec.json.decode(values.get(key, NONE), type=str))
        except DECODE_ERRORS:
            continue
    return f"`{': '.join(texts)}`" if texts else "that it did not succeed"


def _read_query(data: Raw, at: At, losses: Losses) -> Iterator[Fact]:
    try:
        query = msgspec.json.decode(data, type=_Query)
    except DECODE_ERRORS as error:
        losses.undecodable("query", error, _CURE, pointer=at.pointer)
        return
    if query.result_type not in ("vector", "matrix"):
        losses.add(
            "query",
            f"is the result of a query for a {query.result_type}, which has no labels",
            "query the metrics themselves, or save the answer of /api/v1/series",
            pointer=at.pointer,
        )
        return
    results = _decoders().results.all(query.result, at / "result", losses)
    yield from _read_series(
        ((at / "result" / index, result.metric) for index, result in results),
        losses,
        lambda place, key: place.pointer + "/metric" + (join_pointer(key) if key else ""),
    )


def _read_series(
    series: Iterator[tuple[At, LabelSet]], losses: Losses, pointer: Callable[[At, str], str]
) -> Iterator[Fact]:
    places: list[At] = []
    named: list[tuple[str, LabelSet]] = []
    nameless: list[At] = []
    for place, labels in series:
        name = labels.pop(_NAME, "")
        if name:
            places.append(place)
            named.append((name, labels))
        else:
            nameless.append(place)
    families = Families()
    add_series(
        families,
        named,
        lambda index, key: Origin(
            places[index].input, pointer(places[index], key) if key else places[index].pointer
        ),
    )
    if nameless:
        losses.add(
            f"{len(nameless)} of {len(nameless) + len(named)} results",
            "have no metric name: functions and aggregations drop it",
            "query the metric itself, without functions around it, or save the answer of /api/v1/series",
            pointer=nameless[0].pointer,
        )
    yield from families.facts()


def add_series(families: Families, series: Sequence[tuple[str, LabelSet]], where: Where) -> None:
    """Add series as Prometheus knows them: by metric, without bounds and empty labels, the target apart.

    `series` are names of series with their labels; `where` takes their indices.
    """
    names = family_names(name for name, _ in series)
    groups: dict[tuple[str, int], tuple[list[int], list[LabelSet]]] = {}
    for number, (name, labels) in enumerate(series):
        target = hash(tuple(labels.get(key) for key in TARGET))
        numbers, own = groups.setdefault((names[name], target), ([], []))
        numbers.append(number)
        own.append(
            {
                key: value
                for key, value in labels.items()
                if value and key not in TARGET and key not in BOUNDS and not key.startswith("__")
            }
        )
    for (name, target), (numbers, own) in groups.items():

        def place(index: int, key: str, numbers: list[int] = numbers) -> Origin:
            return where(numbers[index], key)

        families.add(name, own, place, sender=target)


def _read_status(data: Raw, at: At, losses: Losses) -> Iterator[Fact]:
    try:
        status = msgspec.json.decode(data, type=_Status)
    except DECODE_ERRORS as error:
        losses.undecodable("status", error, _CURE, pointer=at.pointer)
        return
    counts = at / "seriesCountByMetricName"
    for index, count in _decoders().counts.all(status.series_count_by_metric_name, counts, losses):
        yield MetricFamily(
            subject=count.name,
            origin=(counts / index).origin,
            name=count.name,
            series=count.value,
            labels_known=False,
        )
