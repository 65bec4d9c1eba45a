"""`kfm-audit case`: one page, and drafts that settle nothing by themselves."""

import json
from datetime import UTC, datetime
from pathlib import Path

import jsonschema_rs
import msgspec
import pytest

ROOT = Path(__file__).parents[2]
VALIDATOR = jsonschema_rs.validator_for(
    msgspec.json.decode((ROOT / "schemas/json/case-v1.schema.json").read_bytes())
)
START = int(datetime(2026, 1, 30, 3, 0, tzinfo=UTC).timestamp())
NOW = ("--now", "2026-01-30T09:00:00Z")
KFM = "/api/v1/repositories/kfm"
POLICY = """\
policy: 1
name: example
extends: core
lakefs:
  environment_branches: {prod: [env-prod], stage: [env-stage]}
  rollback: {users: [jane]}
"""


def stamp(seconds: int) -> str:
    return f"{datetime.fromtimestamp(START + seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def line(seconds, operation, path, request, user="jane", method="POST", status=200, client="") -> str:
    return json.dumps(
        {
            "log_audit": True,
            "msg": "HTTP call ended",
            "time": stamp(seconds),
            "operation_id": operation,
            "method": method,
            "path": path,
            "status_code": status,
            "request_id": request,
            "user": user,
            "client": client,
        }
    )


def read(seconds, user, ref="env-prod", status=200, client="Spark/3.5") -> str:
    path = f"{KFM}/refs/{ref}/objects?path=parcels%2Fa.parquet"
    return line(seconds, "GetObject", path, f"g{seconds}{user}", user, "GET", status, client)


LOG = (
    line(-7200, "MergeIntoBranch", f"{KFM}/refs/run-1/merge/env-prod", "m1", "airflow"),
    read(-7000, "early"),
    line(-3600, "MergeIntoBranch", f"{KFM}/refs/run-2/merge/env-prod", "m2", "airflow"),
    *(read(-3000 + number, "spark") for number in range(3)),
    read(-2000, "refused", status=401),
    read(-1900, "elsewhere", ref="run-9"),
    line(-1800, "GetObject", "parcels/b.parquet", "s3", "dash", "GET", client="aws-sdk/1").replace(
        '"log_audit"', '"service_name": "s3_gateway", "repository": "kfm", "ref": "env-prod", "log_audit"'
    ),
    line(-900, "HardResetBranch", f"{KFM}/branches/env-prod/hard_reset?ref=p1", "d0", "mallory", "PUT", 403),
    line(0, "RevertBranch", f"{KFM}/branches/env-prod/revert", "0b1e", status=204),
    read(60, "late"),
)


def commit(name, parents, meta, seconds):
    return {
        "id": name,
        "parents": parents,
        "committer": "airflow",
        "message": "m",
        "creation_date": START + seconds,
        "meta_range_id": meta,
        "metadata": {".lakefs.merge.strategy": "default"} if len(parents) > 1 else {},
        "generation": 1,
        "version": 1,
    }


COMMITS = [
    commit("v1", ["p2"], "m1", -1),
    commit("p2", ["p1", "r2"], "m2", -3601),
    commit("p1", ["c0", "r1"], "m1", -7201),
    commit("c0", [], "m0", -90000),
]


@pytest.fixture
def night(project):
    project.write("lakefs/lakefs-audit.jsonl", "\n".join(LOG) + "\n")
    project.write("policy.yaml", POLICY)
    project.write("kfm-audit.toml", 'policy = "policy.yaml"\n')
    project.write("repositories/kfm/refs/env-prod/commits.json", json.dumps({"results": COMMITS}))
    return project


def page(project, *arguments) -> dict:
    done = project.run("case", *arguments, *NOW, "--format", "json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    VALIDATOR.validate(found)
    return found


def test_the_page(night) -> None:
    found = page(night, "0b1e")
    assert found["case"] == "lakefs://kfm/env-prod@0b1e"
    assert found["roles"] == ["jane: listed, jane is a listed user"]
    assert [(moment["time"], moment["what"], moment["line"]) for moment in found["timeline"]] == [
        (stamp(-7200), "a promotion of run-1 to prod by airflow", 1),
        (stamp(-3600), "a promotion of run-2 to prod by airflow", 3),
        (stamp(-900), "a hard reset of prod to p1 by mallory, refused with 403", 10),
        (stamp(0), "a revert in prod by jane (shown by the audit log)", 11),
    ]
    assert found["exposure"] == {
        "since": stamp(-3601),
        "until": stamp(0),
        "how": "the commit log shows the commits after p1 that the rollback left",
        "commits": ["p2"],
    }
    assert [(reader["user"], reader["client"], reader["calls"]) for reader in found["readers"]] == [
        ("spark", "Spark", 3),
        ("dash", "aws-sdk", 1),
    ]
    assert found["readers_unknown"] == ""
    assert found["rebuild"] == [
        "the derived views of prod that were built in that time",
        "what spark built from 3 reads",
        "what dash built from 1 read",
    ]
    assert [(owed["debt"], owed["standing"], owed["due"]) for owed in found["owed"]] == [
        ("correction", "pending", stamp(86400)),
        ("incident", "pending", stamp(86400)),
    ]
    correction = found["owed"][0]["draft"]
    assert (correction["kfm:revertedCommit"], correction["kfm:restoredCommit"], correction["kfm:draft"]) == (
        "p2",
        "p1",
        True,
    )
    assert [finding["rule"] for finding in found["findings"]] == ["LFS002", "LFS003"]


def test_without_a_commit_log_the_exposure_is_what_promotions_show(night) -> None:
    (night.folder / "repositories/kfm/refs/env-prod/commits.json").unlink()
    exposure = page(night, "0b1e")["exposure"]
    assert exposure["since"] == stamp(-3600)
    assert "what is rolled back may be older" in exposure["how"]


def test_without_anything_nobody_is_said_to_have_read_nothing(night) -> None:
    (night.folder / "repositories/kfm/refs/env-prod/commits.json").unlink()
    night.write("lakefs/lakefs-audit.jsonl", "\n".join(LOG[-3:]) + "\n")
    found = page(night, "0b1e")
    assert found["exposure"]["since"] is None
    assert found["readers"] == []
    assert found["readers_unknown"] == "not looked for: nothing shows since when the state could be read"


def test_what_went_on_from_there_has_to_be_rebuilt_too(night) -> None:
    further = line(-1000, "MergeIntoBranch", f"{KFM}/refs/env-prod/merge/env-stage", "m3", "airflow")
    night.write("lakefs/lakefs-audit.jsonl", "\n".join((*LOG, further)) + "\n")
    carried = [commit("s1", ["c0", "p2"], "m2", -1001), *COMMITS[1:]]
    night.write("repositories/kfm/refs/env-stage/commits.json", json.dumps({"results": carried}))
    rebuild = page(night, "0b1e")["rebuild"]
    assert "stage: a promotion of env-prod to stage by airflow (lakefs://kfm/env-stage@m3)" in rebuild
    assert "branch env-stage, which holds p2" in rebuild


def test_the_text(night) -> None:
    out = night.run("case", "0b1e", *NOW).out
    assert out.splitlines()[:2] == [
        "lakefs://kfm/env-prod@0b1e: a revert in prod by jane",
        "as of 2026-01-30 09:00 UTC",
    ]
    headings = [text for text in out.splitlines() if text and not text.startswith(" ")][2:]
    assert headings == ["Allowed?", "Timeline", "Exposure", "Who read it", "To rebuild", "Owed", "Findings"]
    assert all(len(text) <= 100 for text in out.splitlines())


def test_drafts_are_written_once_and_settle_nothing(night) -> None:
    done = night.run("case", "0b1e", *NOW, "--write", "data/lineage/reliability")
    rollbacks = night.folder / "data/lineage/reliability/rollbacks"
    incidents = night.folder / "data/lineage/reliability/incidents"
    (correction,), (incident,) = rollbacks.iterdir(), incidents.iterdir()
    assert (correction.name, incident.name) == (
        "2026-01-30T030000Z-kfm-env-prod.prov.jsonld",
        "2026-01-30T030000Z-kfm-env-prod.json",
    )
    assert "a draft; fill in its TODOs before it counts" in done.err
    _, report = night.report("--now", "2026-01-31T09:00:00Z", "--select", "LFS002,LFS003")
    assert [(f["rule"], f["verdict"]) for f in report["findings"] if f["rule"][:3] == "LFS"] == [
        ("LFS002", "fail"),
        ("LFS003", "fail"),
    ]
    correction.write_text("mine")
    done = night.run("case", "0b1e", *NOW, "--write", "data/lineage/reliability")
    assert correction.read_text() == "mine"
    assert "is there already, and is left as it is" in done.err or "nothing to write" in done.err


def test_a_case_of_the_ledger_is_found_when_its_log_is_gone(night) -> None:
    night.check(*NOW, "--ledger", "cases.jsonl")
    night.write("lakefs/lakefs-audit.jsonl", read(86400, "spark") + "\n")
    before = (night.folder / "cases.jsonl").read_bytes()
    done = night.run("case", "0b1e", "--now", "2026-02-01T00:00:00Z", "--ledger", "cases.jsonl")
    assert "open since 2026-01-30T09:00:00Z" in done.out
    assert (night.folder / "cases.jsonl").read_bytes() == before


def test_names_that_are_none_or_several(night) -> None:
    done = night.run("case", "nothing", *NOW)
    assert (done.code, done.out) == (2, "")
    assert (
        "no case is called so; there are:\n  lakefs://kfm/env-prod@0b1e: a revert in prod by jane" in done.err
    )
    another = line(40000, "RevertBranch", f"{KFM}/branches/env-prod/revert", "0b1f", status=204)
    night.write("lakefs/lakefs-audit.jsonl", "\n".join((*LOG, another)) + "\n")
    done = night.run("case", "0b1", "--now", "2026-02-01T00:00:00Z")
    assert done.code == 2
    assert "several cases are called so" in done.err
    assert night.run("case", "0b1f", "--now", "2026-02-01T00:00:00Z").code == 0


def test_without_any_case(project) -> None:
    done = project.run("case", "0b1e", *NOW)
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "kfm-audit: case 0b1e: no case is called so, and there is none: nothing that was read shows that an "
        "environment's branch was moved back\n  read: nothing\n  cases come from audit logs, commit logs, snapshots "
        "of heads and events of hooks; those of earlier nights from --ledger FILE\n"
    )


def test_a_case_may_be_in_what_was_lost(night) -> None:
    night.write("lakefs/lakefs-audit-2.jsonl", LOG[0] + '\n{"log_audit": true, "time": "2026-01\n')
    done = night.run("case", "nothing", *NOW)
    assert (done.code, done.out) == (2, "")
    assert done.err.endswith("\n  not read, or not in full: lakefs/lakefs-audit-2.jsonl\n")


def test_the_timeline_shows_other_cases_of_the_branch(night) -> None:
    another = line(-1800, "RevertBranch", f"{KFM}/branches/env-prod/revert", "0a77", "sam", status=204)
    elsewhere = line(-1800, "RevertBranch", f"{KFM}/branches/env-stage/revert", "0a78", "sam", status=204)
    night.write("lakefs/lakefs-audit.jsonl", "\n".join((*LOG, another, elsewhere)) + "\n")
    done = night.run("case", "0b1e", *NOW)
    assert (
        "  2026-01-30T02:30:00Z  a revert in prod by sam, another case: lakefs://kfm/env-prod@0a77\n"
        in done.out
    )
    assert "0a78" not in done.out


def test_nobody_is_said_to_have_read_it_only_where_a_log_was_read(night) -> None:
    night.check(*NOW, "--ledger", "cases.jsonl")
    (night.folder / "lakefs/lakefs-audit.jsonl").unlink()
    done = night.run("case", "0b1e", "--now", "2026-02-01T00:00:00Z", "--ledger", "cases.jsonl")
    assert "Who read it\n  not known: no audit log was read\n" in done.out


def test_what_could_not_be_read_is_said_and_is_no_success(night) -> None:
    night.write("lakefs/lakefs-audit-2.jsonl", LOG[0] + '\n{"log_audit": true, "time": "2026-01\n')
    done = night.run("case", "0b1e", *NOW)
    assert done.code == 4
    assert done.out.endswith("Not read, or not in full\n  lakefs/lakefs-audit-2.jsonl\n")


def test_what_is_owed_is_not_known_where_nothing_says_where_records_would_be(project) -> None:
    project.write("lakefs/lakefs-audit.jsonl", "\n".join(LOG) + "\n")
    project.write("policy.yaml", POLICY)
    done = project.run("case", "0b1e", *NOW, "--policy", "policy.yaml", "--isolated")
    assert (
        "  correction by 2026-01-31 03:00 UTC: pending, as far as is known: nothing says where one would be\n"
        in done.out
    )


@pytest.mark.parametrize(
    ("repository", "name"),
    [
        ("..%2F..%2F..%2Felsewhere", "_________elsewhere-env-prod"),
        ("k%0Am%1B%5B31m", "k_m__31m-env-prod"),
        ("x" * 900, "x" * 180),
    ],
)
def test_what_a_log_calls_a_repository_leads_no_draft_out_of_its_folder(night, repository, name) -> None:
    path = f"/api/v1/repositories/{repository}/branches/env-prod/revert"
    night.write("lakefs/lakefs-audit.jsonl", line(0, "RevertBranch", path, "0bad", status=204) + "\n")
    before = {file for file in night.folder.parent.rglob("*") if file.is_file()}
    done = night.run("case", "0bad", *NOW, "--write", "drafts")
    assert done.code == 0, done.err
    made = {file for file in night.folder.parent.rglob("*") if file.is_file()} - before
    assert {str(file.relative_to(night.folder)) for file in made} == {
        f"drafts/rollbacks/2026-01-30T030000Z-{name}.prov.jsonld",
        f"drafts/incidents/2026-01-30T030000Z-{name}.json",
    }


def test_what_a_log_says_never_reaches_the_terminal_as_it_is(night) -> None:
    call = line(
        0, "RevertBranch", f"{KFM}/branches/env-prod/revert", "0b\x1b[31m\n", "eve\x1b[2J", status=204
    )
    night.write("lakefs/lakefs-audit.jsonl", call + "\n")
    done = night.run("case", "nothing\x1b[2J", *NOW)
    assert done.err == (
        "kfm-audit: case nothing\\x1b[2J: no case is called so; there are:\n"
        "  lakefs://kfm/env-prod@0b\\x1b[31m\\n: a revert in prod by eve\\x1b[2J\n"
    )
