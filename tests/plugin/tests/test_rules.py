"""What the author of a plug-in writes once for all rules, with the functions that ship."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from house_rules import alarm_with_a_shouted_name

from kfm_audit.rules.page import HEADINGS, page
from kfm_audit.testing import read_case, run_case, run_example, write_case

CASES = Path(__file__).parent
RULES = [alarm_with_a_shouted_name]


@pytest.mark.parametrize("file", sorted(CASES.glob("*/*.case")), ids=lambda file: file.stem)
def test_case(file):
    case = read_case(file)
    result = run_case(case)
    assert result.verdicts == (case.verdict,)
    if os.environ.get("KFM_UPDATE_CASES"):
        write_case(file, result)  # then read what was written
        return
    assert (result.output, result.findings) == (case.output, case.findings)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_page(rule):
    assert tuple(page(rule).sections) == HEADINGS
    assert {finding["verdict"] for finding in run_example(rule, "Bad")} == {"fail"}
    assert run_example(rule, "Good") == []
