"""Facts about environments that follow from lakeFS's traces: what came into them, and what guards them."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import ClassVar

from kfm_audit.facts.audit import AboutTheAudit
from kfm_audit.facts.base import Fact
from kfm_audit.facts.lakefs_calls import LoggedCall, MergeCall


class Promotion(MergeCall, frozen=True, kw_only=True):
    """An effective merge into an environment branch; `environment` is policy's name for it.

    `commit` is the commit that the merge made, `merged` the source's commit and `previous` the
    head before, each "" where no commit log shows it. A promotion that the commit log alone
    shows has no request id, and the committer for its `user`.
    """

    kind: ClassVar[str] = "promotion"

    environment: str
    commit: str = ""
    merged: str = ""
    previous: str = ""
    shown_by: str = "the audit log"

    @property
    def deed(self) -> str:
        """What was done and by whom, for messages: `a promotion of run-7 to prod by jane.doe`."""
        source = self.source or (f"pull request {self.pull}" if self.pull else "something that no log names")
        return f"a promotion of {source} to {self.environment} by {self.user or 'a user whom no log names'}"

    @property
    def undoing(self) -> str:
        """The command that reverts it: a merge only against its first parent, what was squashed as it is."""
        squashed = self.commit and not self.merged
        branch = f"lakefs://{self.repository}/{self.branch}"
        return (
            f"lakectl branch revert {branch} {self.commit or '<merge commit>'}{'' if squashed else ' -m 1'}"
        )


class DirectWrites(Fact, frozen=True, kw_only=True):
    """Calls by one user that wrote to an environment branch past a promotion, each soon after the one before.

    `operations` counts them by operation id, in the order of the ids.
    """

    kind: ClassVar[str] = "direct-writes"

    environment: str
    repository: str
    branch: str
    user: str
    first: datetime
    last: datetime
    operations: tuple[tuple[str, int], ...]
    request_id: str = ""
    client: str = ""

    @property
    def calls(self) -> int:
        """How many calls there were."""
        return sum(n for _, n in self.operations)


class SafeguardKind(Enum):
    """What a changed safeguard was for; the value is what messages call it."""

    PROTECTION = "branch protection"
    RETENTION = "garbage collection"
    HOOKS = "hooks"
    ACCESS = "access"
    MEMBERSHIP = "membership"


class SafeguardChange(Fact, frozen=True, kw_only=True):
    """A safeguard was changed; `deed` says what was done, for messages.

    `lets_in` are users who may do more by it, `group` the group that was changed, "" where it was none.
    `before` is the subject of the rollback that somebody who was let in made soon after, with `span` between.
    """

    kind: ClassVar[str] = "safeguard-change"

    safeguard: SafeguardKind
    deed: str
    time: datetime
    by: str
    repository: str = ""
    branch: str = ""
    group: str = ""
    lets_in: str = ""
    rollback: str = ""
    rollback_deed: str = ""
    rollback_time: datetime | None = None


class RepositoryRewrite(LoggedCall, frozen=True, kw_only=True):
    """A call that rewrote or destroyed what a whole repository of the policy holds."""

    kind: ClassVar[str] = "repository-rewrite"


class GateSet(Fact, frozen=True, kw_only=True):
    """All action files of one ref, or of a checkout; the subject is the ref, or the folder.

    `repository` and `ref` are "" for a checkout.
    """

    kind: ClassVar[str] = "gate-set"

    repository: str
    ref: str
    files: tuple[str, ...]


class PolicyGlob(AboutTheAudit, frozen=True, kw_only=True):
    """A glob of branches that the policy names; the subject is the key under which it stands."""

    kind: ClassVar[str] = "policy-glob"

    glob: str


class AuditTrail(AboutTheAudit, frozen=True, kw_only=True):
    """All audit logs of the run together, as far as the time that is judged.

    `first` and `last` bound what they cover. `silent` are the hours between that policy expects
    to have lines and that have none, `expected` how many hours it expects. `hourly` says whether
    lines were counted by hour. `unlogged` are commits on environment branches, made in that time,
    that no call in any log made; `matched` are those that one did.
    """

    kind: ClassVar[str] = "audit-trail"

    first: datetime
    last: datetime
    silent: tuple[datetime, ...]
    expected: int
    hourly: bool
    unlogged: tuple[str, ...] = ()
    matched: int = 0
