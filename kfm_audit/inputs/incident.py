"""Incident records: `schemas/json/incident-v1.schema.json`."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from kfm_audit.facts import Incident
from kfm_audit.inputs.kind import Kind, ReadContext, Reading, locate_in_json, unreadable
from kfm_audit.inputs.positions import join_pointer
from kfm_audit.inputs.source import Form, Source
from kfm_audit.policy.span import read_instant
from kfm_audit.shipped import read_schema
from kfm_audit.values import Origin

if TYPE_CHECKING:
    from jsonschema_rs import Validator

SCHEMA: Final = "json/incident-v1.schema.json"

_NAMES: Final = ("reliability/incidents/*.json", "incidents/INC*.json", "incidents/inc*.json")
_CURE: Final = "write it as schemas/json/incident-v1.schema.json says; until then it accounts for nothing"
_ALWAYS: Final = frozenset({"id", "status"})
_TIMES: Final = frozenset({"opened_at", "detected_at", "acknowledged_at", "corrected_at"})
_OWN: Final = _ALWAYS | _TIMES | {"severity", "service", "environment", "summary", "rollbacks", "alarms"}
_SHOWN: Final = 3


class _Record(Struct, frozen=True):
    """What is taken from a record that the schema admits."""

    id: str
    status: str
    severity: str
    service: str
    environment: str
    opened_at: str
    detected_at: str | None = None
    corrected_at: str | None = None
    false_positive: bool = False
    rollbacks: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()
    summary: str = ""


def recognise(source: Source) -> bool:
    """An object with id, status and one of the times; by name, any two of its keys."""
    shape = source.shape
    if shape.form is not Form.OBJECT:
        return False
    if shape.keys >= _ALWAYS and shape.keys & _TIMES:
        return True
    path = PurePosixPath(source.path)
    return path.match("incidents/*.json") and len(shape.keys & _OWN) > 1


def read(source: Source, context: ReadContext) -> Reading:  # noqa: ARG001 - `Read`'s signature
    """Read one record. One that breaks the schema is lost whole: half a record must not close a case."""
    try:
        document: object = msgspec.json.decode(source.data)
    except msgspec.MsgspecError as error:
        return Reading((unreadable(source, f"is not JSON: {error}", _CURE),))
    faults = sorted(
        (join_pointer(*fault.instance_path), fault.message) for fault in _validator().iter_errors(document)
    )
    if not faults:
        record = msgspec.convert(document, _Record)
        try:
            opened, corrected = read_instant(record.opened_at), _optional(record.corrected_at)
            _optional(record.detected_at)
        except ValueError as error:
            faults = [("", str(error))]
        else:
            return Reading((_incident(source, record, opened, corrected),))
    said = [f"{pointer[1:] or 'the record'}: {message}" for pointer, message in faults]
    more = f"; and {len(said) - _SHOWN} more" if len(said) > _SHOWN else ""
    cause = f"is no valid incident record: {'; '.join(said[:_SHOWN])}{more}"
    return Reading((unreadable(source, cause, _CURE, pointer=faults[0][0]),))


def _incident(source: Source, record: _Record, opened: datetime, corrected: datetime | None) -> Incident:
    return Incident(
        subject=record.id,
        origin=Origin(source.path),
        id=record.id,
        status=record.status,
        severity=record.severity,
        service=record.service,
        environment=record.environment,
        opened=opened,
        detected=_optional(record.detected_at),
        corrected=corrected,
        false_positive=record.false_positive,
        rollbacks=record.rollbacks,
        alarms=record.alarms,
        summary=record.summary,
    )


def _optional(text: str | None) -> datetime | None:
    return read_instant(text) if text else None


@cache
def _validator() -> Validator:
    import jsonschema_rs

    return jsonschema_rs.validator_for(msgspec.json.decode(read_schema(SCHEMA)), validate_formats=True)


KIND: Final = Kind(
    name="incident",
    title="an incident record",
    names=_NAMES,
    recognise=recognise,
    read=read,
    locate=locate_in_json,
)
