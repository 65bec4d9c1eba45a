"""Which files of alarm tests there are below what people name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from os import walk
from pathlib import Path
from typing import Final

from kfm_audit.inputs.find import NEVER

_ENDINGS: Final = (".yaml", ".yml")
_CLAIMS: Final = re.compile(r"alarm.*test|test.*alarm", re.IGNORECASE)
"""A file with such a name means to be one of alarm tests, and is read as one."""
_KEYS: Final = (re.compile(rb"^alarms\s*:", re.MULTILINE), re.compile(rb"^tests\s*:", re.MULTILINE))
_ASSERTION: Final = b"alarm_state_test"
_HEAD: Final = 1 << 20
_WATCHED: Final = (*_ENDINGS, ".json", ".tf", ".tfvars")


class NoSuchFileError(Exception):
    """Nothing is there under a name. The text is the name."""


def find_tests(words: Iterable[str], base: Path) -> tuple[Path, ...]:
    """The files of tests that words name: files as they are, folders searched, globs expanded.

    Paths are absolute, each once, in the order of the words and by name within a folder. A folder's YAML file
    is one of alarm tests where its name says so, or where it has their keys. Raises NoSuchFileError.
    """
    found: dict[Path, None] = {}
    for word in words:
        paths = [base / word]
        if not paths[0].exists():
            if not any(char in word for char in "*?["):
                raise NoSuchFileError(word)
            paths = sorted(_expanded(word, base))
        for path in paths:
            found |= dict.fromkeys(_below(path) if path.is_dir() else (path,))
    return tuple(found)


def _expanded(word: str, base: Path) -> Iterable[Path]:
    """The paths that a glob matches; `**` stands for any folders."""
    top = Path(word).anchor
    return Path(top).glob(word[len(top) :]) if top else base.glob(word)


def _below(folder: Path) -> Iterator[Path]:
    for path in files_below(folder, _ENDINGS):
        if _CLAIMS.search(path.name) or _holds_tests(path):
            yield path


def _holds_tests(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
    except OSError:
        return False
    return _ASSERTION in head or all(key.search(head) for key in _KEYS)


def files_below(folder: Path, endings: tuple[str, ...] = _WATCHED) -> Iterator[Path]:
    """The files below a folder with one of the endings, by name; folders of other people's files are left out."""
    for place, folders, names in walk(folder):
        folders[:] = sorted(name for name in folders if name not in NEVER)
        yield from (Path(place, name) for name in sorted(names) if name.endswith(endings))
