"""Lines of lakeFS audit logs, in every shape in which servers, lakeFS Cloud and collectors write them.

A line is JSON, or the text that a server writes by default. It is an audit line where
`log_audit` says so, where it bears the server's message `HTTP call ended` (open-source
servers and audit level TRACE leave `log_audit` out), or where it has the `data_` columns
of lakeFS Cloud.
Collectors wrap lines, some more than once: what is known of wrappers is taken off,
and what bears the marks of the audit and cannot be unwrapped is broken, never another line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import Enum
from typing import Final

import msgspec
from msgspec import Struct

from kfm_audit.lakefs.form import AUDIT, without_prefix
from kfm_audit.lakefs.operations import (
    Operation,
    Outcome,
    gateway_write,
    operation,
    outcome,
    unrecognised,
)
from kfm_audit.lakefs.text import pairs_in
from kfm_audit.lakefs.twins import Twin, twin_of
from kfm_audit.pattern import pattern

MESSAGE: Final = "HTTP call ended"
_CLOUD: Final = "data_"
_EVENTS: Final = ("events", "logEvents")
"""CloudWatch: many lines in one value, each under `message`."""
_WRAPPERS: Final = (
    *("log", "message", "line", "body", "MESSAGE", "@message", "_raw"),
    *("_source", "record", "result", "jsonPayload", "textPayload"),
)
"""Keys under which collectors and stores keep a line, as text or decoded.

Docker and Fluent Bit; CloudWatch and Elastic; Loki; OpenTelemetry; journald; CloudWatch
Insights and Splunk. The second row holds what was wrapped before: exports of
Elasticsearch, Fluentd, Splunk and Google Cloud.
"""
_CUT: Final = frozenset({"log", "message", "events", "logEvents"})
_ALWAYS: Final = ("method", "path", "status_code")
"""What every audit line has."""
_DEEPEST: Final = 5
"""Wrappers around wrappers; Elasticsearch over Fluent Bit over Docker has three."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_BETWEEN: Final = pattern(rb"} ?{")
"""What stands between two objects of one line, at least."""
# What every part of a torn JSON line still holds, and a banner or a warning in plain text does not.
_REMAINS: Final = pattern(r'[{}]|":')


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
    repository: str = ""
    """Of lines of the S3 gateway, whose path is the bare object key; "" for the REST API."""
    ref: str = ""


class Entry(Enum):
    """A line that is no call."""

    OTHER = "other"
    """Well-formed, and none of the audit's: an application or debug line."""
    BROKEN = "broken"
    """Not JSON, half a line, an audit line that cannot be unwrapped, or one that lacks what it must have."""


class UnknownCall(Struct, frozen=True):
    """An audit line of a call that may move a branch or change a group, by an operation that is not known here."""

    operation: str


Found = Call | Twin | UnknownCall | Entry
"""What a line holds."""


def calls_in_line(line: bytes) -> Iterator[Found]:
    """What one line holds: mostly one thing, a line of CloudWatch events several. Raises nothing."""
    yield from _in_text(line, 0)


def calls_in(value: object) -> Iterator[Found]:
    """What a decoded line holds, or one element of a decoded document. Raises nothing."""
    yield from _in_value(value, 0) or (_unread(value),)


def is_audit_line(line: dict[str, object]) -> bool:
    """Whether a decoded line is one of the audit's, not wrapped."""
    return (
        line.get("log_audit") in (True, "true", "API")
        or line.get("msg") == MESSAGE
        or "data_operation_id" in line
        or "data_request_id" in line
    )


def _in_text(text: bytes, depth: int) -> tuple[Found, ...]:
    """What a line holds: JSON, also behind a collector's prefix or several values of it, or plain text."""
    for content in dict.fromkeys((text, without_prefix(text.rstrip()))):
        try:
            value: object = msgspec.json.decode(content)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            values = _several(content)
            if values:
                return tuple(found for each in values for found in _in_value(each, depth) or (_unread(each),))
            continue
        found = _in_value(value, depth)
        return found or (Entry.BROKEN if AUDIT.search(text) else Entry.OTHER,)
    plain = text.decode("utf-8", "replace")
    pairs = pairs_in(plain)
    if pairs is not None:
        return (_written(pairs),)
    torn = _REMAINS.search(plain) or AUDIT.search(text)
    return (Entry.BROKEN if torn else Entry.OTHER,)


def _several(line: bytes) -> list[object]:
    """The objects of a line that two writers wrote without a line's end between; none where one is not whole."""
    if not line.startswith(b"{") or _BETWEEN.search(line) is None:
        return []
    from json import JSONDecoder

    found: list[object] = []
    end, decoder = 0, JSONDecoder()
    try:
        text = line.decode().rstrip()
        while end < len(text):
            start = end + text.startswith(" ", end)
            _, end = decoder.raw_decode(text, start)
            # What the other decoder takes, such as half a surrogate pair, is no more whole here than alone on a line.
            found.append(msgspec.json.decode(text[start:end]))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return []
    return found


def _written(pairs: dict[str, str]) -> Found:
    """What a line in text format holds. Its end may be lost unseen: then it lacks keys, which come in their order."""
    if not is_audit_line(dict(pairs)):
        return twin_of(dict(pairs)) or Entry.OTHER
    whole = all(pairs.get(key) for key in _ALWAYS) and _status(pairs["status_code"]) is not None
    return _call(dict(pairs)) if whole else Entry.BROKEN


def _in_value(value: object, depth: int) -> tuple[Found, ...]:
    """The calls in a decoded value and what of it is broken; nothing where it is none of the audit's.

    A wrapper may have several keys of those known (`log` is the name of a file
    in Elastic's schema): the first that leads to something counts.
    """
    if isinstance(value, dict) and is_audit_line(value):
        return (_call(value),)
    twin = twin_of(value) if isinstance(value, dict) else None
    if twin is not None:
        return (twin,)
    if depth == _DEEPEST:
        return ()
    if isinstance(value, str):
        found = _in_text(value.encode("utf-8", "replace"), depth + 1)
        return tuple(entry for entry in found if entry is not Entry.OTHER)
    if isinstance(value, list):
        entries = [entry for item in value for entry in _in_value(item, depth + 1) or (_unread(item),)]
        return () if set(entries) <= {Entry.OTHER} else tuple(entries)
    if not isinstance(value, dict):
        return ()
    lines = _lines_of_loki(value)
    if lines is not None:
        return _in_value(lines, depth + 1)
    for key in (*_EVENTS, *_WRAPPERS):
        inner = value.get(key)
        found = _in_value(inner, depth + 1)
        # Braces alone are half a line where lines are cut; elsewhere they may be any text.
        if found and (key in _CUT or found != (Entry.BROKEN,) or _unread(inner) is Entry.BROKEN):
            return found
    return ()


def _lines_of_loki(answer: dict[str, object]) -> list[object] | None:
    """The lines of an answer of Loki's query API; None for anything else.

    Loki HTTP API, "Query logs at a single point in time": streams, whose values are pairs of a time and a line.
    What is not so stands for itself.
    """
    data = answer.get("data")
    if not isinstance(data, dict) or data.get("resultType") != "streams":
        return None
    found: list[object] = []
    streams = data.get("result")
    for stream in streams if isinstance(streams, list) else [streams]:
        values = stream.get("values") if isinstance(stream, dict) else None
        if isinstance(values, list):
            found += (pair[1] if isinstance(pair, list) and len(pair) > 1 else pair for pair in values)
        else:
            found.append(stream)
    return found


def _unread(value: object) -> Entry:
    """What a decoded value is that holds no call: broken where it bears the audit's marks all the same."""
    try:
        text = msgspec.json.encode(value)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return Entry.BROKEN
    return Entry.BROKEN if AUDIT.search(text) else Entry.OTHER


def _call(line: dict[str, object]) -> Found:
    cloud = not ("msg" in line or "log_audit" in line)
    prefix = _CLOUD if cloud else ""

    def text(name: str) -> str:
        value = line.get(prefix + name)
        return value if isinstance(value, str) else ""

    time = read_time(text("time"), naive_is_utc=cloud)
    if time is None or time < _EPOCH:  # Go writes a time that was never set as the year 1
        return Entry.BROKEN
    # The S3 gateway logs the bare object key as its path: a key may look like any path of the REST API.
    gateway = text("service_name") == "s3_gateway" or "matched_host" in line
    said = (text("operation_id"), text("method"), text("path"))
    found = gateway_write(said[0]) if gateway else operation(*said)
    status = _status(line.get(prefix + "status_code"))
    if found is not None and status is None:
        return Entry.BROKEN
    # What failed changed nothing, whatever it was.
    if not gateway and unrecognised(*said) and (status is None or outcome(status) is not Outcome.FAILED):
        return UnknownCall(said[0]) if said[0] else Entry.BROKEN
    return Call(
        time=time,
        operation=found,
        path=text("path"),
        user=text("user"),
        status=status or 0,
        request_id=text("request_id"),
        source_ip=text("source_ip"),
        client=text("client"),
        repository=text("repository") if gateway else "",
        ref=text("ref") if gateway else "",
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
    text = str(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else ""
    return int(text) if re.fullmatch(r"[1-9]\d\d", text, re.ASCII) else None
