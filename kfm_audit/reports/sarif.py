"""SARIF 2.1.0 as GitHub code scanning reads it.

What GitHub demands and the standard does not: every result has exactly one
physical location with a whole region, relative to the repository (an upload
with one result that has none is refused whole); texts of rules come from the
catalogue; at most 5,000 results are kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct

from kfm_audit.findings.finding import AcceptedBy, Finding, SettledFinding, Severity, Verdict
from kfm_audit.reports import wording
from kfm_audit.reports.encode import encode
from kfm_audit.reports.neutral import neutral, shorten
from kfm_audit.reports.people import publishable
from kfm_audit.reports.places import repository_path, span
from kfm_audit.reports.report import Report, View, worst_first
from kfm_audit.reports.sarif_rules import Descriptor, Multiformat, descriptor
from kfm_audit.rules.page import DOCS_URL
from kfm_audit.values import Location

SCHEMA_URI: Final = "https://json.schemastore.org/sarif-2.1.0.json"
INFORMATION_URI: Final = DOCS_URL.removesuffix("rules/")

RESULTS_KEPT: Final = 5000
"""GitHub keeps so many results of a run, and refuses a run of more than 25,000."""
RELATED_KEPT: Final = 99
"""GitHub keeps 100 locations of a result; the first is its own."""
_TEXT_LIMIT: Final = 2000

RUN_ITSELF: Final = "kfm-audit.toml"
"""Where findings about the run itself are shown: GitHub needs a file, and this one, which need not
exist, is where most of them are mended."""

GENERATED: Final = frozenset({"terraform-plan", "telemetry", "lakefs-log"})
"""Kinds of inputs that a tool writes and no repository keeps.

For their lines GitHub's upload action has no source to hash, or one that is
a single line long; ours is the stable fingerprint. For files that are checked
in, the action makes the hash itself and warns about any other.
"""


class _Artifact(Struct):
    uri: str


class _Region(Struct, rename="camel"):
    start_line: int
    start_column: int
    end_line: int
    end_column: int


class _PhysicalLocation(Struct, rename="camel"):
    artifact_location: _Artifact
    region: _Region


class _Location(Struct, rename="camel", omit_defaults=True):
    physical_location: _PhysicalLocation
    id: int | None = None
    message: Multiformat | None = None


class _Suppression(Struct, omit_defaults=True):
    kind: str
    status: str
    justification: str
    properties: dict[str, str] = {}


class _Properties(Struct, omit_defaults=True):
    verdict: str
    baseline: str
    subject: str
    stack: str = ""
    attribute: str = ""
    due: datetime | None = None


class _Result(Struct, rename="camel", omit_defaults=True):
    rule_id: str
    level: str
    message: Multiformat
    locations: tuple[_Location]
    partial_fingerprints: dict[str, str]
    properties: _Properties
    rule_index: int | None = None
    related_locations: list[_Location] = []
    suppressions: list[_Suppression] = []


class _RuleReference(Struct, omit_defaults=True):
    id: str
    index: int | None = None


class _Notification(Struct, rename="camel", omit_defaults=True):
    level: str
    message: Multiformat
    locations: list[_Location] = []
    associated_rule: _RuleReference | None = None


class _Invocation(Struct, rename="camel", omit_defaults=True):
    execution_successful: bool
    exit_code: int
    tool_execution_notifications: list[_Notification] = []


class _Driver(Struct, rename="camel"):
    name: str
    version: str
    semantic_version: str
    information_uri: str
    rules: list[Descriptor]


class _Tool(Struct):
    driver: _Driver


class _Automation(Struct):
    id: str


class _Run(Struct, rename="camel"):
    tool: _Tool
    automation_details: _Automation
    invocations: tuple[_Invocation]
    column_kind: str
    results: list[_Result]


class _Log(Struct, rename={"schema": "$schema"}):
    schema: str
    version: str
    runs: tuple[_Run]


def render(report: Report, view: View) -> str:
    """The log. Its rules are all that were selected, so that GitHub's tool page lists what was checked."""
    writer = _Writer(publishable(report, view), view)
    return encode(_Log(SCHEMA_URI, "2.1.0", (writer.run(),)))


class _Writer:
    """Turns findings into results; knows the index of each rule and the kind of each input."""

    def __init__(self, report: Report, view: View) -> None:
        self._report = report
        self._view = view
        self._rule_index = {rule.id: index for index, rule in enumerate(report.rules)}
        self._generated = frozenset(record.path for record in report.inputs if record.kind in GENERATED)
        self._seen: Counter[str] = Counter()

    def run(self) -> _Run:
        report, view = self._report, self._view
        shown = sorted((settled for settled in report.findings if view.shows(settled)), key=worst_first)
        return _Run(
            tool=_Tool(
                _Driver(
                    name="kfm-audit",
                    version=report.version,
                    semantic_version=report.version,
                    information_uri=INFORMATION_URI,
                    rules=[descriptor(rule) for rule in report.rules],
                )
            ),
            # GitHub takes the id for a category only where it holds a slash.
            automation_details=_Automation(f"kfm-audit/{view.category}/"),
            invocations=(
                _Invocation(
                    execution_successful=report.exit_code < 2,
                    exit_code=report.exit_code,
                    tool_execution_notifications=self._notifications(shown),
                ),
            ),
            column_kind="unicodeCodePoints",
            results=[self._result(settled) for settled in shown[:RESULTS_KEPT]],
        )

    def _result(self, settled: SettledFinding) -> _Result:
        finding = settled.finding
        related = [
            self._location(item.location, id=number, message=item.message)
            for number, item in enumerate(settled.related[:RELATED_KEPT], 1)
        ]
        return _Result(
            rule_id=finding.rule,
            rule_index=self._rule_index.get(finding.rule),
            level=_level(finding),
            message=self._message(settled),
            locations=(self._location(settled.location),),
            partial_fingerprints=self._fingerprints(settled),
            properties=_Properties(
                verdict=finding.verdict.value,
                baseline="known" if settled.known else "new",
                subject=finding.subject,
                stack=finding.stack,
                attribute=finding.place.attribute,
                due=finding.due,
            ),
            related_locations=related,
            suppressions=self._suppressions(settled),
        )

    def _message(self, settled: SettledFinding) -> Multiformat:
        """The first sentence is the alert's title; related places are links to their ids."""
        finding = settled.finding
        label = "" if finding.verdict is Verdict.FAIL else f"{wording.label(finding).capitalize()}: "
        sentences = [f"{_text(label + wording.sentence(finding))}."]
        if finding.due is not None:
            sentences.append(f"Due: {wording.due(finding, self._report.now)}.")
        if finding.help:
            sentences.append(f"Help: {_text(finding.help).removesuffix('.')}.")
        sentences.extend(
            f"See [{_text(item.message)}]({number})."
            for number, item in enumerate(settled.related[:RELATED_KEPT], 1)
        )
        return Multiformat(" ".join(sentences))

    def _location(self, place: Location, *, id: int | None = None, message: str = "") -> _Location:  # noqa: A002 - SARIF's word
        from urllib.parse import quote

        path = repository_path(place.path, self._view) or RUN_ITSELF
        at = span(place)
        return _Location(
            physical_location=_PhysicalLocation(
                artifact_location=_Artifact(quote(path.encode("utf-8", "replace"), safe="/")),
                region=_Region(at.line, at.column, at.end_line, at.end_column),
            ),
            id=id,
            message=Multiformat(_text(message)) if message else None,
        )

    def _fingerprints(self, settled: SettledFinding) -> dict[str, str]:
        """Ours always; GitHub's own key only where GitHub cannot make it (see `GENERATED`)."""
        fingerprint = settled.finding.fingerprint
        fingerprints = {"kfmAudit/v1": fingerprint}
        if settled.location.path in self._generated:
            self._seen[fingerprint] += 1  # results with the same hash would become one alert
            fingerprints["primaryLocationLineHash"] = f"{fingerprint[3:]}:{self._seen[fingerprint]}"
        return fingerprints

    def _suppressions(self, settled: SettledFinding) -> list[_Suppression]:
        accepted = settled.acceptance
        if accepted is None:
            return []
        said = {"expires": accepted.expires, "owner": accepted.owner}
        return [
            _Suppression(
                kind="inSource" if accepted.by is AcceptedBy.INLINE else "external",
                status="accepted",
                justification=_text(accepted.reason),
                properties={key: text for key, text in said.items() if text},
            )
        ]

    def _notifications(self, shown: Sequence[SettledFinding]) -> list[_Notification]:
        """What hindered the audit itself. These findings are results too, so that they are seen."""
        notifications = [
            _Notification(
                level=settled.finding.severity.value,
                message=self._message(settled),
                locations=[self._location(settled.location)],
                associated_rule=_RuleReference(
                    settled.finding.rule, self._rule_index.get(settled.finding.rule)
                ),
            )
            for settled in shown[:RESULTS_KEPT]
            if settled.finding.rule.startswith("SYS")
        ]
        dropped = len(shown) - RESULTS_KEPT
        if dropped > 0:
            text = (
                f"{dropped} of {len(shown)} findings are not in this file, the least severe ones: "
                f"GitHub keeps {RESULTS_KEPT} of a run. --output json has them all."
            )
            notifications.append(_Notification("warning", Multiformat(text)))
        return notifications


def _level(finding: Finding) -> str:
    """What is undecided or pending is a note, whatever it would be if it failed."""
    return finding.severity.value if finding.verdict is Verdict.FAIL else Severity.NOTE.value


def _text(text: str) -> str:
    """Text that holds no link: in SARIF messages `[text](target)` is one."""
    return shorten(neutral(text), _TEXT_LIMIT).replace("](", "] (")
