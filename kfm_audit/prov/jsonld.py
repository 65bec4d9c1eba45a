"""JSON-LD to a graph, without the network and without trusting the document.

pyoxigraph expands. Before it sees a document, contexts that are named by IRI
are replaced by the bundled ones, what would exhaust it is refused, and every
node object is given a mark with its JSON pointer: the marks that come back say
where each resource stands, and those that do not say what expansion dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias
from urllib.parse import quote, unquote

import msgspec
from msgspec import Struct

from kfm_audit.prov.contexts import BUNDLED, bundled_context
from kfm_audit.prov.graph import BLANK, Graph, Node, Text, Triple

MAX_DEPTH: Final = 64
"""Levels of nesting. PROV documents have fewer than twenty; pyoxigraph's time is quadratic in them."""
MAX_TEXT: Final = 1024 * 1024
"""Characters of one string."""
MAX_TERMS_DEEP: Final = 32
"""Terms of one context that are defined through one another; pyoxigraph follows them by recursion."""

_BASE: Final = "x-document:///"
_MARK: Final = "x-kfm-audit-node:pointer"
_KEYWORDS: Final = frozenset({"@id", "@type", "@value", "@list", "@set"})
_KEY: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"(\s*+:)?', re.DOTALL)
_PLACE: Final = re.compile(r"^Parser error at line .*?: | \(line \d+\)$|\.$")

Json: TypeAlias = Any
"""Decoded JSON of any shape: what a stranger wrote, before anything is known about it."""


class Refusal(Struct, frozen=True):
    """Why a document could not be expanded: the cause, the cure, and the JSON pointer of the place."""

    cause: str
    cure: str
    pointer: str = ""


class Expanded(Struct, frozen=True):
    """An expanded document.

    `pointers` maps each resource to the JSON pointers of its node objects.
    `objects` maps those pointers to the objects as written.
    Both are in document order. `dropped` are the pointers of node objects that
    expansion dropped. `named` are the resources that stand for the document:
    its own IRI, and the names of its graphs.
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


class _Refused(Exception):
    def __init__(self, cause: str, cure: str, pointer: str = "") -> None:
        super().__init__(cause)
        self.refusal = Refusal(cause, cure, pointer)


def expand(data: bytes, path: str) -> Expanded | Refusal:
    """Expand one JSON-LD document that was read from `path`. Raises nothing.

    Relative IRIs are resolved against a base that stands for `path`;
    `as_written` takes it off again.
    """
    try:
        document = _decode(data)
        prepared = _Prepared(document)
        _refuse_repeated_keys(data, prepared.keys)
        triples, named = _parse(msgspec.json.encode(prepared.document), base_iri(path))
    except _Refused as refused:
        return refused.refusal
    marks: dict[Node, list[str]] = {}
    for subject, predicate, value in triples:
        if predicate == _MARK and isinstance(value, Text):
            marks.setdefault(subject, []).append(value.value)
    graph = Graph(triple for triple in triples if triple[1] != _MARK)
    kept = {pointer for pointers in marks.values() for pointer in pointers}
    return Expanded(
        graph=graph,
        pointers={node: tuple(pointers) for node, pointers in marks.items()},
        objects=prepared.objects,
        dropped=tuple(pointer for pointer in prepared.objects if pointer not in kept),
        named=(base_iri(path), *named),
        aliases=prepared.aliases,
    )


def base_iri(path: str) -> str:
    """The IRI that stands for a document at `path`."""
    return _BASE + quote(path)


def as_written(iri: str) -> str:
    """An IRI as people know it: one that was relative, relative again to the folder that paths are relative to."""
    return unquote(iri.removeprefix(_BASE)) if iri.startswith(_BASE) else iri


def _decode(data: bytes) -> Json:
    try:
        return msgspec.json.decode(data)
    except RecursionError:
        raise _Refused(*_TOO_DEEP) from None
    # ValueError: invalid UTF-8, and all that msgspec complains of.
    except ValueError as error:
        problem = str(error).removeprefix("JSON is malformed: ")
        raise _Refused(f"is not JSON: {problem}", "it is cut off or edited by hand: write it again") from None


_TOO_DEEP: Final = (
    f"is nested more than {MAX_DEPTH} levels deep",
    "no provenance is: it is hostile, or something that wrote it went in circles",
)


class _Prepared:
    """A copy of a document with bundled contexts in place and node objects marked."""

    def __init__(self, document: Json) -> None:
        """Walk the document once. Raises `_Refused`."""
        self.objects: dict[str, Mapping[str, Json]] = {}
        self.keys = 0
        self.aliases = {alias: keyword for context in _contexts(document) for alias, keyword in _aliases(context)}
        self.document = self._copy(document, "", 0, node=True)

    def _copy(self, value: Json, pointer: str, depth: int, *, node: bool = False) -> Json:
        match value:
            case dict():
                return self._copy_object(value, pointer, depth, node=node)
            case list():
                if depth >= MAX_DEPTH:
                    raise _Refused(*_TOO_DEEP, pointer)
                return [
                    self._copy(item, f"{pointer}/{index}", depth + 1, node=node) for index, item in enumerate(value)
                ]
            case str() if len(value) > MAX_TEXT:
                raise _Refused(
                    f"holds a text of {len(value)} characters",
                    "put such content into a file of its own, and refer to it by IRI and digest",
                    pointer,
                )
            case _:
                return value

    def _copy_object(self, value: dict[str, Json], pointer: str, depth: int, *, node: bool) -> dict[str, Json]:
        if depth >= MAX_DEPTH:
            raise _Refused(*_TOO_DEEP, pointer)
        self.keys += len(value)
        copy: dict[str, Json] = {}
        if self._is_node(value, node=node):
            self.objects[pointer] = value
            copy[_MARK] = pointer
        for key, item in value.items():
            place = f"{pointer}/{_token(key)}"
            if key == "@context":
                copy[key] = self._context(item, place, depth + 1)
            else:
                copy[key] = self._copy(item, place, depth + 1, node=key == "@graph")
        return copy

    def _is_node(self, value: Mapping[str, Json], *, node: bool) -> bool:
        keywords = {self.aliases.get(key, key) for key in value}
        if keywords & {"@value", "@list", "@set"}:
            return False
        if node:
            # A root of @context and @graph alone is no resource: marked, it would name the graph.
            return not keywords <= {"@context", "@graph"}
        return "@type" in keywords or ("@id" in keywords and len(keywords - {"@context"}) > 1)

    def _context(self, context: Json, pointer: str, depth: int) -> Json:
        match context:
            case str():
                bundled = bundled_context(context)
                if bundled is None:
                    raise _Refused(
                        f"its context {context!r} is not bundled, and nothing is fetched",
                        f"write its terms into @context, or name a bundled one: {', '.join(BUNDLED)}",
                        pointer,
                    )
                return bundled
            case list():
                return [self._context(item, f"{pointer}/{index}", depth + 1) for index, item in enumerate(context)]
            case dict():
                if "@import" in context:
                    raise _Refused(
                        "its context imports another one, and nothing is fetched",
                        "write the imported terms into @context",
                        f"{pointer}/@import",
                    )
                _refuse_chains(context, pointer)
                return self._copy_object(context, pointer, depth, node=False)
            case _:
                return context


def _contexts(document: Json) -> Iterator[Mapping[str, Json]]:
    """All context objects of a document; depth is guarded by the walk that follows."""
    waiting = [(document, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > MAX_DEPTH:
            continue
        if isinstance(value, list):
            waiting.extend((item, depth + 1) for item in value)
        elif isinstance(value, dict):
            contexts = value.get("@context")
            yield from (item for item in (contexts if isinstance(contexts, list) else [contexts]) if isinstance(item, dict))
            waiting.extend((item, depth + 1) for item in value.values())


def _aliases(context: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    for term, definition in context.items():
        target = definition.get("@id") if isinstance(definition, dict) else definition
        if isinstance(target, str) and target in _KEYWORDS:
            yield term, target


def _refuse_chains(context: Mapping[str, Json], pointer: str) -> None:
    """Refuse terms that are defined through one another too deeply or in a circle: each round settles one level."""
    needs: dict[str, set[str]] = {}
    for term, definition in context.items():
        parts = definition.values() if isinstance(definition, dict) else (definition,)
        texts = [term, *(part for part in parts if isinstance(part, str))]
        wanted = {text.partition(":")[0] for text in texts if ":" in text} | set(texts[1:])
        needs[term] = {name for name in wanted if name in context and name != term}
    open_terms = {term for term, wanted in needs.items() if wanted}
    for _ in range(MAX_TERMS_DEEP):
        if not open_terms:
            return
        open_terms = {term for term in open_terms if needs[term] & open_terms}
    if open_terms:
        raise _Refused(
            f"its context defines terms through one another, in a circle or more than {MAX_TERMS_DEEP} deep",
            "define each term by an IRI, or by one prefix",
            pointer,
        )


def _refuse_repeated_keys(data: bytes, keys: int) -> None:
    """Refuse objects with a key twice: JSON does not say which value holds, and a decoder keeps the last."""
    written = sum(1 for found in _KEY.finditer(data) if found[1])
    if written != keys:
        raise _Refused(
            "repeats a key within one object, so that it cannot be known which value holds",
            "write several values of one key as a list",
        )


def _token(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _parse(data: bytes, base: str) -> tuple[list[Triple], list[Node]]:
    """Triples and the names of graphs, in document order. Raises `_Refused`."""
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
        raise _Refused(
            f"cannot be expanded as JSON-LD: {problem}", "correct it; https://json-ld.org/playground shows the same"
        ) from None
    return triples, list(graphs)


# pyoxigraph's terms are told apart by their type; importing it for annotations alone would cost every run.
def _node(term: Any) -> Node:
    name = type(term).__name__
    return str(term.value) if name == "NamedNode" else BLANK + str(getattr(term, "value", term))


def _value(term: Any) -> Node | Text:
    return Text(term.value) if type(term).__name__ == "Literal" else _node(term)
