"""Calls in the audit log joined to the commits that they made.

A line of the log does not name the commit. The commit log does not name the call. They agree in
branch and kind, in time (the call is logged when it ends, the commit was made shortly before), and
in who did it: a committer is the user's mail address, else the id that the log has.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Final

from kfm_audit.evidence.lakefs.history import first_parent
from kfm_audit.facts import BranchOperation, BranchWrite, CommitRecord, LoggedCall, MergeCall
from kfm_audit.lakefs.operations import Operation, Outcome, outcome
from kfm_audit.policy.section import duration
from kfm_audit.policy.span import shifted

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence

_AFTER: Final = timedelta(seconds=2)
"""Times in both logs are cut to the second, and two servers never agree to it."""
STRATEGY: Final = ".lakefs.merge.strategy"
"""The metadata key that every merge leaves, squashed or not, and every import."""
IMPORTED: Final = ".lakefs.last.import.timestamp"
ORIGIN: Final = "cherry-pick-origin"


class Making(Enum):
    """How a commit came to be, as far as the commit itself shows."""

    FIRST = "first"
    MERGE = "merge"
    IMPORT = "import"
    CHERRY_PICK = "cherry-pick"
    PLAIN = "plain"
    """A commit or a revert: the message alone tells them apart, and anybody can write that."""


def making(commit: CommitRecord) -> Making:
    """How a commit came to be."""
    if not first_parent(commit):
        return Making.FIRST
    if IMPORTED in commit.metadata:
        return Making.IMPORT
    if len(commit.parents) > 1 or STRATEGY in commit.metadata:
        return Making.MERGE
    return Making.CHERRY_PICK if ORIGIN in commit.metadata else Making.PLAIN


_MAKES: Final = {
    Operation.REVERT: Making.PLAIN,
    Operation.COMMIT: Making.PLAIN,
    Operation.COMMIT_ASYNC: Making.PLAIN,
    Operation.MERGE: Making.MERGE,
    Operation.MERGE_ASYNC: Making.MERGE,
    Operation.MERGE_PULL_REQUEST: Making.MERGE,
    Operation.CHERRY_PICK: Making.CHERRY_PICK,
    Operation.IMPORT: Making.IMPORT,
}
_LATER: Final = frozenset({Operation.COMMIT_ASYNC, Operation.MERGE_ASYNC, Operation.IMPORT})
"""Answered at once and carried out afterwards: their commit is younger than the call."""


def commits_of(evidence: Evidence, calls: Iterable[LoggedCall]) -> Mapping[str, CommitRecord]:
    """For the subject of each effective call on an environment branch the commit that it made, where one is shown.

    Each commit belongs to one call: the nearest in time, the surer in who did it.
    """
    tolerance = duration(evidence.policy.lakefs.commit_tolerance)
    pairs = []
    by_time: dict[tuple[str, str], list[CommitRecord]] = {}
    for call in calls:
        operation = Operation(call.operation)
        if outcome(call.status) is not Outcome.EFFECTIVE or operation not in _MAKES:
            continue
        before, after = (tolerance, _AFTER) if operation not in _LATER else (_AFTER, tolerance)
        span = shifted(call.time, -before), shifted(call.time, after)
        for commit in _made_in(span, call, evidence, by_time):
            sure = _by(evidence, call, commit)
            if making(commit) is _MAKES[operation] and sure is not False:
                distance = abs(call.time - commit.creation_time)
                pairs.append(((sure is None, distance, call.time, call.subject, commit.id), call, commit))
    pairs.sort(key=lambda pair: pair[0])
    found: dict[str, CommitRecord] = {}
    taken: set[tuple[str, str]] = set()
    for _, call, commit in pairs:
        if call.subject not in found and (commit.repository, commit.id) not in taken:
            found[call.subject] = commit
            taken.add((commit.repository, commit.id))
    return found


def _made_in(
    span: tuple[datetime, datetime],
    call: LoggedCall,
    evidence: Evidence,
    by_time: dict[tuple[str, str], list[CommitRecord]],
) -> Iterator[CommitRecord]:
    """The commits of the branch that a call is about, made in a span; of a pull request, of all branches."""
    match call:
        case MergeCall(branch=""):
            branches = [branch for of, branch in evidence.history.branches() if of == call.repository]
        case BranchOperation(branch=branch) | MergeCall(branch=branch) | BranchWrite(branch=branch):
            branches = [branch]
        case _:
            branches = []
    for branch in branches:
        key = (call.repository, branch)
        if key not in by_time:
            by_time[key] = sorted(evidence.history.chain(*key), key=_time)
        first = bisect_left(by_time[key], span[0], key=_time)
        last = bisect_right(by_time[key], span[1], key=_time)
        yield from by_time[key][first:last]


def _time(commit: CommitRecord) -> datetime:
    return commit.creation_time


def _by(evidence: Evidence, call: LoggedCall, commit: CommitRecord) -> bool | None:
    """Whether a call's user is a commit's committer; None where nothing shows it."""
    if not call.user or not commit.committer:
        return None
    names = {name.casefold() for name in evidence.people.names(call.user)}
    if commit.committer.casefold() in names:
        return True
    known = evidence.people.find(call.user) is not None and evidence.people.find(commit.committer) is not None
    return False if known else None
