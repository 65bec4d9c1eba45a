"""Episodes, what they owe, and the records that answer for them."""

import random
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kfm_audit.evidence import Evidence
from kfm_audit.evidence.cases import join_cases
from kfm_audit.facts import (
    Agent,
    AgentKind,
    BranchOperation,
    Case,
    Correction,
    Debt,
    DeniedRollback,
    Incident,
    Owed,
    PersonKind,
    Record,
    Role,
    Rollback,
    Standing,
    User,
)
from kfm_audit.policy.model import BranchOverride, Due, LakeFS, Policy, Roles, RollbackRoles
from kfm_audit.values import Origin

THREE = datetime(2026, 1, 30, 3, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
HERE = Origin("audit.jsonl", line=1)
POLICY = LakeFS(
    environment_branches={"prod": ("env-prod", "prod*"), "stage": ("env-stage",)},
    rollback=RollbackRoles(users=("jane",), break_glass=Roles(users=("oncall",))),
)
NOW = THREE + 7 * HOUR


def call(minutes=0.0, request="0b1e", **more) -> BranchOperation:
    time = THREE + minutes * MINUTE
    known = {
        "subject": f"lakefs://kfm/{more.get('branch', 'env-prod')}@{request or f'{time:%Y-%m-%dT%H:%M:%SZ}'}",
        "origin": HERE,
        "operation": "HardResetBranch",
        "repository": "kfm",
        "branch": "env-prod",
        "time": time,
        "user": "jane",
        "status": 204,
        "request_id": request,
        "target": "9666d7c9daf3",
    }
    return BranchOperation(**{**known, **more})


def correction(name="c", **more) -> Correction:
    known = {"subject": name, "origin": Origin(name), "repository": "kfm", "branch": "env-prod"}
    return Correction(**{**known, **more})


def incident(name="INC-7", **more) -> Incident:
    known = {"subject": name, "origin": Origin(name), "id": name, "status": "closed", "opened": THREE}
    return Incident(**{**known, **more})


def joined(*facts, lakefs=POLICY, now=NOW, **window) -> Evidence:
    evidence = Evidence(facts, Policy(policy=1, name="test", lakefs=lakefs), now, **window)
    join_cases(evidence)
    return evidence


def cases(*facts, **more) -> tuple[Case, ...]:
    return joined(*facts, **more).of(Case)


def record(*facts, debt=Debt.CORRECTION, **more) -> Record | None:
    (case,) = cases(*facts, **more)
    return case.records.get(debt)


def test_a_rollback_is_a_case_that_owes_correction_and_incident() -> None:
    rollback = Rollback(
        **msgspec.structs.asdict(call()),
        environment="prod",
        standing=Standing(Role.LISTED, "jane is a listed user"),
    )
    evidence = joined(call())
    assert evidence.of(Rollback) == (rollback,)
    assert evidence.of(DeniedRollback) == ()
    assert evidence.of(Case) == (
        Case(
            subject="lakefs://kfm/env-prod@0b1e",
            origin=HERE,
            rollbacks=(rollback,),
            environment="prod",
            due={Debt.CORRECTION: THREE + 24 * HOUR, Debt.INCIDENT: THREE + 24 * HOUR},
            records={},
        ),
    )


def test_what_is_refused_is_a_denial_and_what_fails_is_neither() -> None:
    evidence = joined(
        *(call(status=status, request=str(status)) for status in (400, 401, 403, 404, 409, 412, 500))
    )
    assert evidence.of(Rollback) == evidence.of(Case) == ()
    assert [(denied.request_id, denied.environment) for denied in evidence.of(DeniedRollback)] == [
        ("401", "prod"),
        ("403", "prod"),
    ]


@pytest.mark.parametrize(
    ("branch", "repository", "repositories", "environment"),
    [
        ("env-prod", "kfm", (), "prod"),
        ("production", "kfm", (), "prod"),
        ("env-stage", "kfm", (), "stage"),
        ("run-7", "kfm", (), None),
        ("Env-Prod", "kfm", (), None),
        ("env-prod", "kfm", ("kfm", "geo*"), "prod"),
        ("env-prod", "geology", ("kfm", "geo*"), "prod"),
        ("env-prod", "playground", ("kfm", "geo*"), None),
    ],
)
def test_which_branches_are_an_environments(branch, repository, repositories, environment) -> None:
    policy = msgspec.structs.replace(POLICY, repositories=repositories)
    found = cases(call(branch=branch, repository=repository), lakefs=policy)
    assert [case.environment for case in found] == ([environment] if environment else [])


def test_a_bracket_is_no_class_in_a_glob() -> None:
    policy = msgspec.structs.replace(POLICY, environment_branches={"prod": ("env-[pq]rod",)})
    assert cases(call(branch="env-prod"), lakefs=policy) == ()


def test_branches_may_have_their_own_roles_and_dues() -> None:
    overrides = (
        BranchOverride(branches=("env-*",), reason="r", due=Due(correction="1h", incident="2d")),
        BranchOverride(
            branches=("env-prod",),
            reason="r",
            rollback=RollbackRoles(users=("sam",)),
            due=Due(correction="9h"),
        ),
    )
    policy = msgspec.structs.replace(POLICY, overrides=overrides)
    (case,) = cases(call(), lakefs=policy)
    assert case.first.standing.role is Role.UNLISTED
    assert case.due == {Debt.CORRECTION: THREE + HOUR, Debt.INCIDENT: THREE + 48 * HOUR}


class TestEpisodes:
    def test_calls_within_the_gap_of_the_one_before_are_one_episode(self) -> None:
        (one, two) = cases(call(20, "c"), call(0, "a"), call(10, "b"), call(30.02, "d"))
        assert [[c.request_id for c in case.rollbacks] for case in (one, two)] == [["a", "b", "c"], ["d"]]
        assert one.subject == "lakefs://kfm/env-prod@a"
        assert one.deed == "a hard reset of prod to 9666d7c9daf3 by jane and 2 more calls"

    def test_another_actor_branch_or_repository_is_another_episode(self) -> None:
        found = cases(
            call(0, "a"),
            call(1, "b", user="sam"),
            call(2, "c", branch="env-stage"),
            call(3, "d", repository="geo"),
        )
        assert [case.first.request_id for case in found] == ["a", "b", "c", "d"]

    def test_the_same_call_in_two_logs_is_one(self) -> None:
        copy = call(origin=Origin("copy.jsonl", line=9))
        (case,) = cases(call(), copy)
        assert len(case.rollbacks) == 1
        bare = call(request="")
        (case,) = cases(bare, msgspec.structs.replace(bare, origin=Origin("copy.jsonl")))
        assert len(case.rollbacks) == 1

    @settings(max_examples=40)
    @given(st.randoms(use_true_random=False), st.lists(st.integers(0, 5), max_size=4))
    def test_order_and_repetition_change_no_case(self, chance: random.Random, again: list[int]) -> None:
        events = [
            call(0, "a"),
            call(8, "b"),
            call(30, "c", user="oncall"),
            call(31, "d", status=403),
            call(600, "e", target="aaaaaaaaaaaa"),
            call(3, "", branch="env-stage"),
        ]
        corrections = [
            correction("1", request_ids=("a",), recorded=THREE + HOUR),
            correction("2", started=THREE + 31 * MINUTE, recorded=THREE + 2 * HOUR),
            correction("3", started=THREE + 33 * MINUTE, draft=True),
            correction("4", restored_commits=("aaaaaaaaaaaa",)),
            incident(rollbacks=("b",)),
            incident("INC-8", rollbacks=("b", "c")),
        ]
        expected = cases(*events, *corrections, now=THREE + 20 * HOUR)
        facts = [*events, *(events[number] for number in again), *corrections]
        chance.shuffle(facts)
        assert cases(*facts, now=THREE + 20 * HOUR) == expected


class TestTime:
    def test_what_comes_after_now_has_not_happened(self) -> None:
        facts = (call(), call(300, "late"), correction(request_ids=("0b1e",), recorded=THREE + 5 * HOUR))
        (case,) = cases(*facts, now=THREE + 4 * HOUR)
        assert case.records == {}
        assert [c.request_id for c in case.rollbacks] == ["0b1e"]
        early, late = cases(*facts, now=THREE + 5 * HOUR)
        assert early.records[Debt.CORRECTION].subject == "c"
        assert late.records == {}

    def test_a_window_admits_events_and_never_tears_a_case(self) -> None:
        facts = (
            call(0, "a"),
            call(5, "b"),
            call(60, "c"),
            call(61, "x", status=403),
            call(5, "y", status=403),
        )
        evidence = joined(*facts, since=THREE + 5 * MINUTE, until=THREE + 60 * MINUTE)
        assert [c.request_id for c in evidence.of(Rollback)] == ["b"]
        assert [c.request_id for c in evidence.of(DeniedRollback)] == ["y"]
        assert [[c.request_id for c in case.rollbacks] for case in evidence.of(Case)] == [["a", "b"]]

    def test_a_debt_is_settled_late_too_and_pending_until_due(self) -> None:
        (case,) = cases(call())
        assert case.owed(Debt.CORRECTION, THREE) is Owed.PENDING
        assert case.owed(Debt.CORRECTION, THREE + 24 * HOUR - MINUTE) is Owed.PENDING
        assert case.owed(Debt.CORRECTION, THREE + 24 * HOUR) is Owed.OVERDUE
        assert case.owed(Debt.REVIEW, THREE + 999 * HOUR) is Owed.SETTLED  # none is owed
        late = THREE + 99 * HOUR
        (case,) = cases(call(), correction(request_ids=("0b1e",), recorded=late), now=late)
        assert case.owed(Debt.CORRECTION, late) is Owed.SETTLED


CORRECTION_JOINS = {
    # the correction -> how it is joined to a hard reset to 9666d7c9daf3 at 03:00 with request id 0b1e
    "by request id": ({"request_ids": ("ff", "0b1e")}, "request id 0b1e"),
    "by request id, whatever else it says": (
        {"request_ids": ("0b1e",), "branch": "other", "repository": ""},
        "request id 0b1e",
    ),
    "by commit": (
        {"restored_commits": ("9666d7c9daf3" + "0" * 52,)},
        "repository, branch and commit 9666d7c9daf3",
    ),
    "by a shortened commit": (
        {"restored_commits": ("9666D7C",)},
        "repository, branch and commit 9666d7c9daf3",
    ),
    "a commit of six digits names nothing": ({"restored_commits": ("9666d7",)}, None),
    "the commit on another branch": ({"restored_commits": ("9666d7c9daf3",), "branch": "env-stage"}, None),
    "the commit in another repository": ({"restored_commits": ("9666d7c9daf3",), "repository": ""}, None),
    "the commit that was reverted is not the target": ({"reverted_commits": ("9666d7c9daf3",)}, None),
    "by time": ({"started": THREE - 5 * MINUTE}, "repository, branch and time, 5 min apart"),
    "by time, to the tolerance": (
        {"ended": THREE + 10 * MINUTE},
        "repository, branch and time, 10 min apart",
    ),
    "by time, the call within the activity": (
        {"started": THREE - 50 * MINUTE, "ended": THREE + 5 * HOUR},
        "repository, branch and time, at the same time",
    ),
    "by time, beyond the tolerance": ({"started": THREE + 11 * MINUTE}, None),
    "no time, nothing else": ({}, None),
    "written before anything happened": (
        {"restored_commits": ("9666d7c9daf3",), "recorded": THREE - 11 * MINUTE},
        None,
    ),
    "it names another call": ({"request_ids": ("ff",), "started": THREE}, None),
}


@pytest.mark.parametrize("case", CORRECTION_JOINS)
def test_joins_of_corrections(case) -> None:
    fields, how = CORRECTION_JOINS[case]
    found = record(call(), correction(**fields))
    assert (found and found.joined_by) == how


def test_a_correction_that_names_requests_may_be_joined_by_time_to_calls_that_have_none() -> None:
    found = record(call(request=""), correction(request_ids=("ff",), started=THREE))
    assert found is not None
    assert found.joined_by == "repository, branch and time, at the same time"


def test_one_correction_accounts_for_an_episode_and_for_all_calls_that_it_names() -> None:
    one = correction(request_ids=("b", "c"))
    first, second = cases(call(0, "a"), call(5, "b"), call(300, "c"), one)
    assert first.records[Debt.CORRECTION].joined_by == "request id b"
    assert second.records[Debt.CORRECTION].joined_by == "request id c"


def test_weak_joins_are_one_to_one_and_the_nearest_first() -> None:
    calls = (call(0, ""), call(15, ""))
    first, second = cases(
        *calls, correction("x", started=THREE + 8 * MINUTE), correction("y", started=THREE + 7 * MINUTE)
    )
    assert (first.records[Debt.CORRECTION].subject, second.records[Debt.CORRECTION].subject) == ("y", "x")
    first, second = cases(*calls, correction("x", started=THREE + 8 * MINUTE))
    assert (first.records, second.records[Debt.CORRECTION].subject) == ({}, "x")


def test_last_weeks_correction_of_a_reset_to_the_same_commit_is_not_tonights() -> None:
    old = correction(
        "old", restored_commits=("9666d7c9daf3",), started=THREE - 168 * HOUR, recorded=THREE - 167 * HOUR
    )
    before, tonight = cases(call(-168 * 60, "a"), call(0, "b"), old)
    assert before.records[Debt.CORRECTION].subject == "old"
    assert tonight.records == {}


def test_a_commit_wins_over_a_nearer_time() -> None:
    found = record(
        call(), correction("time", started=THREE), correction("commit", restored_commits=("9666d7c9daf3",))
    )
    assert found is not None
    assert found.subject == "commit"


def test_a_draft_is_a_record_that_is_not_final_and_gives_way_to_one_that_is() -> None:
    draft = correction("draft", request_ids=("0b1e",), draft=True)
    assert record(call(), draft) == Record(
        "draft", "request id 0b1e", None, False, "it is a draft (kfm:draft)"
    )
    todo = correction("todo", request_ids=("0b1e",), todo="kfm:justification")
    assert record(call(), todo) == Record(
        "todo", "request id 0b1e", None, False, "its kfm:justification still holds a TODO"
    )
    by_time = correction("final", started=THREE, recorded=NOW)
    assert record(call(), draft, by_time) == Record(
        "final", "repository, branch and time, at the same time", NOW, True
    )


def test_of_two_final_records_the_first_one_counts() -> None:
    late = correction("late", request_ids=("0b1e",), recorded=THREE + 6 * HOUR)
    early = correction("early", request_ids=("0b1e",), recorded=THREE + 5 * HOUR)
    undated = correction("undated", request_ids=("0b1e",))
    found = record(call(), undated, late, early)
    assert found is not None
    assert found.subject == "early"


INCIDENTS = {
    "lists the request": (incident(rollbacks=("0b1e",)), True, "it lists 0b1e", ""),
    "lists the subject": (
        incident(rollbacks=("lakefs://kfm/env-prod@0b1e",)),
        True,
        "it lists lakefs://kfm/env-prod@0b1e",
        "",
    ),
    "is named by the correction": (incident("INC-9"), True, "correction c names it", ""),
    "is mitigated": (incident(rollbacks=("0b1e",), status="mitigated"), True, "it lists 0b1e", ""),
    "is open": (incident(rollbacks=("0b1e",), status="open"), False, "it lists 0b1e", "it is open"),
    "is open as of now": (
        incident(rollbacks=("0b1e",), corrected=NOW + HOUR),
        False,
        "it lists 0b1e",
        "it is open still",
    ),
    "has a TODO": (
        incident(rollbacks=("0b1e",), summary="TODO: what happened"),
        False,
        "it lists 0b1e",
        "its summary still holds a TODO",
    ),
}


@pytest.mark.parametrize("case", INCIDENTS)
def test_joins_of_incidents(case) -> None:
    known, final, how, why = INCIDENTS[case]
    naming = correction(request_ids=("0b1e",), incidents=("https://kfm.example/incidents/INC-9",), draft=True)
    found = record(call(), naming, known, debt=Debt.INCIDENT)
    assert found == Record(known.id, how, THREE, final, why)


def test_incidents_that_are_others() -> None:
    others = (
        incident("INC-1"),
        incident("INC-2", rollbacks=("ff",)),
        incident("INC-3", rollbacks=("0b1e",), opened=NOW + MINUTE),
        incident("", rollbacks=("",)),
    )
    assert record(call(), *others, debt=Debt.INCIDENT) is None
    assert record(call(request=""), *others, debt=Debt.INCIDENT) is None


def test_an_incident_that_is_over_goes_before_one_that_is_open() -> None:
    found = record(
        call(),
        incident("INC-1", rollbacks=("0b1e",), status="open"),
        incident("INC-2", rollbacks=("0b1e",)),
        debt=Debt.INCIDENT,
    )
    assert found is not None
    assert found.subject == "INC-2"


APPROVER = "https://kansasfrontiermatrix.org/ns/kfm#approver"


def agent(name, kind=AgentKind.PERSON, *roles) -> Agent:
    return Agent(iri=f"urn:kfm:user:{name}", kind=kind, roles=roles, names=(f"urn:kfm:user:{name}", name))


def glass(*agents, **more) -> Case:
    facts = more.pop("facts", ())
    final = correction(request_ids=("0b1e",), recorded=NOW, agents=agents, **more)
    (case,) = cases(call(user="oncall"), final, *facts)
    return case


class TestBreakGlass:
    def test_a_review_is_owed_where_glass_was_broken(self) -> None:
        (case,) = cases(call(user="oncall"))
        assert case.due[Debt.REVIEW] == THREE + 72 * HOUR
        assert case.first.standing == Standing(Role.BREAK_GLASS, "oncall is listed for break-glass")

    def test_an_approver_who_is_another_person_reviews(self) -> None:
        case = glass(agent("sam"), agent("alex", AgentKind.PERSON, APPROVER))
        assert case.records[Debt.REVIEW] == Record("c", "approved by alex", NOW, True)
        assert case.human == "sam"

    def test_nobody_reviews_themselves(self) -> None:
        directory = User(
            subject="oncall", origin=HERE, id="oncall", email="Jane@acme.com", person=PersonKind.SHARED
        )
        case = glass(agent("jane@ACME.com", AgentKind.PERSON, APPROVER), facts=(directory,))
        assert case.records[Debt.REVIEW] == Record(
            "c",
            "approved by jane@ACME.com",
            NOW,
            False,
            "its approver jane@ACME.com made the calls",
        )
        assert (case.identity, case.human) == (PersonKind.SHARED, "")

    def test_software_reviews_nothing(self) -> None:
        case = glass(agent("bot", AgentKind.SOFTWARE, APPROVER))
        assert case.records[Debt.REVIEW].why_not_final == "nothing shows that its approver bot is a person"

    def test_of_several_approvers_one_who_may_is_enough(self) -> None:
        case = glass(agent("bot", AgentKind.SOFTWARE, APPROVER), agent("alex", AgentKind.PERSON, APPROVER))
        assert case.records[Debt.REVIEW] == Record("c", "approved by alex", NOW, True)

    def test_automation_users_are_software(self) -> None:
        policy = msgspec.structs.replace(POLICY, automation_users=("oncall", "bot"))
        approved = correction(request_ids=("0b1e",), agents=(agent("bot", AgentKind.PERSON, APPROVER),))
        (case,) = cases(call(user="oncall"), approved, lakefs=policy)
        assert (case.identity, case.records.keys()) == (PersonKind.SOFTWARE, {Debt.CORRECTION, Debt.REVIEW})
        assert not case.records[Debt.REVIEW].final

    def test_another_role_is_no_review(self) -> None:
        assert Debt.REVIEW not in glass(agent("alex", AgentKind.PERSON, "urn:x#witness")).records

    def test_a_draft_reviews_nothing_yet(self) -> None:
        case = glass(agent("alex", AgentKind.PERSON, APPROVER), agent("sam"), draft=True)
        assert case.records[Debt.REVIEW] == Record(
            "c", "approved by alex", NOW, False, "it is a draft (kfm:draft)"
        )
        assert case.human == ""
