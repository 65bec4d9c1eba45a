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
# Neither the user's configuration nor an outer repository's variables may reach in here.
VARIABLES = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PRE_COMMIT"))}
VARIABLES |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "PRE_COMMIT_COLOR": "never"}

pytestmark = pytest.mark.slow


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [*GIT, *arguments], cwd=folder, env=VARIABLES, check=True, capture_output=True, text=True
    )
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
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pre-commit keeps what it installs: one install for all tests but that of `try-repo`."""
    return tmp_path_factory.mktemp("pre-commit")


@pytest.fixture
def project(tmp_path: Path, hooks: Path) -> Path:
    """A repository that uses the hooks, with an unrelated file."""
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init")
    revision = git(hooks, "rev-parse", "HEAD").strip()
    (folder / ".pre-commit-config.yaml").write_text(
        f"repos:\n- repo: {hooks}\n  rev: {revision}\n  hooks:\n  - id: kfm-audit\n  - id: kfm-audit-all\n"
    )
    (folder / "README.md").write_text("# Project\n")
    return folder


def pre_commit(home: Path, project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    git(project, "add", "--all")
    command = [sys.executable, "-m", "pre_commit", *arguments]
    variables = {**VARIABLES, "PRE_COMMIT_HOME": str(home)}
    return subprocess.run(command, cwd=project, env=variables, check=False, capture_output=True, text=True)


def test_try_repo(hooks, home, project):
    (project / "infra").mkdir()
    (project / "infra" / "tfplan.json").write_text(DEAF)
    done = pre_commit(
        home, project, "try-repo", str(hooks), "--verbose", "--files", "infra/tfplan.json", "README.md"
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout.count("exit code: 1") == 2
    assert done.stdout.count("infra/tfplan.json:") == 2
    assert done.stdout.count("alarm-without-sns-action") == 2


def test_only_what_is_committed_is_reported(home, project):
    (project / "tfplan.json").write_text(DEAF)
    (project / "other.tfplan.json").write_text(DEAF)
    done = pre_commit(home, project, "run", "kfm-audit", "--files", "tfplan.json", "README.md")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "\ntfplan.json:" in done.stdout
    assert "other.tfplan.json:" not in done.stdout


def test_a_sound_file_passes(home, project):
    (project / "tfplan.json").write_text(SOUND)
    done = pre_commit(home, project, "run", "--files", "tfplan.json", "README.md")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("Passed") == 2


def test_an_unrelated_file_starts_nothing(home, project):
    (project / "tfplan.json").write_text(DEAF)
    done = pre_commit(home, project, "run", "--files", "README.md")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("(no files to check)Skipped") == 2


def test_the_whole_repository(home, project):
    (project / "one.tfplan.json").write_text(DEAF)
    (project / "two.tfplan.json").write_text(SOUND)
    done = pre_commit(home, project, "run", "kfm-audit-all", "--files", "two.tfplan.json")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "\none.tfplan.json:" in done.stdout


def test_a_file_whose_name_is_an_option_is_a_file(home, project):
    (project / "--fail-on=never.tfplan.json").write_text(DEAF)
    done = pre_commit(home, project, "run", "kfm-audit", "--all-files")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "\n--fail-on=never.tfplan.json:" in done.stdout
