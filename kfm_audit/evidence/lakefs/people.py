"""Identities joined to groups, as of a point in time.

An identity has many names: the log shows the id, policies and commits often the
mail address. Friendly names are not unique in lakeFS, and count only where they are.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from kfm_audit.evidence.lakefs.coverage import Coverage
from kfm_audit.facts import Group, LogCoverage, MembershipChange, User
from kfm_audit.policy.model import duration

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence
    from kfm_audit.facts import Membership


class Holds(Enum):
    """Whether something was so, as far as the evidence shows."""

    YES = "yes"
    NO = "no"
    UNDECIDED = "undecided"


class Ruling(Struct, frozen=True):
    """Whether something holds, why, and, where it is undecided, what would decide it."""

    holds: Holds
    why: str
    cure: str = ""


class People:
    """The users and groups of all directories, and the changes of membership that logs show."""

    def __init__(self, evidence: Evidence) -> None:
        """Index the directory; nothing is decided yet."""
        self._evidence = evidence
        self._by_id: dict[str, User] = {}
        self._by_email: dict[str, list[User]] = defaultdict(list)
        self._by_friendly_name: dict[str, list[User]] = defaultdict(list)
        for user in evidence.of(User):
            if user.id in self._by_id:
                continue  # the same answer of the API, fetched twice
            self._by_id[user.id] = user
            if user.email:
                self._by_email[user.email.casefold()].append(user)
            if user.friendly_name:
                self._by_friendly_name[user.friendly_name].append(user)

    def candidates(self, name: str) -> tuple[User, ...]:
        """All users that `name` may mean: the one of that id, else by mail address, else by friendly name."""
        if name in self._by_id:
            return (self._by_id[name],)
        return tuple(self._by_email.get(name.casefold(), self._by_friendly_name.get(name, [])))

    def find(self, name: str) -> User | None:
        """The one user that `name` means, or None."""
        found = self.candidates(name)
        return found[0] if len(found) == 1 else None

    def names(self, name: str) -> tuple[str, ...]:
        """All names of the user that `name` means, `name` first."""
        user = self.find(name)
        known = (name, user.id, user.email, user.friendly_name) if user else (name,)
        return tuple(dict.fromkeys(text for text in known if text))

    def same(self, name: str, other: str) -> Holds:
        """Whether two names mean one identity."""
        if name == other:
            return Holds.YES
        user = self.find(name)
        if user is None or user not in (others := self.candidates(other)):
            return Holds.NO
        return Holds.YES if len(others) == 1 else Holds.UNDECIDED

    def was_member(self, name: str, group: str, time: datetime) -> Ruling:
        """Whether the user whom the log calls `name` was in `group` at `time`.

        Dates of the directory decide. Without them a change of membership in the
        log does, as far as the log is unbroken between it and `time`; then the
        directory as of its own time, where the log covers all between and shows no change.
        """
        groups = self._evidence.of(Group)
        # lakeFS gives a group's name in one answer and its members, under its id, in another.
        ids = {fact.id for fact in groups if group in (fact.id, fact.name)}
        known = [fact for fact in groups if fact.id in ids]
        rulings = [self._as_listed(name, fact, time) for fact in known if fact.members or fact.members_known]
        dated = next((ruling for ruling, by_date in rulings if by_date and ruling.holds is Holds.YES), None)
        if dated:
            return dated
        by_date_only = bool(rulings) and all(by_date for _, by_date in rulings)
        logged = None if by_date_only else self._as_logged(name, {group, *_names(known)}, time)
        if logged:
            return logged
        for wanted in (Holds.YES, Holds.UNDECIDED, Holds.NO):
            for ruling, _ in rulings:
                if ruling.holds is wanted:
                    return ruling
        return self._unlisted_group(group, known=bool(known))

    def _as_listed(self, name: str, group: Group, time: datetime) -> tuple[Ruling, bool]:
        """What one directory says, and whether dates say so."""
        own = [entry for entry in group.members if self.same(name, entry.user) is not Holds.NO]
        undated = [entry for entry in own if entry.since is None and not _over(entry, time)]
        if any(entry.since is not None and entry.since <= time and not _over(entry, time) for entry in own):
            return Ruling(Holds.YES, f"{name} was in group {group.name} then"), True
        if undated:
            return self._undated(name, group, time), False
        if own:
            return Ruling(Holds.NO, f"{name} was in group {group.name} only {_spans(own)}"), True
        if group.members_known:
            return Ruling(Holds.NO, f"{name} is not in group {group.name}"), False
        return (
            Ruling(
                Holds.UNDECIDED,
                f"the list of members of group {group.name} is incomplete, and {name} is not in it",
                f"give all members of {group.name} in the directory",
            ),
            False,
        )

    def _undated(self, name: str, group: Group, time: datetime) -> Ruling:
        cure = f'date the membership in the directory: {{"user": "{name}", "since": "2026-01-31T09:00:00Z"}}'
        if group.as_of is None:
            return Ruling(
                Holds.UNDECIDED,
                f"the directory lists {name} in group {group.name}, but not since when nor as of when",
                cure,
            )
        if self._coverage.covers(time, group.as_of):
            return Ruling(
                Holds.YES,
                f"{name} is in group {group.name} as of {_stamp(group.as_of)}, and the log shows no change",
            )
        return Ruling(
            Holds.UNDECIDED,
            f"the directory lists {name} in group {group.name} as of {_stamp(group.as_of)}, not since when, "
            f"and the log does not cover all from {_stamp(time)} until then",
            cure,
        )

    def _as_logged(self, name: str, groups: set[str], time: datetime) -> Ruling | None:
        """What changes of membership in the log show; those of the very second count against the user."""
        user = self.find(name)
        ids = {name, user.id} if user else {name}
        changes = [change for change in self._changes if change.group in groups and change.user in ids]
        before = [c for c in changes if c.time < time or (c.time == time and not c.added)]
        after = [c for c in changes if c.time > time or (c.time == time and c.added)]
        if before and self._coverage.covers(before[-1].time, time):
            change = before[-1]
            done = "added to" if change.added else "taken out of"
            holds = Holds.YES if change.added else Holds.NO
            return Ruling(
                holds, f"{name} was {done} group {change.group} before the call, at {_stamp(change.time)}"
            )
        if after and after[0].added:
            change = after[0]
            why = f"{name} was added to group {change.group} only after the call, at {_stamp(change.time)}"
            return Ruling(Holds.NO, why)
        if after and self._coverage.covers(time, after[0].time):
            change = after[0]
            why = (
                f"{name} was taken out of group {change.group} only after the call, at {_stamp(change.time)}"
            )
            return Ruling(Holds.YES, why)
        return None

    def _unlisted_group(self, group: str, *, known: bool) -> Ruling:
        if known:
            return Ruling(
                Holds.UNDECIDED,
                f"the directory names group {group} without its members",
                f"save them as groups/{group}/members.json (GET /api/v1/auth/groups/{group}/members)",
            )
        if self._by_id or self._evidence.of(Group):
            why = f"the directory has no group {group}"
            return Ruling(Holds.UNDECIDED, why, f"give a directory that has group {group} with its members")
        return Ruling(
            Holds.UNDECIDED,
            f"no directory says who was in group {group}",
            "give a directory: users and groups, with dated members",
        )

    @cached_property
    def _changes(self) -> tuple[MembershipChange, ...]:
        seen = (change for change in self._evidence.of(MembershipChange) if change.time <= self._evidence.now)
        return tuple(sorted(seen, key=lambda change: (change.time, change.added, change.subject)))

    @cached_property
    def _coverage(self) -> Coverage:
        tolerance = duration(self._evidence.policy.lakefs.join_tolerance)
        return Coverage(self._evidence.of(LogCoverage), tolerance, self._evidence.now)


def _names(groups: list[Group]) -> set[str]:
    return {name for group in groups for name in (group.id, group.name)}


def _spans(entries: list[Membership]) -> str:
    """`from 2026-01-01T00:00:00Z until 2026-01-30T00:00:00Z`, for each membership."""
    return " and ".join(
        " ".join(
            f"{word} {_stamp(time)}"
            for word, time in (("from", entry.since), ("until", entry.until))
            if time is not None
        )
        for entry in entries
    )


def _over(entry: Membership, time: datetime) -> bool:
    return entry.until is not None and entry.until <= time


def _stamp(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"
