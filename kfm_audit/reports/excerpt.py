"""One line of a source, with carets under the narrowest span."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from kfm_audit.reports.neutral import cells, columns
from kfm_audit.values import Location

_ELLIPSIS: Final = "..."
_TAB: Final = "    "
_LEAST_ROOM: Final = 30


class Excerpt(Struct, frozen=True):
    """A line as it is shown, and the carets below it ("" where the place is the line as a whole)."""

    text: str
    carets: str


def excerpt(line: str, place: Location, room: int) -> Excerpt:
    """Show `line`, cut to `room` columns of a terminal around the span of `place`.

    Columns of `place` count code points; what is drawn counts columns of the
    terminal: tabs are drawn as four spaces, wide characters take two columns,
    combining marks none, and what would not be seen is drawn as an escape.
    """
    line = line.rstrip("\r\n")
    room = max(room, _LEAST_ROOM)
    start = min(max(place.column - 1, 0), len(line))
    end = _end(line, place, start)
    # A line may be a whole document of megabytes: only what can be seen is looked at.
    first, last = max(start - room, 0), start + room
    shown = _cells(line[first:last])
    before, marked, after = shown[: start - first], shown[start - first : end - first], shown[end - first :]

    if first or last < len(line) or _width(shown) > room:
        # A third of the room for what leads up to the span, more where the rest needs less.
        rest = min(_width(marked) + _width(after), room - room // 3)
        before = _keep_end(before, room - rest, cut=first > 0)
        left = room - _width(before)
        tail = _keep_start(marked + after, left, cut=last < len(line))
        marked = tail[: min(len(marked), len(tail))]
        after = tail[len(marked) :]
    carets = " " * _width(before) + "^" * max(_width(marked), 1) if place.column else ""
    return Excerpt("".join(before + marked + after).rstrip(), carets)


def _end(line: str, place: Location, start: int) -> int:
    """Where the span ends on this line: at the line's end where it goes on, at least after one character."""
    if place.end_line > place.line:
        return max(len(line.rstrip()), start + 1)
    return max(min(place.end_column - 1, len(line)), start + 1)


def _cells(text: str) -> list[str]:
    return [_TAB if char == "\t" else cell for char, cell in zip(text, cells(text), strict=True)]


def _width(shown: list[str]) -> int:
    return sum(columns(cell) for cell in shown)


def _keep_end(shown: list[str], room: int, *, cut: bool) -> list[str]:
    kept = _keep_start(shown[::-1], room, cut=cut)
    return kept[::-1]


def _keep_start(shown: list[str], room: int, *, cut: bool) -> list[str]:
    """As many cells as fit; the ellipsis in place of the rest is a cell too."""
    if not cut and _width(shown) <= room:
        return shown
    kept: list[str] = []
    left = room - len(_ELLIPSIS)
    for cell in shown:
        left -= columns(cell)
        if left < 0:
            break
        kept.append(cell)
    return [*kept, _ELLIPSIS]
