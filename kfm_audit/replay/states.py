"""The states of a metric alarm over time, decided for all evaluations at once.

The same decisions as `kfm_audit.aws.alarm_evaluation.decide`, whose table is
worked through slot by slot, each slot for all evaluations together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from kfm_audit.aws.alarm_evaluation import Assumptions, Comparison, Criteria, Treatment, YoungBreach
from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.replay.history import Floats

STATES: Final = (AlarmState.OK, AlarmState.ALARM, AlarmState.INSUFFICIENT_DATA)
"""The states by their codes."""
_RETAIN: Final = -1

Codes = NDArray[np.int8]
Flags = NDArray[np.bool_]


class Decided(Struct, frozen=True):
    """What all evaluations say.

    `states` are codes (`STATES`), `certain` says that AWS's documents settle it, `young`
    that the rule on premature alarms left some evaluation open.
    """

    states: Codes
    certain: Flags
    young: bool


def decide_all(
    criteria: Criteria, slots: Sequence[Floats], initial: AlarmState, assumptions: Assumptions
) -> Decided:
    """The states after each evaluation.

    `slots[0]` is the newest slot of all evaluations, `slots[1]` the one before, and so
    on through the evaluation range. `initial` is the state before the first evaluation.
    """
    count, bad, oldest = _counted(criteria, slots)
    enough = bad >= criteria.datapoints
    young = np.zeros(len(enough), dtype=bool)
    match criteria.treatment:
        case Treatment.BREACHING:
            enough = bad + (criteria.periods - count) >= criteria.datapoints
            states = enough.astype(np.int8)
        case Treatment.NOT_BREACHING:
            states = enough.astype(np.int8)
        case Treatment.IGNORE:
            states = np.where(bad < count, STATES.index(AlarmState.OK), _RETAIN).astype(np.int8)
            states[enough] = STATES.index(AlarmState.ALARM)
        case Treatment.MISSING:
            # Fewer than M are bad and none is good: so these are all datapoints of the range.
            open_ = ~enough & (bad == count)
            states = enough.astype(np.int8)
            states[open_ & (count == 0)] = STATES.index(AlarmState.INSUFFICIENT_DATA)
            states[open_ & (oldest >= criteria.datapoints)] = STATES.index(AlarmState.ALARM)
            young = open_ & (count > 0) & (oldest < criteria.datapoints)
            states[young] = _young(assumptions)
    retained = states == _RETAIN
    doubt = np.where(young, 0, np.where(retained, _RETAIN, 1)).astype(np.int8)
    return Decided(
        states=_carried(states, STATES.index(initial)),
        certain=_carried(doubt, 1) == 1,
        young=bool(young.any()),
    )


def breaching(criteria: Criteria, values: Floats) -> Flags:
    """Which datapoints breach; a missing one does not."""
    match criteria.comparison:
        case Comparison.AT_LEAST:
            return values >= criteria.threshold
        case Comparison.GREATER:
            return values > criteria.threshold
        case Comparison.LESS:
            return values < criteria.threshold
        case Comparison.AT_MOST:
            return values <= criteria.threshold


def _counted(
    criteria: Criteria, slots: Sequence[Floats]
) -> tuple[NDArray[np.int16], NDArray[np.int16], NDArray[np.int16]]:
    """Of the newest N datapoints: how many there are, how many breach, and the age of the oldest in the range."""
    evaluations = len(slots[0])
    count = np.zeros(evaluations, dtype=np.int16)
    bad = np.zeros(evaluations, dtype=np.int16)
    oldest = np.zeros(evaluations, dtype=np.int16)
    periods = criteria.periods
    for age, values in enumerate(slots, start=1):
        real = ~np.isnan(values)
        if age > periods:
            # Only here can there be N datapoints before it.
            if (count >= periods).all():
                break
            taken = real & (count < periods)
        else:
            taken = real
        count += taken
        bad += taken & breaching(criteria, values)
        oldest[real] = age
    return count, bad, oldest


def _young(assumptions: Assumptions) -> int:
    match assumptions.young_breach:
        case YoungBreach.RETAIN:
            return _RETAIN
        case YoungBreach.OK:
            return STATES.index(AlarmState.OK)
        case YoungBreach.INSUFFICIENT_DATA:
            return STATES.index(AlarmState.INSUFFICIENT_DATA)


def _carried(codes: Codes, initial: int) -> Codes:
    """Each code, and where it is to be retained the one before it."""
    kept = codes == _RETAIN
    if not kept.any():
        return codes
    last = np.maximum.accumulate(np.where(kept, -1, np.arange(len(codes))))
    return np.where(last < 0, initial, codes[last]).astype(np.int8)
