"""A rule's page as SARIF's reporting descriptor: from the catalogue, never from a finding."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from kfm_audit.reports.neutral import shorten
from kfm_audit.rules.kit import Rule
from kfm_audit.rules.page import docs_url, page

_TEXT_LIMIT: Final = 1024
"""Characters of a rule's short and full description that GitHub takes."""

_TAGS: Final[dict[str, tuple[str, ...]]] = {
    "ALM": ("alarms", "cloudwatch", "reliability"),
    "SNS": ("alarms", "notification", "reliability"),
    "LFS": ("audit", "lakefs", "rollback"),
    "PRV": ("audit", "provenance"),
    "INC": ("audit", "incidents"),
    "TEL": ("telemetry", "cardinality"),
    "GOV": ("audit", "governance"),
    "DOC": ("audit", "governance"),
    "SYS": ("kfm-audit",),
}
"""What GitHub can filter alerts by. The family itself stands first; a plug-in's family has no other tag."""

_PROBLEM_SEVERITY: Final = {"error": "error", "warning": "warning", "note": "recommendation"}


class Multiformat(Struct, omit_defaults=True):
    """A text, and the same in Markdown where that differs."""

    text: str
    markdown: str = ""


class _Configuration(Struct):
    level: str


class _Properties(Struct, rename={"problem_severity": "problem.severity"}):
    precision: str
    problem_severity: str
    tags: tuple[str, ...]


class Descriptor(Struct, rename="camel"):
    """SARIF's `reportingDescriptor`, with all that GitHub asks for."""

    id: str
    name: str
    short_description: Multiformat
    full_description: Multiformat
    help: Multiformat
    help_uri: str
    default_configuration: _Configuration
    properties: _Properties


def descriptor(rule: Rule) -> Descriptor:
    """Describe a rule.

    No rule has a `security-severity`: GitHub would mix these alerts with
    vulnerabilities and rank them by a score that nobody gave.
    """
    written = page(rule)
    why = " ".join(written.sections.get("Why", "").split())
    text = written.markdown.strip() or written.summary
    return Descriptor(
        id=rule.id,
        name=rule.name,
        short_description=Multiformat(shorten(written.summary, _TEXT_LIMIT)),
        full_description=Multiformat(shorten(why or written.summary, _TEXT_LIMIT)),
        help=Multiformat(text, text),
        help_uri=docs_url(rule.name),
        default_configuration=_Configuration(rule.severity.value),
        properties=_Properties(
            precision="high",
            problem_severity=_PROBLEM_SEVERITY[rule.severity.value],
            tags=(rule.family, *_TAGS.get(rule.family, ())),
        ),
    )
