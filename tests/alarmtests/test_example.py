"""The example's transcripts are what the commands print, and the documentation's tests hold."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from kfm_audit.cli import main

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "examples" / "alarm-tests"
PAGE = (ROOT / "docs" / "testing-alarms.md").read_text(encoding="utf-8")
TRANSCRIPT = re.compile(r"```console\n\$ kfm-audit (.*)\n((?:.*\n)*?)\$ echo \$\?\n(\d)\n```")


def transcripts() -> list[tuple[str, ...]]:
    found = TRANSCRIPT.findall((EXAMPLE / "README.md").read_text(encoding="utf-8"))
    return [*found, *TRANSCRIPT.findall(PAGE)]


@pytest.mark.parametrize(("command", "printed", "code"), transcripts())
def test_the_transcript_is_what_is_printed(command, printed, code, capsys, monkeypatch):
    monkeypatch.chdir(EXAMPLE)
    ended = main(shlex.split(command))
    ran = capsys.readouterr()
    assert (ran.out + ran.err, ended) == (printed, int(code))


def test_there_are_transcripts():
    assert len(transcripts()) >= 3


def test_the_files_of_the_page_are_read_and_hold(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"```yaml\n(alarms: .*?)```", PAGE, re.DOTALL)
    (tmp_path / "page.test.yaml").write_text(block.replace("alarms: infra", f"alarms: {EXAMPLE}"))
    assert main(["test", "page.test.yaml", "-q"]) == 0


def test_the_python_of_the_page_runs(monkeypatch):
    monkeypatch.chdir(EXAMPLE)
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, object] = {}
    exec(block.replace('"infra"', '"."'), names)
    names["test_errors_page"]()
