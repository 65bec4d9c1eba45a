"""Lists of branches: answers of `branches`."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from kfm_audit.facts import BranchHead, BranchList, Fact
from kfm_audit.inputs.kind import ReadContext, Reading
from kfm_audit.inputs.lakefs_server.answer import Answer
from kfm_audit.inputs.source import Source


class _Ref(Struct, frozen=True):
    """The schema `Ref` of lakeFS's API."""

    id: str
    commit_id: str


def read(source: Source, context: ReadContext) -> Reading:  # noqa: ARG001 - `Read`'s signature
    """Read on which commit each branch stood, and which branches there were."""
    answer = Answer(source)
    repository = answer.place.repository
    if not repository:
        answer.lose(
            "does not say whose branches it lists",
            cure='put it at `repositories/REPOSITORY/branches.json`, or write `"repository"` into it, '
            "beside `results`",
        )
        return Reading(tuple(answer.lost))
    heads = tuple(_heads(answer, repository))
    answer.lose_pages()
    there = BranchList(
        subject=f"lakefs://{repository}",
        origin=answer.origin(),
        repository=repository,
        branches=tuple(head.branch for head in heads),
        whole=answer.whole,
        as_of=answer.as_of,
    )
    facts: tuple[Fact, ...] = (*heads, there) if heads or not answer.lost else ()
    return Reading((*facts, *answer.lost))


def _heads(answer: Answer, repository: str) -> Iterator[BranchHead]:
    for entry in answer.entries:
        ref = answer.read(entry, _Ref)
        if ref is not None:
            yield BranchHead(
                subject=f"lakefs://{repository}/{ref.id}",
                origin=answer.origin(entry),
                repository=repository,
                branch=ref.id,
                commit=ref.commit_id,
                first_seen=answer.as_of,
                last_seen=answer.as_of,
            )
