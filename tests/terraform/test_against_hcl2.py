"""The structure of every `.tf` at hand, as we and python-hcl2 read it: blocks, labels, lines and arguments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hcl2
import pytest

from kfm_audit.inputs.terraform.hcl import Block, parse_file

ROOT = Path(__file__).parent.parent.parent
CORPUS = ROOT.parent / "shared" / "corpus"
FILES = sorted({*(ROOT / "examples").rglob("*.tf"), *(ROOT / "tests").rglob("*.tf"), *CORPUS.rglob("*.tf")})

TORTURE = """\
# comment
locals { one = "line" }
resource "aws_sns_topic" "a" {
  name = <<-EOT
    } not the "end" ${var.x}
  EOT
  list = [
    1, # one
    { a = "}" },
  ]
  block "label" with_a_word {
    inner {}
    x = var.a ? 1 : -2.5e3 /* } */
  }
  dynamic "x" {
    for_each = [for a in var.b : a if a != "}"]
    content { y = x.value }
  }
}
variable unquoted {}
"""


def ours(block: Block) -> tuple[Any, ...]:
    span = block.span
    names = tuple(sorted(block.arguments))
    return (
        block.type,
        block.labels,
        span.start[0] + 1,
        span.end[0] + 1,
        names,
        tuple(ours(inner) for inner in block.blocks),
    )


def theirs(node: Any) -> tuple[Any, ...]:
    names = [child for child in node.children if getattr(child, "data", "") in ("identifier", "string")]
    body = next(child for child in node.children if getattr(child, "data", "") == "body")
    kind, *labels = (text(name) for name in names)
    inner = tuple(theirs(child) for child in body.children if getattr(child, "data", "") == "block")
    return kind, tuple(labels), node.meta.line, node.meta.end_line, arguments(body), inner


def arguments(body: Any) -> tuple[str, ...]:
    found = [child for child in body.children if getattr(child, "data", "") == "attribute"]
    return tuple(sorted(text(item.children[0]) for item in found))


def text(node: Any) -> str:
    return "".join(str(token) for token in node.scan_values(lambda _: True)).strip('"')


def same(path: str, data: bytes) -> None:
    parsed = parse_file(path, data)
    assert not parsed.broken
    (body,) = hcl2.parses_to_tree(data.decode()).children
    blocks = [child for child in body.children if getattr(child, "data", "") == "block"]
    assert [ours(block) for block in parsed.blocks] == [theirs(block) for block in blocks]
    assert tuple(sorted(parsed.arguments)) == arguments(body)


@pytest.mark.parametrize("file", FILES, ids=lambda file: "/".join(file.parts[-4:]))
def test_both_parsers_see_the_same_structure(file) -> None:
    same(file.name, file.read_bytes())


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_both_parsers_see_the_same_torture(newline) -> None:
    same("main.tf", TORTURE.replace("\n", newline).encode())
