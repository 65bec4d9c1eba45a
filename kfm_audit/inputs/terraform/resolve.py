"""What a plan hides, taken from the sources: where locals, `each.value` and dynamic blocks lead."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from kfm_audit.aws.partly_known import UNKNOWN
from kfm_audit.facts import Fact
from kfm_audit.inputs.terraform.addresses import without_keys
from kfm_audit.inputs.terraform.language.values import Budget, Exhausted, unknown_of
from kfm_audit.values import Known, ReferenceKind, Unknown

_STEPS: Final = 100_000
_POLICY: Final = "policy"


def hides(facts: Iterable[Fact]) -> bool:
    """Whether any attribute of a plan's facts comes from something that the plan does not show."""
    return any(
        _hidden(getattr(fact, name)) or (name == _POLICY and _partly(getattr(fact, name)))
        for fact in facts
        for name in fact.__struct_fields__
    )


def resolved(facts: Iterable[Fact], sources: Iterable[Fact]) -> tuple[Fact, ...]:
    """The facts of a plan with the references that the facts of its sources give for what it hides."""
    known = {fact.subject: fact for fact in sources}
    return tuple(
        _resolved(fact, known.get(fact.subject) or known.get(without_keys(fact.subject))) for fact in facts
    )


def _resolved(fact: Fact, source: Fact | None) -> Fact:
    if source is None or type(source) is not type(fact):
        return fact
    better: dict[str, Known[str] | Unknown] = {}
    for name in fact.__struct_fields__:
        if name == _POLICY and _partly(getattr(fact, name)):
            # A plan shows what a document comes from, and of a `jsonencode` no more: the source has its text.
            text = getattr(source, name)
            if isinstance(text, Known):
                better[name] = text
                continue
        if _hidden(getattr(fact, name)):
            found = _references(getattr(source, name))
            if found.references:
                better[name] = found
    return msgspec.structs.replace(fact, **better) if better else fact


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
