"""Exit codes 0 to 5, one by one and together (design section 4)."""

from __future__ import annotations

import json
import re
import sys
from types import ModuleType

import pytest

from kfm_audit.facts import MetricAlarm
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule
from tests.action.plans import DEAF, SOUND, one_alarm

UNDECIDED = json.dumps(
    {
        "format_version": "1.2",
        "terraform_version": "1.9.8",
        "resource_changes": [
            {
                "address": "aws_cloudwatch_metric_alarm.a",
                "mode": "managed",
                "type": "aws_cloudwatch_metric_alarm",
                "name": "a",
                "change": {
                    "actions": ["create"],
                    "after": {"alarm_name": "prod-a"},
                    "after_unknown": {"alarm_actions": True},
                },
            }
        ],
    }
)
RESET = (
    '{"log_audit":true,"time":"2026-01-30T03:00:00Z","operation_id":"HardResetBranch","method":"PUT",'
    '"path":"/api/v1/repositories/kfm/branches/env-prod/hard_reset?ref=9666d7c9daf3","status_code":204,'
    '"request_id":"0b1e","user":"jane.doe"}\n'
)
POLICY = """\
policy: 1
extends: core
lakefs:
  environment_branches: {prod: [env-prod]}
  rollback: {users: [jane.doe]}
"""
EMPTY_PLAN = '{"format_version": "1.2", "terraform_version": "1.9.5", "resource_changes": []}'


def test_0_nothing_is_wrong(project):
    project.write("tfplan.json", SOUND)
    assert project.check().code == 0


def test_0_inputs_that_hold_nothing_to_judge(project):
    project.write("tfplan.json", EMPTY_PLAN)
    assert project.check().code == 0


def test_1_a_finding(project):
    project.write("tfplan.json", DEAF)
    assert project.check().code == 1


def test_2_wrong_usage(project):
    project.write("tfplan.json", SOUND)
    assert project.check("--no-such-option").code == 2
    assert project.run("no-such-command").code == 2
    assert project.run().code == 2


def test_3_nothing_was_recognised(project):
    project.write("notes.txt", "nothing of ours")
    assert project.check().code == 3


def test_3_nothing_was_recognised_in_an_empty_folder(project):
    code, report = project.report()
    assert code == 3
    assert [finding["rule"] for finding in report["findings"]] == ["SYS004"]


def test_3_a_required_kind_is_missing(project):
    project.write("tfplan.json", SOUND)
    code, report = project.report("--profile", "nightly")
    assert code == 3
    assert [(one["rule"], one["subject"], one["message"]) for one in report["findings"]] == [
        ("SYS005", "lakefs-log", "is missing among the inputs, and profile nightly requires it")
    ]


def test_3_a_required_kind_is_empty(project):
    project.write("tfplan.json", EMPTY_PLAN)
    project.write("kfm-audit.toml", '[[profile]]\nname = "plans"\nrequire = ["terraform-plan"]\n')
    code, report = project.report("--profile", "plans")
    assert code == 3
    assert [(one["rule"], one["subject"], one["message"]) for one in report["findings"]] == [
        ("SYS005", "terraform-plan", "holds nothing to judge, and profile plans requires it")
    ]


def test_0_sources_alone_are_checked(project):
    project.write("main.tf", 'resource "aws_sns_topic" "a" {}\n')
    assert project.check().code == 0


def test_4_sources_that_are_not_hcl(project):
    project.write("main.tf", 'resource "aws_sns_topic" "a" {\n')
    assert project.check().code == 4


def test_4_an_input_cannot_be_read(project):
    project.write("tfplan.json", DEAF[:-100])
    assert project.check().code == 4


def test_4_an_input_can_be_read_in_part(project):
    plan = json.loads(SOUND)
    plan["resource_changes"].append({"address": 5})
    project.write("tfplan.json", json.dumps(plan))
    assert project.check().code == 4


def test_5_a_plug_in_does_not_load(project):
    project.write("tfplan.json", SOUND)
    project.write("kfm-audit.toml", 'plugins = ["not-there"]\n')
    code, report = project.report()
    assert code == 5
    assert [(one["rule"], one["subject"], one["location"]["path"]) for one in report["findings"]] == [
        ("SYS003", "not-there", "kfm-audit.toml")
    ]


@rule("TST001", on=MetricAlarm, severity=Severity.ERROR)
def rule_that_raises(alarm: MetricAlarm, ctx: Context[NoSettings]) -> Finding:
    """It raises."""
    raise ZeroDivisionError("division by zero")


@rule("TST001", on=MetricAlarm, severity=Severity.ERROR)
def rule_that_exits(alarm: MetricAlarm, ctx: Context[NoSettings]) -> Finding:
    """It ends the process as if all were well."""
    sys.exit(0)


@rule("TST001", on=MetricAlarm, severity=Severity.ERROR)
def rule_that_yields_text(alarm: MetricAlarm, ctx: Context[NoSettings]) -> Finding:
    """It yields what is no finding."""
    yield "something is wrong"


@rule("TST001", on=MetricAlarm, severity=Severity.ERROR)
def rule_that_yields_nothing(alarm: MetricAlarm, ctx: Context[NoSettings]) -> Finding:
    """It forgets to yield."""


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        (rule_that_raises, "ZeroDivisionError: division by zero (line"),
        (rule_that_exits, "SystemExit: 0 (line"),
        (rule_that_yields_text, "AttributeError: 'str' object has no attribute 'verdict'"),
        (rule_that_yields_nothing, "TypeError: 'NoneType' object is not iterable"),
    ],
)
def test_5_a_rule_fails_and_the_others_judge(project, monkeypatch, broken, error):
    offer(monkeypatch, broken)
    project.write("kfm-audit.toml", 'plugins = ["broken"]\n')
    project.write("tfplan.json", DEAF)
    code, report = project.report()
    assert code == 5
    findings = {one["rule"]: one for one in report["findings"]}
    assert set(findings) == {"ALM001", "SYS002"}
    failed = findings["SYS002"]
    assert failed["subject"] == "TST001"
    assert failed["message"].startswith(f"failed on aws_cloudwatch_metric_alarm.ingest_errors: {error}")


def offer(monkeypatch, *rules):
    """Let an installed package offer a plug-in `broken` with these rules."""
    module = ModuleType("broken")
    for number, one in enumerate(rules):
        setattr(module, f"rule_{number}", one)
    point = type("Point", (), {"name": "broken", "value": "broken", "load": lambda _: module})()
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: (point,))


def test_the_highest_code_wins(project):
    project.write("a/tfplan.json", DEAF)
    assert project.check().code == 1
    project.write("b/tfplan.json", DEAF[:-100])
    assert project.check().code == 4
    assert project.check("--profile", "nightly").code == 4
    project.write("kfm-audit.toml", 'plugins = ["not-there"]\n')
    assert project.check().code == 5


@pytest.mark.parametrize(
    ("code", "files", "arguments"),
    [
        (2, {"tfplan.json": DEAF}, ("--policy", "not-there.yaml")),
        (3, {"notes.txt": "nothing"}, ()),
        (3, {"tfplan.json": DEAF}, ("--profile", "nightly")),
        (4, {"tfplan.json": DEAF[:-100]}, ()),
        (5, {"tfplan.json": DEAF, "kfm-audit.toml": 'plugins = ["not-there"]\n'}, ()),
    ],
)
def test_never_hides_no_other_code(project, code, files, arguments):
    for name, text in files.items():
        project.write(name, text)
    assert project.check("--fail-on", "never", *arguments).code == code
    assert project.check("--ignore", "ALM", "--fail-on", "never", *arguments).code == code


def test_codes_do_not_hang_on_severities_or_selections(project):
    project.write("tfplan.json", DEAF[:-100])
    project.write("policy.yaml", "policy: 1\nseverities: {SYS: note}\nrules: {SYS001: {severity: note}}\n")
    assert project.check("--policy", "policy.yaml", "--fail-on", "error").code == 4
    assert project.check("--ignore", "SYS001,SYS").code == 4
    assert project.check("--select", "TEL002").code == 4


@pytest.mark.parametrize(
    ("severity", "fail_on", "code"),
    [
        ("error", "error", 1),
        ("warning", "error", 0),
        ("note", "error", 0),
        ("error", "warning", 1),
        ("warning", "warning", 1),
        ("note", "warning", 0),
        ("note", "note", 1),
        ("error", "never", 0),
    ],
)
def test_fail_on_is_a_threshold(project, severity, fail_on, code):
    project.write("tfplan.json", DEAF)
    project.write("policy.yaml", f"policy: 1\nrules: {{ALM001: {{severity: {severity}}}}}\n")
    arguments = ("--policy", "policy.yaml", "--select", "ALM001")
    assert project.check("--fail-on", fail_on, *arguments).code == code
    project.write("kfm-audit.toml", f'fail-on = "{fail_on}"\n')
    assert project.check(*arguments).code == code
    project.write("kfm-audit.toml", f'fail-on = "note"\n[[profile]]\nname = "p"\nfail-on = "{fail_on}"\n')
    assert project.check("--profile", "p", *arguments).code == code


def test_what_is_shown_does_not_change_what_fails(project):
    project.write("tfplan.json", DEAF)
    project.write("policy.yaml", "policy: 1\nrules: {ALM001: {severity: warning}}\n")
    arguments = ("--policy", "policy.yaml", "--select", "ALM001", "--fail-on", "warning")
    done = project.check("--min-severity", "error", *arguments)
    assert done.code == 1
    assert "ALM001" not in done.out


def test_undecided_fails_only_where_somebody_says_so(project):
    project.write("tfplan.json", UNDECIDED)
    arguments = ("--select", "ALM001")
    assert project.check(*arguments).code == 0
    assert project.check("--fail-on-undecided", *arguments).code == 1
    assert project.check("--fail-on-undecided", "--fail-on", "never", *arguments).code == 0
    project.write("policy.yaml", "policy: 1\nrules: {ALM001: {undecided: fail}}\n")
    code, report = project.report("--policy", "policy.yaml", *arguments)
    assert code == 1
    assert [finding["verdict"] for finding in report["findings"]] == ["fail"]
    project.write("kfm-audit.toml", '[[profile]]\nname = "strict"\nfail-on-undecided = true\n')
    assert project.check("--profile", "strict", *arguments).code == 1
    project.write("kfm-audit.toml", "fail-on-undecided = true\n")
    assert project.check(*arguments).code == 1


def test_pending_never_fails(project):
    project.write("lakefs/audit.jsonl", RESET)
    project.write("policy.yaml", POLICY)
    arguments = ("--policy", "policy.yaml", "--select", "LFS002", "--fail-on", "note", "--fail-on-undecided")
    code, report = project.report("--now", "2026-01-30T04:00:00Z", *arguments)
    assert [(one["rule"], one["verdict"], one["due"]) for one in report["findings"]] == [
        ("LFS002", "pending", "2026-01-31T03:00:00Z")
    ]
    assert code == 0
    project.repository()
    assert project.check("--now", "2026-01-31T03:00:01Z", *arguments).code == 1


def test_several_alarms_fail_as_one_does(project):
    for number in range(3):
        project.write(f"{number}/tfplan.json", one_alarm(name=f"prod-{number}"))
    assert project.check().code == 1


def test_a_fault_of_the_program_is_5_in_one_line_and_no_traceback(project, monkeypatch):
    def failing(_run):
        raise ValueError("hunter2")

    monkeypatch.setattr("kfm_audit.cli.check.audit", failing)
    done = project.check(".")
    assert done.code == 5
    assert done.out == ""
    assert re.fullmatch(
        r"kfm-audit: this program failed and checked nothing: ValueError \(line \d+ of failing in "
        r"test_exit_codes\.py\); report it with what it was given\n",
        done.err,
    )
