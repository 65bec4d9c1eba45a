"""Spark as an engine, for logs that outgrow one machine. The extra `spark`, and a Java runtime."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any, Final
from urllib.parse import unquote

from kfm_audit.inputs.engines.engine import Columns, EngineError, Row

_CURE: Final = "pip install 'kfm-audit[spark]', with Java 17 or later; or leave out --engine"


class Spark:
    """One session: that of `master`, else the one that Spark's own settings name, else on this machine."""

    def __init__(self, master: str = "") -> None:
        """Start or join it. Raises EngineError."""
        try:
            sql: Any = import_module("pyspark.sql")
        except ImportError:
            raise EngineError("needs Spark, which is not installed", _CURE) from None
        builder = (
            sql.SparkSession.builder.appName("kfm-audit")
            .config("spark.ui.enabled", "false")
            .config("spark.ui.showConsoleProgress", "false")
            .config("spark.sql.session.timeZone", "UTC")
        )
        if master.startswith("sc://"):
            builder = builder.remote(master)
        elif master:
            builder = builder.master(master)
        try:
            self._session: Any = builder.getOrCreate()
        except Exception as error:  # noqa: BLE001 - Java and Spark raise what they like
            raise EngineError(f"needs Spark, which does not start: {_first(error)}", _CURE) from None

    def files_of(self, url: str) -> tuple[str, ...]:
        """As `Engine`: Spark expands wildcards itself."""
        return (url,)

    def show_rows(self, files: Sequence[str], columns: Columns) -> frozenset[str]:
        """As `Engine`: the columns of all files together."""
        try:
            reader = self._session.read.option("mergeSchema", "true").option("recursiveFileLookup", "true")
            frame = reader.parquet(*map(_place, files))
            chosen = {
                name: next((one for one in of if one in frame.columns), "") for name, of in columns.items()
            }
            texts = (
                f"CAST({_quoted(of) if of else 'NULL'} AS STRING) AS {_quoted(name)}"
                for name, of in chosen.items()
            )
            shown = frame.selectExpr("_metadata.file_path AS file", *texts)
            shown.createOrReplaceTempView("log")
        except Exception as error:  # noqa: BLE001 - as above
            raise _failed(error) from None
        return frozenset(name for name, of in chosen.items() if of)

    def show_lines(self, files: Sequence[str]) -> None:
        """As `Engine`. A carriage return stays with its line."""
        try:
            frame = self._session.read.option("lineSep", "\n").text(list(map(_place, files)))
            frame.selectExpr("_metadata.file_path AS file", "value AS line").createOrReplaceTempView("log")
        except Exception as error:  # noqa: BLE001 - as above
            raise _failed(error) from None

    def select(self, query: str, parameters: Sequence[str]) -> Iterator[Row]:
        """As `Engine`, one partition at a time."""
        try:
            for row in self._session.sql(query, args=list(parameters)).toLocalIterator():
                yield tuple(row)
        except Exception as error:  # noqa: BLE001 - as above
            raise _failed(error) from None

    def name_of(self, file: str) -> str:
        """As `Engine`: Spark names a file by its URI."""
        if file.startswith("file:"):
            return "/" + unquote(file.removeprefix("file:")).lstrip("/")
        return unquote(file).replace("s3a://", "s3://", 1)


def _place(file: str) -> str:
    """What Spark calls a file: no name of it may be taken for a glob, or for a place in the cluster's store."""
    if "://" in file:
        return file.replace("s3://", "s3a://", 1)
    return "file://" + "".join(f"\\{char}" if char in "*?[]{}\\" else char for char in file)


def _failed(error: Exception) -> EngineError:
    return EngineError(
        f"cannot be read by Spark: {_first(error)}", "fetch it again, or read it without --engine"
    )


def _first(error: Exception) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
