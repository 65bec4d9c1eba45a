"""What moves a branch back, in words: calls, and rollbacks known by what they left behind."""

from __future__ import annotations

from enum import Enum
from typing import Final

from kfm_audit.lakefs.operations import Operation


class Trace(Enum):
    """A rollback that no log shows, known by what it left behind; the value stands where an operation id would."""

    MOVED_HEAD = "MovedHead"
    """Of two snapshots of a branch's head the later one does not hold the earlier."""
    EARLIER_STATE = "EarlierState"
    """A commit whose `meta_range_id` is that of an earlier ancestor."""


DEEDS: Final = {
    Operation.HARD_RESET.value: "a hard reset of {}",
    Operation.REVERT.value: "a revert in {}",
    Operation.COMMIT.value: "a commit of an earlier meta-range in {}",
    Operation.COMMIT_ASYNC.value: "a commit of an earlier meta-range in {}",
    Operation.DELETE_BRANCH.value: "a deletion of {}",
    Trace.MOVED_HEAD.value: "a move of {} that no log shows",
    Trace.EARLIER_STATE.value: "a commit of an earlier state in {}",
}
"""What moves a branch back, by operation id, and what messages call it."""

REWRITES: Final = frozenset(
    {Operation.HARD_RESET.value, Operation.DELETE_BRANCH.value, Trace.MOVED_HEAD.value}
)
"""The rollbacks that leave no commit: afterwards the branch's own log does not show that they happened."""
