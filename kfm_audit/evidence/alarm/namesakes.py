"""Alarms of one stack whose names may turn out to be the same."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

from kfm_audit.aws.partly_known import apart, pieces, same
from kfm_audit.facts import Alarm
from kfm_audit.values import Known, PartText

_LONGEST: Final = 255
"""Characters of an alarm's name at most (CloudWatch API, `PutMetricAlarm`, `AlarmName`)."""


class _Named(Struct):
    """A name, how it begins and how it ends, backwards; and whose it is."""

    text: str
    beginning: str
    ending: str
    alarm: Alarm


class Namesakes:
    """The alarms of a stack by how their names begin and end, as far as these are known.

    An alarm of whose name nothing is known is nobody's namesake here: it speaks for itself.
    """

    def __init__(self, alarms: Iterable[Alarm]) -> None:
        """Take all alarms of the stack."""
        named = [item for alarm in alarms if (item := _named(alarm)) is not None]
        self._beginning = _Index((item.beginning, item) for item in named)
        self._ending = _Index((item.ending, item) for item in named)

    def of(self, alarm: Alarm) -> Iterator[Alarm]:
        """The others whose names may turn out to be that of an alarm whose name is known in part."""
        own = _named(alarm)
        if own is None:
            return
        # The end that tells more names apart is looked up; the rest is compared.
        found = min(self._beginning.near(own.beginning), self._ending.near(own.ending), key=len)
        for item in found:
            if item.alarm is not alarm and _may_be(own, item):
                yield item.alarm


class _Index:
    """Alarms by a beginning: of their names, or of their names backwards."""

    def __init__(self, named: Iterable[tuple[str, _Named]]) -> None:
        self._found: dict[str, list[_Named]] = {}
        for beginning, item in named:
            self._found.setdefault(beginning, []).append(item)
        self._sorted = sorted(self._found)
        self._near: dict[str, list[_Named]] = {}

    def near(self, beginning: str) -> list[_Named]:
        """Those whose beginning is one of the given one, or goes on where that ends."""
        if beginning not in self._near:
            start = beginning[:_LONGEST]
            found = [item for n in range(len(start)) for item in self._found.get(start[:n], ())]
            for at in range(bisect_left(self._sorted, start), len(self._sorted)):
                if not self._sorted[at].startswith(start):
                    break
                found += self._found[self._sorted[at]]
            self._near[beginning] = found
        return self._near[beginning]


def _named(alarm: Alarm) -> _Named | None:
    match alarm.alarm_name:
        case Known(text) | PartText(text=text):
            known = pieces(text)
            return _Named(text, known[0], known[-1][::-1], alarm)
        case _:
            return None


def _may_be(one: _Named, other: _Named) -> bool:
    """Whether two names may turn out to be the same; one that is too long to be a name is not compared."""
    if not _goes_on(one.beginning, other.beginning) or not _goes_on(one.ending, other.ending):
        return False
    if max(sum(map(len, pieces(item.text))) for item in (one, other)) > _LONGEST:
        return True
    return same(*apart(one.text, other.text)) is not False


def _goes_on(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)
