"""DuckDB as an engine: Parquet on this machine, and what lies in s3-compatible stores. The extra `lake`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any, Final

from kfm_audit.inputs.engines.engine import Columns, EngineError, Row

_BATCH: Final = 10_000
_LONGEST_LINE: Final = 64 * 1024 * 1024
_CURE: Final = "pip install 'kfm-audit[lake]'"


class Duck:
    """One connection, in memory."""

    def __init__(self) -> None:
        """Open it. Raises EngineError."""
        try:
            self._library: Any = import_module("duckdb")
        except ImportError:
            raise EngineError("needs DuckDB, which is not installed", _CURE) from None
        self._connection = self._library.connect(":memory:")
        self._run("SET TimeZone = 'UTC'")
        self._run("SET enable_progress_bar = false")
        self._away = False

    def files_of(self, url: str) -> tuple[str, ...]:
        """As `Engine`."""
        self._reach((url,))
        found = self._fetched(self._run("SELECT file FROM glob(?) ORDER BY file", (url,)), all_rows=True)
        if not found:
            raise EngineError("names no file", "correct the URL, or the wildcards in it")
        return tuple(str(row[0]) for row in found)

    def show_rows(self, files: Sequence[str], columns: Columns) -> frozenset[str]:
        """As `Engine`: the columns of all files together."""
        self._reach(files)
        table = (
            f"read_parquet({_list(files)}, filename = true, union_by_name = true, hive_partitioning = false)"
        )
        described = self._run(f"DESCRIBE SELECT * FROM {table}").fetchall()  # noqa: S608 - names are quoted
        there = {str(row[0]) for row in described}
        chosen = {name: next((one for one in of if one in there), "") for name, of in columns.items()}
        texts = (
            f"CAST({_quoted(of) if of else 'NULL'} AS VARCHAR) AS {_quoted(name)}"
            for name, of in chosen.items()
        )
        self._run(
            f"CREATE OR REPLACE VIEW log AS SELECT filename AS file, {', '.join(texts)} FROM {table}"  # noqa: S608
        )
        return frozenset(name for name, of in chosen.items() if of)

    def show_lines(self, files: Sequence[str]) -> None:
        """As `Engine`: a line is the one column of a table whose fields end with what no line holds."""
        self._reach(files)
        self._run(
            "CREATE OR REPLACE VIEW log AS SELECT filename AS file, line FROM read_csv("  # noqa: S608 - as above
            f"{_list(files)}, columns = {{'line': 'VARCHAR'}}, delim = '\x1f', quote = '', escape = '', "
            "header = false, auto_detect = false, filename = true, strict_mode = false, null_padding = true, "
            f"new_line = '\\n', max_line_size = {_LONGEST_LINE})"
        )

    def select(self, query: str, parameters: Sequence[str]) -> Iterator[Row]:
        """As `Engine`, some rows at a time."""
        result = self._run(query, list(parameters))
        while rows := self._fetched(result):
            yield from rows

    def name_of(self, file: str) -> str:
        """As `Engine`: files bear the names that they were given by."""
        return file

    def _reach(self, files: Sequence[str]) -> None:
        """Be ready for s3 URLs, with the keys and the endpoint that AWS's own tools take from the environment."""
        if self._away or not any(file.startswith("s3://") for file in files):
            return
        self._run("LOAD httpfs", cure="install it once, with a network: `duckdb -c 'INSTALL httpfs'`")
        said = os.environ.get
        endpoint = said("AWS_ENDPOINT_URL_S3") or said("AWS_ENDPOINT_URL") or ""
        parts = {
            "KEY_ID": said("AWS_ACCESS_KEY_ID"),
            "SECRET": said("AWS_SECRET_ACCESS_KEY"),
            "SESSION_TOKEN": said("AWS_SESSION_TOKEN"),
            "REGION": said("AWS_REGION") or said("AWS_DEFAULT_REGION"),
            "ENDPOINT": endpoint.split("://")[-1].rstrip("/"),
        }
        options = ["TYPE s3", *(f"{name} {_text(value)}" for name, value in parts.items() if value)]
        if endpoint:
            options += ["URL_STYLE 'path'", f"USE_SSL {str(not endpoint.startswith('http://')).lower()}"]
        self._run(f"CREATE OR REPLACE SECRET audit ({', '.join(options)})")
        self._away = True

    def _run(self, query: str, parameters: Sequence[str] = (), *, cure: str = "") -> Any:  # DuckDB's own type
        try:
            return self._connection.execute(query, list(parameters))
        except self._library.Error as error:
            raise _failed(error, cure) from None

    def _fetched(self, result: Any, *, all_rows: bool = False) -> list[Row]:  # DuckDB's own type
        try:
            rows: list[Row] = result.fetchall() if all_rows else result.fetchmany(_BATCH)
        except self._library.Error as error:
            raise _failed(error, "") from None
        return rows


def _failed(error: Exception, cure: str) -> EngineError:
    first = str(error).partition("\n")[0]
    return EngineError(
        f"cannot be read by DuckDB: {first}", cure or "fetch it again, or read it without --engine"
    )


def _list(files: Sequence[str]) -> str:
    return f"[{', '.join(map(_text, files))}]"


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
