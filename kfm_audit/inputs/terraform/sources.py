"""Terraform sources: the kind `terraform-source`, and the lines that they give to a plan's findings.

A root module with a plan is judged from the plan; its `.tf` gives lines (design
section 3). Which folder a plan belongs to: what config says, else the folder
that declares most of its resources; with a tie the plan's own line is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import PurePosixPath
from posixpath import join, normpath
from typing import Final

from kfm_audit.inputs.kind import Kind, ReadContext, Reading, locate_in_lines
from kfm_audit.inputs.source import Form, Source
from kfm_audit.inputs.terraform.addresses import module_of, steps, without_keys
from kfm_audit.inputs.terraform.hcl import Block, Span, blocks, declared
from kfm_audit.inputs.terraform.modules import local_source
from kfm_audit.values import Location


def _recognise(source: Source) -> bool:
    return source.path.endswith(".tf") and source.shape.form in (Form.TEXT, Form.EMPTY, Form.OBJECT)


def _read(source: Source, context: ReadContext) -> Reading:  # noqa: ARG001 - the signature of all kinds
    """Sources alone are not judged by this version: they give a plan's findings their lines."""
    source.text  # noqa: B018 - raises for what is not UTF-8
    return Reading(())


KIND: Final = Kind(
    name="terraform-source",
    title="a Terraform source",
    names=("*.tf",),
    recognise=_recognise,
    read=_read,
    locate=locate_in_lines,
    judged=False,
)


class SourceLines:
    """The `.tf` files of a run, by folder."""

    def __init__(self, sources: Iterable[Source]) -> None:
        """Take all sources; none is parsed before a finding asks for a line in it."""
        self._folders: dict[str, list[Source]] = {}
        for source in sources:
            self._folders.setdefault(str(PurePosixPath(source.path).parent), []).append(source)
        self._blocks: dict[str, tuple[Block, ...]] = {}

    def locate(self, folder: str, address: str, attribute: str) -> Location | None:
        """The place of an attribute of the resource at `address`, whose root module is in `folder`.

        None where the sources do not show it: then the plan's own place must do.
        """
        call: Location | None = None
        for name in module_of(address):
            found = self._block(folder, ("module", without_keys(name)))
            if found is None:
                return call
            source, block = found
            call = _location(source, block.header)
            local = local_source(block)
            if local is None:
                return call
            folder = normpath(join(folder, local))
        kind, name = (without_keys(step) for step in steps(address)[-2:])
        found = self._block(folder, ("resource", kind, name))
        if found is None:
            return call
        source, block = found
        return _location(source, block.find(tuple(part for part in attribute.split("/") if part)))

    def root_of(self, addresses: Iterable[str]) -> str | None:
        """The one folder that declares most of what stands in a plan's root module; None with a tie."""
        wanted = {_declaration(address) for address in addresses}
        scores = [(len(wanted & names), folder) for folder, names in sorted(self._declared.items())]
        top = max((score for score, _ in scores), default=0)
        best = [folder for score, folder in scores if score == top]
        return best[0] if top and len(best) == 1 else None

    @cached_property
    def _declared(self) -> Mapping[str, frozenset[tuple[str, str]]]:
        return {
            folder: frozenset().union(*(declared(source.data) for source in sources))
            for folder, sources in self._folders.items()
        }

    def _block(self, folder: str, wanted: tuple[str, ...]) -> tuple[Source, Block] | None:
        for source in self._folders.get(folder, ()):
            if source.path not in self._blocks:
                self._blocks[source.path] = blocks(source.path, source.data)
            for block in self._blocks[source.path]:
                if (block.type, *block.labels) == wanted:
                    return source, block
        return None


def _declaration(address: str) -> tuple[str, str]:
    """What the root module declares for a resource: the resource itself, or the call of its module."""
    modules = module_of(address)
    if modules:
        return "module", without_keys(modules[0])
    kind, name = steps(address)[-2:]
    return kind, without_keys(name)


def _location(source: Source, span: Span) -> Location:
    return Location(
        source.path,
        span.start[0] + 1,
        _column(source, span.start),
        span.end[0] + 1,
        _column(source, span.end),
    )


def _column(source: Source, point: tuple[int, int]) -> int:
    """1-based, in code points."""
    row, byte = point
    return len(source.lines[row][:byte].decode("utf-8", "replace")) + 1
