"""Facts that the lakeFS audit log shows: single calls, and what a log covers.

What calls come to under the policy (rollbacks, promotions, cases) is in `facts.lakefs`.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from kfm_audit.facts.base import Fact


class LoggedCall(Fact, frozen=True, kw_only=True):
    """What the facts of single calls share.

    `operation` is lakeFS's operation id in UpperCamel (`HardResetBranch`).
    `user` is "" where the log names none. `time` is the end of the call, in
    UTC, to the second.
    """

    kind: ClassVar[str] = ""

    operation: str
    repository: str
    time: datetime
    user: str
    status: int
    request_id: str = ""
    source_ip: str = ""
    client: str = ""

    @property
    def identity(self) -> tuple[object, ...]:
        """What two lines agree in that show one call.

        A request id alone does not make it one: proxies reuse them and people
        make them up. Without one, all that a line says must agree.
        """
        said = () if self.request_id else (self.source_ip, self.client)
        return (
            self.request_id,
            self.time,
            self.operation,
            self.repository,
            *self._aim,
            self.user,
            self.status,
            *said,
        )

    @property
    def _aim(self) -> tuple[str, ...]:
        """What the call was about, beside the repository."""
        return ()


class BranchOperation(LoggedCall, frozen=True, kw_only=True):
    """One call that can move a branch back, whatever its outcome.

    `target` is the ref that the call names, where the log shows it (hard
    reset, `source_metarange`).
    """

    kind: ClassVar[str] = "branch-operation"

    branch: str
    target: str = ""

    @property
    def _aim(self) -> tuple[str, ...]:
        return (self.branch, self.target)


class MergeCall(LoggedCall, frozen=True, kw_only=True):
    """One call that merges `source` into `branch`, whatever its outcome.

    Of a pull request the log shows the number alone: `pull` then, and both others "".
    """

    kind: ClassVar[str] = "merge-call"

    branch: str
    source: str
    pull: str = ""

    @property
    def _aim(self) -> tuple[str, ...]:
        return (self.branch, self.source, self.pull)


class BranchWrite(LoggedCall, frozen=True, kw_only=True):
    """One call that writes to a branch past a merge: objects, commits, cherry-picks, imports.

    Readers keep those on environment branches, and those below `_lakefs_actions/` on any. `path` is the
    object's, "" where the log does not show it.
    """

    kind: ClassVar[str] = "branch-write"

    branch: str
    path: str = ""

    @property
    def _aim(self) -> tuple[str, ...]:
        return (self.branch, self.path)


class SafeguardCall(LoggedCall, frozen=True, kw_only=True):
    """One call that changes a safeguard: protection, retention, policies, groups, credentials.

    `about_user`, `group` and `policy` are what the path names, "" where it names none.
    """

    kind: ClassVar[str] = "safeguard-call"

    about_user: str = ""
    group: str = ""
    policy: str = ""

    @property
    def _aim(self) -> tuple[str, ...]:
        return (self.about_user, self.group, self.policy)


class RepositoryCall(LoggedCall, frozen=True, kw_only=True):
    """One call on a repository as a whole: it was deleted, its refs were restored, or a branch was made in it.

    The log does not show the name of a branch that is made, nor where it begins.
    """

    kind: ClassVar[str] = "repository-call"


class MembershipChange(Fact, frozen=True, kw_only=True):
    """Somebody was added to a group or taken out of it, as the audit log shows."""

    kind: ClassVar[str] = "membership-change"

    group: str
    user: str
    added: bool
    time: datetime
    by: str

    @property
    def identity(self) -> tuple[object, ...]:
        """What two lines agree in that show one change."""
        return (self.subject, self.time, self.added, self.by)


class LogCoverage(Fact, frozen=True, kw_only=True):
    """What one audit log covers: an auditor asks for completeness before anything else."""

    kind: ClassVar[str] = "log-coverage"

    lines: int
    audit_lines: int
    skipped: int
    duplicates: int
    without_user: int
    uncommitted_resets: int = 0
    """Effective resets of what was not committed yet: they move no history, and make no rollback."""
    first: datetime | None
    last: datetime | None
    hours: tuple[tuple[datetime, int], ...] = ()
    """Each full hour, in UTC, in which the log has audit lines, and how many; empty where they were not counted."""
    passed_over: int = 0
    """Of `lines`, those that were counted and not parsed, because they hold nothing that decides.

    Where there are any, `lines` and the calls that decide are exact; what is said of audit lines, users, hours, `first`
    and `last` is told by marks and by times looked at (`docs/logs.md`).
    """
