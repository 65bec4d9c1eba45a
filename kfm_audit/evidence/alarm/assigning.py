"""Which alarm is counted for which promise of the contract."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeAlias

from kfm_audit.evidence.alarm.held import Held, held, may_keep
from kfm_audit.evidence.alarm.shapes import Shapes
from kfm_audit.facts import MetricAlarm
from kfm_audit.policy.contract import Promise
from kfm_audit.values import known

_Distance: TypeAlias = tuple[int, bool, int, float]


class Assigning:
    """Alarms held against promises. What is found of an alarm holds for all of its shape."""

    def __init__(self, shapes: Shapes) -> None:
        """Hold nothing before it is asked for."""
        self._shapes = shapes
        self._weighed: dict[Hashable, tuple[_Distance, Held] | None] = {}

    def assigned(self, own: list[Promise], alarms: list[MetricAlarm]) -> dict[str, tuple[MetricAlarm, Held]]:
        """Which alarm is counted for which promise: those that keep one first, then the closest."""
        pairs = [
            (weighed[0], n, number, promise.name, alarm, weighed[1])
            for n, promise in enumerate(own)
            for number, alarm in enumerate(alarms)
            if (weighed := self._weigh(promise, alarm)) is not None
        ]
        found: dict[str, tuple[MetricAlarm, Held]] = {}
        taken: set[int] = set()
        for _, _, number, name, alarm, how in sorted(pairs, key=lambda pair: pair[:3]):
            if name not in found and number not in taken:
                found[name] = (alarm, how)
                taken.add(number)
        return found

    def _weigh(self, promise: Promise, alarm: MetricAlarm) -> tuple[_Distance, Held] | None:
        """How an alarm keeps a promise and how far it is from it; None where it speaks of something else."""
        key = (
            # All that may differ between two promises of one name.
            (promise.name, promise.operator, promise.threshold, promise.window, promise.datapoints),
            promise.statistics,
            self._shapes.of(alarm),
        )
        if key in self._weighed:
            return self._weighed[key]
        found = None
        if may_keep(promise, alarm):
            how = held(promise, alarm)
            found = (_distance(how, promise, alarm), how)
            if how.untold:  # in words that may name this alarm's own references
                return found
        self._weighed[key] = found
        return found


def _distance(how: Held, promise: Promise, alarm: MetricAlarm) -> _Distance:
    """How far an alarm is from a promise; what it is compared with tells best which one is meant."""
    apart = any("threshold" in item.at or "operator" in item.at for item in how.departures)
    threshold = known(alarm.threshold)
    gap = abs((threshold or 0.0) - promise.threshold) / (abs(promise.threshold) or 1.0)
    return (0 if how.kept else 1, apart, len(how.departures), gap if apart else 0.0)
