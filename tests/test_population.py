"""The population: every rollback and promotion, those that pass too, and what the logs cover of them."""

import json
from datetime import UTC, datetime
from pathlib import Path

import jsonschema_rs
import msgspec

ROOT = Path(__file__).parent.parent
REPORT = jsonschema_rs.validator_for(
    msgspec.json.decode((ROOT / "schemas/report/json-v1.schema.json").read_bytes())
)
POLICY = """\
policy: 1
name: example
extends: core
lakefs:
  environment_branches: {prod: [env-prod]}
  rollback: {users: [jane]}
  promotion: {sources: {prod: [run-*]}, gates: {prod: [data-quality]}}
  episode_gap: GAP
"""
START = int(datetime(2026, 1, 30, 3, 0, tzinfo=UTC).timestamp())


def stamp(seconds: int) -> str:
    return f"{datetime.fromtimestamp(START + seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def line(seconds, operation, path, request, user="jane", method="POST", status=204) -> str:
    return json.dumps(
        {
            "log_audit": True,
            "msg": "HTTP call ended",
            "time": stamp(seconds),
            "operation_id": operation,
            "method": method,
            "path": f"/api/v1/repositories/kfm/{path}",
            "status_code": status,
            "request_id": request,
            "user": user,
        }
    )


def reset(seconds, request, user="jane", status=204) -> str:
    path = "branches/env-prod/hard_reset?ref=9666d7c9daf3"
    return line(seconds, "HardResetBranch", path, request, user, "PUT", status)


def revert(seconds, request) -> str:
    return line(seconds, "RevertBranch", "branches/env-prod/revert", request)


def merge(seconds, source, request) -> str:
    return line(seconds, "MergeIntoBranch", f"refs/{source}/merge/env-prod", request, "airflow", status=200)


def audited(project, *lines, gap="10m", more=()) -> dict:
    project.write("lakefs-audit.jsonl", "\n".join(lines) + "\n")
    project.write("policy.yaml", POLICY.replace("GAP", gap))
    _, report = project.report("--policy", "policy.yaml", "--now", "2026-01-30T12:00:00Z", *more)
    REPORT.validate(report)
    return report


def cases(report) -> list[int]:
    """How many calls each case has."""
    subjects = [entry["case"] for entry in report["population"]["rollbacks"]]
    return [subjects.count(subject) for subject in dict.fromkeys(subjects)]


def test_everything_is_listed_with_its_verdict_what_passes_too(project) -> None:
    run = {
        "run_id": "r1",
        "branch": "env-prod",
        "event_type": "pre-merge",
        "commit_id": "",
        "start_time": stamp(-2),
        "end_time": stamp(-1),
        "status": "completed",
        "hooks": [
            {
                "hook_run_id": "h1",
                "action": "gates",
                "hook_id": "data-quality",
                "status": "completed",
                "start_time": stamp(-2),
                "end_time": stamp(-1),
            }
        ],
    }
    project.write("repositories/kfm/actions/runs.json", json.dumps({"results": [run]}))
    report = audited(
        project,
        merge(0, "run-7", "m1"),
        merge(3600, "feature-x", "m2"),
        reset(7200, "h1", "mallory"),
        reset(7300, "h2", "mallory", 403),
        revert(9000, "v1"),
        revert(9100, "v2").replace("204", "409"),
    )
    population = report["population"]
    assert [(p["source"], p["verdict"], p["findings"], p["gates"]) for p in population["promotions"]] == [
        ("run-7", "pass", [], {"data-quality": "passed"}),
        ("feature-x", "fail", ["LFS006", "LFS015"], {"data-quality": "missing"}),
    ]
    assert [(r["request_id"], r["user"], r["verdict"], r["role"]) for r in population["rollbacks"]] == [
        ("h1", "mallory", "fail", "unlisted"),
        ("v1", "jane", "pending", "listed"),
    ]
    assert population["rollbacks"][1] == {
        "subject": "lakefs://kfm/env-prod@v1",
        "case": "lakefs://kfm/env-prod@v1",
        "verdict": "pending",
        "findings": ["LFS002", "LFS003", "LFS020"],
        "environment": "prod",
        "repository": "kfm",
        "branch": "env-prod",
        "operation": "RevertBranch",
        "time": "2026-01-30T05:30:00Z",
        "user": "jane",
        "role": "listed",
        "role_evidence": "jane is a listed user",
        "request_id": "v1",
        "source_ip": "",
        "client": "",
        "target": "",
        "commit": "",
        "previous": "",
        "restored": "",
        "shown_by": "the audit log",
        "reopened": False,
        "records": {
            debt: {
                "standing": "pending",
                "due": "2026-01-31T05:30:00Z",
                "record": None,
                "joined_by": None,
                "recorded": None,
            }
            for debt in ("correction", "incident")
        },
    }
    assert (population["denied"], population["failed"]) == (1, 1)
    coverage = population["coverage"]
    assert coverage["logs"][0]["lines"] == coverage["logs"][0]["audit_lines"] == 6
    assert coverage["hours"] == {
        "2026-01-30T03:00:00Z": 1,
        "2026-01-30T04:00:00Z": 1,
        "2026-01-30T05:00:00Z": 4,
    }
    # The run began two seconds before the log does.
    assert coverage["hook_runs"] == {"matched": 0, "unmatched": []}


def test_what_other_traces_show_is_reconciled(project) -> None:
    def commit(name, parents, seconds, **metadata):
        return {
            "id": name,
            "parents": parents,
            "committer": "airflow",
            "message": "m",
            "creation_date": START + seconds,
            "meta_range_id": f"m-{name}",
            "metadata": metadata,
            "generation": 1,
            "version": 1,
        }

    made = [
        commit("x1", ["p1"], 300),
        commit("p1", ["c0", "r1"], -1, **{".lakefs.merge.strategy": "default"}),
        commit("c0", [], -9000),
    ]
    project.write("repositories/kfm/refs/env-prod/commits.json", json.dumps({"results": made}))
    report = audited(project, revert(-600, "v0"), merge(0, "run-7", "m1"), revert(3600, "v1"))
    assert report["population"]["coverage"]["commits"] == {"matched": 1, "unmatched": ["x1"]}
    assert report["population"]["promotions"][0]["commit"] == "p1"


def test_a_run_without_lakefs_has_no_population(project) -> None:
    project.write("tfplan.json", '{"format_version": "1.2", "resource_changes": []}')
    _, report = project.report()
    REPORT.validate(report)
    assert report["population"] is None


def test_a_revert_of_three_commits_by_lakectl_is_one_case(project) -> None:
    """`lakectl branch revert lakefs://kfm/env-prod a b c` is one POST for each ref."""
    report = audited(project, revert(0, "a"), revert(1, "b"), revert(3, "c"))
    assert cases(report) == [3]
    owed = [(f["rule"], f["subject"]) for f in report["findings"] if f["rule"] in ("LFS002", "LFS003")]
    assert owed == [("LFS002", "lakefs://kfm/env-prod@a"), ("LFS003", "lakefs://kfm/env-prod@a")]


def test_sixty_hard_resets_by_a_script_are_as_many_cases_as_the_gap_says(project) -> None:
    resets = [reset(60 * number, f"r{number:02}") for number in range(60)]
    for gap, expected in (("10m", [60]), ("60s", [60]), ("59s", [1] * 60)):
        report = audited(project, *resets, gap=gap)
        assert report["summary"]["facts"]["rollback"] == 60
        assert cases(report) == expected
        owed = [finding for finding in report["findings"] if finding["rule"] == "LFS002"]
        assert len(owed) == len(expected)


def test_the_window_chooses_what_is_listed_and_never_tears_a_case_apart(project) -> None:
    report = audited(
        project, merge(-9000, "run-1", "m0"), revert(0, "a"), revert(300, "b"), merge(900, "run-7", "m1"),
        more=("--since", stamp(200)),
    )  # fmt: skip
    population = report["population"]
    assert [entry["request_id"] for entry in population["rollbacks"]] == ["b"]
    assert population["rollbacks"][0]["case"] == "lakefs://kfm/env-prod@a"
    assert [entry["request_id"] for entry in population["promotions"]] == ["m1"]


def test_the_summary_lists_all_of_it_and_names_nobody(project) -> None:
    audited(project, merge(0, "run-7", "m1"), revert(3600, "v1"))
    done = project.check(
        "--policy", "policy.yaml", "--now", "2026-01-30T12:00:00Z", "--output", "summary", "--quiet"
    )
    assert "## Rollbacks (1)" in done.out
    assert "## Promotions (1)" in done.out
    assert "## What the audit logs cover (1)" in done.out
    assert "jane" not in done.out
    assert "airflow" not in done.out


def test_a_population_that_cannot_be_made_is_a_failure_and_the_run_goes_on(project, monkeypatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("kfm_audit.population.population_of", broken)
    project.write("lakefs-audit.jsonl", revert(0, "a") + "\n")
    project.write("policy.yaml", POLICY.replace("GAP", "10m"))
    code, report = project.report("--policy", "policy.yaml", "--now", "2026-01-30T12:00:00Z")
    assert (code, report["population"]) == (5, None)
    assert {finding["rule"] for finding in report["findings"]} >= {"SYS002", "LFS002"}
