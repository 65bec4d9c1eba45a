"""Does telemetry stay affordable and comparable?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from kfm_audit.evidence import Evidence
from kfm_audit.facts import MetricFamily
from kfm_audit.findings.finding import Finding

BEYOND: Final = "series budgets and growth since the last run are not judged by this version"


def scope(evidence: Evidence) -> str:
    """What the answer is about."""
    families = len(evidence.of(MetricFamily))
    return "1 metric family" if families == 1 else f"{families} metric families"


def gaps(evidence: Evidence, findings: Sequence[Finding]) -> Iterator[str]:  # noqa: ARG001 - as all questions ask
    """What keeps the answer from being whole: nothing of its own."""
    yield from ()
