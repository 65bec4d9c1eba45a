"""Texts that stand where something is still to be written."""

from __future__ import annotations

import re
from typing import Final

# Patterns are compiled when they are first needed: every run imports this, few meet a correction.
_TODO: Final = r"\b(?:TODO|TBD|FIXME|XXX)\b"
_TEMPLATE: Final = r"<[^<>]*>|\{\{.*\}\}|\$\{.*\}|\[[^\[\]]*\]"
_NOTHING: Final = frozenset(
    {"n/a", "na", "none", "null", "unknown", "placeholder", "reason", "why", "justification", "see incident"}
)


def holds_todo(text: str) -> bool:
    """Whether somebody marked `text` as unfinished: `TODO`, `TBD`, `FIXME` or `XXX` as a word of its own."""
    return re.search(_TODO, text) is not None or text.strip().casefold() in ("todo", "tbd", "fixme")


def is_placeholder(text: str) -> bool:
    """Whether `text` says nothing: unfinished, nothing but a template's gap, one character over and over."""
    bare = text.strip()
    return (
        holds_todo(bare)
        or bare.casefold().rstrip(".") in _NOTHING
        or re.fullmatch(_TEMPLATE, bare) is not None
        or bare.casefold().startswith("lorem ipsum")
        or len(set(bare.casefold()) - {" ", "."}) <= 1
    )
