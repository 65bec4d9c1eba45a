"""Who is who, who belonged to what when, and in which role somebody made a call."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from kfm_audit.evidence import Evidence
from kfm_audit.evidence.lakefs.people import Holds, People
from kfm_audit.evidence.lakefs.roles import standing
from kfm_audit.facts import (
    BranchOperation,
    Group,
    LogCoverage,
    Membership,
    MembershipChange,
    Role,
    User,
)
from kfm_audit.policy.lakefs import Identity, Roles, RollbackRoles
from kfm_audit.policy.model import Policy
from kfm_audit.values import Origin

EVENT = datetime(2026, 1, 30, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
HERE = Origin("x")


def people(*facts, now=EVENT + 100 * HOUR) -> People:
    return People(Evidence(facts, Policy(policy=1, name="test"), now))


def user(id_, email="", friendly_name="") -> User:
    return User(subject=id_, origin=HERE, id=id_, email=email, friendly_name=friendly_name)


def group(*members, name="sre", known=True, as_of=None) -> Group:
    listed = tuple(m if isinstance(m, Membership) else Membership(m) for m in members)
    return Group(
        subject=name, origin=HERE, id=name, name=name, members=listed, members_known=known, as_of=as_of
    )


def change(hours, added, who="jane", name="sre") -> MembershipChange:
    time = EVENT + hours * HOUR
    return MembershipChange(
        subject=f"{time}", origin=HERE, group=name, user=who, added=added, time=time, by="admin"
    )


def log(start, end) -> LogCoverage:
    return LogCoverage(
        subject="log",
        origin=HERE,
        lines=1,
        audit_lines=1,
        skipped=0,
        duplicates=0,
        without_user=0,
        first=EVENT + start * HOUR,
        last=EVENT + end * HOUR,
    )


class TestNames:
    directory = people(
        user("u1", "Jane@acme.com", "Jane"),
        user("u2", "sam@acme.com", "Sam"),
        user("u3", "sam2@acme.com", "Sam"),
        user("u1", "twice@acme.com"),
        user("Jane"),
    )

    def test_an_id_wins_over_a_mail_address_and_that_over_a_friendly_name(self) -> None:
        assert [u.id for u in self.directory.candidates("Jane")] == ["Jane"]
        assert [u.id for u in self.directory.candidates("jane@ACME.com")] == ["u1"]
        assert [u.id for u in self.directory.candidates("Sam")] == ["u2", "u3"]
        assert self.directory.find("Sam") is None
        assert self.directory.names("u1") == ("u1", "Jane@acme.com", "Jane")
        assert self.directory.names("nobody") == ("nobody",)

    @pytest.mark.parametrize(
        ("logged", "listed", "expected"),
        [
            ("u1", "u1", Holds.YES),
            ("u1", "jane@acme.com", Holds.YES),
            ("u1", "Jane", Holds.NO),  # that is another user's id
            ("u2", "Sam", Holds.UNDECIDED),
            ("u9", "u9", Holds.YES),
            ("u9", "Sam", Holds.NO),
        ],
    )
    def test_sameness(self, logged, listed, expected) -> None:
        assert self.directory.same(logged, listed) is expected


AS_OF = EVENT + 5 * HOUR
NOT_SINCE_WHEN = (
    "the directory lists jane in group sre as of 2026-01-30T08:00:00Z, not since when, "
    "and the log does not cover all from 2026-01-30T03:00:00Z until then"
)
NO_DATE = (
    "the policy's dates of jane cannot be read: 'soon' is no date or time: "
    "write 2026-01-31 or 2026-01-31T09:00:00Z"
)
MEMBERSHIPS = {
    # what the directory and the logs say -> what is so, and why
    "dated, within": ([group(Membership("jane", EVENT - HOUR))], Holds.YES, "jane was in group sre then"),
    "dated, from the very moment": (
        [group(Membership("jane", EVENT))],
        Holds.YES,
        "jane was in group sre then",
    ),
    "dated, until the very moment": (
        [group(Membership("jane", EVENT - HOUR, EVENT))],
        Holds.NO,
        "jane was in group sre only from 2026-01-30T02:00:00Z until 2026-01-30T03:00:00Z",
    ),
    "dated, later": (
        [group(Membership("jane", EVENT + HOUR))],
        Holds.NO,
        "jane was in group sre only from 2026-01-30T04:00:00Z",
    ),
    "dated twice": (
        [group(Membership("jane", EVENT - 9 * HOUR, EVENT - 8 * HOUR), Membership("jane", EVENT - HOUR))],
        Holds.YES,
        "jane was in group sre then",
    ),
    "dates win over the log": (
        [group(Membership("jane", EVENT - HOUR)), change(1, added=True), log(-9, 9)],
        Holds.YES,
        "jane was in group sre then",
    ),
    "dated, over, though the log adds them": (
        [group(Membership("jane", EVENT - 9 * HOUR, EVENT - 8 * HOUR)), change(-1, added=True), log(-9, 9)],
        Holds.NO,
        "jane was in group sre only from 2026-01-29T18:00:00Z until 2026-01-29T19:00:00Z",
    ),
    "not a member": ([group("sam")], Holds.NO, "jane is not in group sre"),
    "not a member, among pages that lack": (
        [group("sam", known=False)],
        Holds.UNDECIDED,
        "the list of members of group sre is incomplete, and jane is not in it",
    ),
    "undated, and no as_of": (
        [group("jane"), log(-9, 99)],
        Holds.UNDECIDED,
        "the directory lists jane in group sre, but not since when nor as of when",
    ),
    "undated, unbroken log": (
        [group("jane", as_of=AS_OF), log(-1, 6)],
        Holds.YES,
        "jane is in group sre as of 2026-01-30T08:00:00Z, and the log shows no change",
    ),
    "undated, unbroken log in two files": (
        [group("jane", as_of=AS_OF), log(2.1, 6), log(-1, 2)],
        Holds.YES,
        "jane is in group sre as of 2026-01-30T08:00:00Z, and the log shows no change",
    ),
    "undated, the directory is older": (
        [group("jane", as_of=EVENT - 5 * HOUR), log(-6, 1)],
        Holds.YES,
        "jane is in group sre as of 2026-01-29T22:00:00Z, and the log shows no change",
    ),
    "undated, a gap in the log": (
        [group("jane", as_of=AS_OF), log(-1, 2), log(3, 6)],
        Holds.UNDECIDED,
        NOT_SINCE_WHEN,
    ),
    "undated end, not over": (
        [group(Membership("jane", None, EVENT + HOUR), as_of=AS_OF)],
        Holds.UNDECIDED,
        NOT_SINCE_WHEN,
    ),
    "undated end, over": (
        [group(Membership("jane", None, EVENT), as_of=AS_OF)],
        Holds.NO,
        "jane was in group sre only until 2026-01-30T03:00:00Z",
    ),
    "added afterwards": (
        [group("jane", as_of=AS_OF), change(1, added=True), log(-1, 6)],
        Holds.NO,
        "jane was added to group sre only after the call, at 2026-01-30T04:00:00Z",
    ),
    "added in the same second": (
        [group("jane", as_of=AS_OF), change(0, added=True), log(-1, 6)],
        Holds.NO,
        "jane was added to group sre only after the call, at 2026-01-30T03:00:00Z",
    ),
    "taken out afterwards": (
        [group("sam"), change(1, added=False), log(-1, 6)],
        Holds.YES,
        "jane was taken out of group sre only after the call, at 2026-01-30T04:00:00Z",
    ),
    "taken out in the same second": (
        [group("sam"), change(0, added=False), log(-1, 6)],
        Holds.NO,
        "jane was taken out of group sre before the call, at 2026-01-30T03:00:00Z",
    ),
    "taken out afterwards, behind a gap": (
        [group("sam"), change(3, added=False), log(-1, 1), log(2, 6)],
        Holds.NO,
        "jane is not in group sre",
    ),
    "added before, and nothing since": (
        [change(-1, added=True), log(-2, 1)],
        Holds.YES,
        "jane was added to group sre before the call, at 2026-01-30T02:00:00Z",
    ),
    "added before, behind a gap": (
        [change(-5, added=True), log(-6, -4), log(-1, 1)],
        Holds.UNDECIDED,
        "no directory says who was in group sre",
    ),
    "the last change before counts": (
        [change(-2, added=True), change(-1, added=False), log(-3, 1)],
        Holds.NO,
        "jane was taken out of group sre before the call, at 2026-01-30T02:00:00Z",
    ),
    "changes of others say nothing": (
        [
            group("jane", as_of=AS_OF),
            change(1, added=True, who="sam"),
            change(1, added=True, name="dev"),
            log(-1, 6),
        ],
        Holds.YES,
        "jane is in group sre as of 2026-01-30T08:00:00Z, and the log shows no change",
    ),
    "no directory": ([], Holds.UNDECIDED, "no directory says who was in group sre"),
    "a directory of others": ([group("jane", name="dev")], Holds.UNDECIDED, "the directory has no group sre"),
    "a name without members": (
        [group(known=False)],
        Holds.UNDECIDED,
        "the directory names group sre without its members",
    ),
    "a name here, the members there": (
        [group(known=False), group(Membership("jane", EVENT - HOUR))],
        Holds.YES,
        "jane was in group sre then",
    ),
}


@pytest.mark.parametrize("case", MEMBERSHIPS)
def test_membership(case) -> None:
    facts, holds, why = MEMBERSHIPS[case]
    ruling = people(*facts).was_member("jane", "sre", EVENT)
    assert (ruling.holds, ruling.why) == (holds, why)
    assert (ruling.cure != "") is (holds is Holds.UNDECIDED)


def test_what_comes_after_now_has_not_happened() -> None:
    known = [group("jane", as_of=AS_OF), log(-1, 6), change(4, added=True)]
    assert people(*known, now=EVENT + 6 * HOUR).was_member("jane", "sre", EVENT).holds is Holds.NO
    assert people(*known, now=EVENT + HOUR).was_member("jane", "sre", EVENT).holds is Holds.UNDECIDED


def test_a_member_may_be_listed_by_mail_address_and_the_group_by_name() -> None:
    directory = people(
        user("00u1", "jane@acme.com"),
        Group(
            subject="g1",
            origin=HERE,
            id="g1",
            name="sre",
            members=(Membership("jane@acme.com", EVENT - HOUR),),
        ),
    )
    assert directory.was_member("00u1", "sre", EVENT).holds is Holds.YES
    assert directory.was_member("00u1", "g1", EVENT).holds is Holds.YES


def test_a_group_is_listed_by_name_and_its_members_by_id() -> None:
    """As lakeFS's API answers: `auth/groups`, and `auth/groups/g1/members`."""
    listed = Group(subject="g1", origin=HERE, id="g1", name="sre", members_known=False)
    directory = people(user("jane"), listed, group(Membership("jane", EVENT - HOUR), name="g1"))
    assert directory.was_member("jane", "sre", EVENT).holds is Holds.YES
    assert directory.was_member("joe", "sre", EVENT).holds is Holds.NO
    assert people(user("jane"), listed).was_member("jane", "sre", EVENT).holds is Holds.UNDECIDED


def call(who="jane") -> BranchOperation:
    return BranchOperation(
        subject="lakefs://kfm/env-prod@1",
        origin=HERE,
        operation="RevertBranch",
        repository="kfm",
        branch="env-prod",
        time=EVENT,
        user=who,
        status=204,
        request_id="1",
    )


IN = group(Membership("jane", EVENT - HOUR))
STANDINGS = {
    "a listed user": (call(), RollbackRoles(users=("jane",)), [], Role.LISTED, "jane is a listed user"),
    "listed for the time": (
        call(),
        RollbackRoles(users=(Identity("jane", since="2026-01-30", until="2026-01-30"),)),
        [],
        Role.LISTED,
        "jane is a listed user",
    ),
    "listed for another time": (
        call(),
        RollbackRoles(users=(Identity("jane", until="2026-01-29"),)),
        [],
        Role.UNLISTED,
        "jane is listed only until 2026-01-29",
    ),
    "listed from later on": (
        call(),
        RollbackRoles(users=(Identity("jane", since="2026-01-30T03:00:01Z"),)),
        [],
        Role.UNLISTED,
        "jane is listed only since 2026-01-30T03:00:01Z",
    ),
    "dates that are none": (
        call(),
        RollbackRoles(users=(Identity("jane", since="soon"),)),
        [],
        Role.UNDECIDED,
        NO_DATE,
    ),
    "a member of a listed group": (
        call(),
        RollbackRoles(groups=("sre",)),
        [IN],
        Role.LISTED,
        "jane was in group sre then",
    ),
    "of a group listed for another time": (
        call(),
        RollbackRoles(groups=(Identity("sre", until="2026-01-01"),)),
        [IN],
        Role.UNLISTED,
        "sre is listed only until 2026-01-01",
    ),
    "no member": (
        call("mallory"),
        RollbackRoles(users=("sam",), groups=("sre",)),
        [IN],
        Role.UNLISTED,
        "mallory is not in group sre",
    ),
    "no directory": (
        call(),
        RollbackRoles(groups=("sre",)),
        [],
        Role.UNDECIDED,
        "no directory says who was in group sre",
    ),
    "one group decides for another": (
        call(),
        RollbackRoles(groups=("ops", "sre")),
        [IN],
        Role.LISTED,
        "jane was in group sre then",
    ),
    "somebody else is listed": (
        call(),
        RollbackRoles(users=("sam",), break_glass=Roles(users=("alex",))),
        [],
        Role.UNLISTED,
        "jane is not a listed user; jane is not listed for break-glass",
    ),
    "nobody is listed": (call(), RollbackRoles(), [], Role.UNLISTED, "the policy lists nobody"),
    "the log names nobody": (
        call(""),
        RollbackRoles(users=("jane",)),
        [],
        Role.UNDECIDED,
        "the log names no user",
    ),
    "nobody named, nobody listed": (call(""), RollbackRoles(), [], Role.UNLISTED, "the policy lists nobody"),
    "break-glass": (
        call(),
        RollbackRoles(users=("sam",), break_glass=Roles(users=("jane",))),
        [],
        Role.BREAK_GLASS,
        "jane is listed for break-glass",
    ),
    "listed before break-glass": (
        call(),
        RollbackRoles(users=("jane",), break_glass=Roles(users=("jane",))),
        [],
        Role.LISTED,
        "jane is a listed user",
    ),
    "break-glass is shown, the role is not": (
        call(),
        RollbackRoles(groups=("sre",), break_glass=Roles(users=("jane",))),
        [],
        Role.BREAK_GLASS,
        "jane is listed for break-glass",
    ),
    "break-glass is not shown": (
        call(),
        RollbackRoles(users=("sam",), break_glass=Roles(groups=("sre",))),
        [],
        Role.UNDECIDED,
        "no directory says who was in group sre",
    ),
    "a friendly name that two have": (
        call("u1"),
        RollbackRoles(users=("Sam",)),
        [user("u1", friendly_name="Sam"), user("u2", friendly_name="Sam")],
        Role.UNDECIDED,
        "the policy lists a name that several users of the directory have",
    ),
}


@pytest.mark.parametrize("case", STANDINGS)
def test_standing(case) -> None:
    made, roles, facts, role, why = STANDINGS[case]
    found = standing(made, roles, people(*facts))
    assert (found.role, found.why) == (role, why)
    assert (found.cure != "") is (role is Role.UNDECIDED)


def test_a_name_that_is_taken_gives_no_role_to_its_imitator() -> None:
    imitator = user("u6", friendly_name="jane")
    roles = RollbackRoles(users=("jane",))
    assert standing(call("u6"), roles, people(user("jane"), imitator)).role is Role.UNLISTED
    assert (
        standing(msgspec.structs.replace(call(), user="jane"), roles, people(user("jane"), imitator)).role
        is Role.LISTED
    )
