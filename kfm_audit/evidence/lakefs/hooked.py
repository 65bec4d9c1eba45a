"""Reverts that hooks show: what lakeFS posted to webhooks after a revert, and the runs of its post-revert actions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from kfm_audit.evidence.lakefs.history import first_parent
from kfm_audit.evidence.lakefs.roles import standing
from kfm_audit.facts import ActionRun, BranchOperation, HookEvent, Rollback
from kfm_audit.lakefs.operations import Operation
from kfm_audit.policy.section import duration
from kfm_audit.values import Origin

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence

AFTER_REVERT: Final = "post-revert"
EVENTS: Final = "what lakeFS posted to a webhook"
RUNS: Final = "the runs of hooks"


class Hooked(Struct, frozen=True):
    """A revert of an environment branch, as a hook shows it; `user` is the committer, "" where nothing names one."""

    repository: str
    branch: str
    time: datetime
    commit: str
    user: str
    origin: Origin
    shown_by: str


def hooked_reverts(evidence: Evidence) -> tuple[Hooked, ...]:
    """The reverts of environment branches that hooks show up to now, each once, in the order of their time.

    An event says who committed, and is believed before a run, which does not.
    """
    found: dict[tuple[str, str, str], Hooked] = {}
    for hooked in (*_events(evidence), *_runs(evidence)):
        there = evidence.calls.environment(hooked.repository, hooked.branch) is not None
        if there and hooked.time <= evidence.now:
            key = (hooked.repository, hooked.branch, hooked.commit or f"{hooked.time}")
            found.setdefault(key, hooked)
    return tuple(sorted(found.values(), key=lambda hooked: (hooked.time, hooked.commit)))


def unlogged_reverts(evidence: Evidence, known: Iterable[Rollback]) -> Iterator[Rollback]:
    """The reverts that hooks show and none of the known rollbacks accounts for."""
    slack = duration(evidence.policy.lakefs.join_tolerance)
    rollbacks = tuple(known)
    commits = {call.commit for call in rollbacks if call.commit}
    for hooked in hooked_reverts(evidence):
        near = any(
            (call.repository, call.branch) == (hooked.repository, hooked.branch)
            and call.operation == Operation.REVERT.value
            and abs(call.time - hooked.time) <= slack
            and call.commit in ("", hooked.commit)
            for call in rollbacks
        )
        if not near and hooked.commit not in commits:
            yield _rollback(hooked, evidence)


def _rollback(hooked: Hooked, evidence: Evidence) -> Rollback:
    branch = evidence.calls.environment(hooked.repository, hooked.branch)
    assert branch is not None
    made = evidence.history.commit(hooked.repository, hooked.commit)
    call = BranchOperation(
        subject=f"lakefs://{hooked.repository}/{hooked.branch}@{hooked.commit or f'{hooked.time:%Y-%m-%dT%H:%M:%SZ}'}",
        origin=hooked.origin,
        operation=Operation.REVERT.value,
        repository=hooked.repository,
        branch=hooked.branch,
        time=hooked.time,
        user=hooked.user,
        status=0,
    )
    return Rollback(
        **{field: getattr(call, field) for field in call.__struct_fields__},
        environment=branch.environment,
        standing=standing(call, branch.roles, evidence.people),
        commit=hooked.commit,
        previous=first_parent(made) if made else "",
        shown_by=hooked.shown_by,
    )


def _events(evidence: Evidence) -> Iterator[Hooked]:
    for event in evidence.of(HookEvent):
        if event.event_type == AFTER_REVERT:
            yield Hooked(
                repository=event.repository,
                branch=event.branch,
                time=event.event_time,
                commit=event.commit,
                user=event.committer,
                origin=event.origin,
                shown_by=EVENTS,
            )


def _runs(evidence: Evidence) -> Iterator[Hooked]:
    for run in evidence.of(ActionRun):
        if run.event_type == AFTER_REVERT:
            made = evidence.history.commit(run.repository, run.commit) if run.commit else None
            yield Hooked(
                repository=run.repository,
                branch=run.branch,
                time=run.start_time,
                commit=run.commit,
                user=made.committer if made else "",
                origin=run.origin,
                shown_by=RUNS,
            )
