"""One answer of lakeFS's API, or several of them in one file: opened once, read entry by entry."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from kfm_audit.facts import UnreadableInput
from kfm_audit.inputs.kind import unreadable
from kfm_audit.inputs.lakefs_server.place import Place, place_of
from kfm_audit.inputs.positions import join_pointer
from kfm_audit.inputs.source import Form, Source
from kfm_audit.policy.span import read_instant
from kfm_audit.policy.strict import DocumentError, read_strictly
from kfm_audit.values import Origin

T = TypeVar("T")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_REPEAT: Final = "fetch it again; `kfm-audit collect lakefs` writes what is read here"


class Entry(Struct, frozen=True):
    """One entry of a list, decoded, and where it stands."""

    value: object
    pointer: str
    line: int = 0


class Answer:
    """What a file holds of an answer; whatever cannot be read of it is collected in `lost`.

    `keys` are the keys of the object, {} of a bare list and of JSON lines. The
    keys `repository`, `ref` and `as_of`, which collected answers carry, say more
    than the path and are believed before it.
    """

    def __init__(self, source: Source, entries: str = "results") -> None:
        """Open an answer that lists its entries under the key `entries`, or is a bare list of them."""
        self.source = source
        self.lost: list[UnreadableInput] = []
        self.keys: dict[str, object] = {}
        self.entries: tuple[Entry, ...] = ()
        self.as_of: datetime | None = None
        self._place = place_of(source.path)
        if source.shape.form is Form.LINES:
            self.entries = tuple(self._lines())
        else:
            self._open(entries)

    @cached_property
    def place(self) -> Place:
        """Where the answer belongs: as its own keys say, else as its path does."""
        return msgspec.structs.replace(
            self._place,
            repository=self._said("repository") or self._place.repository,
            ref=self._said("ref") or self._place.ref,
        )

    @property
    def more(self) -> bool:
        """Whether the server had more entries than these."""
        pagination = self.keys.get("pagination")
        return isinstance(pagination, dict) and pagination.get("has_more") is True

    @property
    def whole(self) -> bool:
        """Whether nothing is missing, as far as the answer shows."""
        return not self.more and not self.lost

    def origin(self, entry: Entry | None = None) -> Origin:
        """The origin of a fact made of an entry, or of the answer as a whole."""
        return Origin(self.source.path, entry.pointer, entry.line) if entry else Origin(self.source.path)

    def read(self, entry: Entry, into: type[T]) -> T | None:
        """Read an entry; None, and said to be lost, where it is not what it must be."""
        try:
            return read_strictly(entry.value, into)
        except DocumentError as error:
            where = ".".join(error.path)
            self.lose(f"{where}: {error.message}" if where else error.message, entry)
        return None

    def lose(self, cause: str, entry: Entry | None = None, cure: str = _REPEAT) -> None:
        """Say that an entry, or the whole answer, was lost."""
        at = entry or Entry(None, "")
        part = at.pointer or (f"line {at.line}" if at.line else "")
        self.lost.append(unreadable(self.source, cause, cure, part=part, pointer=at.pointer, line=at.line))

    def lose_pages(self) -> None:
        """Say that pages are missing, where the answer does: what it lists is not all there is."""
        if self.more:
            self.lost.append(
                unreadable(
                    self.source,
                    "is one page of several (pagination.has_more is true)",
                    "fetch the other pages too (`after=` with next_offset) and put their results into one file",
                    part="the pages that follow",
                    pointer="/pagination",
                )
            )

    def instant(self, text: str, entry: Entry, key: str) -> datetime | None:
        """Read a time of an entry; None, and said to be lost, where it is none."""
        try:
            return read_instant(text)
        except ValueError as error:
            self.lose(f"{key}: {error}", entry)
        return None

    def epoch(self, seconds: int, entry: Entry, key: str) -> datetime | None:
        """Read seconds since 1970; None, and said to be lost, where they are no time."""
        try:
            return _EPOCH + timedelta(seconds=seconds)
        except OverflowError:
            self.lose(f"{key}: {seconds} seconds since 1970 are no time", entry)
        return None

    def _said(self, key: str) -> str:
        said = self.keys.get(key)
        return said if isinstance(said, str) else ""

    def _open(self, key: str) -> None:
        try:
            document: object = msgspec.json.decode(self.source.data)
        except msgspec.MsgspecError as error:
            self.lose(f"is not JSON: {error}", None, "it is cut off or edited by hand: write it again")
            return
        listed, pointer = document, ""
        if isinstance(document, dict):
            self.keys = document
            self._read_as_of()
            if key not in document:
                self.entries = (Entry(document, ""),)
                return
            listed, pointer = document[key], join_pointer(key)
        if isinstance(listed, list):
            self.entries = tuple(Entry(value, f"{pointer}/{number}") for number, value in enumerate(listed))
        else:
            self.lose(f"{key or 'the document'} is no list", Entry(None, pointer))

    def _read_as_of(self) -> None:
        as_of = self.keys.get("as_of")
        if as_of is None:
            return
        try:
            self.as_of = read_instant(as_of if isinstance(as_of, str) else str(as_of))
        except ValueError as error:
            self.lose(f"as_of: {error}", Entry(None, "/as_of"), "write when the answer was fetched")

    def _lines(self) -> Iterator[Entry]:
        for number, line in enumerate(self.source.lines, start=1):
            if not line.strip():
                continue
            try:
                yield Entry(msgspec.json.decode(line), "", number)
            except UnicodeDecodeError as error:
                wrong = f"is not UTF-8: byte 0x{error.object[error.start]:02x}"
                self.lose(wrong, Entry(None, "", number), "save it as UTF-8")
            except (msgspec.MsgspecError, RecursionError) as error:
                self.lose(
                    f"is not JSON: {error}",
                    Entry(None, "", number),
                    "it is cut off or edited by hand: write it again",
                )
