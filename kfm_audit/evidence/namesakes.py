"""Alarms of one stack whose names may turn out to be the same."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

from kfm_audit.aws.partly_known import pieces, same
from kfm_audit.facts import Alarm
from kfm_audit.values import Known, PartText

_LONGEST: Final = 255
"""Characters of an alarm's name at most (CloudWatch API, `PutMetricAlarm`, `AlarmName`)."""

_Named: TypeAlias = tuple[str, Alarm]


class Namesakes:
    """The alarms of a stack by how their names begin and end, as far as these are known.

    An alarm of whose name nothing is known is nobody's namesake here: it speaks for itself.
    """

    def __init__(self, alarms: Iterable[Alarm]) -> None:
        """Take all alarms of the stack."""
        named = [(text, alarm) for alarm in alarms if (text := _text(alarm)) is not None]
        self._beginning = _Index((pieces(text)[0], (text, alarm)) for text, alarm in named)
        self._ending = _Index((pieces(text)[-1][::-1], (text, alarm)) for text, alarm in named)

    def of(self, alarm: Alarm) -> Iterator[Alarm]:
        """The others whose names may turn out to be that of an alarm whose name is known in part."""
        own = _text(alarm)
        if own is None:
            return
        known = pieces(own)
        # What tells more names apart is looked up; the rest is compared.
        by_ending = len(known[-1]) > len(known[0])
        found = self._ending.near(known[-1][::-1]) if by_ending else self._beginning.near(known[0])
        is_long = sum(map(len, known)) > _LONGEST
        for text, other in found:
            if other is not alarm and (is_long or len(text) > 2 * _LONGEST or same(own, text) is not False):
                yield other


class _Index:
    """Alarms by a beginning: of their names, or of their names backwards."""

    def __init__(self, named: Iterable[tuple[str, _Named]]) -> None:
        self._found: dict[str, list[_Named]] = {}
        for beginning, item in named:
            self._found.setdefault(beginning, []).append(item)
        self._sorted = sorted(self._found)

    def near(self, beginning: str) -> Iterator[_Named]:
        """Those whose beginning is one of the given one, or goes on where that ends."""
        beginning = beginning[:_LONGEST]
        for length in range(len(beginning)):
            yield from self._found.get(beginning[:length], ())
        for at in range(bisect_left(self._sorted, beginning), len(self._sorted)):
            if not self._sorted[at].startswith(beginning):
                return
            yield from self._found[self._sorted[at]]


def _text(alarm: Alarm) -> str | None:
    match alarm.alarm_name:
        case Known(value):
            return value
        case PartText(text=text):
            return text
        case _:
            return None
