"""What a plan hides, taken from the sources: where locals, `each.value` and dynamic blocks lead, and known parts.

Of a text or a map that is not known as a whole a plan shows nothing: neither what is written of a name nor the
names of dimensions.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from kfm_audit.aws.partly_known import UNKNOWN
from kfm_audit.facts import Fact, MetricQuery, MetricStat
from kfm_audit.inputs.terraform.addresses import without_keys
from kfm_audit.inputs.terraform.language.values import Budget, Exhausted, unknown_of
from kfm_audit.values import Attribute, Known, PartMap, PartText, ReferenceKind, Unknown

_STEPS: Final = 100_000
_POLICY: Final = "policy"
_QUERIES: Final = "metric_query"
_IN_PART: Final = frozenset({"alarm_name", "dimensions", "tags"})
"""Attributes of which known parts are asked for."""


def hides(facts: Iterable[Fact]) -> bool:
    """Whether any attribute of a plan's facts comes from something that the plan does not show."""
    return any(_hides(name, getattr(fact, name)) for fact in facts for name in fact.__struct_fields__)


def _hides(name: str, attribute: object) -> bool:
    if isinstance(attribute, Unknown):
        return _hidden(attribute) or name == _POLICY or name in _IN_PART
    if name == _POLICY:
        return _partly(attribute)
    return name == _QUERIES and isinstance(attribute, Known) and any(map(_asks, attribute.value))


def resolved(facts: Iterable[Fact], sources: Iterable[Fact]) -> tuple[Fact, ...]:
    """The facts of a plan with the references that the facts of its sources give for what it hides."""
    known = {fact.subject: fact for fact in sources}
    return tuple(
        _resolved(fact, known.get(fact.subject) or known.get(without_keys(fact.subject))) for fact in facts
    )


def _resolved(fact: Fact, source: Fact | None) -> Fact:
    if source is None or type(source) is not type(fact):
        return fact
    better: dict[str, Known[str] | Known[tuple[MetricQuery, ...]] | Unknown] = {}
    for name in fact.__struct_fields__:
        if name == _POLICY and _partly(getattr(fact, name)):
            # A plan shows what a document comes from, and of a `jsonencode` no more: the source has its text.
            text = getattr(source, name)
            if isinstance(text, Known):
                better[name] = text
                continue
        attribute = getattr(fact, name)
        if _hidden(attribute):
            found = _references(getattr(source, name))
            if found.references:
                better[name] = attribute = found
        if name in _IN_PART and isinstance(attribute, Unknown):
            better[name] = _with_parts(attribute, getattr(source, name))
        elif name == _QUERIES and isinstance(attribute, Known) and any(map(_asks, attribute.value)):
            better[name] = Known(_queries(attribute.value, getattr(source, name)), attribute.sensitive)
    return msgspec.structs.replace(fact, **better) if better else fact


def _with_parts(planned: Unknown, source: object) -> Unknown:
    """What a plan does not know, with what the sources show of it."""
    match source:
        case PartText(text=text):
            return PartText(planned.references, text)
        case PartMap(items=items):
            return PartMap(planned.references, items)
        case Known(value) if isinstance(value, dict):
            # Sources take for granted what a provider may still change.
            return PartMap(planned.references, tuple((key, planned) for key in sorted(value)))
        case _:
            return planned


def _asks(query: MetricQuery) -> bool:
    """Whether the dimensions of a query are not known."""
    return query.metric is not None and isinstance(query.metric.dimensions, Unknown)


def _queries(planned: tuple[MetricQuery, ...], source: object) -> tuple[MetricQuery, ...]:
    """The queries with the dimensions that the sources show, by id: the plan has its own order of them."""
    shown = source.value if isinstance(source, Known) else ()
    metrics: dict[Attribute[str], MetricStat | None] = {
        query.id: query.metric for query in shown if isinstance(query.id, Known)
    }
    return tuple(_query(query, metrics.get(query.id)) for query in planned)


def _query(planned: MetricQuery, source: MetricStat | None) -> MetricQuery:
    metric = planned.metric
    if source is None or metric is None or not isinstance(metric.dimensions, Unknown):
        return planned
    dimensions = _with_parts(metric.dimensions, source.dimensions)
    return msgspec.structs.replace(planned, metric=msgspec.structs.replace(metric, dimensions=dimensions))


def _partly(attribute: object) -> bool:
    """Whether a policy document is not known to its last part."""
    return isinstance(attribute, Unknown) or (
        isinstance(attribute, Known) and UNKNOWN in str(attribute.value)
    )


def _hidden(attribute: object) -> bool:
    return isinstance(attribute, Unknown) and any(
        reference.kind is ReferenceKind.UNRESOLVED for reference in attribute.references
    )


def _references(attribute: object) -> Unknown:
    """What a source's attribute comes from; its own text where it is known there."""
    if isinstance(attribute, Unknown):
        return attribute
    if not isinstance(attribute, Known) or attribute.sensitive:
        return Unknown()
    try:
        return unknown_of((attribute.value,), Budget(_STEPS))
    except Exhausted:
        return Unknown()
