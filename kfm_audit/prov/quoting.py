"""How a text of a document is shown in a message: short, and on one line."""

from __future__ import annotations

from typing import Final

LENGTH: Final = 80
"""Characters that are shown."""


def quote(text: str) -> str:
    """A text in quotation marks, cut to `LENGTH` characters, its control characters escaped."""
    return repr(shorten(text))


def shorten(text: str) -> str:
    """A text cut to `LENGTH` characters."""
    return text if len(text) <= LENGTH else text[: LENGTH - 1] + "…"
