"""Which folders are root modules, among those that have anything to do with alarms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from posixpath import join, normpath
from typing import Final

from kfm_audit.inputs.terraform.files import SourceFiles
from kfm_audit.inputs.terraform.modules import local_source
from kfm_audit.inputs.terraform.resources import READERS
from kfm_audit.pattern import pattern

_CALL: Final = pattern(rb"^[ \t]*module\b", re.MULTILINE)
_JUDGED: Final = pattern(b"|".join(re.escape(kind.encode()) for kind in READERS))


class Roots:
    """The root modules of a run: folders that no other folder's module call names.

    A folder whose files hold no resource type that becomes a fact, and no module
    call, is not parsed: nothing in it could be judged.
    """

    def __init__(self, files: SourceFiles) -> None:
        """Look at the bytes of all files, and parse those with module calls."""
        calls: dict[str, tuple[str, ...]] = {}
        for folder, paths in files.folders.items():
            found = [path for path in paths if _CALL.search(data := files.data(path)) or _JUDGED.search(data)]
            if found:
                calls[folder] = tuple(_called(files, folder, found))
        self._calls = calls
        self.folders = tuple(self._find())

    def below(self, root: str) -> frozenset[str]:
        """A folder and all that it calls, at any depth."""
        reached: set[str] = set()
        pending = [root]
        while pending:
            folder = pending.pop()
            if folder not in reached:
                reached.add(folder)
                pending.extend(self._calls.get(folder, ()))
        return frozenset(reached)

    def _find(self) -> Iterator[str]:
        called = {target for folder, targets in self._calls.items() for target in targets if target != folder}
        reached: set[str] = set()
        for folder in sorted(self._calls, key=lambda folder: (folder in called, folder)):
            # Folders that only call each other in a circle have no root: the first of them stands for one.
            if folder not in called or folder not in reached:
                reached |= self.below(folder)
                yield folder


def _called(files: SourceFiles, folder: str, paths: list[str]) -> Iterator[str]:
    for path in paths:
        if _CALL.search(files.data(path)):
            for block in files.blocks(path):
                source = local_source(block) if block.type == "module" else None
                if source is not None:
                    yield normpath(join(folder, source))
