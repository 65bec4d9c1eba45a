"""Two replays of one history side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

from msgspec import structs

from kfm_audit import __version__
from kfm_audit.aws.math_assumptions import Assumption
from kfm_audit.facts import Alarm, Change, Incident
from kfm_audit.replay.document import (
    AlarmRow,
    Assumed,
    Detection,
    Document,
    IncidentRow,
    Lost,
    Pages,
    RangeRow,
    ServiceRow,
    Sides,
    Standing,
    Tool,
    Totals,
    Week,
)
from kfm_audit.replay.incidents import detected_at
from kfm_audit.replay.pages import Page, name_of
from kfm_audit.replay.side import Counted, Replayed, count, instant
from kfm_audit.simulation.assumptions import ASSUMPTIONS
from kfm_audit.values import Origin

_NOWHERE = Origin("")


def compare(
    after: Replayed, before: Replayed | None, incidents: Sequence[Incident] = (), lost: Iterable[Lost] = ()
) -> Document:
    """The report on a replay, and on another one before it where there is one."""
    now = count(after, incidents)
    then = count(before, incidents) if before is not None else None
    sides = [now, *([then] if then else [])]
    weeks = sorted({week for side in sides for counted in side.weeks.values() for week in counted})
    assumptions = {name for side in sides for name in side.replayed.simulation.assumptions}
    return Document(
        tool=Tool("kfm-audit", __version__),
        after=after.title,
        before=before.title if before else "",
        start=instant(after.simulation.start),
        stop=instant(after.simulation.stop),
        totals=_totals(now, then, incidents),
        alarms=tuple(_alarms(now, then, weeks)),
        services=tuple(_services(now, then, weeks)),
        weeks=tuple(Week(week, then.week(week) if then else None, now.week(week)) for week in weeks),
        incidents=tuple(_incidents(now, then, incidents)),
        range_sensitive=tuple(_range_rows(now, then)),
        lost=tuple(lost),
        assumptions=tuple(Assumed(name, _text(name)) for name in sorted(assumptions)),
    )


def _alarms(now: Counted, then: Counted | None, weeks: Sequence[str]) -> Iterator[AlarmRow]:
    for key in sorted({*now.alarms, *(then.alarms if then else ())}):
        new, old = now.alarms.get(key), then.alarms.get(key) if then else None
        alarm, owner = (new, now) if new is not None or then is None else (old, then)
        assert alarm is not None, "it is on one of the sides"
        mine = now.weeks.get(key, {})
        others = then.weeks.get(key, {}) if then else {}
        yield AlarmRow(
            alarm=name_of(alarm),
            subject=alarm.subject,
            stack=alarm.stack,
            service=owner.services[key],
            standing=_standing(new, old, compared=then is not None),
            before=then.side(key) if then else None,
            after=now.side(key),
            weeks=tuple(
                Week(week, others.get(week, Pages()) if then else None, mine.get(week, Pages()))
                for week in weeks
                if week in mine or week in others
            ),
        )


def _services(now: Counted, then: Counted | None, weeks: Sequence[str]) -> Iterator[ServiceRow]:
    for name in sorted({*now.services.values(), *(then.services.values() if then else ())}):
        mine = now.service_weeks.get(name, {})
        others = then.service_weeks.get(name, {}) if then else {}
        rows = tuple(
            Week(week, others.get(week, Pages()) if then else None, mine.get(week, Pages())) for week in weeks
        )
        yield ServiceRow(
            service=name,
            before=sum((row.before or Pages() for row in rows), Pages()) if then else None,
            after=sum((row.after for row in rows), Pages()),
            weeks=rows,
        )


def _incidents(now: Counted, then: Counted | None, incidents: Sequence[Incident]) -> Iterator[IncidentRow]:
    for number, incident in enumerate(incidents):
        begin = detected_at(incident)
        yield IncidentRow(
            id=incident.id,
            service=incident.service,
            detected_at=instant(int(begin.timestamp())) if begin else "",
            false_positive=incident.false_positive,
            before=_detection(incident, then.joined.pages[number]) if then else None,
            after=_detection(incident, now.joined.pages[number]),
        )


def _range_rows(now: Counted, then: Counted | None) -> Iterator[RangeRow]:
    sides: list[tuple[Literal["before", "after"], Counted]] = [("after", now)]
    if then is not None:
        sides.insert(0, ("before", then))
    for name, side in sides:
        for item in side.replayed.simulation.range_sensitive:
            state, other = item.state.value, item.other.value
            yield RangeRow(name_of(item.alarm), name, instant(item.at), item.slots, state, other)


def _detection(incident: Incident, pages: Sequence[Page]) -> Detection | None:
    begin = detected_at(incident)
    if not pages or begin is None:
        return None
    first = min(pages, key=lambda page: page.at)
    return Detection(name_of(first.alarm), instant(first.at), first.at - int(begin.timestamp()))


def _totals(now: Counted, then: Counted | None, incidents: Sequence[Incident]) -> Totals:
    real = [number for number, incident in enumerate(incidents) if not incident.false_positive]

    def refused(side: Counted) -> int:
        simulation = side.replayed.simulation
        return sum(simulation.timeline(alarm) is None for alarm in side.alarms.values())

    def missed(side: Counted) -> int:
        return sum(not side.joined.pages[number] for number in real)

    return Totals(
        alarms=_both(now, then, lambda side: len(side.alarms)),
        refused=_both(now, then, refused),
        pages=_both(now, then, lambda side: side.total.sent),
        unheard=_both(now, then, lambda side: side.total.unheard),
        untold=_both(now, then, lambda side: side.total.untold),
        false_positives=_both(now, then, lambda side: len(side.joined.false_positives))
        if incidents
        else Sides(None, None),
        missed_incidents=_both(now, then, missed) if incidents else Sides(None, None),
    )


def _both(now: Counted, then: Counted | None, number: Callable[[Counted], int]) -> Sides:
    return Sides(number(then) if then else None, number(now))


def _standing(new: Alarm | None, old: Alarm | None, *, compared: bool) -> Standing:
    if not compared:
        return "same"
    if new is None:
        return "removed"
    if old is None:
        return "new"
    return "same" if _bare(new) == _bare(old) else "changed"


def _bare(alarm: Alarm) -> Alarm:
    """An alarm without where and how it was read."""
    return structs.replace(alarm, origin=_NOWHERE, subject="", stack="", change=Change.UNCHANGED, before=None)


def _text(name: str) -> str:
    """What an assumption is about; "" for one that has nothing to choose."""
    of_math = {item.value: item.text for item in Assumption}
    return of_math.get(name) or next((item.about for item in ASSUMPTIONS if item.name == name), "")
