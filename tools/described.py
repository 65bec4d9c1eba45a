"""The docstrings that stand below attributes, which Python keeps only in the source."""

from __future__ import annotations

import ast
import inspect
import sys
from functools import cache
from pathlib import Path


def attribute_docs(kind: type) -> dict[str, str]:
    """What is said of each attribute of a class and of those it inherits from, by the attribute's name."""
    docs: dict[str, str] = {}
    for one in reversed(kind.__mro__):
        docs.update(_of_module(one.__module__).get(one.__qualname__, {}))
    return docs


def summary(kind: type) -> str:
    """A class's docstring on one line a paragraph; "" where it has none of its own."""
    doc = inspect.cleandoc(kind.__dict__.get("__doc__") or "")
    return "\n\n".join(" ".join(part.split()) for part in doc.split("\n\n"))


@cache
def _of_module(name: str) -> dict[str, dict[str, str]]:
    file = Path(getattr(sys.modules.get(name), "__file__", None) or "")
    if file.suffix != ".py":
        return {}
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name: dict(_documented(node)) for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}


def _documented(node: ast.ClassDef) -> list[tuple[str, str]]:
    found = []
    for statement, following in zip(node.body, node.body[1:], strict=False):
        match statement, following:
            case (
                ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found.append((name, " ".join(text.split())))
    return found
