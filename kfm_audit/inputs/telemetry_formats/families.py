"""Series in, metric families out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import repeat
from operator import itemgetter
from typing import Final

from kfm_audit.facts import MAX_VALUES, Label, LabelScope, MetricFamily
from kfm_audit.values import Origin

LabelSet = dict[str, str]
Where = Callable[[int, str], Origin]
"""Gives the place of a label's value in one of the series at hand, by its index; of that series for ""."""

SENDER: Final = "target_info"
"""The metric whose labels are the attributes of the resources that sent the others: the name that
OpenTelemetry and OpenMetrics have for it. So an attribute is judged once, not once for each metric."""

OVERFLOW: Final = ("otel.metric.overflow", "otel_metric_overflow")
"""The mark of the series into which an SDK folds all series beyond its limit."""


class Families:
    """Collects the series of one input.

    Series with equal labels from equal senders are one series, however often
    they are reported. `next_batch` begins what was reported later; an input
    that is one snapshot has one batch, and no value of it is late.
    """

    def __init__(self) -> None:
        """Begin with no series."""
        self._families: dict[tuple[str, str], _Family] = {}
        self._senders = _Family("", SENDER, LabelScope.RESOURCE)
        self._batch = 0

    def next_batch(self) -> None:
        """Say that what follows was reported later than what was given so far."""
        self._batch += 1

    def sender(self, attributes: LabelSet, where: Where) -> int:
        """Make a sender known by the attributes of its resource; give the result to `add`."""
        if attributes:
            self._senders.add((attributes,), where, 0, self._batch)
        return hash(frozenset(attributes.items()))

    def declare(self, name: str, origin: Origin, *, namespace: str = "") -> None:
        """Make a metric known before its series, or without any."""
        self._family(namespace, name).origin = self._family(namespace, name).origin or origin

    def add(
        self, name: str, series: Sequence[LabelSet], where: Where, *, namespace: str = "", sender: int = 0
    ) -> None:
        """Count series of a metric. The mark of an overflow is a fact about the metric, not a label."""
        if series:
            self._family(namespace, name).add(series, where, sender, self._batch)

    def facts(self) -> tuple[MetricFamily, ...]:
        """All families, in the order in which they first came; what sent them comes last."""
        if not self._families:
            return ()
        families = [*self._families.values(), *((self._senders,) if self._senders.origin else ())]
        return tuple(family.fact(self._batch + 1) for family in families)

    def _family(self, namespace: str, name: str) -> _Family:
        family = self._families.get((namespace, name))
        if family is None:
            family = self._families[namespace, name] = _Family(namespace, name, LabelScope.POINT)
        return family


class _Family:
    """One family in the making."""

    __slots__ = ("columns", "name", "namespace", "origin", "overflow", "scope", "series")

    def __init__(self, namespace: str, name: str, scope: LabelScope) -> None:
        self.namespace = namespace
        self.name = name
        self.scope = scope
        self.origin: Origin | None = None
        self.overflow = False
        # Hashes, not label sets: a million series must not keep a million dicts.
        self.series: set[int] = set()
        self.columns: dict[str, tuple[Origin, dict[str, int]]] = {}

    def add(self, series: Sequence[LabelSet], where: Where, sender: int, batch: int) -> None:
        if self.origin is None:
            self.origin = where(0, "")
        # Nearly always all series have the same keys: then everything below is done once, by columns.
        alike: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for number, keys in enumerate(map(tuple, series)):
            alike[keys].append(number)
        for keys, numbers in alike.items():
            distinct = dict.fromkeys(map(tuple, map(dict.values, map(series.__getitem__, numbers))))
            self._count(keys, distinct, sender)
            for key, column in zip(keys, zip(*distinct, strict=True), strict=True):
                if key in OVERFLOW:
                    self.overflow |= "true" in column
                else:
                    self._fill(key, column, numbers[0], where, batch)

    def _count(self, keys: tuple[str, ...], distinct: Iterable[tuple[str, ...]], sender: int) -> None:
        """Count sets of values of `keys`: equal labels are one series, whatever the order of their keys."""
        order = sorted(range(len(keys)), key=keys.__getitem__)
        if order != list(range(len(keys))):
            distinct = map(itemgetter(*order), distinct)
        names = hash((tuple(sorted(keys)), sender))
        self.series.update(map(hash, zip(repeat(names), distinct)))

    def _fill(self, key: str, column: Iterable[str], first: int, where: Where, batch: int) -> None:
        """Take in the values of a label; `first` is the first series that has it."""
        if key not in self.columns:
            self.columns[key] = (where(first, key), {})
        values = self.columns[key][1]
        for value in dict.fromkeys(column):
            if len(values) == MAX_VALUES:
                break
            values.setdefault(value, batch)

    def fact(self, batches: int) -> MetricFamily:
        assert self.origin is not None
        return MetricFamily(
            subject=f"{self.namespace} {self.name}" if self.namespace else self.name,
            origin=self.origin,
            name=self.name,
            namespace=self.namespace,
            labels=tuple(
                Label(
                    key=key,
                    values=tuple(values),
                    distinct=len(values),
                    late=sum(1 for batch in values.values() if batch * 2 >= batches) if batches > 1 else 0,
                    origin=origin,
                    scope=self.scope,
                )
                for key, (origin, values) in self.columns.items()
            ),
            series=len(self.series),
            overflow=self.overflow,
        )


_PARTS: Final = ("_bucket", "_count", "_sum", "_gcount", "_gsum", "_created")


def family_names(names: Iterable[str]) -> dict[str, str]:
    """The metric that each Prometheus series name belongs to.

    A histogram or summary is several series names of one metric, and client
    libraries put `_created` beside counters: one label too many in such a
    metric is one fault, not four.
    """
    known = dict.fromkeys(names)
    return {name: _family_name(name, known) for name in known}


def _family_name(name: str, known: Mapping[str, None]) -> str:
    for part in _PARTS:
        base = name.removesuffix(part)
        if base in ("", name):
            continue
        if part == "_created":
            for sibling in (base, f"{base}_total"):
                if sibling in known:
                    return sibling
        if sum(f"{base}{other}" in known for other in _PARTS if other != "_created") > 1:
            return base
    return name
