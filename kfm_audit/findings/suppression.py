"""Findings accepted on purpose: by whom, why, and until when."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Final

from msgspec import Struct

from kfm_audit.facts import ExpiredSuppression, Fact, StaleSuppression, UnreasonedSuppression
from kfm_audit.findings.finding import Acceptance, AcceptedBy, Finding, Verdict
from kfm_audit.globs import glob
from kfm_audit.pattern import pattern
from kfm_audit.values import Location, Origin

_DAY: Final = pattern(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class Lines(Struct, frozen=True):
    """First to last line of a file, 1-based, both included."""

    path: str
    first: int
    last: int


class Suppression(Struct, frozen=True, kw_only=True):
    """One entry: rule (id or name), subject glob, reason, owner, last day (UTC), and where it is written.

    `lines` are those that an inline one speaks of; None is every place.
    """

    rule: str
    subject: str
    reason: str
    owner: str
    expires: str
    by: AcceptedBy
    origin: Origin
    lines: Lines | None = None

    def holds_for(self, finding: Finding, location: Location) -> bool:
        """Whether the entry speaks of the finding, which is shown at `location`."""
        if self.rule not in (finding.rule, finding.name) or not glob(self.subject).fullmatch(finding.subject):
            return False
        lines = self.lines
        return lines is None or (location.path == lines.path and lines.first <= location.line <= lines.last)

    @property
    def title(self) -> str:
        """How findings about the suppression itself call it."""
        place = f"{self.lines.path}:{self.origin.line}" if self.lines else self.subject
        return f"{self.rule} {place}"


class Suppressions:
    """All suppressions of a run, and which of them did something."""

    def __init__(
        self,
        entries: Iterable[Suppression],
        now: datetime,
        *,
        rules: frozenset[str],
        singly: frozenset[str],
    ) -> None:
        """`rules` are ids and names of all rules, `singly` of those accepted one event at a time only."""
        self._entries = tuple(entries)
        self._today = now.date()
        self._rules = rules
        self._singly = singly
        self._used: set[int] = set()

    def acceptance(self, finding: Finding, location: Location) -> Acceptance | None:
        """Why `finding`, shown at `location`, is suppressed, or None.

        Findings about the audit itself never are, nor those that are pending.
        """
        if finding.rule.startswith("SYS"):
            return None
        for number, entry in enumerate(self._entries):
            if not entry.holds_for(finding, location):
                continue
            self._used.add(number)
            if finding.verdict is Verdict.PENDING or self._lacks(entry, finding.rule) or self._expired(entry):
                continue
            return Acceptance(by=entry.by, reason=entry.reason, owner=entry.owner, expires=entry.expires)
        return None

    def faults(self, woken: frozenset[str]) -> tuple[Fact, ...]:
        """What is wrong with the suppressions themselves; asked after all findings were.

        Only a rule that was `woken` (ids and names) can leave a suppression unused: a
        pull request without logs says nothing about those of rollbacks.
        """
        facts: list[Fact] = []
        for number, entry in enumerate(self._entries):
            lacks = self._lacks(entry, entry.rule)
            if lacks:
                facts.append(UnreasonedSuppression(subject=entry.title, origin=entry.origin, lacks=lacks))
            elif self._expired(entry):
                facts.append(
                    ExpiredSuppression(subject=entry.title, origin=entry.origin, expired=entry.expires)
                )
            elif number not in self._used and entry.rule in woken:
                facts.append(StaleSuppression(subject=entry.title, origin=entry.origin))
        return tuple(facts)

    def _lacks(self, entry: Suppression, rule: str) -> str:
        """What the entry lacks to hold, in words; "" where it lacks nothing."""
        if entry.rule not in self._rules:
            return f"a rule that exists (`rule` is {entry.rule!r}; `kfm-audit rules` lists them)"
        if not entry.reason.strip():
            return "a reason"
        if entry.expires and _day(entry.expires) is None:
            return f"a date that exists (`expires` is {entry.expires!r}; write 2027-01-31)"
        return _lacks_alone(entry) if rule in self._singly else ""

    def _expired(self, entry: Suppression) -> bool:
        day = _day(entry.expires)
        return day is not None and day < self._today


def _lacks_alone(entry: Suppression) -> str:
    """What an entry lacks where a rule's findings are accepted one event at a time."""
    if entry.by is AcceptedBy.INLINE:
        return "a place in the config: this rule cannot be suppressed inline"
    if "*" in entry.subject or "?" in entry.subject:
        return "a single event as its subject: this rule is suppressed one event at a time"
    if not entry.owner.strip():
        return "an owner"
    return "" if entry.expires else "an expiry"


def _day(text: str) -> date | None:
    # The standard library also reads 20270131 and 2027-W04-7, which nobody means.
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None
