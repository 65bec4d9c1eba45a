"""What all tests share: where the corpus lies, and the command line in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from kfm_audit.cli import main
from tests.project import project

__all__ = ["check", "corpus", "project"]

ROOT = Path(__file__).parent.parent
CORPUS = ROOT.parent / "shared" / "corpus"

collect_ignore = ["plugin"]  # a project of its own; tests/test_plugins.py installs it and runs its tests


@pytest.fixture(autouse=True)
def width(monkeypatch) -> None:
    """One width of terminal, wherever the tests run: reports are wrapped."""
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture
def corpus() -> Path:
    """The folder of real documents; it stands beside the repository and not everywhere."""
    if not CORPUS.is_dir():
        pytest.skip("the corpus of real documents (../shared/corpus) is not here")
    return CORPUS


@pytest.fixture
def check(capsys, monkeypatch) -> Callable[..., tuple[int, dict]]:
    """Run `check --output json` and give its exit code and report."""

    def run(*arguments: str | Path, cwd: Path | None = None) -> tuple[int, dict]:
        if cwd is not None:
            monkeypatch.chdir(cwd)
        capsys.readouterr()
        code = main(["check", "--output", "json", "--quiet", *map(str, arguments)])
        output = capsys.readouterr()
        assert "Traceback" not in output.err
        assert "this program failed" not in output.err
        return code, json.loads(output.out) if output.out else {}

    return run
