"""In which role somebody moved a branch back: the policy's lists, as of the call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from kfm_audit.evidence.lakefs.people import Holds, People, Ruling
from kfm_audit.facts import BranchOperation, Role, Standing
from kfm_audit.policy.lakefs import Identity, Roles, RollbackRoles
from kfm_audit.policy.span import read_span

NO_USER = "the log names no user"


def standing(call: BranchOperation, roles: RollbackRoles, people: People) -> Standing:
    """The role of a call's user.

    Nobody is allowed who is not shown to be: outside all lists is unlisted, and
    what cannot be shown is undecided (design section 6, decision 5). Somebody
    who is listed does not break glass.
    """
    listed = _listed(call, roles, "a listed user", people)
    if listed.holds is Holds.YES:
        return Standing(Role.LISTED, listed.why)
    emergency = _listed(call, roles.break_glass, "listed for break-glass", people)
    if emergency.holds is Holds.YES:
        return Standing(Role.BREAK_GLASS, emergency.why)
    undecided = [ruling for ruling in (listed, emergency) if ruling.holds is Holds.UNDECIDED]
    if undecided:
        return Standing(Role.UNDECIDED, _joined(r.why for r in undecided), _joined(r.cure for r in undecided))
    why = _joined(ruling.why for ruling in (listed, emergency))
    return Standing(Role.UNLISTED, why or "the policy lists nobody")


def _listed(call: BranchOperation, roles: Roles, what: str, people: People) -> Ruling:
    """Whether the call's user was on one list of users and groups; `what` messages call those who are."""
    if not roles.users and not roles.groups:
        return Ruling(Holds.NO, "")
    if not call.user:
        return Ruling(
            Holds.UNDECIDED,
            NO_USER,
            "find the caller by request id and source address; servers before v0.89 log no user",
        )
    rulings = [*_users(call, roles.users, what, people), *_groups(call, roles.groups, people)]
    for wanted in (Holds.YES, Holds.UNDECIDED):
        found = [ruling for ruling in rulings if ruling.holds is wanted]
        if found:
            return Ruling(wanted, _joined(r.why for r in found), _joined(r.cure for r in found))
    not_named = f"{call.user} is not {what}" if roles.users else ""
    return Ruling(Holds.NO, _joined(ruling.why for ruling in rulings) or not_named)


def _users(
    call: BranchOperation, entries: tuple[str | Identity, ...], what: str, people: People
) -> Iterator[Ruling]:
    for entry in entries:
        name = entry if isinstance(entry, str) else entry.id
        same = people.same(call.user, name)
        if same is Holds.NO:
            continue
        if same is Holds.UNDECIDED:
            yield Ruling(
                Holds.UNDECIDED,
                "the policy lists a name that several users of the directory have",
                "list the lakeFS id",
            )
        else:
            yield _dated(entry, call.user, call.time) or Ruling(Holds.YES, f"{call.user} is {what}")


def _groups(call: BranchOperation, entries: tuple[str | Identity, ...], people: People) -> Iterator[Ruling]:
    for entry in entries:
        name = entry if isinstance(entry, str) else entry.id
        ruling = people.was_member(call.user, name, call.time)
        yield ruling if ruling.holds is Holds.NO else _dated(entry, name, call.time) or ruling


def _dated(entry: str | Identity, called: str, time: datetime) -> Ruling | None:
    """What the dates of an entry say against it at `time`; None where they admit it.

    `called` is the name for messages: the log's, which reports know to be a person's.
    """
    if isinstance(entry, str):
        return None
    try:
        span = read_span(entry.since, entry.until)
    except ValueError as error:
        return Ruling(Holds.UNDECIDED, f"the policy's dates of {called} cannot be read: {error}", "mend them")
    if span.holds(time):
        return None
    since, until = entry.since and f" since {entry.since}", entry.until and f" until {entry.until}"
    return Ruling(Holds.NO, f"{called} is listed only{since}{until}")


def _joined(parts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(part for part in parts if part))
