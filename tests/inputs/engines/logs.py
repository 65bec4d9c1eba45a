"""Small logs with planted calls, read in every way that there is."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec
from hypothesis import strategies as st

from kfm_audit.facts import Fact, LogCoverage, LoggedCall, MembershipChange, UnreadableInput
from kfm_audit.inputs import lakefs_log
from kfm_audit.inputs.kind import ReadContext
from kfm_audit.inputs.source import Source
from kfm_audit.policy.lakefs import LakeFS
from kfm_audit.policy.model import Policy
from kfm_audit.values import Origin

POLICY = Policy(
    policy=1,
    name="test",
    lakefs=LakeFS(environment_branches={"dev": ("env-dev", "dev-*"), "prod": ("env-prod", "production")}),
)
R = "/api/v1/repositories/kfm"

ORDINARY = (
    {
        "operation_id": "GetObject",
        "method": "GET",
        "path": f"{R}/refs/env-prod/objects?path=a%2Fb\u0026presign=true",
    },
    {"operation_id": "GetBranch", "method": "GET", "path": f"{R}/branches/env-prod"},
    {
        "operation_id": "UploadObject",
        "method": "POST",
        "path": f"{R}/branches/run-1/objects?path=reset%2FHardReset",
    },
    {"operation_id": "Commit", "method": "POST", "path": f"{R}/branches/run-1/commits", "status_code": 201},
    {
        "operation_id": "get_object",
        "method": "GET",
        "path": "raw/a.parquet",
        "service_name": "s3_gateway",
        "ref": "env-prod",
        "repository": "kfm",
        "matched_host": True,
    },
)
PLANTS = (
    {
        "operation_id": "HardResetBranch",
        "method": "PUT",
        "path": f"{R}/branches/env-prod/hard_reset?ref=9666d7c9&force=false",
    },
    {"operation_id": "RevertBranch", "method": "POST", "path": f"{R}/branches/env-dev/revert"},
    {
        "operation_id": "DeleteBranch",
        "method": "DELETE",
        "path": f"{R}/branches/production",
        "status_code": 409,
    },
    {
        "operation_id": "Commit",
        "method": "POST",
        "path": f"{R}/branches/run-1/commits?source_metarange=abc",
        "status_code": 201,
    },
    {
        "operation_id": "Commit",
        "method": "POST",
        "path": f"{R}/branches/%65nv-prod/commits",
        "status_code": 201,
    },
    {
        "operation_id": "MergeIntoBranch",
        "method": "POST",
        "path": f"{R}/refs/run-1/merge/env-prod",
        "status_code": 200,
    },
    {
        "operation_id": "AddGroupMembership",
        "method": "PUT",
        "path": "/api/v1/auth/groups/sre/members/eve",
        "status_code": 201,
    },
    {
        "operation_id": "UploadObject",
        "method": "POST",
        "path": f"{R}/branches/run-1/objects?path=_lakefs_actions%2Fa.yaml",
        "status_code": 201,
    },
    {
        "operation_id": "put_object",
        "method": "PUT",
        "path": "raw/a.parquet",
        "status_code": 200,
        "service_name": "s3_gateway",
        "ref": "dev-1",
        "repository": "kfm",
        "matched_host": True,
    },
)
USERS = ("jane.doe", "svc-ingest", "")


@st.composite
def logs(draw: st.DrawFn, most: int = 60) -> list[dict[str, object]]:
    """The decoded lines of a log in the order of their time."""
    values = []
    second = 0
    for number in range(draw(st.integers(1, most))):
        second += draw(st.sampled_from((0, 1, 40, 1500, 4000)))
        planted = draw(st.integers(0, 5)) == 0
        call = draw(st.sampled_from(PLANTS if planted else ORDINARY))
        values.append(line(number, second, draw(st.sampled_from(USERS)), call))
    return values


def line(number: int, second: int, user: str, call: dict[str, object]) -> dict[str, object]:
    """One decoded line, its keys in their order, as a server writes them."""
    day, clock = 1 + second // 86400, second % 86400
    value = {
        "client": "lakefs-python-sdk/1.84.0",
        "level": "info",
        "log_audit": True,
        "msg": "HTTP call ended",
        "request_id": f"r{number}",
        "service_name": "rest_api",
        "source_ip": "10.0.0.7:51512",
        "status_code": 204,
        "time": f"2026-07-{day:02}T{clock // 3600:02}:{clock // 60 % 60:02}:{clock % 60:02}Z",
        **call,
        **({"user": user} if user else {}),
    }
    return {key: value[key] for key in sorted(value)}


def written(values: Iterable[dict[str, object]]) -> bytes:
    """Lines of JSON, escaped as Go escapes."""
    return b"".join(
        msgspec.json.encode(value).replace(b"&", b"\\u0026").replace(b"<", b"\\u003c") + b"\n"
        for value in values
    )


def read(file: Path, engine: str = "") -> tuple[Fact, ...]:
    """The facts of a log, in a policy with environments."""
    source = Source("log", file)
    context = ReadContext(POLICY, Path("/"), Path("/"), engine=engine)
    facts = lakefs_log.KIND.read(source, context).facts
    return facts or lakefs_log.read_together([source], context)["log"]


def calls(facts: Iterable[Fact]) -> dict[tuple[object, ...], int]:
    """The calls among facts, without their places: what each engine must agree in, with how often."""
    found: dict[tuple[object, ...], int] = {}
    for fact in facts:
        if isinstance(fact, LoggedCall | MembershipChange):
            key = msgspec.structs.astuple(msgspec.structs.replace(fact, origin=Origin("")))
            found[key] = found.get(key, 0) + 1
    return found


def coverage(facts: Iterable[Fact]) -> LogCoverage:
    """What the log covers, as if every line had been parsed."""
    (found,) = (fact for fact in facts if isinstance(fact, LogCoverage))
    return msgspec.structs.replace(found, passed_over=0)


def lost(facts: Iterable[Fact]) -> list[tuple[str, str]]:
    """What could not be read."""
    return [(fact.part, fact.cause) for fact in facts if isinstance(fact, UnreadableInput)]
