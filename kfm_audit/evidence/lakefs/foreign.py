"""What a promotion brought along that another environment's branch made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from kfm_audit.evidence.lakefs.branches import is_before
from kfm_audit.facts import CommitRecord, Promotion

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence


class Foreign(Struct, frozen=True):
    """The foreign commits of one environment, the newest first; `whole` where none can be missing."""

    environment: str
    commits: tuple[CommitRecord, ...]
    whole: bool


def foreign_commits(promotion: Promotion, evidence: Evidence) -> Foreign | None:
    """What a promotion brought that another environment's branch had made; None where nothing can be asked.

    That is so without a commit log, of a squash merge, whose source no commit names, and of a promotion of
    an environment's branch itself. What a later environment holds already is foreign to none before it.
    """
    if not promotion.branch or not evidence.of(CommitRecord):
        return None
    others = {
        name: other.environment
        for repository, name in evidence.history.branches()
        if repository == promotion.repository
        and (other := evidence.calls.environment(repository, name)) is not None
        and is_before(other.environment, promotion.environment, evidence.policy.lakefs)
        and name != promotion.source
    }
    if evidence.calls.environment(promotion.repository, promotion.source) is not None:
        return None
    if not others:
        return None
    if not promotion.merged or not promotion.previous:
        squashed = bool(promotion.commit)
        return None if squashed else Foreign("", (), whole=False)
    brought = evidence.history.carried(promotion.repository, promotion.merged, promotion.previous)
    for name, environment in sorted(others.items()):
        made = evidence.history.own(promotion.repository, name)
        own = tuple(commit for commit in brought.commits if commit.id in made)
        if own:
            return Foreign(environment, own, brought.whole)
    return Foreign("", (), brought.whole)
