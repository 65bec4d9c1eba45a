"""A workspace to run the action in, and an environment that is made once."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.action.composite import Runner, clean_environment

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A runner's variables, with an environment that `action/install.sh` takes as it is.

    It sees the packages of the Python that runs the tests, and this clone.
    """
    venv = tmp_path_factory.mktemp("action") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    (packages,) = venv.glob("lib/python*/site-packages")
    (packages / "tests.pth").write_text(f"{sysconfig.get_path('purelib')}\n{ROOT}\n", encoding="utf-8")
    return {**clean_environment(), "KFM_AUDIT_ACTION_VENV": str(venv), "GITHUB_REPOSITORY": "kfm/platform"}


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """An empty repository."""
    folder = tmp_path / "workspace"
    (folder / ".git").mkdir(parents=True)
    return folder


@pytest.fixture
def runner(tmp_path: Path, workspace: Path, environment: dict[str, str]) -> Callable[..., Runner]:
    """Make a runner for an event: `push` here, or a pull request from some repository."""

    def make(head: str | None = "", *, actor: str = "ana", action: Path = ROOT, **ends: str) -> Runner:
        temp = tmp_path / "runner temp"
        temp.mkdir(exist_ok=True)
        event: dict[str, Any] = {}
        if head != "":
            event = {"pull_request": {"head": {"repo": None if head is None else {"full_name": head}}}}
        name = "pull_request" if event else "push"
        return Runner(
            action=action,
            workspace=workspace,
            temp=temp,
            environment={**environment, "GITHUB_EVENT_NAME": name, "GITHUB_ACTOR": actor},
            event=event,
            ends=ends,
        )

    return make
