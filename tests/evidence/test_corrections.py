"""Corrections that name no call: joined as if every pair were compared, in much less time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.evidence.lakefs.corrections import match_corrections
from kfm_audit.evidence.lakefs.nearness import BranchEpisodes
from kfm_audit.facts import Correction, Role, Rollback, Standing
from kfm_audit.values import Origin

THREE = datetime(2026, 1, 30, 3, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TOLERANCE = 10 * MINUTE
HERE = Origin("here")
COMMITS = ("9666d7c9daf3", "9666D7C", "9666d7", "9666d7c0ffee", "aaaaaaaaaaaa", "")


def call(minute=0, **more) -> Rollback:
    known = {"subject": f"@{minute}", "origin": HERE, "operation": "HardResetBranch", "repository": "kfm"}
    known |= {"branch": "env-prod", "time": THREE + minute * MINUTE, "user": "jane", "status": 204}
    return Rollback(
        **{**known, "environment": "prod", "standing": Standing(Role.LISTED, ""), "request_id": "", **more}
    )


def correction(name="c", **more) -> Correction:
    known = {"subject": name, "origin": Origin(name), "repository": "kfm", "branch": "env-prod"}
    return Correction(**{**known, **more})


def joined_pair_by_pair(episodes, corrections) -> list[str]:
    """What is said of each episode when all pairs are made, sorted, and taken while both sides are free."""
    pairs = []
    for turn, one in enumerate(corrections):
        for number, episode in enumerate(episodes):
            nearness = _nearness(episode, one)
            if nearness is not None:
                pairs.append((*nearness, episode[0].time, one.subject, turn, number))
    found = [""] * len(episodes)
    used = set()
    for *_, turn, number in sorted(pairs):
        if turn not in used and not found[number]:
            used.add(turn)
            found[number] = corrections[turn].subject
    return found


def _nearness(episode, one):
    first, last = episode[0], episode[-1]
    if (one.repository, one.branch) != (first.repository, first.branch):
        return None
    if one.request_ids and all(item.request_id for item in episode):
        return None
    known = [time for time in (one.started, one.ended, one.recorded) if time]
    if known and max(known) < first.time - TOLERANCE:
        return None
    begin, end = one.started or one.ended, one.ended or one.started
    gap = max(begin - last.time, first.time - end, timedelta()) if begin else timedelta.max
    for item in episode:
        back = [item.restored] + ([item.target] if item.operation == "HardResetBranch" else [])
        sides = [(name, one.restored_commits) for name in back] + [(item.previous, one.reverted_commits)]
        for name, commits in sides:
            for commit in commits:
                short, long = sorted((name.lower(), commit.lower()), key=len)
                if len(short) >= 7 and long.startswith(short):
                    return one.draft, 1, gap
    return (one.draft, 2, gap) if gap <= TOLERANCE else None


MINUTES = st.integers(-25, 25)
TIMES = st.none() | MINUTES.map(lambda minute: THREE + minute * MINUTE)
NAMES = st.sampled_from(COMMITS)
BRANCHES = st.sampled_from(("env-prod", "env-prod", "env-stage"))


@st.composite
def episode(draw):
    branch = draw(BRANCHES)
    return tuple(
        call(
            minute,
            branch=branch,
            operation=draw(st.sampled_from(("HardResetBranch", "RevertBranch"))),
            request_id=draw(st.sampled_from(("", "", "0b1e"))),
            target=draw(NAMES),
            restored=draw(NAMES),
            previous=draw(NAMES),
        )
        for minute in sorted(draw(st.lists(MINUTES, min_size=1, max_size=3)))
    )


CORRECTIONS = st.builds(
    correction,
    st.sampled_from("abcd"),
    branch=BRANCHES,
    started=TIMES,
    ended=TIMES,
    recorded=TIMES,
    draft=st.booleans(),
    request_ids=st.sampled_from(((), (), ("elsewhere",))),
    restored_commits=st.lists(NAMES, max_size=2).map(tuple),
    reverted_commits=st.lists(NAMES, max_size=1).map(tuple),
)


@given(st.lists(episode(), max_size=7), st.lists(CORRECTIONS, max_size=7).map(tuple))
def test_each_is_joined_as_if_every_pair_were_compared(episodes, corrections) -> None:
    found = match_corrections(episodes, corrections, TOLERANCE)
    assert all(len(matches) < 2 for matches in found)
    assert ["".join(one.correction.subject for one in matches) for matches in found] == joined_pair_by_pair(
        episodes, corrections
    )


def test_only_episodes_that_may_fit_are_looked_at() -> None:
    """Of the million pairs of a thousand episodes and corrections, each correction makes one: its own."""
    episodes = [(call(30 * number, target=f"{number:07x}aaaa"),) for number in range(1000)]
    found = BranchEpisodes(episodes, TOLERANCE)
    for number in range(1000):
        started = THREE + (30 * number + 2) * MINUTE
        assert list(found.near(correction(started=started))) == [(True, 2 * 60 * 10**6, number)]
        ((by_time, _, place),) = found.near(correction(restored_commits=(f"{number:07X}aa",)))
        assert (by_time, place) == (False, number)
