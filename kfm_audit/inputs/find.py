"""Which files there are to read, and which of them are reported on.

PATHS choose what is reported; context is read below the root, so that a list of
files from pre-commit never makes a join fail (design section 4).
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Final

from msgspec import Struct

from kfm_audit.globs import matches_any
from kfm_audit.inputs.ignore import Hidden
from kfm_audit.inputs.kind import Kind
from kfm_audit.inputs.source import Source

CANDIDATES: Final = frozenset(
    {
        *(".json", ".jsonl", ".ndjson", ".jsonld", ".log", ".prom", ".om", ".openmetrics"),
        *(".tf", ".tfvars", ".provn", ".ttl"),
        *(".gz", ".zst"),
    }
)
"""Endings of files that may be an input. A file that PATHS name is looked at whatever its ending."""

NEVER: Final = frozenset(
    {".git", ".hg", ".svn", ".terraform", ".venv", "venv", "node_modules", "__pycache__", ".tox", ".nox"}
)
"""Folders that hold other people's files: never entered, unless PATHS name them."""


_ANY: Final = "*"


class Found(Struct, frozen=True):
    """A file that may be an input. `named`: PATHS name it; `reported`: it lies below PATHS."""

    source: Source
    named: bool
    reported: bool


class Skipped(Struct, frozen=True):
    """A file that was not looked into, and why."""

    path: str
    why: str


class Search(Struct, frozen=True, kw_only=True):
    """What to look for, and where.

    `paths` are absolute. `root` is where context is read: the folder of the
    config, or the repository's root; None reads PATHS alone. `base` is the
    folder that shown paths are relative to.
    """

    paths: tuple[Path, ...]
    root: Path | None
    repository: Path | None
    base: Path
    kinds: Iterable[Kind]
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    @property
    def tops(self) -> tuple[Path, ...]:
        """The folders below which everything may be read."""
        return (*filter(None, (self.root or self.repository,)), *self.paths)


def find(search: Search) -> tuple[tuple[Found, ...], tuple[Skipped, ...]]:
    """All candidate files, in a stable order, and those that were passed over. Raises nothing."""
    found: dict[Path, Found] = {}
    skipped: dict[str, Skipped] = {}
    hidden = Hidden(search.repository)
    walker = _Walker(search, hidden, skipped)
    for path in search.paths:
        if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir() may raise
            if not os.access(path, os.R_OK | os.X_OK):
                closed = Source(display(path, search.base), path, refused=os.strerror(errno.EACCES))
                found[path] = Found(closed, named=True, reported=True)
                continue
            # PATHS that name a hidden folder mean what is in it.
            inside = _Walker(search, Hidden(None), skipped) if hidden.hides_below(path) else walker
            for file in inside.files_below(path):
                found.setdefault(file, _found(search, file, named=False, reported=True))
        else:
            found[path] = _found(search, path, named=True, reported=True)
    if search.root is not None and search.root not in search.paths:
        for file in walker.files_below(search.root):
            found.setdefault(file, _found(search, file, named=False, reported=False))
    for path in found:
        skipped.pop(display(path, search.base), None)
    return (
        tuple(sorted(found.values(), key=lambda item: item.source.path)),
        tuple(skipped[path] for path in sorted(skipped)),
    )


def display(path: Path, base: Path) -> str:
    """The POSIX path relative to `base`, with `..` where it lies nearby, else absolute."""
    try:
        return path.relative_to(base).as_posix() or "."
    except ValueError:
        relative = os.path.relpath(path, base)
        return Path(relative).as_posix() if relative.count("..") <= 3 else path.as_posix()


def _found(search: Search, file: Path, *, named: bool, reported: bool) -> Found:
    refused = "" if named else refusal(file, search.tops)
    return Found(Source(display(file, search.base), file, refused=refused), named, reported)


class _Walker:
    def __init__(self, search: Search, hidden: Hidden, skipped: dict[str, Skipped]) -> None:
        self._search = search
        self._hidden = hidden
        self._skipped = skipped
        self._top = search.root or search.repository

    def files_below(self, folder: Path) -> Iterator[Path]:
        """The candidates below `folder` that are not hidden."""
        yield from self._walk(folder, hidden=self._hidden.hides_below(folder))

    def _walk(self, folder: Path, *, hidden: bool) -> Iterator[Path]:
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            self._skip(folder, f"cannot be entered: {error.strerror}")
            return
        for entry in entries:
            path = folder / entry.name
            if entry.is_symlink() and os.path.isdir(path):  # noqa: PTH112 - Path.is_dir() may raise
                self._skip(path, "a link to a folder: name the folder as a path to read it")
            elif entry.is_dir(follow_symlinks=False):
                if entry.name not in NEVER and not self._excluded(path):
                    yield from self._walk(path, hidden=hidden or self._hidden.hides(path, folder=True))
            elif path.suffix in CANDIDATES or _rotated(path) or self._claimed(path):
                yield from self._candidate(path, hidden=hidden)

    def _candidate(self, path: Path, *, hidden: bool) -> Iterator[Path]:
        if self._excluded(path):
            self._skip(path, "`exclude` in the config names it")
        elif self._refused(path) and not self._claimed(path):
            self._skip(path, self._refused(path))
        elif not (hidden or self._hidden.hides(path, folder=False)) or self._included(path):
            yield path
        elif self._claimed(path):
            self._skip(
                path, "hidden by .gitignore: name it as a path, or in `include` of the config, to read it"
            )

    def _claimed(self, path: Path) -> bool:
        names = (*self._names.get(path.suffix, ()), *self._names[_ANY])
        return any(path.match(name) for name in names)

    @cached_property
    def _names(self) -> dict[str, list[str]]:
        """The names that claim a kind, by the ending that they ask for: a repository has many files of others."""
        names: dict[str, list[str]] = {_ANY: []}
        for kind in self._search.kinds:
            for name in kind.names:
                last = PurePosixPath(name)
                wild = not {*"*?["}.isdisjoint(last.suffix or last.name)
                names.setdefault(_ANY if wild else last.suffix, []).append(name)
        return names

    def _refused(self, path: Path) -> str:
        return refusal(path, self._search.tops)

    def _included(self, path: Path) -> bool:
        return self._below_root(path, self._search.include)

    def _excluded(self, path: Path) -> bool:
        return self._below_root(path, self._search.exclude)

    def _below_root(self, path: Path, patterns: Iterable[str]) -> bool:
        if self._top is None or not path.is_relative_to(self._top):
            return False
        return matches_any(path.relative_to(self._top).as_posix(), patterns)

    def _skip(self, path: Path, why: str) -> None:
        shown = display(path, self._search.base)
        self._skipped.setdefault(shown, Skipped(shown, why))


def _rotated(path: Path) -> bool:
    """Whether a file is an old one of a log: `audit.jsonl.1`."""
    return path.suffix[1:].isdigit() and Path(path.stem).suffix in CANDIDATES


def refusal(path: Path, tops: Iterable[Path]) -> str:
    """Why a file that was found below `tops`, not named, must not be opened; "" where it may.

    A link in a pull request must not lead to the files of whoever audits it.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return "not a regular file"
        if path.is_symlink() and not any(path.resolve().is_relative_to(top.resolve()) for top in tops):
            return "a link that leads out of the folder: name it as a path to read it"
    except PermissionError as error:
        return error.strerror or "it may not be read"
    except OSError:
        return "a link that leads nowhere"
    return ""
