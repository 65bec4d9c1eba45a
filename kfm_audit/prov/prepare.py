"""A JSON-LD document made safe to expand.

Contexts that are named by IRI are replaced by the bundled ones, what would
exhaust pyoxigraph is refused, and every node object is given a mark with its
JSON pointer: the marks that come back say where each resource stands, and those
that do not say what expansion dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, Final, TypeAlias

import msgspec
from msgspec import Struct

from kfm_audit.prov.contexts import BUNDLED, bundled_context
from kfm_audit.prov.quoting import quote

MAX_DEPTH: Final = 64
"""Levels of nesting. PROV documents have fewer than twenty; pyoxigraph's time is quadratic in them."""
MAX_TEXT: Final = 1024 * 1024
"""Characters of one string."""
MAX_TERMS_DEEP: Final = 32
"""Terms of one context that are defined through one another; pyoxigraph follows them by recursion."""
MARK: Final = "x-kfm-audit-node:pointer"
"""The property whose value is the JSON pointer of a node object."""

_KEYWORDS: Final = frozenset({"@id", "@type", "@value", "@list", "@set"})
_KEY: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"(\s*+:)?', re.DOTALL)
_TOO_DEEP: Final = (
    f"is nested more than {MAX_DEPTH} levels deep",
    "no provenance is: it is hostile, or something that wrote it went in circles",
)

Json: TypeAlias = Any
"""Decoded JSON of any shape: what a stranger wrote, before anything is known about it."""


class Refusal(Struct, frozen=True):
    """Why a document cannot be expanded: the cause, the cure, and the JSON pointer of the place."""

    cause: str
    cure: str
    pointer: str = ""


class RefusedError(Exception):
    """Carries a `Refusal` out of the depth of a document."""

    def __init__(self, cause: str, cure: str, pointer: str = "") -> None:
        """Say why."""
        super().__init__(cause)
        self.refusal = Refusal(cause, cure, pointer)


class _Place(Enum):
    """Where a value stands: at the top or in @graph, where objects are nodes; in a context; anywhere else."""

    GRAPH = "graph"
    CONTEXT = "context"
    VALUE = "value"


class Prepared:
    """A copy of a document, ready to expand.

    `objects` maps the pointer of each node object to the object as written, in
    document order. `aliases` maps the terms that stand for a JSON-LD keyword.
    """

    def __init__(self, data: bytes) -> None:
        """Decode the document and walk it once. Raises RefusedError."""
        self.objects: dict[str, Mapping[str, Json]] = {}
        self._keys = 0
        document = _decode(data)
        self.aliases = dict(alias for context in _contexts(document) for alias in _aliases(context))
        self.document = self._copy(document, "", 0, _Place.GRAPH)
        if self._keys != sum(1 for found in _KEY.finditer(data) if found[1]):
            # JSON does not say which value holds, and a decoder keeps the last.
            raise RefusedError(
                f"repeats the key {quote(_repeated(data))} within one object: which value holds is not known",
                "write several values of one key as a list",
            )

    def _copy(self, value: Json, pointer: str, depth: int, kind: _Place) -> Json:
        match value:
            case dict():
                return self._copy_object(value, pointer, depth, kind)
            case list():
                _refuse_depth(depth, pointer)
                return [
                    self._copy(item, f"{pointer}/{index}", depth + 1, kind)
                    for index, item in enumerate(value)
                ]
            case str() if len(value) > MAX_TEXT:
                raise RefusedError(
                    f"holds a text of {len(value)} characters",
                    "put such content into a file of its own, and refer to it by IRI and digest",
                    pointer,
                )
            case _:
                return value

    def _copy_object(self, value: dict[str, Json], pointer: str, depth: int, kind: _Place) -> dict[str, Json]:
        _refuse_depth(depth, pointer)
        self._keys += len(value)
        copy: dict[str, Json] = {}
        if self._is_node(value, kind):
            self.objects[pointer] = value
            copy[MARK] = pointer
        for key, item in value.items():
            place = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
            if key == "@context":
                copy[key] = self._context(item, place, depth + 1)
            elif kind is _Place.CONTEXT:
                copy[key] = self._copy(item, place, depth + 1, kind)
            else:
                inner = _Place.GRAPH if key == "@graph" else _Place.VALUE
                copy[key] = self._copy(item, place, depth + 1, inner)
        return copy

    def _is_node(self, value: Mapping[str, Json], kind: _Place) -> bool:
        keywords = {self.aliases.get(key, key) for key in value}
        if kind is _Place.CONTEXT or keywords & {"@value", "@list", "@set"}:
            return False
        if kind is _Place.GRAPH:
            # A root of @context and @graph alone is no resource: marked, it would name the graph.
            return not keywords <= {"@context", "@graph"}
        return "@type" in keywords or ("@id" in keywords and len(keywords - {"@context"}) > 1)

    def _context(self, context: Json, pointer: str, depth: int) -> Json:
        match context:
            case str():
                bundled = bundled_context(context)
                if bundled is None:
                    raise RefusedError(
                        f"names the context {quote(context)}, which is not bundled, and nothing is fetched",
                        f"write its terms into @context, or name a bundled one: {', '.join(BUNDLED)}",
                        pointer,
                    )
                return bundled
            case list():
                _refuse_depth(depth, pointer)
                return [
                    self._context(item, f"{pointer}/{index}", depth + 1) for index, item in enumerate(context)
                ]
            case dict():
                if "@import" in context:
                    raise RefusedError(
                        "imports a context into its own, and nothing is fetched",
                        "write the imported terms into @context",
                        f"{pointer}/@import",
                    )
                _refuse_chains(context, pointer)
                return self._copy_object(context, pointer, depth, _Place.CONTEXT)
            case _:
                return context


def _decode(data: bytes) -> Json:
    try:
        return msgspec.json.decode(data)
    except RecursionError:
        raise RefusedError(*_TOO_DEEP) from None
    # ValueError: invalid UTF-8, and all that msgspec complains of.
    except ValueError as error:
        problem = str(error).removeprefix("JSON is malformed: ")
        cure = "it is cut off or edited by hand: write it again"
        raise RefusedError(f"is not JSON: {problem}", cure) from None


def _repeated(data: bytes) -> str:
    import json

    repeated: list[str] = []

    def note(pairs: list[tuple[str, Json]]) -> None:
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                repeated.append(key)
            seen.add(key)

    json.loads(data, object_pairs_hook=note)
    return next(iter(repeated), "")


def _refuse_depth(depth: int, pointer: str) -> None:
    if depth >= MAX_DEPTH:
        raise RefusedError(*_TOO_DEEP, pointer)


def _contexts(document: Json) -> Iterator[Mapping[str, Json]]:
    """All context objects of a document; what is nested too deeply is refused by the walk that follows."""
    waiting = [(document, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > MAX_DEPTH:
            continue
        if isinstance(value, list):
            waiting.extend((item, depth + 1) for item in value)
        elif isinstance(value, dict):
            context = value.get("@context")
            contexts = context if isinstance(context, list) else [context]
            yield from (item for item in contexts if isinstance(item, dict))
            waiting.extend((item, depth + 1) for item in value.values())


def _aliases(context: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    for term, definition in context.items():
        target = definition.get("@id") if isinstance(definition, dict) else definition
        if isinstance(target, str) and target in _KEYWORDS:
            yield term, target


def _refuse_chains(context: Mapping[str, Json], pointer: str) -> None:
    """Refuse terms that are defined through one another too deeply or in a circle: a round is a level."""
    needs: dict[str, set[str]] = {}
    for term, definition in context.items():
        parts = definition.values() if isinstance(definition, dict) else (definition,)
        texts = [term, *(part for part in parts if isinstance(part, str))]
        wanted = {text.partition(":")[0] for text in texts if ":" in text} | set(texts[1:])
        needs[term] = {name for name in wanted if name in context and name != term}
    unsettled = {term for term, wanted in needs.items() if wanted}
    for _ in range(MAX_TERMS_DEEP):
        if not unsettled:
            return
        unsettled = {term for term in unsettled if needs[term] & unsettled}
    if unsettled:
        raise RefusedError(
            f"defines terms through one another, in a circle or more than {MAX_TERMS_DEEP} deep",
            "define each term by an IRI, or by one prefix",
            pointer,
        )
