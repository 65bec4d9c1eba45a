"""One case on one page: what happened, who saw it, what is owed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from textwrap import TextWrapper
from typing import Final

from msgspec import Raw, Struct

from kfm_audit.reports import wording
from kfm_audit.reports.neutral import neutral

SCHEMA: Final = "kfm-audit/case-v1"


class Moment(Struct, frozen=True, kw_only=True):
    """One line of the timeline; `path` and `line` are where it was read, "" and 0 where nothing can be opened."""

    time: datetime
    what: str
    path: str
    line: int


class Exposure(Struct, frozen=True, kw_only=True):
    """How long the state that was left could be read. `since` is None where nothing shows it; `how` says by what."""

    since: datetime | None
    until: datetime
    how: str
    commits: tuple[str, ...]


class ReaderEntry(Struct, frozen=True, kw_only=True):
    """Somebody who read the branch, or a commit that was left, meanwhile."""

    user: str
    client: str
    calls: int
    first: datetime
    last: datetime


class Owing(Struct, frozen=True, kw_only=True):
    """What the case owes. `why_not_final` says what is wrong with its record, or why none could be found.

    `draft` is a skeleton of a record that is missing, and `file` the name to keep it under.
    """

    debt: str
    standing: str
    due: datetime
    record: str | None
    why_not_final: str
    file: str | None
    draft: Raw | None


class FindingEntry(Struct, frozen=True, kw_only=True):
    """What a rule says of the case or of one of its calls."""

    rule: str
    verdict: str
    severity: str
    due: datetime | None
    message: str
    help: str


class CasePage(Struct, frozen=True, kw_only=True):
    """All that is known of one case."""

    schema: str
    case: str
    deed: str
    now: datetime
    environment: str
    repository: str
    branch: str
    reopened: str | None
    roles: tuple[str, ...]
    timeline: tuple[Moment, ...]
    exposure: Exposure
    readers: tuple[ReaderEntry, ...]
    readers_unknown: str
    rebuild: tuple[str, ...]
    owed: tuple[Owing, ...]
    findings: tuple[FindingEntry, ...]
    unread: tuple[str, ...]


def render_case(page: CasePage, width: int) -> str:
    """The page as text."""
    return "\n".join(_lines(page, max(width, 40))) + "\n"


def _lines(page: CasePage, width: int) -> Iterator[str]:
    yield neutral(f"{page.case}: {page.deed}")
    yield f"as of {wording.moment(page.now)}" + (f", open since {page.reopened}" if page.reopened else "")
    sections = {
        "Allowed?": ((role, _INDENT) for role in page.roles),
        "Timeline": ((_of_moment(moment), " " * 24) for moment in page.timeline),
        "Exposure": ((text, _INDENT) for text in _of_exposure(page.exposure)),
        "Who read it": ((text, _HANGING) for text in _of_readers(page)),
        "To rebuild": ((text, _HANGING) for text in page.rebuild),
        "Owed": ((text, _HANGING) for owing in page.owed for text in _of_owing(owing)),
        "Findings": ((text, _HANGING) for text in _of_findings(page)),
        "Not read, or not in full": ((path, _INDENT) for path in page.unread),
    }
    for title, texts in sections.items():
        shown = [line for text, hanging in texts for line in _wrapped(text, width, hanging)]
        if shown:
            yield from ("", title, *shown)


_INDENT: Final = "  "
_HANGING: Final = "    "


def _wrapped(text: str, width: int, hanging: str) -> list[str]:
    """A paragraph below a title; one that begins with blanks belongs to the one before."""
    bare = text.lstrip(" ")
    wrapper = TextWrapper(
        width,
        initial_indent=_INDENT if bare == text else _HANGING,
        subsequent_indent=hanging,
        break_on_hyphens=False,
        break_long_words=False,
    )
    return wrapper.wrap(neutral(bare))


def _of_moment(moment: Moment) -> str:
    place = f" ({moment.path}{f':{moment.line}' if moment.line else ''})" if moment.path else ""
    return f"{moment.time:%Y-%m-%dT%H:%M:%SZ}  {moment.what}{place}"


def _of_exposure(exposure: Exposure) -> Iterator[str]:
    start = wording.moment(exposure.since) if exposure.since else "a time that nothing shows"
    yield f"from {start} to {wording.moment(exposure.until)}: {exposure.how}"
    if exposure.commits:
        yield f"commits that were left: {', '.join(name[:12] for name in exposure.commits)}"


def _of_readers(page: CasePage) -> Iterator[str]:
    for reader in page.readers:
        by = f"{reader.user or 'a user whom no log names'}{f' with {reader.client}' if reader.client else ''}"
        span = f"{reader.first:%Y-%m-%dT%H:%M:%SZ} to {reader.last:%Y-%m-%dT%H:%M:%SZ}"
        yield f"{by}: {wording.plural(reader.calls, 'call')}, {span}"
    if page.readers_unknown:
        yield page.readers_unknown


def _of_owing(owing: Owing) -> Iterator[str]:
    record = f": {owing.record}" if owing.record else ""
    lack = ", which does not settle it: " if owing.record else ", as far as is known: "
    why = f"{lack}{owing.why_not_final}" if owing.why_not_final else ""
    yield f"{owing.debt} by {wording.moment(owing.due)}: {owing.standing}{record}{why}"
    if owing.file and owing.draft is not None:
        yield f"  a draft of it is {owing.file} (--write DIR)"


def _of_findings(page: CasePage) -> Iterator[str]:
    for found in page.findings:
        due = f", due {wording.moment(found.due)}" if found.due else ""
        yield f"{found.verdict} {found.rule} ({found.severity}{due}): {found.message}"
        if found.help:
            yield f"  help: {found.help}"
    if not page.findings:
        yield "none"
