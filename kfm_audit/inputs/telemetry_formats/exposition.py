"""Prometheus text format 0.0.4 and OpenMetrics, read by the parsers of `prometheus_client`.

The parser of 0.0.4 reads the labels of both. OpenMetrics is strict, and
Prometheus drops a whole exposition for one fault: the strict parser says
whether it would, and the labels are judged all the same. A line that the
parser refuses costs that line; lines are found again by searching.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from kfm_audit.facts import Fact
from kfm_audit.inputs.positions import join_pointer, split_pointer
from kfm_audit.inputs.source import Source
from kfm_audit.inputs.telemetry_formats.families import Families, family_names
from kfm_audit.inputs.telemetry_formats.losses import Losses
from kfm_audit.inputs.telemetry_formats.prometheus_api import add_series
from kfm_audit.values import Location, Origin

if TYPE_CHECKING:
    from prometheus_client import Metric

NAMES: Final = ("*.prom", "*.om", "*.openmetrics")
_OPENMETRICS_NAMES: Final = (".om", ".openmetrics")

_NAME: Final = r'(?:[a-zA-Z_:][a-zA-Z0-9_:]*|"(?:[^"\\\n]|\\.)+")'
_LABELLED: Final = r"\{[^\n]*\}"
_VALUE: Final = r"[ \t]+(?:[-+]?(?:\d[\d.eE+-]*|\.\d+|[Ii]nf)|[Nn]a[Nn])(?:[ \t][^\n]*)?"
_METADATA: Final = re.compile(rf"#[ \t]+(?:HELP|TYPE|UNIT)[ \t]+{_NAME}(?:[ \t]|$)|#[ \t]+EOF$")
_SAMPLE: Final = re.compile(rf"(?:{_NAME}(?:{_LABELLED})?|{_LABELLED}){_VALUE}")
_LABELLED_SAMPLE: Final = re.compile(rf'{_NAME}?\{{\s*{_NAME}\s*=\s*"[^\n]*\}}{_VALUE}')
_LOOKED_AT: Final = 20
"""Lines that must all be of the format for a text to be taken for it."""

_COUNTER: Final = re.compile(r"^#[ \t]+TYPE[ \t]+(\S+)[ \t]+counter[ \t\r]*$", re.MULTILINE)
_COMPOUND: Final = frozenset({"histogram", "gaugehistogram", "summary"})
_CURE: Final = (
    "mend the line, or save what the endpoint answers as it is: a scraper drops the whole exposition for it"
)


def is_exposition(source: Source) -> bool:
    """Whether a text is an exposition: its first lines are, and one of them can be nothing else."""
    lines = source.head.decode("utf-8", "replace").split("\n")
    if len(source.head) < source.size:
        lines = lines[:-1]  # cut off in the middle
    lines = [line.strip() for line in lines if line.strip()][:_LOOKED_AT]
    telling = _is_named(source) or any(
        _METADATA.match(line) or _LABELLED_SAMPLE.fullmatch(line) for line in lines
    )
    good = sum(1 for line in lines if line.startswith("#") or _SAMPLE.fullmatch(line))
    # Most, not all: a broken line is to be named, not to hide the file.
    return telling and good * 2 > len(lines)


def _is_named(source: Source) -> bool:
    return source.path.endswith(tuple(name[1:] for name in NAMES))


def read(source: Source) -> Iterator[Fact]:
    """Yield the metric families of an exposition, and the lines that were lost."""
    losses = Losses(source)
    text = _text(source, losses)
    if source.path.endswith(_OPENMETRICS_NAMES) or text.rstrip("\n").endswith("# EOF"):
        _check_openmetrics(text, losses)
    counters = frozenset(_COUNTER.findall(text))
    series = [
        (name, labels)
        for metric in _parse(text.split("\n"), losses)
        for name, labels in _series(metric, counters)
    ]
    names = family_names(name for name, _ in series)
    families = Families()
    add_series(
        families, series, lambda index, _key: Origin(source.path, join_pointer(names[series[index][0]]))
    )
    yield from families.facts()
    yield from losses.facts


def _text(source: Source, losses: Losses) -> str:
    try:
        return source.text
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        losses.undecodable("bytes that are no text", error, _CURE, line=line)
        return source.data.decode("utf-8", "replace")


def _series(metric: Metric, counters: frozenset[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """The series of a metric under the name that it has in the exposition.

    The parser takes `_total` from the name of a counter, or gives it to the
    samples of one that has none: `counters` are the names as they were declared.
    """
    whole = metric.type in _COMPOUND
    bare = metric.type == "counter" and metric.name in counters and f"{metric.name}_total" not in counters
    for sample in metric.samples:
        yield (metric.name if whole or bare else sample.name), dict(sample.labels)


def _check_openmetrics(text: str, losses: Losses) -> None:
    from prometheus_client.openmetrics.parser import text_fd_to_metric_families

    feed = _Feed(text.removesuffix("\n").split("\n"), 0)
    try:
        for _ in text_fd_to_metric_families(feed):  # type: ignore[no-untyped-call]
            pass
    # The parser raises whatever its bookkeeping stumbles over: ValueError, KeyError, IndexError, ...
    except Exception as error:  # noqa: BLE001
        losses.add(
            "validity as OpenMetrics",
            f"is not valid OpenMetrics: {_plain(error)}",
            "mend it, or serve text format 0.0.4, without `# EOF`: a scraper drops the whole exposition",
            line=min(feed.at + 1, len(feed.lines)),
        )


def _parse(lines: list[str], losses: Losses) -> Iterator[Metric]:
    """Parse line by line, and go on behind a line that is refused.

    The parser says nothing of where it is, but it asks for lines one by one. A
    refused line costs that line: what came before it is parsed again without
    it, what comes after it has lost its TYPE, which nothing depends on. A
    metric that is refused as a whole is lost as a whole.
    """
    from prometheus_client.parser import text_fd_to_metric_families

    lines = [line.removesuffix("\r") for line in lines]
    first = 0
    while first < len(lines):
        feed = _Feed(lines, first)
        try:
            for metric in text_fd_to_metric_families(feed):  # type: ignore[arg-type] # any lines will do
                yield metric
                first = feed.at
        # As above.
        except Exception as error:  # noqa: BLE001
            before, refused = _tried(lines[first : feed.at]), _tried(lines[feed.at : feed.at + 1])
            if isinstance(before, Exception):
                losses.add("metric", f"is not text format 0.0.4: {_plain(before)}", _CURE, line=first + 1)
            else:
                yield from before
            if isinstance(refused, Exception):
                losses.add("line", f"is not text format 0.0.4: {_plain(error)}", _CURE, line=feed.at + 1)
            first = feed.at + isinstance(refused, Exception)
        else:
            return


def _tried(lines: list[str]) -> list[Metric] | Exception:
    from prometheus_client.parser import text_fd_to_metric_families

    try:
        return list(text_fd_to_metric_families(_Feed(lines, 0)))  # type: ignore[arg-type] # as above
    except Exception as error:  # noqa: BLE001 - as above
        return error


class _Feed:
    """Lines for a parser, and where it is."""

    def __init__(self, lines: list[str], first: int) -> None:
        self.lines = lines
        self.at = first

    def __iter__(self) -> Iterator[str]:
        for number in range(self.at, len(self.lines)):
            self.at = number
            yield self.lines[number] + "\n"
        self.at = len(self.lines)


def _plain(error: Exception) -> str:
    """The parser's complaint without the line that it repeats: that may hold anything."""
    text = str(error).partition(":")[0].strip() if isinstance(error, ValueError) else ""
    return text if text and "{" not in text and len(text) < 60 else "the parser refuses it"


def locate(source: Source, origin: Origin, attribute: str) -> Location:
    """The first sample of the metric at `origin` that has the label of `attribute` (`labels/<key>`)."""
    (name,) = split_pointer(origin.pointer)
    key = attribute.removeprefix("labels/") if attribute.startswith("labels/") else ""
    samples = _index(source).get(name)
    if samples is None:
        return Location(source.path)
    if not key:
        return Location(source.path, samples.first, 1, samples.first, len(samples.text(samples.first)) + 1)
    return samples.with_label(key) or Location(source.path, samples.first, 1)


_LABEL: Final = re.compile(r'(?<=[{,\s])(?:"((?:[^"\\]|\\.)++)"|([^\s"=,{}]++))\s*+=\s*+"(?:[^"\\]|\\.)*+"')


class _Samples:
    """The samples of one metric. Their lines are looked through once, however many labels are asked for."""

    def __init__(self, source: Source, lines: list[int]) -> None:
        self._source = source
        self.first = lines[0]
        self._ahead = iter(lines)
        self._labels: dict[str, Location] = {}

    def text(self, line: int) -> str:
        return self._source.lines[line - 1].decode("utf-8", "replace")

    def with_label(self, key: str) -> Location | None:
        """The first place of a label; None where no sample has it."""
        while key not in self._labels:
            line = next(self._ahead, 0)
            if not line:
                return None
            for found in _LABEL.finditer(self.text(line)):
                place = Location(self._source.path, line, found.start() + 1, line, found.end() + 1)
                self._labels.setdefault(found[1] or found[2], place)
        return self._labels[key]


_INDEXED: Final = re.compile(
    rb'^[ \t]*(?:([a-zA-Z_:][a-zA-Z0-9_:]*)|\{[ \t]*"((?:[^"\\\n]|\\.)+)")', re.MULTILINE
)


@lru_cache(maxsize=4)
def _index(source: Source) -> dict[str, _Samples]:
    """The samples of each metric."""
    raw: dict[str, list[int]] = {}
    starts = [0, *(match.end() for match in re.finditer(rb"\n", source.data))]
    for match in _INDEXED.finditer(source.data):
        name = (match[1] or match[2]).decode("utf-8", "replace")
        raw.setdefault(name, []).append(bisect_right(starts, match.start()))
    index: dict[str, list[int]] = {}
    for name, family in family_names(raw).items():
        index.setdefault(family, []).extend(raw[name])
    return {name: _Samples(source, sorted(lines)) for name, lines in index.items()}
