"""What is certain in a file that tree-sitter stumbles over: python-hcl2 says.

tree-sitter-hcl does not know all of HCL (`1e30`), and what it makes of the rest
of a file after a fault may be wrong. Where python-hcl2 reads the file, a block is
certain that both see from and to the same lines and that tree-sitter read
without a fault. Where it does not, nothing in the file is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from kfm_audit.facts import UnreadableInput
from kfm_audit.inputs.kind import unreadable
from kfm_audit.inputs.source import Source
from kfm_audit.inputs.terraform.hcl import Block, ParsedFile

_MAX_BYTES: Final = 1_000_000
"""python-hcl2 takes ten seconds for a megabyte: a larger file is not given to it."""
_CURE: Final = "run `terraform validate`, which names the fault; nothing in this file was checked"

# lark's trees and errors, which have no types.
Lark = Any
_Seen = tuple[str, tuple[str, ...], int, int]


def adjudicate(source: Source, parsed: ParsedFile) -> tuple[tuple[Block, ...], tuple[UnreadableInput, ...]]:
    """The blocks of a broken file that are certain, and what was lost. Raises OSError."""
    data = source.data
    if len(data) > _MAX_BYTES:
        return (), (unreadable(source, "is not HCL that can be parsed", _CURE),)
    import hcl2

    try:
        seen = tuple(_blocks(hcl2.parses_to_tree(data.decode("utf-8", "replace"))))
    except Exception as error:  # noqa: BLE001 - lark's errors, and what hostile input makes of the parser
        line = getattr(error, "line", 0)
        return (), (unreadable(source, f"is not HCL: {_in_words(error)}", _CURE, line=_number(line)),)
    certain = {_extent(block): block for block in parsed.blocks if not block.broken}
    return (
        tuple(certain[extent] for extent in seen if extent in certain),
        tuple(_lost(source, extent) for extent in seen if extent not in certain),
    )


def _lost(source: Source, extent: _Seen) -> UnreadableInput:
    kind, labels, line, _ = extent
    return unreadable(
        source,
        "is written in a way that the parser does not know",
        "run `terraform validate`; if Terraform knows it, write it more plainly or check a plan",
        part=" ".join((kind, *labels)),
        line=line,
    )


def _extent(block: Block) -> _Seen:
    return block.type, block.labels, block.span.start[0] + 1, block.span.end[0] + 1


def _blocks(tree: Lark) -> Iterator[_Seen]:
    """The top-level blocks that python-hcl2 sees: type, labels, first and last line."""
    for body in tree.children:
        for node in getattr(body, "children", ()):
            if getattr(node, "data", None) == "block":
                names = [_text(child) for child in node.children if hasattr(child, "children")][:-1]
                if names:
                    yield names[0], tuple(names[1:]), _number(node.meta.line), _number(node.meta.end_line)


def _text(node: Lark) -> str:
    return "".join(str(token) for token in node.scan_values(lambda _: True)).strip('"')


def _in_words(error: Exception) -> str:
    """What was met and where; never the parser's list of what it would have liked."""
    token, column = getattr(error, "token", None), getattr(error, "column", 0)
    if token is None or not isinstance(column, int):
        return str(error).partition("\n")[0] or type(error).__name__
    met = str(token).partition("\n")[0].strip()[:40]
    if getattr(token, "type", "") == "$END":
        return f"it ends in the middle of something, at line {_number(getattr(error, 'line', 0))}"
    return f"`{met}` is not expected at line {_number(getattr(error, 'line', 0))}, column {column}"


def _number(line: object) -> int:
    return line if isinstance(line, int) and line > 0 else 0
