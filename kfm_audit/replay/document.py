"""What a replay says, as types: the JSON report, from which the others are made.

`schemas/report/replay-json-v1.schema.json` is generated from them. Times are ISO 8601
in UTC, durations in seconds.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

SCHEMA: Final = "kfm-audit/replay-json-v1"
Standing = Literal["same", "changed", "new", "removed"]


class Tool(Struct, frozen=True):
    """Who wrote the report."""

    name: str
    version: str


class Pages(Struct, frozen=True):
    """How many pages, and who would have heard them."""

    sent: int = 0
    heard: int = 0
    """Some subscriber would have got it."""
    unheard: int = 0
    """No subscriber would have."""
    untold: int = 0
    """Whether any would have cannot be told from the inputs."""

    def __add__(self, other: Pages) -> Pages:
        """Both together."""
        return Pages(
            self.sent + other.sent,
            self.heard + other.heard,
            self.unheard + other.unheard,
            self.untold + other.untold,
        )


class Week(Struct, frozen=True):
    """The pages of one week: `2026-W05`, from Monday on, in UTC."""

    week: str
    before: Pages | None
    after: Pages


class Side(Struct, frozen=True):
    """What one alarm would have done on one side.

    `refused` says why it was not evaluated: its pages are then not known, and not 0.
    """

    pages: Pages
    went_off: int = 0
    """Changes into ALARM, whether or not anybody was told."""
    seconds_in_alarm: int = 0
    uncertain: int = 0
    """Changes that AWS's documents do not settle."""
    times: tuple[str, ...] = ()
    """When each page was sent."""
    refused: str = ""


class AlarmRow(Struct, frozen=True):
    """One alarm, before and after; a side is null where there is no such alarm."""

    alarm: str
    subject: str
    stack: str
    service: str
    standing: Standing
    before: Side | None
    after: Side | None
    weeks: tuple[Week, ...] = ()


class ServiceRow(Struct, frozen=True):
    """All alarms of one service; "" are those that belong to none."""

    service: str
    before: Pages | None
    after: Pages
    weeks: tuple[Week, ...] = ()


class Detection(Struct, frozen=True):
    """The first page about an incident; `seconds` after it was detected, negative before."""

    alarm: str
    at: str
    seconds: int


class IncidentRow(Struct, frozen=True):
    """One incident; a detection is null where no alarm would have paged for it."""

    id: str
    service: str
    detected_at: str
    false_positive: bool
    before: Detection | None
    after: Detection | None


class Sides(Struct, frozen=True):
    """A number on both sides; null on one that was not replayed, or where it cannot be told."""

    before: int | None
    after: int | None


class Totals(Struct, frozen=True):
    """The replay in numbers."""

    alarms: Sides
    refused: Sides
    pages: Sides
    unheard: Sides
    untold: Sides
    """Pages of which the inputs do not say whether anybody would have heard them."""
    false_positives: Sides
    """Pages without an incident record, or with one that says false positive; null without any record."""
    missed_incidents: Sides
    """Incidents that no page belongs to; null without any record."""


class RangeRow(Struct, frozen=True):
    """An alarm that would be in another state at a time with another number of slots in its evaluation range.

    AWS does not publish the number; `slots` is one more or one less than was assumed.
    """

    alarm: str
    side: Literal["before", "after"]
    at: str
    slots: int
    state: str
    other: str


class Lost(Struct, frozen=True):
    """A file, or a part of one, that could not be read."""

    path: str
    cause: str
    cure: str


class Unrecorded(Struct, frozen=True):
    """A time of the replay in which data counts as missing because nothing was recorded.

    `metric` is the statistic of a metric that it is of; "" for all.
    """

    start: str
    stop: str
    metric: str = ""


class Assumed(Struct, frozen=True):
    """A question that AWS's documents leave open, by name, and how it was answered."""

    name: str
    text: str


class Document(Struct, frozen=True, kw_only=True):
    """The whole report. `before` says what it was compared with, "" for nothing."""

    schema: Literal["kfm-audit/replay-json-v1"] = SCHEMA
    tool: Tool
    after: str
    before: str
    start: str
    stop: str
    totals: Totals
    alarms: tuple[AlarmRow, ...]
    services: tuple[ServiceRow, ...]
    weeks: tuple[Week, ...]
    incidents: tuple[IncidentRow, ...]
    range_sensitive: tuple[RangeRow, ...]
    lost: tuple[Lost, ...]
    assumptions: tuple[Assumed, ...]
    unrecorded: tuple[Unrecorded, ...] = ()
