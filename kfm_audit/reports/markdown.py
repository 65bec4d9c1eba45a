"""Text from inputs as Markdown that shows it and does nothing: no markup, link, mention or row of its own."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from kfm_audit.reports.neutral import neutral, shorten

_LIMIT: Final = 1000
"""Characters of one text: a cell is read, not scrolled through."""

_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;"}
_JOINER: Final = "&#8288;"
"""A word joiner. Nothing is seen of it, and GitHub finds no address, mention or issue across it."""
_SPECIAL: Final = re.compile(
    r"(?P<markup>[\\`*_\[\]|~!])|(?P<entity>[&<>$])|@|#(?=\d)|:(?=//)|\bwww(?=\.)", re.IGNORECASE
)


class Table(Struct, frozen=True):
    """A title, the names of its columns, and its rows in Markdown."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def prose(text: str) -> str:
    """`text` as running text, also in a cell of a table."""
    return _SPECIAL.sub(_harmless, shorten(neutral(text), _LIMIT))


def _harmless(special: re.Match[str]) -> str:
    found = special[0]
    if special["markup"]:
        return f"\\{found}"
    return _ENTITIES[found] if special["entity"] else found + _JOINER


def code(text: str) -> str:
    """`text` as code, also in a cell of a table, where a bar would end the cell even within code."""
    text = shorten(neutral(text), _LIMIT).replace("|", "\\|")
    if not text:
        return ""
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    pad = " " if len(fence) > 1 or text.isspace() else ""
    return f"{fence}{pad}{text}{pad}{fence}"
