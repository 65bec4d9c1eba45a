"""Globs of branch names as lakeFS reads them: Go's `path.Match` in action files, gobwas in branch protection.

`*` and `?` are wildcards in both, and `[a-z]` a class. In `path.Match` a class
is negated by `^`, braces are letters; in gobwas it is negated by `!` or `^`, and
`{a,b}` is an alternative. A branch name holds letters, digits, `_` and `-`
(`pkg/validator/validate.go`), so a pattern that asks for anything else never matches.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from kfm_audit.pattern import pattern

_BRANCH_LETTER: Final = pattern(r"[-\w]", re.ASCII)
_ALTERNATIVES: Final = 256
"""More alternatives in one pattern are not written by anybody."""


class GlobError(ValueError):
    """The pattern is malformed; the message says how."""


class _Any(Struct, frozen=True):
    """`*`, and, of exactly one letter, `?`."""

    one: bool


class _Class(Struct, frozen=True):
    """One letter out of ranges, or out of all others."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool

    def holds(self, letter: str) -> bool:
        return any(low <= letter <= high for low, high in self.ranges) != self.negated


_Token = str | _Any | _Class


def path_matches(glob: str, branch: str) -> bool:
    """Whether Go's `path.Match` matches a branch name. Raises GlobError."""
    return _matches(tuple(_tokens(glob, "^")), branch)


def protects(glob: str, branch: str) -> bool:
    """Whether a branch protection pattern covers a branch name. Raises GlobError."""
    return any(_matches(tuple(_tokens(one, "!^")), branch) for one in _alternatives(glob))


def letter_no_branch_has(glob: str) -> str:
    """A letter that a `path.Match` pattern asks for and no branch name can hold, or "". Raises GlobError."""
    letters = (token for token in _tokens(glob, "^") if isinstance(token, str))
    return next((letter for letter in letters if not _BRANCH_LETTER.match(letter)), "")


def _matches(tokens: tuple[_Token, ...], name: str) -> bool:
    """Match greedily: after a `*`, only the last one has to be tried again."""
    at = token = 0
    star, resume = -1, 0
    while at < len(name):
        wanted = tokens[token] if token < len(tokens) else None
        if isinstance(wanted, _Any) and not wanted.one:
            star, resume = token, at
            token += 1
        elif wanted is not None and _takes(wanted, name[at]):
            at += 1
            token += 1
        elif star >= 0:
            resume += 1
            at, token = resume, star + 1
        else:
            return False
    return all(isinstance(rest, _Any) and not rest.one for rest in tokens[token:])


def _takes(token: _Token, letter: str) -> bool:
    match token:
        case _Any():
            return True
        case _Class():
            return token.holds(letter)
        case _:
            return token == letter


def _tokens(glob: str, negations: str) -> Iterator[_Token]:
    letters = iter(glob)
    for letter in letters:
        match letter:
            case "*" | "?":
                yield _Any(letter == "?")
            case "[":
                yield _class(letters, negations)
            case "\\":
                yield _escaped(letters)
            case _:
                yield letter


def _class(letters: Iterator[str], negations: str) -> _Class:
    ranges: list[tuple[str, str]] = []
    letter = _next(letters)
    negated = letter in negations
    if negated:
        letter = _next(letters)
    while letter != "]" or not ranges:
        if letter in "]-":
            raise GlobError(f"`{letter}` stands where a letter of a class must")
        low = _escaped(letters) if letter == "\\" else letter
        letter = _next(letters)
        high = low
        if letter == "-":
            letter = _next(letters)
            if letter in "]-":
                raise GlobError(f"`{letter}` stands where the end of a range must")
            high = _escaped(letters) if letter == "\\" else letter
            letter = _next(letters)
        ranges.append((low, high))
    return _Class(tuple(ranges), negated)


def _escaped(letters: Iterator[str]) -> str:
    letter = next(letters, "")
    if not letter:
        raise GlobError("it ends in a backslash")
    return letter


def _next(letters: Iterator[str]) -> str:
    letter = next(letters, "")
    if not letter:
        raise GlobError("`[` is never closed")
    return letter


def _alternatives(glob: str) -> tuple[str, ...]:
    """The patterns that one with `{a,b}` stands for; braces inside braces are read as letters."""
    made = [""]
    rest = glob
    while "{" in rest:
        before, _, after = rest.partition("{")
        inside, closed, rest = after.partition("}")
        if not closed:
            raise GlobError("`{` is never closed")
        made = [head + before + choice for head in made for choice in inside.split(",")]
        if len(made) > _ALTERNATIVES:
            raise GlobError("it has too many alternatives")
    return tuple(head + rest for head in made)
