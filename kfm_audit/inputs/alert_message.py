"""Alerts as they are published to SNS: the kind `alert-message`.

SNS API reference, Publish (`Message`, `MessageAttributes`, `MessageStructure`); SNS developer guide, "HTTP/HTTPS
notification JSON format"; Lambda developer guide, "Using Lambda with Amazon SNS" (`Records`). A file `*.alert.json`
may hold the body alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, Final

import msgspec

from kfm_audit.facts import AlertMessage, Fact
from kfm_audit.inputs.kind import Kind, ReadContext, Reading, locate_in_json, unreadable
from kfm_audit.inputs.source import Form, Source
from kfm_audit.values import ABSENT, Attribute, Known, Origin

SCHEMA: Final = "json/alert-v1.schema.json"
_NAME: Final = "*.alert.json"
_CLOUDWATCH: Final = frozenset({"AlarmName", "NewStateValue", "OldStateValue"})
_CURE: Final = (
    "write it as SNS sends it (`Message`, `MessageAttributes`), or as `aws sns publish "
    "--cli-input-json` takes it"
)

# What JSON can hold.
Json = Any


def recognise(source: Source) -> bool:
    """A message as SNS delivers it, takes it, or hands it to a function; by name, a body alone."""
    shape = source.shape
    if shape.form is not Form.OBJECT:
        return False
    if "Message" in shape.keys and not shape.keys.isdisjoint({"TopicArn", "TargetArn", "MessageAttributes"}):
        return True
    if "Records" in shape.keys:
        return b'"aws:sns"' in bytes(shape.values["Records"])
    return PurePosixPath(source.path).match(_NAME)


def read(source: Source, context: ReadContext) -> Reading:  # noqa: ARG001 - `Read`'s signature
    """One fact a message; one that is not written as SNS writes it is lost, and said."""
    try:
        document: Json = msgspec.json.decode(source.data)
    except msgspec.MsgspecError as error:
        return Reading((unreadable(source, f"is not JSON: {error}", _CURE),))
    return Reading(tuple(_facts(source, document)))


def _facts(source: Source, document: Json) -> Iterator[Fact]:
    if not isinstance(document, dict):
        yield unreadable(source, "is no JSON object", _CURE)
    elif "Records" in document:
        records = document["Records"]
        for number, record in enumerate(records if isinstance(records, list) else ()):
            pointer = f"/Records/{number}/Sns"
            message = record.get("Sns") if isinstance(record, dict) else None
            if isinstance(message, dict):
                yield from _message(source, message, pointer, f"{source.path}#{number}")
            else:
                yield unreadable(
                    source, f"Records[{number}] holds no `Sns`", _CURE, part="a record", pointer=pointer
                )
        if not isinstance(records, list) or not records:
            yield unreadable(source, "has no list of Records", _CURE)
    elif "Message" in document:
        yield from _message(source, document, "", source.path)
    else:
        yield _fact(source, document, "", source.path)


def _message(source: Source, message: dict[str, Json], pointer: str, subject: str) -> Iterator[Fact]:
    text, given = message.get("Message"), message.get("MessageAttributes")
    structured = message.get("MessageStructure") == "json"
    if not isinstance(text, str) or not isinstance(given or {}, dict):
        what = "`Message` is no text, or `MessageAttributes` no map"
        yield unreadable(source, what, _CURE, part="a message", pointer=pointer)
        return
    body = _decoded(text)
    if structured and isinstance(body, dict):
        body = _decoded(body.get("default"))
    attributes: dict[str, str] = {}
    others = []
    for name, attribute in (given or {}).items():
        kind, value = _attribute(attribute)
        if kind == "String" and isinstance(value, str):
            attributes[name] = value
        else:
            others.append(name)
    yield _fact(
        source,
        body,
        pointer,
        subject,
        attributes=Known(attributes),
        other_attributes=tuple(others),
        structured=structured,
        body_at="Message",
        attributes_at="MessageAttributes",
    )


def _attribute(attribute: Json) -> tuple[object, object]:
    """Type and value: `DataType` and `StringValue` as published, `Type` and `Value` as delivered."""
    if not isinstance(attribute, dict):
        return None, None
    return (
        attribute.get("DataType", attribute.get("Type")),
        attribute.get("StringValue", attribute.get("Value")),
    )


def _decoded(text: Json) -> Json:
    try:
        return msgspec.json.decode(text) if isinstance(text, str) else None
    except (msgspec.MsgspecError, RecursionError):
        return None


def _fact(
    source: Source,
    body: Json,
    pointer: str,
    subject: str,
    *,
    attributes: Attribute[Mapping[str, str]] = ABSENT,
    other_attributes: tuple[str, ...] = (),
    structured: bool = False,
    body_at: str = "",
    attributes_at: str = "",
) -> Fact:
    keys = body if isinstance(body, dict) else {}
    from_cloudwatch = keys.keys() >= _CLOUDWATCH
    return AlertMessage(
        subject=subject,
        origin=Origin(source.path, pointer),
        attributes=attributes,
        other_attributes=other_attributes,
        structured=structured,
        from_cloudwatch=from_cloudwatch,
        body={key: value for key, value in keys.items() if isinstance(value, str)}
        if isinstance(body, dict)
        else None,
        body_at=body_at,
        attributes_at=attributes_at,
        violations=() if from_cloudwatch or not isinstance(body, dict) else _violations(body),
    )


def _violations(body: dict[str, Json]) -> tuple[str, ...]:
    from kfm_audit.inputs.schema import violations

    found, more = violations(SCHEMA, body)
    said = tuple(f"{one.pointer.removeprefix('/') or 'the body'} {one.message}" for one in found)
    return (*said, f"and {more} more places") if more else said


KIND: Final = Kind(
    name="alert-message",
    title="an alert as it is published to SNS",
    names=(_NAME,),
    recognise=recognise,
    read=read,
    locate=locate_in_json,
    excerpt=False,
)
