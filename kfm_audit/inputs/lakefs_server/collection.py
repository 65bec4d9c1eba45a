"""What `kfm-audit collect lakefs` says of itself: which server it asked, when, and what it did not get.

The schema is `schemas/json/lakefs-collection-v1.schema.json`.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from kfm_audit.facts import Fact, Server
from kfm_audit.inputs.kind import ReadContext, Reading, unreadable
from kfm_audit.inputs.lakefs_server.answer import Answer
from kfm_audit.inputs.source import Source

SCHEMA: Final = "kfm-audit/lakefs-collection-v1"


class _Missing(Struct, frozen=True):
    """Something that was asked for and not got."""

    what: str
    why: str
    cure: str


class _Collection(Struct, frozen=True):
    """The manifest of a collected folder."""

    endpoint: str
    finished: bool
    version: str = ""
    rbac: str = ""
    missing: tuple[_Missing, ...] = ()


def read(source: Source, context: ReadContext) -> Reading:  # noqa: ARG001 - `Read`'s signature
    """Read the manifest: the server, and each part that is missing as a part that could not be read."""
    answer = Answer(source)
    facts: list[Fact] = []
    if answer.keys.get("schema") != SCHEMA and not answer.lost:
        answer.lose(f"is no collection of the schema {SCHEMA}", cure="collect again with this version")
        return Reading(tuple(answer.lost))
    for entry in answer.entries[:1]:
        collection = answer.read(entry, _Collection)
        if collection is None:
            continue
        facts.append(
            Server(
                subject=collection.endpoint,
                origin=answer.origin(),
                version=collection.version,
                rbac=collection.rbac,
                as_of=answer.as_of,
            )
        )
        if not collection.finished:
            answer.lose(
                "is a collection that was broken off", cure="run `kfm-audit collect lakefs` again: it resumes"
            )
        for number, missing in enumerate(collection.missing):
            answer.lost.append(
                unreadable(
                    source,
                    f"not collected: {missing.why}",
                    missing.cure,
                    part=missing.what,
                    pointer=f"/missing/{number}",
                )
            )
    return Reading((*facts, *answer.lost))
