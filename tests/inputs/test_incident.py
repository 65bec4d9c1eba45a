from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kfm_audit.facts import Incident, UnreadableInput
from kfm_audit.inputs.incident import KIND, SCHEMA
from kfm_audit.inputs.kind import ReadContext
from kfm_audit.inputs.source import Source
from kfm_audit.policy.model import Policy
from kfm_audit.shipped import read_schema
from kfm_audit.values import Origin

CONTEXT = ReadContext(Policy(policy=1, name="test"), Path(), Path())
PATH = "incidents/INC-7.json"
OPEN = {
    "id": "INC-7",
    "severity": "Sev2",
    "service": "parcels",
    "environment": "prod",
    "status": "open",
    "opened_at": "2026-01-30T04:50:00+02:00",
}
CLOSED = {
    **OPEN,
    "status": "closed",
    "detected_at": "2026-01-30T02:41:00Z",
    "acknowledged_at": None,
    "corrected_at": "2026-01-30T03:04:00.250Z",
    "false_positive": False,
    "summary": "Parcels shifted by one county row.",
    "rollbacks": ["0b1e", "lakefs://kfm/env-prod@0b1f"],
    "alarms": ["prod-parcels-age"],
    "x-ticket": {"any": "thing"},
}


def source(document: object, path: str = PATH) -> Source:
    return Source(path, None, document if isinstance(document, bytes) else msgspec.json.encode(document))


def read(document: object) -> tuple:
    assert KIND.recognise(source(document))
    return KIND.read(source(document), CONTEXT).facts


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(msgspec.json.decode(read_schema(SCHEMA)))


def test_a_closed_record() -> None:
    assert read(CLOSED) == (
        Incident(
            subject="INC-7",
            origin=Origin(PATH),
            id="INC-7",
            status="closed",
            severity="Sev2",
            service="parcels",
            environment="prod",
            opened=datetime(2026, 1, 30, 2, 50, tzinfo=UTC),
            detected=datetime(2026, 1, 30, 2, 41, tzinfo=UTC),
            corrected=datetime(2026, 1, 30, 3, 4, 0, 250000, tzinfo=UTC),
            rollbacks=("0b1e", "lakefs://kfm/env-prod@0b1f"),
            alarms=("prod-parcels-age",),
            summary="Parcels shifted by one county row.",
        ),
    )


def test_an_open_record_is_valid() -> None:
    (incident,) = read(OPEN)
    assert (incident.status, incident.corrected, incident.rollbacks) == ("open", None, ())


@pytest.mark.parametrize(
    ("change", "cause", "pointer"),
    [
        ({"status": "opne"}, 'status: "opne" is not one of "open", "mitigated" or "closed"', "/status"),
        ({"opened_at": "2026-01-30"}, 'opened_at: "2026-01-30" is not a "date-time"', "/opened_at"),
        (
            {"opened_at": "2026-01-30T03:00:00"},
            'opened_at: "2026-01-30T03:00:00" is not a "date-time"',
            "/opened_at",
        ),
        ({"rollbacks": ["a", 5]}, 'rollbacks/1: 5 is not of type "string"', "/rollbacks/1"),
        (
            {"rollback": ["a"]},
            "the record: Additional properties are not allowed ('rollback' was unexpected)",
            "",
        ),
        (
            {"opened_at": "2016-12-31T23:59:60Z"},
            "the record: '2016-12-31T23:59:60Z' is no time: write 2026-01-31T09:00:00Z",
            "",
        ),
    ],
)
def test_a_record_that_breaks_the_schema_says_which_field_and_why(change, cause, pointer) -> None:
    (lost,) = read({**CLOSED, **change})
    assert isinstance(lost, UnreadableInput)
    assert lost.cause == f"is no valid incident record: {cause}"
    assert lost.origin == Origin(PATH, pointer)


def test_many_faults_are_counted() -> None:
    (lost,) = read({"id": "INC-7", "status": "open", "summary": 5})
    assert lost.cause == (
        'is no valid incident record: the record: "environment" is a required property; '
        'the record: "opened_at" is a required property; the record: "service" is a required property; '
        "and 2 more"
    )


@pytest.mark.parametrize(
    ("path", "document", "expected"),
    [
        ("a.json", OPEN, True),
        ("a.json", {"id": 1, "status": "active"}, False),
        ("incidents/a.json", {"id": 1, "status": "active"}, True),
        ("incidents/a.json", {"unlike": 1, "ours": 2}, False),
        ("a.json", [OPEN], False),
        ("a.json", b"", False),
    ],
)
def test_recognition(path, document, expected) -> None:
    assert KIND.recognise(source(document, path)) is expected


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(["open", "2026-01-30T03:00:00Z"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*CLOSED, "y"]), inner, max_size=9)
    ),
    max_leaves=15,
)


@settings(max_examples=150)
@given(JSON)
def test_any_document_is_read_or_refused(document) -> None:
    KIND.recognise(source(document))
    (fact,) = KIND.read(source(document), CONTEXT).facts
    KIND.locate(source(document), fact.origin, "")


@settings(max_examples=50)
@given(st.binary())
def test_any_bytes_are_refused(data) -> None:
    (fact,) = KIND.read(source(data), CONTEXT).facts
    assert isinstance(fact, UnreadableInput)
