"""Rollback episodes joined to the corrections that account for them.

A correction that names the request id of a call is its correction, whatever else
it says. Where none does, repository and branch must agree, with the commit or with
the time; such weak joins are one to one, the nearest first, so that a correction of
last week's rollback never accounts for tonight's as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import IntEnum

from msgspec import Struct

from kfm_audit.facts import Correction, Record, Rollback
from kfm_audit.lakefs.operations import Operation

Episode = tuple[Rollback, ...]

SHORTEST_COMMIT = 7
"""Hex digits: a shorter prefix of a commit id names nothing."""


class JoinedBy(IntEnum):
    """How a correction was found, the surest first."""

    REQUEST_ID = 0
    COMMIT = 1
    TIME = 2


class Match(Struct, frozen=True):
    """A correction that belongs to an episode; `how` says by what."""

    correction: Correction
    by: JoinedBy
    how: str

    @property
    def final(self) -> bool:
        """Whether it is more than a draft."""
        return not why_not_final(self.correction)

    @property
    def record(self) -> Record:
        """The match as a case keeps it."""
        correction = self.correction
        return Record(
            subject=correction.subject,
            joined_by=self.how,
            recorded=correction.recorded,
            final=self.final,
            why_not_final=why_not_final(correction),
        )


def why_not_final(correction: Correction) -> str:
    """Why a correction does not account for anything yet, or ""."""
    if correction.draft:
        return "it is a draft (kfm:draft)"
    return f"its {correction.todo} still holds a TODO" if correction.todo else ""


def match_corrections(
    episodes: list[Episode], corrections: tuple[Correction, ...], tolerance: timedelta
) -> list[list[Match]]:
    """For each episode the corrections that belong to it, the one that answers for it first."""
    matches: list[list[Match]] = [[] for _ in episodes]
    by_request = {call.request_id: n for n, episode in enumerate(episodes) for call in episode}
    by_request.pop("", None)
    weak = []
    for correction in corrections:
        named = {by_request[request]: request for request in correction.request_ids if request in by_request}
        for number, request in named.items():
            matches[number].append(Match(correction, JoinedBy.REQUEST_ID, f"request id {request}"))
        if not named:
            weak.append(correction)
    _match_weakly(matches, episodes, weak, tolerance)
    for found in matches:
        found.sort(key=lambda m: (not m.final, m.by, _or_never(m.correction.recorded), m.correction.subject))
    return matches


class _Candidate(Struct, frozen=True):
    """A pair that could belong together; smaller `nearness` is likelier."""

    nearness: tuple[bool, JoinedBy, timedelta, datetime, str]
    episode: int
    match: Match


def _match_weakly(
    matches: list[list[Match]], episodes: list[Episode], corrections: list[Correction], tolerance: timedelta
) -> None:
    branches: dict[tuple[str, str], list[int]] = {}
    for number, episode in enumerate(episodes):
        if not any(match.final for match in matches[number]):
            branches.setdefault((episode[0].repository, episode[0].branch), []).append(number)
    candidates = [
        candidate
        for correction in corrections
        for number in branches.get((correction.repository, correction.branch), ())
        for candidate in _candidates(number, episodes[number], correction, tolerance)
    ]
    taken: set[int] = set()
    used: set[int] = set()
    for candidate in sorted(candidates, key=lambda c: c.nearness):
        correction = id(candidate.match.correction)
        if candidate.episode not in taken and correction not in used:
            taken.add(candidate.episode)
            used.add(correction)
            matches[candidate.episode].append(candidate.match)


def _candidates(
    number: int, episode: Episode, correction: Correction, tolerance: timedelta
) -> Iterator[_Candidate]:
    if correction.request_ids and all(call.request_id for call in episode):
        return  # it says which calls it corrects, and these are others
    times = [time for time in (correction.started, correction.ended, correction.recorded) if time is not None]
    if times and max(times) < episode[0].time - tolerance:
        return  # written before anything happened
    distance = _distance(episode, correction)
    commit = _common_commit(episode, correction)
    if commit:
        by, how = JoinedBy.COMMIT, f"repository, branch and commit {commit}"
    elif distance is not None and distance <= tolerance:
        by, how = JoinedBy.TIME, f"repository, branch and time, {_in_words(distance)}"
    else:
        return
    match = Match(correction, by, how)
    gap = timedelta.max if distance is None else distance
    yield _Candidate((not match.final, by, gap, episode[0].time, correction.subject), number, match)


def _distance(episode: Episode, correction: Correction) -> timedelta | None:
    """How far the correction's activity lies from the episode's calls; 0 where they overlap."""
    start = correction.started or correction.ended
    end = correction.ended or correction.started
    if start is None or end is None:
        return None
    return max(start - episode[-1].time, episode[0].time - end, timedelta())


def _common_commit(episode: Episode, correction: Correction) -> str:
    """The commit that a hard reset went to and the correction restored; either may be shortened."""
    for call in episode:
        if call.operation != Operation.HARD_RESET.value or len(call.target) < SHORTEST_COMMIT:
            continue
        for commit in correction.restored_commits:
            short, long = sorted((call.target.lower(), commit.lower()), key=len)
            if len(short) >= SHORTEST_COMMIT and long.startswith(short):
                return call.target
    return ""


def _in_words(distance: timedelta) -> str:
    seconds = int(distance.total_seconds())
    if not seconds:
        return "at the same time"
    return f"{seconds // 60} min apart" if seconds >= 60 else f"{seconds} s apart"


def _or_never(time: datetime | None) -> tuple[bool, datetime | None]:
    return (time is None, time)
