"""Who read a branch: a second look at logs."""

import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.inputs.lakefs_reads import Reader, Reads, reads_of
from kfm_audit.inputs.source import Source

THREE = datetime(2026, 1, 30, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
REFS = frozenset({"env-prod", "9666d7c9daf3"})
PATH = "/api/v1/repositories/kfm/refs/env-prod/objects?path=a"


def line(path=PATH, user="spark", **more) -> bytes:
    known = {
        "log_audit": True,
        "time": "2026-01-30T03:00:00Z",
        "operation_id": "GetObject",
        "method": "GET",
        "path": path,
        "status_code": 200,
        "user": user,
        "client": "Spark/3.5",
    }
    return json.dumps({**known, **more}).encode() + b"\n"


def reads(data: bytes, name="audit.jsonl", since=THREE - HOUR, until=THREE + HOUR) -> Reads:
    return reads_of([Source(name, None, data)], "kfm", REFS, since, until)


def test_readers_are_counted_by_user_and_product() -> None:
    later = line(time="2026-01-30T03:10:00Z", client="Spark/3.6")
    other = line(
        user="dash",
        client="grafana/1",
        operation_id="StatObject",
        path=PATH.replace("objects", "objects/stat"),
    )
    assert reads(other + line() + later) == Reads(
        (
            Reader(user="spark", client="Spark", calls=2, first=THREE, last=THREE + timedelta(minutes=10)),
            Reader(user="dash", client="grafana", calls=1, first=THREE, last=THREE),
        ),
        (),
    )


@pytest.mark.parametrize(
    "data",
    [
        line(PATH.replace("env-prod", "run-7")),
        line(PATH.replace("kfm", "other")),
        line(status_code=404),
        line(time="2026-01-30T04:00:01Z"),
        line(time="2026-01-30T01:59:59Z"),
        line(
            "/api/v1/repositories/kfm/branches/env-prod/objects", operation_id="UploadObject", method="POST"
        ),
        line("/api/v1/repositories/kfm/branches/env-prod", operation_id="GetBranch"),
        line("/elsewhere" + PATH),
    ],
)
def test_what_is_no_read_of_it(data) -> None:
    assert reads(data).readers == ()


@pytest.mark.parametrize(
    "data",
    [
        line(PATH.replace("env-prod", "9666d7c9daf3")),
        line(PATH.replace("env-prod", "env%2Dprod")),
        line("a/b", service_name="s3_gateway", repository="kfm", ref="env-prod", operation_id="get_object"),
        json.dumps({"log": line().decode()}).encode(),
    ],
    ids=["by commit", "encoded", "gateway", "wrapped"],
)
def test_reads_in_every_shape(data) -> None:
    assert [reader.calls for reader in reads(data).readers] == [1]


def test_packed_logs_are_looked_through_and_what_is_not_is_said() -> None:
    assert len(reads(gzip.compress(line() * 3), "lakefs-audit.jsonl.gz").readers) == 1
    assert reads(gzip.compress(line() * 3)[:-20], "lakefs-audit.jsonl.gz").unlooked == (
        "lakefs-audit.jsonl.gz",
    )
    document = json.dumps({"events": [{"message": line().decode()}]}, indent=1).encode()
    assert reads(document).unlooked == ("audit.jsonl",)


@given(st.binary(max_size=300))
def test_any_bytes_are_looked_through(data) -> None:
    reads(data)
    reads(line() + data)
