"""DuckDB and Spark reduce a log to the calls that the core finds in it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import duckdb
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kfm_audit.facts import UnreadableInput
from kfm_audit.inputs import lakefs_log
from kfm_audit.inputs.engines import engine
from kfm_audit.inputs.kind import ReadContext
from kfm_audit.inputs.source import Source
from kfm_audit.policy.lakefs import LakeFS
from kfm_audit.policy.model import Policy
from tests.inputs.engines.logs import PLANTS, POLICY, calls, coverage, line, logs, lost, read, written

FIELDS = (
    *("time", "operation_id", "method", "path", "user", "request_id", "source_ip", "client", "service_name"),
    *("repository", "ref"),
)


def parquet(values, file, prefix="data_") -> None:
    """Write decoded lines as lakeFS Cloud does."""
    table = file.with_suffix(".rows")
    rows = [{prefix + key: value.get(key) for key in (*FIELDS, "status_code")} for value in values]
    table.write_bytes(b"\n".join(map(msgspec.json.encode, rows)))
    columns = {**{prefix + key: "VARCHAR" for key in FIELDS}, prefix + "status_code": "INTEGER"}
    duckdb.connect().execute(
        f"COPY (FROM read_json('{table}', format='newline_delimited', columns={columns})) TO '{file}' (FORMAT parquet)"
    )


def java() -> bool:
    """Whether Spark can start: Java 17 or later."""
    program = shutil.which("java") or Path(os.environ.get("JAVA_HOME", "/nowhere"), "bin", "java")
    try:
        said = subprocess.run((program, "-version"), capture_output=True, text=True, check=True).stderr
    except (OSError, subprocess.CalledProcessError):
        return False
    version = said.split('"')[1].split(".")[0]
    return version.isdigit() and int(version) >= 17


SPARK = pytest.param(
    "spark=local[2]",
    marks=[
        pytest.mark.slow,
        pytest.mark.skipif(
            not java(), reason="NO JAVA 17 HERE: that Spark agrees with the core is NOT tested"
        ),
        # py4j leaves its sockets to the interpreter's end.
        pytest.mark.filterwarnings(
            "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
        ),
        pytest.mark.filterwarnings(
            "ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning"
        ),
    ],
)


def agree(found, expected) -> None:
    assert calls(found) == calls(expected)
    assert lost(found) == lost(expected)
    mine, other = coverage(found), coverage(expected)
    assert (mine.lines, mine.audit_lines, mine.without_user) == (
        other.lines,
        other.audit_lines,
        other.without_user,
    )
    assert (mine.hours, mine.first, mine.last) == (other.hours, other.first, other.last)
    assert mine.duplicates == other.duplicates


@settings(max_examples=25, deadline=None)
@given(values=logs(), again=st.booleans())
def test_duckdb_agrees_with_the_core(values, again, tmp_path_factory) -> None:
    folder = tmp_path_factory.mktemp("log")
    values = values + values if again else values
    (folder / "audit.jsonl").write_bytes(written(values))
    parquet(values, folder / "audit.parquet")
    expected = read(folder / "audit.jsonl")
    agree(read(folder / "audit.parquet"), expected)
    agree(read(folder / "audit.jsonl", "duckdb"), expected)


@pytest.mark.parametrize("name", [SPARK])
def test_spark_agrees_with_the_core(name, tmp_path) -> None:
    @settings(max_examples=3, deadline=None, database=None)
    @given(values=logs(most=40))
    def examples(values) -> None:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        (folder / "audit *[1].jsonl").write_bytes(written(values))
        parquet(values, folder / "audit.parquet")
        expected = read(folder / "audit *[1].jsonl")
        agree(read(folder / "audit.parquet", name), expected)
        agree(read(folder / "audit *[1].jsonl", name), expected)

    examples()


@pytest.mark.parametrize("name", ["duckdb", SPARK])
def test_half_lines_and_blank_ones_and_text(name, tmp_path) -> None:
    text = b'time="2026-07-01T00:00:05Z" level=info msg="HTTP call ended" log_audit=true method=POST operation_id=RevertBranch path=/api/v1/repositories/kfm/branches/env-prod/revert request_id=t status_code=204 user=jane\n'
    whole = written([line(n, n, "jane", PLANTS[n % 3]) for n in range(30)])
    file = tmp_path / "audit.jsonl"
    file.write_bytes(whole + whole[:100] + b"\n" + text + b'{"level":"info","msg":"up"}\r\n')
    expected, found = read(file), read(file, name)
    assert calls(found) == calls(expected)
    assert [cause for _, cause in lost(found)] == [cause for _, cause in lost(expected)]


def together(files, policy=POLICY, name="") -> dict:
    sources = [Source(file.name, file) for file in files]
    return dict(
        lakefs_log.read_together(sources, ReadContext(policy, files[0].parent, files[0].parent, engine=name))
    )


def test_many_files_are_read_by_one_select_and_one_that_is_damaged_costs_no_other(tmp_path) -> None:
    files = [tmp_path / f"{n}.parquet" for n in range(4)]
    for number, file in enumerate(files):
        parquet([line(number, number, "jane", PLANTS[0])], file)
    files[2].write_bytes(b"PAR1 data_operation_id PAR1")
    found = together(files)
    assert [[type(fact).__name__ for fact in found[file.name]] for file in files] == [
        ["BranchOperation", "LogCoverage"],
        ["BranchOperation", "LogCoverage"],
        ["UnreadableInput"],
        ["BranchOperation", "LogCoverage"],
    ]
    assert found["2.parquet"][0].cause.startswith("cannot be read by DuckDB: ")


def test_columns_of_another_schema_are_named_by_the_policy(tmp_path) -> None:
    file = tmp_path / "lakefs-audit.parquet"
    values = [line(1, 1, "jane", PLANTS[0])]
    parquet(values, file, prefix="odd_")
    (unread,) = together([file])[file.name]
    assert isinstance(unread, UnreadableInput)
    assert (
        unread.cause
        == "has no column for the time and the operation_id and the path and the status_code of a call"
    )
    columns = {key: f"odd_{key}" for key in (*FIELDS, "status_code")}
    lakefs = LakeFS(environment_branches=POLICY.lakefs.environment_branches, log_columns=columns)
    named = together([file], Policy(policy=1, name="test", lakefs=lakefs))[file.name]
    plain = tmp_path / "audit.jsonl"
    plain.write_bytes(written(values))
    assert calls(named) == calls(read(plain))


def test_times_of_a_timestamp_column(tmp_path) -> None:
    file = tmp_path / "audit.parquet"
    duckdb.connect().execute(
        "COPY (SELECT TIMESTAMPTZ '2026-07-01 11:00:00+02' AS data_time, 'RevertBranch' AS data_operation_id, "
        "'/api/v1/repositories/kfm/branches/env-prod/revert' AS data_path, 204 AS data_status_code, 'POST' AS data_method) "
        f"TO '{file}' (FORMAT parquet)"
    )
    call, covered = together([file])[file.name]
    assert f"{call.time:%H:%M %Z}" == "09:00 UTC"
    assert covered.first == covered.last == call.time


@pytest.mark.parametrize("name", ["duckdb", "spark"])
def test_an_engine_that_is_not_installed_is_said_with_its_cure(name, tmp_path, monkeypatch) -> None:
    def absent(module: str) -> None:
        raise ImportError(module)

    monkeypatch.setattr(
        f"kfm_audit.inputs.engines.{'duck' if name == 'duckdb' else name}.import_module", absent
    )
    file = tmp_path / "audit.jsonl"
    file.write_bytes(written([line(1, 1, "jane", PLANTS[0])]))
    (unread,) = together([file], name=name)[file.name]
    assert "not installed" in unread.cause
    assert "pip install 'kfm-audit[" in unread.cure


def test_the_selects_are_the_same_for_every_engine() -> None:
    assert engine.ENGINES == ("core", "duckdb", "spark")
