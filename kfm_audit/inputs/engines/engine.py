"""What an engine for logs beyond one file is, and how one is chosen.

An engine only reduces logs to the calls that decide: it shows files as one of two tables and runs
one plain SELECT over it. What the calls mean is judged in Python, once, as for every other log.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Protocol

Row = tuple[object, ...]
Columns = Mapping[str, tuple[str, ...]]
"""The columns of the table `log`, each with the columns of a file that may be it, the first best."""

ENGINES: Final = ("core", "duckdb", "spark")
"""What `--engine` knows."""


class EngineError(Exception):
    """An engine is not installed, or cannot read what it is given; `cure` says what to do."""

    def __init__(self, cause: str, cure: str) -> None:
        """Say what is wrong, and how to mend it."""
        super().__init__(cause)
        self.cure = cure


class Engine(Protocol):
    """Runs plain SELECTs over files. Every method raises EngineError."""

    def files_of(self, url: str) -> tuple[str, ...]:
        """The files that a URL with wildcards names, in a stable order; the URL itself where that cannot be asked."""

    def show_rows(self, files: Sequence[str], columns: Columns) -> frozenset[str]:
        """Show Parquet files as the table `log`: `file` and each of `columns`, as text, NULL where a file has none.

        Gives the columns that there are.
        """

    def show_lines(self, files: Sequence[str]) -> None:
        """Show files of lines as the table `log`: `file` and `line`, text."""

    def select(self, query: str, parameters: Sequence[str]) -> Iterator[Row]:
        """Run a SELECT over the table `log`; each `?` in it is one of `parameters`, in their order."""

    def name_of(self, file: str) -> str:
        """The file or URL that a value of the column `file` means."""


def engine_named(words: str) -> Engine:
    """The engine that `--engine` names: `duckdb`, `spark`, or `spark=MASTER`. Raises EngineError."""
    name, _, master = words.partition("=")
    if name == "spark":
        from kfm_audit.inputs.engines.spark import Spark

        return Spark(master)
    from kfm_audit.inputs.engines.duck import Duck

    return Duck()
