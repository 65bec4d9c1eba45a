"""Pages: what alarms would have sent to topics because they went off, and whether anybody would have heard."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.aws.arns import alarm_name
from kfm_audit.evidence import Evidence
from kfm_audit.evidence.alarm.series import series_of
from kfm_audit.evidence.notification.reach import Reach
from kfm_audit.facts import Alarm, CompositeAlarm, MetricAlarm
from kfm_audit.simulation.timeline import Simulation
from kfm_audit.values import Known, Unknown, known

_TAG: Final = "service"


class Page(Struct, frozen=True, kw_only=True):
    """An alarm told its topics that it went off.

    `at` is in seconds since 1970, `until` when it left ALARM, or the end of the replay.
    `reach` says whether some subscriber would have got it, `certain` whether AWS's
    documents settle that it was sent. `cause` is the child that set off a composite.
    """

    at: int
    until: int
    alarm: Alarm
    reach: Reach
    certain: bool = True
    cause: Alarm | None = None


def pages_of(evidence: Evidence, simulation: Simulation) -> tuple[Page, ...]:
    """The pages of a simulation, in the order of time: notices of ALARM that go to a topic."""
    return tuple(_pages(evidence, simulation))


def _pages(evidence: Evidence, simulation: Simulation) -> Iterator[Page]:
    for notice in simulation.notices:
        if notice.change.new is not AlarmState.ALARM:
            continue
        told = evidence.notifications.told(notice.alarm)
        if told.paths or told.open:
            timeline = simulation.timeline(notice.alarm)
            assert timeline is not None, "what was not evaluated sends nothing"
            after = bisect_right(timeline.changes, notice.change.at, key=lambda change: change.at)
            ended = timeline.changes[after].at if after < len(timeline.changes) else simulation.stop
            yield Page(
                at=notice.at,
                until=max(ended, notice.at),
                alarm=notice.alarm,
                reach=told.reach,
                certain=notice.certain,
                cause=notice.change.child,
            )


def name_of(alarm: Alarm) -> str:
    """The name of an alarm, else its address; a name that is marked sensitive is not one to be shown."""
    match alarm.alarm_name:
        case Known(name, False) if name:
            return name
        case _:
            return alarm.subject


def services_of(evidence: Evidence, alarm: Alarm) -> frozenset[str]:
    """The services that an alarm is about: its tag `service`, else the resource that it watches.

    Those of a composite without the tag are those of its children.
    """
    tags = alarm.tags.value if isinstance(alarm.tags, Known) and not alarm.tags.sensitive else {}
    tagged = frozenset(value for key, value in tags.items() if key.lower() == _TAG and value)
    match alarm:
        case _ if tagged:
            return tagged
        case CompositeAlarm():
            children = [
                child
                for item in evidence.alarms.children_of(alarm)
                for child in evidence.alarms.named(alarm, alarm_name(item.child))
            ]
            below = (services_of(evidence, child) for child in children if isinstance(child, MetricAlarm))
            return frozenset().union(*below)
        case MetricAlarm():
            return _resources(alarm)
        case _:
            return frozenset()


def _resources(alarm: MetricAlarm) -> frozenset[str]:
    """The values of the first dimension of each metric: a queue's, a function's, a topic's name."""
    found = series_of(alarm)
    if isinstance(found, Unknown):
        return frozenset()
    dimensions = [known(series.dimensions) or {} for series in found if not series.is_secret]
    return frozenset(next(iter(values.values())) for values in dimensions if values)
