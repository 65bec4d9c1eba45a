"""Findings, for people in a terminal and in a CI log: standard output.

What is said about the run beside them, on standard error, is in `kfm_audit.reports.run`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from kfm_audit.findings.finding import SettledFinding
from kfm_audit.reports import wording
from kfm_audit.reports.excerpt import excerpt
from kfm_audit.reports.neutral import neutral
from kfm_audit.reports.paragraph import paragraph
from kfm_audit.reports.report import Report, View
from kfm_audit.reports.style import Paint, painter
from kfm_audit.values import Location

_GROUPED_FROM: Final = 6
"""So many findings that say the same, or stand at one place, are one cause, and are shown as one."""
_SHOWN_OF_GROUP: Final = 3


def render(report: Report, view: View) -> str:
    """The findings that the view admits, in the documented order; where there is none, what that means."""
    shown = [settled for settled in report.findings if view.shows(settled)]
    if not shown:
        return neutral(_nothing(report)) + "\n"
    writer = _Writer(report, view, stacks=_stacks(shown) > 1)
    blocks: list[str] = []
    for group in _groups(shown):
        if len(group) < _GROUPED_FROM:
            blocks.extend(writer.block(settled) for settled in group)
        else:
            blocks.extend(writer.block(settled) for settled in group[:_SHOWN_OF_GROUP])
            blocks.append(writer.rest(group))
    return "\n\n".join(blocks) + "\n"


def _groups(shown: Sequence[SettledFinding]) -> list[list[SettledFinding]]:
    """Findings of one cause together, where the first is: those that say the same, else those of one place."""
    of = {id(settled): [settled] for settled in shown}
    for cause in (_words, _place):
        groups: dict[tuple[object, ...], list[SettledFinding]] = {}
        for settled in shown:
            if len(of[id(settled)]) == 1:
                groups.setdefault((*_kind(settled), *cause(settled)), []).append(settled)
        for group in groups.values():
            if len(group) >= _GROUPED_FROM:
                of.update((id(settled), group) for settled in group)
    return [of[id(settled)] for settled in shown if of[id(settled)][0] is settled]


def _kind(settled: SettledFinding) -> tuple[object, ...]:
    finding = settled.finding
    return finding.rule, finding.verdict, finding.severity, settled.known, settled.acceptance


def _words(settled: SettledFinding) -> tuple[object, ...]:
    """What it says, but for the subject."""
    finding = settled.finding
    return (finding.message.replace(finding.subject, "\0") if finding.subject else finding.message,)


def _place(settled: SettledFinding) -> tuple[object, ...]:
    """The argument that it shows, which `count`, `for_each` or a module made many of; itself where there is none."""
    where = settled.location
    return (where.path, where.line, where.column) if where.line else (id(settled),)


def _stacks(shown: Sequence[SettledFinding]) -> int:
    return len({settled.finding.stack for settled in shown if settled.finding.stack})


def _nothing(report: Report) -> str:
    """What it means that no finding is shown. Nothing unchecked, hidden or accepted may read as good."""
    hidden = len(report.findings) - report.suppressed
    accepted = f"{report.suppressed} suppressed" if report.suppressed else ""
    below = f"{hidden} not shown at this severity" if hidden else ""
    but = f" ({', '.join(filter(None, (accepted, below)))})" if report.findings else ""
    open_questions = wording.unanswered(report)
    if not open_questions and report.questions:
        return f"No findings{but}."
    if not report.kinds:
        return f"No findings{but}: nothing was checked."
    answers = [f"{question.title} {wording.answer(question).capitalize()}." for question in open_questions]
    return " ".join([f"No findings{but} in what was checked.", *answers])


class _Writer:
    """Writes findings one by one; what does not change from one to the next is kept."""

    def __init__(self, report: Report, view: View, *, stacks: bool) -> None:
        self._report = report
        self._view = view
        self._stacks = stacks
        self._paint: Paint = painter(color=view.color)

    def block(self, settled: SettledFinding) -> str:
        """One finding, whole."""
        finding = settled.finding
        lines = [self._header(settled), *self._wrapped("", wording.sentence(finding))]
        lines.extend(self._excerpt(settled.location, wording.label(finding)))
        if finding.due is not None:
            lines.extend(self._wrapped("due: ", wording.due(finding, self._report.now)))
        if self._stacks and finding.stack:
            lines.extend(self._wrapped("stack: ", finding.stack))
        for related in settled.related:
            where = related.location
            if related.call:
                lines.extend(self._wrapped("", f"from module call at {where.path}:{where.line}"))
            else:
                lines.extend(self._wrapped("see: ", f"{_where(where)}: {related.message}"))
        if settled.acceptance is not None:
            accepted = settled.acceptance
            until = f", until {accepted.expires}" if accepted.expires else ""
            owner = f" ({accepted.owner}{until})" if accepted.owner else until
            lines.extend(self._wrapped("accepted: ", f"{accepted.reason}{owner}"))
        if finding.help:
            lines.extend(self._wrapped("help: ", finding.help))
        if finding.document:
            lines.extend(f"    {neutral(line)}" for line in _one_key_a_line(finding.document))
        return "\n".join(lines)

    def rest(self, group: list[SettledFinding]) -> str:
        """What stands for the findings of a group that are not shown."""
        left = group[_SHOWN_OF_GROUP:]
        paths = len({settled.location.path for settled in left})
        alike = "that say the same" if len({_words(settled) for settled in group}) == 1 else "at this line"
        files = f" in {paths} files" if paths > 1 else ""
        text = f"... and {len(left)} more of {left[0].finding.rule} {alike}{files}; list all: --output json"
        return "\n".join(self._wrapped("", text))

    def _header(self, settled: SettledFinding) -> str:
        finding = settled.finding
        where = neutral(_where(settled.location))
        label = wording.label(finding)
        rule = neutral(f"{finding.rule} {finding.name}")
        remarks = wording.remarks(settled)
        line = f"{self._paint(where + ':', 'where')} {self._paint(label, label)} {rule}"
        return f"{line} {self._paint(remarks, 'faint')}" if remarks else line

    def _excerpt(self, place: Location, style: str) -> Iterator[str]:
        line = self._view.excerpt(place) if place.line else None
        if line is None or not line.strip():
            return
        gutter = f"{place.line:>5} | "
        shown = excerpt(line, place, self._view.width - len(gutter))
        yield self._paint(gutter, "faint") + shown.text
        if shown.carets:
            yield self._paint(f"{'':>5} | ", "faint") + self._paint(shown.carets, style)

    def _wrapped(self, label: str, text: str) -> list[str]:
        return paragraph(label, text, paint=self._paint, width=self._view.width)


def _where(place: Location) -> str:
    """`path:line:column`, as far as it is known."""
    if not place.path:
        return "this run"
    return ":".join([place.path, *(str(number) for number in (place.line, place.column) if number)])


def _one_key_a_line(document: str) -> Iterator[str]:
    """A JSON object as people copy it: short enough to read, one key on each line."""
    items = list(msgspec.json.decode(document, type=dict[str, object]).items())
    yield "{"
    for number, (key, value) in enumerate(items, 1):
        text = msgspec.json.format(msgspec.json.encode(value), indent=0).decode()
        yield f'  "{key}": {text}{"," if number < len(items) else ""}'
    yield "}"
