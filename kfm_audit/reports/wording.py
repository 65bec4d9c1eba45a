"""Phrases that several formats share, so that they all say the same."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, assert_never

from msgspec import Struct

from kfm_audit.findings.finding import Finding, SettledFinding, Severity, Verdict
from kfm_audit.reports.report import Answer, Question, Report

_INCOMPLETE: Final = {
    2: ("Not audited", "the command, the config or the policy is wrong"),
    3: ("Audited in part", "an input that the profile requires is missing or empty"),
    4: ("Audited in part", "an input could not be read"),
    5: ("Audited in part", "a rule or a plug-in failed"),
}


class Outcome(Struct, frozen=True):
    """What a run came to: in a few words, and why."""

    headline: str
    why: str

    @property
    def sentence(self) -> str:
        """Both."""
        return f"{self.headline}: {self.why}."


def plural(number: int, word: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def tally(counts: Mapping[str, int]) -> str:
    """`12 metric-alarm, 4 rollback`."""
    return ", ".join(f"{number} {kind}" for kind, number in sorted(counts.items()) if number)


def moment(time: datetime) -> str:
    """`2026-01-31 03:10 UTC`. Times are in UTC throughout."""
    return f"{time:%Y-%m-%d %H:%M} UTC"


def due(finding: Finding, now: datetime) -> str:
    """When what is owed is due, and how far off that is; "" where nothing is owed."""
    if finding.due is None:
        return ""
    left = finding.due - now
    how_far = f"{_span(-left)} ago" if left < timedelta() else f"in {_span(left)}"
    return f"{moment(finding.due)}, {how_far}"


def _span(span: timedelta) -> str:
    minutes = int(span.total_seconds()) // 60
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [f"{days} d" if days else "", f"{hours} h" if hours else "", f"{minutes} min" if minutes else ""]
    return " ".join([part for part in parts if part][:2]) or "under a minute"


def sentence(finding: Finding) -> str:
    """Subject and message: one sentence, or, where nothing could be known, what it is that could not."""
    if finding.subject in ("", "."):
        return finding.message
    colon = ":" if finding.verdict is Verdict.UNDECIDED else ""
    return f"{finding.subject}{colon} {finding.message}"


def label(finding: Finding) -> str:
    """The one word that says what a finding is: its severity where it failed, else its verdict."""
    match finding.verdict:
        case Verdict.FAIL:
            return finding.severity.value
        case Verdict.PENDING:
            return "pending"
        case Verdict.UNDECIDED:
            return "undecided"
        case _:
            assert_never(finding.verdict)


def remarks(settled: SettledFinding) -> str:
    """What else the first line of a finding must say, in brackets; "" where nothing."""
    finding = settled.finding
    said: list[str] = []
    match finding.verdict:
        case Verdict.FAIL:
            pass
        case Verdict.PENDING:
            said.append(f"{_article(finding.severity)} once overdue")
        case Verdict.UNDECIDED:
            said.append(f"{_article(finding.severity)} if it is so")
        case _:
            assert_never(finding.verdict)
    said.extend(standing(settled))
    return f"({'; '.join(said)})" if said else ""


def standing(settled: SettledFinding) -> list[str]:
    """Why a finding does not count as a new one, where it does not."""
    return [
        *(["known: in the baseline"] if settled.known else []),
        *(["suppressed"] if settled.acceptance is not None else []),
    ]


def _article(severity: Severity) -> str:
    return "an error" if severity is Severity.ERROR else f"a {severity.value}"


def counts(report: Report) -> str:
    """All findings in one line: what failed always, the rest where there is any."""
    said = [plural(report.failures(severity), severity.value) for severity in Severity]
    rest = {
        "pending": report.verdicts(Verdict.PENDING),
        "undecided": report.verdicts(Verdict.UNDECIDED),
        "suppressed": report.suppressed,
        "known from the baseline": sum(
            settled.known for settled in report.findings if settled.acceptance is None
        ),
        "resolved since the baseline": report.resolved,
    }
    return ", ".join([*said, *(f"{number} {what}" for what, number in rest.items() if number)])


def answer(question: Question) -> str:
    """`answered`, `partly` or `not checked`."""
    match question.answer:
        case Answer.ANSWERED:
            return "answered"
        case Answer.PARTLY:
            return "partly"
        case Answer.NOT_CHECKED:
            return "not checked"
        case _:
            assert_never(question.answer)


def unanswered(report: Report) -> tuple[Question, ...]:
    """The questions that were not answered in full."""
    return tuple(question for question in report.questions if question.answer is not Answer.ANSWERED)


def outcome(report: Report) -> Outcome:
    """What the run came to; it never claims more than was checked."""
    code = int(report.exit_code)
    if any(settled.finding.name == "nothing-checked" for settled in report.findings):
        return Outcome("Nothing was audited", "no input was recognised (exit 3)")
    if code in _INCOMPLETE:
        headline, why = _INCOMPLETE[code]
        return Outcome(headline, f"{why} (exit {code})")
    if code:
        return Outcome("Failed", f"there are findings at or above the threshold (exit {code})")
    return Outcome(
        "Passed in what was checked" if unanswered(report) else "Passed",
        "there is no finding at or above the threshold",
    )
