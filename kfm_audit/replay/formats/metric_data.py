"""What `aws cloudwatch get-metric-data` answers, and the queries that it was asked.

API reference of GetMetricData: a result has an id, a label, times and values, but
neither metric nor dimensions. So each result is found by its label, where that is
one of ours (`kfm-audit replay --queries` writes the queries), or by the queries.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec
import numpy as np
from msgspec import Raw, Struct
from numpy.typing import NDArray

from kfm_audit.replay.formats.reading import (
    DECODE_ERRORS,
    Lost,
    Read,
    Wanted,
    members,
    record,
    seconds,
    too_wide,
)
from kfm_audit.replay.history import Key, Recorded
from kfm_audit.simulation.series import dimensions_of

RESULTS: Final = "MetricDataResults"
QUERIES: Final = "MetricDataQueries"
MOST: Final = 500
"""Queries of one request."""

_CURE: Final = "save what `aws cloudwatch get-metric-data` answers as it is"
_ASK: Final = (
    "write the queries with `kfm-audit replay --queries`, or give the file of queries beside the answer"
)
_WHOLE: Final = frozenset({"", "Z", "+00:00", ".000Z", ".000000+00:00"})
"""What may follow the seconds of a time in UTC."""


class Label(Struct, frozen=True, rename="pascal"):
    """The label that our queries carry: what was asked for, so that an answer says what it is."""

    namespace: str
    metric_name: str
    stat: str
    period: int
    dimensions: dict[str, str] = {}

    @property
    def key(self) -> Key:
        """What it names."""
        return (self.namespace, self.metric_name, dimensions_of(self.dimensions), self.stat)


_PARTIAL: Final = "PartialData"
"""API reference, "MetricDataResult": more datapoints are to be had with the answer's NextToken."""


class _Dimension(Struct, frozen=True, rename="pascal"):
    name: str
    value: str


class _Metric(Struct, frozen=True, rename="pascal"):
    namespace: str
    metric_name: str
    dimensions: list[_Dimension] = []


class _Stat(Struct, frozen=True, rename="pascal"):
    metric: _Metric
    period: int
    stat: str


class _Query(Struct, frozen=True, rename="pascal", omit_defaults=True):
    id: str
    label: str = ""
    metric_stat: _Stat | None = None


class _Result(Struct, frozen=True, rename="pascal"):
    id: str = ""
    label: str = ""
    timestamps: Raw = Raw(b"[]")
    values: list[float] = []
    status_code: str = "Complete"


class _Answer(Struct, frozen=True, rename="pascal"):
    metric_data_results: list[_Result]
    metric_data_queries: Raw = Raw(b"[]")


def queries(wanted: Iterable[tuple[Key, int]]) -> Iterator[bytes]:
    """Files of `--metric-data-queries`, as many queries in each as one request takes; (key, period) each."""
    made = []
    for number, (key, period) in enumerate(wanted):
        namespace, metric_name, dimensions, stat = key
        label = Label(namespace, metric_name, stat, period, dict(dimensions))
        metric = _Metric(namespace, metric_name, [_Dimension(*pair) for pair in dimensions])
        text = msgspec.json.encode(label).decode()
        made.append(_Query(f"s{number}", text, _Stat(metric, period, stat)))
    for first in range(0, len(made), MOST):
        yield msgspec.json.format(msgspec.json.encode(made[first : first + MOST]), indent=1)


def asked(document: Mapping[str, Raw] | Raw) -> dict[str, Label]:
    """The queries of a file, by id: a list of them, or an object that holds it."""
    try:
        raws = (
            msgspec.json.decode(document, type=list[Raw])
            if isinstance(document, Raw)
            else members(document, QUERIES)
        )
    except DECODE_ERRORS:
        return {}
    found = {}
    for raw in raws:
        try:
            query = msgspec.json.decode(raw, type=_Query)
        except DECODE_ERRORS:
            continue
        if query.metric_stat is not None:
            metric = query.metric_stat.metric
            found[query.id] = Label(
                metric.namespace,
                metric.metric_name,
                query.metric_stat.stat,
                query.metric_stat.period,
                {item.name: item.value for item in metric.dimensions},
            )
    return found


def read_answer(path: str, data: bytes, wanted: Wanted, known: Mapping[str, Label]) -> Read | None:
    """The records of an answer that is well-formed throughout; None for anything else.

    `known` are the queries of all files, by id.
    """
    try:
        answer = msgspec.json.decode(data, type=_Answer)
    except DECODE_ERRORS:
        return None
    return _read(
        path, answer.metric_data_results, {**known, **asked({QUERIES: answer.metric_data_queries})}, wanted
    )


def read(path: str, document: Mapping[str, Raw], wanted: Wanted, known: Mapping[str, Label]) -> Read:
    """The records of an answer, result for result: what is wrong with one is said of that one."""
    return _read(path, members(document, RESULTS), {**known, **asked(document)}, wanted)


def _read(path: str, results: Iterable[_Result | Raw], by_id: Mapping[str, Label], wanted: Wanted) -> Read:
    times = _Times()
    records: list[Recorded] = []
    lost: list[Lost] = []
    partial: set[Key] = set()
    whole: set[Key] = set()
    nameless = 0
    for number, item in enumerate(results):
        try:
            result = item if isinstance(item, _Result) else msgspec.json.decode(item, type=_Result)
            label = _label(result, by_id)
            if label is None:
                nameless += 1
                continue
            if result.status_code not in ("Complete", _PARTIAL):
                lost.append(Lost(path, f"the answer to {result.id} is {result.status_code}", "ask again"))
            if not wanted.has(label.key):
                continue
            (partial if result.status_code == _PARTIAL else whole).add(label.key)
            found = record(label.key, times.of(result.timestamps), np.array(result.values), label.period)
        except (*DECODE_ERRORS, ValueError, IndexError, OverflowError, TypeError) as error:
            lost.append(Lost(path, f"result {number} cannot be read: {str(error).splitlines()[0]}", _CURE))
            continue
        if found is None:
            lost.append(too_wide(path, result.id))
        else:
            records.append(found)
    if nameless:
        lost.append(Lost(path, f"{nameless} results do not say what they are of", _ASK))
    return Read(tuple(records), tuple(lost), frozenset(partial), frozenset(whole))


def _label(result: _Result, by_id: Mapping[str, Label]) -> Label | None:
    found = by_id.get(result.id)
    if result.label.startswith("{"):
        with contextlib.suppress(*DECODE_ERRORS):
            found = msgspec.json.decode(result.label, type=Label)
    return found if found is not None and found.period > 0 else None


class _Times:
    """Lists of times, read once where several results have the same one, as they mostly have."""

    def __init__(self) -> None:
        self._known: dict[bytes, NDArray[np.int64]] = {}
        self._last = b""

    def of(self, raw: Raw) -> NDArray[np.int64]:
        """Seconds since 1970. Raises ValueError."""
        text = bytes(raw)
        if text == self._last:
            # Its hash is known already: lists of times are long.
            text = self._last
        if text not in self._known:
            self._known[text] = _seconds(msgspec.json.decode(text, type=list[str | float]))
        self._last = text
        return self._known[text]


def _seconds(times: list[str | float]) -> NDArray[np.int64]:
    texts = [time for time in times if isinstance(time, str)]
    if len(texts) == len(times) and all(text[19:] in _WHOLE and text[10:11] in "T " for text in texts):
        return np.array([text[:19] for text in texts], dtype="datetime64[s]").astype(np.int64)
    return np.array([seconds(time) for time in times], dtype=np.int64)
