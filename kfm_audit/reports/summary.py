"""Markdown for a GitHub job summary.

GitHub takes 1 MiB of a step and refuses what is longer as a whole; here the
tables stop at a row, in the order of what matters, and say how much is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from kfm_audit.findings.finding import SettledFinding, Verdict
from kfm_audit.reports import wording
from kfm_audit.reports.markdown import code, prose
from kfm_audit.reports.people import publishable
from kfm_audit.reports.places import repository_path
from kfm_audit.reports.report import InputStatus, Report, View, worst_first

LIMIT: Final = 1024 * 1024
"""Bytes that GitHub takes."""
_RESERVE: Final = 16 * 1024
"""Bytes kept free for what always stands at the end, and for what other tools say in the same step."""
_COLUMNS: Final = ("Severity", "Rule", "Subject", "Where", "Message")


def render(report: Report, view: View) -> str:
    """Outcome, questions, findings, what is pending and undecided, and what was read; at most 1 MiB."""
    report = publishable(report, view)
    shown = sorted((settled for settled in report.findings if view.shows(settled)), key=worst_first)
    failed = [settled for settled in shown if settled.finding.verdict is Verdict.FAIL]
    pending = [settled for settled in shown if settled.finding.verdict is Verdict.PENDING]
    undecided = [settled for settled in shown if settled.finding.verdict is Verdict.UNDECIDED]

    page = _Page(LIMIT - _RESERVE)
    outcome = wording.outcome(report)
    page.add(
        f"# kfm-audit: {outcome.headline.lower()}",
        "",
        outcome.sentence,
        "",
        f"**{wording.counts(report)}**",
        "",
    )
    page.table(
        "The four questions",
        ("Question", "Answer", "Why"),
        (
            (prose(question.title), f"**{wording.answer(question)}**", prose(question.why))
            for question in report.questions
        ),
        counted=False,
    )
    page.table("Findings", _COLUMNS, (_row(settled, view) for settled in failed))
    page.table(
        "Pending: owed, and not due yet",
        ("Due", *_COLUMNS),
        ((wording.due(settled.finding, report.now), *_row(settled, view)) for settled in pending),
    )
    page.table("Undecided: could not be known", _COLUMNS, (_row(settled, view) for settled in undecided))
    if report.contract is not None:
        from kfm_audit.reports.contract_markdown import contract_markdown

        for table in contract_markdown(report.contract):
            page.table(table.title, table.columns, table.rows, counted=False)
    if report.population is not None:
        from kfm_audit.reports.population_tables import population_tables

        for table in population_tables(report.population):
            page.table(table.title, table.columns, table.rows)
    page.table("What was read", ("Input", "Kind", "Status", "Facts"), _inputs(report, view))
    page.table(
        "What was ignored",
        ("File", "Why"),
        ((code(repository_path(file.path, view)), prose(file.why)) for file in report.ignored),
        folded=True,
    )
    page.end(
        f"kfm-audit {report.version}, policy {code(report.policy_name)}, {len(report.rules)} rules, "
        f"as of {wording.moment(report.now)}."
    )
    return page.text


def _row(settled: SettledFinding, view: View) -> tuple[str, ...]:
    finding = settled.finding
    place = settled.location
    path = repository_path(place.path, view)
    where = f"{path}:{place.line}" if path and place.line else path
    standing = "; ".join(wording.standing(settled))
    help_ = f"<br>Help: {prose(finding.help)}" if finding.help else ""
    return (
        f"{finding.severity.value} ({standing})" if standing else finding.severity.value,
        f"{code(finding.rule)} {prose(finding.name)}",
        code(finding.subject),
        code(where) if where else "this run",
        prose(finding.message) + help_,
    )


def _inputs(report: Report, view: View) -> Iterable[tuple[str, ...]]:
    """The inputs, those that could not be read first."""
    for status in (InputStatus.UNREADABLE, InputStatus.PARTLY, InputStatus.READ):
        said = status.value if status is InputStatus.READ else f"**{status.value}**"
        for record in report.inputs_that_are(status):
            yield (
                code(repository_path(record.path, view)),
                prose(record.kind or "unrecognised"),
                said,
                str(record.facts),
            )


class _Page:
    """Markdown that never grows beyond `room` bytes: rows that no longer fit are counted and said."""

    def __init__(self, room: int) -> None:
        self._lines: list[str] = []
        self._room = room

    @property
    def text(self) -> str:
        return "\n".join(self._lines) + "\n"

    def add(self, *lines: str) -> bool:
        """Add lines if they fit."""
        size = sum(len(line.encode("utf-8", "replace")) + 1 for line in lines)
        if size > self._room:
            return False
        self._lines.extend(lines)
        self._room -= size
        return True

    def table(
        self,
        title: str,
        columns: Sequence[str],
        rows: Iterable[Sequence[str]],
        *,
        folded: bool = False,
        counted: bool = True,
    ) -> None:
        """A table below its title, or nothing where it has no rows."""
        written = [f"| {' | '.join(row)} |" for row in rows]
        if not written:
            return
        heading = f"{title} ({len(written)})" if counted else title
        opening = ("<details>", f"<summary>{heading}</summary>", "") if folded else (f"## {heading}", "")
        fits = self.add(*opening, f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}")
        left = len(written)
        for line in written if fits else ():
            if not self.add(line):
                break
            left -= 1
        # From here on the reserve is used: an open table must end, and what is missing must be said.
        if left:
            said = f"**{title}: {left} of {len(written)} are not shown, the JSON report has them all.**"
            self._lines.extend(("", said))
        self._lines.extend(("", "</details>", "") if folded and fits else ("",))

    def end(self, line: str) -> None:
        """The last line; the reserve has room for it."""
        self._lines.append(line)
