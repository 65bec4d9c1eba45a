"""On which commit somebody saw a branch stand, and when: snapshots of heads, and first pages of commit logs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from kfm_audit.facts import BranchHead, CommitLog

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence


class Sighting(Struct, frozen=True):
    """A branch stood on `commit` from `first` to `last`, as somebody saw; `shown_by` is the fact that says so."""

    commit: str
    first: datetime
    last: datetime
    shown_by: BranchHead | CommitLog


def sightings(evidence: Evidence) -> dict[tuple[str, str], list[Sighting]]:
    """What was seen of each branch's head, in the order of time; as long as it stood still it is one."""
    found: dict[tuple[str, str], list[Sighting]] = {}
    for head in evidence.of(BranchHead):
        first, last = head.first_seen or head.last_seen, head.last_seen or head.first_seen
        if first is not None and last is not None and first <= evidence.now:
            seen = Sighting(head.commit, first, min(last, evidence.now), head)
            found.setdefault((head.repository, head.branch), []).append(seen)
    for log in evidence.of(CommitLog):
        # A page that another one leads to begins in the middle: only a first page begins with the head.
        if log.as_of is not None and log.as_of <= evidence.now and log.newest and _is_first(log, evidence):
            seen = Sighting(log.newest, log.as_of, log.as_of, log)
            found.setdefault((log.repository, log.ref), []).append(seen)
    for seen_of_one in found.values():
        seen_of_one.sort(key=lambda seen: (seen.first, seen.last, seen.commit))
    return found


def _is_first(log: CommitLog, evidence: Evidence) -> bool:
    return not any(
        log.newest in other.open_ends
        for other in evidence.of(CommitLog)
        if (other.repository, other.ref) == (log.repository, log.ref)
    )
