"""Derive from what was read what rules also speak about: rollbacks, denials and cases."""

from __future__ import annotations

from typing import Final

from kfm_audit.evidence.evidence import Evidence

_LAKEFS: Final = (
    *("LogCoverage", "BranchOperation", "MergeCall", "BranchWrite", "SafeguardCall", "RepositoryCall"),
    *("MembershipChange", "LedgerCase", "CommitRecord", "BranchHead", "ActionFile", "ActionFolder"),
    *("ActionRun", "HookEvent"),
    *("BranchProtection", "DeclaredBranch"),
)
"""The facts by one of which it shows that something of lakeFS was read."""
_DEPLOYED: Final = ("DeployedListing", "DeployedTags", "Topic", "Subscription", "Queue", "AlarmMuteRule")
"""The facts by one of which it shows that an answer of AWS was read."""


def join(evidence: Evidence) -> None:
    """Add derived facts to the evidence, before any rule runs. Pays only for what was read."""
    if any(evidence.named(kind) for kind in _LAKEFS):
        from kfm_audit.evidence.lakefs.derived import join_lakefs

        join_lakefs(evidence)
    if any(fact.deployed for kind in _DEPLOYED for fact in evidence.named(kind)):
        from kfm_audit.evidence.alarm.deployed import join_deployed

        join_deployed(evidence)
