"""What lakeFS posted to webhooks, as somebody kept it: one event, a list, or JSON lines.

An Airflow hook gets the same event under `conf.lakeFS_event` (lakeFS's
`pkg/actions/event.go` and `airflow.go`).
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from kfm_audit.facts import HookEvent
from kfm_audit.inputs.kind import ReadContext, Reading
from kfm_audit.inputs.lakefs_server.answer import Answer, Entry
from kfm_audit.inputs.positions import join_pointer
from kfm_audit.inputs.source import Source


class _Event(Struct, frozen=True):
    """lakeFS's `EventInfo`."""

    event_type: str
    event_time: str
    repository_id: str
    action_name: str = ""
    hook_id: str = ""
    branch_id: str = ""
    source_ref: str = ""
    tag_id: str = ""
    commit_id: str = ""
    commit_message: str = ""
    committer: str = ""
    commit_metadata: dict[str, str] | None = None
    merge_source: str = ""


def read(source: Source, context: ReadContext) -> Reading:  # noqa: ARG001 - `Read`'s signature
    """Read the events."""
    answer = Answer(source)
    facts = tuple(_events(answer))
    return Reading((*facts, *answer.lost))


def _events(answer: Answer) -> Iterator[HookEvent]:
    for entry in map(_unwrapped, answer.entries):
        event = answer.read(entry, _Event)
        time = None if event is None else answer.instant(event.event_time, entry, "event_time")
        if event is None or time is None:
            continue
        ref = event.branch_id or event.tag_id
        at = event.commit_id or msgspec.to_builtins(time)
        yield HookEvent(
            subject=f"lakefs://{event.repository_id}/{ref}@{at}",
            origin=answer.origin(entry),
            event_type=event.event_type,
            event_time=time,
            action_name=event.action_name,
            hook_id=event.hook_id,
            repository=event.repository_id,
            branch=event.branch_id,
            source_ref=event.source_ref,
            tag=event.tag_id,
            commit=event.commit_id,
            commit_message=event.commit_message,
            committer=event.committer,
            commit_metadata=event.commit_metadata or {},
            merge_source=event.merge_source,
        )


def _unwrapped(entry: Entry) -> Entry:
    """The event inside the request that an Airflow hook makes, at most two keys deep."""
    for key in ("conf", "lakeFS_event"):
        value = entry.value
        if isinstance(value, dict) and key in value:
            entry = Entry(value[key], entry.pointer + join_pointer(key), entry.line)
    return entry
