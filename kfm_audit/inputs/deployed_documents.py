"""The documents of one file of answers: one, an array of them, or several one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from kfm_audit.inputs.source import Form, Source
from kfm_audit.inputs.terraform.document import Json

if TYPE_CHECKING:
    import yaml

_NO_ALIASES: Final = "it uses anchors and aliases, which no answer of AWS has"
_SEPARATOR: Final = b"\n---"


class Document(Struct, frozen=True):
    """One answer. `pointer` leads to it in the file, where several documents count as an array of them."""

    value: Json
    pointer: str = ""


class Broken(Struct, frozen=True):
    """The file cannot be read from this line on."""

    problem: str
    line: int = 0


class Piece(Struct, frozen=True):
    """The bytes of one of several documents, and how many lines stand before them."""

    data: bytes
    lines: int


def documents(source: Source) -> Iterator[Document | Broken]:
    """The documents, and what cannot be read. Raises OSError, RecursionError, UnicodeDecodeError."""
    data = source.data
    if source.shape.form is Form.TEXT:
        yield from _of_yaml(data)
        return
    try:
        whole = msgspec.json.decode(data)
    except msgspec.DecodeError:
        yield from _one_after_the_other(data)
        return
    if isinstance(whole, list):
        yield from (Document(item, f"/{number}") for number, item in enumerate(whole))
    else:
        yield Document(whole)


def json_pieces(data: bytes) -> Iterator[Piece | Broken]:
    """JSON documents that stand one after the other. Raises RecursionError, UnicodeDecodeError."""
    from json import JSONDecodeError, JSONDecoder

    text, decoder, at = data.decode("utf-8"), JSONDecoder(), 0
    while at < len(text):
        start = at + len(text[at:]) - len(text[at:].lstrip(" \t\r\n"))
        if start == len(text):
            return
        try:
            _, at = decoder.raw_decode(text, start)
        except JSONDecodeError as error:
            yield Broken(error.msg[:1].lower() + error.msg[1:], text.count("\n", 0, error.pos) + 1)
            return
        yield Piece(text[start:at].encode(), text.count("\n", 0, start))


def yaml_pieces(data: bytes) -> Iterator[Piece]:
    """YAML documents, which a line of three hyphens separates."""
    lines = 0
    for number, part in enumerate(data.split(_SEPARATOR)):
        piece = part if number == 0 else part.partition(b"\n")[2]
        before = lines + (number > 0)
        if piece.strip(b"- \t\r\n"):
            yield Piece(piece, before)
        lines += part.count(b"\n") + 1


def refuse_aliases(root: yaml.Node) -> None:
    """Raise ValueError where one node stands in two places: a small file could then be a huge document."""
    from yaml import MappingNode, SequenceNode

    seen: set[int] = set()
    pending: list[yaml.Node] = [root]
    while pending:
        node = pending.pop()
        if id(node) in seen:
            raise ValueError(_NO_ALIASES)
        seen.add(id(node))
        if isinstance(node, MappingNode):
            pending.extend(part for pair in node.value for part in pair)
        elif isinstance(node, SequenceNode):
            pending.extend(node.value)


def _one_after_the_other(data: bytes) -> Iterator[Document | Broken]:
    for number, piece in enumerate(json_pieces(data)):
        if isinstance(piece, Broken):
            yield piece
            return
        try:
            yield Document(msgspec.json.decode(piece.data), f"/{number}")
        except msgspec.DecodeError as error:
            yield Broken(str(error).removeprefix("JSON is malformed: "), piece.lines + 1)
            return


def _of_yaml(data: bytes) -> Iterator[Document | Broken]:
    from kfm_audit.policy.yaml import read_yaml

    for number, piece in enumerate(yaml_pieces(data)):
        try:
            yield Document(read_yaml(piece.data, refuse_aliases), f"/{number}")
        except ValueError as error:
            yield Broken(str(error), piece.lines + 1)
