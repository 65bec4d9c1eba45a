"""Exit codes: what a pipeline is told (design section 4). The highest that applies wins."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from kfm_audit.findings.finding import SettledFinding, Severity, Verdict


class Exit(IntEnum):
    """What the process ends with."""

    OK = 0
    """nothing at or above --fail-on"""
    FINDINGS = 1
    """findings at or above --fail-on"""
    USAGE = 2
    """wrong usage, config or policy"""
    NOTHING = 3
    """no input recognised, or one that the profile requires is missing or empty"""
    UNREADABLE = 4
    """an input could not be read"""
    BROKEN_RULE = 5
    """a rule or plug-in failed"""


OF_THE_AUDIT = {
    "unreadable-input": Exit.UNREADABLE,
    "rule-failed": Exit.BROKEN_RULE,
    "plug-in-failed": Exit.BROKEN_RULE,
    "nothing-checked": Exit.NOTHING,
    "required-input-missing": Exit.NOTHING,
}
"""Rules about the audit itself that have a code of their own, whatever severity policy gives them."""


def exit_code(
    findings: Iterable[SettledFinding], fail_on: Severity | None, *, fail_on_undecided: bool
) -> Exit:
    """The exit code of a run. `fail_on` None turns 1 into 0, never the others."""
    code = Exit.OK
    for settled in findings:
        finding = settled.finding
        own = OF_THE_AUDIT.get(finding.name)
        if own is not None:
            code = max(code, own)
        elif settled.known or settled.acceptance is not None:
            continue
        elif _counts(finding.verdict, fail_on_undecided=fail_on_undecided) and (
            fail_on is not None and finding.severity.rank <= fail_on.rank
        ):
            code = max(code, Exit.FINDINGS)
    return code


def _counts(verdict: Verdict, *, fail_on_undecided: bool) -> bool:
    match verdict:
        case Verdict.FAIL:
            return True
        case Verdict.UNDECIDED:
            return fail_on_undecided
        case Verdict.PENDING:
            return False
