"""The SELECTs that reduce a log to the calls that decide, in words that every engine understands.

They are put together from our own words only; what a policy or a file says goes into parameters.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from kfm_audit.inputs.engines.roots import roots
from kfm_audit.lakefs.needles import FREQUENT, WORDS, Needles, least
from kfm_audit.lakefs.operations import GATEWAY_WRITES, HARMLESS, Operation, decision

FIELDS: Final = (
    *("time", "operation_id", "method", "path", "status_code", "user", "request_id", "source_ip", "client"),
    *("service_name", "repository", "ref", "log_audit", "msg"),
)
"""What is read of a row, by the names of lakeFS's log; a table calls them `log_time` and so on."""

NEEDED: Final = ("time", "operation_id", "path", "status_code")
"""Without these nothing can be told of a call."""

_GATEWAY_READS: Final = (
    *("getobject", "headobject", "listobjects", "listbuckets", "listobjectversions", "headbucket"),
    *("putbucket", "unsupported", "notfound"),
)


class Query(Struct, frozen=True):
    """A SELECT, and its parameters in their order."""

    text: str
    parameters: tuple[str, ...] = ()


def column(field: str) -> str:
    """The column of the table `log` that holds a field: `user` alone means something else in SQL."""
    return f"log_{field}"


def deciding_rows(needles: Needles) -> Query:
    """The rows that may decide: `file` and all of `FIELDS`.

    Every operation that is not known to be ordinary, also one that nobody knows; and of the ordinary ones
    those on a branch of an environment.
    """
    operation = "lower(replace(coalesce(log_operation_id, ''), '_', ''))"
    path, ref = "coalesce(log_path, '')", "coalesce(log_ref, '')"
    places = _places(needles)
    refs = needles.beginnings
    conditions = [
        f"{operation} NOT IN ({_marks(_ordinary())})",
        f"log_time IS NULL OR log_status_code IS NULL OR {_any(path, places)}",
        f"{operation} IN ({_marks(GATEWAY_WRITES)}) AND ({_any(ref, refs)})",
    ]
    return Query(
        f"SELECT file, {', '.join(map(column, FIELDS))} FROM log WHERE ({') OR ('.join(conditions)})",  # noqa: S608
        (*_ordinary(), *places, *GATEWAY_WRITES, *refs),
    )


def rows_by_hour() -> Query:
    """For each file and hour: rows, audit lines among them, of these those without a user, first and last time.

    A table that has only audit lines, as that of lakeFS Cloud, says so of none.
    """
    hour = "substr(log_time, 1, 13)"
    audit = (
        "coalesce(log_msg, '') = 'HTTP call ended' OR lower(coalesce(log_log_audit, '')) IN ('true', 'api') "
        "OR (log_msg IS NULL AND log_log_audit IS NULL)"
    )
    nobody = f"({audit}) AND coalesce(log_user, '') = ''"
    return Query(
        f"SELECT file, count(*), sum(CASE WHEN {audit} THEN 1 ELSE 0 END), "  # noqa: S608
        f"sum(CASE WHEN {nobody} THEN 1 ELSE 0 END), min(log_time), max(log_time) "
        f"FROM log GROUP BY file, {hour}"
    )


def deciding_lines(needles: Needles) -> Query:
    """The lines that may decide, as `deciding_rows`, those that hold several calls, and those that are not whole."""
    places = _places(needles)
    operation = "lower(replace(regexp_extract(line, ?, 1), '_', ''))"
    conditions = [
        f"id NOT IN ({_marks(_ordinary())}) AND (id <> '' OR {_any('line', AUDIT_MARKS)})",
        "length(line) - length(replace(line, 'operation_id', '')) > 12",
        _any("line", places),
        f"id IN ({_marks(GATEWAY_WRITES)}) AND ({_any('line', needles.beginnings)})",
        "line NOT LIKE '%}' AND line NOT LIKE '%}_' AND line NOT LIKE 'time=%'",
    ]
    return Query(
        f"SELECT file, line FROM (SELECT file, line, {operation} AS id FROM log) told "  # noqa: S608
        f"WHERE ({') OR ('.join(conditions)})",
        (ID, *_ordinary(), *AUDIT_MARKS, *places, *GATEWAY_WRITES, *needles.beginnings),
    )


def lines_by_hour() -> Query:
    """For each file and hour: how many lines, how many audit lines, and of these how many without a user.

    The hour is "" of lines that bear no time.
    """
    audit = f"CASE WHEN {_any('line', AUDIT_MARKS)} THEN 1 ELSE 0 END"
    nobody = f"CASE WHEN {_any('line', USER_MARKS)} THEN 0 ELSE 1 END"
    return Query(
        "SELECT file, count(*), sum(audit), sum(audit * nobody), min(moment), max(moment) FROM ("  # noqa: S608
        f"SELECT file, regexp_extract(line, ?, 1) AS moment, {audit} AS audit, {nobody} AS nobody "
        "FROM log WHERE length(line) > 1) told GROUP BY file, substr(moment, 1, 13)",
        (TIME, *AUDIT_MARKS, *USER_MARKS),
    )


AUDIT_MARKS: Final = ("HTTP call ended", "data_operation_id")
USER_MARKS: Final = ('"user":"', '"user": "', '\\"user\\":\\"', " user=", '"data_user":"')
ID: Final = r'operation_id[\\"]*\s?[:=]\s?[\\"]*([A-Za-z_]+)'
TIME: Final = r'time[\\"]*\s?[:=]\s?[\\"]*(\d\d\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\dZ?)'


def _ordinary() -> tuple[str, ...]:
    """Ids, in small letters and without `_`, that decide nothing where they are called on no environment."""
    frequent = {
        found.value.lower() for found in Operation if decision(found) in FREQUENT and " " not in found.value
    }
    return tuple(sorted({*frequent, *map(str.lower, HARMLESS), *_GATEWAY_READS, *GATEWAY_WRITES}))


def _places(needles: Needles) -> tuple[str, ...]:
    return tuple(word.decode() for word in roots(least((*needles.places, *WORDS))))


def _any(text: str, words: Iterable[str]) -> str:
    return " OR ".join(f"contains({text}, ?)" for _ in words) or "1 = 0"


def _marks(words: Iterable[str]) -> str:
    return ", ".join("?" for _ in words)
