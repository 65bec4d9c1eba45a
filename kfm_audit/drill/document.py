"""The answer of a drill, as data: what JSON shows, and what text and markdown are made of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from kfm_audit.drill.drill import Answer, Outcome
from kfm_audit.drill.measured import LASTS


class Heard(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What becomes of one failure."""

    answer: Answer
    """Whether it pages somebody, nobody, or whether that cannot be told."""
    after: int | None = None
    """Seconds from its beginning to the first page that reaches somebody; null where none does."""
    pages: int = 0
    """How many pages reach somebody while it lasts."""
    by: tuple[str, ...] = ()
    """The alarms that page."""
    who: tuple[str, ...] = ()
    """The subscribers that are paged."""
    why: str = ""
    """Why nobody is paged, or why that cannot be told."""
    certain: bool = True
    """False where the answer rests on what AWS does not document."""


class Entry(Struct, frozen=True, kw_only=True):
    """One failure of one resource."""

    resource: str
    """Its address, or the name that its metrics have."""
    kind: str
    """`queue`, `dlq` or `function`."""
    mode: str
    """The failure: `dead-consumer`, `drip`, ..."""
    about: str
    """What happens, in words."""
    now: Heard | None
    """What becomes of it; null where the resource is only in what is compared with."""
    before: Heard | None = None
    """What became of it before the change; null where nothing is compared, or where it was not there."""
    changed: bool = False
    """Whether it is heard otherwise than before: by whom, after how long, how often."""


class DrillDocument(Struct, frozen=True, kw_only=True):
    """What `kfm-audit drill` found out."""

    schema: Literal["kfm-audit/drill-json-v1"] = "kfm-audit/drill-json-v1"
    """The name and version of this format; within a version, keys are only added."""
    alarms: str
    """The plan or folder whose alarms were drilled."""
    against: str = ""
    """What is compared with; empty where nothing is."""
    lasts: int = LASTS
    """How long each failure lasts, in seconds."""
    entries: tuple[Entry, ...]
    """Every failure of every resource."""

    @property
    def silent(self) -> tuple[Entry, ...]:
        """The failures that page nobody; with a comparison only those that paged somebody before."""
        return tuple(
            entry
            for entry in self.entries
            if entry.now is not None
            and entry.now.answer is Answer.SILENT
            and (not self.against or (entry.before is not None and entry.before.answer is Answer.PAGED))
        )


def document(
    alarms: str, outcomes: Iterable[Outcome], against: str = "", before: Iterable[Outcome] = ()
) -> DrillDocument:
    """The document of a drill. Resources are compared by the names that their metrics have."""
    now, past = _keyed(outcomes), _keyed(before)
    stacks: dict[str, set[str]] = {}
    for outcome in (now or past).values():
        stacks.setdefault(outcome.resource.subject, set()).add(outcome.resource.stack)
    entries = []
    for key in dict.fromkeys((*now, *past)):
        new, old = now.get(key), past.get(key)
        one = new or old
        assert one is not None, "a key comes from one of the two"
        heard, was = _heard(new), _heard(old)
        entries.append(
            Entry(
                resource=f"{one.resource.stack}: {one.resource.subject}"
                if len(stacks.get(one.resource.subject, ())) > 1
                else one.resource.subject,
                kind=one.resource.kind,
                mode=one.mode.name,
                about=one.mode.about,
                now=heard,
                before=was,
                changed=bool(against) and _told(heard) != _told(was),
            )
        )
    return DrillDocument(alarms=alarms, against=against, entries=tuple(entries))


def _keyed(outcomes: Iterable[Outcome]) -> dict[tuple[str, str, str, int], Outcome]:
    """Outcomes by the name of the resource and the mode; resources of one name in several stacks are counted."""
    found: dict[tuple[str, str, str, int], Outcome] = {}
    for outcome in outcomes:
        resource = outcome.resource
        named = (resource.kind, resource.names[resource.kind], outcome.mode.name)
        number = 0
        while (*named, number) in found:
            number += 1
        found[*named, number] = outcome
    return found


def _heard(outcome: Outcome | None) -> Heard | None:
    if outcome is None:
        return None
    return Heard(
        answer=outcome.answer,
        after=outcome.after,
        pages=outcome.pages,
        by=outcome.by,
        who=outcome.who,
        why=outcome.reason,
        certain=outcome.certain,
    )


def _told(heard: Heard | None) -> tuple[object, ...]:
    """What a reader of a diff wants to know of: time to page, reach, pages."""
    if heard is None or heard.answer is Answer.SILENT:
        return (Answer.SILENT,)
    return (heard.answer, heard.after, heard.pages, heard.who)
