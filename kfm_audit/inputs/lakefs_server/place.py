"""What a path that mirrors lakeFS's API says of the answer that lies there.

An answer does not name its repository, ref, run or group; its address does. So
a file is kept under the address: `repositories/kfm/refs/env-prod/commits.json`.
A page of several has a name of its own in the same place: `commits-2.json`, or
`commits/2.json`.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from msgspec import Struct

from kfm_audit.facts import HolderKind


class Place(Struct, frozen=True):
    """The parts of an address; what it does not name is "", or None.

    `what` is the last word of the address that names a thing: `commits`.
    """

    repository: str = ""
    ref: str = ""
    run: str = ""
    holder: str = ""
    holder_kind: HolderKind | None = None
    what: str = ""


def place_of(path: str) -> Place:
    """Read the address that a path mirrors; names in it may be percent-encoded."""
    file = PurePosixPath(path)
    folders = file.parts[:-1]
    user, group = _after(folders, "users"), _after(folders, "groups")
    stem, dash, page = file.stem.rpartition("-")
    what = stem if dash and page.isdecimal() else file.stem
    return Place(
        repository=_after(folders, "repositories"),
        ref=_after(folders, "refs"),
        run=_after(folders, "runs"),
        holder=group or user,
        holder_kind=HolderKind.GROUP if group else HolderKind.USER if user else None,
        what=folders[-1] if what.isdecimal() and folders else what,
    )


def _after(folders: tuple[str, ...], word: str) -> str:
    """The folder after the last one that is called `word`."""
    from urllib.parse import unquote

    for number in range(len(folders) - 2, -1, -1):
        if folders[number] == word:
            return unquote(folders[number + 1])
    return ""
