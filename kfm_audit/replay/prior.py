"""What stands before a plan is applied, as evidence of its own."""

from __future__ import annotations

from collections.abc import Iterable

from kfm_audit.evidence import Evidence
from kfm_audit.evidence.alarm.earlier import before
from kfm_audit.facts import Change, Fact


def prior(evidence: Evidence, facts: Iterable[Fact]) -> Evidence:
    """The evidence of what stands before the plans of `facts` are applied: nothing that they create."""
    return Evidence(before(facts), evidence.policy, evidence.now)


def changes_anything(facts: Iterable[Fact]) -> bool:
    """Whether a plan among the inputs creates, changes or deletes what it declares."""
    return any(fact.change is not Change.UNCHANGED for fact in facts)
