"""Facts about lakeFS that do not come from the audit log: what its server answers, its hooks, its settings.

All names are lakeFS's own. A fact that an answer of the API gives holds known
values only; those that Terraform can give too hold attributes in three values.
`as_of` is when the answer was fetched, in UTC, None where nothing says it: an
answer of the API does not date itself, `kfm-audit collect` does.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from kfm_audit.facts.base import Fact
from kfm_audit.values import Attribute


class Server(Fact, frozen=True, kw_only=True):
    """The lakeFS server that was asked; the subject is its endpoint, without credentials.

    `rbac` is what the server says of its access control (`none`, `simplified`,
    `external`, `internal`), "" where it does not: with `none` there is a single
    user, and a list of allowed users means nothing.
    """

    kind: ClassVar[str] = "lakefs-server"

    version: str
    rbac: str
    as_of: datetime | None


class Repository(Fact, frozen=True, kw_only=True):
    """A repository of the server; the subject is `lakefs://repository`."""

    kind: ClassVar[str] = "repository"

    id: str
    default_branch: str
    storage_namespace: str
    read_only: bool
    as_of: datetime | None


class CommitRecord(Fact, frozen=True, kw_only=True):
    """A commit, as the log of `ref` lists it; the subject is `lakefs://repository/commit-id`.

    A commit that is listed from two branches is two facts. `creation_time` is
    what whoever committed said (`date` may back-date it), in UTC, to the
    second. `committer` is the user's email, else the id that the audit log
    gives. The commit does not say whether it was made from `source_metarange`:
    the audit log does (`BranchOperation.target`), and `meta_range_id` equal to
    that of an earlier ancestor that is no direct parent shows it without a log.
    """

    kind: ClassVar[str] = "commit"

    repository: str
    ref: str
    id: str
    parents: tuple[str, ...]
    committer: str
    message: str
    creation_time: datetime
    meta_range_id: str
    metadata: dict[str, str]
    generation: int | None
    """One more than the highest of the parents'; None on servers that do not say it."""
    version: int
    """1: the first parent is the branch that was merged into. 0: of old commits, the last is."""


class CommitLog(Fact, frozen=True, kw_only=True):
    """One listing of commits, or one page of it; the subject is `lakefs://repository/ref`.

    `newest` is the id of the first commit that it lists, the ref's head if this is
    the first page, `oldest` that of the last. `open_ends` are the parents of listed commits that it does not
    list: empty means that it reaches the beginning of the repository, and that
    ancestry can be decided from it alone. Pages together may close what one
    leaves open.
    """

    kind: ClassVar[str] = "commit-log"

    repository: str
    ref: str
    newest: str
    oldest: str
    commits: int
    open_ends: tuple[str, ...]
    as_of: datetime | None


class BranchHead(Fact, frozen=True, kw_only=True):
    """A branch stood on a commit when somebody looked; the subject is `lakefs://repository/branch`.

    It comes from a list of branches (`first_seen` and `last_seen` are when it was
    fetched, None where nothing says it), or from a snapshot that `--write-heads`
    wrote, which holds one such fact for each span in which the head was the same.
    Between `last_seen` of one and `first_seen` of the next the branch was moved.
    """

    kind: ClassVar[str] = "branch-head"

    repository: str
    branch: str
    commit: str
    generation: int | None = None
    """The commit's, where a snapshot kept it: it outlives the commit's place in any log."""
    first_seen: datetime | None
    last_seen: datetime | None


class BranchList(Fact, frozen=True, kw_only=True):
    """All branches of a repository at one time: one that it does not name did not exist, or was hidden.

    The subject is `lakefs://repository`. `whole` is false where pages are missing.
    """

    kind: ClassVar[str] = "branch-list"

    repository: str
    branches: tuple[str, ...]
    whole: bool
    as_of: datetime | None


class DeclaredBranch(Fact, frozen=True, kw_only=True):
    """A branch that Terraform makes (`lakefs_branch`); the subject is its address."""

    kind: ClassVar[str] = "declared-branch"

    repository: Attribute[str]
    name: Attribute[str]
    source: Attribute[str]


class PullRequest(Fact, frozen=True, kw_only=True):
    """A pull request of a repository; the subject is `lakefs://repository/pulls/id`.

    The audit log names a merged one by its id alone. `merged_commit` is "" where
    it was not merged, `closed` None while it is open.
    """

    kind: ClassVar[str] = "pull-request"

    repository: str
    id: str
    author: str
    source_branch: str
    destination_branch: str
    merged_commit: str
    created: datetime
    closed: datetime | None
    as_of: datetime | None
