"""Rollback episodes joined to the corrections that account for them.

A correction that names the request id of a call is its correction, whatever else
it says; but one that contradicts the log, ended before the call, or accounts for
another episode settles nothing here. Where none names a call, repository and branch
must agree, with the commit or with the time; such weak joins are one to one, the
nearest first (`nearness`), so that a correction of last week's rollback never accounts for
tonight's as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import IntEnum
from heapq import heappop, heappush

from msgspec import Struct

from kfm_audit.evidence.lakefs.nearness import BranchEpisodes, Near, common_commit
from kfm_audit.facts import Correction, Record, Rollback
from kfm_audit.policy.span import shifted

Episode = tuple[Rollback, ...]


class JoinedBy(IntEnum):
    """How a correction was found, the surest first."""

    REQUEST_ID = 0
    COMMIT = 1
    TIME = 2


class Conflict(Struct, frozen=True):
    """Why a correction cannot account for an episode whose call it names, and what mends that."""

    why: str
    cure: str


class Match(Struct, frozen=True):
    """A correction that belongs to an episode; `how` says by what."""

    correction: Correction
    by: JoinedBy
    how: str
    conflict: Conflict | None = None

    @property
    def final(self) -> bool:
        """Whether it is more than a draft, and fits what the log shows."""
        return not why_not_final(self.correction) and self.conflict is None

    @property
    def record(self) -> Record:
        """The match as a case keeps it."""
        correction = self.correction
        return Record(
            subject=correction.subject,
            joined_by=self.how,
            recorded=correction.recorded,
            final=self.final,
            why_not_final=why_not_final(correction) or (self.conflict.why if self.conflict else ""),
            cure="" if why_not_final(correction) or not self.conflict else self.conflict.cure,
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
    weak = _match_by_request(matches, episodes, corrections, tolerance)
    _match_weakly(matches, episodes, weak, tolerance)
    for found in matches:
        found.sort(key=lambda m: (not m.final, m.by, _or_never(m.correction.recorded), m.correction.subject))
    return matches


def ended_before(times: tuple[datetime | None, ...], episode: Episode, tolerance: timedelta) -> str:
    """The last of a record's times, where all of them lie before the episode; else ""."""
    known = [time for time in times if time is not None]
    if known and max(known) < shifted(episode[0].time, -tolerance):
        return f"{max(known):%Y-%m-%dT%H:%M:%SZ}"
    return ""


def _match_by_request(
    matches: list[list[Match]],
    episodes: list[Episode],
    corrections: tuple[Correction, ...],
    tolerance: timedelta,
) -> list[Correction]:
    """Join corrections to the episodes whose calls they name; those that name none are given back.

    Each accounts for one episode: of those that it names, the one that fits best
    and has no better correction.
    """
    pairs = []
    unnamed = []
    by_request = _by_request(episodes)
    for place, correction in enumerate(corrections):
        named = {number: name for name in correction.request_ids for number in by_request.get(name, ())}
        if not named:
            unnamed.append(correction)
        for number, request in named.items():
            conflict = _conflict(correction, episodes[number], tolerance)
            match = Match(correction, JoinedBy.REQUEST_ID, f"request id {request}", conflict)
            distance = _distance(episodes[number], correction)
            gap = timedelta.max if distance is None else distance
            pairs.append(((not match.final, gap, number, correction.subject), place, number, match))
    pairs.sort(key=lambda pair: pair[0])
    settled: dict[int, int] = {}
    taken: set[int] = set()
    for _, place, number, match in pairs:
        if match.conflict is None and place not in settled and number not in taken:
            settled[place] = number
            taken.add(number)
    for _, place, number, match in pairs:
        if match.conflict is None:
            settled.setdefault(place, number)
        if settled.get(place, number) != number:
            matches[number].append(_of_another(match, episodes[settled[place]]))
        else:
            matches[number].append(match)
    return unnamed


def _by_request(episodes: list[Episode]) -> dict[str, list[int]]:
    """The episodes by the request ids of their calls: one each, unless different calls share an id."""
    found: dict[str, list[int]] = {}
    for number, episode in enumerate(episodes):
        for request in dict.fromkeys(call.request_id for call in episode if call.request_id):
            found.setdefault(request, []).append(number)
    return found


def _conflict(correction: Correction, episode: Episode, tolerance: timedelta) -> Conflict | None:
    """What in a correction speaks against its being of an episode, though it names one of the calls."""
    first = episode[0]
    wrong = []
    if correction.repository not in ("", first.repository):
        wrong.append(f"repository {correction.repository}")
    if correction.branch not in ("", first.branch):
        wrong.append(f"branch {correction.branch}")
    if wrong:
        return Conflict(
            f"it is about {' and '.join(wrong)}, and the call was on lakefs://{first.repository}/{first.branch}",
            f"if {correction.subject} is about this call, set its kfm:lakefsRepository and kfm:lakefsBranch "
            "right; if not, take the request id out of it and write a correction for this call",
        )
    end = ended_before((correction.started, correction.ended, correction.recorded), episode, tolerance)
    if end:
        return Conflict(
            f"it ended before the call, at {end}",
            f"if the times of {correction.subject} are wrong, set prov:startedAtTime and prov:endedAtTime "
            "right; if not, take the request id out of it and write a correction for this call",
        )
    return None


def _of_another(match: Match, episode: Episode) -> Match:
    """The match of a correction that accounts for `episode`, and names a call of this one beside."""
    conflict = Conflict(
        f"it names this call and accounts for another episode, {episode[0].subject}",
        "write a correction of its own for this episode: one correction accounts for one",
    )
    return Match(match.correction, match.by, match.how, conflict)


def _match_weakly(
    matches: list[list[Match]], episodes: list[Episode], corrections: list[Correction], tolerance: timedelta
) -> None:
    """Join what names no call, on each branch for itself."""
    numbers: dict[tuple[str, str], list[int]] = {}
    for number, episode in enumerate(episodes):
        if not any(match.final for match in matches[number]):
            numbers.setdefault((episode[0].repository, episode[0].branch), []).append(number)
    unnamed: dict[tuple[str, str], list[Correction]] = {}
    for correction in corrections:
        unnamed.setdefault((correction.repository, correction.branch), []).append(correction)
    for branch, here in numbers.items():
        found = _nearest([episodes[number] for number in here], unnamed.get(branch, []), tolerance)
        for number, correction in found:
            matches[here[number]].append(_weak_match(episodes[here[number]], correction))


def _nearest(
    episodes: list[Episode], corrections: list[Correction], tolerance: timedelta
) -> Iterator[tuple[int, Correction]]:
    """Join the episodes and the corrections of one branch one to one, the nearest pair of all first.

    Of each correction only the nearest episode that is still free is looked at.
    """
    found = BranchEpisodes(episodes, tolerance)
    taken: set[int] = set()
    waiting: list[tuple[tuple[bool, bool, int, int, str, int, int], Iterator[Near]]] = []

    def wait(turn: int, near: Iterator[Near]) -> None:
        correction = corrections[turn]
        for by_time, gap, place in near:
            if place not in taken:
                draft = bool(why_not_final(correction))
                nearness = (draft, by_time, gap, found.first[place], correction.subject, turn, place)
                heappush(waiting, (nearness, near))
                return

    for turn, correction in enumerate(corrections):
        wait(turn, found.near(correction))
    while waiting:
        (*_, turn, place), near = heappop(waiting)
        if place in taken:
            wait(turn, near)
        else:
            taken.add(place)
            yield found.numbers[place], corrections[turn]


def _weak_match(episode: Episode, correction: Correction) -> Match:
    commit = common_commit(episode, correction)
    if commit:
        return Match(correction, JoinedBy.COMMIT, f"repository, branch and commit {commit}")
    how = _in_words(_distance(episode, correction) or timedelta())
    return Match(correction, JoinedBy.TIME, f"repository, branch and time, {how}")


def _distance(episode: Episode, correction: Correction) -> timedelta | None:
    """How far the correction's activity lies from the episode's calls; 0 where they overlap."""
    start = correction.started or correction.ended
    end = correction.ended or correction.started
    if start is None or end is None:
        return None
    return max(start - episode[-1].time, episode[0].time - end, timedelta())


def _in_words(distance: timedelta) -> str:
    seconds = int(distance.total_seconds())
    if not seconds:
        return "at the same time"
    return f"{seconds // 60} min apart" if seconds >= 60 else f"{seconds} s apart"


def _or_never(time: datetime | None) -> tuple[bool, datetime | None]:
    return (time is None, time)
