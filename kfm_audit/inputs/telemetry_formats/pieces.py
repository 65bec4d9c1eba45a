"""Decode JSON whole where it has the right types, and piece by piece where it has not.

A wrong type somewhere costs the smallest piece that it stands in, never the
document; and where nothing is wrong, nothing is paid for that.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Generic, TypeVar

import msgspec
from msgspec import Raw, Struct

from kfm_audit.inputs.source import Form, Source
from kfm_audit.inputs.telemetry_formats.losses import DECODE_ERRORS, Losses
from kfm_audit.values import Origin

T = TypeVar("T")

_ARRAY: Final = msgspec.json.Decoder(list[Raw])
NONE: Final = Raw(b"null")
"""What a field holds that is left out."""


class At(Struct, frozen=True):
    """A place in the source that is being read: which line of JSON lines, and the pointer in its document."""

    input: str
    line: int = 0
    pointer: str = ""

    def __truediv__(self, step: str | int) -> At:
        """The place below; `step` is one or more reference tokens that need no escaping."""
        return At(self.input, self.line, f"{self.pointer}/{step}")

    @property
    def origin(self) -> Origin:
        """The place as facts have it."""
        return Origin(self.input, self.pointer, self.line)


class Pieces(Generic[T]):
    """A decoder for arrays of one type."""

    def __init__(self, kind: type[T], what: str, cure: str) -> None:
        """`what` is the name of one element in messages, `cure` what its writer should do."""
        self._array = msgspec.json.Decoder(list[kind])  # type: ignore[valid-type]
        self._one = msgspec.json.Decoder(kind)
        self._what = what
        self._cure = cure

    def one(self, raw: Raw, at: At, losses: Losses) -> T | None:
        """One value, or None where it is lost."""
        try:
            return self._one.decode(raw)
        except DECODE_ERRORS as error:
            losses.undecodable(self._what, error, self._cure, pointer=at.pointer, line=at.line)
            return None

    def all(self, raw: Raw, at: At, losses: Losses) -> Iterator[tuple[int, T]]:
        """The elements with their index, less those that are lost. Null is an empty array."""
        if bytes(raw) == b"null":
            return
        try:
            yield from enumerate(self._array.decode(raw))
        except DECODE_ERRORS:
            yield from self._each(raw, at, losses)

    def _each(self, raw: Raw, at: At, losses: Losses) -> Iterator[tuple[int, T]]:
        try:
            items = _ARRAY.decode(raw)
        except DECODE_ERRORS as error:
            losses.undecodable(f"all {self._what}s", error, self._cure, pointer=at.pointer, line=at.line)
            return
        for index, item in enumerate(items):
            value = self.one(item, at / index, losses)
            if value is not None:
                yield index, value


def documents(source: Source) -> Iterator[tuple[At, Raw]]:
    """The documents of a source, undecoded: the one that it is, each element of an array, each line."""
    match source.shape.form:
        case Form.ARRAY:
            for index, item in enumerate(_ARRAY.decode(source.data)):
                yield At(source.path, 0, f"/{index}"), item
        case Form.LINES:
            for number, line in enumerate(source.data.split(b"\n"), 1):
                if line.strip():
                    yield At(source.path, number), Raw(line)
        case Form.OBJECT | Form.TEXT | Form.EMPTY | Form.BROKEN_JSON | Form.NOT_UTF8 | Form.TOO_DEEP:
            yield At(source.path), Raw(source.data)
