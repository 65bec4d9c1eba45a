"""The lines that Terraform sources give to findings: the narrowest argument of a resource."""

from __future__ import annotations

from posixpath import join, normpath

from kfm_audit.inputs.terraform.addresses import module_of, steps, without_keys
from kfm_audit.inputs.terraform.files import SourceFiles, folder_of
from kfm_audit.inputs.terraform.hcl import Block, Span
from kfm_audit.inputs.terraform.modules import local_source
from kfm_audit.values import Location


class SourceLines:
    """Finds places in the sources of a run; nothing is parsed before a finding asks for a line."""

    def __init__(self, files: SourceFiles) -> None:
        """Take the files that places are looked for in."""
        self._files = files

    def from_root(self, folder: str, address: str, attribute: str) -> Location | None:
        """The place of an attribute of the resource at `address`, whose root module is in `folder`.

        The module call where the module's sources are not here; None where the
        sources do not show it at all.
        """
        call: Location | None = None
        for name in module_of(address):
            block = self._block(folder, ("module", without_keys(name)))
            if block is None:
                return call
            call = self._location(block.header)
            source = local_source(block)
            if source is None:
                return call
            folder = normpath(join(folder, source))
        return self._resource(folder, address, attribute) or call

    def calls(self, folder: str, address: str) -> tuple[Location, ...]:
        """The module calls that lead to the resource at `address`, from outside in, as far as the sources show."""
        found = []
        for name in module_of(address):
            block = self._block(folder, ("module", without_keys(name)))
            if block is None:
                break
            found.append(self._location(block.header))
            source = local_source(block)
            if source is None:
                break
            folder = normpath(join(folder, source))
        return tuple(found)

    def in_file(self, path: str, address: str, attribute: str) -> Location | None:
        """The place of an attribute of a resource that the module of the file at `path` declares."""
        return self._resource(folder_of(path), address, attribute)

    def _resource(self, folder: str, address: str, attribute: str) -> Location | None:
        kind, name = (without_keys(step) for step in steps(address)[-2:])
        block = self._block(folder, ("resource", kind, name))
        if block is None:
            return None
        return self._location(block.find(tuple(part for part in attribute.split("/") if part)))

    def _block(self, folder: str, wanted: tuple[str, ...]) -> Block | None:
        module = self._files.module(folder)
        if module is None:
            return None
        if wanted[0] == "module":
            return module.calls.get(wanted[1])
        return module.resources.get((wanted[1], wanted[2]))

    def _location(self, span: Span) -> Location:
        return Location(
            span.path,
            span.start[0] + 1,
            self._column(span.path, span.start),
            span.end[0] + 1,
            self._column(span.path, span.end),
        )

    def _column(self, path: str, point: tuple[int, int]) -> int:
        """1-based, in code points."""
        row, byte = point
        source = self._files.source(path)
        lines = source.lines if source else []
        return len(lines[row][:byte].decode("utf-8", "replace")) + 1 if row < len(lines) else 1
