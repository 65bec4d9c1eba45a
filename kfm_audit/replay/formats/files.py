"""Files of history: which format each is in, and what all of them hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Raw

from kfm_audit.replay.formats import metric_data, otlp, prometheus, table
from kfm_audit.replay.formats.metric_data import Label
from kfm_audit.replay.formats.reading import DECODE_ERRORS, Lost, Read, Wanted
from kfm_audit.replay.history import History, Key, Recorded

_SUFFIXES: Final = (".json", ".jsonl", ".csv")
_CURE: Final = (
    "give an answer of `aws cloudwatch get-metric-data`, OTLP JSON, an answer of Prometheus to a range "
    "query, or CSV"
)


def read_history(paths: Iterable[Path], wanted: Wanted) -> tuple[History, tuple[Lost, ...]]:
    """All that files and folders hold of what is wanted, and what could not be read."""
    files = [file for path in paths for file in _files(path)]
    known: dict[str, Label] = {}
    lost: list[Lost] = []
    for file in files:
        known |= _queries(file)
    records: list[Recorded] = []
    whole: set[Key] = set()
    partial: dict[Key, str] = {}
    for file in files:
        found = _read(file, wanted, known)
        records += found.records
        lost += found.lost
        whole |= found.whole
        partial |= dict.fromkeys(found.partial, str(file))
    lost += _unfinished({key: path for key, path in partial.items() if key not in whole})
    return History(records), tuple(lost)


def _unfinished(partial: Mapping[Key, str]) -> Iterator[Lost]:
    """What answers say of the series that end in the midst: a line for each file."""
    for path in sorted(set(partial.values())):
        keys = sorted(key for key, where in partial.items() if where == path)
        namespace, name, _, statistic = keys[0]
        more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
        yield Lost(
            path,
            f"holds {namespace} {name} {statistic}{more} in part only (PartialData), and no other file the rest",
            "fetch the pages that follow (NextToken), and lay them beside it",
        )


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from sorted(file for file in path.rglob("*") if file.suffix in _SUFFIXES and file.is_file())
    else:
        yield path


def _queries(file: Path) -> dict[str, Label]:
    """The queries that a file holds, for the answers in others: small files, and told by their first bytes."""
    try:
        with file.open("rb") as opened:
            start = opened.read(4096)
            if b'"MetricStat"' not in start and metric_data.QUERIES.encode() not in start:
                return {}
            data = start + opened.read()
        top: Raw | dict[str, Raw] = (
            Raw(data) if start.lstrip()[:1] == b"[" else msgspec.json.decode(data, type=dict[str, Raw])
        )
    except (OSError, *DECODE_ERRORS):
        return {}
    return metric_data.asked(top)


def _read(file: Path, wanted: Wanted, known: Mapping[str, Label]) -> Read:
    path = str(file)
    try:
        data = file.read_bytes()
    except OSError as error:
        return Read(lost=(Lost(path, f"cannot be read: {error.strerror}", "give a file that can be read"),))
    first = data.lstrip()[:1]
    if first == b"[":
        # A list of queries was read before.
        ours = b'"MetricStat"' in data[:4096]
        return Read() if ours else Read(lost=(Lost(path, "is a JSON list, and no history", _CURE),))
    if first != b"{":
        try:
            return table.read(path, data.decode("utf-8-sig"), wanted)
        except UnicodeDecodeError as error:
            return Read(lost=(Lost(path, f"is no text: {error.reason}", _CURE),))
    return _read_json(path, data, wanted, known)


def _read_json(path: str, data: bytes, wanted: Wanted, known: Mapping[str, Label]) -> Read:
    whole = metric_data.read_answer(path, data, wanted, known)
    if whole is not None:
        return whole
    try:
        top = msgspec.json.decode(data, type=dict[str, Raw])
    except DECODE_ERRORS as error:
        lines = data.splitlines()
        if len(lines) > 1 and otlp.MARK.encode() in lines[0]:
            return otlp.read(path, ((n, line) for n, line in enumerate(lines, 1) if line.strip()), wanted)
        return Read(lost=(Lost(path, f"is no JSON: {error}", _CURE),))
    if metric_data.RESULTS in top:
        return metric_data.read(path, top, wanted, known)
    if otlp.MARK in top:
        return otlp.read(path, iter(((1, data),)), wanted)
    if "data" in top and "status" in top:
        return prometheus.read(path, top["data"], wanted)
    if metric_data.QUERIES in top:
        return Read()
    return Read(lost=(Lost(path, "is JSON, but no history that is known", _CURE),))
