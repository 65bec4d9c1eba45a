"""What makes a document say less than it seems to: silence is never taken for nothing."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from msgspec import Struct

from kfm_audit.prov.activities import activities
from kfm_audit.prov.contexts import BUNDLED
from kfm_audit.prov.dialects import CURE, PROV_JSON_KEYS, is_hybrid
from kfm_audit.prov.graph import Graph, Text
from kfm_audit.prov.jsonld import Expanded, as_written
from kfm_audit.prov.quoting import shorten
from kfm_audit.prov.terms import CORRECTION_TERMS, CORRECTION_TYPES, PROV, Vocabulary, last_part


class Fault(Struct, frozen=True):
    """What is wrong with a document: the cause completes a sentence about it, the cure mends it."""

    cause: str
    cure: str
    pointer: str = ""


def fault(keys: AbstractSet[str], expanded: Expanded, vocabulary: Vocabulary) -> Fault | None:
    """What makes a document less than it seems, worst first; None where all that it says was understood.

    `keys` are those at the top of the document.
    """
    if not activities(expanded, vocabulary):
        return next(_reasons(keys, expanded))
    return next(_strays(expanded, vocabulary), None) or next(_dropped(expanded), None)


def _reasons(keys: AbstractSet[str], expanded: Expanded) -> Iterator[Fault]:
    """Why there is no Activity, the likeliest first; the last always holds."""
    if is_hybrid(keys):
        maps = ", ".join(sorted(keys & PROV_JSON_KEYS))
        yield Fault(
            f"holds no Activity: it is PROV-JSON under a JSON-LD context, which defines none of {maps}",
            f"take the context out, then {CURE}",
        )
    yield from _dropped(expanded)
    for iri in _iris(expanded.graph):
        if iri.startswith("prov:"):
            yield Fault(
                f"holds no Activity: it writes {shorten(iri)} and does not declare the prefix prov:",
                f'add "prov": "{PROV}" to @context',
                "/@context",
            )
        if iri.startswith(
            ("https://www.w3.org/ns/prov#", "http://www.w3.org/ns/prov/", "https://www.w3.org/ns/prov/")
        ):
            yield Fault(
                f"holds no Activity: it writes {shorten(iri)}, which is not in PROV's namespace",
                f'write "prov": "{PROV}" in @context, with http: and #',
                "/@context",
            )
        if last_part(iri) == "Activity" and as_written(iri) != iri:
            yield Fault(
                'holds no Activity: its @context does not define the type "Activity"',
                f'write "prov:Activity", or name a context that defines it: {BUNDLED[0]}',
            )
    if not any(True for _ in expanded.graph):
        yield Fault(
            "holds no Activity: none of its keys expands to an IRI, so that it says nothing",
            f"name a context that defines them ({', '.join(BUNDLED)}), or write prefixed keys",
        )
    yield Fault(
        "holds no Activity: it speaks of things, and not of what was done to them",
        "describe what happened as a node of type prov:Activity, with its times and agents",
    )


def _strays(expanded: Expanded, vocabulary: Vocabulary) -> Iterator[Fault]:
    """Corrections under a namespace that nobody listed: they would count for nothing, unnoticed."""
    graph = expanded.graph
    for type_, nodes in graph.classes.items():
        if (
            isinstance(type_, Text)
            or last_part(type_) not in CORRECTION_TYPES
            or vocabulary.local_name(type_)
        ):
            continue
        namespace = type_.removesuffix(last_part(type_))
        for node in nodes:
            if any(namespace + term in graph.predicates(node) for term in CORRECTION_TERMS):
                yield Fault(
                    f"holds a correction whose type {shorten(type_)} is in no namespace that policy lists",
                    f"write the policy's namespace, or list {shorten(namespace)} in provenance.namespaces",
                    next(iter(expanded.pointers.get(node, ())), ""),
                )


def _dropped(expanded: Expanded) -> Iterator[Fault]:
    """Activities as written that did not come out of expansion."""
    for pointer in expanded.dropped:
        written = expanded.objects[pointer]
        types = next((value for key, value in written.items() if expanded.keyword(key) == "@type"), None)
        for name in types if isinstance(types, list) else [types]:
            if isinstance(name, str) and last_part(name) in ("Activity", *CORRECTION_TYPES):
                place = shorten(pointer) or "the root"
                yield Fault(
                    f"loses its {shorten(name)} at {place}: JSON-LD drops a node whose @id is no IRI and all "
                    "below a key that @context does not define",
                    "give it an @id without spaces, and define the keys above it",
                    pointer,
                )


def _iris(graph: Graph) -> Iterator[str]:
    """The IRIs of all types, then of all properties."""
    yield from (type_ for type_ in graph.classes if isinstance(type_, str))
    yield from dict.fromkeys(predicate for node in graph for predicate in graph.predicates(node))
