"""Findings accepted on purpose: by whom, why, and until when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from msgspec import Struct

from kfm_audit.facts import ExpiredSuppression, Fact, StaleSuppression, UnreasonedSuppression
from kfm_audit.findings.finding import Acceptance, AcceptedBy, Finding, Verdict
from kfm_audit.globs import glob
from kfm_audit.values import Origin


class Suppression(Struct, frozen=True, kw_only=True):
    """One entry: rule (id or name), subject glob, reason, owner, last day (UTC), and where it is written."""

    rule: str
    subject: str
    reason: str
    owner: str
    expires: str
    by: AcceptedBy
    origin: Origin

    @property
    def title(self) -> str:
        """How findings about the suppression itself call it."""
        return f"{self.rule} {self.subject}"


class Suppressions:
    """All suppressions of a run, and which of them did something."""

    def __init__(self, entries: Iterable[Suppression], now: datetime, singly: frozenset[str]) -> None:
        """`singly` are the ids of rules whose findings are accepted one event at a time only."""
        self._entries = tuple(entries)
        self._today = now.date()
        self._singly = singly
        self._used: set[int] = set()

    def acceptance(self, finding: Finding) -> Acceptance | None:
        """Why `finding` is suppressed, or None. Findings about the audit itself never are."""
        if finding.rule.startswith("SYS") or finding.verdict is Verdict.PENDING:
            return None
        for number, entry in enumerate(self._entries):
            if entry.rule not in (finding.rule, finding.name) or not glob(entry.subject).fullmatch(
                finding.subject
            ):
                continue
            self._used.add(number)
            if self._lacks(entry, finding.rule) or self._expired(entry):
                continue
            return Acceptance(by=entry.by, reason=entry.reason, owner=entry.owner, expires=entry.expires)
        return None

    def faults(self) -> tuple[Fact, ...]:
        """What is wrong with the suppressions themselves; asked after all findings were."""
        facts: list[Fact] = []
        for number, entry in enumerate(self._entries):
            lacks = self._lacks(entry, entry.rule)
            if lacks:
                facts.append(UnreasonedSuppression(subject=entry.title, origin=entry.origin, lacks=lacks))
            elif self._expired(entry):
                facts.append(
                    ExpiredSuppression(subject=entry.title, origin=entry.origin, expired=entry.expires)
                )
            elif number not in self._used:
                facts.append(StaleSuppression(subject=entry.title, origin=entry.origin))
        return tuple(facts)

    def _lacks(self, entry: Suppression, rule: str) -> str:
        """What the entry lacks to hold, in words; "" where it lacks nothing."""
        if not entry.reason.strip():
            return "a reason"
        if entry.expires and _day(entry.expires) is None:
            return f"a date that exists (`expires` is {entry.expires!r}; write 2027-01-31)"
        if rule in self._singly:
            if entry.by is AcceptedBy.INLINE:
                return "a place in the config: this rule cannot be suppressed inline"
            if "*" in entry.subject or "?" in entry.subject:
                return "a single event as its subject: this rule is suppressed one event at a time"
            if not entry.owner.strip():
                return "an owner"
            if not entry.expires:
                return "an expiry"
        return ""

    def _expired(self, entry: Suppression) -> bool:
        day = _day(entry.expires)
        return day is not None and day < self._today


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
