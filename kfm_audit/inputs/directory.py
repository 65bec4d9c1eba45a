"""Directories of identities: our own format, and answers of lakeFS's API as they are.

An answer that lists the members of a group does not name the group; its path
does, mirroring the API's: `.../groups/<group id>/members.json`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import PurePosixPath
from typing import Final, Literal

import msgspec
from msgspec import Raw, Struct

from kfm_audit.facts import Fact, Group, Membership, PersonKind, UnreadableInput, User
from kfm_audit.inputs.kind import Kind, ReadContext, Reading, locate_in_json, unreadable
from kfm_audit.inputs.positions import join_pointer
from kfm_audit.inputs.source import Form, Source
from kfm_audit.policy.span import read_instant, read_span
from kfm_audit.policy.strict import DocumentError, read_strictly
from kfm_audit.values import Origin

_OWN_KEYS: Final = frozenset({"users", "groups", "as_of", "$schema"})
_NOT_PEOPLE: Final = frozenset({"storage_namespace", "parents", "statement", "access_key_id"})
"""Keys of what else lakeFS lists with id and creation date: repositories, commits, policies, credentials."""
_CURE: Final = 'write users as {"id", "email", "friendly_name", "kind"}, groups as {"id", "name", "members"}'


class _User(Struct, frozen=True):
    id: str
    email: str | None = None
    friendly_name: str | None = None
    kind: Literal["human", "software", "shared"] | None = None


class _Member(Struct, frozen=True):
    user: str
    since: str | None = None
    until: str | None = None


class _Group(Struct, frozen=True):
    id: str
    name: str | None = None
    members: list[object] | None = None


def recognise(source: Source) -> bool:
    """Lists of users and groups with ids, or an answer of lakeFS's API that lists users or groups."""
    shape = source.shape
    if shape.form is not Form.OBJECT:
        return False
    if {"pagination", "results"} <= shape.keys:
        return _listed(source, _first(shape.values["results"])) is not None
    if not shape.keys & {"users", "groups"} or not shape.keys <= _OWN_KEYS:
        return False
    firsts = [_first(shape.values[key]) for key in ("users", "groups") if key in shape.keys]
    return all(first is not None and (not first or "id" in first) for first in firsts)


def read(source: Source, context: ReadContext) -> Reading:  # noqa: ARG001 - `Read`'s signature
    """Read users and groups; entries that cannot be read are lost one by one."""
    try:
        document = msgspec.json.decode(source.data, type=dict[str, object])
    except msgspec.MsgspecError as error:
        return Reading((unreadable(source, f"is no JSON object: {error}", _CURE),))
    return Reading(tuple(_DirectoryReader(source, document).facts()))


class _DirectoryReader:
    def __init__(self, source: Source, document: dict[str, object]) -> None:
        self._source = source
        self._document = document
        self._as_of: datetime | None = None

    def facts(self) -> Iterator[Fact]:
        yield from self._read_as_of()
        if "results" not in self._document:
            yield from self._users("users")
            yield from self._groups("groups")
            return
        results = self._document["results"]
        first = results[0] if isinstance(results, list) and results else {}
        match _listed(self._source, first if isinstance(first, dict) else None):
            case "groups":
                yield from self._groups("results")
            case "members":
                yield from self._members()
            case _:
                yield from self._users("results")
        if self._more():
            yield unreadable(
                self._source,
                "is one page of several (pagination.has_more is true)",
                "fetch the other pages too (`after=` with next_offset) and put their results into one file",
                part="the pages that follow",
                pointer="/pagination",
            )

    def _read_as_of(self) -> Iterator[UnreadableInput]:
        as_of = self._document.get("as_of")
        if as_of is None:
            return
        try:
            self._as_of = read_instant(as_of if isinstance(as_of, str) else str(as_of))
        except ValueError as error:
            yield self._lost(f"as_of: {error}", "write when the directory was read", "/as_of")

    def _more(self) -> bool:
        pagination = self._document.get("pagination")
        return isinstance(pagination, dict) and pagination.get("has_more") is True

    def _entries(self, key: str) -> Iterator[tuple[str, object] | UnreadableInput]:
        entries = self._document.get(key, [])
        if isinstance(entries, list):
            yield from ((join_pointer(key, number), entry) for number, entry in enumerate(entries))
        else:
            yield self._lost(f"{key} is no list", _CURE, f"/{key}")

    def _users(self, key: str) -> Iterator[Fact]:
        for entry in self._entries(key):
            if isinstance(entry, UnreadableInput):
                yield entry
                continue
            pointer, value = entry
            try:
                user = read_strictly(value, _User)
            except DocumentError as error:
                yield self._lost(_said(error), _CURE, pointer)
                continue
            yield User(
                subject=user.id,
                origin=Origin(self._source.path, pointer),
                id=user.id,
                email=user.email or "",
                friendly_name=user.friendly_name or "",
                person=PersonKind(user.kind) if user.kind else PersonKind.UNSAID,
            )

    def _groups(self, key: str) -> Iterator[Fact]:
        for entry in self._entries(key):
            if isinstance(entry, UnreadableInput):
                yield entry
                continue
            pointer, value = entry
            try:
                group = read_strictly(value, _Group)
            except DocumentError as error:
                yield self._lost(_said(error), _CURE, pointer)
                continue
            members: list[Membership] = []
            whole = group.members is not None
            for number, member in enumerate(group.members or ()):
                try:
                    members.append(_membership(member))
                except (DocumentError, ValueError) as error:
                    whole = False
                    yield self._lost(
                        _said(error) if isinstance(error, DocumentError) else str(error),
                        'write a member as {"user", "since", "until"}',
                        pointer + join_pointer("members", number),
                    )
            yield Group(
                subject=group.id,
                origin=Origin(self._source.path, pointer),
                id=group.id,
                name=group.name or group.id,
                members=tuple(members),
                members_known=whole,
                as_of=self._as_of,
            )

    def _members(self) -> Iterator[Fact]:
        facts = list(self._users("results"))
        yield from facts
        group = _group_of(self._source)
        yield Group(
            subject=group,
            origin=Origin(self._source.path, "/results"),
            id=group,
            name=group,
            members=tuple(Membership(fact.id) for fact in facts if isinstance(fact, User)),
            members_known=not self._more() and all(isinstance(fact, User) for fact in facts),
            as_of=self._as_of,
        )

    def _lost(self, cause: str, cure: str, pointer: str) -> UnreadableInput:
        return unreadable(self._source, cause, cure, part=pointer, pointer=pointer)


def _membership(value: object) -> Membership:
    """Read a member; a plain string is one without dates. Raises DocumentError and ValueError."""
    if isinstance(value, str):
        return Membership(value)
    member = read_strictly(value, _Member)
    span = read_span(member.since or "", member.until or "")
    return Membership(member.user, span.since, span.until)


def _said(error: DocumentError) -> str:
    return f"{'.'.join(error.path)}: {error.message}" if error.path else error.message


def _listed(
    source: Source, first: Mapping[str, object] | None
) -> Literal["users", "groups", "members"] | None:
    """What an answer of the API lists: said by the path, else by the keys of its first result."""
    if first is None or first.keys() & _NOT_PEOPLE or (first and not {"id", "creation_date"} <= first.keys()):
        return None
    path = PurePosixPath(source.path)
    if _group_of(source):
        return "members"
    if path.stem == "groups" or first.keys() & {"name", "description"}:
        return "groups"
    if path.stem == "users" or first.keys() & {"email", "friendly_name"}:
        return "users"
    return None


def _group_of(source: Source) -> str:
    """The group that a path `.../groups/<group id>/members.json` names, else ""."""
    from urllib.parse import unquote

    path = PurePosixPath(source.path)
    named = path.stem == "members" and len(path.parts) >= 3 and path.parts[-3] == "groups"
    return unquote(path.parts[-2]) if named else ""


def _first(raw: Raw) -> Mapping[str, object] | None:
    """The first element of a list of objects, {} of an empty list, None of anything else.

    Its values stay undecoded: one that is not UTF-8 does not make the document another.
    """
    try:
        items = msgspec.json.decode(raw, type=list[Raw])
        return msgspec.json.decode(items[0], type=dict[str, Raw]) if items else {}
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None


KIND: Final = Kind(
    name="directory",
    title="a directory of identities",
    names=("lakefs/directory.json", "lakefs-directory.json", "*.directory.json", "groups/*/members.json"),
    recognise=recognise,
    read=read,
    locate=locate_in_json,
    excerpt=False,
)
