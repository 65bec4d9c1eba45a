"""Pull requests: answers of `pulls`."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from kfm_audit.facts import PullRequest
from kfm_audit.inputs.kind import ReadContext, Reading
from kfm_audit.inputs.lakefs_server.answer import Answer
from kfm_audit.inputs.source import Source


class _Pull(Struct, frozen=True):
    """The schema `PullRequest` of lakeFS's API."""

    id: str
    author: str
    source_branch: str
    destination_branch: str
    creation_date: str
    closed_date: str | None = None
    merged_commit_id: str | None = None


def read(source: Source, context: ReadContext) -> Reading:  # noqa: ARG001 - `Read`'s signature
    """Read the pull requests of one repository."""
    answer = Answer(source)
    if not answer.place.repository:
        answer.lose(
            "does not say whose pull requests it lists",
            cure='put it at `repositories/REPOSITORY/pulls.json`, or write `"repository"` into it, '
            "beside `results`",
        )
        return Reading(tuple(answer.lost))
    pulls = tuple(_pulls(answer))
    answer.lose_pages()
    return Reading((*pulls, *answer.lost))


def _pulls(answer: Answer) -> Iterator[PullRequest]:
    repository = answer.place.repository
    for entry in answer.entries:
        pull = answer.read(entry, _Pull)
        made = None if pull is None else answer.instant(pull.creation_date, entry, "creation_date")
        if pull is None or made is None:
            continue
        yield PullRequest(
            subject=f"lakefs://{repository}/pulls/{pull.id}",
            origin=answer.origin(entry),
            repository=repository,
            id=pull.id,
            author=pull.author,
            source_branch=pull.source_branch,
            destination_branch=pull.destination_branch,
            merged_commit=pull.merged_commit_id or "",
            created=made,
            closed=answer.instant(pull.closed_date, entry, "closed_date") if pull.closed_date else None,
            as_of=answer.as_of,
        )
