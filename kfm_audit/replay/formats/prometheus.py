"""What Prometheus answers to `/api/v1/query_range`, for metrics that an exporter copied from CloudWatch.

The names are those of prometheus/cloudwatch_exporter (`aws_lambda_errors_sum`,
`function_name`) and of yet-another-cloudwatch-exporter (`dimension_FunctionName`):
compared without case and underscores. Prometheus repeats the last sample for up to
five minutes, so that gaps shorter than that are not seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec
import numpy as np
from msgspec import Raw, Struct

from kfm_audit.replay.formats.reading import DECODE_ERRORS, Lost, Read, Wanted, record, too_wide
from kfm_audit.replay.history import Key

_CURE: Final = "save what /api/v1/query_range answers as it is"
_DIMENSION: Final = "dimension"


class _Series(Struct, frozen=True):
    metric: dict[str, str]
    values: list[tuple[float, str]]


class _Data(Struct, frozen=True, rename="camel"):
    result_type: str
    result: list[Raw] = []


def read(path: str, data: Raw, wanted: Wanted) -> Read:
    """The records of one answer; `data` is its member of that name."""
    try:
        answer = msgspec.json.decode(data, type=_Data)
    except DECODE_ERRORS as error:
        return Read(lost=(Lost(path, f"is no answer of Prometheus: {error}", _CURE),))
    if answer.result_type != "matrix":
        cause = f"holds a {answer.result_type}: one moment, not a range"
        return Read(lost=(Lost(path, cause, "query a range with /api/v1/query_range"),))
    by_name = _by_name(wanted)
    records = []
    lost = []
    for number, raw in enumerate(answer.result):
        try:
            series = msgspec.json.decode(raw, type=_Series)
            times = np.array([int(time) for time, _ in series.values], dtype=np.int64)
            values = np.array([float(value) for _, value in series.values])
        except (*DECODE_ERRORS, ValueError, OverflowError) as error:
            lost.append(Lost(path, f"result {number} cannot be read: {error}", _CURE))
            continue
        key = next(_matching(series.metric, by_name), None)
        if key is None:
            continue
        steps = np.diff(times)
        interval = int(steps[steps > 0].min()) if (steps > 0).any() else wanted.interval
        found = record(key, times, values, interval)
        if found is None:
            lost.append(too_wide(path, key[1]))
        else:
            records.append(found)
    return Read(tuple(records), tuple(lost))


def _by_name(wanted: Wanted) -> Mapping[str, list[Key]]:
    found: dict[str, list[Key]] = {}
    for key in sorted(wanted.keys):
        namespace, metric_name, _, statistic = key
        found.setdefault(_plain(namespace + metric_name + statistic), []).append(key)
    return found


def _matching(labels: Mapping[str, str], by_name: Mapping[str, list[Key]]) -> Iterator[Key]:
    """The metrics that a series may be: it has all their dimensions, and no other that is marked as one."""
    plain = {_plain(name).removeprefix(_DIMENSION): value for name, value in labels.items()}
    marked = {_plain(name).removeprefix(_DIMENSION) for name in labels if name.startswith(f"{_DIMENSION}_")}
    candidates = by_name.get(_plain(labels.get("__name__", "")), ())
    for key in sorted(candidates, key=lambda key: -len(key[2])):
        dimensions = {_plain(name): value for name, value in key[2]}
        if dimensions.items() <= plain.items() and marked <= dimensions.keys():
            yield key


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
