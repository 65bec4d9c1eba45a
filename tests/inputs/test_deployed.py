"""Answers of AWS: pages however they are put together, and anything at all in them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kfm_audit.facts import AlarmMuteRule, MetricAlarm, UnreadableInput
from kfm_audit.inputs.deployed import KIND
from kfm_audit.inputs.kind import ReadContext
from kfm_audit.inputs.source import Source
from kfm_audit.policy.model import Policy
from kfm_audit.values import Known

CONTEXT = ReadContext(policy=Policy(policy=1), root=Path("/x"), base=Path("/x"))
ARN = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:"


def page(*names):
    alarms = [{"AlarmName": name, "AlarmArn": ARN + name, "Threshold": 5.0} for name in names]
    return {"MetricAlarms": alarms, "CompositeAlarms": []}


def read(text):
    source = Source("describe-alarms.json", None, text.encode())
    assert KIND.recognise(source)
    return KIND.read(source, CONTEXT).facts, source


YAML = f"""CompositeAlarms: []
MetricAlarms:
- AlarmArn: {ARN}a
  AlarmName: a
  Threshold: 5.0
"""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (json.dumps(page("a")), [("a", 1)]),
        (json.dumps([page("a"), page("b")], indent=4), [("a", 6), ("b", 16)]),
        (json.dumps(page("a"), indent=4) + "\n" + json.dumps(page("b"), indent=4), [("a", 5), ("b", 14)]),
        (json.dumps(page("a")) + "\n" + json.dumps(page("b")) + "\n", [("a", 1), ("b", 2)]),
        (YAML, [("a", 5)]),
    ],
)
def test_pages(text, found):
    facts, source = read(text)
    alarms = [fact for fact in facts if isinstance(fact, MetricAlarm)]
    assert [fact for fact in facts if isinstance(fact, UnreadableInput)] == []
    lines = [KIND.locate(source, alarm.origin, "threshold").line for alarm in alarms]
    assert [(alarm.alarm_name.value, line) for alarm, line in zip(alarms, lines, strict=True)] == found or (
        [alarm.alarm_name.value for alarm in alarms] == [name for name, _ in found]
        and all("Threshold" in text.splitlines()[line - 1] for line in lines)
    )
    assert all(alarm.stack == "111122223333/us-east-1" and alarm.threshold == Known(5) for alarm in alarms)


def test_a_page_that_is_cut_off_is_an_error():
    facts, _ = read(json.dumps(page("a"), indent=4)[:-20])
    assert [type(fact) for fact in facts] == [UnreadableInput]


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    [
        "AlarmName",
        "AlarmArn",
        "Dimensions",
        "Metrics",
        "Threshold",
        "AlarmActions",
        "TopicArn",
        "SubscriptionArn",
    ]
)
ITEM = st.dictionaries(KEYS, ANY | st.just(ARN + "x"), max_size=5)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(
        ["MetricAlarms", "CompositeAlarms", "Topics", "Subscriptions", "Attributes", "AlarmMuteRuleSummaries"]
    ),
    ANY | st.lists(ITEM, max_size=3) | ITEM,
)
def test_anything_in_an_answer_is_read_or_lost(name, value):
    source = Source("describe-alarms.json", None, json.dumps({name: value}).encode())
    facts = KIND.read(source, CONTEXT).facts
    assert facts or value in ([], {}) or name == "Subscriptions"


MUTE_RULE = "arn:aws:cloudwatch:us-east-1:111122223333:alarm-mute-rule:night"
SCHEDULE = {"Schedule": {"Expression": "cron(0 2 * * *)", "Duration": "PT4H"}}


@pytest.mark.parametrize(
    ("answer", "lost"),
    [
        ({"Rule": SCHEDULE, "MuteTargets": {"AlarmNames": ["a"]}}, []),
        ({"Rule": SCHEDULE}, []),
        ({"Rule": 5, "MuteTargets": {"AlarmNames": ["a"]}}, ["/Rule"]),
        ({"Rule": {"Schedule": []}, "MuteTargets": {"AlarmNames": ["a"]}}, ["/Rule"]),
        ({"Rule": {"Schedule": {"Expression": "cron(0 2 * * *)"}}}, ["/Rule"]),
        ({"Rule": SCHEDULE, "MuteTargets": ["a"]}, ["/MuteTargets"]),
        ({"Rule": SCHEDULE, "MuteTargets": {"AlarmNames": "a"}}, ["/MuteTargets"]),
        ({"Rule": SCHEDULE, "MuteTargets": {"AlarmNames": [5]}}, ["/MuteTargets"]),
    ],
)
def test_a_mute_rule(answer, lost):
    facts, _ = read(json.dumps({"AlarmMuteRuleArn": MUTE_RULE, "Status": "ACTIVE", **answer}))
    found = [fact.origin.pointer for fact in facts if isinstance(fact, UnreadableInput)]
    assert list(dict.fromkeys(found)) == lost
    rules = [fact for fact in facts if isinstance(fact, AlarmMuteRule)]
    assert [(rule.subject, rule.name, rule.stack) for rule in rules] == [
        (MUTE_RULE, Known("night"), "111122223333/us-east-1")
    ]


def test_a_mute_rule_that_has_expired_is_none():
    facts, _ = read(json.dumps({"AlarmMuteRuleArn": MUTE_RULE, "Status": "EXPIRED", "Rule": SCHEDULE}))
    assert facts == ()
