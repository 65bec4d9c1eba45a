"""Plug-ins by entry point: loaded only when the config names them, and by the public interface alone."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.action.plans import TOPIC, one_alarm

ROOT = Path(__file__).parent.parent
PLUGIN = ROOT / "tests" / "plugin"
LOUD = one_alarm(TOPIC, name="PROD-INGEST-ERRORS")


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a package as pip would, without pip: its code and what it says of itself on the path."""

    def install(name: str, entry_points: str, **modules: str) -> None:
        site = tmp_path / "site"
        about = site / f"{name.replace('-', '_')}-1.0.dist-info"
        about.mkdir(parents=True)
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(f"[kfm_audit.rules]\n{entry_points}\n")
        for module, text in modules.items():
            (site / f"{module}.py").write_text(text)
            monkeypatch.delitem(sys.modules, module, raising=False)
        monkeypatch.syspath_prepend(site)

    return install


@pytest.fixture
def house(project, install, monkeypatch):
    """The example plug-in, installed, and a plan that it finds fault with."""
    monkeypatch.syspath_prepend(PLUGIN)
    install("kfm-audit-house-rules", "house = house_rules")
    project.write("tfplan.json", LOUD)
    return project


def test_what_is_only_installed_does_nothing(house):
    code, report = house.report()
    assert (code, report["findings"]) == (0, [])
    assert "HSE001" not in report["rules"]


def test_what_the_config_names_judges(house):
    house.write("kfm-audit.toml", 'plugins = ["house"]\n')
    code, report = house.report("--fail-on", "warning")
    assert code == 1
    (finding,) = report["findings"]
    assert (finding["rule"], finding["name"], finding["severity"]) == (
        "HSE001",
        "alarm-with-a-shouted-name",
        "warning",
    )
    assert finding["message"] == "is called PROD-INGEST-ERRORS, with 16 capitals"
    assert finding["location"]["pointer"] == "/resource_changes/0/change/after/alarm_name"
    assert report["rules"]["HSE001"] == {"tested": 1, "failed": 1, "pending": 0, "undecided": 0}


def test_it_is_selected_set_and_suppressed_like_any_rule(house):
    house.write("kfm-audit.toml", 'plugins = ["house"]\n')
    assert house.found("--select", "HSE") == [("HSE001", "tfplan.json")]
    assert house.found("--ignore", "alarm-with-a-shouted-name") == []
    house.write("policy.yaml", "policy: 1\nrules: {HSE001: {severity: error, most_capitals: 20}}\n")
    assert house.found("--policy", "policy.yaml") == []
    house.write("policy.yaml", "policy: 1\nseverities: {HSE: note}\nrules: {HSE001: {most_capital: 20}}\n")
    done = house.check("--policy", "policy.yaml")
    place = "policy.yaml:3 (rules.HSE001.most_capital)"
    message = "unknown key `most_capital`: did you mean `most_capitals`?"
    assert (done.code, done.err) == (2, f"kfm-audit: {place}: {message}\n")
    entry = '[[suppress]]\nrule = "HSE001"\nsubject = "*"\nreason = "the vendor shouts"\n'
    house.write("kfm-audit.toml", f'plugins = ["house"]\n{entry}')
    assert house.found() == []


def test_sarif_describes_it(house):
    house.write("kfm-audit.toml", 'plugins = ["house"]\n')
    sarif = json.loads(house.check("--quiet", "--output", "sarif").out)["runs"][0]
    rules = {rule["id"]: rule for rule in sarif["tool"]["driver"]["rules"]}
    assert rules["HSE001"]["shortDescription"]["text"] == "The alarm's name is written in capitals."


def test_without_the_config_its_policy_is_wrong(house):
    house.write("policy.yaml", "policy: 1\nrules: {HSE001: {most_capitals: 20}}\n")
    assert house.check("--policy", "policy.yaml").code == 2


RULE = '''
from kfm_audit.facts import MetricAlarm
from kfm_audit.rules.kit import Severity, rule

@rule("{id}", on={on}, severity=Severity.NOTE)
def {name}(alarm, ctx):
    """It says nothing."""
    yield from ()
'''
ANY = {"id": "HSE002", "name": "says_nothing", "on": "MetricAlarm"}


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("import sys; sys.exit(0)", "SystemExit: 0"),
        ("import not_there", "ModuleNotFoundError: No module named 'not_there'"),
        ("def broken(:", "SyntaxError: invalid syntax"),
        ("RULES = []", "LookupError: broken holds no rule"),
        (RULE.format(**ANY | {"id": "ALM001"}), "RuleSetError: two rules are called ALM001"),
        (
            RULE.format(**ANY | {"name": "alarm_without_sns_action"}),
            "RuleSetError: two rules are called alarm-without-sns-action",
        ),
        (RULE.format(**ANY | {"id": "H1"}), "ValueError: 'H1' is no rule id: three capital letters"),
        (
            RULE.format(**ANY | {"on": "MetricAlarm.__base__"}),
            "ValueError: rule HSE002: Alarm is what facts share; name the kinds that are read",
        ),
    ],
)
def test_one_that_does_not_load_is_a_finding_and_the_rest_judges(project, install, text, error):
    install("broken", "broken = broken", broken=text)
    project.write("tfplan.json", one_alarm())
    project.write("kfm-audit.toml", 'plugins = ["broken"]\n')
    code, report = project.report("--fail-on", "never")
    assert code == 5
    found = {finding["rule"]: finding for finding in report["findings"]}
    assert set(found) == {"ALM001", "SYS003"}
    assert found["SYS003"]["subject"] == "broken"
    assert found["SYS003"]["message"].startswith(f"did not load: {error}")
    assert found["SYS003"]["location"]["path"] == "kfm-audit.toml"


def test_one_that_is_not_installed_names_those_that_are(house):
    house.write("kfm-audit.toml", 'plugins = ["hose"]\n')
    _, report = house.report()
    (finding,) = report["findings"]
    assert "no installed package offers it (entry points in kfm_audit.rules: house)" in finding["message"]


def test_two_plug_ins_with_one_rule(house, install):
    install("other", "other = other", other=RULE.format(**ANY | {"id": "HSE001"}))
    house.write("kfm-audit.toml", 'plugins = ["house", "other"]\n')
    code, report = house.report()
    assert code == 5
    assert [(one["rule"], one["subject"]) for one in report["findings"] if one["rule"] == "SYS003"] == [
        ("SYS003", "other")
    ]
    assert report["rules"]["HSE001"]["failed"] == 1


def test_its_own_tests_run_with_the_functions_that_ship(install, tmp_path):
    install("kfm-audit-house-rules", "house = house_rules")
    site = tmp_path / "site"
    done = subprocess.run(
        [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
        cwd=PLUGIN,
        env={"PYTHONPATH": f"{ROOT}:{site}:{PLUGIN}", "PATH": ""},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout


def test_it_imports_what_is_public_only():
    names = {
        node.module
        for file in (PLUGIN / "house_rules").glob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("kfm_audit")
    }
    assert names == {"kfm_audit.facts", "kfm_audit.rules.kit", "kfm_audit.values"}


@pytest.mark.slow
def test_its_types_hold_against_the_public_interface(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path), "-p", "house_rules"],
        cwd=PLUGIN,
        env={"PYTHONPATH": "", "MYPYPATH": f"{ROOT}:{PLUGIN}", "PATH": ""},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "Success: no issues found in 2 source files\n", done.stderr
