"""What fails, for people in a terminal and in a CI log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from kfm_audit.alarmtests.formats import View, wording
from kfm_audit.alarmtests.formats.drawing import drawing
from kfm_audit.alarmtests.model import Fault
from kfm_audit.alarmtests.places import Place
from kfm_audit.alarmtests.results import AssertionResult, FileResult, Outcome, TestRun
from kfm_audit.reports.excerpt import excerpt
from kfm_audit.reports.neutral import neutral
from kfm_audit.reports.paragraph import paragraph
from kfm_audit.reports.style import painter
from kfm_audit.values import Location

_LABELS: Final = {
    Outcome.HOLDS: ("holds", "label"),
    Outcome.FAILS: ("fails", "error"),
    Outcome.UNREADABLE: ("cannot be evaluated", "error"),
    Outcome.BROKEN: ("error", "error"),
}


def render(run: TestRun, view: View) -> str:
    """Faults, and every assertion that fails or that hangs on something; where all hold, that they do."""
    writer = _Writer(view)
    blocks = [
        block
        for file in run.files
        for block in (
            *writer.faults(file, file.faults),
            *writer.faults(file, file.unreadable),
            *writer.results(file),
        )
    ]
    if not run.assertions and not blocks:
        looked_at = ", ".join(run.looked_at) or "what was named"
        called = f" whose name is like {' or '.join(run.names)}" if run.names else ""
        blocks.append(neutral(f"No test{called} was found in {looked_at}."))
    if view.coverage and run.coverage.alarms:
        blocks.append(writer.coverage(run))
    if run.assertions and run.exit_code == 0:
        blocks.append(
            f"All {run.assertions} assertions hold." if run.assertions > 1 else "The assertion holds."
        )
    return "\n\n".join(blocks) + "\n"


def render_run(run: TestRun, view: View) -> str:
    """What is said about the run, on standard error: numbers, coverage, assumptions."""
    paint = painter(color=view.color)
    lines = [wording.summary(run)]
    covered = wording.coverage(run.coverage)
    if covered:
        lines.append(paint(covered, "error") if run.coverage.too_low else covered)
    for one, number in wording.assumed(run):
        choice = f" = {one.choice}" if one.choice else ""
        resting = wording.plural(number, "assertion")
        lines.append(neutral(f"assumed: {one.name}{choice} ({resting}): {one.about}"))
    return "".join(f"{line}\n" for line in lines)


class _Writer:
    def __init__(self, view: View) -> None:
        self._view = view
        self._paint = painter(color=view.color)

    def faults(self, file: FileResult, faults: Iterable[Fault]) -> Iterator[str]:
        for fault in faults:
            where = f"{file.path}:{fault.place.line}:{fault.place.column}"
            lines = [self._header(where, "error", "error", ""), *self._wrapped("", fault.message)]
            lines += self._excerpt(file, fault.place, "", "error")
            yield "\n".join(lines)

    def results(self, file: FileResult) -> Iterator[str]:
        for result in file.results:
            if result.outcome is not Outcome.HOLDS or wording.warnings(result) or self._view.verbose:
                yield "\n".join(self._block(file, result))

    def coverage(self, run: TestRun) -> str:
        lines = [
            f"  {alarm.assertions or '-':>4}  {neutral(alarm.name)}  {self._paint(neutral(alarm.subject), 'faint')}"
            for alarm in run.coverage.alarms
        ]
        return "\n".join(["assertions on each alarm:", *lines])

    def _block(self, file: FileResult, result: AssertionResult) -> Iterator[str]:
        place = wording.place_of(result)
        label, style = _LABELS[result.outcome]
        yield self._header(f"{file.path}:{place.line}:{place.column}", label, style, result.test.name)
        for sentence in wording.sentences(result):
            yield from self._wrapped("", sentence)
        if result.mismatches:
            yield from self._excerpt(file, place, wording.key_of(result), style)
        observed = result.observed
        if observed is not None and (result.mismatches or self._view.verbose):
            if observed.evaluations:
                room = self._view.width - 4
                yield from (f"    {line}" for line in drawing(result.assertion, observed, self._paint, room))
            for name, text in wording.about(observed):
                yield from self._wrapped(f"{name}: ", text)
        for warning in wording.warnings(result):
            yield from self._wrapped("warning: ", warning, "warning")

    def _header(self, where: str, label: str, style: str, name: str) -> str:
        return f"{self._paint(neutral(where) + ':', 'where')} {self._paint(label, style)} {neutral(name)}".rstrip()

    def _excerpt(self, file: FileResult, place: Place, key: str, style: str) -> Iterator[str]:
        if not 0 < place.line <= len(file.lines) or not file.lines[place.line - 1].strip():
            return
        gutter = f"{place.line:>5} | "
        end = place.column + max(len(key), 1)
        location = Location(file.path, place.line, place.column, place.line, end)
        shown = excerpt(file.lines[place.line - 1], location, self._view.width - len(gutter))
        yield self._paint(gutter, "faint") + shown.text
        yield self._paint(f"{'':>5} | ", "faint") + self._paint(shown.carets, style)

    def _wrapped(self, label: str, text: str, style: str = "label") -> list[str]:
        return paragraph(label, text, paint=self._paint, width=self._view.width, style=style)
