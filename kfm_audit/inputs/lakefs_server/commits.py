"""Commit logs: answers of `refs/{ref}/commits`, whole or page by page, bare lists of commits, or JSON lines."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from kfm_audit.facts import CommitLog, CommitRecord, Fact
from kfm_audit.inputs.kind import ReadContext, Reading
from kfm_audit.inputs.lakefs_server.answer import Answer
from kfm_audit.inputs.source import Source


class _Commit(Struct, frozen=True):
    """The schema `Commit` of lakeFS's API."""

    id: str
    parents: tuple[str, ...]
    committer: str
    message: str
    creation_date: int
    meta_range_id: str
    metadata: dict[str, str] | None = None
    generation: int | None = None
    version: int | None = None


def read(source: Source, context: ReadContext) -> Reading:  # noqa: ARG001 - `Read`'s signature
    """Read the commits of one log, and how far it reaches."""
    answer = Answer(source)
    place = answer.place
    if not place.repository or not place.ref:
        missing = "which repository" if not place.repository else "which ref"
        answer.lose(
            f"does not say {missing} it is the commit log of",
            cure='put it at `repositories/REPOSITORY/refs/REF/commits.json`, or write `"repository"` and '
            '`"ref"` into it, beside `results`',
        )
        return Reading(tuple(answer.lost))
    commits = tuple(_commits(answer))
    listed = {commit.id for commit in commits}
    log = CommitLog(
        subject=f"lakefs://{place.repository}/{place.ref}",
        origin=answer.origin(),
        repository=place.repository,
        ref=place.ref,
        newest=commits[0].id if commits else "",
        oldest=commits[-1].id if commits else "",
        commits=len(commits),
        open_ends=tuple(
            dict.fromkeys(parent for commit in commits for parent in commit.parents if parent not in listed)
        ),
        as_of=answer.as_of,
    )
    facts: tuple[Fact, ...] = (*commits, log) if commits or not answer.lost else ()
    return Reading((*facts, *answer.lost))


def _commits(answer: Answer) -> Iterator[CommitRecord]:
    for entry in answer.entries:
        commit = answer.read(entry, _Commit)
        made = None if commit is None else answer.epoch(commit.creation_date, entry, "creation_date")
        if commit is None or made is None:
            continue
        yield CommitRecord(
            subject=f"lakefs://{answer.place.repository}/{commit.id}",
            origin=answer.origin(entry),
            repository=answer.place.repository,
            ref=answer.place.ref,
            id=commit.id,
            parents=commit.parents,
            committer=commit.committer,
            message=commit.message,
            creation_time=made,
            meta_range_id=commit.meta_range_id,
            metadata=commit.metadata or {},
            generation=commit.generation,
            version=commit.version or 0,
        )
