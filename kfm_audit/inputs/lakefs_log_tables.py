"""Logs that an engine reduces: Parquet, what lies in a store, and all logs where `--engine` says so.

All of a run are read together, by one SELECT for the calls and one for what is covered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from msgspec import Struct

from kfm_audit.facts import Fact
from kfm_audit.inputs.engines.engine import Columns, Engine, EngineError, Row
from kfm_audit.inputs.engines.select import (
    FIELDS,
    NEEDED,
    Query,
    column,
    deciding_lines,
    deciding_rows,
    lines_by_hour,
    rows_by_hour,
)
from kfm_audit.inputs.kind import unreadable
from kfm_audit.inputs.lakefs_log_lines import needles_of
from kfm_audit.inputs.lakefs_tally import Tally
from kfm_audit.inputs.source import Source
from kfm_audit.lakefs.form import PADDING
from kfm_audit.lakefs.log import Entry, Found, calls_in, calls_in_line, is_audit_line, read_time
from kfm_audit.policy.model import LakeFS
from kfm_audit.values import Origin

Facts = dict[str, tuple[Fact, ...]]

_CLOUD: Final = "data_"


class Table(Struct, frozen=True):
    """How files are shown to an engine, what is asked of it, and how a row that it gives becomes calls."""

    show: Callable[[Sequence[str]], None]
    deciding: Query
    by_hour: Query
    entries: Callable[[Row], Iterator[Found]]
    files: tuple[str, ...] = ()


def read_rows(engine: Engine, sources: Sequence[Source], policy: LakeFS, files: Sequence[str] = ()) -> Facts:
    """The facts of Parquet files, by the path of each. Raises nothing that content could cause.

    `files` are those that the one source means, where it is a URL.
    """
    said = policy.log_columns
    columns: Columns = {
        column(field): (said[field],) if field in said else (_CLOUD + field, field) for field in FIELDS
    }

    def show(files: Sequence[str]) -> None:
        there = engine.show_rows(files, columns)
        lacking = [field for field in NEEDED if column(field) not in there]
        if lacking:
            raise EngineError(
                f"has no column for the {' and the '.join(lacking)} of a call",
                "say in the policy which column is which: `lakefs: {log_columns: {path: request_path}}`",
            )

    needles = needles_of(policy)
    table = Table(show, deciding_rows(needles), rows_by_hour(), _in_row, tuple(files))
    return _read(engine, sources, policy, table)


def read_lines(engine: Engine, sources: Sequence[Source], policy: LakeFS, files: Sequence[str] = ()) -> Facts:
    """The facts of files of lines; otherwise as `read_rows`."""
    needles = needles_of(policy)
    table = Table(engine.show_lines, deciding_lines(needles), lines_by_hour(), _in_line, tuple(files))
    return _read(engine, sources, policy, table)


def _in_row(row: Row) -> Iterator[Found]:
    said = {field: value for field, value in zip(FIELDS, row[1:], strict=True) if value is not None}
    if ("msg" in said or "log_audit" in said) and not is_audit_line(said):
        return iter((Entry.OTHER,))
    cloud = {_CLOUD + field: value for field, value in said.items() if field not in ("msg", "log_audit")}
    return calls_in({"data_operation_id": "", **cloud})


def _in_line(row: Row) -> Iterator[Found]:
    text = row[1].encode("utf-8", "replace").strip(PADDING) if isinstance(row[1], str) else b""
    return calls_in_line(text) if text else iter(())


def _read(engine: Engine, sources: Sequence[Source], policy: LakeFS, table: Table) -> Facts:
    """Read all files at once; where that fails, one by one, so that one that is damaged costs no other."""
    try:
        return _together(engine, sources, policy, table)
    except EngineError as error:
        if len(sources) == 1:
            source = sources[0]
            return {source.path: (unreadable(source, str(error), error.cure),)}
    found: Facts = {}
    for source in sources:
        found.update(_read(engine, (source,), policy, table))
    return found


def _together(engine: Engine, sources: Sequence[Source], policy: LakeFS, table: Table) -> Facts:
    by_name = {_place(source): source for source in sources}
    tallies = {source.path: Tally(source, policy) for source in sources}

    def source_of(row: Row) -> Source:
        name = engine.name_of(str(row[0]))
        # A URL may name many files.
        return by_name.get(name) or sources[0]

    table.show(table.files or tuple(by_name))
    parsed: dict[str, int] = {}
    for row in engine.select(table.deciding.text, table.deciding.parameters):
        source = source_of(row)
        origin = Origin(source.path)
        for entry in table.entries(row):
            tallies[source.path].take_alone(entry, origin)
            parsed[source.path] = parsed.get(source.path, 0) + 1
    for row in engine.select(table.by_hour.text, table.by_hour.parameters):
        _cover(tallies[source_of(row).path], row)
    for path, number in parsed.items():
        tallies[path].parsed_before(number)
    return {path: tally.facts() for path, tally in tallies.items()}


def _cover(tally: Tally, row: Row) -> None:
    """Count the lines of an hour: (file, lines, audit lines, of these without a user, first time, last time)."""
    lines, audit, nobody = (int(number) if isinstance(number, int) else 0 for number in row[1:4])
    first, last = (read_time(str(text or ""), naive_is_utc=True) for text in row[4:6])
    hours = {first.replace(minute=0, second=0): audit} if first is not None and audit else {}
    tally.pass_over(lines, audit, nobody, hours)
    for time in (first, last):
        if time is not None and audit:
            tally.reach(time)


def _place(source: Source) -> str:
    return str(source.file.resolve()) if source.file is not None else source.path
