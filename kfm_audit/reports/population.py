"""The population of a run: every rollback and promotion of an environment, those that pass too, and what logs cover.

An auditor asks for completeness before anything else: a list of findings shows what was wrong, and nothing of
what was looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace


class DebtEntry(Struct, frozen=True, kw_only=True):
    """What a case owes: how it stands, by when it is due, and the record that answers it, if any."""

    standing: str
    due: datetime
    record: str | None
    joined_by: str | None
    recorded: datetime | None


class RollbackEntry(Struct, frozen=True, kw_only=True):
    """One rollback. `verdict` is the worst of its findings', `pass` without any; `role` and `role_evidence` say why."""

    subject: str
    case: str
    verdict: str
    findings: tuple[str, ...]
    environment: str
    repository: str
    branch: str
    operation: str
    time: datetime
    user: str
    role: str
    role_evidence: str
    request_id: str
    source_ip: str
    client: str
    target: str
    commit: str
    previous: str
    restored: str
    shown_by: str
    reopened: bool
    records: dict[str, DebtEntry]


class PromotionEntry(Struct, frozen=True, kw_only=True):
    """One promotion, and what hook runs show of each gate that it had to pass."""

    subject: str
    verdict: str
    findings: tuple[str, ...]
    environment: str
    repository: str
    branch: str
    source: str
    time: datetime
    user: str
    request_id: str
    source_ip: str
    client: str
    commit: str
    previous: str
    merged: str
    shown_by: str
    gates: dict[str, str]


class LogEntry(Struct, frozen=True, kw_only=True):
    """What one log holds: lines, those of the audit, those passed over, and those that say again what was said."""

    path: str
    lines: int
    audit_lines: int
    skipped: int
    duplicates: int
    without_user: int
    first: datetime | None
    last: datetime | None


class Reconciled(Struct, frozen=True, kw_only=True):
    """What another trace shows of environment branches in the time that logs cover, and what no log shows of it."""

    matched: int
    unmatched: tuple[str, ...]


class CoverageEntry(Struct, frozen=True, kw_only=True):
    """What all logs cover together. `hours` counts audit lines by full hour, in UTC."""

    logs: tuple[LogEntry, ...]
    first: datetime | None
    last: datetime | None
    hours: dict[str, int]
    hours_expected: int
    hours_silent: tuple[str, ...]
    commits: Reconciled
    heads: Reconciled
    hook_runs: Reconciled


class LedgerEntry(Struct, frozen=True, kw_only=True):
    """The ledger of open cases, as it was read: how many lines, and the digest of the last to keep elsewhere."""

    path: str
    entries: int
    head: str
    reopened: tuple[str, ...]


class Population(Struct, frozen=True, kw_only=True):
    """All rollbacks and promotions that were judged, and what they were judged on."""

    rollbacks: tuple[RollbackEntry, ...]
    promotions: tuple[PromotionEntry, ...]
    denied: int
    failed: int
    coverage: CoverageEntry
    ledger: LedgerEntry | None = None

    def persons(self) -> Iterator[str]:
        """The names of people in it."""
        yield from (rollback.user for rollback in self.rollbacks if rollback.user)
        yield from (promotion.user for promotion in self.promotions if promotion.user)

    def hidden(self, hide: Callable[[str], str]) -> Population:
        """The population with the names that `hide` knows replaced."""
        return replace(
            self,
            rollbacks=tuple(
                replace(
                    entry,
                    subject=hide(entry.subject),
                    case=hide(entry.case),
                    user=hide(entry.user),
                    role_evidence=hide(entry.role_evidence),
                )
                for entry in self.rollbacks
            ),
            promotions=tuple(
                replace(entry, subject=hide(entry.subject), user=hide(entry.user), source=hide(entry.source))
                for entry in self.promotions
            ),
        )
