"""Paragraphs of a terminal: wrapped, under a label that hangs before them."""

from __future__ import annotations

from textwrap import TextWrapper

from kfm_audit.reports.neutral import neutral
from kfm_audit.reports.style import Paint


def paragraph(label: str, text: str, *, paint: Paint, width: int, style: str = "label") -> list[str]:
    """The lines of a text below a header, hanging under its label; addresses and paths stay whole."""
    hang = " " * (2 + len(label))
    wrapper = TextWrapper(
        width=max(width, 40),
        initial_indent=hang,
        subsequent_indent=hang,
        break_long_words=False,
        break_on_hyphens=False,
    )
    lines = wrapper.wrap(neutral(text))
    if not (lines and label):
        return lines
    return ["  " + paint(label.rstrip(), style) + lines[0][len(hang) - 1 :], *lines[1:]]
