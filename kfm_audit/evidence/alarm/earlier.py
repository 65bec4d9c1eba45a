"""What stands before the plans of a run are applied: nothing that they create, all that they delete."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from kfm_audit.evidence.notification.reach import End, Reach
from kfm_audit.facts import Alarm, Change, CompositeAlarm, Fact, MetricAlarm, Subscription
from kfm_audit.values import Known

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence


class Lost(Struct, frozen=True):
    """Alarms that a subscription brought to somebody before, and what becomes of them after.

    `unheard` reach nobody then; of `untold` it cannot be told, because of what `why` says of it.
    """

    unheard: tuple[Alarm, ...]
    untold: tuple[Alarm, ...]
    why: str


def before(facts: Iterable[Fact]) -> Iterator[Fact]:
    """The facts as they are before the plans are applied."""
    for fact in facts:
        match fact.change:
            case Change.CREATED:
                pass
            case Change.CHANGED:
                yield structs.replace(fact.before or fact, change=Change.UNCHANGED, before=None)
            case Change.DELETED:
                yield structs.replace(fact, change=Change.UNCHANGED)
            case Change.UNCHANGED:
                yield fact


class Earlier:
    """Who heard an alarm before the plans, where nobody does after them."""

    def __init__(self, evidence: Evidence, prior: Evidence) -> None:
        """Take both evidences; nothing is followed before it is asked for."""
        self._evidence = evidence
        self._prior = prior

    def heard(self, alarm: Alarm) -> tuple[End, ...]:
        """The subscribers that got the alarm's notification before."""
        if alarm.change is Change.CREATED:
            return ()
        earlier = alarm.before if isinstance(alarm.before, Alarm) else alarm
        if earlier.actions_enabled == Known(False):
            return ()
        told = self._prior.notifications.told(earlier)
        return tuple(end for path in told.paths for end in path.ends if end.step.reach is Reach.REACHED)

    def reach(self, alarm: Alarm) -> Reach:
        """Whether the alarm reaches anybody after."""
        if alarm.actions_enabled == Known(False):
            return Reach.NOT_REACHED
        return self._evidence.notifications.told(alarm).reach

    def lost_by(self, subscription: Subscription) -> Lost:
        """What becomes of the alarms that reached somebody by a subscription that the plan changes."""
        earlier = subscription.before
        unheard: list[Alarm] = []
        untold: list[Alarm] = []
        why = ""
        if isinstance(earlier, Subscription):
            for then in self._prior.notifications.alarms_before(earlier):
                alarm = self._alarms.get((then.stack, then.subject))
                if alarm is None or not any(
                    end.subscriber.subject == subscription.subject for end in self.heard(alarm)
                ):
                    continue
                ends = [
                    end.step
                    for path in self._evidence.notifications.told(alarm).paths
                    for end in path.ends
                    if end.subscriber is subscription
                ]
                reach = self.reach(alarm)
                if reach is Reach.NOT_REACHED:
                    unheard.append(alarm)
                elif reach is Reach.UNTOLD and any(step.reach is Reach.UNTOLD for step in ends):
                    untold.append(alarm)
                else:
                    continue
                why = why or next((step.why for step in ends), "")
        return Lost(tuple(unheard), tuple(untold), why)

    @cached_property
    def _alarms(self) -> dict[tuple[str, str], Alarm]:
        every = (*self._evidence.of(MetricAlarm), *self._evidence.of(CompositeAlarm))
        return {(alarm.stack, alarm.subject): alarm for alarm in every if alarm.change is not Change.DELETED}
