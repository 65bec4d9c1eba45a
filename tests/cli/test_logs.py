"""`--engine`, partitions, URLs and progress."""

from __future__ import annotations

import gzip
import io

import pytest

from kfm_audit.cli.progress import Progress, line
from tests.inputs.engines.logs import PLANTS, written
from tests.inputs.engines.logs import line as log_line
from tests.inputs.engines.test_tables import parquet


@pytest.mark.parametrize("engine", ["hive", "spark=", "duckdb=x", "=x"])
def test_an_engine_that_is_none(project, engine) -> None:
    project.write("x.json", "{}")
    done = project.check("--engine", engine)
    assert (done.code, done.err) == (
        2,
        f"kfm-audit: --engine {engine}: choose core, duckdb, spark or spark=MASTER\n",
    )


def values(day: int, hour: int) -> list:
    return [
        log_line(1000 * day + 10 * hour + n, (day - 1) * 86400 + hour * 3600 + n, "jane", PLANTS[0])
        for n in range(2)
    ]


def hive(project, hours) -> None:
    for day, hour in hours:
        file = project.folder / f"logs/year=2026/month=07/day={day:02}/hour={hour:02}/log_abc-snappy.parquet"
        file.parent.mkdir(parents=True)
        parquet(values(day, hour), file)
        file.with_suffix(".rows").unlink()


def test_parquet_in_the_layout_of_lakefs_cloud(project) -> None:
    hive(project, [(1, 9), (1, 10), (2, 9)])
    code, report = project.report("--now", "2026-07-02T12:00:00Z")
    assert (code, report["summary"]["inputs"]) == (0, {"lakefs-log": 3})
    assert report["summary"]["facts"]["log-coverage"] == 3
    assert report["summary"]["facts"]["rollback"] == 6
    assert report["ignored"] == []


def test_partitions_outside_what_is_judged_are_not_read(project) -> None:
    hive(project, [(1, 9), (1, 10), (2, 9)])
    _, report = project.report("--now", "2026-07-02T12:00:00Z", "--since", "2026-07-02T00:00:00Z")
    assert report["summary"]["facts"]["rollback"] == 2
    assert [(item["path"], item["why"]) for item in report["ignored"]] == [
        (
            f"logs/year=2026/month=07/day=01/hour={hour}/log_abc-snappy.parquet",
            "its partition lies outside --since and --until",
        )
        for hour in ("09", "10")
    ]


def test_a_time_that_leaves_all_partitions_out_is_said(project) -> None:
    hive(project, [(1, 9), (1, 10)])
    code, report = project.report("--now", "2026-07-05T12:00:00Z", "--since", "2026-07-04T00:00:00Z")
    (finding,) = report["findings"]
    assert (code, finding["rule"], finding["message"], finding["help"]) == (
        3,
        "SYS004",
        "no input was recognised: --since and --until leave out 2 files by the partitions in the paths",
        "choose a time that the partitions hold; their times are UTC",
    )
    project.write("package.json", "{}")
    _, report = project.report("--now", "2026-07-05T12:00:00Z", "--since", "2026-07-04T00:00:00Z")
    (finding,) = report["findings"]
    assert "leave out 2 of 3 files by" in finding["message"]


@pytest.mark.parametrize(
    "name", ["lakefs/audit.parquet", "lakefs-audit.parquet", "logs/lakefs/audit-2.parquet"]
)
def test_parquet_is_claimed_by_its_name(project, name) -> None:
    parquet(values(1, 9), project.folder / "rows.parquet")
    data = (project.folder / "rows.parquet").read_bytes()
    (project.folder / "rows.parquet").unlink()
    project.write(name, data)
    _, report = project.report("--now", "2026-07-02T12:00:00Z")
    assert (report["summary"]["inputs"], report["summary"]["facts"]["rollback"]) == ({"lakefs-log": 1}, 2)


@pytest.mark.parametrize("ending", ["jsonl", "jsonl.gz", "log.zst", "parquet"])
def test_what_a_name_claims_and_the_content_is_not_is_an_error(project, ending) -> None:
    project.write(f"lakefs/audit.{ending}", b"no log at all\n")
    assert project.found() == [("SYS001", f"lakefs/audit.{ending}")]


def test_all_engines_give_the_same_findings(project) -> None:
    project.write("lakefs/audit.jsonl", written(values(1, 9)))
    project.write("lakefs/audit-2.jsonl.gz", gzip.compress(written(values(1, 10))))
    found = [
        sorted(project.found("--engine", engine, "--now", "2026-07-03T00:00:00Z", "lakefs"))
        for engine in ("core", "duckdb")
    ]
    assert found[0] == found[1]
    assert {path for _, path in found[0]} == {"lakefs/audit.jsonl", "lakefs/audit-2.jsonl.gz"}, found[0]


def test_a_url_that_cannot_be_reached_is_said(project) -> None:
    code, report = project.report("s3://no-such-bucket/logs/*.jsonl")
    assert code == 4
    (finding,) = [finding for finding in report["findings"] if finding["rule"] == "SYS001"]
    assert finding["subject"] == "s3://no-such-bucket/logs/*.jsonl"


def test_progress_is_one_line_that_goes_away(monkeypatch) -> None:
    clock = iter((0.0, 0.5, 2.0, 2.1, 3.0))
    monkeypatch.setattr("kfm_audit.cli.progress.time.monotonic", lambda: next(clock))
    terminal = io.StringIO()
    progress = Progress(terminal)
    for done in (0, 100, 10**9, 11 * 10**8, 2 * 10**9):
        progress("audit.jsonl", done, 25 * 10**8)
    progress("audit.jsonl", 25 * 10**8, 25 * 10**8)
    first = "audit.jsonl: 1.0 of 2.5 GB, 500 MB/s, 3 s left"
    second = "audit.jsonl: 2.0 of 2.5 GB, 667 MB/s, 1 s left"
    assert terminal.getvalue() == f"\r{first}\r{second}\r{' ' * len(second)}\r"


def test_the_size_of_what_is_packed_is_not_known_before() -> None:
    assert line("a.gz", 3 * 10**9, 0, 2.0) == "a.gz: 3.0 GB, 1500 MB/s"


def test_no_progress_without_a_terminal(project) -> None:
    project.write("lakefs/audit.jsonl", written(values(1, 9)))
    assert "\r" not in project.check("--now", "2026-07-03T00:00:00Z").err
