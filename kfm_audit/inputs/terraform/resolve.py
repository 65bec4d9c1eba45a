"""What a plan hides, taken from the sources: where locals, `each.value` and dynamic blocks lead."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from kfm_audit.facts import Fact
from kfm_audit.inputs.terraform.addresses import without_keys
from kfm_audit.inputs.terraform.language.values import Budget, Exhausted, unknown_of
from kfm_audit.values import Known, ReferenceKind, Unknown

_STEPS: Final = 100_000


def hides(facts: Iterable[Fact]) -> bool:
    """Whether any attribute of a plan's facts comes from something that the plan does not show."""
    return any(_hidden(getattr(fact, name)) for fact in facts for name in fact.__struct_fields__)


def resolved(facts: Iterable[Fact], sources: Iterable[Fact]) -> tuple[Fact, ...]:
    """The facts of a plan with the references that the facts of its sources give for what it hides."""
    known = {fact.subject: fact for fact in sources}
    return tuple(
        _resolved(fact, known.get(fact.subject) or known.get(without_keys(fact.subject))) for fact in facts
    )


def _resolved(fact: Fact, source: Fact | None) -> Fact:
    if source is None or type(source) is not type(fact):
        return fact
    better = {}
    for name in fact.__struct_fields__:
        if _hidden(getattr(fact, name)):
            found = _references(getattr(source, name))
            if found.references:
                better[name] = found
    return msgspec.structs.replace(fact, **better) if better else fact


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
