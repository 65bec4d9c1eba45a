"""The episodes of one branch, in the order of their nearness to a correction that names none of their calls.

Times are whole microseconds here: they are compared by the hundred thousand.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Final

from kfm_audit.facts import Correction, Rollback
from kfm_audit.lakefs.operations import Operation

SHORTEST_COMMIT: Final = 7
"""Hex digits: a shorter prefix of a commit id names nothing."""
_NEVER: Final = 2**62
"""Microseconds: further than any two times lie apart."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

Near = tuple[bool, int, int]
"""Whether time alone joins them, how far apart they lie, and the episode's place: the smaller the likelier."""


class BranchEpisodes:
    """Episodes of one branch, by time and by the commits that they are about; each has a place in that order."""

    def __init__(self, episodes: Sequence[tuple[Rollback, ...]], tolerance: timedelta) -> None:
        """`tolerance` is how far apart times may lie where nothing else joins the two."""
        order = sorted(range(len(episodes)), key=lambda number: episodes[number][0].time)
        self.numbers = tuple(order)
        """The index in `episodes` of each place."""
        self.first = [_micros(episodes[number][0].time) for number in order]
        """When the episode at each place began."""
        self._last = [_micros(episodes[number][-1].time) for number in order]
        self._latest = list(accumulate(self._last, max))
        self._all_named = [all(call.request_id for call in episodes[number]) for number in order]
        self._tolerance = tolerance // _MICROSECOND
        self._by_commit: dict[str, dict[tuple[bool, str], list[int]]] = {}
        for place, number in enumerate(order):
            for restored, name in dict.fromkeys(_commits(episodes[number])):
                alike = self._by_commit.setdefault(name[:SHORTEST_COMMIT], {})
                alike.setdefault((restored, name), []).append(place)

    def near(self, correction: Correction) -> Iterator[Near]:
        """The episodes that the correction may be of, the likeliest first; of two that are as near the earlier."""
        times = (correction.started, correction.ended, correction.recorded)
        known = [_micros(time) for time in times if time is not None]
        # A record that was written before anything happened is about something else.
        end = bisect_right(self.first, max(known) + self._tolerance) if known else len(self.first)
        shared = self._sharing(correction)
        yield from self._sorted(correction, sorted(place for place in shared if place < end), by_time=False)
        within = self._within(correction, end)
        yield from self._sorted(correction, [place for place in within if place not in shared], by_time=True)

    def _sorted(self, correction: Correction, places: list[int], *, by_time: bool) -> Iterator[Near]:
        if correction.request_ids:  # it says which calls it corrects, and these are others
            places = [place for place in places if not self._all_named[place]]
        span = _span(correction)
        if span is None:
            return ((by_time, _NEVER, place) for place in places)
        begin, end = span
        first, last = self.first, self._last
        gaps = {place: max(begin - last[place], first[place] - end, 0) for place in places}
        near = sorted(places, key=gaps.__getitem__)
        return (
            (by_time, gaps[place], place) for place in near if not by_time or gaps[place] <= self._tolerance
        )

    def _within(self, correction: Correction, end: int) -> range:
        """The places of all episodes that may lie within the tolerance, and of some that do not."""
        span = _span(correction)
        if span is None:
            return range(0)
        low = bisect_left(self._latest, span[0] - self._tolerance)
        return range(low, min(end, bisect_right(self.first, span[1] + self._tolerance)))

    def _sharing(self, correction: Correction) -> set[int]:
        """The places of the episodes that are about a commit that the correction names."""
        shared: set[int] = set()
        for restored, commits in ((True, correction.restored_commits), (False, correction.reverted_commits)):
            for commit in dict.fromkeys(commit.lower() for commit in commits):
                for (back, name), places in self._by_commit.get(commit[:SHORTEST_COMMIT], {}).items():
                    if back is restored and same_commit(name, commit):
                        shared.update(places)
        return shared


def common_commit(episode: tuple[Rollback, ...], correction: Correction) -> str:
    """The commit that a call went back to and the correction restored, or left and the correction reverted.

    Either may be shortened; "" where there is none.
    """
    for call in episode:
        for restored, name in _commits_of(call):
            commits = correction.restored_commits if restored else correction.reverted_commits
            if any(same_commit(name, commit) for commit in commits):
                return name
    return ""


def same_commit(name: str, other: str) -> bool:
    """Whether two ids, either of which may be shortened, are of one commit."""
    short, long = sorted((name.lower(), other.lower()), key=len)
    return len(short) >= SHORTEST_COMMIT and long.startswith(short)


def _commits_of(call: Rollback) -> tuple[tuple[bool, str], ...]:
    """The commits that a call went back to (True), and the one that it left (False)."""
    reset = call.target if call.operation == Operation.HARD_RESET.value else ""
    return (True, reset), (True, call.restored), (False, call.previous)


def _commits(episode: tuple[Rollback, ...]) -> Iterator[tuple[bool, str]]:
    for call in episode:
        yield from ((restored, name.lower()) for restored, name in _commits_of(call))


def _span(correction: Correction) -> tuple[int, int] | None:
    """From when to when the correction says that it went on."""
    begin = correction.started or correction.ended
    end = correction.ended or correction.started
    return None if begin is None or end is None else (_micros(begin), _micros(end))


def _micros(time: datetime) -> int:
    return (time - _EPOCH) // _MICROSECOND
