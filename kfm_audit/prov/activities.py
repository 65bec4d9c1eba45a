"""The Activities of a document, and which of them are corrections."""

from __future__ import annotations

from kfm_audit.prov.graph import Graph, Node, Text
from kfm_audit.prov.jsonld import Expanded
from kfm_audit.prov.terms import CORRECTION_NAMES, CORRECTION_TYPES, PROV, Vocabulary


def corrections(graph: Graph, vocabulary: Vocabulary) -> tuple[Node, ...]:
    """The resources of a type that makes a correction, under any namespace of the vocabulary."""
    found: dict[Node, None] = {}
    for type_, nodes in graph.classes.items():
        if isinstance(type_, Text):
            ours = type_.value in CORRECTION_NAMES
        else:
            ours = vocabulary.local_name(type_) in CORRECTION_TYPES
        if ours:
            found.update(dict.fromkeys(nodes))
    return tuple(found)


def activities(expanded: Expanded, vocabulary: Vocabulary) -> tuple[Node, ...]:
    """The Activities of a document, in its order: those of type `prov:Activity`, and all corrections."""
    graph = expanded.graph
    found = dict.fromkeys((*graph.classes.get(PROV + "Activity", ()), *corrections(graph, vocabulary)))
    order = {pointer: place for place, pointer in enumerate(expanded.objects)}

    def place(node: Node) -> int:
        return min((order[pointer] for pointer in expanded.pointers.get(node, ())), default=len(order))

    return tuple(sorted(found, key=place))
