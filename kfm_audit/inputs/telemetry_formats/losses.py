"""The parts of one input that could not be read."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from kfm_audit.facts import UnreadableInput
from kfm_audit.inputs.kind import unreadable
from kfm_audit.inputs.source import Source

LIMIT: Final = 20
"""Parts that are named one by one; the rest is counted."""

DECODE_ERRORS: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding a part can raise."""

_EXPECTED: Final = re.compile(r"Expected `([^`]+)`, got `([^`]+)`(?: - at `\$([^`]*)`)?")
_PLACE: Final = re.compile(r"\.([A-Za-z_]\w*)")


class Losses:
    """Collects what was lost of one source; many faults of one file are one trouble."""

    def __init__(self, source: Source) -> None:
        """Begin with nothing lost."""
        self._source = source
        self._parts: list[UnreadableInput] = []
        self._more = 0

    def add(self, part: str, cause: str, cure: str, *, pointer: str = "", line: int = 0) -> None:
        """Say that `part`, at `pointer` or `line`, was lost; `part` is "" for the whole."""
        if len(self._parts) < LIMIT:
            self._parts.append(unreadable(self._source, cause, cure, part=part, pointer=pointer, line=line))
        else:
            self._more += 1

    def undecodable(
        self, part: str, error: Exception, cure: str, *, pointer: str = "", line: int = 0
    ) -> None:
        """Say that a decoder refused `part`, at `pointer` or `line`; without either it is the document."""
        if isinstance(error, UnicodeDecodeError):
            cure = "save it as UTF-8"
            bad = None if pointer or line else self._source.bad_byte
            if bad:
                self.add(part, f"is not UTF-8: {bad}", cure, line=bad.line)
                return
        self.add(part, _plainly(error), cure, pointer=pointer, line=line)

    @property
    def full(self) -> bool:
        """Whether so much was lost that going on names nothing new."""
        return len(self._parts) >= LIMIT

    @property
    def facts(self) -> tuple[UnreadableInput, ...]:
        """One fact for each part, and one for those beyond the limit."""
        if not self._more:
            return tuple(self._parts)
        more = unreadable(
            self._source,
            f"{self._more} more parts cannot be read",
            "mend those that are named: the rest mostly has the same cause",
            part=f"{self._more} more parts",
        )
        return (*self._parts, more)


def _plainly(error: Exception) -> str:
    """What a decoder complains of, in words for whoever wrote the document."""
    if isinstance(error, UnicodeDecodeError):
        return f"is not UTF-8: byte 0x{error.object[error.start]:02x}"
    if isinstance(error, RecursionError):
        return "is nested too deeply"
    match = _EXPECTED.match(str(error))
    if match is None:
        text = str(error).removeprefix("JSON is malformed: ")
        return (
            f"is not JSON: {text}" if not isinstance(error, msgspec.ValidationError) else f"is wrong: {text}"
        )
    expected, got, path = match.groups()
    names = _PLACE.findall(path or "")
    given, wanted = _ARTICLE.get(got, got), _expected(expected)
    if names:
        return f"holds {given} as `{names[-1]}`, where {wanted} belongs"
    return f"is {given} where {wanted} belongs"


_ARTICLE: Final = {
    "object": "an object",
    "array": "an array",
    "str": "a string",
    "int": "a number",
    "float": "a number",
    "bool": "a boolean",
    "null": "null",
}


def _expected(types: str) -> str:
    names = [_ARTICLE.get(name.strip(), name.strip()) for name in types.split("|") if name.strip() != "null"]
    return " or ".join(dict.fromkeys(names))
