"""The contract of alarms as lines of a terminal: a table for each kind of resource, marks in its cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import wrap
from typing import Final

from kfm_audit.evidence.alarm.contract import Status
from kfm_audit.reports.contract import (
    MARKS,
    TITLES,
    ContractLine,
    ContractMatrix,
    ContractTable,
    contract_tables,
    tally,
)
from kfm_audit.reports.neutral import abridge, columns, neutral
from kfm_audit.reports.style import Paint

_INDENT: Final = "  "
_GAP: Final = "  "
_UNBROKEN: Final = "\N{NO-BREAK SPACE}"
_NARROWEST: Final = 24
"""Columns that the names of resources get, however many alarms there are."""
_STYLES: Final = {
    Status.COVERED: "where",
    Status.DEPARTS: "warning",
    Status.MISSING: "error",
    Status.UNDECIDED: "undecided",
    Status.NOT_OWED: "faint",
}


def contract_sentence(matrix: ContractMatrix) -> str:
    """How many resources there are, and how they stand."""
    number = len(matrix.resources)
    return f"{number} resource{'s' * (number != 1)}: {tally(matrix.resources)}"


def contract_lines(matrix: ContractMatrix, width: int, paint: Paint) -> Iterator[str]:
    """What the marks mean, then the tables."""
    legend = _listed(f"{MARKS[status]} {status.value.replace('-', ' ')}" for status in matrix.statuses)
    yield from _wrapped(legend, width - len(_INDENT))
    several = len({row.stack for row in matrix.resources}) > 1
    for table in contract_tables(matrix):
        yield from _table(table, width - len(_INDENT), paint, several=several)


def _table(table: ContractTable, room: int, paint: Paint, *, several: bool) -> Iterator[str]:
    title = TITLES[table.kind]
    names = [_name(line, several=several) for line in table.lines]
    longest = max(columns(name) for name in (title, *(name + alike for name, alike in names)))
    heads = [neutral(alarm) for alarm in table.alarms]
    if longest + _taken(heads) > room:
        # The names of resources tell more apart than those of alarms, which one line can explain.
        yield from _wrapped(_listed(f"{number} {head}" for number, head in enumerate(heads, 1)), room)
        heads = [str(number) for number, _ in enumerate(heads, 1)]
    first = min(longest, max(room - _taken(heads), _NARROWEST))
    yield f"{_INDENT}{paint(_padded(title, first), 'label')}{''.join(_GAP + head for head in heads)}"
    for line, (name, alike) in zip(table.lines, names, strict=True):
        shown = abridge(name, first - len(alike)) + alike
        cells = zip(line.row.alarms.values(), heads, strict=True)
        marks = "".join(_GAP + _mark(cell.status, columns(head), paint) for cell, head in cells)
        yield (_INDENT + _padded(shown, first) + marks).rstrip()
    yield from _wrapped(table.rest, room)


def _taken(heads: list[str]) -> int:
    """The columns that alarms take."""
    return sum(len(_GAP) + columns(head) for head in heads)


def _name(line: ContractLine, *, several: bool) -> tuple[str, str]:
    """How a line calls its resources: the first of them, which may be shortened, and how many are like it."""
    row = line.row
    name = neutral(f"{row.stack}: {row.resource}" if several and row.stack else row.resource)
    return name, f" and {line.number - 1} alike" if line.number > 1 else ""


def _mark(status: Status, width: int, paint: Paint) -> str:
    """The mark in the middle of its column."""
    before = (width - 1) // 2
    return " " * before + paint(MARKS[status], _STYLES[status]) + " " * (width - 1 - before)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - columns(text))


def _listed(parts: Iterable[str]) -> str:
    """A list in which no line ends within a part."""
    return ", ".join(part.replace(" ", _UNBROKEN) for part in parts)


def _wrapped(text: str, room: int) -> Iterator[str]:
    for line in wrap(text, room, break_long_words=False, break_on_hyphens=False):
        yield _INDENT + line.replace(_UNBROKEN, " ")
