"""A project in an empty folder, and the command line in it."""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import pytest

from kfm_audit.cli import main


class Done(NamedTuple):
    """What a command ended with."""

    code: int
    out: str
    err: str


class Project:
    """Files in an empty folder, and commands that run there."""

    def __init__(self, folder: Path, execute: Callable[..., Done]) -> None:
        self.folder = folder
        self._execute = execute

    def write(self, name: str, text: str | bytes) -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    def repository(self) -> None:
        """Make the folder the root of a repository."""
        subprocess.run(["git", "init", "--quiet", str(self.folder)], check=True)

    def run(self, *arguments: str | Path, cwd: str = ".", stdin: bytes = b"") -> Done:
        done = self._execute([str(argument) for argument in arguments], self.folder / cwd, stdin)
        assert "Traceback" not in done.err
        return done

    def check(self, *arguments: str | Path, cwd: str = ".", stdin: bytes = b"") -> Done:
        return self.run("check", *arguments, cwd=cwd, stdin=stdin)

    def report(self, *arguments: str | Path, cwd: str = ".", stdin: bytes = b"") -> tuple[int, dict]:
        done = self.check("--output", "json", "--quiet", *arguments, cwd=cwd, stdin=stdin)
        assert done.out, done.err
        return done.code, json.loads(done.out)

    def found(self, *arguments: str | Path, cwd: str = ".", stdin: bytes = b"") -> list[tuple[str, str]]:
        """Rule and path of all findings."""
        _, report = self.report(*arguments, cwd=cwd, stdin=stdin)
        return [(finding["rule"], finding["location"]["path"]) for finding in report["findings"]]


@pytest.fixture
def project(tmp_path, capfd, monkeypatch) -> Project:
    for name in ("KFM_AUDIT_CONFIG", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "project"
    folder.mkdir()

    def execute(arguments: list[str], cwd: Path, stdin: bytes) -> Done:
        monkeypatch.chdir(cwd)
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(stdin)))
        capfd.readouterr()
        code = main(arguments)
        output = capfd.readouterr()
        return Done(code, output.out, output.err)

    return Project(folder, execute)
