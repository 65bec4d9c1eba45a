"""lakeFS policies and who holds them: answers of `auth/policies`, `auth/{users,groups}/{id}/policies`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec
from msgspec import Struct

from kfm_audit.facts import Effect, Fact, PolicyAttachment, PolicyHolder, PolicyStatement, ServerPolicy
from kfm_audit.inputs.kind import ReadContext, Reading
from kfm_audit.inputs.lakefs_server.answer import Answer
from kfm_audit.inputs.source import Source
from kfm_audit.policy.strict import read_strictly
from kfm_audit.values import Known


class _Statement(Struct, frozen=True):
    """The schema `Statement` of lakeFS's API."""

    effect: Literal["allow", "deny"]
    resource: str
    action: tuple[str, ...]
    condition: dict[str, object] | None = None


class _Policy(Struct, frozen=True):
    """The schema `Policy` of lakeFS's API."""

    id: str
    statement: tuple[_Statement, ...]


def read(source: Source, context: ReadContext) -> Reading:  # noqa: ARG001 - `Read`'s signature
    """Read policies, and whose they are where the path says it."""
    answer = Answer(source)
    policies = tuple(_policies(answer))
    answer.lose_pages()
    return Reading((*policies, *_held(answer, policies), *answer.lost))


def read_statements(document: object) -> tuple[PolicyStatement, ...]:
    """Read the statements of a policy, as Terraform holds them. Raises DocumentError."""
    return _statements(read_strictly(document, tuple[_Statement, ...]))


def _statements(said: tuple[_Statement, ...]) -> tuple[PolicyStatement, ...]:
    return tuple(
        PolicyStatement(Effect(one.effect), one.action, _resources(one.resource), bool(one.condition))
        for one in said
    )


def _policies(answer: Answer) -> Iterator[ServerPolicy]:
    for entry in answer.entries:
        policy = answer.read(entry, _Policy)
        if policy is not None:
            yield ServerPolicy(
                subject=policy.id,
                origin=answer.origin(entry),
                id=Known(policy.id),
                statements=Known(_statements(policy.statement)),
                as_of=answer.as_of,
            )


def _held(answer: Answer, policies: tuple[ServerPolicy, ...]) -> Iterator[Fact]:
    place = answer.place
    if place.holder_kind is None:
        return
    for policy in policies:
        yield PolicyAttachment(
            subject=f"{place.holder}:{policy.subject}",
            origin=policy.origin,
            holder=Known(place.holder),
            holder_kind=place.holder_kind,
            policy=policy.id,
            as_of=answer.as_of,
        )
    if policies or not answer.lost:
        yield PolicyHolder(
            subject=place.holder,
            origin=answer.origin(),
            holder=place.holder,
            holder_kind=place.holder_kind,
            whole=answer.whole,
            as_of=answer.as_of,
        )


def _resources(text: str) -> tuple[str, ...]:
    """A statement's resources: an ARN, or a list of them written as JSON in the same text."""
    if text.startswith("["):
        try:
            return msgspec.json.decode(text, type=tuple[str, ...])
        except (msgspec.MsgspecError, RecursionError):
            pass
    return (text,)
