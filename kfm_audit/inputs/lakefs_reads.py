"""Who read a branch, as audit logs show: a second look at logs that were read, asked for by `kfm-audit case` alone.

Reads decide nothing and are most of a log: no run keeps them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from urllib.parse import unquote

from msgspec import Struct

from kfm_audit.inputs.engines.core import scanned
from kfm_audit.inputs.engines.packed import PackError
from kfm_audit.inputs.source import Source
from kfm_audit.lakefs.form import PADDING, LogForm, log_form
from kfm_audit.lakefs.log import Call, calls_in_line
from kfm_audit.lakefs.needles import Needles
from kfm_audit.lakefs.operations import Outcome, outcome
from kfm_audit.lakefs.paths import parts
from kfm_audit.pattern import pattern

_REF = pattern(r"/api/v1/repositories/([^/]+)/refs/([^/]+)/objects(?:/.*+)?")


class Reader(Struct, frozen=True, kw_only=True):
    """Somebody who read objects of a branch, or of a commit: who, with what, how often, from when to when."""

    user: str
    client: str
    calls: int
    first: datetime
    last: datetime


class Reads(Struct, frozen=True):
    """The readers, who read most first, and the logs that were not looked through again."""

    readers: tuple[Reader, ...]
    unlooked: tuple[str, ...]


def reads_of(
    sources: Iterable[Source], repository: str, refs: frozenset[str], since: datetime, until: datetime
) -> Reads:
    """Who read objects of these refs of a repository in a span, both ends included."""
    found: dict[tuple[str, str], Reader] = {}
    unlooked = []
    for source in sources:
        form = log_form(source.head, claimed=True)
        if form in (LogForm.PARQUET, LogForm.DOCUMENT):
            unlooked.append(source.path)
            continue
        try:
            for call in _calls(source, form, refs):
                if since <= call.time <= until and _reads(call, repository, refs):
                    key = (call.user, _product(call.client))
                    before = found.get(key)
                    found[key] = Reader(
                        user=key[0],
                        client=key[1],
                        calls=before.calls + 1 if before else 1,
                        first=min(before.first, call.time) if before else call.time,
                        last=max(before.last, call.time) if before else call.time,
                    )
        except (OSError, PackError):
            unlooked.append(source.path)
    order = sorted(found.values(), key=lambda reader: (-reader.calls, reader.user, reader.client))
    return Reads(tuple(order), tuple(unlooked))


def _calls(source: Source, form: LogForm | None, refs: frozenset[str]) -> Iterator[Call]:
    marks = [ref.encode() for ref in sorted(refs)]
    for block in scanned(source, form, Needles(()), parsed_whole=sys.maxsize):
        for line in block.worth:
            if line.text is not None and (any(mark in line.text for mark in marks) or b"%" in line.text):
                for found in calls_in_line(line.text.strip(PADDING)):
                    if isinstance(found, Call):
                        yield found


def _reads(call: Call, repository: str, refs: frozenset[str]) -> bool:
    """Whether a call read objects of one of the refs and got them."""
    if call.operation is not None or outcome(call.status or 200) is not Outcome.EFFECTIVE:
        return False
    if call.repository:
        return call.repository == repository and call.ref in refs
    match = _REF.fullmatch(parts(call.path)[0])
    return match is not None and unquote(match[1]) == repository and unquote(match[2]) in refs


def _product(client: str) -> str:
    """`lakefs-python-sdk` of `lakefs-python-sdk/1.65.2`: versions would tell apart what is one."""
    return client.partition("/")[0]
