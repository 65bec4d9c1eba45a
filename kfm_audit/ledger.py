"""The ledger of open cases: what one nightly run leaves to the next.

A run reads the log of its day. What a rollback of yesterday still owes stands in no log of today: the
ledger holds it, one JSON value a line, each chained to the line before by its digest. A line that
was changed, taken out or put in breaks the chain, and what cannot be trusted is said and never built on.
A chain does not show that its end was cut off, or that all of it was written anew: whoever keeps its last
digest elsewhere (every run prints it) can tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Raw, Struct

from kfm_audit.digest import sha256
from kfm_audit.facts import Case, Fact, LedgerCase, Owed, Rollback, UnreadableInput
from kfm_audit.values import Origin

SCHEMA: Final = "kfm-audit/ledger-v1"
BEGINNING: Final = "0" * 64
"""What the first line is chained to."""


class Entry(Struct, frozen=True, kw_only=True):
    """What a run found of one case. `owed` and `settled` are debts, in the order of their names."""

    schema: str
    at: datetime
    case: str
    environment: str
    open: bool
    opened: datetime
    owed: tuple[str, ...]
    settled: tuple[str, ...]
    rollbacks: tuple[Rollback, ...]


class _Line(Struct, frozen=True, forbid_unknown_fields=True):
    """A line: an entry exactly as written, and the digests that chain it."""

    entry: Raw
    before: str
    sha256: str


class Ledger(Struct, frozen=True, kw_only=True):
    """A ledger as it was read. `head` is the digest of its last line; `broken` why it is not to be built on, or ""."""

    file: Path
    shown: str
    data: bytes
    head: str
    entries: tuple[Entry, ...]
    broken: str = ""
    line: int = 0

    def facts(self) -> Iterator[Fact]:
        """The cases that were open when they were last written, as far as the chain holds; and where it breaks."""
        lines = {entry.case: (number, entry) for number, entry in enumerate(self.entries, 1)}
        for number, entry in lines.values():
            if entry.open:
                origin = Origin(self.shown, line=number)
                yield LedgerCase(
                    subject=entry.case,
                    origin=origin,
                    rollbacks=tuple(msgspec.structs.replace(call, origin=origin) for call in entry.rollbacks),
                    opened=f"{entry.opened:%Y-%m-%dT%H:%M:%SZ}",
                )
        if self.broken:
            none = (
                "is no ledger, or its first line was altered"
                if self.line == 1
                else "is a ledger that was altered"
            )
            yield UnreadableInput(
                subject=self.shown,
                origin=Origin(self.shown, line=self.line),
                part=f"line {self.line} and what follows",
                cause=f"{none}: {self.broken}",
                cure="restore it from where runs keep it, and find out who changed it; it is not written until it "
                "holds again. Only cases of the lines before were reopened",
            )

    def with_cases(self, cases: Iterable[Case], now: datetime) -> bytes:
        """The ledger with a line for each case that is new and open, or that stands otherwise than last written."""
        last = {entry.case: entry for entry in self.entries}
        data, head = self.data, self.head
        for case in cases:
            before = last.get(case.subject)
            entry = _entry(case, now, before.opened if before else now)
            if (before is None and not entry.open) or (before is not None and _same(before, entry)):
                continue
            raw = msgspec.json.encode(entry)
            line = _Line(Raw(raw), head, _digest(head, raw))
            data += msgspec.json.encode(line) + b"\n"
            head = line.sha256
        return data


class LedgerError(Exception):
    """The ledger cannot be used for this run; the text is the whole message."""


def read_ledger(file: Path, shown: str, now: datetime) -> Ledger:
    """Read a ledger; one that does not exist yet is empty. Raises LedgerError."""
    try:
        data = file.read_bytes() if file.exists() else b""
    except OSError as error:
        raise LedgerError(f"--ledger {shown}: cannot be read: {error.strerror}") from None
    entries: list[Entry] = []
    head, broken, at = BEGINNING, "", 0
    for number, text in enumerate(data.splitlines(keepends=True), 1):
        read = _read(text, head)
        if isinstance(read, str):
            broken, at = read, number
            break
        entry, head = read
        entries.append(entry)
    if entries and entries[-1].at > now:
        raise LedgerError(
            f"--ledger {shown}: was written as of {entries[-1].at:%Y-%m-%dT%H:%M:%SZ}, after --now: a run of the "
            "past must not write into it"
        )
    return Ledger(
        file=file, shown=shown, data=data, head=head, entries=tuple(entries), broken=broken, line=at
    )


def _read(text: bytes, head: str) -> tuple[Entry, str] | str:
    """The entry of a line and its digest, or what is wrong with it."""
    if not text.endswith(b"\n"):
        return "its last line is cut off"
    try:
        line = msgspec.json.decode(text, type=_Line)
        if line.before != head:
            return "a line before it was changed, taken out or put in"
        if _digest(line.before, bytes(line.entry)) != line.sha256:
            return "it is not what was written"
        entry = msgspec.json.decode(line.entry, type=Entry)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return f"it is no line of a ledger: {error}"
    if entry.schema != SCHEMA:
        return f"it is of another version, {entry.schema}"
    if not entry.rollbacks:
        return "it is a case without a call"
    if any(
        time.tzinfo is None for time in (entry.at, entry.opened, *(call.time for call in entry.rollbacks))
    ):
        return "a time in it has no offset"
    return entry, line.sha256


def _entry(case: Case, now: datetime, opened: datetime) -> Entry:
    standing = {debt: case.owed(debt, now) for debt in sorted(case.due, key=lambda debt: debt.value)}
    owed = tuple(debt.value for debt, state in standing.items() if state is not Owed.SETTLED)
    return Entry(
        schema=SCHEMA,
        at=now,
        case=case.subject,
        environment=case.environment,
        open=bool(owed),
        opened=opened,
        owed=owed,
        settled=tuple(debt.value for debt, state in standing.items() if state is Owed.SETTLED),
        rollbacks=tuple(
            msgspec.structs.replace(call, origin=Origin(call.origin.input), reopened=False)
            for call in case.rollbacks
        ),
    )


def _same(one: Entry, other: Entry) -> bool:
    """Whether two entries say the same of a case, whenever they were made."""
    calls, others = ({call.identity for call in entry.rollbacks} for entry in (one, other))
    return (one.open, one.owed, one.settled, calls) == (other.open, other.owed, other.settled, others)


def _digest(before: str, entry: bytes) -> str:
    return sha256(before.encode() + entry)
