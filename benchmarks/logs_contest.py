"""Time the reading of lakeFS audit logs beside DuckDB, on the same logs, and hold the ratios to their targets.

    python benchmarks/logs_contest.py                   # 4,000,000 lines, 2.5 GB: some five minutes
    python benchmarks/logs_contest.py --lines 400000    # a tenth; starting up weighs more then

Both sides reduce the log of `benchmarks/logs.py` to the calls that decide, as whole processes, in turn, on warm
files. DuckDB gets what helps it: explicit columns, only those that are needed, all threads, and its filter in SQL. Each
process must have found what was planted; ours counts all lines besides, by hour, and finds those that are torn.
A figure is the median of the ratios of the rounds. Needs the extras `fast` and `lake`.

Ends with 1 where a figure is under its target.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.logs_sides import COLUMNS, DUCKDB, OURS, ours  # noqa: E402 - the folder has to be known before

SIDES: Final = ROOT / "benchmarks" / "logs_sides.py"
MOST_MEMORY: Final = 80
PARQUET_FACTOR: Final = 1.3
"""Twice the rows may cost at most twice the time and a little: starting up, and the noise of a machine."""


class Sample(NamedTuple):
    """One process: wall and processor time in seconds, peak memory in MB."""

    seconds: float
    processor: float
    megabytes: float


class Target(NamedTuple):
    """How many times faster than DuckDB on a form of the log, and the most memory in MB."""

    form: str
    at_least: float
    at_most: int | None = None


TARGETS: Final = (
    Target("jsonl", 3, MOST_MEMORY),
    Target("jsonl.gz", 1.5),
    Target("jsonl.zst", 1.5),
)


def sample(side: str, file: Path, expected: list[str]) -> Sample:
    """Time one process and hold it to what was planted. Raises SystemExit."""
    command = (sys.executable, str(SIDES), side, str(file))
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=_as_installed(file.parent))
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    found, megabytes = json.loads(said)
    if process.returncode or sorted(found) != expected:
        sys.exit(f"{side} on {file.name} ended with {process.returncode} and did not find what was planted")
    return Sample(seconds, usage.ru_utime + usage.ru_stime, megabytes)


def _as_installed(folder: Path) -> dict[str, str]:
    """The environment of both sides: what is installed is compiled, and no checkout is compiled anew each time."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}


def prepare(work: Path, number: int) -> None:
    """Write the log in all forms, and what was planted, as far as it is not there."""
    from benchmarks.logs import lines

    folder = work / str(number)
    plain, listed = folder / "audit.jsonl", folder / "planted.json"
    if not listed.exists():
        folder.mkdir(parents=True, exist_ok=True)
        print(f"writing {number:,} lines to {folder}", file=sys.stderr)
        planted = []
        with plain.open("wb") as stream:
            for text, found in lines(number):
                stream.write(text.encode())
                if found is not None:
                    planted.append(found.request_id)
        with plain.open("rb") as stream, gzip.open(folder / "audit.jsonl.gz", "wb", 6) as packed:
            shutil.copyfileobj(stream, packed, 1 << 20)
        import zstandard

        with plain.open("rb") as stream, (folder / "audit.jsonl.zst").open("wb") as packed:
            zstandard.ZstdCompressor(write_checksum=True).copy_stream(stream, packed)
        _write_parquet(plain, folder)
        listed.write_text(json.dumps(sorted(planted)), encoding="utf-8")


def _write_parquet(plain: Path, folder: Path) -> None:
    """As lakeFS Cloud writes it, whole and half."""
    import duckdb as library

    table = f"read_json('{plain}', format = 'newline_delimited', columns = {COLUMNS})"
    rows = f"(SELECT COLUMNS(*) AS 'data_\\0' FROM {table})"  # noqa: S608 - our own words
    half = library.sql(f"SELECT count(*) // 2 FROM {rows}").fetchall()[0][0]  # noqa: S608 - our own words
    library.sql(f"COPY {rows} TO '{folder / 'lakefs-audit.parquet'}'")
    library.sql(f"COPY (FROM {rows} LIMIT {half}) TO '{folder / 'lakefs-audit-half.parquet'}'")


def contest(folder: Path, target: Target, expected: list[str], rounds: int) -> bool:
    """Time both on one form in turn, say the figures, and whether the target is met."""
    file = folder / f"audit.{target.form}"
    samples: dict[str, list[Sample]] = {OURS: [], DUCKDB: []}
    for number in range(rounds + 1):
        for side in (OURS, DUCKDB):
            one = sample(side, file, expected)
            if number:  # the first warms the files
                samples[side].append(one)
    ratio = median(b.seconds / a.seconds for a, b in zip(samples[OURS], samples[DUCKDB], strict=True))
    memory = max(one.megabytes for one in samples[OURS])
    met = ratio >= target.at_least and (target.at_most is None or memory <= target.at_most)
    for side, them in samples.items():
        print(
            f"{target.form:10} {side:10} {median(s.seconds for s in them):7.2f} s "
            f"{median(s.processor for s in them):7.2f} s of processor {max(s.megabytes for s in them):6.0f} MB"
        )
    print(f"{target.form:10} {ratio:.2f} x DuckDB, wanted {target.at_least}: {'met' if met else 'MISSED'}")
    return met


def parquet(folder: Path, expected: list[str], rounds: int) -> bool:
    """Whether twice the rows cost at most twice the time."""
    half = [request for request in expected if request in set(ours(folder / "lakefs-audit-half.parquet"))]
    times = [
        [sample(OURS, folder / name, found).seconds for _ in range(rounds)]
        for name, found in (("lakefs-audit.parquet", expected), ("lakefs-audit-half.parquet", half))
    ]
    whole, part = (median(one) for one in times)
    met = whole <= 2 * part * PARQUET_FACTOR
    print(f"parquet    {whole:.2f} s, half the rows {part:.2f} s: {'linear' if met else 'MORE THAN LINEAR'}")
    return met


def main() -> None:
    """Write, measure, judge."""
    parser = argparse.ArgumentParser(description="Time the reading of audit logs beside DuckDB.")
    parser.add_argument("--lines", type=int, default=4_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "kfm-audit-logs")
    parser.add_argument("--prepare", action="store_true", help="only write the logs")
    options = parser.parse_args()
    # In a process of its own: a child's peak memory is counted from what its parent holds when it starts.
    if options.prepare:
        prepare(options.work, options.lines)
        return
    command = (
        sys.executable,
        __file__,
        "--prepare",
        "--lines",
        str(options.lines),
        "--work",
        str(options.work),
    )
    subprocess.run(command, check=True)
    planted = (options.work / str(options.lines) / "planted.json").read_text(encoding="utf-8")
    expected: list[str] = json.loads(planted)
    folder = options.work / str(options.lines)
    met = [contest(folder, target, expected, options.rounds) for target in TARGETS]
    met.append(parquet(folder, expected, options.rounds))
    sys.exit(0 if all(met) else 1)


if __name__ == "__main__":
    main()
