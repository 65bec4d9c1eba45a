"""The folder that a collection is kept in: one file an answer, under a path that mirrors lakeFS's API.

A collection that is broken off resumes. Its manifest says when it was begun; a
file that is not older was got in it and is not asked for again. A long list
grows page by page in a file beside its own, and resumes after the last page.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

MANIFEST: Final = "collection.json"
SCHEMA: Final = "kfm-audit/lakefs-collection-v1"
_PART: Final = ".part"
_RESUMABLE: Final = timedelta(days=1)
"""A collection that was broken off longer ago begins anew: half of it would be of another day."""
_OURS: Final = ("auth", "repositories", "repositories.json")

Document = dict[str, object]
Clock = Callable[[], datetime]


class FolderError(Exception):
    """The folder cannot be used; the message says why and what mends it."""


class Missing(Struct, frozen=True):
    """Something that was asked for and not got."""

    what: str
    why: str
    cure: str


class _Begun(Struct, frozen=True):
    """What a manifest says of a collection that may resume."""

    endpoint: str
    as_of: str
    finished: bool
    scope: str = ""


class Part(Struct):
    """A list under way: when it was begun, what is there, and where to go on."""

    as_of: str
    results: list[dict[str, object]]
    after: str
    file: Path

    def add(self, results: list[dict[str, object]], after: str) -> None:
        """Keep one more page; `after` is where the next one begins."""
        self.results.extend(results)
        self.after = after
        line = msgspec.json.encode({"as_of": self.as_of, "after": after, "results": results})
        with self.file.open("ab") as stream:
            stream.write(line + b"\n")


class _PartLine(Struct, frozen=True):
    as_of: str
    after: str
    results: list[dict[str, object]]


class Folder:
    """A folder that one collection is written into."""

    def __init__(
        self, path: Path, endpoint: str, clock: Clock, *, scope: str = "", restart: bool = False
    ) -> None:
        """Begin, or resume what was broken off at the same endpoint with the same scope.

        Raises FolderError where the folder holds what `collect` did not write.
        """
        self._path = path
        self._endpoint = endpoint
        self._clock = clock
        self._scope = scope
        self._kept: set[str] = set()
        begun = self._begun()
        self.resumed = (
            begun is not None
            and not restart
            and not begun.finished
            and written(clock() - _RESUMABLE) <= begun.as_of
            and (begun.endpoint, begun.scope) == (endpoint, scope)
        )
        self.as_of = begun.as_of if begun is not None and self.resumed else written(clock())
        self.about: Document = {}

    def begin(self) -> None:
        """Say in the manifest that a collection is under way. Raises OSError."""
        self._manifest(finished=False, missing=())

    def finish(self, missing: tuple[Missing, ...]) -> None:
        """Say that it is done, and take away what earlier collections left. Raises OSError."""
        for file in self._others():
            file.unlink()
        self._manifest(finished=True, missing=missing)

    def stop(self, missing: tuple[Missing, ...]) -> None:
        """Say that it was broken off, and what is missing so far. Raises OSError."""
        self._manifest(finished=False, missing=missing)

    def now(self) -> str:
        """The time, as documents carry it."""
        return written(self._clock())

    def got(self, name: str) -> Document | None:
        """A document that this collection got already, before it was broken off. Raises nothing."""
        if not self.resumed:
            return None
        try:
            document = msgspec.json.decode((self._path / name).read_bytes(), type=Document)
        except (OSError, msgspec.MsgspecError):
            return None
        as_of = document.get("as_of")
        if not isinstance(as_of, str) or as_of < self.as_of:
            return None
        self._kept.add(name)
        return document

    def write(self, name: str, document: Document) -> None:
        """Write a document whole. Raises OSError."""
        self.write_bytes(name, msgspec.json.encode(document) + b"\n")

    def write_bytes(self, name: str, data: bytes) -> None:
        """Write a file that appears whole or not at all. Raises OSError."""
        file = self._path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name[:40]}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
            Path(temporary).replace(file)
        except BaseException:
            Path(temporary).unlink()
            raise
        file.with_name(file.name + _PART).unlink(missing_ok=True)
        self._kept.add(name)

    def keep(self, name: str) -> None:
        """Say that a file of an earlier run of this collection stays."""
        self._kept.add(name)

    def part(self, name: str) -> Part:
        """The list under way, as far as it was got. Raises OSError."""
        file = self._path / (name + _PART)
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = tuple(_lines(file)) if self.resumed else ()
        if not lines:
            file.unlink(missing_ok=True)
            return Part(self.now(), [], "", file)
        self._rewrite(file, lines)
        results = [result for line in lines for result in line.results]
        return Part(lines[0].as_of, results, lines[-1].after, file)

    def _rewrite(self, file: Path, lines: tuple[_PartLine, ...]) -> None:
        """Cut off the half line that a broken run left behind."""
        file.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))

    def _begun(self) -> _Begun | None:
        """What the manifest says, None in a new folder. Raises FolderError."""
        manifest = self._path / MANIFEST
        try:
            if not self._path.exists() or not any(self._path.iterdir()):
                return None
            return msgspec.json.decode(manifest.read_bytes(), type=_Begun)
        except FileNotFoundError:
            cure = "give `--to` a folder that is new or empty"
            raise FolderError(f"{self._path}: holds files that `collect` did not write: {cure}") from None
        except (OSError, msgspec.MsgspecError) as error:
            why = error.strerror if isinstance(error, OSError) else f"{MANIFEST} is none of ours"
            raise FolderError(f"{self._path}: cannot be collected into: {why}") from None

    def _manifest(self, *, finished: bool, missing: tuple[Missing, ...]) -> None:
        self.write(
            MANIFEST,
            {
                "schema": SCHEMA,
                "endpoint": self._endpoint,
                "as_of": self.as_of,
                "scope": self._scope,
                **self.about,
                "finished": finished,
                "missing": missing,
            },
        )

    def _others(self) -> Iterator[Path]:
        for top in _OURS:
            place = self._path / top
            files = sorted(place.rglob("*")) if place.is_dir() else [place] if place.is_file() else []
            for file in files:
                if file.is_file() and file.relative_to(self._path).as_posix() not in self._kept:
                    yield file


def written(time: datetime) -> str:
    """A time as documents carry it: UTC, to the second."""
    return time.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def _lines(file: Path) -> Iterator[_PartLine]:
    """The whole lines of a list under way; the last may be half."""
    try:
        with file.open("rb") as stream:
            for line in stream:
                yield msgspec.json.decode(line, type=_PartLine)
    except (OSError, msgspec.MsgspecError):
        return
