"""All that is derived from lakeFS's traces: rollbacks and cases, promotions and writes, safeguards, gates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from kfm_audit.evidence.lakefs.cases import join_cases
from kfm_audit.evidence.lakefs.promotions import direct_writes, promotions
from kfm_audit.evidence.lakefs.safeguards import safeguard_changes
from kfm_audit.evidence.lakefs.trail import audit_trail
from kfm_audit.facts import (
    ActionFile,
    ActionFolder,
    Fact,
    GateSet,
    PolicyGlob,
    RepositoryCall,
    RepositoryRewrite,
)
from kfm_audit.lakefs.operations import Decision, of_decision
from kfm_audit.values import Origin

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence


def join_lakefs(evidence: Evidence) -> None:
    """Add what lakeFS's traces come to under the policy, as far as the window admits it."""
    join_cases(evidence)
    evidence.add([p for p in promotions(evidence) if evidence.in_window(p.time)])
    evidence.add([w for w in direct_writes(evidence) if evidence.in_window(w.first)])
    evidence.add([change for change in safeguard_changes(evidence) if evidence.in_window(change.time)])
    evidence.add([*_rewrites(evidence), *_gate_sets(evidence), *_policy_globs(evidence)])
    trail = audit_trail(evidence)
    if trail is not None:
        evidence.add([trail])


def _rewrites(evidence: Evidence) -> Iterator[Fact]:
    """The calls that rewrote or destroyed a repository of the policy."""
    rewriting = {operation.value for operation in of_decision(Decision.REWRITE)}
    for call in evidence.calls.of(RepositoryCall):
        ours = evidence.calls.of_policy(call.repository)
        if call.operation in rewriting and ours and evidence.in_window(call.time):
            yield RepositoryRewrite(**msgspec.structs.asdict(call))


def _gate_sets(evidence: Evidence) -> Iterator[Fact]:
    """All action files of each ref that was listed, and those of the checkout."""
    for folder in evidence.of(ActionFolder):
        yield GateSet(
            subject=folder.subject,
            origin=folder.origin,
            repository=folder.repository,
            ref=folder.ref,
            files=folder.files,
        )
    local = [file for file in evidence.of(ActionFile) if not file.repository]
    if local:
        # The folder that they lie in: what guards the environments is all of them together.
        subject = local[0].subject.rpartition("/")[0] or "_lakefs_actions"
        files = tuple(file.subject for file in local)
        yield GateSet(subject=subject, origin=local[0].origin, repository="", ref="", files=files)


def _policy_globs(evidence: Evidence) -> Iterator[Fact]:
    """The globs of branches that the policy names, each with the key that names it."""
    policy = evidence.policy.lakefs
    named = [
        *((f"environment_branches.{name}", globs) for name, globs in policy.environment_branches.items()),
        ("run_branches", policy.run_branches),
        *((f"promotion.sources.{name}", globs) for name, globs in policy.promotion.sources.items()),
        *((f"overrides.{number}.branches", o.branches) for number, o in enumerate(policy.overrides)),
    ]
    for key, globs in named:
        for glob in globs:
            subject = f"policy {evidence.policy.name}: lakefs.{key}"
            yield PolicyGlob(subject=subject, origin=Origin(""), glob=glob)
