"""What GitHub's schemas and zizmor say of the action and of our workflows."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.action.conftest import ROOT

SCRIPTS = Path(sys.executable).parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def zizmor(*files: Path) -> subprocess.CompletedProcess[str]:
    command = [SCRIPTS / "zizmor", "--offline", "--no-config", "--persona", "pedantic", *files]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def schema(name: str, *files: Path) -> subprocess.CompletedProcess[str]:
    command = [SCRIPTS / "check-jsonschema", "--builtin-schema", name, *files]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_zizmor_finds_nothing():
    result = zizmor(ROOT / "action.yml", *WORKFLOWS)
    assert result.returncode == 0, result.stdout


def test_zizmor_would_find_an_injection(tmp_path):
    text = (ROOT / "action.yml").read_text()
    assert 'exit "$CODE"' in text
    (tmp_path / "action.yml").write_text(text.replace('exit "$CODE"', 'exit "${{ inputs.paths }}"'))
    result = zizmor(tmp_path / "action.yml")
    assert result.returncode != 0
    assert "template-injection" in result.stdout


def test_the_schemas_hold(tmp_path):
    action = schema("vendor.github-actions", ROOT / "action.yml")
    assert action.returncode == 0, action.stdout
    workflows = schema("vendor.github-workflows", *WORKFLOWS)
    assert workflows.returncode == 0, workflows.stdout
    broken = tmp_path / "action.yml"
    broken.write_text((ROOT / "action.yml").read_text().replace("shell: bash", "shel: bash"))
    assert schema("vendor.github-actions", broken).returncode == 1


@pytest.mark.parametrize("file", [ROOT / "action.yml", *WORKFLOWS], ids=lambda file: file.name)
def test_every_action_is_pinned_to_a_commit_and_says_which_version_that_is(file):
    lines = [line.strip() for line in file.read_text().splitlines() if "uses:" in line]
    assert lines
    for line in lines:
        assert re.fullmatch(r"(- )?uses: (\./ # .+|[\w-]+/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)", line), line


def test_workflows_are_given_no_permission_that_they_do_not_name():
    assert WORKFLOWS
    for file in WORKFLOWS:
        document = yaml.safe_load(file.read_text())
        assert document["permissions"] == {}
        for job in document["jobs"].values():
            assert job["permissions"] == {"contents": "read"}


def test_every_input_reaches_the_script():
    document = yaml.safe_load((ROOT / "action.yml").read_text())
    steps = document["runs"]["steps"]
    handed = {
        name: value
        for step in steps
        for name, value in step.get("env", {}).items()
        if name.startswith("INPUT_")
    }
    inputs = [name for name in document["inputs"] if name != "python-version"]
    assert handed == {
        f"INPUT_{name.upper().replace('-', '_')}": f"${{{{ inputs.{name} }}}}" for name in inputs
    }
