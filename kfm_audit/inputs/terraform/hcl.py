"""Blocks and attributes of one `.tf` file with their positions.

tree-sitter gives the position of every node, quickly; what it makes of a broken
file is not to be trusted. Nothing below the top-level blocks is looked at before
somebody asks for it.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from kfm_audit.inputs.terraform.language.parse import parse
from kfm_audit.inputs.terraform.language.syntax import Expression, Literal
from kfm_audit.pattern import pattern

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_EXPONENT: Final = pattern(rb"(?<![\w.])(?<!\w-)[0-9]++[eE][+-]?[0-9]++(?![\w.-])")
_DECLARED: Final = pattern(
    rb'^[ \t]*(?:resource[ \t]+"([^"]+)"[ \t]+"([^"]+)"|(module)[ \t]+"([^"]+)")', re.MULTILINE
)


class Span(Struct, frozen=True):
    """From (row, byte column) to (row, byte column) in a file, 0-based, the end exclusive."""

    path: str
    start: tuple[int, int]
    end: tuple[int, int]


class Text(Struct, frozen=True):
    """A file: its path as people know it, and its bytes."""

    path: str
    data: bytes

    def of(self, node: Node) -> str:
        """The text of a node."""
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def span(self, first: Node, last: Node) -> Span:
        """From the beginning of one node to the end of another."""
        start, end = first.start_point, last.end_point
        return Span(self.path, (start[0], start[1]), (end[0], end[1]))


class Argument:
    """`name = expression` in a block."""

    __slots__ = ("_expression", "_file", "_node")

    def __init__(self, node: Node, file: Text) -> None:
        """Take the node of the attribute and the file that it is in."""
        self._node = node
        self._file = file
        self._expression: Expression | None = None

    @property
    def span(self) -> Span:
        """Where it stands, name and all."""
        return self._file.span(self._node, self._node)

    @property
    def expression(self) -> Expression:
        """What is on the right of the equals sign."""
        if self._expression is None:
            self._expression = parse(self._node.children[-1], self._file.data)
        return self._expression


class Block:
    """One block: type, labels, the extents of the whole and of its header, its arguments and nested blocks."""

    def __init__(self, node: Node, file: Text) -> None:
        """Take the node of the block and the file that it is in."""
        self._node = node
        self._file = file
        names = [child for child in node.children if child.type in ("identifier", "string_lit")]
        texts = [file.of(name) for name in names]
        self.type = texts[0]
        self.labels = tuple(text.strip('"') for text in texts[1:])
        self._last = names[-1]

    @property
    def path(self) -> str:
        """The file that it is in."""
        return self._file.path

    @property
    def span(self) -> Span:
        """The block from its type to its closing brace."""
        return self._file.span(self._node, self._node)

    @property
    def header(self) -> Span:
        """Its type and labels."""
        return self._file.span(self._node, self._last)

    @cached_property
    def arguments(self) -> dict[str, Argument]:
        """Its arguments by name."""
        return _arguments(self._body, self._file)

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """Its nested blocks."""
        return tuple(Block(child, self._file) for child in self._body if child.type == "block")

    def overridden(self, by: Block) -> Block:
        """This block with the arguments of another over it, and its nested blocks in place of those of their types."""
        merged = Block(self._node, self._file)
        types = {block.type for block in by.blocks}
        merged.arguments = {**self.arguments, **by.arguments}
        merged.blocks = (*(block for block in self.blocks if block.type not in types), *by.blocks)
        return merged

    @property
    def broken(self) -> bool:
        """Whether the parser stumbled inside it."""
        return self._node.has_error

    def find(self, path: tuple[str, ...]) -> Span:
        """The narrowest place of an attribute path: argument, block, or header.

        A block among several is given by its number, by what its `id` says, or by both, where the number
        counts those that a `dynamic` block makes: `metric_query/0/period`, `metric_query/id=errors/period`,
        `metric_query/0,id=errors/period`.
        """
        if path and path[0] in self.arguments:
            return self.arguments[path[0]].span
        nested = [block for block in self.blocks if path and _gives(block, path[0])]
        if not nested:
            return self.header
        which, rest = (path[1], path[2:]) if len(path) > 1 else ("", ())
        number, _, told = which.partition("id=")
        if told:
            chosen = [block for block in nested if block.id == told] or _unnamed(nested, number.rstrip(","))
        elif number.isdigit():
            chosen = nested[int(number) :]
        else:
            chosen, rest = nested, path[1:]
        return chosen[0].made.find(rest) if chosen and rest else (chosen or nested)[0].header

    @property
    def made(self) -> Block:
        """What a `dynamic` block makes, its `content`; any other is what it makes itself."""
        contents = (block for block in self.blocks if block.type == "content")
        return next(contents, self) if self.type == "dynamic" else self

    @property
    def id(self) -> str | None:
        """What its argument `id` says, where that is a plain text."""
        argument = self.made.arguments.get("id")
        expression = argument.expression if argument else None
        text = expression.value if isinstance(expression, Literal) else None
        return text if isinstance(text, str) else None

    @cached_property
    def _body(self) -> list[Node]:
        return next((child.children for child in self._node.children if child.type == "body"), [])


class ParsedFile(Struct, frozen=True):
    """The top-level blocks of a file; `broken` says that the parser stumbled somewhere."""

    blocks: tuple[Block, ...]
    arguments: dict[str, Argument]
    """Arguments outside any block: a `.tfvars` has nothing else."""
    broken: bool


def parse_file(path: str, data: bytes) -> ParsedFile:
    """Parse a file. Raises nothing: what is broken is marked so."""
    file = Text(path, data)
    root = _tree(data)
    # A file may hold nothing but an object: that is no Terraform.
    strange = any(child.type not in ("body", "comment") for child in root.children)
    body = [child for part in root.children if part.type == "body" for child in part.children]
    return ParsedFile(
        tuple(Block(child, file) for child in body if child.type == "block"),
        _arguments(body, file),
        root.has_error or strange,
    )


def blocks(path: str, data: bytes) -> tuple[Block, ...]:
    """The top-level blocks of a file; () for one that does not parse."""
    parsed = parse_file(path, data)
    return () if parsed.broken else parsed.blocks


class Comment(Struct, frozen=True):
    """A comment: its row and byte column, 0-based, and its text."""

    row: int
    column: int
    text: str


def comments(path: str, data: bytes) -> tuple[Comment, ...]:
    """The comments of a file, wherever they stand; () for one that does not parse.

    What looks like a comment in a string or a heredoc is none.
    """
    file = Text(path, data)
    found: list[Comment] = []
    pending = [_tree(data)]
    if pending[0].has_error:
        return ()
    while pending:
        node = pending.pop()
        if node.type == "comment":
            found.append(Comment(node.start_point[0], node.start_point[1], file.of(node)))
        else:
            pending.extend(node.children)
    return tuple(sorted(found, key=lambda comment: (comment.row, comment.column)))


def declared(data: bytes) -> frozenset[tuple[str, str]]:
    """Type and name of the resources and module calls that a file seems to declare, to tell folders apart."""
    return frozenset(
        ((kind or module).decode("utf-8", "replace"), (name or call).decode("utf-8", "replace"))
        for kind, name, module, call in _DECLARED.findall(data)
    )


def _tree(data: bytes) -> Node:
    """The syntax tree of a file. Texts are read from the file's own bytes, by the places of the nodes.

    The grammar knows exponents after a fraction only: to it the e of `1e3` is a digit.
    """
    root = _parser().parse(data).root_node
    if root.has_error and _EXPONENT.search(data):
        root = _parser().parse(_EXPONENT.sub(lambda match: b"0" * len(match[0]), data)).root_node
    return root


def _parser() -> Parser:
    import tree_sitter_hcl
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_hcl.language()))


def _gives(block: Block, name: str) -> bool:
    """Whether a nested block gives the attribute `name`, also as `dynamic "name"`."""
    return block.type == name or (block.type == "dynamic" and block.labels == (name,))


def _unnamed(blocks: list[Block], number: str) -> list[Block]:
    """The blocks that may be the one of this number, none of whose ids is written out."""
    if number.isdigit() and all(block.type != "dynamic" for block in blocks):
        return blocks[int(number) :]
    return [block for block in blocks if block.id is None]


def _arguments(nodes: list[Node], file: Text) -> dict[str, Argument]:
    return {file.of(node.children[0]): Argument(node, file) for node in nodes if node.type == "attribute"}
