"""The action's own steps, in a real bash, with the real tool."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path

import pytest

from tests.action.composite import Annotation, Used
from tests.action.conftest import ROOT
from tests.action.plans import DEAF, SOUND, one_alarm
from tests.network import need_index

UPLOAD = "github/codeql-action/upload-sarif@5d4e8d1aca955e8d8589aabd499c5cae939e33c7"
EVERY_STEP = ("Install kfm-audit", "Check", "Upload SARIF", "Conclude")


def test_a_failing_plan_fails_the_job_after_everything_is_reported(runner, workspace):
    (workspace / "tfplan.json").write_text(DEAF)
    result = runner().run()
    assert result.exit_code == 1
    assert result.ran == EVERY_STEP
    outputs = dict(result.outputs)
    sarif, report, summary = (Path(outputs.pop(f"{name}-file")) for name in ("sarif", "json", "summary"))
    assert outputs == {
        "exit-code": "1",
        "conclusion": "failure",
        "findings-total": "1",
        "findings-new": "1",
        "findings-suppressed": "0",
        "undecided": "0",
        "pending": "0",
    }
    assert result.used == (Used(UPLOAD, {"sarif_file": str(sarif)}),)
    assert [one["ruleId"] for one in json.loads(sarif.read_text())["runs"][0]["results"]] == ["ALM001"]
    assert [one["rule"] for one in json.loads(report.read_text())["findings"]] == ["ALM001"]
    assert result.summary == summary.read_text()
    assert "ALM001" in result.summary
    assert "aws_cloudwatch_metric_alarm.ingest_errors" in result.log
    assert result.annotations == ()


def test_a_sound_plan_passes(runner, workspace):
    (workspace / "tfplan.json").write_text(SOUND)
    result = runner().run()
    assert result.exit_code == 0
    assert result.ran == EVERY_STEP
    assert (result.outputs["exit-code"], result.outputs["conclusion"]) == ("0", "success")
    assert result.outputs["findings-total"] == "0"
    assert result.summary


def test_a_drill_goes_into_the_summary(runner, workspace):
    (workspace / "tfplan.json").write_text(SOUND)
    (workspace / "alarms").mkdir()
    (workspace / "alarms" / "main.tf").write_text(
        'resource "aws_cloudwatch_metric_alarm" "backlog" {\n'
        '  alarm_name = "prod-backlog"\n  namespace = "AWS/SQS"\n'
        '  metric_name = "ApproximateNumberOfMessagesVisible"\n  dimensions = { QueueName = "prod-work" }\n'
        '  statistic = "Maximum"\n  period = 60\n  evaluation_periods = 5\n  threshold = 1000\n'
        '  comparison_operator = "GreaterThanOrEqualToThreshold"\n}\n'
    )
    result = runner().run(paths="tfplan.json", drill="alarms")
    assert (result.exit_code, result.annotations) == (0, ())
    assert result.ran == ("Install kfm-audit", "Check", "Drill", "Upload SARIF", "Conclude")
    assert "| `prod-work` | dead-consumer | nobody: no alarm that hears it has an action |" in result.summary


def test_a_drill_that_cannot_be_is_said(runner, workspace):
    (workspace / "tfplan.json").write_text(SOUND)
    result = runner().run(paths="tfplan.json", drill="--help; touch pwned")
    assert result.exit_code == 0
    assert [annotation.level for annotation in result.annotations] == ["warning"]
    assert "the drill did not end well (exit 2)" in result.annotations[0].message
    assert not (workspace / "pwned").exists()


@pytest.mark.parametrize(
    ("head", "actor"),
    [("somebody/platform", "ana"), (None, "ana"), ("kfm/platform", "dependabot[bot]")],
    ids=["a fork", "a fork that is gone", "Dependabot"],
)
def test_where_sarif_is_never_taken_findings_are_annotations(runner, workspace, head, actor):
    (workspace / "infra").mkdir()
    (workspace / "infra" / "tfplan.json").write_text(DEAF)
    result = runner(head, actor=actor).run()
    assert result.exit_code == 1
    assert result.used == ()
    (annotation,) = result.annotations
    assert (annotation.level, annotation.properties["file"]) == ("error", "infra/tfplan.json")
    assert int(annotation.properties["line"]) > 1
    assert "ALM001" in annotation.properties["title"]
    assert result.outputs["conclusion"] == "failure"
    assert result.outputs["sarif-file"]


def test_a_pull_request_from_the_repository_itself_uploads(runner, workspace):
    (workspace / "tfplan.json").write_text(DEAF)
    assert runner("kfm/platform").run().ran == EVERY_STEP


def test_an_upload_that_is_refused_becomes_annotations(runner, workspace):
    (workspace / "tfplan.json").write_text(DEAF)
    result = runner(upload="failure").run()
    assert result.exit_code == 1
    assert [one.level for one in result.annotations] == ["notice", "error"]
    assert "security-events: write" in result.annotations[0].message


def test_an_upload_that_is_demanded_and_refused_fails(runner, workspace):
    (workspace / "tfplan.json").write_text(SOUND)
    result = runner("somebody/platform", upload="failure").run(sarif="yes")
    assert result.exit_code != 0
    assert result.ran == EVERY_STEP[:-1]


def test_without_upload(runner, workspace):
    (workspace / "tfplan.json").write_text(DEAF)
    result = runner().run(sarif="no")
    assert result.used == ()
    assert [one.level for one in result.annotations] == ["error"]


def test_inputs_become_options(runner, workspace):
    (workspace / "one").mkdir()
    (workspace / "one" / "tfplan.json").write_text(DEAF)
    (workspace / "t w o").mkdir()
    (workspace / "t w o" / "tfplan.json").write_text(DEAF)
    (workspace / "three").mkdir()
    (workspace / "three" / "tfplan.json").write_text(DEAF)
    policy = "policy: 1\nname: ours\nextends: core\nrules:\n  ALM001: {severity: warning}\n"
    (workspace / "our policy.yaml").write_text(policy)
    paths = "  one\r\n\n  t w o\n"
    result = runner().run(
        paths=paths,
        policy="our policy.yaml",
        select="ALM001,\nALM002\n",
        fail_on="never",
        since="2026-01-01",
        until="2026-02-01",
        now="2026-01-31T09:00:00Z",
    )
    assert result.exit_code == 0
    report = json.loads(Path(result.outputs["json-file"]).read_text())
    assert report["policy"]["name"] == "ours"
    assert report["now"] == "2026-01-31T09:00:00Z"
    assert report["window"] == {"since": "2026-01-01T00:00:00Z", "until": "2026-02-01T00:00:00Z"}
    assert [(one["location"]["path"], one["severity"]) for one in report["findings"]] == [
        ("one/tfplan.json", "warning"),
        ("t w o/tfplan.json", "warning"),
    ]
    assert {"ALM001", "ALM002"} == {rule for rule in report["rules"] if not rule.startswith("SYS")}


def test_a_baseline_makes_findings_known(runner, workspace):
    (workspace / "tfplan.json").write_text(DEAF)
    report = Path(runner().run().outputs["json-file"]).read_text()
    (workspace / "accepted.json").write_text(report)
    result = runner().run(baseline="accepted.json")
    assert result.exit_code == 0
    assert (result.outputs["findings-total"], result.outputs["findings-new"]) == ("1", "0")


HOSTILE = [
    "$(touch pwned).json",
    "`touch pwned`.json",
    "; touch pwned; #.json",
    "--fail-on=never.json",
    "--output=json=pwned",
    "-q.json",
    "' touch pwned '.json",
    '" && touch pwned && ".json',
    "${{ github.token }}.json",
    "*.json",
    "%0A::error::.json",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_path_is_only_ever_a_path(runner, workspace, name):
    (workspace / name).write_text(DEAF)
    (workspace / "other.json").write_text(one_alarm(name="other"))
    result = runner("somebody/platform").run(paths=name)
    assert result.exit_code == 1
    report = json.loads(Path(result.outputs["json-file"]).read_text())
    assert [one["location"]["path"] for one in report["findings"]] == [name]
    assert [(one.level, one.properties["file"]) for one in result.annotations] == [("error", name)]
    assert sorted(file.name for file in workspace.iterdir()) == sorted([".git", name, "other.json"])


@pytest.mark.parametrize(
    "name",
    ["policy", "profile", "select", "ignore", "fail_on", "config", "baseline", "since", "until", "now"],
)
@pytest.mark.parametrize(
    "value", ["$(touch pwned)", "--fail-on=never", "x\n--fail-on=never", "--help", "'; touch pwned; '"]
)
def test_a_value_is_only_ever_a_value(runner, workspace, name, value):
    (workspace / "tfplan.json").write_text(DEAF)
    result = runner().run(**{name: value})
    assert result.exit_code == 2
    assert (result.outputs["exit-code"], result.outputs["conclusion"]) == ("2", "error")
    assert result.outputs["findings-total"] == ""
    assert result.used == ()
    assert "wrong usage" in result.summary
    assert sorted(file.name for file in workspace.iterdir()) == [".git", "tfplan.json"]


@pytest.mark.parametrize(("name", "value"), [("sarif", "maybe"), ("fail_on_undecided", "1\n::add-mask::x")])
def test_a_choice_that_is_none_is_said(runner, workspace, name, value):
    (workspace / "tfplan.json").write_text(DEAF)
    result = runner().run(**{name: value})
    assert result.exit_code == 2
    (annotation,) = result.annotations
    assert annotation.message.startswith(f"The input {name.replace('_', '-')} takes ")
    assert result.commands == ()


def test_nothing_is_imported_from_the_pull_request(runner, workspace):
    (workspace / "tfplan.json").write_text(SOUND)
    for module in (
        "kfm_audit",
        "msgspec",
        "json",
        "secrets",
        "sitecustomize",
        "usercustomize",
        "venv",
        "pip",
    ):
        (workspace / f"{module}.py").write_text("open('pwned', 'w')\nraise SystemExit(0)\n")
    result = runner().run()
    assert result.exit_code == 0
    assert result.outputs["findings-total"] == "0"
    assert not (workspace / "pwned").exists()


def test_the_name_of_an_alarm_is_no_command(runner, workspace):
    name = "prod-x\n::add-mask::prod\n::error::no\n::stop-commands::no\n##[error]no"
    (workspace / "tfplan.json").write_text(one_alarm(name=name))
    result = runner("somebody/platform").run()
    assert result.exit_code == 1
    assert result.commands == ()
    assert [one.properties["file"] for one in result.annotations] == ["tfplan.json"]


@pytest.mark.parametrize(
    ("content", "code"),
    [(None, 3), (DEAF[:700], 4)],
    ids=["nothing to check", "an input that cannot be read"],
)
def test_what_could_not_be_checked_is_no_success(runner, workspace, content, code):
    if content is not None:
        (workspace / "tfplan.json").write_text(content)
    result = runner().run(fail_on="never")
    assert result.exit_code == code
    assert (result.outputs["exit-code"], result.outputs["conclusion"]) == (str(code), "error")
    assert result.summary


def test_a_tool_that_is_killed_is_no_success(runner, workspace, environment, tmp_path):
    # An environment whose kfm_audit ends as the kernel ends it when memory runs out.
    package = tmp_path / "killed" / "kfm_audit"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    kill = "import os, signal, sys\n'--version' in sys.argv or os.kill(os.getpid(), signal.SIGKILL)\n"
    (package / "__main__.py").write_text(kill)
    venv = tmp_path / "venv"
    shutil.copytree(environment["KFM_AUDIT_ACTION_VENV"], venv, symlinks=True)
    (packages,) = venv.glob("lib/python*/site-packages")
    (packages / "tests.pth").write_text(f"{package.parent}\n")
    environment = {**environment, "KFM_AUDIT_ACTION_VENV": str(venv)}
    made = runner()
    killed = type(made)(
        **{name: getattr(made, name) for name in made.__struct_fields__} | {"environment": environment}
    )
    result = killed.run()
    assert result.exit_code == 137
    assert result.outputs["conclusion"] == "error"
    assert (
        result.summary
        == "**kfm-audit** wrote no report (exit code 137: it was ended from outside). The log says more.\n"
    )


def test_two_runs_in_one_job_keep_their_reports(runner, workspace):
    (workspace / "tfplan.json").write_text(DEAF)
    first, second = runner().run(), runner().run(select="ALM002")
    assert first.outputs["json-file"] != second.outputs["json-file"]
    assert json.loads(Path(first.outputs["json-file"]).read_text())["summary"]["findings"]["error"] == 1


def test_a_runner_without_a_new_python_is_told_so(runner, workspace, tmp_path):
    old = tmp_path / "bin"
    old.mkdir()
    for name in ("python3", "python"):
        # An old Python, as far as install.sh can see: it says no when asked whether it is new enough.
        (old / name).write_text("#!/bin/sh\nexit 1\n")
        (old / name).chmod(stat.S_IRWXU)
    for name in ("bash",):
        (old / name).symlink_to(shutil.which(name))
    made = runner()
    environment = {"PATH": str(old), "GITHUB_EVENT_NAME": "push"}
    result = type(made)(action=ROOT, workspace=workspace, temp=made.temp, environment=environment).run()
    assert result.exit_code == 2
    message = (
        "There is no Python 3.11 or newer on this runner. Set the input python-version, for example to 3.13."
    )
    assert result.annotations == (Annotation("error", {"title": "kfm-audit"}, message),)
    assert result.ran == ("Install kfm-audit",)


def test_a_python_is_fetched_only_when_asked_for(runner, workspace):
    (workspace / "tfplan.json").write_text(SOUND)
    result = runner().run(python_version="3.13")
    assert result.ran == ("Fetch Python", *EVERY_STEP)
    fetched = result.used[0]
    assert fetched.uses.startswith("actions/setup-python@")
    # The Python of the job's other steps is none of our business.
    assert fetched.inputs == {"python-version": "3.13", "update-environment": "false"}


@pytest.mark.slow
def test_the_hash_locked_install(runner, workspace, environment):
    need_index()
    (workspace / "tfplan.json").write_text(DEAF)
    for module in ("venv", "pip", "kfm_audit"):
        (workspace / f"{module}.py").write_text("open('pwned', 'w')\nraise SystemExit(0)\n")
    made = runner()
    bare = {name: value for name, value in environment.items() if name != "KFM_AUDIT_ACTION_VENV"}
    result = type(made)(
        action=ROOT, workspace=workspace, temp=made.temp, environment={**bare, "GITHUB_EVENT_NAME": "push"}
    ).run()
    assert result.exit_code == 1
    assert result.outputs["findings-total"] == "1"
    assert not (workspace / "pwned").exists()


@pytest.mark.slow
def test_a_wrong_hash_installs_nothing(runner, workspace, environment, tmp_path):
    need_index()
    action = tmp_path / "action copy"
    shutil.copytree(ROOT / "action", action / "action")
    shutil.copy(ROOT / "action.yml", action)
    (action / "locks").mkdir()
    (action / "locks" / "core.txt").write_text(f"mdurl==0.1.2 --hash=sha256:{'0' * 64}\n")
    made = runner()
    bare = {name: value for name, value in environment.items() if name != "KFM_AUDIT_ACTION_VENV"}
    result = type(made)(action=action, workspace=workspace, temp=made.temp, environment=bare).run()
    assert result.exit_code != 0
    assert result.ran == ("Install kfm-audit",)
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in result.log
