"""Texts that are known in part: a mark stands for each piece that is not.

`f"arn:aws:cloudwatch:{UNKNOWN}:111122223333:alarm:prod-backlog"` says nothing of the
missing piece; `mark("aws_sns_topic.oncall")` says what it comes from. Marks are made of
private-use characters, which need no escape, so that they can stand in a JSON text too.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from kfm_audit.pattern import pattern as regular

UNKNOWN: Final = "\ue000"
"""Stands for a piece of text, of any length, that is not known."""

_END: Final = "\ue001"
_ONE: Final = "\ue006"
_MARK: Final = regular(f"{UNKNOWN}(?:([^{UNKNOWN}{_END}]*+){_END})?")
# A name may hold quotes (`aws_sns_topic.all["prod"]`), and a mark may stand between quotes.
_HIDDEN: Final = str.maketrans({'"': "\ue002", "\\": "\ue003", UNKNOWN: "", _END: "", _ONE: ""})
# Where a text is no pattern, its own stars and question marks stand for themselves.
_LITERAL: Final = str.maketrans({"*": "\ue004", "?": "\ue005"})
_SHOWN: Final = str.maketrans({"\ue002": '"', "\ue003": "\\", _ONE: ""})


def mark(name: str, *, one: bool = False) -> str:
    """A mark that says what the missing piece comes from; `one`: it is that itself, wherever the mark stands."""
    return f"{UNKNOWN}{name.translate(_HIDDEN)}{_ONE if one else ''}{_END}"


def name_of(text: str) -> str:
    """What a text comes from that is one mark and nothing else; "" for any other text."""
    found = _MARK.fullmatch(text) if text.startswith(UNKNOWN) else None
    return (found[1] or "").translate(_SHOWN) if found else ""


def names_in(text: str) -> tuple[str, ...]:
    """What the missing pieces of a text come from, each once, in order."""
    names = (found[1].translate(_SHOWN) for found in _MARK.finditer(text) if found[1])
    return tuple(dict.fromkeys(names))


def pieces(text: str) -> list[str]:
    """The known pieces of a text, in order: before the first mark, between each two, and after the last."""
    return _MARK.sub(UNKNOWN, text).split(UNKNOWN)


def apart(one: str, other: str) -> tuple[str, str]:
    """Two texts without what is the same at their beginnings and ends, whatever it turns out to be."""
    mine, theirs = _tokens(one), _tokens(other)
    begun = _common(mine, theirs)
    mine, theirs = mine[begun:][::-1], theirs[begun:][::-1]
    ended = _common(mine, theirs)
    return "".join(mine[ended:][::-1]), "".join(theirs[ended:][::-1])


def _tokens(text: str) -> list[str]:
    """The letters and marks of a text."""
    tokens: list[str] = []
    at = 0
    for found in _MARK.finditer(text):
        tokens += [*text[at : found.start()], found[0]]
        at = found.end()
    return [*tokens, *text[at:]]


def _common(one: list[str], other: list[str]) -> int:
    """How many tokens are the same from the beginning on: letters, and marks of one and the same piece."""
    for number, (mine, theirs) in enumerate(zip(one, other, strict=False)):
        if mine != theirs or (mine.startswith(UNKNOWN) and not mine.endswith(_ONE + _END)):
            return number
    return min(len(one), len(other))


def is_one(text: str) -> bool:
    """Whether the text is the same wherever it stands: no piece is missing that two marks may differ in."""
    return all(found[0].endswith(_ONE + _END) for found in _MARK.finditer(text))


def in_words(text: str) -> str:
    """A text for messages: `arn:aws:sns:${var.region}:...`."""
    if UNKNOWN not in text:
        return text
    return _MARK.sub(lambda found: f"${{{(found[1] or '?').translate(_SHOWN)}}}", text)


def like(pattern: str, text: str) -> bool | None:
    """Whether a pattern of `*` and `?` matches a text; None where that hangs on pieces that are not known."""
    if UNKNOWN not in pattern:
        if pattern == text or _glob(pattern).fullmatch(_MARK.sub(UNKNOWN, text)):
            return True
        if UNKNOWN not in text:
            return False
    return None if _may_meet(_open(pattern), _open(text)) else False


def same(one: str, other: str) -> bool | None:
    """Whether two texts are the same; None where that hangs on pieces that are not known."""
    if UNKNOWN not in one and UNKNOWN not in other:
        return one == other
    one, other = one.translate(_LITERAL), other.translate(_LITERAL)
    return None if _may_meet(_open(one), _open(other)) else False


def _open(text: str) -> str:
    """The text as a pattern that matches whatever it may turn out to be."""
    return _MARK.sub("*", text) if UNKNOWN in text else text


@cache
def _glob(pattern: str) -> re.Pattern[str]:
    """The pattern as a regular expression; only `*` covers a piece that is not known."""
    parts = {"*": "(?s:.*)", "?": f"[^{UNKNOWN}]"}
    # Two stars in a row say what one says, and would cost much more.
    letters = re.sub(r"\*+", "*", pattern)
    return re.compile("".join(parts.get(letter) or re.escape(letter) for letter in letters))


def _may_meet(one: str, other: str) -> bool:
    """Whether some text matches both patterns."""
    pending, seen = [(0, 0)], {(0, 0)}
    while pending:
        i, j = pending.pop()
        a, b = one[i : i + 1], other[j : j + 1]
        if not a and not b:
            return True
        steps = []
        if a == "*":
            steps += [(i + 1, j), (i, j + 1)] if b else [(i + 1, j)]
        elif b == "*":
            steps += [(i, j + 1), (i + 1, j)] if a else [(i, j + 1)]
        elif a and b and (a == b or "?" in (a, b)):
            steps += [(i + 1, j + 1)]
        fresh = [step for step in steps if step not in seen]
        seen.update(fresh)
        pending += fresh
    return False
