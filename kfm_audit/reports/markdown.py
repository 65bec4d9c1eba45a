"""Text from inputs as Markdown that shows it and does nothing: no markup, link, mention or row of its own."""

from __future__ import annotations

import re
from typing import Final

from kfm_audit.reports.neutral import neutral, shorten

_LIMIT: Final = 500
"""Characters of one text: a cell is read, not scrolled through."""

_MARKUP: Final = re.compile(r"[\\`*_\[\]|~!]")
_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;"}
_ENTITY: Final = re.compile("[&<>$]")
_JOINER: Final = "&#8288;"
"""A word joiner. Nothing is seen of it, and GitHub finds no address, mention or issue across it."""
_REFERENCE: Final = re.compile(r"@|#(?=\d)|:(?=//)|\bwww(?=\.)", re.IGNORECASE)


def prose(text: str) -> str:
    """`text` as running text, also in a cell of a table."""
    text = _MARKUP.sub(r"\\\g<0>", shorten(neutral(text), _LIMIT))
    text = _ENTITY.sub(lambda found: _ENTITIES[found[0]], text)
    return _REFERENCE.sub(rf"\g<0>{_JOINER}", text)


def code(text: str) -> str:
    """`text` as code, also in a cell of a table, where a bar would end the cell even within code."""
    text = shorten(neutral(text), _LIMIT).replace("|", "\\|")
    if not text:
        return ""
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    pad = " " if len(fence) > 1 or text.isspace() else ""
    return f"{fence}{pad}{text}{pad}{fence}"
