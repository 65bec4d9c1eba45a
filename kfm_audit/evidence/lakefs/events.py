"""Calls in logs told apart: copies of one call are one, and calls that share a request id stay several."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from kfm_audit.facts import (
    BranchOperation,
    BranchWrite,
    LoggedCall,
    MergeCall,
    RepositoryCall,
    SafeguardCall,
    UnreadableInput,
)

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence


def distinct_calls(evidence: Evidence) -> Iterator[LoggedCall]:
    """The calls of all logs up to now, each once, in the order of their time, and no two of one subject.

    Two logs may hold the same call: a rotated file and the collector's copy of it.
    Of different calls with one request id the first keeps the subject; the
    others have their time behind it, and a number where that is the same too.
    """
    subjects: set[str] = set()
    for call in _once(evidence):
        subject = call.subject
        if subject in subjects and call.request_id:
            subject = f"{subject}@{call.time:%Y-%m-%dT%H:%M:%SZ}"
        base, number = subject, 1
        while subject in subjects:
            number += 1
            subject = f"{base}#{number}"
        subjects.add(subject)
        yield call if subject == call.subject else msgspec.structs.replace(call, subject=subject)


def contradictions(evidence: Evidence) -> Iterator[UnreadableInput]:
    """One fact for each log with calls whose request id stands for an earlier, different call too."""
    seen: dict[str, LoggedCall] = {}
    again: dict[str, dict[str, LoggedCall]] = {}
    for call in _once(evidence):
        if call.request_id and seen.setdefault(call.request_id, call) is not call:
            again.setdefault(call.origin.input, {}).setdefault(call.request_id, call)
    for path, calls in sorted(again.items()):
        request, call = next(iter(calls.items()))
        first = seen[request]
        yield UnreadableInput(
            subject=path,
            origin=call.origin,
            part=f"{len(calls)} request id{'s' if len(calls) > 1 else ''}",
            cause=f"used for different calls: {request} at {_place(first)} and at {_place(call)}",
            cure="compare with the server's own log, since an id stands for one call: lines were altered or "
            "made up, or a proxy sets the header X-Request-ID; each call was judged by itself",
        )


def _once(evidence: Evidence) -> list[LoggedCall]:
    kinds = (BranchOperation, MergeCall, BranchWrite, SafeguardCall, RepositoryCall)
    read: list[LoggedCall] = [call for kind in kinds for call in evidence.of(kind)]
    so_far = (call for call in reversed(read) if call.time <= evidence.now)
    calls = {call.identity: call for call in so_far}
    return sorted(calls.values(), key=lambda call: (call.time, call.subject, call.identity[1:]))


def _place(call: LoggedCall) -> str:
    place = call.origin
    return f"{place.input}{f':{place.line}' if place.line else place.pointer}"
