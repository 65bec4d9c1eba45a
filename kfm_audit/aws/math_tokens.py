"""The words of a metric math expression."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import Final

from msgspec import Struct

from kfm_audit.pattern import pattern

# What no other branch takes is one character that metric math does not know.
_TOKEN: Final = pattern(
    r"""[ \t\r\n]+
    | (?P<number> (?:[0-9]++(?:\.[0-9]*+)?+|\.[0-9]++)(?:[eE][+-]?[0-9]++)?+ )
    | (?P<name> [A-Za-z_][A-Za-z0-9_]*+ )
    | (?P<text> "[^"]*+" | '[^']*+' )
    | (?P<mark> && | \|\| | == | != | <= | >= | [-+*/^<>()\[\],] )
    | (?P<stray> . )""",
    re.DOTALL | re.VERBOSE,
)


class TokenKind(Enum):
    """What a word is."""

    NUMBER = "number"
    NAME = "name"
    TEXT = "text"
    MARK = "mark"
    STRAY = "stray"
    END = "end"


class Token(Struct, frozen=True):
    """One word. `position` is the 0-based offset of its first character, `end` that after its last."""

    kind: TokenKind
    text: str
    position: int
    end: int


def tokens(text: str) -> Iterator[Token]:
    """The words of an expression; the last one is its end."""
    for found in _TOKEN.finditer(text):
        if found.lastgroup is not None:
            yield Token(TokenKind(found.lastgroup), found[0], found.start(), found.end())
    yield Token(TokenKind.END, "", len(text), len(text))
