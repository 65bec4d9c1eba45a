"""The Terraform sources of a run, by folder, each parsed once and only when somebody asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from posixpath import dirname

from kfm_audit.facts import UnreadableInput
from kfm_audit.inputs.source import Source
from kfm_audit.inputs.terraform.adjudicate import adjudicate
from kfm_audit.inputs.terraform.hcl import Block, declared, parse_file
from kfm_audit.inputs.terraform.modules import Module


class SourceFiles:
    """The `.tf` files of a run. Paths are as people know them, and folders are their parents."""

    def __init__(self, sources: Iterable[Source]) -> None:
        """Take all sources; none is read yet."""
        self._sources = {source.path: source for source in sources}
        self._blocks: dict[str, tuple[Block, ...]] = {}
        self._modules: dict[str, Module] = {}
        self._lost: dict[str, tuple[UnreadableInput, ...]] = {}

    def source(self, path: str) -> Source | None:
        """The source at a path."""
        return self._sources.get(path)

    def blocks(self, path: str) -> tuple[Block, ...]:
        """The top-level blocks of a file that are certain."""
        if path not in self._blocks:
            self._blocks[path] = self._parsed(self._sources[path])
        return self._blocks[path]

    def lost(self, path: str) -> tuple[UnreadableInput, ...]:
        """What could not be read of a file that was asked for."""
        return self._lost.get(path, ())

    def module(self, folder: str) -> Module | None:
        """The module in a folder; None for a folder without sources."""
        if folder not in self._modules:
            paths = self.folders.get(folder)
            if not paths:
                return None
            self._modules[folder] = Module(folder, ((path, self.blocks(path)) for path in paths))
        return self._modules[folder]

    @cached_property
    def folders(self) -> Mapping[str, tuple[str, ...]]:
        """The paths of each folder's files, all in order."""
        found: dict[str, list[str]] = {}
        for path in sorted(self._sources):
            found.setdefault(folder_of(path), []).append(path)
        return {folder: tuple(paths) for folder, paths in sorted(found.items())}

    @cached_property
    def declared(self) -> Mapping[str, frozenset[tuple[str, str]]]:
        """Type and name of the resources that each folder seems to declare, and `("module", name)` of its calls."""
        return {
            folder: frozenset[tuple[str, str]]().union(*(declared(self.data(path)) for path in paths))
            for folder, paths in self.folders.items()
        }

    def data(self, path: str) -> bytes:
        """The bytes of a file; none where it can no longer be read, which its reader has said."""
        source = self._sources[path]
        try:
            return source.data
        except OSError:
            return b""
        finally:
            source.forget()

    def _parsed(self, source: Source) -> tuple[Block, ...]:
        parsed = parse_file(source.path, self.data(source.path))
        if not parsed.broken:
            return parsed.blocks
        try:
            blocks, self._lost[source.path] = adjudicate(source, parsed)
        except OSError:
            return ()
        return blocks


def folder_of(path: str) -> str:
    """The folder of a file, as its path is written."""
    return dirname(path) or "."
