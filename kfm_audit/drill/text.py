"""A drill for people: text for a terminal, markdown for the summary of a job."""

from __future__ import annotations

from itertools import groupby

from kfm_audit.drill.document import DrillDocument, Entry, Heard
from kfm_audit.drill.drill import Answer


def text(document: DrillDocument) -> str:
    """A line for each failure, under the resource that it is sent into."""
    lines = []
    for resource, entries in groupby(_shown(document), key=lambda entry: (entry.kind, entry.resource)):
        lines += ["", f"{resource[0]} {resource[1]}"]
        for entry in entries:
            lines.append(f"  {entry.mode:15} {_change(entry) if document.against else _now(entry.now)}")
    return "\n".join([*lines, "", _sum(document), ""]).lstrip("\n")


def markdown(document: DrillDocument) -> str:
    """A table; of a comparison, only what changes."""
    title = "### Who is paged" + (f", compared with {_code(document.against)}" if document.against else "")
    shown = _shown(document)
    if not shown:
        return f"{title}\n\n{_sum(document)}\n"
    head = ["Resource", "Failure", *(("Before", "After") if document.against else ("Paged",))]
    rows = [head, ["---"] * len(head)]
    for entry in shown:
        cells = (
            [_cell(_now(entry.before)), _cell(_now(entry.now))]
            if document.against
            else [_cell(_now(entry.now))]
        )
        rows.append([_code(entry.resource), entry.mode, *cells])
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"{title}\n\n{table}\n\n{_sum(document)}\n"


def _shown(document: DrillDocument) -> list[Entry]:
    return [entry for entry in document.entries if entry.changed or not document.against]


def _now(heard: Heard | None) -> str:
    if heard is None:
        return "nobody: it is not watched"
    match heard.answer:
        case Answer.PAGED:
            times = "once" if heard.pages == 1 else f"{heard.pages} times"
            doubt = "" if heard.certain else " (by an assumption: AWS does not document it)"
            return f"{', '.join(heard.who)} after {_minutes(heard.after or 0)}, {times}{doubt}"
        case Answer.SILENT:
            return f"nobody: {heard.why}"
        case Answer.UNTOLD:
            return f"cannot be told: {heard.why}"


def _change(entry: Entry) -> str:
    return f"{_now(entry.before)} -> {_now(entry.now)}"


def _sum(document: DrillDocument) -> str:
    hours = document.lasts // 3_600
    if document.against:
        lost = len(document.silent)
        changed = sum(entry.changed for entry in document.entries)
        return (
            f"{changed} of {len(document.entries)} failures are heard otherwise than with "
            f"{document.against}; {lost} that paged somebody page nobody now. Each lasts {hours} hours."
        )
    count = dict.fromkeys(Answer, 0)
    for entry in document.entries:
        if entry.now is not None:
            count[entry.now.answer] += 1
    return (
        f"{len(document.entries)} failures of {hours} hours each: {count[Answer.PAGED]} page somebody, "
        f"{count[Answer.SILENT]} nobody, {count[Answer.UNTOLD]} cannot be told."
    )


def _minutes(seconds: int) -> str:
    hours, minutes = divmod(seconds // 60, 60)
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min"


def _code(words: str) -> str:
    return f"`{words.replace('`', chr(39)).replace('|', chr(92) + '|')}`"


def _cell(words: str) -> str:
    """Words in a cell: nothing in them ends the cell, or is markup."""
    special = "\\`*_[]<>|~#@"
    return "".join(f"\\{mark}" if mark in special else mark for mark in words).replace("\n", " ")
