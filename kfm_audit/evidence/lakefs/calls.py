"""The calls of all logs, each once, and the commits that they made."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from kfm_audit.evidence.lakefs.branches import EnvironmentBranch, environment_branch
from kfm_audit.evidence.lakefs.commits import commits_of
from kfm_audit.evidence.lakefs.events import distinct_calls
from kfm_audit.facts import BranchOperation, BranchWrite, CommitRecord, LoggedCall, MergeCall
from kfm_audit.globs import matches_any

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence

C = TypeVar("C", bound=LoggedCall)


class Calls:
    """What logs show up to now, whatever the window: a window chooses what is judged, not what is known."""

    def __init__(self, evidence: Evidence) -> None:
        """Take the evidence; nothing is joined yet."""
        self._evidence = evidence

    def of(self, kind: type[C]) -> tuple[C, ...]:
        """The calls of one kind, in the order of their time."""
        return tuple(call for call in self._all if type(call) is kind)

    def environment(self, repository: str, branch: str) -> EnvironmentBranch | None:
        """What policy says of a branch, or None where it is none of an environment's."""
        key = (repository, branch)
        if key not in self._environments:
            self._environments[key] = environment_branch(repository, branch, self._evidence.policy.lakefs)
        return self._environments[key]

    def of_policy(self, repository: str) -> bool:
        """Whether the policy is for a repository."""
        names = self._evidence.policy.lakefs.repositories
        return not names or matches_any(repository, names)

    def commit(self, call: LoggedCall) -> CommitRecord | None:
        """The commit that a call on an environment branch made, where a commit log shows it."""
        return self._commits.get(call.subject)

    def made(self, commit: CommitRecord) -> LoggedCall | None:
        """The call that made a commit, where a log shows it."""
        return self._makers.get((commit.repository, commit.id))

    @cached_property
    def _all(self) -> tuple[LoggedCall, ...]:
        return tuple(distinct_calls(self._evidence))

    @cached_property
    def _environments(self) -> dict[tuple[str, str], EnvironmentBranch | None]:
        return {}

    @cached_property
    def _commits(self) -> Mapping[str, CommitRecord]:
        if not self._evidence.of(CommitRecord):
            return {}
        moving = [
            call
            for call in self._all
            if isinstance(call, MergeCall | BranchOperation | BranchWrite)
            and (not call.branch or self.environment(call.repository, call.branch) is not None)
        ]
        return commits_of(self._evidence, moving)

    @cached_property
    def _makers(self) -> dict[tuple[str, str], LoggedCall]:
        by_subject = {call.subject: call for call in self._all}
        return {(c.repository, c.id): by_subject[subject] for subject, c in self._commits.items()}
