"""PATHS choose what is reported; context is read below the root; .gitignore hides, and that is listed."""

from __future__ import annotations

import json
import os

import pytest

from tests.action.plans import DEAF, SOUND
from tests.cli.test_exit_codes import POLICY, RESET

NOW = ("--now", "2026-02-28T00:00:00Z")
CORRECTION = """\
{
  "@context": {"prov": "http://www.w3.org/ns/prov#", "xsd": "http://www.w3.org/2001/XMLSchema#",
               "kfm": "https://kansasfrontiermatrix.org/ns/kfm#"},
  "@id": "urn:kfm:correction:0b1e",
  "@type": ["prov:Activity", "kfm:Correction"],
  "prov:startedAtTime": {"@value": "2026-01-30T03:00:00Z", "@type": "xsd:dateTime"},
  "prov:endedAtTime": {"@value": "2026-01-30T03:30:00Z", "@type": "xsd:dateTime"},
  "prov:wasAssociatedWith": {"@id": "urn:kfm:person:jane.doe", "@type": "prov:Person"},
  "kfm:lakefsRepository": "kfm",
  "kfm:lakefsBranch": "env-prod",
  "kfm:lakefsRequestId": "0b1e",
  "kfm:revertedCommit": "b7d03f51c2aa",
  "kfm:restoredCommit": "9666d7c9daf3",
  "kfm:reasonCategory": "data-quality",
  "kfm:justification": "Parcel geometries were shifted by one county row; dashboards showed wrong owners."
}
"""
HIDDEN = "hidden by .gitignore: name it as a path, or in `include` of the config, to read it"


def test_only_what_paths_name_is_reported(project):
    project.repository()
    project.write("a/tfplan.json", DEAF)
    project.write("b/tfplan.json", DEAF)
    assert project.found() == [("ALM001", "a/tfplan.json"), ("ALM001", "b/tfplan.json")]
    assert project.found("a") == [("ALM001", "a/tfplan.json")]
    assert project.found("a/tfplan.json") == [("ALM001", "a/tfplan.json")]
    assert project.found("a", "b/tfplan.json") == project.found()
    assert project.found(project.folder / "a") == [("ALM001", "a/tfplan.json")]
    assert project.found("../b", cwd="a") == [("ALM001", "../b/tfplan.json")]


def test_context_outside_paths_joins(project):
    """The list of files from pre-commit holds the log alone; the correction was committed before."""
    project.repository()
    project.write("policy.yaml", POLICY)
    project.write("lakefs/audit.jsonl", RESET)
    arguments = (*NOW, "--policy", "policy.yaml", "--select", "LFS002")
    assert project.found(*arguments, "lakefs/audit.jsonl") == [("LFS002", "lakefs/audit.jsonl")]
    project.write("data/lineage/reliability/rollbacks/0b1e.prov.jsonld", CORRECTION)
    assert project.found(*arguments, "lakefs/audit.jsonl") == []
    assert (
        project.found("--policy", "../policy.yaml", *NOW, "--select", "LFS002", "audit.jsonl", cwd="lakefs")
        == []
    )


def test_the_folder_of_the_config_is_the_root(project):
    project.repository()
    project.write("policy.yaml", POLICY)
    project.write("lakefs/audit.jsonl", RESET)
    project.write("elsewhere/0b1e.prov.jsonld", CORRECTION)
    arguments = (*NOW, "--policy", "policy.yaml", "--select", "LFS002", "lakefs")
    assert project.found(*arguments) == []
    project.write("lakefs/kfm-audit.toml", "")
    assert project.found(*arguments) == [("LFS002", "lakefs/audit.jsonl")]
    assert project.found("--isolated", *arguments) == []


def test_without_config_and_repository_paths_alone_are_read(project):
    project.write("policy.yaml", POLICY)
    project.write("lakefs/audit.jsonl", RESET)
    project.write("elsewhere/0b1e.prov.jsonld", CORRECTION)
    _, report = project.report(*NOW, "--policy", "policy.yaml", "lakefs")
    assert [record["path"] for record in report["inputs"]] == ["lakefs/audit.jsonl"]


def test_context_alone_is_nothing_that_was_checked(project):
    project.repository()
    project.write("tfplan.json", SOUND)
    project.write("docs/readme.md", "nothing")
    assert project.check("docs").code == 3


@pytest.fixture
def ignored(project):
    """A repository that ignores plans, as most do."""
    project.repository()
    project.write(".gitignore", "*tfplan.json\n/fetched/\n")
    project.write("infra/tfplan.json", DEAF)
    project.write("fetched/lakefs-audit.jsonl", RESET)
    project.write("fetched/other.json", "{}")
    project.write("sound/plan.json", SOUND)
    return project


def test_ignored_candidates_are_listed_and_not_read(ignored):
    _, report = ignored.report(".")
    assert [record["path"] for record in report["inputs"]] == ["sound/plan.json"]
    assert report["findings"] == []
    hidden = [entry for entry in report["ignored"] if entry["why"] == HIDDEN]
    assert [entry["path"] for entry in hidden] == ["fetched/lakefs-audit.jsonl", "infra/tfplan.json"]


def test_a_path_names_an_ignored_file_or_folder(ignored):
    assert ignored.found("infra/tfplan.json") == [("ALM001", "infra/tfplan.json")]
    _, report = ignored.report("fetched")
    assert "fetched/lakefs-audit.jsonl" in [record["path"] for record in report["inputs"]]
    _, report = ignored.report(".", cwd="fetched")
    assert "lakefs-audit.jsonl" in [record["path"] for record in report["inputs"]]


def test_a_folder_of_ignored_files_shows_them_only_by_name(ignored):
    """The folder `infra` is not hidden itself: naming it does not name the plans in it."""
    code, report = ignored.report("infra")
    assert code == 3
    assert {"path": "infra/tfplan.json", "why": HIDDEN} in report["ignored"]


def test_the_config_includes_ignored_files(ignored):
    ignored.write("kfm-audit.toml", 'include = ["infra/*/tfplan.json", "infra/tfplan.json"]\n')
    assert ignored.found(".") == [("ALM001", "infra/tfplan.json")]


def test_the_config_excludes_files_and_folders(project):
    project.repository()
    project.write("kfm-audit.toml", 'exclude = ["vendored/*", "old"]\n')
    for folder in ("vendored/a", "old/b", "ours"):
        project.write(f"{folder}/tfplan.json", DEAF)
    assert project.found(".") == [("ALM001", "ours/tfplan.json")]


def test_ignore_files_nest_and_the_deepest_wins(project):
    project.repository()
    project.write(".gitignore", "*.json\n")
    project.write("infra/.gitignore", "!tfplan.json\n")
    project.write("infra/tfplan.json", DEAF)
    project.write("other/tfplan.json", DEAF)
    assert project.found(".") == [("ALM001", "infra/tfplan.json")]


def test_without_a_repository_nothing_is_hidden(project):
    project.write(".gitignore", "*tfplan.json\n")
    project.write("tfplan.json", DEAF)
    assert project.found(".") == [("ALM001", "tfplan.json")]


def test_folders_of_other_peoples_files_are_entered_only_by_name(project):
    project.write("node_modules/x/tfplan.json", DEAF)
    project.write(".terraform/tfplan.json", DEAF)
    assert project.check(".").code == 3
    assert project.found("node_modules") == [("ALM001", "node_modules/x/tfplan.json")]


def test_names_do_not_decide_what_a_file_is(project):
    project.write("out.json", DEAF)
    assert project.found(".") == [("ALM001", "out.json")]
    project.write("plan-of-tuesday", DEAF)
    assert project.found("plan-of-tuesday") == [("ALM001", "plan-of-tuesday")]


def test_a_named_file_must_be_readable_as_something(project):
    project.write("package.json", '{"name": "x"}')
    project.write("tfplan.json", SOUND)
    assert project.check(".").code == 0
    assert project.check("package.json").code == 4


def test_links_keep_their_names_and_circles_end(project):
    project.write("real/tfplan.json", DEAF)
    (project.folder / "link.tfplan.json").symlink_to("real/tfplan.json")
    (project.folder / "real" / "circle").symlink_to("..")
    (project.folder / "gone.tfplan.json").symlink_to("nowhere")
    _, report = project.report(".")
    assert {record["path"]: record["status"] for record in report["inputs"]} == {
        "gone.tfplan.json": "unreadable",
        "link.tfplan.json": "read",
        "real/tfplan.json": "read",
    }
    assert [item["path"] for item in report["ignored"]] == ["real/circle"]
    assert project.check("gone.tfplan.json").code == 4


def test_a_link_out_of_the_folder_is_not_followed(project):
    outside = project.folder.parent / "outside.json"
    outside.write_text(DEAF)
    (project.folder / "tfplan.json").symlink_to(outside)
    code, report = project.report(".")
    assert code == 4
    assert [(one["rule"], one["subject"]) for one in report["findings"]] == [("SYS001", "tfplan.json")]
    assert project.found("tfplan.json") == [("ALM001", "tfplan.json")], "who names it means it"
    project.repository()
    assert project.check(".").code == 4
    assert project.found(".", outside.parent) != [], "it leads to what PATHS name"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
def test_a_pipe_does_not_hang_the_run(project):
    os.mkfifo(project.folder / "tfplan.json")
    project.write("plan.json", SOUND)
    code, report = project.report(".")
    assert code == 4
    assert {record["path"]: record["status"] for record in report["inputs"]} == {
        "plan.json": "read",
        "tfplan.json": "unreadable",
    }


def test_a_link_out_of_the_root_is_not_followed(project, tmp_path_factory):
    secret = tmp_path_factory.mktemp("home") / "auth.json"
    secret.write_text('{"auths": {"ghcr.io": {"auth": "SECRET-TOKEN"}}}')
    project.repository()
    (project.folder / "x.prov.jsonld").symlink_to(secret)
    (project.folder / "notes.json").symlink_to(secret)
    done = project.check(".")
    assert done.code == 4
    assert "leads out of the folder" in done.out
    assert "SECRET" not in done.out + done.err


def test_a_name_that_is_no_text_does_no_harm(project):
    name = os.fsdecode(b"caf\xe9.tfplan.json")
    (project.folder / name).write_text(DEAF)
    for format_ in ("text", "json", "sarif", "github", "summary"):
        done = project.check("--output", f"{format_}=out", ".")
        assert done.code == 1, (format_, done.err)
        assert (project.folder / "out").read_text()


def test_standard_input(project):
    done = project.report("-", "--kind", "terraform-plan", stdin=DEAF.encode())
    assert done[0] == 1
    (finding,) = done[1]["findings"]
    assert (finding["rule"], finding["location"]["path"]) == ("ALM001", "-")
    assert [record["path"] for record in done[1]["inputs"]] == ["-"]


def test_standard_input_that_is_not_what_kind_says(project):
    assert project.check("-", "--kind", "terraform-plan", stdin=b"").code == 4
    assert project.check("-", "--kind", "terraform-plan", stdin=b"\xff\x00").code == 4
    assert project.check("-", "--kind", "lakefs-log", stdin=DEAF.encode()).code == 4


def test_standard_input_beside_files(project):
    project.write("tfplan.json", DEAF)
    found = project.found("-", "tfplan.json", "--kind", "terraform-plan", stdin=DEAF.encode())
    assert found == [("ALM001", "-"), ("ALM001", "tfplan.json")]


def test_kind_is_what_named_files_are(project):
    project.write("x.dat", DEAF)
    assert project.found("x.dat", "--kind", "terraform-plan") == [("ALM001", "x.dat")]
    assert project.check("x.dat", "--kind", "prov").code == 4


def test_a_call_that_stands_in_two_logs_is_reported_for_the_one_that_paths_name(project) -> None:
    call = {
        "log_audit": True,
        "msg": "HTTP call ended",
        "time": "2026-01-30T03:00:00Z",
        "operation_id": "RevertBranch",
        "method": "POST",
        "path": "/api/v1/repositories/kfm/branches/env-prod/revert",
        "status_code": 204,
        "request_id": "0b1e",
        "user": "jane",
    }
    names = ("lakefs-audit-1.jsonl", "lakefs-audit-2.jsonl")
    for name in names:
        project.write(name, json.dumps(call) + "\n")
    project.write(
        "policy.yaml",
        "policy: 1\nname: x\nextends: core\nlakefs:\n  environment_branches: {prod: [env-prod]}\n"
        "  rollback: {users: [sam]}\n",
    )
    project.write("kfm-audit.toml", 'policy = "policy.yaml"\n')
    for paths, place in ((names[:1], names[0]), (names[1:], names[1]), (names, names[0])):
        _, report = project.report(*paths, "--select", "LFS001", "--now", "2026-01-30T10:00:00Z")
        assert [(f["rule"], f["location"]["path"]) for f in report["findings"]] == [("LFS001", place)], paths
