"""Why a document that should hold Activities holds none, or drops one: silence is never taken for nothing."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from msgspec import Struct

from kfm_audit.prov.contexts import BUNDLED
from kfm_audit.prov.dialects import CURE, is_hybrid
from kfm_audit.prov.graph import Node
from kfm_audit.prov.jsonld import Expanded, as_written
from kfm_audit.prov.terms import CORRECTION_TERMS, CORRECTION_TYPES, PROV, Vocabulary, last_part


class Fault(Struct, frozen=True):
    """What is wrong with a document as provenance: the cause completes a sentence about it, the cure mends it."""

    cause: str
    cure: str
    pointer: str = ""


def activities(expanded: Expanded, vocabulary: Vocabulary) -> tuple[Node, ...]:
    """The Activities of a document, in its order: those of type `prov:Activity`, and corrections, which are some."""
    graph = expanded.graph
    found = dict.fromkeys(graph.typed(PROV + "Activity"))
    for node in graph:
        if vocabulary.is_correction(graph.types(node), graph.type_names(node)):
            found[node] = None
    order = {pointer: place for place, pointer in enumerate(expanded.objects)}
    return tuple(
        sorted(found, key=lambda node: order.get(next(iter(expanded.pointers.get(node, ())), ""), len(order)))
    )


def fault(keys: AbstractSet[str], expanded: Expanded, vocabulary: Vocabulary) -> Fault | None:
    """What makes a document less than it seems, worst first; None where all that it says was understood.

    `keys` are those at the top of the document.
    """
    if not activities(expanded, vocabulary):
        return _emptiness(keys, expanded)
    return next(_strays(expanded, vocabulary), None) or next(_dropped(expanded), None)


def _emptiness(keys: AbstractSet[str], expanded: Expanded) -> Fault:
    if is_hybrid(keys):
        maps = ", ".join(sorted(keys - {"@context"}))
        return Fault(
            f"holds no Activity: it is PROV-JSON under a JSON-LD context, which defines none of its maps ({maps})",
            f"take the context out, then {CURE}",
        )
    if any("w3id.org/ro/crate" in iri for iri in _iris(expanded)):
        return Fault("holds no Activity: it is an RO-Crate, whose runs are schema.org actions", CURE)
    dropped = next(_dropped(expanded), None)
    if dropped is not None:
        return dropped
    for iri in _iris(expanded):
        if iri.startswith("prov:"):
            return Fault(
                f"holds no Activity: it writes {iri} and does not declare the prefix prov:",
                f'add "prov": "{PROV}" to @context',
                "/@context",
            )
        if iri.startswith(("https://www.w3.org/ns/prov#", "http://www.w3.org/ns/prov/", "https://www.w3.org/ns/prov/")):
            return Fault(
                f"holds no Activity: it writes {iri}, which is not in PROV's namespace",
                f'write "prov": "{PROV}" in @context, with http: and #',
                "/@context",
            )
        if last_part(iri) == "Activity" and as_written(iri) != iri:
            return Fault(
                'holds no Activity: its @context does not define the type "Activity"',
                f'write "prov:Activity", or name a context that defines it: {BUNDLED[0]}',
            )
    if not any(True for _ in expanded.graph):
        return Fault(
            "holds no Activity: none of its keys expands to an IRI, so that it says nothing",
            f"name a context that defines them ({', '.join(BUNDLED)}), or write prefixed keys",
        )
    return Fault(
        "holds no Activity: it speaks of things, and not of what was done to them",
        "describe what happened as a node of type prov:Activity, with its times and agents",
    )


def _strays(expanded: Expanded, vocabulary: Vocabulary) -> Iterator[Fault]:
    """Corrections under a namespace that nobody listed: they would count for nothing, and nobody would know."""
    graph = expanded.graph
    for node in graph:
        for iri in graph.types(node):
            if last_part(iri) not in CORRECTION_TYPES or vocabulary.local_name(iri):
                continue
            namespace = iri[: -len(last_part(iri))]
            if any(namespace + term in graph.predicates(node) for term in CORRECTION_TERMS):
                yield Fault(
                    f"holds a correction whose type {iri} is under no namespace that the policy lists",
                    f"declare the prefix as the policy has it, or add {namespace!r} to `provenance.namespaces`",
                    next(iter(expanded.pointers.get(node, ())), ""),
                )


def _dropped(expanded: Expanded) -> Iterator[Fault]:
    """Activities as written that did not come out of expansion."""
    for pointer in expanded.dropped:
        written = expanded.objects[pointer]
        types = next((value for key, value in written.items() if expanded.keyword(key) == "@type"), None)
        for name in types if isinstance(types, list) else [types]:
            if isinstance(name, str) and last_part(name) in ("Activity", *CORRECTION_TYPES):
                yield Fault(
                    f"loses its {name} at {pointer or 'the root'}: JSON-LD drops what has no valid IRI for @id, "
                    "and what stands below a key that @context does not define",
                    "give it an @id without spaces, and define the keys above it",
                    pointer,
                )


def _iris(expanded: Expanded) -> Iterator[str]:
    """All types and properties."""
    for node in expanded.graph:
        yield from expanded.graph.types(node)
        yield from expanded.graph.predicates(node)
