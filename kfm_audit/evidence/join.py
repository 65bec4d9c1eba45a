"""Derive from what was read what rules also speak about: rollbacks, denials and cases."""

from __future__ import annotations

from kfm_audit.evidence.evidence import Evidence
from kfm_audit.facts import BranchOperation


def join(evidence: Evidence) -> None:
    """Add derived facts to the evidence, before any rule runs. Pays only for what was read."""
    if evidence.of(BranchOperation):
        from kfm_audit.evidence.cases import join_cases

        join_cases(evidence)
