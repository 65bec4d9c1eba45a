"""Facts about what is set on a repository of lakeFS: what is protected, and how long old data is kept."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from msgspec import Struct

from kfm_audit.facts.base import Fact
from kfm_audit.values import Attribute, Known


class BranchRetention(Struct, frozen=True):
    """How many days a branch's old commits keep their data."""

    branch: str
    days: int


class RetentionRules(Fact, frozen=True, kw_only=True):
    """The garbage collection rules of a repository; the subject is `lakefs://repository`.

    Data that only commits older than these days hold, counted from when they
    were left (not: made), may be deleted: a rollback to such a commit restores
    nothing. Tags do not keep it. `default_days` is ABSENT where the repository
    has no rules: nothing is collected.
    """

    kind: ClassVar[str] = "retention-rules"

    repository: str
    default_days: Attribute[int]
    branches: tuple[BranchRetention, ...]
    as_of: datetime | None

    def days_of(self, branch: str) -> Attribute[int]:
        """The days that hold for a branch: its own, else the default."""
        own = next((rule.days for rule in self.branches if rule.branch == branch), None)
        return self.default_days if own is None else Known(own)


class BranchLifecycle(Fact, frozen=True, kw_only=True):
    """A rule of lakeFS Enterprise that deletes branches; the subject is `lakefs://repository`.

    A branch whose name matches one of `patterns` is deleted when it is older
    than `max_age_days`, or was not written to for `max_inactivity_days`, in
    days and parts of them; None means that the rule does not ask.
    """

    kind: ClassVar[str] = "branch-lifecycle"

    repository: str
    patterns: tuple[str, ...]
    max_age_days: float | None
    max_inactivity_days: float | None
    as_of: datetime | None


class ObjectLifecycle(Fact, frozen=True, kw_only=True):
    """A rule of lakeFS Enterprise that expires objects; the subject is `lakefs://repository`.

    Objects below `prefix` ("" is all) on exactly these `branches` are removed
    `expire_after_days` after their last modification.
    """

    kind: ClassVar[str] = "object-lifecycle"

    repository: str
    branches: tuple[str, ...]
    prefix: str
    expire_after_days: int
    as_of: datetime | None


class BranchProtection(Fact, frozen=True, kw_only=True):
    """The branch protection rules of a repository; the subject is `lakefs://repository`, or an address.

    A pattern is a glob of branch names. Protection blocks writes, commits,
    resets and hard resets; revert, cherry-pick, merge, import and deletion pass.
    """

    kind: ClassVar[str] = "branch-protection"

    repository: Attribute[str]
    patterns: Attribute[tuple[str, ...]]
    as_of: datetime | None = None
