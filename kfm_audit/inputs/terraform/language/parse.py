"""From tree-sitter's nodes to expressions.

The grammar is lenient where HashiCorp's is not, and wrong in one place: it
takes `a ? b : c ? d : e` from the left. Text between the nodes of a template is
read from the bytes, since the nodes leave white space out.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from kfm_audit.inputs.terraform.language.syntax import (
    Attribute,
    Binary,
    Call,
    Conditional,
    Element,
    Expression,
    For,
    Index,
    Literal,
    Name,
    Object,
    Sequence,
    Splat,
    Template,
    Unary,
    Unread,
)
from kfm_audit.inputs.terraform.language.templates import heredoc, quoted
from kfm_audit.pattern import pattern

if TYPE_CHECKING:
    from tree_sitter import Node

MAX_DEPTH: Final = 100
_SILENT: Final = frozenset(
    {"comment", "(", ")", ",", "tuple_start", "tuple_end", "object_start", "object_end"}
)
_PLAIN: Final = pattern(rb'"[^"\\$%\r\n]*"')
_NUMBER: Final = pattern(rb"[0-9]{1,15}")
_WORDS: Final = {b"true": True, b"false": False, b"null": None}
_PATH: Final = pattern(rb"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*){1,8}", re.ASCII)
# Possessive: what a part has taken is never tried again, so that no text can make the match slow.
_FILLED: Final = pattern(rb'"(?:[^"\\$%\r\n]++|\$\{[A-Za-z_]\w*(?:\.[A-Za-z_]\w*){1,8}\})*+"', re.ASCII)
_HOLE: Final = pattern(r"\$\{([^}]+)\}")
_STEPS: Final = frozenset({"get_attr", "index", "splat"})


def parse(node: Node, data: bytes) -> Expression:
    """The expression that a node of type `expression` holds; `data` is the file. Raises nothing."""
    try:
        return _Parser(data).expression(node, 0)
    except RecursionError:
        return Unread(data[node.start_byte : node.start_byte + 80].decode("utf-8", "replace"))


# Most expressions of an estate are written again and again.
@lru_cache(maxsize=4096)
def _common(text: bytes) -> Expression | None:
    """An expression of a form that most have, read without looking at the tree; None for any other."""
    if _PLAIN.fullmatch(text):
        return Literal(text[1:-1].decode("utf-8", "replace"))
    if _PATH.fullmatch(text):
        return _path(text.decode())
    if _FILLED.fullmatch(text):
        return _filled(text[1:-1].decode("utf-8", "replace"))
    if _NUMBER.fullmatch(text):
        return Literal(int(text))
    return Literal(_WORDS[text]) if text in _WORDS else None


class _Parser:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def expression(self, node: Node, depth: int) -> Expression:
        common = _common(self._data[node.start_byte : node.end_byte])
        if common is not None:
            return common
        if depth > MAX_DEPTH:
            return Unread(self.text(node))
        return self.chain([child for child in node.children if child.type not in _SILENT], node, depth + 1)

    def chain(self, nodes: list[Node], whole: Node, depth: int) -> Expression:
        """A term and the steps after it; `whole` is shown for what is none."""
        if not nodes or len(nodes) > MAX_DEPTH:
            return Unread(self.text(whole))
        return self._steps(self._term(nodes[0], depth), nodes[1:], depth)

    def text(self, node: Node) -> str:
        return self.between(node.start_byte, node.end_byte)

    def between(self, start: int, end: int) -> str:
        return self._data[start:end].decode("utf-8", "replace")

    def _steps(self, base: Expression, nodes: list[Node], depth: int) -> Expression:
        for step in nodes:
            match step.type:
                case "get_attr":
                    base = Attribute(base, self.text(step.children[-1]))
                case "index":
                    base = Index(base, self._key(step, depth))
                case "splat":
                    base = self._splat(base, step.children[0], depth)
                case _:
                    return Unread(self.text(step))
        return base

    def _key(self, node: Node, depth: int) -> Expression:
        (index,) = node.children
        if index.type == "legacy_index":
            text = self.text(index).removeprefix(".")
            return Literal(int(text)) if text.isdecimal() and len(text) < 10 else Unread(text)
        inner = next((child for child in index.children if child.type == "expression"), None)
        return self.expression(inner, depth) if inner is not None else Unread(self.text(node))

    def _splat(self, base: Expression, node: Node, depth: int) -> Expression:
        steps = [child for child in node.children if child.type in _STEPS]
        if node.type == "full_splat":
            return Splat(base, self._steps(Element(), steps, depth))
        # `a.*.b[0]` is `(a.*.b)[0]`: the old splat takes attributes along, and no index.
        own = next((n for n, step in enumerate(steps) if step.type != "get_attr"), len(steps))
        return self._steps(Splat(base, self._steps(Element(), steps[:own], depth)), steps[own:], depth)

    def _term(self, node: Node, depth: int) -> Expression:
        match node.type:
            case "expression":
                return self.expression(node, depth)
            case "literal_value":
                return self._literal(node.children[0])
            case "variable_expr":
                return Name(self.text(node))
            case "template_expr":
                return self._template(node.children[0], depth)
            case "collection_value":
                return self._collection(node.children[0], depth)
            case "function_call":
                return self._call(node, depth)
            case "operation":
                return self._operation(node.children[0], depth)
            case "conditional":
                return self._conditional(node, depth)
            case "for_expr":
                return self._for(node.children[0], depth)
            case _:
                return Unread(self.text(node))

    def _literal(self, node: Node) -> Expression:
        text = self._data[node.start_byte : node.end_byte]
        match node.type:
            case "string_lit":
                return quoted(self, node, 0)
            case "numeric_lit":
                return _number(text)
            case "bool_lit" | "null_lit":
                return Literal(_WORDS[text])
            case _:
                return Unread(self.text(node))

    def _template(self, node: Node, depth: int) -> Expression:
        if depth > MAX_DEPTH:
            return Unread(self.text(node))
        return heredoc(self, node, depth) if node.type == "heredoc_template" else quoted(self, node, depth)

    def _collection(self, node: Node, depth: int) -> Expression:
        items = [child for child in node.children if child.type not in _SILENT]
        if node.type == "tuple":
            return Sequence(tuple(self.expression(item, depth) for item in items))
        return Object(tuple(self._item(item, depth) for item in items))

    def _item(self, node: Node, depth: int) -> tuple[Expression, Expression]:
        parts = [child for child in node.children if child.type == "expression"]
        if len(parts) != 2:
            return Literal(self.text(node)), Unread(self.text(node))
        # A bare word is the key itself, also where it is a word of the language: `null = 1`.
        word = self.text(parts[0])
        bare = word.isidentifier() or word.replace("-", "_").isidentifier()
        key = Literal(word) if bare else self.expression(parts[0], depth)
        return key, self.expression(parts[1], depth)

    def _call(self, node: Node, depth: int) -> Expression:
        function = self.text(node.children[0])
        holder = next((child for child in node.children if child.type == "function_arguments"), None)
        parts = [] if holder is None else [child for child in holder.children if child.type not in _SILENT]
        expand = bool(parts) and parts[-1].type == "ellipsis"
        arguments = tuple(self.expression(part, depth) for part in parts if part.type == "expression")
        return Call(function, arguments, expand)

    def _operation(self, node: Node, depth: int) -> Expression:
        if depth > MAX_DEPTH:
            return Unread(self.text(node))
        parts = [child for child in node.children if child.type not in _SILENT]
        if node.type == "unary_operation":
            return Unary(parts[0].type, self.chain(parts[1:], node, depth + 1))
        # The operator is the only anonymous node beside the operands.
        at = next((n for n, part in enumerate(parts) if not part.is_named), 0)
        left, right = self.chain(parts[:at], node, depth + 1), self.chain(parts[at + 1 :], node, depth + 1)
        return Binary(parts[at].type, left, right)

    def _conditional(self, node: Node, depth: int) -> Expression:
        whole = node
        arms: list[tuple[Node, Node]] = []
        while True:
            if len(arms) > MAX_DEPTH:
                return Unread(self.text(whole))
            condition, then, otherwise = (child for child in node.children if child.type == "expression")
            arms.append((then, otherwise))
            inner = condition.children[0]
            if inner.type != "conditional":
                break
            node = inner
        # The grammar nests to the left, a ? b : c becoming a condition; HCL nests to the right.
        conditions = [condition, *(otherwise for _, otherwise in reversed(arms[1:]))]
        result = self.expression(arms[0][1], depth)
        for test, (then, _) in zip(reversed(conditions), arms, strict=True):
            result = Conditional(self.expression(test, depth), self.expression(then, depth), result)
        return result

    def _for(self, node: Node, depth: int) -> Expression:
        intro = next(child for child in node.children if child.type == "for_intro")
        names = [self.text(child) for child in intro.children if child.type == "identifier"]
        collection = next(child for child in intro.children if child.type == "expression")
        values = [self.expression(child, depth) for child in node.children if child.type == "expression"]
        test = next((child for child in node.children if child.type == "for_cond"), None)
        tested = (
            next((child for child in test.children if child.type == "expression"), None) if test else None
        )
        return For(
            key_name=names[0] if len(names) > 1 else "",
            value_name=names[-1],
            collection=self.expression(collection, depth),
            value=values[-1],
            key=values[0] if len(values) > 1 else None,
            condition=self.expression(tested, depth) if tested is not None else None,
            group=any(child.type == "ellipsis" for child in node.children),
        )


def _path(text: str) -> Expression:
    """`aws_sns_topic.oncall.arn`, and nothing but names."""
    first, *steps = text.split(".")
    path: Expression = Name(first)
    for step in steps:
        path = Attribute(path, step)
    return path


def _filled(text: str) -> Expression:
    """A string whose interpolations are all such paths."""
    pieces = _HOLE.split(text)
    parts: list[Expression] = [
        _path(piece) if number % 2 else Literal(piece) for number, piece in enumerate(pieces) if piece
    ]
    return parts[0] if len(parts) == 1 else Template(tuple(parts))


def _number(text: bytes) -> Expression:
    if _NUMBER.fullmatch(text):
        return Literal(int(text))
    try:
        value = float(text)
    except ValueError:
        return Unread(text.decode("utf-8", "replace"))
    if value.is_integer() and abs(value) < 1e15:
        return Literal(int(value))
    # Long integers are exact in Terraform; floats are only ever compared or shown.
    return Literal(int(text)) if text.isdigit() and len(text) < 100 else Literal(value)
