"""The README shows what the tool says; `KFM_UPDATE_GENERATED=1` writes it anew."""

from __future__ import annotations

import os
import re

import pytest

from kfm_audit.cli import main
from tests.conftest import ROOT

README = ROOT / "README.md"
NOW = "2026-03-12T09:00:00Z"
EXAMPLES = {"defects": "examples/kfm-monorepo", "mended": "examples/kfm-monorepo-mended"}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_output_of_the_example_is_real(name, capsys, monkeypatch) -> None:
    monkeypatch.chdir(ROOT)
    main(["check", EXAMPLES[name], "--now", NOW])
    captured = capsys.readouterr()
    shown = f"```text\n{captured.out}\n{captured.err}```\n"
    text = README.read_text(encoding="utf-8")
    between = re.compile(rf"(<!-- example:{name} -->\n).*?(<!-- /example:{name} -->)", re.DOTALL)
    fresh = between.sub(lambda match: match[1] + shown + match[2], text)
    if os.environ.get("KFM_UPDATE_GENERATED"):
        README.write_text(fresh, encoding="utf-8")
    assert README.read_text(encoding="utf-8") == fresh


def test_the_exit_codes_are_those_of_the_command_line() -> None:
    from kfm_audit.cli.parser import EXIT_CODES

    listed = dict(re.findall(r"^  (\d)  (.+)$", EXIT_CODES, re.MULTILINE))
    text = README.read_text(encoding="utf-8")
    table = {
        code: words.replace("`", "")
        for code, words in re.findall(r"^\| (\d) \| (.+) \|$", text, re.MULTILINE)
    }
    assert table == {**listed, "1": "findings at or above it"}


def test_ci_passes_the_tests_as_the_readme_says() -> None:
    (command,) = re.findall(
        r"^    (python3 -m venv .*pytest.*)$", README.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert command in (ROOT / ".ci/run").read_text(encoding="utf-8")
