"""Lines of lakeFS audit logs, in every shape in which servers, lakeFS Cloud and collectors write them.

A line is JSON. It is an audit line where `log_audit` says so, where it bears the
server's message `HTTP call ended` (open-source servers and audit level TRACE
leave `log_audit` out), or where it has the `data_` columns of lakeFS Cloud.
Collectors wrap lines; one wrapper is taken off.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import Enum
from typing import Final

import msgspec
from msgspec import Struct

from kfm_audit.lakefs.operations import Operation, operation

MESSAGE: Final = "HTTP call ended"
_CLOUD: Final = "data_"
# What every part of a torn JSON line still holds, and a banner or a warning in plain text does not.
_REMAINS: Final = re.compile(r'[{}]|":')


class Call(Struct, frozen=True, kw_only=True):
    """One audit line: a call to the server. `operation` is None where it is of no interest here.

    `time` is in UTC and to the second: the end of the call, in lakeFS Cloud its
    start. Text is "" where the line says nothing; `status` is 0 where no
    status was needed.
    """

    time: datetime
    operation: Operation | None
    path: str
    user: str
    status: int
    request_id: str
    source_ip: str
    client: str


class Entry(Enum):
    """A line that is no call."""

    OTHER = "other"
    """Well-formed, and none of the audit's: an application or debug line."""
    BROKEN = "broken"
    """Not JSON, half a line, or an audit line without a time, or without what its operation must have."""


def calls_in_line(line: bytes) -> Iterator[Call | Entry]:
    """What one line holds: mostly one thing, a line of CloudWatch events several. Raises nothing."""
    try:
        value: object = msgspec.json.decode(line)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        yield _of_text(line.decode("utf-8", "replace"))
        return
    yield from calls_in(value)


def calls_in(value: object) -> Iterator[Call | Entry]:
    """What a decoded line holds, or one element of a decoded document. Raises nothing."""
    if not isinstance(value, dict):
        yield Entry.OTHER
    elif is_audit_line(value):
        yield _call(value)
    else:
        yield from _unwrapped(value)


def is_audit_line(line: dict[str, object]) -> bool:
    """Whether a decoded line is one of the audit's, not wrapped."""
    return (
        line.get("log_audit") in (True, "true", "API")
        or line.get("msg") == MESSAGE
        or "data_operation_id" in line
        or "data_request_id" in line
    )


def _unwrapped(wrapper: dict[str, object]) -> Iterator[Call | Entry]:
    """Take off one wrapper: `log` of Docker, Fluent Bit; `message`, `events`, `logEvents` of CloudWatch."""
    events = wrapper.get("events", wrapper.get("logEvents"))
    if isinstance(events, list):
        for event in events:
            yield _inner(event.get("message")) if isinstance(event, dict) else Entry.OTHER
        return
    yield _inner(wrapper.get("log", wrapper.get("message")))


def _inner(content: object) -> Call | Entry:
    value = content
    if isinstance(content, str):
        try:
            value = msgspec.json.decode(content)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return _of_text(content)
    if isinstance(value, dict) and is_audit_line(value):
        return _call(value)
    return Entry.OTHER


def _of_text(text: str) -> Entry:
    torn = _REMAINS.search(text) or MESSAGE in text
    return Entry.BROKEN if torn else Entry.OTHER


def _call(line: dict[str, object]) -> Call | Entry:
    cloud = not ("msg" in line or "log_audit" in line)
    prefix = _CLOUD if cloud else ""

    def text(name: str) -> str:
        value = line.get(prefix + name)
        return value if isinstance(value, str) else ""

    time = read_time(text("time"), naive_is_utc=cloud)
    if time is None:
        return Entry.BROKEN
    # The S3 gateway logs the bare object key as its path: a key may look like any path of the REST API.
    gateway = text("service_name") == "s3_gateway" or "matched_host" in line
    found = None if gateway else operation(text("operation_id"), text("method"), text("path"))
    status = _status(line.get(prefix + "status_code"))
    if found is not None and status is None:
        return Entry.BROKEN
    return Call(
        time=time,
        operation=found,
        path=text("path"),
        user=text("user"),
        status=status or 0,
        request_id=text("request_id"),
        source_ip=text("source_ip"),
        client=text("client"),
    )


def read_time(text: str, *, naive_is_utc: bool = False) -> datetime | None:
    """Read an RFC 3339 time, to the second and in UTC; None for anything else.

    A time without an offset could be any zone's. lakeFS Cloud keeps its columns
    in UTC, and exports of them lose the offset: there `naive_is_utc` holds.
    """
    if len(text) < len("2026-01-01T00:00:00"):
        return None
    try:
        time = datetime.fromisoformat(text)
        if time.tzinfo is None:
            return time.replace(tzinfo=UTC, microsecond=0) if naive_is_utc else None
        return time.astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        return None


def _status(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and re.fullmatch(r"\d{3}", value, re.ASCII) else None
