"""Strings and heredocs: literal text, `${}` and `%{}`.

HCL native syntax specification, "Template Expressions": `$${` and `%%{` stand
for themselves, `~` takes the white space beside it away, `<<-` the indentation
that all lines share. The nodes of the grammar leave white space out, so text is
what stands between them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Protocol

from kfm_audit.inputs.terraform.language.syntax import (
    Call,
    Conditional,
    Expression,
    For,
    Literal,
    Template,
    Unread,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_ESCAPE: Final = re.compile(r'\\(?:([nrt"\\])|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))|(\$|%)\4(?=\{)')
_SIMPLE: Final = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_DOUBLED: Final = re.compile(r"([$%])\1(?=\{)")
_MARKS: Final = frozenset(
    {
        "template_interpolation",
        "template_if_intro",
        "template_else_intro",
        "template_if_end",
        "template_for_start",
        "template_for_end",
    }
)
_HOLDERS: Final = frozenset({"template_directive", "template_if", "template_for"})


class Reader(Protocol):
    """What reads the expressions inside."""

    def expression(self, node: Node, depth: int) -> Expression:
        """The expression that a node of that type holds."""
        ...

    def between(self, start: int, end: int) -> str:
        """The text between two byte offsets."""
        ...


class _Text:
    """A piece of literal text, while it is trimmed."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


def quoted(reader: Reader, node: Node, depth: int) -> Expression:
    """A quoted string: a literal, the one expression that it wraps, or a template."""
    tokens = _tokens(reader, node, node.start_byte + 1, node.end_byte - 1, by_line=False)
    _trim(tokens)
    for token in tokens:
        if isinstance(token, _Text) and ("\\" in token.text or "{" in token.text):
            token.text = _ESCAPE.sub(_unescape, token.text)
    full = [token for token in tokens if not isinstance(token, _Text) or token.text]
    if len(full) == 1 and not isinstance(full[0], _Text) and full[0].type == "template_interpolation":
        return _inside(reader, full[0], depth)
    return _built(reader, full, depth)


def heredoc(reader: Reader, node: Node, depth: int) -> Expression:
    """A heredoc: its lines up to the one with the closing mark."""
    whole = reader.between(node.start_byte, node.end_byte)
    opening = whole.partition("\n")[0]
    start = node.start_byte + len(opening.encode()) + 1
    end = node.end_byte - len(whole.rpartition("\n")[2].encode())
    tokens = _tokens(reader, node, start, max(start, end), by_line=True)
    _trim(tokens)
    if opening.startswith("<<-"):
        _unindent(tokens)
    for token in tokens:
        if isinstance(token, _Text):
            token.text = _DOUBLED.sub(r"\1", token.text)
    return _built(reader, tokens, depth)


def _tokens(reader: Reader, node: Node, start: int, end: int, *, by_line: bool) -> list[_Text | Node]:
    """Text and marks in their order; the text of a heredoc line by line, as HCL's scanner gives it."""
    tokens: list[_Text | Node] = []
    for mark in _marks(node):
        tokens.extend(_texts(reader.between(start, mark.start_byte), by_line=by_line))
        tokens.append(mark)
        start = mark.end_byte
    tokens.extend(_texts(reader.between(start, end), by_line=by_line))
    return tokens


def _texts(text: str, *, by_line: bool) -> Iterator[_Text]:
    if not by_line:
        yield _Text(text)
    else:
        yield from (_Text(line) for line in re.findall(r"[^\n]*\n|[^\n]+", text))


def _marks(node: Node) -> Iterator[Node]:
    for child in node.children:
        if child.type in _MARKS:
            yield child
        elif child.type in _HOLDERS:
            yield from _marks(child)


def _trim(tokens: list[_Text | Node]) -> None:
    """Take away the white space that `~` asks for: in the one piece of text beside it."""
    for at, token in enumerate(tokens):
        if isinstance(token, _Text):
            continue
        kinds = [child.type for child in token.children]
        before = tokens[at - 1] if at else None
        after = tokens[at + 1] if at + 1 < len(tokens) else None
        if "strip_marker" in kinds[:2] and isinstance(before, _Text):
            before.text = before.text.rstrip()
        if "strip_marker" in kinds[-2:] and isinstance(after, _Text):
            after.text = after.text.lstrip()


def _unindent(tokens: list[_Text | Node]) -> None:
    """Take away the indentation that all lines share; blank lines have none (hclsyntax, flushHeredocTemplateParts)."""
    begins_line, least, lines = True, None, []
    for token in tokens:
        text = token.text if isinstance(token, _Text) else ""
        if begins_line:
            blank = not text.strip() and text.endswith("\n")
            if not blank:
                own = len(text) - len(text.lstrip())
                least = own if least is None else min(least, own)
                if isinstance(token, _Text):
                    lines.append(token)
        begins_line = text.endswith("\n")
    for line in lines:
        line.text = line.text[least or 0 :]


def _unescape(match: re.Match[str]) -> str:
    simple, short, long, doubled = match.groups()
    if simple:
        return _SIMPLE[simple]
    if doubled:
        return str(doubled)
    code = int(short or long, 16)
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"


def _built(reader: Reader, tokens: list[_Text | Node], depth: int) -> Expression:
    builder = _Builder(reader, tokens, depth)
    built = builder.until(frozenset())
    return built if builder.done else Unread("template")


class _Builder:
    """Takes tokens one by one and nests what stands between `%{ if }` or `%{ for }` and its end."""

    def __init__(self, reader: Reader, tokens: list[_Text | Node], depth: int) -> None:
        self._reader = reader
        self._tokens = tokens
        self._depth = depth
        self._at = 0

    @property
    def done(self) -> bool:
        return self._at >= len(self._tokens)

    def until(self, ends: frozenset[str]) -> Expression:
        """The template up to a mark of one of the types `ends`, which stays to be taken."""
        parts: list[Expression] = []
        while not self.done:
            token = self._tokens[self._at]
            if not isinstance(token, _Text) and token.type in ends:
                break
            self._at += 1
            if isinstance(token, _Text):
                parts.append(Literal(token.text))
            elif self._escaped(token):
                parts.append(Unread("template"))
            elif token.type == "template_interpolation":
                parts.append(_inside(self._reader, token, self._depth))
            elif token.type == "template_if_intro":
                parts.append(self._if(token))
            elif token.type == "template_for_start":
                parts.append(self._for(token))
            else:
                parts.append(Unread(token.type))
        texts = [part.value for part in parts if isinstance(part, Literal) and isinstance(part.value, str)]
        return Literal("".join(texts)) if len(texts) == len(parts) else Template(tuple(parts))

    def _escaped(self, mark: Node) -> bool:
        """Whether a `$` stands before the `${` that was just taken: `$$${` is text to HCL, a mark to this grammar."""
        before = self._tokens[self._at - 2] if self._at > 1 else None
        sign = "$" if mark.type == "template_interpolation" else "%"
        return isinstance(before, _Text) and before.text.endswith(sign)

    def _if(self, intro: Node) -> Expression:
        self._depth += 1
        then = self.until(frozenset({"template_else_intro", "template_if_end"}))
        otherwise: Expression = Literal("")
        if self._next() == "template_else_intro":
            otherwise = self.until(frozenset({"template_if_end"}))
            self._next()
        self._depth -= 1
        return Conditional(_inside(self._reader, intro, self._depth), then, otherwise)

    def _for(self, start: Node) -> Expression:
        self._depth += 1
        body = self.until(frozenset({"template_for_end"}))
        self._next()
        self._depth -= 1
        names = [
            self._reader.between(child.start_byte, child.end_byte)
            for child in start.children
            if child.type == "identifier"
        ]
        collection = _inside(self._reader, start, self._depth)
        if not names:
            return Unread("template")
        each = For(names[0] if len(names) > 1 else "", names[-1], collection, body)
        return Call("join", (Literal(""), each))

    def _next(self) -> str:
        """The type of the mark that `until` stopped at; it is taken."""
        if self.done:
            return ""
        token = self._tokens[self._at]
        self._at += 1
        return "" if isinstance(token, _Text) else str(token.type)


def _inside(reader: Reader, mark: Node, depth: int) -> Expression:
    inner = next((child for child in mark.children if child.type == "expression"), None)
    return Unread("template") if inner is None else reader.expression(inner, depth + 1)
