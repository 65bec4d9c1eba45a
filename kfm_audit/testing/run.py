"""Run the real command line over files that a test gives."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from kfm_audit.cli import main

DEFAULT_NOW: Final = "2026-01-31T00:00:00Z"
_FAILED: Final = 5


class Ran(Struct, frozen=True):
    """What one run gave: exit code, standard output and error, and the JSON report's findings.

    A finding is a document of design section 4, so its values are of any JSON type.
    """

    code: int
    output: str
    errors: str
    findings: list[dict[str, Any]]

    def of(self, rule: str) -> list[dict[str, Any]]:
        """The findings of one rule, by id or name."""
        return [finding for finding in self.findings if rule in (finding["rule"], finding["name"])]


def run_check(files: Mapping[str, str], arguments: Sequence[str] = ()) -> Ran:
    """Write `files` into an empty folder and run `check` there. A file `policy.yaml` becomes the policy.

    Raises RuntimeError where the program itself fails.
    """
    with tempfile.TemporaryDirectory() as folder, _inside(Path(folder)):
        for name, content in files.items():
            file = Path(name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8")
        command = ["check", *_defaults(files, arguments), "--output", "text", *arguments, "."]
        code, output, errors = _captured(command)
        failed, json, complaint = _captured(
            ["check", *_defaults(files, arguments), "--output", "json", "--quiet", *arguments, "."]
        )
    if failed == _FAILED and not json:
        raise RuntimeError(complaint)  # a run that gave no report has passed nothing
    findings = msgspec.json.decode(json)["findings"] if json else []
    return Ran(code, output, errors, findings)


def _defaults(files: Mapping[str, str], arguments: Sequence[str]) -> list[str]:
    defaults = [] if "--now" in arguments else ["--now", DEFAULT_NOW]
    if "policy.yaml" in files and "--policy" not in arguments:
        defaults += ["--policy", "policy.yaml"]
    return defaults


def _captured(command: Sequence[str]) -> tuple[int, str, str]:
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        code = main(command)
    return code, output.getvalue(), errors.getvalue()


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
