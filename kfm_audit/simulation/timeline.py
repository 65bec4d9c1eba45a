"""What a simulation gives: the states of alarms over time, and what they do at each change.

Times are whole seconds since 1970, UTC.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from kfm_audit.aws.alarm_evaluation import Decision
from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.facts import Alarm

if TYPE_CHECKING:
    from kfm_audit.aws.suppressor import Held

Key: TypeAlias = tuple[str, str]
"""The stack and the subject of an alarm."""


def key_of(alarm: Alarm) -> Key:
    """The key of an alarm."""
    return (alarm.stack, alarm.subject)


class Evaluation(Struct, frozen=True):
    """One evaluation of a metric alarm.

    `at` is when it was made, `end` the end of the newest slot that it saw.
    `slots` are those of the evaluation range, the newest last: the value that is compared
    with the threshold, or None.
    """

    at: int
    end: int
    slots: tuple[float | None, ...]
    decision: Decision


class StateChange(Struct, frozen=True):
    """An alarm goes from one state into another.

    `certain` says that AWS's documents settle it; where they do not, an
    assumption did. `reason` is CloudWatch's own `StateReason`, `child` for a
    composite the alarm whose change it was.
    """

    at: int
    old: AlarmState
    new: AlarmState
    certain: bool = True
    reason: str = ""
    child: Alarm | None = None


class Span(Struct, frozen=True):
    """From `at` on (until the next span) an alarm is in `state`."""

    at: int
    state: AlarmState
    certain: bool = True


class Timeline(Struct, frozen=True, kw_only=True):
    """The states of one alarm.

    `first` is the time of its first evaluation; before it, it is in `initial`.
    `spans` begin where the state changes, or whether it is certain. `evaluations`
    are a metric alarm's, oldest first; () for composites, which are evaluated
    when a child changes.
    """

    alarm: Alarm
    initial: AlarmState
    first: int
    spans: tuple[Span, ...] = ()
    changes: tuple[StateChange, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()

    def span_at(self, time: int) -> Span:
        """The state at a time, after an evaluation at that time, and whether it is certain."""
        at = bisect_right(self.spans, time, key=lambda span: span.at)
        return self.spans[at - 1] if at else Span(time, self.initial)

    def state_at(self, time: int) -> AlarmState:
        """The state at a time, after an evaluation at that time."""
        return self.span_at(time).state


class Notice(Struct, frozen=True, kw_only=True):
    """What an alarm does because it went into a state: its actions, at `at`.

    `at` is later than `change.at` where a suppressor held the actions back.
    `actions` are those configured for the state, in their order: ARNs, else the
    addresses that the plan knows them by. `certain` is False where an
    assumption, or an alarm that the input does not hold, decided that they are taken.
    """

    at: int
    alarm: Alarm
    change: StateChange
    actions: tuple[str, ...]
    certain: bool = True


class Withholding(Struct, frozen=True, kw_only=True):
    """A suppressor holds back the actions of a change, from `since` to `until` (None: to the end).

    `tie` says that the documents do not settle the order of two things at one moment.
    """

    alarm: Alarm
    state: AlarmState
    by: Held
    since: int
    until: int | None
    tie: bool = False


class Refused(Struct, frozen=True):
    """An alarm that is not simulated, and why: the end of a sentence that begins with the alarm.

    `unknown` says that values are known only after apply; else it is of a kind
    that this program does not simulate, or CloudWatch does not accept it.
    """

    alarm: Alarm
    why: str
    unknown: bool = False


class RangeSensitivity(Struct, frozen=True):
    """An alarm that would be in another state at `at` with `slots` in the evaluation range instead."""

    alarm: Alarm
    at: int
    slots: int
    state: AlarmState
    other: AlarmState


class Simulation(Struct, frozen=True, kw_only=True):
    """What alarms did.

    `timelines` are in the order in which the alarms stand in the evidence;
    `notices` in the order of time. `refused` are alarms that could not be
    simulated, among them children of composites. `assumptions` are the names of
    those on which the result rests.
    """

    start: int
    stop: int
    timelines: Mapping[Key, Timeline]
    notices: tuple[Notice, ...]
    withheld: tuple[Withholding, ...] = ()
    refused: tuple[Refused, ...] = ()
    range_sensitive: tuple[RangeSensitivity, ...] = ()
    assumptions: tuple[str, ...] = ()

    def timeline(self, alarm: Alarm) -> Timeline | None:
        """The timeline of an alarm; None where it was refused or not asked for."""
        return self.timelines.get(key_of(alarm))

    def refusal(self, alarm: Alarm) -> Refused | None:
        """Why an alarm was not simulated; None where it was, or was not asked for."""
        return next((item for item in self.refused if item.alarm is alarm), None)
