"""The actions suppressor of a composite alarm: which actions are taken, and when.

CloudWatch user guide, "Suppressing composite alarm actions": while the
suppressor is in ALARM, the composite takes no actions; its state changes all
the same. `WaitPeriod` holds back the actions of a change, so that the
suppressor can go off; `ExtensionPeriod` holds them back after it has left ALARM.
The actions that are taken are those of the state at that moment.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from heapq import merge

from msgspec import Struct

from kfm_audit.aws.alarm_state import AlarmState


class Held(Enum):
    """What holds actions back: `ActionsSuppressedBy`."""

    WAIT_PERIOD = "WaitPeriod"
    EXTENSION_PERIOD = "ExtensionPeriod"
    ALARM = "Alarm"


class Switch(Struct, frozen=True):
    """An alarm changes to `state` at a time in seconds."""

    at: int
    state: AlarmState


class Taken(Struct, frozen=True):
    """The actions of `state` are taken at `at`; `changed` is when the alarm went into that state."""

    at: int
    state: AlarmState
    changed: int


class Withheld(Struct, frozen=True):
    """The actions of the change at `changed` are held back from `since` on; `until` None: to the end.

    `tie` says that either alarm changed at the very moment at which the period
    ended. AWS documents no order; here the change comes first, and the actions
    of that period are not taken.
    """

    state: AlarmState
    changed: int
    by: Held
    since: int
    until: int | None = None
    tie: bool = False


class Suppressed(Struct, frozen=True):
    """What a suppressor made of the changes of a composite, both in the order of time."""

    taken: tuple[Taken, ...]
    withheld: tuple[Withheld, ...]


def suppress(
    composite: Iterable[Switch],
    suppressor: Iterable[Switch],
    *,
    wait: int,
    extension: int,
    until: int,
    suppressing: bool = False,
) -> Suppressed:
    """The actions that a composite takes up to `until`, both in seconds, given the changes of both alarms.

    Each sequence is in the order of time and holds changes only. `suppressing`
    says that the suppressor is in ALARM from the beginning. Where both change at
    one moment, the suppressor is taken to change first; that of a period's end comes last.
    """
    machine = _Machine(wait, extension, suppressing=suppressing)
    both = merge(
        ((switch.at, 0, switch) for switch in suppressor),
        ((switch.at, 1, switch) for switch in composite),
        key=lambda item: item[:2],
    )
    for at, which, switch in both:
        if at > until:
            break
        machine.expire(before=at)
        if which:
            machine.composite_changes(switch)
        else:
            machine.suppressor_changes(switch)
    machine.expire(before=until + 1)
    return machine.result()


class _Machine:
    def __init__(self, wait: int, extension: int, *, suppressing: bool) -> None:
        self._wait = wait
        self._extension = extension
        self._suppressing = suppressing
        self._by: Held | None = None
        self._since = 0
        self._due = 0
        self._pending: Switch | None = None
        self._taken: list[Taken] = []
        self._withheld: list[Withheld] = []

    def composite_changes(self, switch: Switch) -> None:
        """A change discards what is still waiting, and waits itself."""
        self._release(switch.at)
        self._pending = switch
        if self._suppressing:
            self._hold(Held.ALARM, switch.at)
        elif self._wait:
            self._hold(Held.WAIT_PERIOD, switch.at, self._wait)
        else:
            self._take(switch.at)

    def suppressor_changes(self, switch: Switch) -> None:
        """Into ALARM it takes over from any period; out of it the extension begins."""
        self._suppressing = switch.state is AlarmState.ALARM
        if self._pending is None:
            return
        if self._suppressing:
            self._release(switch.at)
            self._hold(Held.ALARM, switch.at)
        elif self._by is Held.ALARM:
            self._release(switch.at)
            if self._extension:
                self._hold(Held.EXTENSION_PERIOD, switch.at, self._extension)
            else:
                self._take(switch.at)

    def expire(self, *, before: int) -> None:
        """Take the actions of a period that ended before a moment."""
        if self._by in (Held.WAIT_PERIOD, Held.EXTENSION_PERIOD) and self._due < before:
            self._release(self._due, tie=False)
            self._take(self._due)

    def result(self) -> Suppressed:
        """What has come of it; what is still held back has no end."""
        self._release(None)
        return Suppressed(tuple(self._taken), tuple(self._withheld))

    def _hold(self, by: Held, at: int, length: int = 0) -> None:
        self._by, self._since, self._due = by, at, at + length

    def _release(self, at: int | None, *, tie: bool = True) -> None:
        if self._by is not None and self._pending is not None:
            pending = self._pending
            at_once = tie and self._by is not Held.ALARM and self._due == at
            self._withheld.append(Withheld(pending.state, pending.at, self._by, self._since, at, at_once))
        self._by = None

    def _take(self, at: int) -> None:
        assert self._pending is not None
        self._taken.append(Taken(at, self._pending.state, self._pending.at))
        self._pending = None
