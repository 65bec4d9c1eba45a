"""Episodes, what they owe, and the records that answer for them."""

import random
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kfm_audit.evidence import Evidence
from kfm_audit.evidence.lakefs.cases import join_cases
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
    UnreadableInput,
    User,
)
from kfm_audit.policy.lakefs import BranchOverride, Due, LakeFS, Roles, RollbackRoles
from kfm_audit.policy.model import Policy
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


class TestOneCorrectionOneEpisode:
    def test_it_accounts_for_all_calls_of_an_episode_and_for_no_other(self) -> None:
        one = correction(request_ids=("b", "c"), started=THREE + 4 * MINUTE, recorded=THREE + HOUR)
        first, second = cases(call(0, "a"), call(5, "b"), call(300, "c"), one)
        assert first.records[Debt.CORRECTION] == Record("c", "request id b", THREE + HOUR, True)
        found = second.records[Debt.CORRECTION]
        assert (found.final, found.joined_by) == (False, "request id c")
        assert found.why_not_final == (
            "it names this call and accounts for another episode, lakefs://kfm/env-prod@a"
        )

    def test_it_is_the_one_whose_branch_and_time_fit_best(self) -> None:
        stage = call(0, "a", branch="env-stage")
        named = correction(request_ids=("a", "b", "c"), started=THREE + 299 * MINUTE)
        found = {
            case.subject: case.records[Debt.CORRECTION]
            for case in cases(stage, call(0, "b"), call(300, "c"), named)
        }
        assert {subject: known.final for subject, known in found.items()} == {
            "lakefs://kfm/env-stage@a": False,
            "lakefs://kfm/env-prod@b": False,
            "lakefs://kfm/env-prod@c": True,
        }

    def test_two_that_name_the_same_two_episodes_account_for_one_each(self) -> None:
        both = (correction("x", request_ids=("a", "b")), correction("y", request_ids=("a", "b")))
        first, second = cases(call(0, "a"), call(300, "b"), *both)
        assert [case.records[Debt.CORRECTION].final for case in (first, second)] == [True, True]
        assert {case.records[Debt.CORRECTION].subject for case in (first, second)} == {"x", "y"}

    def test_several_may_account_for_one_episode(self) -> None:
        both = (correction("x", request_ids=("a",)), correction("y", request_ids=("a",)))
        assert record(call(0, "a"), *both) == Record("x", "request id a", None, True)

    def test_its_incident_is_that_of_its_episode(self) -> None:
        one = correction(request_ids=("a", "b"), started=THREE, incidents=("INC-7",))
        first, second = cases(call(0, "a"), call(300, "b"), one, incident())
        assert Debt.INCIDENT in first.records
        assert Debt.INCIDENT not in second.records


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"branch": "env-dev"}, "it is about branch env-dev, and the call was on lakefs://kfm/env-prod"),
        (
            {"branch": "env-dev", "repository": "other"},
            "it is about repository other and branch env-dev, and the call was on lakefs://kfm/env-prod",
        ),
        ({"branch": "", "repository": ""}, ""),
        (
            {"started": THREE - 2 * HOUR, "ended": THREE - HOUR, "recorded": THREE - HOUR},
            "it ended before the call, at 2026-01-30T02:00:00Z",
        ),
        ({"started": THREE - 2 * HOUR, "ended": THREE - 10 * MINUTE}, ""),
        ({"started": THREE - 2 * HOUR, "recorded": THREE + HOUR}, ""),
        ({"draft": True, "branch": "env-dev"}, "it is a draft (kfm:draft)"),
    ],
)
def test_a_correction_that_contradicts_the_call_which_it_names_is_not_final(fields, why) -> None:
    found = record(call(), correction(request_ids=("0b1e",), **fields))
    assert found is not None
    assert (found.joined_by, found.final, found.why_not_final) == ("request id 0b1e", not why, why)
    assert bool(found.cure) == (bool(why) and "draft" not in why)


@pytest.mark.parametrize(
    ("opened", "corrected", "final"),
    [
        (THREE - 90 * HOUR, THREE - 25 * HOUR, False),
        (THREE - 90 * HOUR, THREE - 24 * HOUR, True),  # cleaned up elsewhere within the time that is due
        (THREE - 90 * HOUR, THREE, True),
        (THREE - 90 * HOUR, None, True),
        (None, THREE - 25 * HOUR, False),
    ],
)
def test_an_incident_that_was_over_long_before_the_call_settles_nothing(opened, corrected, final) -> None:
    known = incident(rollbacks=("0b1e",), opened=opened, corrected=corrected)
    found = record(call(), known, debt=Debt.INCIDENT)
    assert found is not None
    assert found.final is final
    assert found.why_not_final == ("" if final else "it was over before the call, at 2026-01-29T02:00:00Z")


class TestOneRequestIdForSeveralCalls:
    def test_they_stay_several_and_the_contradiction_is_said(self) -> None:
        calls = (
            call(0, user="jane"),
            call(0, user="jane", origin=Origin("copy.jsonl", line=9)),
            call(7200, user="mallory", origin=Origin("audit.jsonl", line=2)),
            call(7200, user="oncall", origin=Origin("audit.jsonl", line=3)),
            call(7200, user="oncall", status=403, origin=Origin("audit.jsonl", line=4)),
        )
        kept = correction(request_ids=("0b1e",), started=THREE, recorded=THREE + HOUR)
        evidence = joined(*calls, kept, now=THREE + 900 * HOUR)
        subject = "lakefs://kfm/env-prod@0b1e"
        assert [(c.subject, c.user) for c in evidence.of(Rollback)] == [
            (subject, "jane"),
            (f"{subject}@2026-02-04T03:00:00Z", "mallory"),
            (f"{subject}@2026-02-04T03:00:00Z#2", "oncall"),
        ]
        assert [c.subject for c in evidence.of(DeniedRollback)] == [f"{subject}@2026-02-04T03:00:00Z#3"]
        finals = [case.records[Debt.CORRECTION].final for case in evidence.of(Case)]
        assert finals == [True, False, False]
        (said,) = evidence.of(UnreadableInput)
        assert (said.subject, said.origin, said.part) == (
            "audit.jsonl",
            Origin("audit.jsonl", line=2),
            "1 request id",
        )
        assert said.cause == ("used for different calls: 0b1e at audit.jsonl:1 and at audit.jsonl:2")

    @pytest.mark.parametrize(
        "other",
        [
            {"user": "mallory"},
            {"target": "deadbeef0000"},
            {"operation": "RevertBranch"},
            {"branch": "env-stage", "subject": "lakefs://kfm/env-stage@0b1e"},
            {"status": 403},
            {"time": THREE + timedelta(seconds=1)},
        ],
    )
    def test_any_difference_makes_two(self, other) -> None:
        evidence = joined(call(), call(**other))
        events = (*evidence.of(Rollback), *evidence.of(DeniedRollback))
        assert len(events) == len({event.subject for event in events}) == 2
        assert len(evidence.of(UnreadableInput)) == 1

    def test_what_has_not_happened_yet_contradicts_nothing(self) -> None:
        assert joined(call(), call(user="mallory", time=NOW + HOUR)).of(UnreadableInput) == ()

    def test_calls_of_one_second_without_ids_have_subjects_of_their_own(self) -> None:
        evidence = joined(call(request=""), call(request="", source_ip="10.0.0.8:1"))
        assert [c.subject[-3:] for c in evidence.of(Rollback)] == ["00Z", "Z#2"]
        assert evidence.of(UnreadableInput) == ()


TIMES = st.datetimes(timezones=st.just(UTC)) | st.sampled_from(
    [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), THREE]
)


@settings(max_examples=80)
@given(TIMES, TIMES, st.none() | TIMES, st.none() | TIMES, st.sampled_from(["10m", "99999d"]))
def test_no_time_is_too_far_away(when, now, started, ended, span) -> None:
    policy = msgspec.structs.replace(
        POLICY, join_tolerance=span, episode_gap=span, due=Due(correction=span, incident=span, review=span)
    )
    facts = (
        call(time=when, user="oncall"),
        call(time=when, user="oncall", request=""),
        correction(started=started, ended=ended, recorded=ended),
        correction("named", request_ids=("0b1e",), started=started, ended=ended, recorded=ended),
        incident(rollbacks=("0b1e",), opened=started, corrected=ended),
    )
    for case in cases(*facts, lakefs=policy, now=now):
        for debt in Debt:
            case.owed(debt, now)


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
