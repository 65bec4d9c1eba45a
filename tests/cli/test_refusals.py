"""What is refused rather than guessed."""

from __future__ import annotations

import json

import pytest

PLAN = '{"format_version": "1.2", "resource_changes": []}'


def policy(**keys: object) -> str:
    return json.dumps({"policy": 1, "name": "test", "extends": "core", **keys})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--now", "9999-12-31T23:59:59-12:00"], "--now 9999-12-31T23:59:59-12:00: is no time"),
        (
            ["--since", "2026-02-01", "--until", "2026-01-01"],
            "--since 2026-02-01 is not before --until 2026-01-01",
        ),
        (["--output", "json=out", "--output", "sarif=./out"], "two formats cannot go to one file, out"),
        (["--output", "json=tfplan.json"], "tfplan.json: is an input of this run"),
        (
            ["--profile", "strange"],
            "profile strange requires 'lakefs-logs': no kind is called so: did you mean `lakefs-log`?",
        ),
    ],
)
def test_usage(project, arguments, said) -> None:
    project.write("tfplan.json", PLAN)
    project.write("kfm-audit.toml", '[[profile]]\nname = "strange"\nrequire = ["lakefs-logs"]\n')
    done = project.check(*arguments, ".")
    assert done.code == 2
    assert said in done.err
    assert (project.folder / "tfplan.json").read_text() == PLAN


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"rules": {"LFS001": {"sevrity": "note"}}}, "unknown key `sevrity`: did you mean `severity`?"),
        ({"rules": {"LFS01": {}}}, "no rule is called LFS01: did you mean `LFS001`?"),
        (
            {"lakefs": {"environment_branches": {"prod": ["env/prod"]}}},
            "no lakeFS branch can be called 'env/prod'",
        ),
    ],
)
def test_policies(project, document, said) -> None:
    project.write("tfplan.json", PLAN)
    project.write("policy.yaml", policy(**document))
    done = project.check("--policy", "policy.yaml", ".")
    assert done.code == 2
    assert said in done.err


def test_rules_are_selected_whatever_their_case(project) -> None:
    project.write("tfplan.json", PLAN)
    assert project.check("--select", "alm001,lfs", ".").code == 0


def test_a_commit_of_other_peoples_documents_is_no_empty_run(project) -> None:
    project.write(
        "catalog.jsonld", '{"@context": {"dcat": "http://www.w3.org/ns/dcat#"}, "@type": "dcat:Catalog"}'
    )
    code, report = project.report("catalog.jsonld")
    assert (code, [item["path"] for item in report["ignored"]]) == (0, ["catalog.jsonld"])


def test_a_question_says_which_of_its_rules_were_left_out(project) -> None:
    project.write(
        "lakefs-audit.jsonl",
        '{"log_audit":true,"time":"2026-01-29T03:00:00Z","operation_id":"RevertBranch","method":"POST",'
        '"path":"/api/v1/repositories/kfm/branches/env-prod/revert","status_code":204,"request_id":"r1","user":"jane"}\n',
    )
    _, report = project.report("--ignore", "LFS001,LFS002", "--now", "2026-01-31T00:00:00Z", ".")
    moved = report["questions"]["moved"]
    assert moved["answer"] == "partly"
    assert "LFS001, LFS002 were not selected" in moved["why"]
    _, report = project.report("--since", "2026-01-30", "--now", "2026-01-31T00:00:00Z", ".")
    assert "not counted: 1 call outside the time that is judged" in report["questions"]["moved"]["why"]


def test_resolved_counts_only_what_is_gone(project) -> None:
    project.write(
        "lakefs-audit.jsonl",
        '{"log_audit":true,"time":"2026-01-29T03:00:00Z","operation_id":"RevertBranch","method":"POST",'
        '"path":"/api/v1/repositories/kfm/branches/env-prod/revert","status_code":204,"request_id":"r1","user":"jane"}\n',
    )
    now = ("--now", "2026-01-31T00:00:00Z")
    project.check("--output", "json=base.out", *now, ".")
    _, report = project.report("--baseline", "base.out", *now, ".")
    assert report["summary"]["resolved"] == 0
