"""A small view of RDF triples: enough to walk from an Activity to what it says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Final, TypeAlias

from msgspec import Struct

from kfm_audit.prov.terms import PROV, RDF

BLANK: Final = "_:"
"""What the name of a blank node begins with; it means nothing outside one graph and changes with each run."""

_TYPE: Final = RDF + "type"
_FIRST: Final = RDF + "first"
_REST: Final = RDF + "rest"
_NIL: Final = RDF + "nil"
_PROV_TYPE: Final = PROV + "type"


class Text(Struct, frozen=True):
    """A literal: its characters. Datatype and language decide nothing that is asked of it."""

    value: str


Node: TypeAlias = str
"""A resource: its IRI, or a blank node's name."""

Triple: TypeAlias = tuple[Node, str, "Node | Text"]


def is_blank(node: Node) -> bool:
    """Whether a resource has no IRI."""
    return node.startswith(BLANK)


class Graph:
    """Triples of all graphs of one document, in document order.

    Bundles are not kept apart: an Activity is what the whole file says of it.
    """

    def __init__(self, triples: Iterable[Triple]) -> None:
        """Take triples; one that is said twice counts once.

        A text under a property of PROV that is the IRI of a resource of the
        document stands for that resource: a prefix without term definitions
        makes such texts of references.
        """
        triples = tuple(triples)
        subjects = {subject for subject, _, _ in triples}
        # The inner dictionaries are ordered sets.
        self._forward: dict[Node, dict[str, dict[Node | Text, None]]] = {}
        self._backward: dict[Node, dict[str, dict[Node, None]]] = {}
        for subject, predicate, said in triples:
            value = said
            if isinstance(said, Text) and predicate.startswith(PROV) and said.value in subjects:
                value = said.value
            self._forward.setdefault(subject, {}).setdefault(predicate, {})[value] = None
            if isinstance(value, str):
                self._backward.setdefault(value, {}).setdefault(predicate, {})[subject] = None

    def __iter__(self) -> Iterator[Node]:
        """All subjects."""
        return iter(self._forward)

    def __contains__(self, node: Node) -> bool:
        """Whether anything is said of `node`."""
        return node in self._forward

    def predicates(self, node: Node) -> Iterable[str]:
        """The properties of `node`."""
        return self._forward.get(node, {}).keys()

    def values(self, node: Node, predicate: str) -> tuple[Node | Text, ...]:
        """The values of a property; those in an RDF list one by one."""
        found: list[Node | Text] = []
        for value in self._forward.get(node, {}).get(predicate, ()):
            found.extend(self._members(value))
        return tuple(found)

    def nodes(self, node: Node, predicate: str) -> tuple[Node, ...]:
        """The values of a property that are resources."""
        return tuple(value for value in self.values(node, predicate) if isinstance(value, str))

    def sources(self, predicate: str, node: Node) -> tuple[Node, ...]:
        """The subjects whose property has `node` as its value."""
        return tuple(self._backward.get(node, {}).get(predicate, ()))

    def types(self, node: Node) -> tuple[Node | Text, ...]:
        """The types of `node`, as RDF and as PROV give them; nothing expands text under `prov:type`."""
        return (*self.values(node, _TYPE), *self.values(node, _PROV_TYPE))

    @cached_property
    def classes(self) -> Mapping[Node | Text, tuple[Node, ...]]:
        """All types that occur, each with its resources in document order."""
        members: dict[Node | Text, list[Node]] = {}
        for node, said in self._forward.items():
            if _TYPE in said or _PROV_TYPE in said:
                for type_ in dict.fromkeys(self.types(node)):
                    members.setdefault(type_, []).append(node)
        return {type_: tuple(nodes) for type_, nodes in members.items()}

    def _members(self, value: Node | Text) -> Iterator[Node | Text]:
        if isinstance(value, Text) or (value != _NIL and _FIRST not in self._forward.get(value, {})):
            yield value
            return
        seen: set[Node] = set()
        while isinstance(value, str) and value not in seen:
            seen.add(value)
            cell = self._forward.get(value, {})
            yield from cell.get(_FIRST, ())
            value = next(iter(cell.get(_REST, ())), _NIL)
