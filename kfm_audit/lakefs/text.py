"""Lines in the text format of logrus, which is what a lakeFS server writes by default.

Pairs `key=value`; a value that holds anything but letters, digits and `-._/@^+` is
quoted as Go quotes strings. `time`, `level` and `msg` come first, the other keys in their
order (sirupsen/logrus, `text_formatter.go`). On a terminal the format is another,
without times: nothing is read from that.
"""

from __future__ import annotations

import re
from typing import Final

from kfm_audit.pattern import pattern

_BEGIN: Final = pattern(r'(?:^|(?<= ))time="?\d{4}-')
_PAIR: Final = pattern(r'(\w++)=(?:"((?:[^"\\]|\\.)*+)"|(\S*+))(?: |$)', re.DOTALL)
_ESCAPE: Final = pattern(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_SHORT: Final = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
NEEDED: Final = ("time", "level", "msg")


def pairs_in(text: str) -> dict[str, str] | None:
    """The pairs of a line; None for what is no whole line of this format.

    What a collector wrote before `time=` is passed over. Of a key that stands
    twice the last counts, as in JSON.
    """
    begin = _BEGIN.search(text)
    if begin is None:
        return None
    at, end = begin.start(), len(text.rstrip())
    found: dict[str, str] = {}
    while at < end:
        pair = _PAIR.match(text, at, end)
        if pair is None:
            return None
        quoted = pair[2]
        found[pair[1]] = pair[3] if quoted is None else _ESCAPE.sub(_meant, quoted)
        at = pair.end()
    return found if all(key in found for key in NEEDED) else None


def _meant(escape: re.Match[str]) -> str:
    for digits in escape.group(1, 2, 3):
        if digits is not None:
            return chr(int(digits, 16)) if int(digits, 16) < 0x110000 else "\ufffd"
    return _SHORT.get(escape[4], escape[4])
