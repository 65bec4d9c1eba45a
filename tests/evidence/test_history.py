"""Commits and heads joined: ancestors, states that come back, moves that nobody logged, calls and their commits."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kfm_audit.evidence import Evidence
from kfm_audit.evidence.join import join
from kfm_audit.evidence.lakefs.history import returns
from kfm_audit.facts import (
    ActionRun,
    BranchHead,
    BranchOperation,
    BranchWrite,
    Case,
    CommitLog,
    CommitRecord,
    DirectWrites,
    HookEvent,
    MergeCall,
    Promotion,
    PullRequest,
    Role,
    Rollback,
    RunStatus,
    Standing,
    User,
)
from kfm_audit.policy.lakefs import LakeFS, Promotions, RollbackRoles
from kfm_audit.policy.model import Policy
from kfm_audit.values import Origin

THREE = datetime(2026, 1, 30, 3, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
POLICY = LakeFS(
    environment_branches={"prod": ("env-prod",), "stage": ("env-stage",)},
    rollback=RollbackRoles(users=("jane",)),
)


def commit(name, *parents, meta="", seconds=0, ref="env-prod", **more) -> CommitRecord:
    known = {
        "subject": f"lakefs://kfm/{name}",
        "origin": Origin(f"{ref}.json", f"/{name}"),
        "repository": "kfm",
        "ref": ref,
        "id": name,
        "parents": parents,
        "committer": "airflow",
        "message": "m",
        "creation_time": THREE + seconds * SECOND,
        "meta_range_id": meta or f"meta-{name}",
        "metadata": {".lakefs.merge.strategy": "default"} if len(parents) > 1 else {},
        "generation": None,
        "version": 1,
    }
    return CommitRecord(**{**known, **more})


def head(name, first, last, **more) -> BranchHead:
    known = {"repository": "kfm", "branch": "env-prod", "commit": name, "generation": None}
    return BranchHead(
        subject="lakefs://kfm/env-prod",
        origin=Origin("heads.json", f"/heads/{name}"),
        first_seen=THREE + first * SECOND,
        last_seen=THREE + last * SECOND,
        **{**known, **more},
    )


def call(kind, operation, seconds=0, user="jane", request="0b1e", status=204, **more):
    return kind(
        subject=f"lakefs://kfm/env-prod@{request}",
        origin=Origin("audit.jsonl", line=1),
        operation=operation,
        repository="kfm",
        branch="env-prod",
        time=THREE + seconds * SECOND,
        user=user,
        status=status,
        request_id=request,
        **more,
    )


def evidence(*facts, lakefs=POLICY, now=THREE + 3600 * SECOND, **more) -> Evidence:
    found = Evidence(facts, Policy(policy=1, name="test", lakefs=lakefs), now, **more)
    join(found)
    return found


def ids(commits) -> list[str]:
    return [one.id for one in commits]


def test_a_branch_is_its_head_and_the_first_parents() -> None:
    found = evidence(
        commit("p2", "p1", "r2", seconds=-10),
        commit("r2", "p1", seconds=-20),
        commit("p1", "c0", "r1", seconds=-30),
        commit("c0", seconds=-90),
    ).history
    assert ids(found.chain("kfm", "env-prod")) == ["c0", "p1", "p2"]
    assert found.chain("kfm", "env-stage") == ()
    assert found.chain("other", "env-prod") == ()


def test_of_old_merges_the_first_parent_is_listed_last() -> None:
    found = evidence(
        commit("p1", "r1", "c0", version=0), commit("r1", "c0"), commit("c0", seconds=-90)
    ).history
    assert ids(found.chain("kfm", "env-prod")) == ["c0", "p1"]


def test_commits_in_a_circle_end() -> None:
    found = evidence(commit("a", "b"), commit("b", "a", seconds=1)).history
    assert len(found.chain("kfm", "env-prod")) in (0, 1, 2)
    assert found.holds("kfm", "a", "c") is False


def test_ancestry_has_three_values() -> None:
    found = evidence(commit("b", "a"), commit("a", "z")).history
    assert found.holds("kfm", "b", "a") is True
    assert found.holds("kfm", "b", "z") is True
    assert found.holds("kfm", "b", "x") is None
    assert evidence(commit("b", "a"), commit("a")).history.holds("kfm", "b", "x") is False


def test_a_commit_is_found_by_the_beginning_of_its_id() -> None:
    found = evidence(commit("abcdef0123"), commit("abcdef0199", "abcdef0123")).history
    assert found.commit("kfm", "abcdef01") is None
    assert ids([found.commit("kfm", "abcdef012")]) == ["abcdef0123"]
    assert found.commit("kfm", "abcdef") is None


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ("ab", []),
        ("aba", [(2, 0)]),
        ("abba", [(3, 0)]),
        ("aab", []),
        ("aabab", [(3, 1)]),
        ("abcb", [(3, 1)]),
        ("abab", [(2, 0)]),
        ("ababa", [(2, 0), (4, 2)]),
        ("abca", [(3, 0)]),
        ("abcac", [(3, 0)]),
    ],
)
def test_states_that_come_back(states, expected) -> None:
    """`abab`: what a rollback took away is brought back again, and that is none."""
    chain = tuple(commit(str(n), meta=letter) for n, letter in enumerate(states))
    assert [(int(now.id), int(then.id)) for now, then in returns(chain)] == expected


@given(st.text("abcd", max_size=12))
def test_what_comes_back_was_there_and_was_left(states) -> None:
    chain = tuple(commit(str(n), meta=letter) for n, letter in enumerate(states))
    for now, then in returns(chain):
        place, earlier = int(now.id), int(then.id)
        assert states[place] == states[earlier]
        assert states[place - 1] != states[place]
        assert earlier < place - 1


@st.composite
def histories(draw):
    """Commits, each with parents among those before; some generations and some commits may be missing."""
    size = draw(st.integers(2, 14))
    dated = draw(st.booleans())
    made, generations = [], []
    for number in range(size):
        parents = sorted(draw(st.sets(st.integers(0, number - 1), max_size=2))) if number else []
        generations.append(1 + max((generations[parent] for parent in parents), default=0))
        made.append(
            commit(
                f"c{number}",
                *(f"c{parent}" for parent in parents),
                seconds=draw(st.integers(-9000, 0)),
                generation=generations[-1] if dated else None,
                metadata={},
            )
        )
    lost = draw(st.sets(st.integers(0, size - 1), max_size=2))
    return made, [one for number, one in enumerate(made) if number not in lost]


def ancestors(made, name) -> set[str]:
    by_id = {one.id: one for one in made}
    found, open_ = set(), [name]
    while open_:
        found.add(open_[-1])
        open_.extend(parent for parent in by_id[open_.pop()].parents if parent not in found)
    return found


@settings(max_examples=400)
@given(histories(), st.data())
def test_what_a_merge_carries_is_what_only_the_source_has(history, data) -> None:
    made, listed = history
    ids_ = [one.id for one in made]
    source, into = data.draw(st.sampled_from(ids_)), data.draw(st.sampled_from(ids_))
    carried = evidence(*listed).history.carried("kfm", source, into)
    truth = ancestors(made, source) - ancestors(made, into)
    known = {one.id for one in listed}
    if carried.whole:
        assert set(ids(carried.commits)) == truth
    if len(listed) == len(made):
        assert carried.whole
    assert set(ids(carried.commits)) <= known
    assert truth & ancestors_listed(listed, source) <= set(ids(carried.commits))


def ancestors_listed(listed, name) -> set[str]:
    """The ancestors that the listed commits alone show, themselves listed."""
    by_id = {one.id: one for one in listed}
    found, open_ = set(), [name]
    while open_:
        one = by_id.get(open_.pop())
        if one is not None and one.id not in found:
            found.add(one.id)
            open_.extend(one.parents)
    return found


@given(histories(), st.data())
def test_what_holds_what_agrees_with_the_whole_history(history, data) -> None:
    made, listed = history
    later, earlier = (data.draw(st.sampled_from([one.id for one in made])) for _ in range(2))
    holds = evidence(*listed).history.holds("kfm", later, earlier)
    if holds is not None:
        assert holds == (earlier in ancestors(made, later))
    if len(listed) == len(made):
        assert holds is not None


def test_a_move_that_no_log_shows_is_a_rollback_of_nobody() -> None:
    found = evidence(
        head("bbb", -900, -600),
        head("aaa", 0, 60),
        commit("aaa", "c0", seconds=-2000),
        commit("c0", seconds=-9000),
    )
    (rollback,) = found.of(Rollback)
    assert rollback == Rollback(
        subject="lakefs://kfm/env-prod@2026-01-30T03:00:00Z",
        origin=Origin("heads.json", "/heads/aaa"),
        operation="MovedHead",
        repository="kfm",
        branch="env-prod",
        time=THREE,
        user="",
        status=0,
        target="aaa",
        environment="prod",
        standing=Standing(Role.UNDECIDED, rollback.standing.why, rollback.standing.cure),
        restored="aaa",
        previous="bbb",
        shown_by="snapshots of the head",
    )
    assert "between 2026-01-30T02:50:00Z and 2026-01-30T03:00:00Z" in rollback.standing.why
    assert len(found.of(Case)) == 1


@pytest.mark.parametrize(
    ("facts", "moved"),
    [
        ([commit("aaa", "bbb"), commit("bbb", seconds=-9000)], []),
        ([commit("aaa", "c0")], []),
        ([], []),
        ([commit("aaa")], ["MovedHead"]),
        (
            [commit("aaa"), call(BranchOperation, "HardResetBranch", -300, target="aaa")],
            ["HardResetBranch"],
        ),
        (
            [commit("aaa"), call(BranchOperation, "HardResetBranch", -3000, target="aaa")],
            ["HardResetBranch", "MovedHead"],
        ),
        (
            [commit("aaa"), call(BranchOperation, "HardResetBranch", -300, target="aaa", status=403)],
            ["MovedHead"],
        ),
        ([commit("aaa"), call(BranchOperation, "RevertBranch", -300)], ["RevertBranch", "MovedHead"]),
    ],
    ids=[
        "descends",
        "open end",
        "no commit log",
        "lost",
        "explained",
        "too early",
        "refused",
        "a revert is no move",
    ],
)
def test_which_moves_are_rollbacks(facts, moved) -> None:
    found = evidence(head("bbb", -900, -600), head("aaa", 0, 60), *facts)
    assert [rollback.operation for rollback in found.of(Rollback)] == moved


def test_a_generation_that_does_not_grow_shows_a_move_without_any_commit_log() -> None:
    older = evidence(head("bbb", -900, -600, generation=7), head("aaa", 0, 60, generation=7))
    assert [rollback.operation for rollback in older.of(Rollback)] == ["MovedHead"]
    newer = evidence(head("bbb", -900, -600, generation=7), head("aaa", 0, 60, generation=8))
    assert newer.of(Rollback) == ()


def test_a_list_of_commits_that_says_when_it_was_fetched_is_a_sighting() -> None:
    def log(newest, seconds):
        return CommitLog(
            subject="lakefs://kfm/env-prod",
            origin=Origin("commits.json"),
            repository="kfm",
            ref="env-prod",
            newest=newest,
            oldest="c0",
            commits=2,
            open_ends=(),
            as_of=THREE + seconds * SECOND,
        )

    commits = (
        commit("bbb", "c0", seconds=-700),
        commit("aaa", "c0", seconds=-800),
        commit("c0", seconds=-9000),
    )
    found = evidence(log("bbb", -600), log("aaa", 0), *commits)
    assert [(rollback.operation, rollback.previous) for rollback in found.of(Rollback)] == [
        ("MovedHead", "bbb")
    ]


def test_a_revert_is_joined_to_its_commit_and_to_the_state_that_it_brought_back() -> None:
    found = evidence(
        call(BranchOperation, "RevertBranch"),
        commit("v1", "p2", meta="m1", seconds=-1, committer="jane"),
        commit("p2", "p1", "r2", meta="m2", seconds=-60),
        commit("p1", "c0", "r1", meta="m1", seconds=-90),
        commit("c0", seconds=-9000),
    )
    (rollback,) = found.of(Rollback)
    assert (rollback.commit, rollback.restored, rollback.previous) == ("v1", "p1", "p2")


@pytest.mark.parametrize(
    ("made", "users", "expected"),
    [
        ({}, (), "v1"),
        ({"seconds": -60}, (), "v1"),
        ({"seconds": -61}, (), ""),
        ({"seconds": 3}, (), ""),
        ({"committer": "jane@acme.com"}, (), "v1"),
        ({"committer": "jane@acme.com"}, ("jane", "jane@acme.com"), "v1"),
        ({"committer": "sam"}, ("jane", "jane@acme.com", "sam"), ""),
        ({"metadata": {"cherry-pick-origin": "x"}}, (), ""),
    ],
    ids=[
        "now",
        "a minute before",
        "earlier",
        "later",
        "mail",
        "mail of the directory",
        "somebody else",
        "a pick",
    ],
)
def test_which_commit_a_revert_made(made, users, expected) -> None:
    def user(name, email=""):
        return User(subject=name, origin=Origin("d.json"), id=name, email=email)

    known = [user(*users[:2])] if users else []
    known += [user(name) for name in users[2:]]
    found = evidence(
        call(BranchOperation, "RevertBranch"),
        commit("v1", "c0", **{"seconds": -1, "committer": "jane", **made}),
        commit("c0", seconds=-9000),
        *known,
    )
    (rollback,) = [one for one in found.of(Rollback) if one.operation == "RevertBranch"]
    assert rollback.commit == expected


def test_each_commit_belongs_to_one_call_the_nearest() -> None:
    calls = [call(BranchOperation, "RevertBranch", second, request=str(second)) for second in (0, 2, 4)]
    made = [commit(f"v{second}", f"v{second - 2}", seconds=second) for second in (0, 2, 4)]
    found = evidence(*calls, *made, commit("v-2", seconds=-9000))
    assert [rollback.commit for rollback in found.of(Rollback)] == ["v0", "v2", "v4"]


def test_promotions_of_both_logs_are_each_one() -> None:
    found = evidence(
        call(MergeCall, "MergeIntoBranch", 0, "airflow", "m2", 200, source="run-2"),
        commit("p2", "p1", "r2", seconds=-1),
        commit("p1", "c0", "r1", seconds=-600, message="Merge 'run-1' into 'env-prod'"),
        commit("c0", seconds=-9000),
    )
    assert [(p.source, p.commit, p.merged, p.previous, p.shown_by) for p in found.of(Promotion)] == [
        ("run-1", "p1", "r1", "c0", "the commit log"),
        ("run-2", "p2", "r2", "p1", "the audit log"),
    ]


def test_a_pull_request_finds_its_branch_by_the_commit_log() -> None:
    merged = MergeCall(
        subject="lakefs://kfm/pulls/7@m1",
        origin=Origin("audit.jsonl", line=1),
        operation="MergePullRequest",
        repository="kfm",
        branch="",
        source="",
        pull="7",
        time=THREE,
        user="airflow",
        status=200,
        request_id="m1",
    )
    (promotion,) = evidence(merged, commit("p1", "c0", "r1", seconds=-1), commit("c0", seconds=-9000)).of(
        Promotion
    )
    assert (promotion.branch, promotion.environment, promotion.commit) == ("env-prod", "prod", "p1")
    later = commit("r8", "p1", ref="a-run", seconds=9)
    listed_first = commit("p1", "c0", "r1", ref="a-run", seconds=-1)
    base = commit("c0", seconds=-9000)
    (promotion,) = evidence(merged, later, listed_first, commit("p1", "c0", "r1", seconds=-1), base).of(
        Promotion
    )
    assert (promotion.branch, promotion.commit) == ("env-prod", "p1")
    assert evidence(merged, later, listed_first, commit("z", seconds=-9000)).of(Promotion) == ()
    (unknown,) = evidence(merged).of(Promotion)
    assert (unknown.branch, unknown.environment) == ("", "")
    pull = PullRequest(
        subject="lakefs://kfm/pulls/7",
        origin=Origin("pulls.json"),
        repository="kfm",
        id="7",
        author="jane",
        source_branch="run-7",
        destination_branch="env-prod",
        merged_commit="p1",
        created=THREE,
        closed=THREE,
        as_of=None,
    )
    (known,) = evidence(merged, pull).of(Promotion)
    assert (known.branch, known.environment, known.source) == ("env-prod", "prod", "run-7")
    elsewhere = msgspec.structs.replace(pull, destination_branch="main")
    assert evidence(merged, elsewhere).of(Promotion) == ()
    late = commit("p1", "c0", "r1", seconds=-4000)
    (one,) = evidence(merged, pull, late, commit("c0", seconds=-9000)).of(Promotion)
    assert (one.source, one.commit, one.merged) == ("run-7", "p1", "r1")


def test_a_write_that_brings_back_an_earlier_state_is_a_rollback_by_whoever_wrote() -> None:
    found = evidence(
        call(BranchWrite, "Commit", 0, "mallory", status=201),
        commit("v1", "p2", meta="m1", seconds=-1, committer="mallory", message="docs"),
        commit("p2", "p1", "r2", meta="m2", seconds=-600),
        commit("p1", "c0", "r1", meta="m1", seconds=-900),
        commit("c0", seconds=-9000),
    )
    (rollback,) = found.of(Rollback)
    assert (rollback.operation, rollback.user, rollback.request_id, rollback.standing.role) == (
        "EarlierState",
        "mallory",
        "0b1e",
        Role.UNLISTED,
    )
    assert (rollback.commit, rollback.restored, rollback.previous) == ("v1", "p1", "p2")


def test_what_happens_after_now_has_not_happened() -> None:
    facts = (
        commit("v1", "p2", meta="m1", seconds=7200),
        commit("p2", "p1", meta="m2", seconds=-600),
        commit("p1", "c0", meta="m1", seconds=-900),
        commit("c0", seconds=-9000),
        head("v1", -900, -600),
        head("p1", 7200, 7200),
    )
    assert evidence(*facts, now=THREE).of(Rollback) == ()


def hook_event(seconds=0, commit_id="v1", event="post-revert", **more) -> HookEvent:
    known = {
        "action_name": "notify",
        "hook_id": "h",
        "repository": "kfm",
        "branch": "env-prod",
        "source_ref": "",
        "tag": "",
        "commit_message": "Revert main",
        "committer": "mallory",
        "commit_metadata": {},
        "merge_source": "",
    }
    return HookEvent(
        subject=f"lakefs://kfm/env-prod@{commit_id}",
        origin=Origin("hook.json"),
        event_type=event,
        event_time=THREE + seconds * SECOND,
        commit=commit_id,
        **{**known, **more},
    )


def action_run(seconds=0, commit_id="v1", event="post-revert") -> ActionRun:
    return ActionRun(
        subject="lakefs://kfm/env-prod@r1",
        origin=Origin("runs.json"),
        repository="kfm",
        run_id="r1",
        event_type=event,
        branch="env-prod",
        commit=commit_id,
        status=RunStatus.FAILED,
        start_time=THREE + seconds * SECOND,
        end_time=None,
        hooks_known=False,
    )


@pytest.mark.parametrize(
    ("facts", "shown"),
    [
        ([hook_event()], [("RevertBranch", "mallory", "v1", "what lakeFS posted to a webhook")]),
        ([action_run()], [("RevertBranch", "", "v1", "the runs of hooks")]),
        (
            [action_run(), hook_event(1)],
            [("RevertBranch", "mallory", "v1", "what lakeFS posted to a webhook")],
        ),
        (
            [hook_event(), hook_event()],
            [("RevertBranch", "mallory", "v1", "what lakeFS posted to a webhook")],
        ),
        ([hook_event(event="pre-revert")], []),
        ([hook_event(event="post-merge"), action_run(event="pre-revert")], []),
        ([hook_event(branch="run-7")], []),
        ([hook_event(9000)], []),
        (
            [call(BranchOperation, "RevertBranch", -2), hook_event()],
            [("RevertBranch", "jane", "", "the audit log")],
        ),
        (
            [
                call(BranchOperation, "RevertBranch", -2),
                hook_event(),
                commit("v1", "c0", seconds=-2, committer="jane"),
            ],
            [("RevertBranch", "jane", "v1", "the audit log")],
        ),
    ],
    ids=[
        "event",
        "run",
        "both",
        "twice",
        "before",
        "others",
        "elsewhere",
        "later",
        "logged",
        "logged and committed",
    ],
)
def test_reverts_that_hooks_show(facts, shown) -> None:
    found = evidence(*facts)
    assert [(r.operation, r.user, r.commit, r.shown_by) for r in found.of(Rollback)] == shown


def test_a_branch_that_was_made_from_another_did_not_do_what_that_one_did() -> None:
    """Stage was made anew from prod, and prod once from main: each commit is judged once, where it was made."""
    base = [
        commit("c0", seconds=-9000, ref="main"),
        commit("m1", "c0", seconds=-8000, ref="main", message="set up"),
    ]
    prod = [
        commit("p1", "m1", "r1", meta="one", seconds=-700),
        commit("p2", "p1", "r2", meta="two", seconds=-600),
        commit("p3", "p2", meta="one", seconds=-500, committer="mallory"),
    ]
    stage = [
        commit("s1", "p3", "r3", seconds=-100, ref="env-stage", message="Merge 'run-3' into 'env-stage'")
    ]
    inherited = [msgspec.structs.replace(one, ref="env-stage") for one in (*base, *prod)]
    lakefs = msgspec.structs.replace(POLICY, promotion=Promotions(sources={"prod": ("env-stage",)}))
    found = evidence(
        *base,
        *prod,
        *[msgspec.structs.replace(one, ref="env-prod") for one in base],
        *stage,
        *inherited,
        lakefs=lakefs,
    )
    assert [(p.branch, p.commit) for p in found.of(Promotion)] == [
        ("env-prod", "p1"),
        ("env-prod", "p2"),
        ("env-stage", "s1"),
    ]
    assert [(r.branch, r.commit) for r in found.of(Rollback)] == [("env-prod", "p3")]
    assert found.of(DirectWrites) == ()
