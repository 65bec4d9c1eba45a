"""The report of one run: what every format is rendered from.

A format is one file beside this one with `render(report, view) -> str`. It
reads nothing, decides nothing and iterates no set.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from kfm_audit.findings.finding import SettledFinding, Severity, Verdict
from kfm_audit.inputs.record import IgnoredFile, InputRecord, InputStatus
from kfm_audit.rules.kit import Rule
from kfm_audit.values import Location

if TYPE_CHECKING:
    from kfm_audit.reports.contract import ContractMatrix
    from kfm_audit.reports.population import Population

__all__ = [
    "Answer",
    "IgnoredFile",
    "InputRecord",
    "InputStatus",
    "Question",
    "Report",
    "RuleCount",
    "View",
    "Window",
    "worst_first",
]


class Answer(Enum):
    """How far one of the four questions was answered."""

    ANSWERED = "answered"
    PARTLY = "partly"
    NOT_CHECKED = "not-checked"


class Question(Struct, frozen=True):
    """One of the four questions: how far it was answered, and why no further."""

    name: str
    title: str
    answer: Answer
    why: str


class RuleCount(Struct, frozen=True, kw_only=True):
    """What one rule did in a run."""

    tested: int = 0
    failed: int = 0
    pending: int = 0
    undecided: int = 0


class Window(Struct, frozen=True):
    """The events that were judged; None is open."""

    since: datetime | None = None
    until: datetime | None = None


class Report(Struct, frozen=True, kw_only=True, dict=True):
    """All that is known at the end of a run.

    `findings` are all of them, in the documented order, suppressed ones too;
    formats show those that `View` admits and count the rest. `population` is None where nothing of
    lakeFS was read, `contract` where nothing owes alarms or no rule was selected
    that holds alarms to the contract. `rules` are all
    rules that were selected, by id, also those that found nothing. `resolved`
    counts baseline entries that no finding matched.
    """

    version: str
    now: datetime
    window: Window
    policy_name: str
    policy_sha256: str
    questions: tuple[Question, ...]
    inputs: tuple[InputRecord, ...]
    ignored: tuple[IgnoredFile, ...]
    facts: Mapping[str, int]
    rules: tuple[Rule, ...]
    counts: Mapping[str, RuleCount]
    findings: tuple[SettledFinding, ...]
    resolved: int = 0
    exit_code: int = 0
    population: Population | None = None
    contract: ContractMatrix | None = None

    def failures(self, severity: Severity) -> int:
        """How many unsuppressed findings of this severity failed."""
        return self._open.get((severity, Verdict.FAIL), 0)

    def verdicts(self, verdict: Verdict) -> int:
        """How many unsuppressed findings have this verdict."""
        return sum(self._open.get((severity, verdict), 0) for severity in Severity)

    @cached_property
    def _open(self) -> dict[tuple[Severity, Verdict], int]:
        """How many unsuppressed findings there are of each severity and verdict."""
        found: dict[tuple[Severity, Verdict], int] = {}
        for settled in self.findings:
            if settled.acceptance is None:
                key = (settled.finding.severity, settled.finding.verdict)
                found[key] = found.get(key, 0) + 1
        return found

    @property
    def suppressed(self) -> int:
        """How many findings were accepted on purpose."""
        return sum(1 for settled in self.findings if settled.acceptance is not None)

    @property
    def kinds(self) -> dict[str, int]:
        """How many inputs there are of each kind, by the kind's name, `unrecognised` among them."""
        kinds: dict[str, int] = {}
        for kind in sorted(record.kind or "unrecognised" for record in self.inputs):
            kinds[kind] = kinds.get(kind, 0) + 1
        return kinds

    def inputs_that_are(self, status: InputStatus) -> tuple[InputRecord, ...]:
        """The inputs of one status, in their order."""
        return tuple(record for record in self.inputs if record.status is status)


class View(Struct, frozen=True, kw_only=True):
    """How one run is to be shown.

    `color` and `width` are for terminals. `excerpt` gives the text of one line
    (path, 1-based number) of an input that may be shown, else None.
    `relative_to_repository` turns a path of a finding into one relative to the
    repository root, for SARIF, GitHub and GitLab. `people` says whether names
    of people may be printed (design section 4). `category` tells apart the
    analyses of one commit in GitHub code scanning: an upload replaces the one
    before it of the same category.
    """

    min_severity: Severity = Severity.NOTE
    show_suppressed: bool = False
    color: bool = False
    width: int = 100
    people: bool = True
    category: str = "check"
    excerpt: Callable[[Location], str | None] = lambda _location: None
    relative_to_repository: Callable[[str], str] = lambda path: path

    def shows(self, settled: SettledFinding) -> bool:
        """Whether a finding is to be shown."""
        if settled.acceptance is not None and not self.show_suppressed:
            return False
        lowest = self.min_severity
        return lowest is Severity.NOTE or settled.finding.severity.rank <= lowest.rank


def worst_first(settled: SettledFinding) -> tuple[object, ...]:
    """The order in which formats with a limited number of places fill them.

    Failures before what is pending or undecided, by severity, new before known,
    accepted ones last; then the documented order.
    """
    finding = settled.finding
    return (
        settled.acceptance is not None,
        finding.verdict is not Verdict.FAIL,
        finding.severity.rank,
        settled.known,
        settled.sort_key,
    )
