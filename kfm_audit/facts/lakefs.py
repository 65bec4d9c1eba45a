"""Facts about lakeFS that follow from its traces: rollbacks, and the cases that they make."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import ClassVar

from msgspec import Struct

from kfm_audit.facts.base import Fact
from kfm_audit.facts.lakefs_calls import BranchOperation
from kfm_audit.facts.people import PersonKind


class EnvironmentOperation(BranchOperation, frozen=True, kw_only=True):
    """A call that would move an environment branch back; `environment` is policy's name for it."""

    environment: str

    @property
    def deed(self) -> str:
        """What was done and by whom, for messages: `a hard reset of prod to 9666d7c9daf3 by jane.doe`."""
        from kfm_audit.lakefs.deeds import DEEDS
        from kfm_audit.lakefs.operations import Operation

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
    commit: str = ""
    """The commit that the call made, "" where it made none or no commit log shows it."""
    restored: str = ""
    """The commit whose state the branch went back to, where that is known."""
    previous: str = ""
    """The head before the call, where that is known."""
    shown_by: str = "the audit log"
    """Which trace shows it; what no log shows has no request id."""
    reopened: bool = False
    """Whether it comes from the ledger of open cases, and no log of this run shows it."""

    @property
    def deed(self) -> str:
        """What was done and by whom; of a move that only snapshots show, from where to where."""
        from kfm_audit.lakefs.deeds import DEEDS, Trace

        if self.operation == Trace.MOVED_HEAD.value:
            away = f" from {self.previous[:12]} to {self.target[:12]}"
            return DEEDS[self.operation].format(f"{self.environment}{away}")
        if self.operation == Trace.EARLIER_STATE.value:
            by = self.user or "a committer without a name"
            return f"{DEEDS[self.operation].format(self.environment)}, that of {self.target[:12]}, by {by}"
        return super().deed


class DeniedRollback(EnvironmentOperation, frozen=True, kw_only=True):
    """A call that would have moved an environment branch back, and was refused with 401 or 403."""

    kind: ClassVar[str] = "denied-rollback"


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
    reopened: str = ""
    """When the ledger of open cases first held it, as text; "" where no ledger holds it."""

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


class LedgerCase(Fact, frozen=True, kw_only=True):
    """A case that the ledger of earlier runs holds open; the subject is the case's. `opened` is when it was written."""

    kind: ClassVar[str] = "ledger-case"

    rollbacks: tuple[Rollback, ...]
    opened: str
