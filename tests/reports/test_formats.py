import pytest

from kfm_audit.reports import FORMATS
from kfm_audit.reports.report import worst_first
from tests.reports.builder import full_report, report, view


def test_the_names_that_users_write():
    assert list(FORMATS) == ["text", "json", "json-v1", "sarif", "github", "summary"]


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_report_gives_the_same_bytes(name):
    assert FORMATS[name].render(full_report(), view()) == FORMATS[name].render(full_report(), view())


@pytest.mark.parametrize("name", FORMATS)
def test_a_report_ends_with_a_line_feed(name):
    for made in (full_report(), report()):
        text = FORMATS[name].render(made, view())
        assert text.endswith("\n") or (name, text) == ("github", "")


def test_worst_first():
    found = sorted(full_report().findings, key=worst_first)
    assert [(each.finding.rule, each.finding.verdict.value, each.acceptance is None) for each in found] == [
        ("SYS001", "fail", True),
        ("ALM001", "fail", True),
        ("LFS001", "fail", True),
        ("TEL002", "fail", True),
        ("ALM001", "undecided", True),
        ("LFS002", "pending", True),
        ("ALM001", "fail", False),
    ]
