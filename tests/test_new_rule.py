"""Adding a rule touches two places: its module, and the folder of its cases."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

RULE = '''\
"""ALM900: alarm-without-a-dash."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from kfm_audit.facts import MetricAlarm
from kfm_audit.rules.kit import Context, Finding, Severity, rule
from kfm_audit.values import Known, Unknown


class Dashes(Struct, frozen=True, forbid_unknown_fields=True):
    """How names are held together."""

    least: int = 1
    """The fewest dashes in a name."""


@rule("ALM900", on=MetricAlarm, severity=Severity.NOTE, settings=Dashes)
def alarm_without_a_dash(alarm: MetricAlarm, ctx: Context[Dashes]) -> Iterator[Finding]:
    """The alarm's name has too few dashes.

    ## Why
    It is only an example.

    ## Bad
    ```json tfplan.json
    %(bad)s
    ```

    ## Good
    ```json tfplan.json
    %(good)s
    ```

    ## When it is undecided
    Where the name is known only after apply.

    ## Settings
    `least`.

    ## References
    None.
    """
    match alarm.alarm_name:
        case Known(name) if name.count("-") < ctx.settings.least:
            yield ctx.fail(alarm, f"is called {name}, with {name.count('-')} dashes", at="alarm_name")
        case Unknown():
            yield ctx.undecided(alarm, "has a name that is known only after apply", at="alarm_name")
        case _:
            pass
'''
NEW = ("kfm_audit/rules/alm/alarm_without_a_dash.py", "tests/rules/alarm-without-a-dash")


def plan(name: str | None) -> str:
    after = {} if name is None else {"alarm_name": name}
    change = {
        "actions": ["create"],
        "after": after,
        "after_unknown": {"alarm_name": True} if name is None else {},
    }
    kind = "aws_cloudwatch_metric_alarm"
    resource = {"address": f"{kind}.a", "mode": "managed", "type": kind, "name": "a", "change": change}
    return json.dumps({"format_version": "1.2", "terraform_version": "1.9.5", "resource_changes": [resource]})


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    """What a contributor works in, with the rule added and nothing else done."""
    root = tmp_path_factory.mktemp("clone")
    ignore = shutil.ignore_patterns("__pycache__", "*.case")
    for folder in ("kfm_audit", "policies", "schemas", "docs", "tools", "tests"):
        shutil.copytree(ROOT / folder, root / folder, ignore=ignore)
    for file in ("pyproject.toml", ".pre-commit-hooks.yaml"):
        shutil.copy(ROOT / file, root)
    run(root, "tools/generate.py")
    (root / "before").mkdir()
    for name, text in files(root).items():
        (root / "before" / name.replace("/", "%")).write_bytes(text)
    (root / NEW[0]).write_text(RULE % {"bad": plan("prod"), "good": plan("prod-queue-age")})
    cases = root / NEW[1]
    cases.mkdir(parents=True)
    for verdict, name in (("fail", "prod"), ("pass", "prod-queue-age"), ("undecided", None)):
        case = f"What is said of the name {name}.\n-- tfplan.json --\n{plan(name)}\n"
        (cases / f"{verdict}-name.case").write_text(case)
    return root


def files(root: Path) -> dict[str, bytes]:
    return {
        file.relative_to(root).as_posix(): file.read_bytes()
        for file in sorted(root.rglob("*"))
        if file.is_file() and not {"before", "__pycache__", ".hypothesis"} & set(file.relative_to(root).parts)
    }


def run(root: Path, *command: str, code: int = 0, cwd: Path | None = None, **variables: str) -> str:
    done = subprocess.run(
        [sys.executable, "-B", *command],
        cwd=cwd or root,
        env={"PYTHONPATH": str(root), "PATH": "", **variables},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def test_the_catalogue_lists_it(clone):
    catalogue = json.loads(run(clone, "-m", "kfm_audit", "rules", "--format", "json"))
    (entry,) = (entry for entry in catalogue if entry["id"] == "ALM900")
    assert entry == {
        "id": "ALM900",
        "name": "alarm-without-a-dash",
        "severity": "note",
        "summary": "The alarm's name has too few dashes.",
        "docs": "https://kansasfrontiermatrix.github.io/kfm-audit/rules/alarm-without-a-dash",
    }


def test_its_page_is_explained(clone):
    assert "It is only an example." in run(clone, "-m", "kfm_audit", "explain", "ALM900")


def test_check_runs_it_with_its_settings_and_sarif_describes_it(clone, tmp_path):
    (tmp_path / "tfplan.json").write_text(plan("prod-queue"))
    (tmp_path / "policy.yaml").write_text("policy: 1\nrules: {ALM900: {severity: error, least: 2}}\n")
    command = ("-m", "kfm_audit", "check", "--isolated", "--quiet", "--select", "ALM900")
    assert json.loads(run(clone, *command, "--output", "json", cwd=tmp_path))["findings"] == []
    sarif = json.loads(
        run(clone, *command, "--policy", "policy.yaml", "--output", "sarif", code=1, cwd=tmp_path)
    )["runs"][0]
    descriptor = next(rule for rule in sarif["tool"]["driver"]["rules"] if rule["id"] == "ALM900")
    assert descriptor["name"] == "alarm-without-a-dash"
    assert descriptor["helpUri"].endswith("/rules/alarm-without-a-dash")
    assert [result["ruleId"] for result in sarif["results"]] == ["ALM900"]


def test_a_misspelt_setting_of_it_is_refused(clone, tmp_path):
    (tmp_path / "policy.yaml").write_text("policy: 1\nrules: {ALM900: {lest: 2}}\n")
    done = subprocess.run(
        [sys.executable, "-B", "-m", "kfm_audit", "check", "--isolated", "--policy", "policy.yaml"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(clone), "PATH": ""},
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (
        2,
        "kfm-audit: policy.yaml:2 (rules.ALM900.lest): unknown key `lest`: did you mean `least`?\n",
    )


def test_its_cases_and_the_examples_of_its_page_run_as_tests(clone):
    name = "alarm-without-a-dash"
    command = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_rules.py", "-k", name)
    run(clone, *command, KFM_UPDATE_CASES="1")
    output = run(clone, *command)
    assert "failed" not in output
    assert "7 passed" in output, "three cases, the headings, Bad, Good, and that there are cases"


def test_everything_else_is_generated(clone):
    run(clone, "tools/generate.py", "--check", code=1)
    run(clone, "tools/generate.py")
    run(clone, "tools/generate.py", "--check")
    before = {file.name.replace("%", "/"): file.read_bytes() for file in (clone / "before").iterdir()}
    now = files(clone)
    changed = {name for name in now.keys() | before.keys() if now.get(name) != before.get(name)}
    by_hand = {name for name in changed if name.startswith(NEW)}
    assert changed - by_hand == {
        "docs/rules/README.md",
        "docs/rules/alarm-without-a-dash.md",
        "schemas/policy-v1.schema.json",
    }
    assert {"/".join(name.split("/")[:3]) if name.startswith("tests/") else name for name in by_hand} == set(
        NEW
    )

    page = (clone / "docs" / "rules" / "alarm-without-a-dash.md").read_text()
    assert "| `least` | whole number | `1` | The fewest dashes in a name. |" in page
    schema = json.loads((clone / "schemas" / "policy-v1.schema.json").read_text())
    entry = schema["properties"]["rules"]["properties"]["ALM900"]
    assert entry["description"] == "The alarm's name has too few dashes."
    assert set(entry["properties"]) == {"severity", "undecided", "least"}
    assert entry["properties"]["least"] == {
        "description": "The fewest dashes in a name.",
        "type": "integer",
        "default": 1,
    }
    assert entry["additionalProperties"] is False
    catalogue = (clone / "docs" / "rules" / "README.md").read_text()
    assert "| ALM900 | [`alarm-without-a-dash`](alarm-without-a-dash.md) | note |" in catalogue
