"""Resources on a notification's way: as facts, and with anything at all in their attributes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kfm_audit.evidence import Evidence
from kfm_audit.facts import (
    ChatChannel,
    EventSourceMapping,
    Function,
    FunctionInvokeConfig,
    FunctionPermission,
    Key,
    KeyAlias,
    KeyPolicy,
    Queue,
    QueuePolicy,
    QueueRedriveAllowPolicy,
    QueueRedrivePolicy,
    Subscription,
    Topic,
    TopicPolicy,
    UnreadableInput,
)
from kfm_audit.inputs.kind import ReadContext
from kfm_audit.inputs.source import Source
from kfm_audit.inputs.terraform.delivery_resources import DELIVERY_READERS
from kfm_audit.inputs.terraform.plan import KIND
from kfm_audit.policy.model import Policy
from kfm_audit.rules.judge import configure, judge
from kfm_audit.rules.registry import built_in_rules
from kfm_audit.values import ABSENT, Known, Reference, ReferenceKind, Unknown

POLICY = Policy(policy=1)
NOW = datetime(2026, 1, 31, tzinfo=UTC)
TYPES = {
    "aws_sns_topic": Topic,
    "aws_sns_topic_policy": TopicPolicy,
    "aws_sns_topic_subscription": Subscription,
    "aws_chatbot_slack_channel_configuration": ChatChannel,
    "aws_chatbot_teams_channel_configuration": ChatChannel,
    "awscc_chatbot_microsoft_teams_channel_configuration": ChatChannel,
    "awscc_chatbot_slack_channel_configuration": ChatChannel,
    "aws_kms_key": Key,
    "aws_kms_key_policy": KeyPolicy,
    "aws_kms_alias": KeyAlias,
    "aws_lambda_function": Function,
    "aws_lambda_permission": FunctionPermission,
    "aws_lambda_function_event_invoke_config": FunctionInvokeConfig,
    "aws_lambda_event_source_mapping": EventSourceMapping,
    "aws_sqs_queue": Queue,
    "aws_sqs_queue_policy": QueuePolicy,
    "aws_sqs_queue_redrive_policy": QueueRedrivePolicy,
    "aws_sqs_queue_redrive_allow_policy": QueueRedriveAllowPolicy,
}


def resource(kind, name="it", after=None, unknown=None, sensitive=None):
    change = {"actions": ["create"], "after": after or {}, "after_unknown": unknown or {}}
    if sensitive:
        change["after_sensitive"] = sensitive
    return {"address": f"{kind}.{name}", "mode": "managed", "type": kind, "name": name, "change": change}


def read(*resources, configured=()):
    document = {
        "format_version": "1.2",
        "resource_changes": list(resources),
        "configuration": {"root_module": {"resources": list(configured)}},
    }
    source = Source("tfplan.json", None, json.dumps(document).encode())
    return KIND.read(source, ReadContext(policy=POLICY, root=Path("/"), base=Path("/"))).facts


def test_each_type_becomes_its_fact():
    facts = read(*(resource(kind) for kind in TYPES))
    assert [type(fact) for fact in facts] == list(TYPES.values())
    assert set(TYPES) == set(DELIVERY_READERS)


def test_what_the_provider_computes_is_not_set():
    (fact,) = read(
        resource(
            "aws_sns_topic_subscription",
            after={"protocol": "email", "filter_policy": '{"team": ["x"]}'},
            unknown={"filter_policy_scope": True, "pending_confirmation": True, "topic_arn": True},
        ),
        configured=[
            {
                "address": "aws_sns_topic_subscription.it",
                "expressions": {"topic_arn": {"references": ["var.topic_arn"]}},
            }
        ],
    )
    assert isinstance(fact, Subscription)
    assert fact.filter_policy == Known('{"team": ["x"]}')
    assert (fact.filter_policy_scope, fact.pending_confirmation) == (ABSENT, ABSENT)
    assert fact.topic_arn == Unknown((Reference("var.topic_arn", ReferenceKind.UNRESOLVED),))


def test_a_secret_endpoint_is_marked():
    (fact,) = read(
        resource("aws_sns_topic_subscription", after={"endpoint": "https://x"}, sensitive={"endpoint": True})
    )
    assert isinstance(fact, Subscription)
    assert fact.endpoint == Known("https://x", sensitive=True)


@pytest.mark.parametrize("kind", TYPES)
def test_a_wrong_type_is_lost_and_said(kind):
    fields = [name for name in TYPES[kind].__struct_fields__ if name in ("policy", "arn", "endpoint", "name")]
    for name in fields:
        facts = read(resource(kind, after={name: {"what": 1}}))
        if kind == "aws_sns_topic_subscription" and name == "arn":
            continue
        assert [type(fact) for fact in facts] == [TYPES[kind], UnreadableInput]


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.sampled_from(
        [
            "lambda",
            "sqs",
            "email",
            "arn:aws:sns:us-east-1:1:t",
            "aws_sns_topic.it",
            "{}",
            "[",
            '{"Statement": [{}]}',
        ]
    ),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "Statement"]), inner),
    max_leaves=4,
)


@st.composite
def resources(draw):
    made = []
    for kind, fact in TYPES.items():
        names = [
            name for name in fact.__struct_fields__ if name not in ("subject", "origin", "stack", "change")
        ]
        after = {name: draw(anything) for name in names}
        unknown = {name: True for name in names if draw(st.booleans())}
        made.append(resource(kind, after=after, unknown=unknown))
    alarm = {"alarm_name": draw(anything), "alarm_actions": ["arn:aws:sns:us-east-1:1:t"]}
    made.append(resource("aws_cloudwatch_metric_alarm", after=alarm))
    later = resource("aws_cloudwatch_metric_alarm", "later", unknown={"alarm_actions": True})
    return [*made, later]


@settings(max_examples=60, deadline=None)
@given(resources())
def test_no_attributes_make_a_rule_fail(made):
    references = {"references": ["aws_sns_topic.it.arn"]}
    names = ("topic_arn", "arn", "endpoint", "kms_master_key_id", "source_arn", "alarm_actions", "queue_url")
    configured = [
        {"address": item["address"], "expressions": dict.fromkeys(names, references)} for item in made
    ]
    rules = configure([rule for rule in built_in_rules() if rule.family == "SNS"], POLICY)
    evidence = Evidence(read(*made, configured=configured), POLICY, NOW)
    assert judge(rules, evidence).failed == ()
