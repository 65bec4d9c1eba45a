"""The words of a composite alarm's rule."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from kfm_audit.pattern import pattern

# A quote inside a bare name is part of it. What no other branch takes is a quoted name that never ends.
_TOKEN: Final = pattern(
    r"""[ \t\r\n]+
    | (?P<quoted> "(?:[^"\\]|\\.)*" )
    | (?P<mark> [(),] )
    | (?P<word> [^ \t\r\n(),"][^ \t\r\n(),]* )
    | (?P<stray> ".* )""",
    re.DOTALL | re.VERBOSE,
)


class Token(Struct, frozen=True):
    """One word. `kind` is `quoted`, `mark`, `word`, `stray` or `end`; `position` a 0-based offset."""

    kind: str
    text: str
    position: int


def tokens(text: str) -> Iterator[Token]:
    """The words of a rule; the last one is its end."""
    for found in _TOKEN.finditer(text):
        if found.lastgroup is not None:
            yield Token(found.lastgroup, found[0], found.start())
    yield Token("end", "<EOF>", len(text))
