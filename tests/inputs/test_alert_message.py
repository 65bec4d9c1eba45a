"""Alerts as they are published to SNS: recognised by content; nothing that is lost looks like a pass."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.facts import AlertMessage, UnreadableInput
from kfm_audit.inputs.alert_message import KIND
from kfm_audit.inputs.kind import ReadContext
from kfm_audit.inputs.source import Source
from kfm_audit.policy.model import Policy
from kfm_audit.values import ABSENT, Known

CONTEXT = ReadContext(Policy(policy=1, name="test"), Path("/base"), Path("/base"))
TOPIC = "arn:aws:sns:us-east-1:111122223333:alerts"
ATTRIBUTES = {"severity": {"Type": "String", "Value": "Sev2"}}


def read(document: object, path: str = "message.json"):
    return KIND.read(Source(path, None, json.dumps(document).encode()), CONTEXT).facts


def recognised(document: object, path: str = "message.json") -> bool:
    return KIND.recognise(Source(path, None, json.dumps(document).encode()))


@pytest.mark.parametrize(
    ("document", "path", "is_one"),
    [
        ({"TopicArn": TOPIC, "Message": "x"}, "m.json", True),
        ({"TargetArn": TOPIC, "Message": "x"}, "m.json", True),
        ({"Message": "x", "MessageAttributes": {}}, "m.json", True),
        ({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": "x"}}]}, "event.json", True),
        ({"severity": "Sev2"}, "ingest.alert.json", True),
        ({"severity": "Sev2"}, "ingest.json", False),
        ({"Message": "x"}, "m.json", False),
        ({"Records": [{"eventSource": "aws:sqs", "body": "x"}]}, "event.json", False),
        ({"Topics": [{"TopicArn": TOPIC}]}, "topics.json", False),
        ([{"TopicArn": TOPIC, "Message": "x"}], "m.json", False),
    ],
)
def test_what_is_recognised(document, path, is_one):
    assert recognised(document, path) is is_one


def test_both_ways_of_writing_attributes_say_the_same():
    delivered = {"TopicArn": TOPIC, "Message": "x", "MessageAttributes": ATTRIBUTES}
    published = {
        **delivered,
        "MessageAttributes": {"severity": {"DataType": "String", "StringValue": "Sev2"}},
    }
    (one,), (other,) = read(delivered), read(published)
    assert isinstance(one, AlertMessage)
    assert one == other
    assert one.attributes == Known({"severity": "Sev2"})


def test_a_body_alone_shows_no_attributes():
    (fact,) = read({"severity": "Sev2", "value": 5}, "ingest.alert.json")
    assert isinstance(fact, AlertMessage)
    assert (fact.attributes, fact.body, fact.body_at) == (ABSENT, {"severity": "Sev2"}, "")
    assert fact.violations


def test_the_body_of_a_structured_message_is_its_default():
    body = json.dumps({"severity": "Sev2"})
    message = {
        "TopicArn": TOPIC,
        "MessageStructure": "json",
        "Message": json.dumps({"default": body, "sms": "x"}),
    }
    (fact,) = read(message)
    assert isinstance(fact, AlertMessage)
    assert (fact.structured, fact.body) == (True, {"severity": "Sev2"})


@pytest.mark.parametrize(
    "document",
    [
        [],
        5,
        {"Records": 5},
        {"Records": []},
        {"Records": [5]},
        {"Records": [{"EventSource": "aws:sns"}]},
        {"TopicArn": TOPIC, "Message": 5},
        {"TopicArn": TOPIC, "Message": None},
        {"TopicArn": TOPIC, "Message": "x", "MessageAttributes": [5]},
    ],
)
def test_what_is_not_written_as_sns_writes_it_is_lost_and_said(document):
    facts = read(document)
    assert facts
    assert all(isinstance(fact, UnreadableInput) for fact in facts)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["Message", "MessageAttributes", "Records", "Sns", "Type", "Value", "TopicArn", "x"]
            ),
            below,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@given(JSON)
def test_any_json_is_facts_and_never_nothing(document):
    assert read(document)


@given(st.binary(max_size=80))
def test_any_bytes_are_facts_and_never_nothing(data):
    assert KIND.read(Source("x.alert.json", None, data), CONTEXT).facts
