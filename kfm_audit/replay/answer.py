"""The whole way of a replay: history is read, the alarms of both sides run over it, and are compared."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct, structs

from kfm_audit.evidence import Evidence
from kfm_audit.facts import Incident
from kfm_audit.replay.compare import compare
from kfm_audit.replay.document import Document, Lost
from kfm_audit.replay.engine import replay, wanted
from kfm_audit.replay.formats.files import read_history
from kfm_audit.replay.formats.reading import Wanted
from kfm_audit.replay.history import History, Key
from kfm_audit.replay.side import Replayed, instant
from kfm_audit.replay.unrecorded import described, unrecorded
from kfm_audit.simulation.assumptions import Assumptions


class Declared(Struct, frozen=True):
    """Alarms, and what people call the file that they are in."""

    title: str
    evidence: Evidence


class Settings(Struct, frozen=True, kw_only=True):
    """What is replayed, and how. Times are in seconds since 1970; None is the history's own beginning and end."""

    metrics: tuple[Path, ...]
    since: int | None = None
    until: int | None = None
    interval: int = 60
    assumptions: Assumptions = Assumptions()
    plots: int = 40


class Answer(Struct, frozen=True):
    """The report, and all that it was made from."""

    document: Document
    after: Replayed
    before: Replayed | None
    history: History
    settings: Settings

    def render(self, name: str) -> str:
        """The report as `text`, `json` or `html`."""
        match name:
            case "json":
                return msgspec.json.format(msgspec.json.encode(self.document), indent=2).decode() + "\n"
            case "html":
                from kfm_audit.replay.page import render

                return render(self)
            case _:
                from kfm_audit.replay.text import render as as_text

                return as_text(self.document)


class NoHistory(Struct, frozen=True):
    """There is nothing to replay, and `why`; `lost` is what could not be read of the history."""

    lost: tuple[Lost, ...]
    why: str


def answer(
    after: Declared,
    before: Declared | None,
    settings: Settings,
    incidents: Sequence[Incident] = (),
    lost: Sequence[Lost] = (),
) -> Answer | NoHistory:
    """Replay both sides."""
    sides = [after, *([before] if before else [])]
    keys = {key for side in sides for key in wanted(side.evidence)}
    history, unread = read_history(settings.metrics, Wanted(frozenset(keys), settings.interval))
    start = settings.since if settings.since is not None else history.start
    stop = settings.until if settings.until is not None else history.stop
    every = (*lost, *(Lost(item.path, item.cause, item.cure) for item in unread))
    if not len(history):
        return NoHistory(every, f"the history holds nothing that any alarm reads{_such_as(keys)}")
    elsewhere = history.start < history.stop and (stop <= history.start or start >= history.stop)
    if stop <= start or elsewhere:
        span = f"{instant(history.start)} to {instant(history.stop)}"
        why = f"the history is of {span}: nothing of it lies in --since and --until"
        if history.stop <= history.start:
            why = "the history holds no datapoint: say with --since and --until which time it is of"
        return NoHistory(every, why)

    def replayed(side: Declared) -> Replayed:
        simulation = replay(side.evidence, history, start=start, stop=stop, assumptions=settings.assumptions)
        return Replayed(side.title, side.evidence, simulation)

    now, then = replayed(after), replayed(before) if before else None
    document = structs.replace(
        compare(now, then, incidents, every), unrecorded=tuple(unrecorded(history, start, stop))
    )
    return Answer(document, now, then, history, settings)


def _such_as(keys: Collection[Key]) -> str:
    """One of the metrics that are read, so that whoever looks into the history sees how it should be named there."""
    if not keys:
        return ": no alarm reads a metric whose name is known"
    more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
    return f": {described(min(keys))}{more}"
