"""JSON-LD to a graph, without the network and without trusting the document."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, unquote

import msgspec
from msgspec import Struct

from kfm_audit.prov.graph import BLANK, Graph, Node, Text, Triple
from kfm_audit.prov.prepare import MARK, Json, Prepared, Refusal, RefusedError

_BASE: Final = "x-document:///"
_PLACE: Final = re.compile(r"^Parser error at line .*?: | \(line \d+\)$|\.$")


class Expanded(Struct, frozen=True):
    """An expanded document.

    `pointers` maps each resource to the JSON pointers of its node objects.
    `objects` maps those pointers to the objects as written. Both are in
    document order. `dropped` are the pointers of node objects that expansion
    dropped. `named` are the resources that stand for the document: its own IRI,
    and the names of its graphs.
    """

    graph: Graph
    pointers: Mapping[Node, tuple[str, ...]]
    objects: Mapping[str, Mapping[str, Json]]
    dropped: tuple[str, ...]
    named: tuple[Node, ...]
    aliases: Mapping[str, str]

    def keyword(self, key: str) -> str:
        """The JSON-LD keyword that a key stands for in this document, or the key itself."""
        return self.aliases.get(key, key)


def expand(data: bytes, path: str) -> Expanded | Refusal:
    """Expand one JSON-LD document that was read from `path`. Raises nothing.

    Relative IRIs are resolved against a base that stands for `path`;
    `as_written` takes it off again.
    """
    try:
        prepared = Prepared(data)
        triples, graphs = _parse(msgspec.json.encode(prepared.document), base_iri(path))
    except RefusedError as refused:
        return refused.refusal
    marks: dict[Node, list[str]] = {}
    for subject, predicate, value in triples:
        if predicate == MARK and isinstance(value, Text):
            marks.setdefault(subject, []).append(value.value)
    kept = {pointer for pointers in marks.values() for pointer in pointers}
    return Expanded(
        graph=Graph(triple for triple in triples if triple[1] != MARK),
        pointers={node: tuple(pointers) for node, pointers in marks.items()},
        objects=prepared.objects,
        dropped=tuple(pointer for pointer in prepared.objects if pointer not in kept),
        named=(base_iri(path), *graphs),
        aliases=prepared.aliases,
    )


def base_iri(path: str) -> str:
    """The IRI that stands for a document at `path`."""
    return _BASE + quote(path, errors="surrogateescape")


def as_written(iri: str) -> str:
    """An IRI as people know it: one that was relative is relative again, to where paths are relative to."""
    return unquote(iri.removeprefix(_BASE)) if iri.startswith(_BASE) else iri


def _parse(data: bytes, base: str) -> tuple[list[Triple], list[Node]]:
    """Triples and the names of graphs, in document order. Raises RefusedError."""
    import pyoxigraph

    triples: list[Triple] = []
    graphs: dict[Node, None] = {}
    try:
        for quad in pyoxigraph.parse(data, format=pyoxigraph.RdfFormat.JSON_LD, base_iri=base):
            triples.append((_node(quad.subject), quad.predicate.value, _value(quad.object)))
            if not isinstance(quad.graph_name, pyoxigraph.DefaultGraph):
                graphs[_node(quad.graph_name)] = None
    # SyntaxError is what pyoxigraph raises for invalid JSON-LD, MemoryError for a buffer that is full.
    except (SyntaxError, ValueError, MemoryError) as error:
        problem = _PLACE.sub("", str(error.msg if isinstance(error, SyntaxError) else error))
        raise RefusedError(
            f"cannot be expanded as JSON-LD: {problem}",
            "correct it; https://json-ld.org/playground shows the same",
        ) from None
    return triples, list(graphs)


# pyoxigraph's terms are told apart by the name of their type: nothing here imports it for annotations.
def _node(term: Any) -> Node:
    name = type(term).__name__
    return str(term.value) if name == "NamedNode" else BLANK + str(getattr(term, "value", term))


def _value(term: Any) -> Node | Text:
    return Text(term.value) if type(term).__name__ == "Literal" else _node(term)
