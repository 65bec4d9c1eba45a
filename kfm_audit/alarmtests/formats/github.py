"""GitHub workflow commands: what fails, as annotations of a pull request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from kfm_audit.alarmtests.formats import View, wording
from kfm_audit.alarmtests.formats.drawing import drawn
from kfm_audit.alarmtests.places import Place
from kfm_audit.alarmtests.results import FileResult, Outcome, TestRun
from kfm_audit.reports.github import BUDGET, annotation
from kfm_audit.reports.neutral import neutral

_WIDTH: Final = 80


def render(run: TestRun, view: View) -> str:
    """One command a line, errors first, then how many are not shown; "" where there is nothing to say."""
    commands = [*_errors(run, view), *_warnings(run, view)]
    used: Counter[str] = Counter()
    shown = []
    for level, line in commands:
        used[level] += 1
        if used[level] <= BUDGET:
            shown.append(line)
    missing = len(commands) - len(shown)
    if missing:
        shown.append(
            f"{missing} of {len(commands)} messages are not annotated: GitHub keeps {BUDGET} errors and {BUDGET} "
            "warnings of a step. --output json has them all."
        )
    return "".join(f"{line}\n" for line in shown)


def _errors(run: TestRun, view: View) -> Iterator[tuple[str, str]]:
    for file in run.files:
        for fault in (*file.faults, *file.unreadable):
            where = _where(file, fault.place, view)
            yield (
                "error",
                annotation("error", {**where, "title": "file of alarm tests"}, neutral(fault.message)),
            )
        for result in file.results:
            if result.outcome is Outcome.HOLDS:
                continue
            lines = [neutral(sentence) for sentence in wording.sentences(result)]
            if result.observed is not None and result.observed.evaluations:
                lines += drawn(result.assertion, result.observed, _WIDTH)
            properties = {
                **_where(file, wording.place_of(result), view),
                "title": neutral(result.test.name)[:255],
            }
            yield "error", annotation("error", properties, "\n".join(lines))
    if run.coverage.too_low:
        untested = ", ".join(alarm.name for alarm in run.coverage.untested)
        message = f"{wording.coverage(run.coverage)} No assertion is about {untested}."
        yield "error", annotation("error", {"title": "coverage of alarms"}, neutral(message))


def _warnings(run: TestRun, view: View) -> Iterator[tuple[str, str]]:
    for file, result in run.results:
        for warning in wording.warnings(result):
            properties = {
                **_where(file, result.assertion.place, view),
                "title": neutral(result.test.name)[:255],
            }
            yield "warning", annotation("warning", properties, neutral(warning))


def _where(file: FileResult, place: Place, view: View) -> dict[str, str]:
    path = view.repository_path(file.path)
    return {"file": neutral(path), "line": str(place.line), "col": str(place.column)}
