"""What the files of one folder declare together: a Terraform module."""

from __future__ import annotations

from collections.abc import Iterable
from posixpath import basename
from typing import Final, TypeVar

from kfm_audit.inputs.terraform.hcl import Argument, Block
from kfm_audit.inputs.terraform.language.syntax import Literal
from kfm_audit.pattern import pattern

_Key = TypeVar("_Key", str, tuple[str, str])
_LOCAL: Final = pattern(r"\.{1,2}(?:/.*)?")


class Module:
    """The declarations of a module; of two with one name the later file's wins.

    Override files (`override.tf`, `*_override.tf`) come last and are merged into
    what they override, as the Terraform language reference says ("Override Files").
    """

    def __init__(self, folder: str, files: Iterable[tuple[str, tuple[Block, ...]]]) -> None:
        """Take the top-level blocks of each file, by its path."""
        self.folder = folder
        self.paths: list[str] = []
        self.resources: dict[tuple[str, str], Block] = {}
        self.data: dict[tuple[str, str], Block] = {}
        self.variables: dict[str, Block] = {}
        self.outputs: dict[str, Block] = {}
        self.calls: dict[str, Block] = {}
        self.locals: dict[str, Argument] = {}
        self.providers: dict[tuple[str, str], Block] = {}
        for path, blocks in sorted(files, key=lambda file: (_overrides(file[0]), file[0])):
            self.paths.append(path)
            overrides = _overrides(path)
            for block in blocks:
                self._declare(block, overrides=overrides)

    def _declare(self, block: Block, *, overrides: bool) -> None:
        match block.type, block.labels:
            case "resource", (kind, name):
                _put(self.resources, (kind, name), block, overrides=overrides)
            case "data", (kind, name):
                _put(self.data, (kind, name), block, overrides=overrides)
            case "variable", (name,):
                _put(self.variables, name, block, overrides=overrides)
            case "output", (name,):
                _put(self.outputs, name, block, overrides=overrides)
            case "module", (name,):
                _put(self.calls, name, block, overrides=overrides)
            case "provider", (name,):
                alias = literal(block, "alias")
                _put(self.providers, (name, alias), block, overrides=overrides)
            case "locals", _:
                self.locals.update(block.arguments)


def _put(table: dict[_Key, Block], key: _Key, block: Block, *, overrides: bool) -> None:
    table[key] = table[key].overridden(block) if overrides and key in table else block


def literal(block: Block, name: str) -> str:
    """A string argument that is written out; "" where it is none."""
    argument = block.arguments.get(name)
    expression = argument.expression if argument else None
    return expression.value if isinstance(expression, Literal) and isinstance(expression.value, str) else ""


def local_source(call: Block) -> str | None:
    """Where a module call's source lies, relative to its own folder; None where it is not in a folder nearby."""
    source = literal(call, "source")
    return source if _LOCAL.fullmatch(source) else None


def _overrides(path: str) -> bool:
    name = basename(path)
    return name == "override.tf" or name.endswith("_override.tf")
