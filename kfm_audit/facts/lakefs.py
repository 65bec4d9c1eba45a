"""Facts about lakeFS: what the audit log shows, and the cases that follow from it."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import ClassVar

from msgspec import Struct

from kfm_audit.facts.base import Fact
from kfm_audit.facts.people import PersonKind
from kfm_audit.lakefs.operations import DEEDS, Operation


class BranchOperation(Fact, frozen=True, kw_only=True):
    """One call that can move a branch or undermine its audit, whatever its outcome.

    `operation` is lakeFS's operation id in UpperCamel (`HardResetBranch`).
    `user` is "" where the log names none. `time` is the end of the call, in
    UTC, to the second. `target` is the ref that the call names, where the log
    shows it (hard reset, `source_metarange`).
    """

    kind: ClassVar[str] = "branch-operation"

    operation: str
    repository: str
    branch: str
    time: datetime
    user: str
    status: int
    request_id: str = ""
    target: str = ""
    source_ip: str = ""
    client: str = ""

    @property
    def identity(self) -> tuple[object, ...]:
        """What two lines agree in that show one call.

        A request id alone does not make it one: proxies reuse them and people
        make them up. Without one, all that a line says must agree.
        """
        said = () if self.request_id else (self.source_ip, self.client)
        where = (self.repository, self.branch, self.target)
        return (self.request_id, self.time, self.operation, *where, self.user, self.status, *said)


class EnvironmentOperation(BranchOperation, frozen=True, kw_only=True):
    """A call that would move an environment branch back; `environment` is policy's name for it."""

    environment: str

    @property
    def deed(self) -> str:
        """What was done and by whom, for messages: `a hard reset of prod to 9666d7c9daf3 by jane.doe`."""
        aim = (
            f" to {self.target[:12]}" if self.operation == Operation.HARD_RESET.value and self.target else ""
        )
        by = self.user or "a user whom the log does not name"
        return f"{DEEDS.get(self.operation, self.operation).format(self.environment)}{aim} by {by}"


class Role(Enum):
    """In which role somebody moved a branch back, as of the call and by the policy of that time."""

    LISTED = "listed"
    BREAK_GLASS = "break-glass"
    UNLISTED = "unlisted"
    UNDECIDED = "undecided"


class Standing(Struct, frozen=True):
    """The role of a rollback's actor, why it is that, and, where it is undecided, what would decide it."""

    role: Role
    why: str
    cure: str = ""


class Rollback(EnvironmentOperation, frozen=True, kw_only=True):
    """An effective call that moved an environment branch back, and the role of whoever made it."""

    kind: ClassVar[str] = "rollback"

    standing: Standing


class DeniedRollback(EnvironmentOperation, frozen=True, kw_only=True):
    """A call that would have moved an environment branch back, and was refused with 401 or 403."""

    kind: ClassVar[str] = "denied-rollback"


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


class Owed(Enum):
    """How a debt of a case stands at a point in time."""

    SETTLED = "settled"
    PENDING = "pending"
    OVERDUE = "overdue"


class Debt(Enum):
    """What a case owes."""

    CORRECTION = "correction"
    INCIDENT = "incident"
    REVIEW = "review"


class Record(Struct, frozen=True):
    """A record that answers a debt: its subject, how it was joined, when it was made, whether it is final.

    `cure` mends what `why_not_final` says, where it takes more than to finish the record.
    """

    subject: str
    joined_by: str
    recorded: datetime | None
    final: bool
    why_not_final: str = ""
    cure: str = ""


class Case(Fact, frozen=True, kw_only=True):
    """One rollback episode, what it owes and by when.

    The subject is that of the first call. `records` maps each debt to the
    record that answers it, if any was found. `identity` is what the directory
    says is behind the log's user, `human` the person whom a final correction
    associates with the calls.
    """

    kind: ClassVar[str] = "case"

    rollbacks: tuple[Rollback, ...]
    environment: str
    due: dict[Debt, datetime]
    records: dict[Debt, Record]
    identity: PersonKind = PersonKind.UNSAID
    human: str = ""

    @property
    def first(self) -> Rollback:
        """The call that opened the case."""
        return self.rollbacks[0]

    @property
    def deed(self) -> str:
        """What was done and by whom: the first call's deed, and how many calls followed."""
        more = len(self.rollbacks) - 1
        return self.first.deed + (f" and {more} more call{'s' if more > 1 else ''}" if more else "")

    def owed(self, debt: Debt, now: datetime) -> Owed:
        """How a debt stands: settled by a final record, however late; else by whether it is due."""
        record = self.records.get(debt)
        if debt not in self.due or (record is not None and record.final):
            return Owed.SETTLED
        return Owed.PENDING if now < self.due[debt] else Owed.OVERDUE
