"""One replay, counted: pages by alarm and week, and what belongs to which service."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

from msgspec import Struct

from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.evidence import Evidence
from kfm_audit.evidence.notification.reach import Reach
from kfm_audit.facts import Alarm, Incident
from kfm_audit.replay.document import Pages, Side
from kfm_audit.replay.incidents import Joined, join_incidents
from kfm_audit.replay.pages import Page, name_of, pages_of, services_of
from kfm_audit.simulation.timeline import Simulation, Timeline

AlarmKey: TypeAlias = tuple[str, str]
"""Stack and name: what is called the same before and after is the same alarm."""


class Replayed(Struct, frozen=True):
    """One side: what it is called, its evidence, and what its alarms did."""

    title: str
    evidence: Evidence
    simulation: Simulation


class Counted(Struct, frozen=True):
    """One side, with all that is asked of it more than once."""

    replayed: Replayed
    alarms: Mapping[AlarmKey, Alarm]
    services: Mapping[AlarmKey, str]
    pages: Mapping[AlarmKey, Sequence[Page]]
    weeks: Mapping[AlarmKey, Mapping[str, Pages]]
    service_weeks: Mapping[str, Mapping[str, Pages]]
    joined: Joined

    @property
    def total(self) -> Pages:
        """All pages."""
        return sum((week for weeks in self.service_weeks.values() for week in weeks.values()), Pages())

    def week(self, week: str) -> Pages:
        """The pages of a week."""
        return sum((weeks.get(week, Pages()) for weeks in self.service_weeks.values()), Pages())

    def side(self, key: AlarmKey) -> Side | None:
        """What one alarm did; None where this side has no such alarm."""
        alarm = self.alarms.get(key)
        if alarm is None:
            return None
        timeline = self.replayed.simulation.timeline(alarm)
        if timeline is None:
            refusal = self.replayed.simulation.refusal(alarm)
            return Side(Pages(), refused=refusal.why if refusal else "is not evaluated")
        return Side(
            pages=sum(self.weeks.get(key, {}).values(), Pages()),
            went_off=sum(change.new is AlarmState.ALARM for change in timeline.changes),
            seconds_in_alarm=_in_alarm(timeline, self.replayed.simulation.stop),
            uncertain=sum(not change.certain for change in timeline.changes),
            times=tuple(instant(page.at) for page in self.pages.get(key, ())),
        )


def count(replayed: Replayed, incidents: Sequence[Incident]) -> Counted:
    """Count one side."""
    evidence = replayed.evidence
    alarms = {(alarm.stack, name_of(alarm)): alarm for alarm in evidence.alarms.all}
    about = {key: services_of(evidence, alarm) for key, alarm in alarms.items()}
    services = {key: next(iter(found)) if len(found) == 1 else "" for key, found in about.items()}
    pages: dict[AlarmKey, list[Page]] = defaultdict(list)
    weeks: dict[AlarmKey, dict[str, Pages]] = defaultdict(dict)
    service_weeks: dict[str, dict[str, Pages]] = defaultdict(dict)
    every = pages_of(evidence, replayed.simulation)
    for page in every:
        key = (page.alarm.stack, name_of(page.alarm))
        pages[key].append(page)
        week = week_of(page.at)
        for found in (weeks[key], service_weeks[services[key]]):
            found[week] = found.get(week, Pages()) + _counted(page)
    by_address = {(alarm.stack, alarm.subject): about[key] for key, alarm in alarms.items()}
    joined = join_incidents(incidents, every, by_address)
    return Counted(replayed, alarms, services, pages, weeks, service_weeks, joined)


def instant(seconds: int) -> str:
    """A time as it is reported."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def week_of(seconds: int) -> str:
    """The week that a time is in: `2026-W05`, from Monday on, in UTC."""
    year, week, _ = datetime.fromtimestamp(seconds, UTC).isocalendar()
    return f"{year}-W{week:02d}"


def _counted(page: Page) -> Pages:
    return Pages(
        1,
        int(page.reach is Reach.REACHED),
        int(page.reach is Reach.NOT_REACHED),
        int(page.reach is Reach.UNTOLD),
    )


def _in_alarm(timeline: Timeline, stop: int) -> int:
    """Seconds in ALARM up to the end of the replay."""
    if not timeline.spans:
        return 0
    ends = [*(span.at for span in timeline.spans[1:]), stop]
    return sum(
        end - span.at
        for span, end in zip(timeline.spans, ends, strict=True)
        if span.state is AlarmState.ALARM
    )
