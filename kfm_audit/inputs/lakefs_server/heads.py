"""Branch-head snapshots: `schemas/json/lakefs-heads-v1.schema.json`, which `check --write-heads` writes.

A hard reset leaves nothing in the commit log. What does see it is a head that
was written down before and is no ancestor of the head of today. So the snapshot
keeps, for each branch, the commits on which it was seen, from when until when.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct

from kfm_audit.facts import BranchHead, CommitRecord, Fact
from kfm_audit.inputs.kind import ReadContext, Reading
from kfm_audit.inputs.lakefs_server.answer import Answer
from kfm_audit.inputs.source import Source
from kfm_audit.policy.span import read_instant

KIND: Final = "lakefs-heads"
SCHEMA: Final = "kfm-audit/lakefs-heads-v1"
_CURE: Final = "write it as schemas/json/lakefs-heads-v1.schema.json says; `check --write-heads` does"


class _Head(Struct, frozen=True, forbid_unknown_fields=True):
    """One span in which a branch was seen on one commit."""

    repository: str
    branch: str
    commit: str
    first_seen: str
    last_seen: str
    generation: int | None = None


def read(source: Source, context: ReadContext) -> Reading:  # noqa: ARG001 - `Read`'s signature
    """Read a snapshot; entries that cannot be read are lost one by one."""
    answer = Answer(source, "heads")
    facts: list[Fact] = []
    if answer.keys.get("schema") != SCHEMA or "heads" not in answer.keys:
        if not answer.lost:
            answer.lose(f"is no snapshot of the schema {SCHEMA}, or lacks the key `heads`", cure=_CURE)
        return Reading(tuple(answer.lost))
    for entry in answer.entries:
        head = answer.read(entry, _Head)
        if head is None:
            continue
        try:
            first, last = read_instant(head.first_seen), read_instant(head.last_seen)
        except ValueError as error:
            answer.lose(str(error), entry, _CURE)
            continue
        if last < first:
            answer.lose("last_seen is before first_seen", entry, _CURE)
            continue
        facts.append(
            BranchHead(
                subject=f"lakefs://{head.repository}/{head.branch}",
                origin=answer.origin(entry),
                repository=head.repository,
                branch=head.branch,
                commit=head.commit,
                generation=head.generation,
                first_seen=first,
                last_seen=last,
            )
        )
    return Reading((*facts, *answer.lost))


def render(facts: Iterable[Fact]) -> bytes:
    """Write a snapshot of all heads that say when they were seen: sorted, one line for each span.

    Sightings of one commit with no other between them are one span, so a run
    that sees nothing new changes `last_seen` only. The commits among `facts`
    give the heads their generations.
    """
    heads: list[BranchHead] = []
    generations: dict[str, int] = {}
    for fact in facts:
        if isinstance(fact, BranchHead):
            heads.append(fact)
            if fact.generation is not None:
                generations.setdefault(fact.commit, fact.generation)
        elif isinstance(fact, CommitRecord) and fact.generation is not None:
            generations[fact.id] = fact.generation
    lines = ",\n    ".join(
        msgspec.json.encode(_written(span, generations.get(span.commit))).decode() for span in _spans(heads)
    )
    body = f"\n    {lines}\n  " if lines else ""
    return f'{{\n  "schema": "{SCHEMA}",\n  "heads": [{body}]\n}}\n'.encode()


class _Span(Struct, frozen=True):
    repository: str
    branch: str
    commit: str
    first: datetime
    last: datetime


def _spans(heads: Iterable[BranchHead]) -> Iterator[_Span]:
    seen: dict[tuple[str, str], list[tuple[datetime, datetime, str]]] = {}
    for head in heads:
        if head.first_seen is not None and head.last_seen is not None:
            seen.setdefault((head.repository, head.branch), []).append(
                (head.first_seen, head.last_seen, head.commit)
            )
    for (repository, branch), sightings in sorted(seen.items()):
        first, last, commit = min(sightings)
        for since, until, other in sorted(sightings)[1:]:
            if other == commit:
                last = max(last, until)
            else:
                yield _Span(repository, branch, commit, first, last)
                first, last, commit = since, until, other
        yield _Span(repository, branch, commit, first, last)


def _written(span: _Span, generation: int | None) -> dict[str, object]:
    first, last = (time.isoformat().replace("+00:00", "Z") for time in (span.first, span.last))
    head: dict[str, object] = {"repository": span.repository, "branch": span.branch, "commit": span.commit}
    if generation is not None:
        head["generation"] = generation
    return {**head, "first_seen": first, "last_seen": last}
