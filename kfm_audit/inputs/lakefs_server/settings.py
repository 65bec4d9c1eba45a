"""What is set on repositories: protection, garbage collection, lifecycles, action folders; and the repositories.

Answers of `repositories`, `settings/branch_protection`, `settings/gc_rules` and, of
lakeFS Enterprise, of its lifecycle rules. lakeFS answers with a bare list of
protection rules; a collected one holds it under `rules`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

from msgspec import Meta, Struct

from kfm_audit.facts import (
    ActionFolder,
    BranchLifecycle,
    BranchProtection,
    BranchRetention,
    Fact,
    ObjectLifecycle,
    Repository,
    RetentionRules,
)
from kfm_audit.inputs.kind import ReadContext, Reading
from kfm_audit.inputs.lakefs_server.answer import Answer
from kfm_audit.inputs.source import Source
from kfm_audit.values import ABSENT, Known

_DAY: Final = 86400
_Span = Annotated[int, Meta(le=2**63 - 1)]
"""Days or seconds, as far as a server can hold them."""


class _Repository(Struct, frozen=True):
    """The schema `Repository` of lakeFS's API."""

    id: str
    default_branch: str
    storage_namespace: str
    read_only: bool = False


class _BranchDays(Struct, frozen=True):
    """The schema `GarbageCollectionRule` of lakeFS's API."""

    branch_id: str
    retention_days: _Span


class _Retention(Struct, frozen=True):
    """The schema `GarbageCollectionRules` of lakeFS's API; a collected answer says `none` where there are none."""

    default_retention_days: _Span | None = None
    branches: tuple[_BranchDays, ...] | None = None


class _Protection(Struct, frozen=True):
    """The schema `BranchProtectionRule` of lakeFS's API."""

    pattern: str


class _ObjectRule(Struct, frozen=True):
    """The schema `ObjectLifecycleRule` of lakeFS Enterprise's API."""

    branches: tuple[str, ...]
    prefix: str
    expire_after_days: _Span


class _BranchRule(Struct, frozen=True):
    """The schema `LifecyclePolicy` of lakeFS Enterprise's API."""

    name_patterns: tuple[str, ...]
    max_age: _Span | None = None
    max_inactivity_time: _Span | None = None


class _Object(Struct, frozen=True):
    """What is needed of the schema `ObjectStats` of lakeFS's API."""

    path: str
    path_type: str = "object"


def read_repositories(source: Source, context: ReadContext) -> Reading:  # noqa: ARG001 - `Read`'s signature
    """Read a list of repositories."""
    answer = Answer(source)
    facts: list[Fact] = []
    for entry in answer.entries:
        found = answer.read(entry, _Repository)
        if found is not None:
            facts.append(
                Repository(
                    subject=f"lakefs://{found.id}",
                    origin=answer.origin(entry),
                    id=found.id,
                    default_branch=found.default_branch,
                    storage_namespace=found.storage_namespace,
                    read_only=found.read_only,
                    as_of=answer.as_of,
                )
            )
    answer.lose_pages()
    return Reading((*facts, *answer.lost))


def read_settings(source: Source, context: ReadContext) -> Reading:  # noqa: ARG001 - `Read`'s signature
    """Read one setting of one repository."""
    keys = source.shape.keys
    answer = Answer(source, "policies" if "policies" in keys else "rules")
    if not answer.place.repository:
        answer.lose(
            "does not say of which repository it is",
            cure='put it at `repositories/REPOSITORY/settings/`, or write `"repository"` into it',
        )
        return Reading(tuple(answer.lost))
    facts: list[Fact]
    if "policies" in keys:
        facts = list(_branch_lifecycles(answer))
    elif answer.place.what == "gc_rules" or "default_retention_days" in keys:
        facts = list(_retention(answer))
    elif answer.place.what == "object_lifecycle" or _is_lifecycle(answer):
        facts = list(_object_lifecycles(answer))
    else:
        facts = list(_protection(answer))
    return Reading((*facts, *answer.lost))


def read_action_folder(source: Source, context: ReadContext) -> Reading:  # noqa: ARG001 - `Read`'s signature
    """Read which action files a ref has: a list of the objects below `_lakefs_actions/`."""
    answer = Answer(source)
    place = answer.place
    if not place.repository or not place.ref:
        answer.lose(
            "does not say of which repository and ref it is",
            cure="put it at `repositories/REPOSITORY/refs/REF/_lakefs_actions.json`",
        )
        return Reading(tuple(answer.lost))
    found = [answer.read(entry, _Object) for entry in answer.entries]
    answer.lose_pages()
    if answer.lost:
        return Reading(tuple(answer.lost))
    folder = ActionFolder(
        subject=f"lakefs://{place.repository}/{place.ref}",
        origin=answer.origin(),
        repository=place.repository,
        ref=place.ref,
        files=tuple(one.path for one in found if one is not None and one.path_type == "object"),
        as_of=answer.as_of,
    )
    return Reading((folder,))


def _retention(answer: Answer) -> Iterator[RetentionRules]:
    for entry in answer.entries:
        rules = answer.read(entry, _Retention)
        if rules is None:
            continue
        none = answer.keys.get("none") is True
        if rules.default_retention_days is None and not none:
            answer.lose("lacks the key `default_retention_days`", entry)
            continue
        days = rules.default_retention_days
        yield RetentionRules(
            subject=f"lakefs://{answer.place.repository}",
            origin=answer.origin(entry),
            repository=answer.place.repository,
            default_days=ABSENT if days is None else Known(days),
            branches=tuple(
                BranchRetention(one.branch_id, one.retention_days) for one in rules.branches or ()
            ),
            as_of=answer.as_of,
        )


def _protection(answer: Answer) -> Iterator[BranchProtection]:
    rules = [answer.read(entry, _Protection) for entry in answer.entries]
    if not answer.lost:
        yield BranchProtection(
            subject=f"lakefs://{answer.place.repository}",
            origin=answer.origin(),
            repository=Known(answer.place.repository),
            patterns=Known(tuple(rule.pattern for rule in rules if rule is not None)),
            as_of=answer.as_of,
        )


def _is_lifecycle(answer: Answer) -> bool:
    first = answer.entries[0].value if answer.entries else None
    return isinstance(first, dict) and "expire_after_days" in first


def _object_lifecycles(answer: Answer) -> Iterator[ObjectLifecycle]:
    for entry in answer.entries:
        rule = answer.read(entry, _ObjectRule)
        if rule is not None:
            yield ObjectLifecycle(
                subject=f"lakefs://{answer.place.repository}",
                origin=answer.origin(entry),
                repository=answer.place.repository,
                branches=rule.branches,
                prefix=rule.prefix,
                expire_after_days=rule.expire_after_days,
                as_of=answer.as_of,
            )


def _branch_lifecycles(answer: Answer) -> Iterator[BranchLifecycle]:
    for entry in answer.entries:
        rule = answer.read(entry, _BranchRule)
        if rule is not None:
            yield BranchLifecycle(
                subject=f"lakefs://{answer.place.repository}",
                origin=answer.origin(entry),
                repository=answer.place.repository,
                patterns=rule.name_patterns,
                max_age_days=None if rule.max_age is None else rule.max_age / _DAY,
                max_inactivity_days=(
                    None if rule.max_inactivity_time is None else rule.max_inactivity_time / _DAY
                ),
                as_of=answer.as_of,
            )
