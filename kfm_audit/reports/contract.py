"""The contract of alarms over all resources of a run, as a matrix: resources against contract alarms.

Findings show what departs and what is missing; only the matrix shows what was
looked at and holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from kfm_audit.evidence.alarm.contract import Cell, Row, Status
from kfm_audit.pattern import pattern
from kfm_audit.policy.contract import KINDS, ResourceKind

MARKS: Final = {
    Status.COVERED: "+",
    Status.DEPARTS: "!",
    Status.MISSING: "x",
    Status.UNDECIDED: "?",
    Status.NOT_OWED: "-",
}
"""What stands for a status where there is no room for words, in the order of legends."""
TITLES: Final[dict[ResourceKind, str]] = {
    "queue": "queues",
    "dlq": "dead-letter queues",
    "function": "functions",
}
_FEW: Final = 12
"""So many lines of one kind are shown whole; of more, those that are open."""
_MANY: Final = 40
"""So many lines of one kind are shown at most; the JSON report has them all."""
_INSTANCE: Final = pattern(r"\[[^\[\]]*+\]")
"""What tells apart the resources of one `count` or `for_each`."""


class ContractCell(Struct, frozen=True, kw_only=True):
    """One contract alarm of one resource.

    `alarm` is the address of the one that keeps it or comes closest, None where there is none. `why` says where it
    departs, what cannot be known, or the reason of the override by which it is not owed.
    """

    status: Status
    alarm: str | None
    why: str


class ContractRow(Struct, frozen=True, kw_only=True):
    """One resource; `declared` says whether the inputs hold it, or alarms alone name it."""

    kind: ResourceKind
    resource: str
    stack: str
    declared: bool
    alarms: dict[str, ContractCell]

    @property
    def standing(self) -> str:
        """`open` where something departs, is missing or cannot be known, else `covered`, or `owing nothing`."""
        statuses = {cell.status for cell in self.alarms.values()}
        if statuses <= {Status.COVERED, Status.NOT_OWED}:
            return "covered" if Status.COVERED in statuses else "owing nothing"
        return "open"


class ContractMatrix(Struct, frozen=True, kw_only=True):
    """All resources that owe alarms by their kind, in the order of kinds, then of the inputs."""

    resources: tuple[ContractRow, ...]

    def hidden(self, hide: Callable[[str], str]) -> ContractMatrix:
        """The matrix with the names of people that `hide` knows replaced."""
        return ContractMatrix(
            resources=tuple(
                replace(
                    row,
                    resource=hide(row.resource),
                    stack=hide(row.stack),
                    alarms={
                        name: replace(cell, alarm=cell.alarm and hide(cell.alarm), why=hide(cell.why))
                        for name, cell in row.alarms.items()
                    },
                )
                for row in self.resources
            )
        )

    @property
    def statuses(self) -> tuple[Status, ...]:
        """The statuses that occur, in the order of legends."""
        found = {cell.status for row in self.resources for cell in row.alarms.values()}
        return tuple(status for status in MARKS if status in found)


class ContractLine(Struct, frozen=True):
    """A line of a table: the first of `number` resources that are alike, and its cells."""

    row: ContractRow
    number: int


class ContractTable(Struct, frozen=True):
    """What reports for people show of one kind of resource; `left` are the resources that no line shows."""

    kind: ResourceKind
    alarms: tuple[str, ...]
    rows: tuple[ContractRow, ...]
    lines: tuple[ContractLine, ...]
    left: tuple[ContractRow, ...]

    @property
    def rest(self) -> str:
        """What is said of the resources that no line shows; "" where there is none."""
        if not self.left:
            return ""
        whole = f"all {len(self.left)}" if not self.lines else f"and {len(self.left)} more"
        where = " (--output json lists them all)" if any(row.standing == "open" for row in self.left) else ""
        return f"{whole}: {tally(self.left)}{where}"


def tally(rows: Iterable[ContractRow]) -> str:
    """How resources stand, in words: `5 covered, 3 owing nothing, 2 open`."""
    found = {"covered": 0, "owing nothing": 0, "open": 0}
    for row in rows:
        found[row.standing] += 1
    return ", ".join(f"{number} {standing}" for standing, number in found.items() if number)


def contract_matrix(rows: Iterable[Row]) -> ContractMatrix:
    """What evidence shows of the contract, as reports hold it."""
    return ContractMatrix(
        resources=tuple(
            ContractRow(
                kind=row.kind,
                resource=row.name,
                stack=row.stack,
                declared=row.fact is not None,
                alarms={cell.promise.name: _cell(cell) for cell in row.cells},
            )
            for row in rows
        )
    )


def contract_tables(matrix: ContractMatrix) -> tuple[ContractTable, ...]:
    """A table for each kind of resource: resources alike on one line; of many, those that are open."""
    tables = []
    for kind in KINDS:
        rows = tuple(row for row in matrix.resources if row.kind == kind)
        if not rows:
            continue
        alike: dict[tuple[object, ...], list[ContractRow]] = {}
        for row in rows:
            alike.setdefault(_likeness(row), []).append(row)
        groups = list(alike.values())
        if len(groups) > _FEW:
            groups.sort(key=lambda group: group[0].standing != "open")
            shown = sum(group[0].standing == "open" for group in groups[:_MANY])
        else:
            shown = len(groups)
        tables.append(
            ContractTable(
                kind=kind,
                alarms=tuple(rows[0].alarms),
                rows=rows,
                lines=tuple(ContractLine(group[0], len(group)) for group in groups[:shown]),
                left=tuple(row for group in groups[shown:] for row in group),
            )
        )
    return tuple(tables)


def _likeness(row: ContractRow) -> tuple[object, ...]:
    statuses = tuple(cell.status for cell in row.alarms.values())
    return (row.stack, row.declared, _INSTANCE.sub("[*]", row.resource), statuses)


def _cell(cell: Cell) -> ContractCell:
    match cell.status:
        case Status.DEPARTS:
            why = "; ".join(item.what for item in cell.held.departures)
        case Status.NOT_OWED:
            why = "; ".join(cell.promise.reasons)
        case Status.COVERED | Status.MISSING | Status.UNDECIDED:
            why = cell.why
    return ContractCell(status=cell.status, alarm=cell.alarm.subject if cell.alarm else None, why=why)
