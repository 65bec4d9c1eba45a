"""Every rule: its cases, the examples of its page, and the rules of rules."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from kfm_audit.rules.page import HEADINGS, page
from kfm_audit.rules.registry import built_in_rules
from kfm_audit.testing import read_case, run_case, run_example, write_case

CASES = Path(__file__).parent / "rules"
UPDATE = bool(os.environ.get("KFM_UPDATE_CASES"))
RULES = {rule.name: rule for rule in built_in_rules()}


@pytest.mark.parametrize(
    "file", sorted(CASES.glob("*/*.case")), ids=lambda file: f"{file.parent.name}/{file.stem}"
)
def test_case(file: Path) -> None:
    case = read_case(file)
    result = run_case(case)
    assert case.verdict in result.verdicts, f"{case.about}\n{result.output}"
    assert case.verdict != "pass" or result.verdicts == ("pass",), f"{case.about}\n{result.output}"
    if UPDATE:
        write_case(file, result)
        return
    assert result.output == case.output
    assert result.findings == case.findings


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_page_has_its_headings_in_order(rule) -> None:
    about = page(rule)
    assert tuple(about.sections) == HEADINGS
    assert re.fullmatch(r"[A-Z].*\.", about.summary), "the first line is one sentence"
    assert all(body.strip() for body in about.sections.values())


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_bad_example_fails(rule) -> None:
    findings = run_example(rule, "Bad")
    if findings is None:
        assert rule.name == "rule-failed", "only a rule that raises cannot be shown by files"
        return
    assert {finding["verdict"] for finding in findings} == {"fail"}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_good_example_is_silent(rule) -> None:
    assert run_example(rule, "Good") in ([], None)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_rule_has_cases(rule) -> None:
    verdicts = {file.stem.partition("-")[0] for file in (CASES / rule.name).glob("*.case")}
    if rule.family == "SYS":
        return  # tests/test_audit_of_itself.py: their inputs are broken in ways that no text file is
    assert verdicts >= {"fail", "pass"}
    never = page(rule).sections["When it is undecided"].startswith("Never")
    assert never or "undecided" in verdicts


def test_every_folder_of_cases_is_a_rule() -> None:
    assert {folder.name for folder in CASES.iterdir() if folder.is_dir()} <= set(RULES)
