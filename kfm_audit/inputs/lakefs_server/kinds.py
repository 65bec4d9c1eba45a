"""The kinds of what a lakeFS server says, how each is recognised; the readers are imported when one is read.

An answer is recognised by its first entry. An empty list shows nothing of what it
lists, and a broken answer nothing at all: those are told by their address, where
the path goes through a folder of lakeFS's or the answer is one that was collected.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import PurePosixPath
from typing import Final, cast

from kfm_audit.inputs.kind import Kind, Locate, Read, ReadContext, Reading, Recognise, locate_in_json
from kfm_audit.inputs.source import HEAD_BYTES, Form, Source
from kfm_audit.values import Location, Origin

_READERS: Final = "kfm_audit.inputs.lakefs_server"
_SCHEMA: Final = b'"kfm-audit/lakefs-%s-v'
_RETENTION: Final = "default_retention_days"
_RULES: Final = {"rules": b'"expire_after_days"', "policies": b'"name_patterns"'}
"""Where lifecycle rules stand, and the key that each of them has."""


def _lists(*keys: str) -> Recognise:
    """Recognise a list whose first entry has all `keys`, or a document that is one such entry."""
    wanted = frozenset(keys)

    def recognise(source: Source) -> bool:
        return wanted <= (source.listed or {}).keys() or wanted <= source.shape.keys

    return recognise


def _branches(source: Source) -> bool:
    """A list of refs; tags are listed alike, and only the path tells them apart."""
    refs = (source.listed or {}).keys() == {"id", "commit_id"}
    return refs and not PurePosixPath(source.path).match("tags*.json")


def _runs(source: Source) -> bool:
    keys = (source.listed or {}).keys()
    return {"run_id", "event_type"} <= keys or {"hook_run_id", "hook_id"} <= keys


def _settings(source: Source) -> bool:
    """Rules of one repository by keys that nobody else has; protection rules, which have one, by address too."""
    shape = source.shape
    if shape.form is Form.ARRAY:
        return shape.keys == {"pattern"} and PurePosixPath(source.path).match(_PROTECTION)
    if _RETENTION in shape.keys:
        return True
    return any(key in shape.keys and mark in bytes(shape.values[key]) for key, mark in _RULES.items())


def _events(source: Source) -> bool:
    """An event, or the request around it."""
    shape = source.shape
    if {"event_type", "event_time", "repository_id"} <= shape.keys or "lakeFS_event" in shape.keys:
        return True
    return "conf" in shape.keys and b'"lakeFS_event"' in bytes(shape.values["conf"])


def _ours(name: str) -> Recognise:
    """A document that names our schema, in whatever version."""

    def recognise(source: Source) -> bool:
        shape = source.shape
        said = bytes(shape.values["schema"]) if "schema" in shape.keys else b""
        return shape.form is Form.OBJECT and said.startswith(_SCHEMA % name.encode())

    return recognise


def _action_file(source: Source) -> bool:
    """Every file in the folder, whatever its name, as for lakeFS."""
    return PurePosixPath(source.path).parent.name == "_lakefs_actions"


def _endless(source: Source) -> bool:
    """A file that is no `.json` and whose first line does not end in the head: a log, not to be read whole for this."""
    if source.file is None or source.path.endswith(".json") or source.size <= HEAD_BYTES:
        return False
    return b"\n" not in source.head


def _at(source: Source, addresses: tuple[str, ...]) -> bool:
    """Whether an answer lies at an address, in a folder of lakeFS's or collected, and is no other answer."""
    path = PurePosixPath(source.path)
    if not any(path.match(address) for address in addresses):
        return False
    if source.shape.form not in (Form.OBJECT, Form.ARRAY):
        return False
    lakefs = any("lakefs" in folder.casefold() for folder in path.parts[:-1])
    return (lakefs or "as_of" in source.shape.keys) and not any(said(source) for said in _CONTENTS.values())


def _reader(module: str, name: str) -> Read:
    """A reader that is imported when it is first asked to read."""

    def read(source: Source, context: ReadContext) -> Reading:
        return cast("Read", getattr(import_module(f"{_READERS}.{module}"), name))(source, context)

    return read


def _locate_in_action(source: Source, origin: Origin, attribute: str) -> Location:
    from kfm_audit.inputs.lakefs_server.actions import locate

    return locate(source, origin, attribute)


def _kind(
    name: str,
    title: str,
    addresses: tuple[str, ...],
    module: str,
    read: str = "read",
    *,
    names: tuple[str, ...] | None = None,
    locate: Locate = locate_in_json,
) -> Kind:
    """A kind of `_CONTENTS`; its files claim it, unless `names` do, at its addresses in a folder `lakefs`."""
    content = _CONTENTS[name]
    return Kind(
        name=f"lakefs-{name}",
        title=title,
        names=tuple(f"lakefs/{address}" for address in addresses) if names is None else names,
        recognise=lambda source: not _endless(source) and (content(source) or _at(source, addresses)),
        read=_reader(module, read),
        locate=locate,
        # They hold names and addresses of people, and action files secrets: no line is shown.
        excerpt=False,
    )


_PROTECTION: Final = "repositories/*/settings/branch_protection*.json"
_REFS: Final = "repositories/*/refs/*"
_ACTIONS: Final = "repositories/*/actions"

_CONTENTS: Final[dict[str, Recognise]] = {
    "commits": _lists("id", "parents", "committer"),
    "branches": _branches,
    "heads": _ours("heads"),
    "runs": _runs,
    "pulls": _lists("id", "source_branch", "destination_branch"),
    "events": _events,
    "access": _lists("id", "statement"),
    "repositories": _lists("id", "storage_namespace", "default_branch"),
    "settings": _settings,
    "action": _action_file,
    "action-folder": _lists("path", "path_type", "checksum"),
    "collection": _ours("collection"),
}
"""How the content shows each kind."""

KINDS: Final[tuple[Kind, ...]] = (
    _kind("commits", "a lakeFS commit log", (f"{_REFS}/commits*.json", f"{_REFS}/commits/*.json"), "commits"),
    _kind("branches", "a list of lakeFS branches", ("repositories/*/branches*.json",), "branches"),
    _kind("heads", "a snapshot of lakeFS branch heads", (), "heads", names=("*lakefs-heads*.json",)),
    _kind(
        "runs",
        "runs of lakeFS actions",
        (f"{_ACTIONS}/runs*.json", f"{_ACTIONS}/runs/*/hooks*.json"),
        "runs",
    ),
    _kind("pulls", "lakeFS pull requests", ("repositories/*/pulls*.json",), "pulls"),
    _kind("events", "events that lakeFS posted", (), "events"),
    _kind(
        "access",
        "lakeFS policies",
        ("auth/policies*.json", "auth/groups/*/policies*.json", "auth/users/*/policies*.json"),
        "access",
    ),
    _kind(
        "repositories",
        "a list of lakeFS repositories",
        ("repositories*.json",),
        "settings",
        "read_repositories",
    ),
    _kind(
        "settings",
        "settings of a lakeFS repository",
        ("repositories/*/settings/*.json",),
        "settings",
        "read_settings",
    ),
    _kind(
        "action",
        "a lakeFS action file",
        (),
        "actions",
        names=("_lakefs_actions/*",),
        locate=_locate_in_action,
    ),
    _kind(
        "action-folder",
        "a list of lakeFS action files",
        (f"{_REFS}/_lakefs_actions.json",),
        "settings",
        "read_action_folder",
    ),
    _kind("collection", "what `collect lakefs` got", ("collection.json",), "collection"),
)
"""In the order in which they are asked whether a file is theirs."""
