"""What commit logs and snapshots of heads show of the branches of repositories."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from datetime import datetime
from heapq import heapify, heappop, heappush
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from kfm_audit.evidence.lakefs.sightings import Sighting, sightings
from kfm_audit.facts import BranchHead, CommitRecord
from kfm_audit.pattern import pattern

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence


class Move(Struct, frozen=True):
    """A branch stood on `before`, and afterwards on another commit that does not descend from it.

    `lost` says whether that is shown, or None where no commit log reaches far enough to tell.
    """

    before: Sighting
    after: Sighting
    lost: bool | None


class Carried(Struct, frozen=True):
    """The commits that a merge brought along, the newest first; `whole` where none can be missing."""

    commits: tuple[CommitRecord, ...]
    whole: bool


class History:
    """The commits of all repositories, by id, and the branches that logs and snapshots list."""

    def __init__(self, evidence: Evidence) -> None:
        """Index the commit logs once; what was made after `now` has not happened yet."""
        self._now = evidence.now
        self._commits: dict[tuple[str, str], CommitRecord] = {}
        self._listed: dict[tuple[str, str], dict[str, CommitRecord]] = {}
        for commit in evidence.of(CommitRecord):
            self._commits.setdefault((commit.repository, commit.id), commit)
            self._listed.setdefault((commit.repository, commit.ref), {})[commit.id] = commit
        self._chains: dict[tuple[str, str], tuple[CommitRecord, ...]] = {}
        self._sightings = sightings(evidence)
        self._branches = tuple(sorted({*self._listed, *self._sightings}))
        self._ids: dict[str, list[str]] = {}
        for repository, name in sorted(self._commits):
            self._ids.setdefault(repository, []).append(name)
        self._moves: dict[tuple[str, str], tuple[Move, ...]] = {}
        self._own: dict[tuple[str, str], frozenset[str]] = {}
        self._returns: dict[tuple[str, str], dict[str, CommitRecord]] = {}

    def commit(self, repository: str, name: str) -> CommitRecord | None:
        """The commit of that id, or of the one id that begins so."""
        found = self._commits.get((repository, name))
        if found is not None or not _SHORTENED.fullmatch(name):
            return found
        ids = self._ids.get(repository, [])
        long = ids[bisect_left(ids, name) : bisect_left(ids, name + "g")]
        return self._commits[repository, long[0]] if len(long) == 1 else None

    def branches(self) -> tuple[tuple[str, str], ...]:
        """Repository and name of each branch that a commit log or a snapshot lists, in order."""
        return self._branches

    def chain(self, repository: str, branch: str) -> tuple[CommitRecord, ...]:
        """The branch's own commits, the oldest first: from its head along first parents as far as logs reach."""
        if (repository, branch) not in self._chains:
            self._chains[repository, branch] = self._chain(repository, branch)
        return self._chains[repository, branch]

    def _chain(self, repository: str, branch: str) -> tuple[CommitRecord, ...]:
        head = self._head(repository, branch)
        chain = [head] if head is not None else []
        seen = {head.id} if head is not None else set()
        while chain:
            parent = self._commits.get((repository, first_parent(chain[-1])))
            if parent is None or parent.id in seen:
                break
            seen.add(parent.id)
            chain.append(parent)
        return tuple(reversed(chain))

    def own(self, repository: str, branch: str) -> frozenset[str]:
        """The ids of the branch's own commits."""
        key = (repository, branch)
        if key not in self._own:
            self._own[key] = frozenset(commit.id for commit in self.chain(*key))
        return self._own[key]

    def returns(self, repository: str, branch: str) -> Mapping[str, CommitRecord]:
        """For the id of each commit that brought an earlier state of the branch back the commit that had it."""
        key = (repository, branch)
        if key not in self._returns:
            self._returns[key] = {commit.id: earlier for commit, earlier in returns(self.chain(*key))}
        return self._returns[key]

    def holds(self, repository: str, later: str, earlier: str) -> bool | None:
        """Whether the commit `later` has `earlier` among its ancestors, or is it; None where logs do not reach."""
        if later == earlier:
            return True
        low = self._generation_of(repository, earlier)
        whole, seen, open_ = True, {later}, [later]
        while open_:
            commit = self._commits.get((repository, open_.pop()))
            if commit is None:
                whole = False
                continue
            if earlier in commit.parents:
                return True
            # A generation is one more than the parents' highest: below that of `earlier` there is none of its heirs.
            if low is None or commit.generation is None or commit.generation > low:
                open_.extend(parent for parent in commit.parents if parent not in seen)
                seen.update(commit.parents)
        return False if whole else None

    def carried(self, repository: str, source: str, into: str) -> Carried:
        """What a merge of the commit `source` into the commit `into` brings along.

        Both are followed back together, the youngest generation first, until all that is left is in both.
        """
        marks = {source: _SOURCE, into: _TARGET} if source != into else {into: _SOURCE | _TARGET}
        heap = [(-self._rank(repository, name), name) for name in marks]
        heapify(heap)
        waiting = {source} if source != into else set()
        ordered = True
        # While a commit that waits is the source's alone, the target may still lead to it. Without generations,
        # times order the walk, and clocks go wrong: then all is walked.
        while heap and (waiting or not ordered):
            _, name = heappop(heap)
            waiting.discard(name)
            commit = self._commits.get((repository, name))
            ordered = ordered and (commit is None or commit.generation is not None)
            for parent in commit.parents if commit is not None else ():
                before = marks.get(parent, 0)
                marks[parent] = before | marks[name]
                if marks[parent] != before:
                    heappush(heap, (-self._rank(repository, parent), parent))
                    (waiting.add if marks[parent] == _SOURCE else waiting.discard)(parent)
        own = [name for name, mark in marks.items() if mark == _SOURCE]
        known = [self._commits[repository, name] for name in own if (repository, name) in self._commits]
        known.sort(key=lambda commit: (commit.creation_time, commit.id), reverse=True)
        whole = len(known) == len(own) and (repository, into) in self._commits
        return Carried(tuple(known), whole and not self._may_be_there(repository, known, marks))

    def _may_be_there(self, repository: str, own: list[CommitRecord], marks: Mapping[str, int]) -> bool:
        """Whether the target may have some of these commits too, by way of commits that no log lists.

        Not where their generation is too high for it: an unlisted parent's is lower than that of its heir.
        """
        if not own:
            return False
        heirs = [
            heir
            for name, mark in marks.items()
            if mark & _TARGET
            and (heir := self._commits.get((repository, name))) is not None
            and any((repository, parent) not in self._commits for parent in heir.parents)
        ]
        if not heirs:
            return False
        highest = [heir.generation for heir in heirs]
        lowest = [commit.generation for commit in own]
        if None in highest or None in lowest:
            return True
        return min(n for n in lowest if n is not None) < max(n for n in highest if n is not None) - 1

    def moves(self, repository: str, branch: str) -> tuple[Move, ...]:
        """The times at which a branch left a commit that its next head does not descend from, or may not."""
        key = (repository, branch)
        if key not in self._moves:
            self._moves[key] = tuple(self._found_moves(*key))
        return self._moves[key]

    def _found_moves(self, repository: str, branch: str) -> Iterator[Move]:
        for before, after in pairwise(self._sightings.get((repository, branch), ())):
            if before.commit != after.commit:
                holds = self.holds(repository, after.commit, before.commit)
                if holds is None and self._older(repository, after, before):
                    holds = False
                if holds is not True:
                    yield Move(before, after, None if holds is None else True)

    def head_before(self, repository: str, branch: str, time: datetime) -> str:
        """The commit on which a snapshot last saw a branch before `time`; "" where none did."""
        seen = [s.commit for s in self._sightings.get((repository, branch), ()) if s.last <= time]
        return seen[-1] if seen else ""

    def _older(self, repository: str, one: Sighting, other: Sighting) -> bool:
        """Whether a commit's generation shows that it cannot descend from the other: it would be higher."""
        generation = self._generation(repository, one)
        than = self._generation(repository, other)
        return generation is not None and than is not None and generation <= than

    def _generation(self, repository: str, seen: Sighting) -> int | None:
        commit = self._commits.get((repository, seen.commit))
        if commit is not None and commit.generation is not None:
            return commit.generation
        return seen.shown_by.generation if isinstance(seen.shown_by, BranchHead) else None

    def _head(self, repository: str, branch: str) -> CommitRecord | None:
        seen = self._sightings.get((repository, branch), ())
        newest = self._commits.get((repository, seen[-1].commit)) if seen else None
        if newest is not None:
            return newest
        listed = self._listed.get((repository, branch), {})
        parents = {parent for commit in listed.values() for parent in commit.parents}
        heads = [commit for commit in listed.values() if commit.id not in parents]
        return max(heads, key=lambda c: (c.generation or 0, c.creation_time, c.id), default=None)

    def _generation_of(self, repository: str, name: str) -> int | None:
        commit = self._commits.get((repository, name))
        return None if commit is None else commit.generation

    def _rank(self, repository: str, name: str) -> float:
        """Where a commit stands among its ancestors: its generation, on servers that do not say it its time."""
        commit = self._commits.get((repository, name))
        if commit is None:
            return -1  # what no log lists is looked at last, when all that may lead to it was seen
        return commit.creation_time.timestamp() if commit.generation is None else commit.generation


_SHORTENED: Final = pattern(r"[0-9a-f]{7,63}")
_SOURCE: Final = 1
_TARGET: Final = 2


def first_parent(commit: CommitRecord) -> str:
    """The commit that the branch stood on before; of old merges (version 0) it is listed last."""
    if not commit.parents:
        return ""
    return commit.parents[0] if commit.version else commit.parents[-1]


def second_parent(commit: CommitRecord) -> str:
    """The commit that was merged, "" of a commit that is no merge."""
    if len(commit.parents) < 2:
        return ""
    return commit.parents[-1] if commit.version else commit.parents[0]


def returns(chain: tuple[CommitRecord, ...]) -> Iterator[tuple[CommitRecord, CommitRecord]]:
    """The commits of a branch, each with the earlier one whose very state it brings back.

    A meta-range is the whole of a commit's content: equal ids are equal content. An empty commit has
    its parent's, and brings nothing back. Nor is it a rollback to bring back what a rollback took away.
    """
    last: dict[str, int] = {}
    undone: set[int] = set()
    for place, commit in enumerate(chain):
        earlier = last.get(commit.meta_range_id)
        last[commit.meta_range_id] = place
        if earlier is None or chain[place - 1].meta_range_id == commit.meta_range_id:
            continue
        if earlier not in undone:
            undone.update(range(earlier + 1, place))
            yield commit, chain[earlier]
