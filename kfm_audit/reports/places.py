"""Places in files, as GitHub wants them: relative to the repository, and whole."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from kfm_audit.reports.report import View
from kfm_audit.values import Location

OUTSIDE: Final = "outside-repository"
"""The folder under which files beyond the repository are shown, so that none is taken for one within."""


class Span(Struct, frozen=True):
    """From where to where, 1-based, the end exclusive; never backwards, never unknown."""

    line: int
    column: int
    end_line: int
    end_column: int


def repository_path(path: str, view: View) -> str:
    """`path` relative to the repository's root; "" for the run as a whole."""
    relative = view.relative_to_repository(path) if path else ""
    parts = [part for part in relative.split("/") if part not in ("", ".")]
    if relative.startswith("/") or ".." in parts or relative[1:3] == ":/":
        return "/".join((OUTSIDE, *(part for part in parts if part != "..")))
    return "/".join(parts)


def span(place: Location) -> Span:
    """The span of a place. The file as a whole is its very beginning, where GitHub shows it."""
    line, column = max(place.line, 1), max(place.column, 1)
    end_line = max(place.end_line, line)
    end_column = max(place.end_column, 1)
    return Span(line, column, end_line, max(end_column, column) if end_line == line else end_column)
