"""GitHub workflow commands: findings as annotations of a pull request.

GitHub keeps ten errors, ten warnings and ten notices of a step and drops the
rest without a word; here the worst come first, and the last line says how many
are missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final, assert_never

from kfm_audit.findings.finding import SettledFinding, Severity, Verdict
from kfm_audit.reports import wording
from kfm_audit.reports.neutral import neutral, shorten
from kfm_audit.reports.people import publishable
from kfm_audit.reports.places import repository_path, span
from kfm_audit.reports.report import Report, View, worst_first

BUDGET: Final = 10
"""How many annotations of each level GitHub keeps of one step."""
_TITLE_LIMIT: Final = 255
_MESSAGE_LIMIT: Final = 4000


def render(report: Report, view: View) -> str:
    """One command a line for the worst findings, then how many are not shown; "" where there are none."""
    report = publishable(report, view)
    shown = sorted((settled for settled in report.findings if view.shows(settled)), key=worst_first)
    used: Counter[str] = Counter()
    lines = []
    for settled in shown:
        level = _level(settled)
        used[level] += 1
        if used[level] <= BUDGET:
            lines.append(_command(level, settled, report, view))
    missing = len(shown) - len(lines)
    if missing:
        lines.append(
            f"{missing} of {wording.plural(len(shown), 'finding')} are not annotated: GitHub keeps {BUDGET} "
            f"errors, {BUDGET} warnings and {BUDGET} notices of a step. --output json has them all."
        )
    return "".join(f"{line}\n" for line in lines)


def _level(settled: SettledFinding) -> str:
    """What is pending, undecided or accepted is said and never red."""
    finding = settled.finding
    if finding.verdict is not Verdict.FAIL or settled.acceptance is not None:
        return "notice"
    match finding.severity:
        case Severity.ERROR:
            return "error"
        case Severity.WARNING:
            return "warning"
        case Severity.NOTE:
            return "notice"
        case _:
            assert_never(finding.severity)


def _command(level: str, settled: SettledFinding, report: Report, view: View) -> str:
    finding = settled.finding
    remarks = wording.remarks(settled)
    label = "" if finding.verdict is Verdict.FAIL else f"{wording.label(finding)}: "
    title = f"{label}{finding.rule} {finding.name} {remarks}".rstrip()
    paragraphs = [wording.sentence(finding)]
    if finding.due is not None:
        paragraphs.append(f"Due: {wording.due(finding, report.now)}")
    if finding.help:
        paragraphs.append(f"Help: {finding.help}")
    message = "\n".join(shorten(neutral(text), _MESSAGE_LIMIT) for text in paragraphs)
    properties = {**_where(settled, view), "title": shorten(neutral(title), _TITLE_LIMIT)}
    return annotation(level, properties, message)


def annotation(level: str, properties: Mapping[str, str], message: str) -> str:
    """One workflow command: `level` is error, warning or notice; `message` may have several lines."""
    written = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{level} {written}::{_data(message)}"


def _where(settled: SettledFinding, view: View) -> dict[str, str]:
    """The properties that place an annotation; columns only within one line, as GitHub demands."""
    path = repository_path(settled.location.path, view)
    if not path:
        return {}
    at = span(settled.location)
    end_line = at.end_line
    if end_line > at.line and at.end_column == 1:
        end_line -= 1  # the end is exclusive: the span covers nothing of its last line
    where = {"file": neutral(path), "line": str(at.line), "endLine": str(end_line)}
    if at.end_line == at.line and settled.location.column:
        where |= {"col": str(at.column), "endColumn": str(max(at.end_column - 1, at.column))}
    return where


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
