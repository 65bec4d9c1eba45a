"""The hooks as pre-commit runs them: it clones this tree, installs it, and passes files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.action.plans import DEAF, SOUND
from tests.network import need_index

ROOT = Path(__file__).resolve().parents[2]
GIT = ("git", "-c", "user.name=Ana", "-c", "user.email=ana@example.org", "-c", "init.defaultBranch=main")

pytestmark = pytest.mark.slow


def git(folder: Path, *arguments: str) -> str:
    # Neither the user's configuration nor an outer repository's variables may reach in here.
    variables = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    variables |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run([*GIT, *arguments], cwd=folder, env=variables, check=True, capture_output=True, text=True)
    return done.stdout


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with one commit: the working tree, as it is now."""
    need_index()
    clone = tmp_path_factory.mktemp("hooks") / "kfm-audit"
    listed = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    for name in filter(None, listed):
        if (ROOT / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            (clone / name).write_bytes((ROOT / name).read_bytes())
    git(clone, "init")
    git(clone, "add", "--all", "--force")
    git(clone, "commit", "--message", "The working tree")
    return clone


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pre-commit keeps what it installs: one install for all tests."""
    return tmp_path_factory.mktemp("pre-commit")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with an unrelated file."""
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init")
    (folder / "README.md").write_text("# Project\n")
    return folder


def run_hook(hooks: Path, cache: Path, project: Path, hook: str, *files: str) -> subprocess.CompletedProcess[str]:
    git(project, "add", "--all")
    variables = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    variables |= {"PRE_COMMIT_HOME": str(cache), "PRE_COMMIT_COLOR": "never"}
    command = [sys.executable, "-m", "pre_commit", "try-repo", str(hooks), hook, "--verbose", "--files", *files]
    return subprocess.run(command, cwd=project, env=variables, check=False, capture_output=True, text=True)


def test_a_failing_file_stops_the_commit(hooks, cache, project):
    (project / "infra").mkdir()
    (project / "infra" / "tfplan.json").write_text(DEAF)
    (project / "infra" / "other.tfplan.json").write_text(DEAF)
    done = run_hook(hooks, cache, project, "kfm-audit", "infra/tfplan.json", "README.md")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "infra/tfplan.json:" in done.stdout
    assert "alarm-without-sns-action" in done.stdout
    assert "other.tfplan.json:" not in done.stdout, "only what is committed is reported"
    assert "exit code: 1" in done.stdout


def test_a_sound_file_passes(hooks, cache, project):
    (project / "tfplan.json").write_text(SOUND)
    done = run_hook(hooks, cache, project, "kfm-audit", "tfplan.json", "README.md")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Passed" in done.stdout


@pytest.mark.parametrize("hook", ["kfm-audit", "kfm-audit-all"])
def test_an_unrelated_file_starts_nothing(hooks, cache, project, hook):
    (project / "tfplan.json").write_text(DEAF)
    done = run_hook(hooks, cache, project, hook, "README.md")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "(no files to check)Skipped" in done.stdout


def test_the_whole_repository(hooks, cache, project):
    (project / "one.tfplan.json").write_text(DEAF)
    (project / "two.tfplan.json").write_text(SOUND)
    done = run_hook(hooks, cache, project, "kfm-audit-all", "two.tfplan.json")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "one.tfplan.json:" in done.stdout


def test_a_file_whose_name_is_an_option_is_a_file(hooks, cache, project):
    name = "--fail-on=never.tfplan.json"
    (project / name).write_text(DEAF)
    git(project, "add", "--all")
    variables = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    variables |= {"PRE_COMMIT_HOME": str(cache), "PRE_COMMIT_COLOR": "never"}
    command = [sys.executable, "-m", "pre_commit", "try-repo", str(hooks), "kfm-audit", "--all-files"]
    done = subprocess.run(command, cwd=project, env=variables, check=False, capture_output=True, text=True)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"{name}:" in done.stdout
