"""CSV with a header: timestamp, namespace, metric, dimensions, statistic, value, and if need be period.

One datapoint a line; a datapoint that is missing is a line that is not there.
Dimensions are written `FunctionName=prod-load;Resource=prod-load:live`.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from kfm_audit.replay.formats.reading import Lost, Read, Wanted, read_of, seconds
from kfm_audit.replay.history import Key
from kfm_audit.simulation.series import Dimensions, dimensions_of

_COLUMNS: Final = {
    "timestamp": ("timestamp", "time"),
    "namespace": ("namespace",),
    "metric": ("metric", "metric_name", "metricname"),
    "statistic": ("statistic", "stat"),
    "value": ("value",),
}
_CURE: Final = "give it the columns timestamp, namespace, metric, dimensions, statistic, value"
_SHOWN: Final = 3


def read(path: str, text: str, wanted: Wanted) -> Read:
    """The records of a table."""
    try:
        return _read(path, text, wanted)
    except csv.Error as error:
        return Read(lost=(Lost(path, f"is no CSV: {error}", _CURE),))


def _read(path: str, text: str, wanted: Wanted) -> Read:
    rows = csv.reader(text.splitlines(), strict=True)
    header = [name.strip().lower() for name in next(rows, [])]
    columns = {what: _column(header, names) for what, names in _COLUMNS.items()}
    missing = [what for what, at in columns.items() if at < 0]
    if missing:
        return Read(lost=(Lost(path, f"has no column {' or '.join(missing)}", _CURE),))
    beside = {name: _column(header, (name,)) for name in ("dimensions", "period")}
    points: dict[tuple[Key, int], list[tuple[int, float]]] = defaultdict(list)
    lost: list[Lost] = []
    dimensions: dict[str, Dimensions] = {}
    wrong = 0
    for number, row in enumerate(rows, start=2):
        if not row:
            continue
        try:
            cells = {what: row[at].strip() for what, at in columns.items()}
            written = row[beside["dimensions"]] if beside["dimensions"] >= 0 else ""
            if written not in dimensions:
                dimensions[written] = _dimensions(written)
            interval = _period(row[beside["period"]]) if beside["period"] >= 0 else wanted.interval
            time, value = seconds(cells["timestamp"]), float(cells["value"])
        except (ValueError, IndexError, OverflowError) as error:
            wrong += 1
            if wrong <= _SHOWN:
                lost.append(Lost(path, f"line {number} cannot be read: {error}", _CURE))
            continue
        key = (cells["namespace"], cells["metric"], dimensions[written], cells["statistic"])
        if wanted.has(key):
            points[key, interval].append((time, value))
    if wrong > _SHOWN:
        lost.append(Lost(path, f"{wrong - _SHOWN} more lines cannot be read", _CURE))
    return read_of(path, points, lost)


def _column(header: list[str], names: tuple[str, ...]) -> int:
    return next((at for at, name in enumerate(header) if name in names), -1)


def _dimensions(text: str) -> Dimensions:
    pairs: Mapping[str, str] = dict(_pairs(text))
    return dimensions_of(pairs)


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for pair in text.split(";"):
        name, equals, value = pair.strip().partition("=")
        if equals:
            yield name, value
        elif name:
            raise ValueError(f"{name!r} is no dimension: write NAME=VALUE")


def _period(text: str) -> int:
    if not text.strip().isdecimal() or not int(text):
        raise ValueError(f"{text!r} is no period: write a number of seconds")
    return int(text)
