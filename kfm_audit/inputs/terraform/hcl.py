"""Blocks and attributes of one `.tf` file with their positions.

tree-sitter gives the position of every node; its tree of a broken file is not
to be trusted, so such a file gives no blocks at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_DECLARED: Final = re.compile(
    rb'^[ \t]*(?:resource[ \t]+"([^"]+)"[ \t]+"([^"]+)"|(module)[ \t]+"([^"]+)")', re.MULTILINE
)


class Span(Struct, frozen=True):
    """From (row, byte column) to (row, byte column), 0-based, the end exclusive."""

    start: tuple[int, int]
    end: tuple[int, int]


class Block(Struct, frozen=True):
    """One block: type, labels, the spans of the whole and of its header, its attributes and nested blocks.

    `texts` holds the source of each attribute's expression.
    """

    type: str
    labels: tuple[str, ...]
    span: Span
    header: Span
    attributes: dict[str, Span]
    texts: dict[str, str]
    blocks: tuple[Block, ...]

    def find(self, path: tuple[str, ...]) -> Span:
        """The narrowest place of an attribute path (`metric_query/0/period`): attribute, block, or header."""
        if path and path[0] in self.attributes:
            return self.attributes[path[0]]
        nested = [block for block in self.blocks if path and _names(block, path[0])]
        if not nested:
            return self.header
        number = int(path[1]) if len(path) > 1 and path[1].isdigit() else 0
        rest = path[2:] if len(path) > 1 and path[1].isdigit() else path[1:]
        return nested[number].find(rest) if number < len(nested) else nested[0].header


def declared(data: bytes) -> frozenset[tuple[str, str]]:
    """Type and name of the resources and module calls that a file seems to declare, to tell folders apart."""
    return frozenset(
        ((kind or module).decode("utf-8", "replace"), (name or call).decode("utf-8", "replace"))
        for kind, name, module, call in _DECLARED.findall(data)
    )


def blocks(data: bytes) -> tuple[Block, ...]:
    """The top-level blocks of a file; () for one that does not parse."""
    tree = _parser().parse(data)
    if tree.root_node.has_error:
        return ()
    return tuple(
        block for body in tree.root_node.children if body.type == "body" for block in _blocks(body, data)
    )


def _parser() -> Parser:
    import tree_sitter_hcl
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_hcl.language()))


def _blocks(body: Node, data: bytes) -> Iterator[Block]:
    for node in body.children:
        if node.type != "block":
            continue
        kind, labels, inner, last = "", [], None, node
        for child in node.children:
            if child.type in ("identifier", "string_lit"):
                last = child
            if child.type == "body":
                inner = child
            elif child.type == "identifier" and not kind:
                kind = _text(child, data)
            elif child.type in ("identifier", "string_lit"):
                labels.append(_text(child, data).strip('"'))
        attributes, texts = {}, {}
        for child in inner.children if inner else ():
            if child.type == "attribute":
                name = _text(child.children[0], data)
                attributes[name] = Span(_point(child.start_point), _point(child.end_point))
                texts[name] = _text(child.children[-1], data)
        yield Block(
            type=kind,
            labels=tuple(labels),
            span=Span(_point(node.start_point), _point(node.end_point)),
            header=Span(_point(node.start_point), _point(last.end_point)),
            attributes=attributes,
            texts=texts,
            blocks=tuple(_blocks(inner, data)) if inner else (),
        )


def _names(block: Block, name: str) -> bool:
    """Whether a nested block gives the attribute `name`, also as `dynamic "name"`."""
    return block.type == name or (block.type == "dynamic" and block.labels == (name,))


def _point(point: tuple[int, int]) -> tuple[int, int]:
    return point[0], point[1]


def _text(node: Node, data: bytes) -> str:
    return data[node.start_byte : node.end_byte].decode("utf-8", "replace")
