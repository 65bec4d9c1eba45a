"""On which branch a commit was made: a branch that was made from another lists what that one had done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from kfm_audit.evidence.lakefs.branches import is_before
from kfm_audit.facts import BranchOperation, BranchWrite, CommitRecord, MergeCall, Repository
from kfm_audit.pattern import pattern

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence

MERGED: Final = pattern(r"Merge '([^']+)' into '([^']+)'")
"""What lakeFS writes where whoever merges says nothing else: source and destination."""
_DEFAULTS: Final = ("main", "master")


class Ownership:
    """The commits of environment branches, told from those that they were made with."""

    def __init__(self, evidence: Evidence) -> None:
        """Take the evidence; nothing is joined yet."""
        self._evidence = evidence
        self._shared: dict[str, Mapping[str, tuple[str, ...]]] = {}

    def commits(self, repository: str, branch: str) -> tuple[CommitRecord, ...]:
        """The branch's own commits, the oldest first, without those that another branch had made before."""
        shared = self._shared_in(repository)
        return tuple(
            commit
            for commit in self._evidence.history.chain(repository, branch)
            if self._owner(commit, branch, shared.get(commit.id, (branch,))) == branch
        )

    def _owner(self, commit: CommitRecord, branch: str, candidates: tuple[str, ...]) -> str:
        """The branch that a commit was made on: as the audit log says, else as its message does, else the likeliest.

        That is the default branch, from which the others are made; then the last environment, from which
        those before it are made anew.
        """
        match self._evidence.calls.made(commit):
            case (MergeCall() | BranchOperation() | BranchWrite()) as call if call.branch:
                return call.branch
        said = MERGED.fullmatch(commit.message)
        if said and (said[2] in candidates or len(candidates) == 1):
            return str(said[2])
        return branch if len(candidates) == 1 else candidates[0]

    def _shared_in(self, repository: str) -> Mapping[str, tuple[str, ...]]:
        """For each commit the branches whose own it may be: the default branch first, then the last environment."""
        if repository not in self._shared:
            found: dict[str, list[str]] = {}
            for branch in self._in_order(repository):
                for name in self._evidence.history.own(repository, branch):
                    found.setdefault(name, []).append(branch)
            self._shared[repository] = {name: tuple(branches) for name, branches in found.items()}
        return self._shared[repository]

    def _in_order(self, repository: str) -> list[str]:
        listed = [name for of, name in self._evidence.history.branches() if of == repository]
        said = {fact.default_branch for fact in self._evidence.of(Repository) if fact.id == repository}
        defaults = [name for name in listed if name in (said or _DEFAULTS)]
        policy = self._evidence.policy.lakefs
        environments = [
            (sum(is_before(other, found.environment, policy) for other in policy.environment_branches), name)
            for name in listed
            if name not in defaults
            and (found := self._evidence.calls.environment(repository, name)) is not None
        ]
        return [*defaults, *(name for _, name in sorted(environments, reverse=True))]
