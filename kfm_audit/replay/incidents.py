"""Pages joined to incident records: what would have told of each, and which pages were for nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from msgspec import Struct

from kfm_audit.facts import Incident
from kfm_audit.replay.pages import Page, name_of

Address: TypeAlias = tuple[str, str]
"""The stack and the subject of an alarm."""
LEAD: Final = timedelta(minutes=15)
"""How long before an incident was detected an alarm may have recovered that is about it all the same."""
LONGEST: Final = timedelta(hours=24)
"""How long after it a page may be, where the record does not say when it was over."""


class Joined(Struct, frozen=True):
    """For each incident, in the order given, the pages about it; and the pages that were for nothing."""

    pages: tuple[tuple[Page, ...], ...]
    false_positives: tuple[Page, ...]


def detected_at(incident: Incident) -> datetime | None:
    """When an incident was detected, else when its record was opened."""
    return incident.detected or incident.opened


def join_incidents(
    incidents: Iterable[Incident], pages: Iterable[Page], services: Mapping[Address, frozenset[str]]
) -> Joined:
    """Join pages to incidents, by the alarms that a record names, else by its service, within its time.

    `services` are those of alarms. The alarm of a page is in ALARM at some time of the
    incident. A page that belongs to no incident, or only to false positives, was for nothing.
    """
    listed, sent = list(incidents), list(pages)
    about = [[page for page in sent if _is_about(page, incident, services)] for incident in listed]
    wanted = {
        id(page)
        for incident, found in zip(listed, about, strict=True)
        if not incident.false_positive
        for page in found
    }
    return Joined(tuple(map(tuple, about)), tuple(page for page in sent if id(page) not in wanted))


def _is_about(page: Page, incident: Incident, services: Mapping[Address, frozenset[str]]) -> bool:
    begin = detected_at(incident)
    if begin is None:
        return False
    end = incident.corrected or begin + LONGEST
    if page.at > end.timestamp() or page.until < (begin - LEAD).timestamp():
        return False
    alarms = [page.alarm, *([page.cause] if page.cause else [])]
    if incident.alarms:
        names = {name for alarm in alarms for name in (name_of(alarm), alarm.subject)}
        return not names.isdisjoint(incident.alarms)
    own, *others = (services.get((alarm.stack, alarm.subject), frozenset()) for alarm in alarms)
    # Of the services of a composite, a page is about those of the child that set it off.
    about = own.intersection(*others) or own
    return incident.service.lower() in {service.lower() for service in about}
