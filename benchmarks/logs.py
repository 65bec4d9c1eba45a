"""lakeFS audit logs of any size, as lakeFS Enterprise writes them: the same number gives the same bytes.

    python benchmarks/logs.py 4000000 > audit.jsonl

A platform of one repository for each domain. Pipelines make a run branch, write objects to it through the API and
the S3 gateway, commit, and merge it into `env-dev`, `env-stage` or `env-prod`; readers read what the
environments hold; people look at branches and commits. Every line is drawn anew, with its own request
id, path, size and time, so that nothing compresses better than a real log would.

In so many lines some are planted that decide: hard resets, reverts, deletions and commits of an earlier
state on environment branches, each with its outcome; `planted` says which.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final, NamedTuple

START: Final = datetime(2026, 7, 1, tzinfo=UTC)
SPAN: Final = timedelta(days=7)
EVERY: Final = 20_000
"""One line in so many is a planted rollback."""
CHUNK: Final = 10_000
"""Lines that are written at once."""

_REPOSITORIES: Final = ("kfm-parcels", "kfm-hydrology", "kfm-treaties", "kfm-climate", "kfm-transport")
_ENVIRONMENTS: Final = ("env-dev", "env-stage", "env-prod")
_PEOPLE: Final = ("jane.doe", "amir.khan", "li.wei", "sofia.rossi", "p.okafor", "m.novak", "t.yamada")
_PIPELINES: Final = tuple(
    f"svc-{name}" for name in ("ingest", "tiles", "stats", "quality", "graph", "export")
)
_CLIENTS: Final = (
    "lakefs-python-sdk/1.84.0",
    "lakectl/v1.82.0",
    "lakefs-hadoopfs/0.2.5",
    "lakefs-webui/1.84.0",
)
_LAYERS: Final = ("raw", "work", "processed", "catalog")
_TABLES: Final = ("parcels", "gauges", "reaches", "treaties", "stations", "roads", "soils", "blocks")

_REST: Final = (
    '{"client":"%s","file":"usr/local/go/src/net/http/server.go:2322",'
    '"func":"net/http.HandlerFunc.ServeHTTP","host":"lakefs.example.com","level":"info","log_audit":true,'
    '"method":"%s","msg":"HTTP call ended","operation_id":"%s","path":"/api/v1/repositories/%s",'
    '"request_id":"%s","sent_bytes":%d,"service_name":"rest_api","source_ip":"10.%d.%d.%d:%d",'
    '"status_code":%d,"time":"%s","took":%d,"took_str":"%.6fms"%s}\n'
)
_GATEWAY: Final = (
    '{"client":"%s","file":"usr/local/go/src/net/http/server.go:2322",'
    '"func":"net/http.HandlerFunc.ServeHTTP","host":"s3.lakefs.example.com","level":"info","log_audit":true,'
    '"matched_host":true,"method":"%s","msg":"HTTP call ended","operation_id":"%s","path":"%s","ref":"%s",'
    '"repository":"%s","request_id":"%s","sent_bytes":%d,"service_name":"s3_gateway",'
    '"source_ip":"10.%d.%d.%d:%d","status_code":%d,"time":"%s","took":%d,"took_str":"%.6fms"%s}\n'
)


class Planted(NamedTuple):
    """A planted call: its line (from 1), operation, branch, user, status and request id."""

    line: int
    operation: str
    branch: str
    user: str
    status: int
    request_id: str


class _Draw(NamedTuple):
    """What a line says of a call, before it is written."""

    method: str
    operation: str
    path: str
    user: str
    status: int = 200


def lines(number: int, seed: int = 1) -> Iterator[tuple[str, Planted | None]]:
    """So many lines in the order of their time, each with what was planted in it."""
    random = Random(seed)  # noqa: S311 - the same log each time is the point
    step = SPAN / max(number, 1)
    for at in range(number):
        time = f"{START + at * step:%Y-%m-%dT%H:%M:%SZ}"
        bits = random.getrandbits(256)
        request = f"{bits >> 128 & 0xFFFFFFFF:08x}-{bits >> 96 & 0xFFFF:04x}-4{bits >> 84 & 0xFFF:03x}"
        request += f"-a{bits >> 72 & 0xFFF:03x}-{bits >> 16 & 0xFFFFFFFFFFFF:012x}"
        if at % EVERY == EVERY // 2:
            draw, branch = _rollback(random)
            yield (
                _written(random, draw, time, request, bits),
                Planted(at + 1, draw.operation, branch, draw.user, draw.status, request),
            )
        else:
            yield _ordinary(random, time, request, bits), None


def planted(number: int, seed: int = 1) -> tuple[Planted, ...]:
    """What `lines` plants."""
    return tuple(found for _, found in lines(number, seed) if found is not None)


def _ordinary(random: Random, time: str, request: str, bits: int) -> str:
    """A call of everyday: reads of what environments hold, writes of runs, and what people look at."""
    chance = bits & 0xFF
    run = f"run-2026-07-{1 + (bits >> 8) % 7:02d}-{(bits >> 11) % 997:03d}"
    environment = _ENVIRONMENTS[(bits >> 21) % 3]
    key = (
        f"{_LAYERS[bits >> 24 & 3]}/{_TABLES[bits >> 26 & 7]}"
        f"/date=2026-0{1 + (bits >> 29) % 7}-{1 + (bits >> 32) % 28:02d}"
        f"/part-{bits >> 37 & 0xFFFFF:05d}-{bits >> 190:016x}.c000.snappy.parquet"
    )
    pipeline = _PIPELINES[(bits >> 57) % len(_PIPELINES)]
    person = _PEOPLE[(bits >> 60) % len(_PEOPLE)]
    quoted = key.replace("/", "%2F").replace("=", "%3D")
    match chance:
        case _ if chance < 56:
            draw = _Draw(
                "GET", "GetObject", f"/refs/{environment}/objects?path={quoted}&presign=true", pipeline
            )
        case _ if chance < 92:
            draw = _Draw("GET", "StatObject", f"/refs/{environment}/objects/stat?path={quoted}", pipeline)
        case _ if chance < 112:
            draw = _Draw(
                "GET", "ListObjects", f"/refs/{run}/objects/ls?prefix={quoted[:24]}&amount=1000", pipeline
            )
        case _ if chance < 140:
            draw = _Draw("POST", "UploadObject", f"/branches/{run}/objects?path={quoted}", pipeline, 201)
        case _ if chance < 146:
            draw = _Draw("GET", "GetBranch", f"/branches/{environment if bits & 1 << 9 else run}", person)
        case _ if chance < 150:
            draw = _Draw("GET", "LogCommits", f"/refs/{environment}/commits?amount=100", person)
        case 150 if bits & 0x3F00 == 0:
            draw = _Draw("POST", "MergeIntoBranch", f"/refs/{run}/merge/{environment}", pipeline)
        case 150 | 151:
            draw = _Draw("POST", "Commit", f"/branches/{run}/commits", pipeline, 201)
        case 152 if bits & 0x3F00 == 0:
            draw = _Draw("DELETE", "DeleteBranch", f"/branches/{run}", pipeline, 204)
        case 153 if bits & 0x3F00 == 0:
            draw = _Draw("POST", "CreateBranch", "/branches", pipeline, 201)
        case 152 | 153:
            draw = _Draw("GET", "StatObject", f"/refs/{run}/objects/stat?path={quoted}", pipeline, 404)
        case _:
            return _through_gateway(
                random, chance, environment if chance < 225 else run, key, time, request, bits
            )
    return _written(random, draw, time, request, bits)


def _rollback(random: Random) -> tuple[_Draw, str]:
    """A call that would move an environment branch back; one in five was refused or failed."""
    branch = random.choice(_ENVIRONMENTS)
    user = random.choice((*_PEOPLE, *_PIPELINES))
    status = random.choice((204, 204, 204, 204, random.choice((401, 403, 409, 412))))
    commit = f"{random.getrandbits(48):012x}"
    return random.choice(
        (
            _Draw(
                "PUT",
                "HardResetBranch",
                f"/branches/{branch}/hard_reset?ref={commit}&force=false",
                user,
                status,
            ),
            _Draw("POST", "RevertBranch", f"/branches/{branch}/revert", user, status),
            _Draw("DELETE", "DeleteBranch", f"/branches/{branch}?force=false", user, status),
            _Draw("POST", "Commit", f"/branches/{branch}/commits?source_metarange={commit}", user, status),
        )
    ), branch


def _written(random: Random, draw: _Draw, time: str, request: str, bits: int) -> str:
    took = bits >> 140 & 0x3FFFFFFF
    repository = _REPOSITORIES[(bits >> 64) % len(_REPOSITORIES)]
    return _REST % (
        *(
            _CLIENTS[bits >> 67 & 3],
            draw.method,
            draw.operation,
            repository + draw.path.replace("&", "\\u0026"),
        ),
        *(request, bits >> 170 & 0xFFFFF, bits >> 200 & 63, bits >> 206 & 255, bits >> 214 & 255),
        *(1024 + (bits >> 222 & 0x7FFF), draw.status, time, took, took / 1e6),
        f',"user":"{draw.user}"' if random.random() > 0.002 else "",
    )


def _through_gateway(
    random: Random, chance: int, ref: str, key: str, time: str, request: str, bits: int
) -> str:
    """A call of Spark through the S3 gateway: reads of environments, writes of runs."""
    took = bits >> 140 & 0x3FFFFFFF
    writes = ref.startswith("run-") and chance % 4 == 0
    method, operation = (
        ("PUT", "put_object") if writes else (("HEAD", "head_object"), ("GET", "get_object"))[chance % 2]
    )
    return _GATEWAY % (
        *(
            "aws-sdk-java/2.20.160",
            method,
            operation,
            key,
            ref,
            _REPOSITORIES[(bits >> 64) % len(_REPOSITORIES)],
        ),
        *(request, bits >> 170 & 0xFFFFFFF, bits >> 200 & 63, bits >> 206 & 255, bits >> 214 & 255),
        *(1024 + (bits >> 222 & 0x7FFF), 200, time, took, took / 1e6),
        f',"user":"{_PIPELINES[(bits >> 57) % len(_PIPELINES)]}"' if random.random() > 0.002 else "",
    )


def main() -> None:
    """Write a log to standard output."""
    number = int(sys.argv[1])
    held: list[str] = []
    for line, _ in lines(number):
        held.append(line)
        if len(held) == CHUNK:
            sys.stdout.buffer.write("".join(held).encode())
            held.clear()
    sys.stdout.buffer.write("".join(held).encode())


if __name__ == "__main__":
    main()
