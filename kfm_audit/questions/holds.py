"""Does the evidence hold?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from kfm_audit.evidence import Evidence
from kfm_audit.facts import Correction, Incident
from kfm_audit.findings.finding import Finding
from kfm_audit.questions.words import number

BEYOND: Final = "the order of events in provenance and changes to records are not judged by this version"


def scope(evidence: Evidence) -> str:
    """What the answer is about."""
    corrections = number(len(evidence.of(Correction)), "correction")
    return f"{corrections} and {number(len(evidence.of(Incident)), 'incident')}"


def gaps(evidence: Evidence, findings: Sequence[Finding]) -> Iterator[str]:  # noqa: ARG001 - as all questions ask
    """What keeps the answer from being whole."""
    broken = sum(1 for finding in findings if finding.rule == "PRV001")
    if broken:
        yield f"{number(broken, 'provenance document')} could not be understood"
