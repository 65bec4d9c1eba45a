"""The example repositories: the findings are the planted defects, no more and no fewer; the twin has none."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from kfm_audit.cli import main

EXAMPLES = Path(__file__).parent.parent / "examples"
PLANTED = EXAMPLES / "kfm-monorepo"
MENDED = EXAMPLES / "kfm-monorepo-mended"
NOW = "2026-03-12T09:00:00Z"

OF_THE_FIRST_AUDIT = {
    *("ALM001", "ALM002", "ALM003"),
    *("TEL001", "TEL002", "TEL003", "TEL004"),
    *("LFS001", "LFS002", "LFS003", "LFS004", "LFS005", "LFS014"),
    *("PRV001", "PRV003", "PRV004", "PRV005", "PRV006", "PRV011"),
}
"""The rules of which the example must plant at least one defect."""

RESOURCE = re.compile(r'^resource "(\w+)" "(\w+)"', re.MULTILINE)
VARIABLE = re.compile(r'^variable "(\w+)"', re.MULTILINE)

# | D01 | ALM001 | `subject` | fail | `file` | why |
ROW = re.compile(r"\| (D\d\d) \| ([A-Z]{3}\d{3}) \| `([^`]+)` \| (\w+) \| `([^`]+)` \| (.+) \|")


def planted() -> list[tuple[str, str, str, str]]:
    """The list of defects in the example's README: rule, subject, verdict and file."""
    text = (PLANTED / "README.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| D")]
    found = [match for line in rows if (match := ROW.fullmatch(line))]
    assert len(found) == len(rows), "a row of the list has another form"
    numbers = [match[1] for match in found]
    assert numbers == [f"D{number:02}" for number in range(1, len(rows) + 1)]
    return [(match[2], match[3], match[4], match[5]) for match in found]


def audit(folder: Path, monkeypatch: Any, capsys: Any) -> tuple[int, dict[str, Any]]:
    """Run `check` inside `folder`: the exit code and the JSON report."""
    monkeypatch.chdir(folder)
    code = main(["check", ".", "--now", NOW, "--output", "json", "--show-suppressed", "--quiet"])
    return code, json.loads(capsys.readouterr().out)


@pytest.fixture(params=["in the clone", "copied elsewhere"])
def place(request, tmp_path):
    """Gives the folder of an example, in the clone or copied to where no repository is above it."""

    def at(example: Path) -> Path:
        if request.param == "in the clone":
            return example
        return Path(shutil.copytree(example, tmp_path / example.name))

    return at


def test_the_findings_are_the_planted_defects(place, monkeypatch, capsys):
    code, report = audit(place(PLANTED), monkeypatch, capsys)
    found = Counter(
        (
            finding["rule"],
            finding["subject"],
            "suppressed" if finding["suppression"] else finding["verdict"],
        )
        for finding in report["findings"]
    )
    assert found == Counter((rule, subject, verdict) for rule, subject, verdict, _ in planted())
    assert code == 1


def test_the_mended_twin_has_no_finding(place, monkeypatch, capsys):
    code, report = audit(place(MENDED), monkeypatch, capsys)
    assert report["findings"] == []
    assert code == 0


def test_both_hold_the_same_kinds_of_inputs_and_all_are_read(place, monkeypatch, capsys):
    kinds = {
        "directory",
        "incident",
        "lakefs-log",
        "prov",
        "telemetry",
        "terraform-plan",
        "terraform-source",
    }
    for example in (PLANTED, MENDED):
        _, report = audit(place(example), monkeypatch, capsys)
        assert set(report["summary"]["inputs"]) == kinds
        assert {item["status"] for item in report["inputs"]} == {"read"}
        assert report["ignored"] == []


def test_the_list_names_files_that_exist_and_every_rule():
    rows = planted()
    assert [file for _, _, _, file in rows if not (PLANTED / file).is_file()] == []
    assert {rule for rule, _, verdict, _ in rows if verdict == "fail"} >= OF_THE_FIRST_AUDIT
    verdicts = Counter(verdict for _, _, verdict, _ in rows)
    assert (verdicts["undecided"], verdicts["pending"], verdicts["suppressed"]) == (1, 1, 1)


@pytest.mark.parametrize("output", ["text", "json", "sarif", "github", "summary"])
def test_what_the_plan_marks_as_sensitive_is_never_printed(output, monkeypatch, capsys):
    plan = json.loads((PLANTED / "infra/tfplan.json").read_text(encoding="utf-8"))
    secret = plan["variables"]["pager_endpoint"]["value"]
    monkeypatch.chdir(PLANTED)
    main(["check", ".", "--now", NOW, "--output", output, "--show-suppressed"])
    written = capsys.readouterr()
    assert "lidar_throttles" in written.out, "the report is there"
    assert secret not in written.out + written.err


def test_the_plan_is_a_plan_of_the_sources():
    """Each resource and module call of the sources stands in the plan's configuration, and no other."""
    for example in (PLANTED, MENDED):
        plan = json.loads((example / "infra/tfplan.json").read_text(encoding="utf-8"))
        root = plan["configuration"]["root_module"]
        (call,) = root["module_calls"].values()
        for module, folder in ((root, "infra"), (call["module"], "infra/modules/pipeline-alarms")):
            sources = sorted((example / folder).glob("*.tf"))
            text = "".join(source.read_text(encoding="utf-8") for source in sources)
            resources = {f"{kind}.{name}" for kind, name in RESOURCE.findall(text)}
            assert {resource["address"] for resource in module["resources"]} == resources
            assert set(module["variables"]) == set(VARIABLE.findall(text))
