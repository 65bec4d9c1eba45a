"""JSON as it is written: indented, one way for the same values, harmless on a terminal and in a CI log."""

from __future__ import annotations

from typing import Final

import msgspec

from kfm_audit.pattern import pattern

_VISIBLE_TROUBLE: Final = pattern(
    "[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|(?<=#)#(?=[A-Za-z]*\\[)"
)
"""Characters that JSON lets through and a terminal obeys or hides, and the `##[` of a runner's command."""


def encode(document: object) -> str:
    r"""`document` as JSON with an indentation of two and a final line feed.

    What could do harm where the text is printed is escaped as `\uXXXX`, which
    reads back as the same value. A lone surrogate, which no JSON can hold (a
    file name that is not UTF-8), becomes U+FFFD.
    """
    try:
        data = msgspec.json.encode(document)
    except UnicodeEncodeError:
        data = msgspec.json.encode(_without_surrogates(msgspec.to_builtins(document)))
    text = msgspec.json.format(data, indent=2).decode("utf-8")
    if text.isascii() and "\x7f" not in text and "##" not in text:
        return text + "\n"  # nothing to look for, in a report of megabytes
    return _VISIBLE_TROUBLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"


# Whatever JSON can hold; each branch gives back the type that it was given.
def _without_surrogates(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_surrogates(item) for item in value]
    return value
