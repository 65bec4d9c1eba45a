"""The contract of alarms as tables for a job summary: one for each kind of resource."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.evidence.alarm.contract import Status
from kfm_audit.reports.contract import (
    TITLES,
    ContractCell,
    ContractLine,
    ContractMatrix,
    contract_tables,
    tally,
)
from kfm_audit.reports.markdown import Table, code, prose


def contract_markdown(matrix: ContractMatrix) -> Iterator[Table]:
    """Resources as rows and contract alarms as columns; the last row counts the resources that are left out."""
    several = len({row.stack for row in matrix.resources}) > 1
    for table in contract_tables(matrix):
        rows = [
            (_name(line, several=several), *(_cell(cell) for cell in line.row.alarms.values()))
            for line in table.lines
        ]
        if table.rest:
            rows.append((prose(table.rest), *("" for _ in table.alarms)))
        yield Table(
            f"Contract of alarms, {TITLES[table.kind]}: {tally(table.rows)}",
            ("Resource", *(prose(alarm) for alarm in table.alarms)),
            tuple(rows),
        )


def _name(line: ContractLine, *, several: bool) -> str:
    row = line.row
    name = f"{prose(row.stack)}: {code(row.resource)}" if several and row.stack else code(row.resource)
    return f"{name} and {line.number - 1} alike" if line.number > 1 else name


def _cell(cell: ContractCell) -> str:
    match cell.status:
        case Status.COVERED:
            return "covered"
        case Status.DEPARTS:
            return f"**departs**: {code(cell.alarm or '')} {prose(cell.why)}"
        case Status.MISSING:
            return "**missing**"
        case Status.UNDECIDED:
            return f"**undecided**: {prose(cell.why)}"
        case Status.NOT_OWED:
            return f"not owed: {prose(cell.why)}" if cell.why else "not owed"
