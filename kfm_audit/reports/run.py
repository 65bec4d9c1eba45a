"""What is said about a run beside its findings: standard error."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import TextWrapper
from typing import Final

from kfm_audit.reports import wording
from kfm_audit.reports.neutral import neutral
from kfm_audit.reports.report import Answer, InputStatus, Report, View, Window
from kfm_audit.reports.style import Paint, painter

_LISTED: Final = 5
"""So many files are named; the JSON report names all."""
_LABEL_WIDTH: Final = 12


def render_run(report: Report, view: View) -> str:
    """What was read, what was not, how far the four questions were answered, and what it came to.

    It begins with an empty line: on a terminal it follows the findings.
    """
    lines = _Lines(view, painter(color=view.color))
    lines.blank()
    lines.add("inputs", _inputs(report))
    for status, label in ((InputStatus.PARTLY, "in part"), (InputStatus.UNREADABLE, "unreadable")):
        lines.files(label, [record.path for record in report.inputs_that_are(status)], "error")
    lines.add("facts", wording.tally(report.facts) or "none")
    lines.files("ignored", [f"{ignored.path}: {ignored.why}" for ignored in report.ignored])
    lines.add("policy", f"{report.policy_name}, {len(report.rules)} rules, {_times(report)}")
    lines.blank()
    for question in report.questions:
        answer = wording.answer(question)
        style = "" if question.answer is Answer.ANSWERED else "warning"
        lines.answer(question.title, answer, question.why, style)
    lines.blank()
    if report.contract is not None:
        from kfm_audit.reports.contract_text import contract_lines, contract_sentence

        lines.add("contract", contract_sentence(report.contract))
        lines.extend(contract_lines(report.contract, lines.width, lines.paint))
        lines.blank()
    lines.add("findings", wording.counts(report))
    lines.end(wording.outcome(report).sentence, "error" if report.exit_code else "where")
    return lines.text


def _inputs(report: Report) -> str:
    return f"{len(report.inputs)}: {wording.tally(report.kinds)}" if report.inputs else "none"


def _times(report: Report) -> str:
    now = f"as of {wording.moment(report.now)}"
    events = _events(report.window)
    return f"{now}, {events}" if events else now


def _events(window: Window) -> str:
    since = f"since {wording.moment(window.since)}" if window.since else ""
    until = f"until {wording.moment(window.until)}" if window.until else ""
    return " ".join(["events", *filter(None, (since, until))]) if since or until else ""


class _Lines:
    """Labelled paragraphs, wrapped to the width of the view."""

    def __init__(self, view: View, paint: Paint) -> None:
        self.width = max(view.width, 40)
        self.paint = paint
        self._lines: list[str] = []

    @property
    def text(self) -> str:
        return "\n".join(self._lines) + "\n"

    def add(self, label: str, text: str, style: str = "label") -> None:
        """A paragraph beside its label; nothing where there is nothing to say."""
        if text:
            first, *rest = self._wrapped(text, " " * _LABEL_WIDTH)
            self._lines.append(self.paint(f"{label:<{_LABEL_WIDTH}}", style) + first[_LABEL_WIDTH:])
            self._lines.extend(rest)

    def files(self, label: str, names: Sequence[str], style: str = "label") -> None:
        """How many there are, and below it the first of them, one a line; nothing where there is none."""
        if names:
            self.add(label, str(len(names)), style)
            for name in names[:_LISTED]:
                self._lines.extend(self._wrapped(name, " " * _LABEL_WIDTH, hang="  "))
            if len(names) > _LISTED:
                more = f"and {len(names) - _LISTED} more (--output json lists them all)"
                self._lines.extend(self._wrapped(more, " " * _LABEL_WIDTH))

    def answer(self, title: str, answer: str, why: str, style: str) -> None:
        """A question with its answer, and below it why no more."""
        painted = self.paint(answer, style) if style else answer
        self._lines.append(f"{neutral(title)} {painted}")
        self._lines.extend(self._wrapped(why, "  ") if why else ())

    def end(self, text: str, style: str) -> None:
        """The last line."""
        self._lines.append(self.paint(text, style))

    def extend(self, lines: Iterable[str]) -> None:
        """Lines that are laid out already."""
        self._lines.extend(lines)

    def blank(self) -> None:
        """An empty line."""
        self._lines.append("")

    def _wrapped(self, text: str, indent: str, hang: str = "") -> list[str]:
        wrapper = TextWrapper(
            width=self.width,
            initial_indent=indent,
            subsequent_indent=indent + hang,
            break_long_words=False,
            break_on_hyphens=False,
        )
        return wrapper.wrap(neutral(text)) or [indent]
