"""The examples of AWS's documents, what SNS let through in May 2024, and what is not known beforehand."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.aws.filter_match import Match, Outcome, Reason, matches
from kfm_audit.aws.filter_policy import FilterPolicyError, Scope, parse_filter_policy
from kfm_audit.aws.message import Message, SomeNumber, SomeText, SomeValue

YES, NO, PERHAPS = Outcome.MATCHED, Outcome.NOT_MATCHED, Outcome.CANNOT_TELL


def frozen(value):
    """A JSON value with tuples for arrays."""
    if isinstance(value, dict):
        return {key: frozen(inner) for key, inner in value.items()}
    return tuple(map(frozen, value)) if isinstance(value, list) else value


def by_body(policy: object, body: object) -> Match:
    return matches(parse_filter_policy(json.dumps(policy), Scope.MESSAGE_BODY), Message(frozen(body)))


def by_attributes(policy: object, attributes: object) -> Match:
    parsed = parse_filter_policy(json.dumps(policy), Scope.MESSAGE_ATTRIBUTES)
    return matches(parsed, Message({}, frozen(attributes)))


@pytest.mark.parametrize("held", [by_body, by_attributes])
@pytest.mark.parametrize(
    ("values", "value", "outcome"),
    [
        # "String value matching"
        (["rugby", "tennis"], "rugby", YES),
        (["rugby", "tennis"], "tennis", YES),
        (["rugby", "tennis"], ["rugby", "tennis"], YES),
        (["rugby", "tennis"], "baseball", NO),
        (["rugby", "tennis"], ["baseball"], NO),
        (["rugby"], "Rugby", NO),
        ([{"anything-but": ["rugby", "tennis"]}], "baseball", YES),
        ([{"anything-but": ["rugby", "tennis"]}], ["rugby", "baseball"], YES),
        ([{"anything-but": ["rugby", "tennis"]}], "rugby", NO),
        ([{"anything-but": ["rugby", "tennis"]}], ["rugby"], NO),
        ([{"anything-but": {"prefix": "order-"}}], "data-entry", YES),
        ([{"anything-but": {"prefix": "order-"}}], "order_number", YES),
        ([{"anything-but": {"prefix": "order-"}}], "order-cancelled", NO),
        ([{"anything-but": {"suffix": "ball"}}], "baseball", NO),
        ([{"anything-but": {"equals-ignore-case": "tennis"}}], "TENNIS", NO),
        ([{"anything-but": {"wildcard": "*ball"}}], "basketball", NO),
        ([{"anything-but": {"wildcard": "*ball"}}], "hockey", YES),
        ([{"equals-ignore-case": "tennis"}], "TENNIS", YES),
        ([{"equals-ignore-case": "tennis"}], "Tennis", YES),
        ([{"equals-ignore-case": "tennis"}], "baseball", NO),
        ([{"cidr": "10.0.0.0/24"}], "10.0.0.0", YES),
        ([{"cidr": "10.0.0.0/24"}], "10.0.0.255", YES),
        ([{"cidr": "10.0.0.0/24"}], "10.1.1.0", NO),
        ([{"cidr": "10.0.0.0/24"}], "no address", NO),
        ([{"prefix": "bas"}], "baseball", YES),
        ([{"prefix": "bas"}], "rugby", NO),
        ([{"suffix": "ball"}], "basketball", YES),
        ([{"suffix": "ball"}], "rugby", NO),
        ([{"wildcard": "log*check"}], "log-run-check", YES),
        ([{"wildcard": "log*check"}], "logcheck", YES),
        ([{"wildcard": "a*b*a"}], "aba", YES),
        ([{"wildcard": "a*a"}], "a", NO),
        ([{"wildcard": "*b*"}], "abc", YES),
        ([{"wildcard": "*b*"}], "b", YES),
        ([{"wildcard": "a*x*c"}], "abc", NO),
        ([{"wildcard": "a*x*c"}], "axxc", YES),
        ([{"cidr": "0.0.0.0/0"}], "10.1.1.0", YES),
        ([{"cidr": "2001:db8::/32"}], "2001:db8::1", YES),
        ([{"wildcard": "plain"}], "plain", YES),
        ([{"wildcard": "plain"}], "plainer", NO),
        # "Numeric value matching"
        ([{"numeric": ["=", 301.5]}], 301.5, YES),
        ([{"numeric": ["=", 301.5]}], 300, NO),
        ([{"anything-but": [100, 500]}], 101, YES),
        ([{"anything-but": [100, 500]}], 100.1, YES),
        ([{"anything-but": [100, 500]}], [100, 50], YES),
        ([{"anything-but": [100, 500]}], 100, NO),
        ([{"anything-but": [100, 500]}], [100, 500], NO),
        ([{"numeric": ["<", 0]}], -0.5, YES),
        ([{"numeric": ["<", 0]}], 0, NO),
        ([{"numeric": [">", 0, "<=", 150]}], 150, YES),
        ([{"numeric": [">", 0, "<=", 150]}], 0, NO),
        ([{"numeric": [">", 0, "<=", 150]}], 150.1, NO),
        ([{"numeric": ["=", 1]}], 1.000001, YES),
        ([{"numeric": ["=", 1]}], True, NO),
        ([{"numeric": ["=", 1]}], "1", NO),
        ([1], 1.0, YES),
        ([1], True, NO),
        ([1], "1", NO),
        ([True], True, YES),
        ([True], 1, NO),
        ([False], None, NO),
        ([None], None, YES),
        ([None], "", NO),
        ([{"prefix": ""}], 5, NO),
        # "Key matching": a value that is neither null nor empty
        ([{"exists": True}], "fans", YES),
        ([{"exists": True}], 0, YES),
        ([{"exists": True}], False, YES),
        ([{"exists": True}], ["baseball"], YES),
        ([{"exists": True}], "", NO),
        ([{"exists": True}], None, NO),
        ([{"exists": True}], [], NO),
        ([{"exists": False}], "fans", NO),
        ([{"exists": False}], None, PERHAPS),
        ([{"exists": False}], "", PERHAPS),
        ([{"exists": False}], [], PERHAPS),
        # What AWS does not say
        ([{"anything-but": ["a"]}], None, PERHAPS),
        ([{"anything-but": ["a"]}], 5, YES),
        ([{"anything-but": {"prefix": "a"}}], 5, PERHAPS),
        ([{"numeric": [">", 0]}], 1e9, YES),
        ([{"numeric": [">", 0]}], 5e9, PERHAPS),
        ([{"numeric": ["<", 5e9]}], 1, PERHAPS),
        # Any of several
        (["a", {"prefix": "b"}], "bc", YES),
        ([{"numeric": ["<", 5e9]}, 1], 1, YES),
    ],
)
def test_a_key_that_is_there(held, values, value, outcome) -> None:
    assert held({"key": values}, {"key": value, "other": "x"}).outcome is outcome


@pytest.mark.parametrize("held", [by_body, by_attributes])
@pytest.mark.parametrize(
    ("values", "outcome"),
    [
        ([{"exists": False}], YES),
        ([{"exists": True}], NO),
        (["a"], NO),
        ([None], NO),
        ([{"anything-but": ["a"]}], NO),
        ([{"numeric": [">", 0]}], NO),
    ],
)
def test_a_key_that_is_not_there(held, values, outcome) -> None:
    match = held({"key": values}, {"other": "x"})
    assert match.outcome is outcome
    if outcome is NO:
        assert match == Match(NO, Reason.KEY_ABSENT, ("key",), ("key",))
        assert match.why == "the message has no `key`"


@pytest.mark.parametrize(
    "policy",
    [{"team": ["kfm-pipelines"]}, {"team": [{"exists": False}]}, {"team": [{"anything-but": ["other"]}]}],
)
def test_no_filter_on_attributes_lets_a_message_without_attributes_through(policy) -> None:
    """ "An empty set of attributes results in the filter not matching", not even `exists: false`."""
    match = by_attributes(policy, {})
    assert match == Match(NO, Reason.NO_ATTRIBUTES)
    assert match.why == (
        "the message has no attributes, and no filter on attributes lets such one through "
        "(counted in NumberOfNotificationsFilteredOut-NoMessageAttributes)"
    )


@pytest.mark.parametrize("held", [by_body, by_attributes])
def test_a_policy_without_keys_filters_nothing(held) -> None:
    assert held({}, {}) == Match(YES)
    assert Match(YES).why == ""


def test_a_body_that_is_no_json_object_is_never_let_through() -> None:
    policy = parse_filter_policy('{"a": [{"exists": false}]}', Scope.MESSAGE_BODY)
    match = matches(policy, Message(None))
    assert match == Match(NO, Reason.NO_BODY)
    assert match.why == (
        "the message is no JSON object (counted in NumberOfNotificationsFilteredOut-InvalidMessageBody)"
    )


def test_all_keys_must_match_and_the_first_that_does_not_is_named() -> None:
    policy = {
        "store": ["example_corp"],
        "event": [{"anything-but": "order_cancelled"}],
        "price": [{"numeric": [">=", 100]}],
    }
    body = {"store": "example_corp", "event": "order_placed", "price": 210.75}
    assert by_body(policy, body) == Match(YES)
    assert by_body(policy, body | {"event": "order_cancelled", "price": 1}) == Match(
        NO, Reason.OTHER_VALUE, ("event",), ("event",)
    )
    assert by_body(policy | {"encrypted": [False]}, body) == Match(
        NO, Reason.KEY_ABSENT, ("encrypted",), ("encrypted",)
    )


def test_a_certain_no_outweighs_what_cannot_be_told() -> None:
    policy = {"a": ["x"], "b": ["y"]}
    assert by_body(policy, {"a": SomeText(), "b": "z"}) == Match(NO, Reason.OTHER_VALUE, ("b",), ("b",))
    assert by_body(policy, {"a": SomeText(), "b": "y"}) == Match(
        PERHAPS, Reason.RUN_TIME_VALUE, ("a",), ("a",)
    )


OR_POLICY = {
    "$or": [{"metricName": ["CPUUtilization", "ReadLatency"]}, {"namespace": ["AWS/EC2", "AWS/ES"]}],
    "detail": {
        "scope": ["Service"],
        "$or": [{"source": ["aws.cloudwatch"]}, {"type": ["CloudWatch Alarm State Change"]}],
    },
}


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (
            {
                "metricName": "CPUUtilization",
                "detail": {"scope": "aws.cloudwatch", "type": "CloudWatch Alarm State Change"},
            },
            NO,
        ),
        ({"metricName": "CPUUtilization", "detail": {"scope": "Service", "type": "CPUUtilization"}}, NO),
        ({"metricName": "CPUUtilization", "detail": {"type": "CloudWatch Alarm State Change"}}, NO),
        ({"metricName": "CPUUtilization", "detail": {"scope": "Service"}}, NO),
        ({"metricName": "CPUUtilization", "scope": "Service"}, NO),
        ({"metricName": "CPUUtilization", "detail": {"scope": "Service", "source": "aws.cloudwatch"}}, YES),
        ({"metricName": "ReadLatency", "detail": {"scope": "Service", "source": "aws.cloudwatch"}}, YES),
        ({"namespace": "AWS/EC2", "detail": {"scope": "Service", "source": "aws.cloudwatch"}}, YES),
        (
            {"namespace": "AWS/ES", "detail": {"scope": "Service", "type": "CloudWatch Alarm State Change"}},
            YES,
        ),
        (
            {
                "metricName": "AWS/EC2",
                "detail": {"scope": "Service", "type": "CloudWatch Alarm State Change"},
            },
            NO,
        ),
    ],
)
def test_or_at_several_levels(body, outcome) -> None:
    assert by_body(OR_POLICY, body).outcome is outcome


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ({"object": {"nested": {"test": "v"}}}, YES),
        ({"object.nested.test": "v"}, YES),
        ({"object.nested": {"test": "v"}}, YES),
        ({"object": {"nested.test": "v"}}, YES),
        ({"object": {"nested": {"test": "w"}}}, NO),
        ({"object": {"nested": "v"}}, NO),
        ({"test": "v"}, NO),
    ],
)
def test_a_key_with_dots_leads_into_objects(body, outcome) -> None:
    assert by_body({"object.nested.test": ["v"]}, body).outcome is outcome


RECORDS = {
    "Records": {"s3": {"object": {"key": [{"prefix": "auto-"}]}}, "eventName": [{"prefix": "ObjectCreated:"}]}
}
CREATED, REMOVED = "ObjectCreated:Put", "ObjectRemoved:Delete"


def record(event: str, key: str) -> dict:
    return {"eventName": event, "s3": {"object": {"key": key, "size": 17}}}


@pytest.mark.parametrize(
    ("records", "outcome"),
    [
        ([record(CREATED, "auto-1.xml")], YES),
        ([record(REMOVED, "auto-1.xml")], NO),
        ([record(CREATED, "home-1.xml")], NO),
        (
            [
                {"eventName": CREATED, "s3": {"object": [[{"key": "auto-1.xml"}]]}},
                record(REMOVED, "home-1.xml"),
            ],
            YES,
        ),
        ([record(CREATED, "home-1.xml"), record(REMOVED, "auto-1.xml")], NO),
        ([], NO),
    ],
)
def test_the_conditions_below_an_array_hold_in_one_element(records, outcome) -> None:
    assert by_body(RECORDS, {"Records": records}).outcome is outcome


def test_an_object_is_no_leaf() -> None:
    body = {"Trigger": {"MetricName": "Errors"}}
    match = by_body({"Trigger": [{"exists": True}]}, body)
    assert match == Match(NO, Reason.NOT_A_LEAF, ("Trigger",), ("Trigger",))
    assert match.why == "`Trigger` is an object in the message, and filters see only what holds a value"
    assert by_body({"Trigger": ["Errors"]}, body).reason is Reason.NOT_A_LEAF
    assert by_body({"Trigger": [{"exists": False}]}, body) == Match(
        PERHAPS, Reason.UNDOCUMENTED, ("Trigger",), ("Trigger",)
    )


PROD = SomeText(prefix="kfm-prod-", suffix="-sev2")
STATES = SomeText(one_of=("OK", "INSUFFICIENT_DATA"))


@pytest.mark.parametrize(
    ("pattern", "value", "outcome"),
    [
        ("kfm-prod-ingest-sev2", PROD, PERHAPS),
        ("kfm-dev-ingest-sev2", PROD, NO),
        ("kfm-prod-ingest-sev3", PROD, NO),
        ({"prefix": "kfm-"}, PROD, YES),
        ({"prefix": "kfm-prod-"}, PROD, YES),
        ({"prefix": "kfm-prod-ingest"}, PROD, PERHAPS),
        ({"prefix": "kfm-dev-"}, PROD, NO),
        ({"suffix": "sev2"}, PROD, YES),
        ({"suffix": "ingest-sev2"}, PROD, PERHAPS),
        ({"suffix": "sev3"}, PROD, NO),
        ({"equals-ignore-case": "KFM-PROD-x-SEV2"}, PROD, PERHAPS),
        ({"equals-ignore-case": "KFM-DEV-x-SEV2"}, PROD, NO),
        ({"wildcard": "kfm-*"}, PROD, YES),
        ({"wildcard": "*-sev2"}, PROD, YES),
        ({"wildcard": "kfm-*-sev2"}, PROD, PERHAPS),
        ({"wildcard": "kfm-*-sev3"}, PROD, NO),
        ({"wildcard": "dev-*"}, PROD, NO),
        ({"wildcard": "*"}, PROD, YES),
        ({"wildcard": "*ingest*"}, PROD, PERHAPS),
        ({"wildcard": "kfm-prod-x-sev2"}, PROD, PERHAPS),
        ({"cidr": "10.0.0.0/8"}, PROD, PERHAPS),
        ({"numeric": [">", 0]}, PROD, NO),
        ({"exists": True}, PROD, YES),
        ({"exists": False}, PROD, NO),
        ({"exists": True}, SomeText(), PERHAPS),
        ({"exists": True}, SomeText(one_of=("", "missing")), PERHAPS),
        ({"anything-but": {"prefix": "kfm-"}}, PROD, NO),
        ({"anything-but": {"prefix": "dev-"}}, PROD, YES),
        ({"anything-but": "kfm-prod-x-sev2"}, PROD, PERHAPS),
        (None, PROD, NO),
        (True, PROD, NO),
        (5, PROD, NO),
        ("ALARM", STATES, NO),
        ("OK", STATES, PERHAPS),
        ({"anything-but": "ALARM"}, STATES, YES),
        ({"exists": True}, STATES, YES),
        ("x", SomeText(one_of=("x",)), YES),
        (5, SomeNumber(), PERHAPS),
        ({"numeric": [">", 0]}, SomeNumber(), PERHAPS),
        ({"anything-but": [5]}, SomeNumber(), PERHAPS),
        ({"exists": True}, SomeNumber(), YES),
        ({"exists": False}, SomeNumber(), NO),
        ("5", SomeNumber(), NO),
        ({"prefix": "5"}, SomeNumber(), NO),
        (None, SomeNumber(), NO),
        *[(value, SomeValue(), PERHAPS) for value in ("x", 5, None, {"exists": True}, {"exists": False})],
    ],
)
def test_what_is_known_before_the_message_is_sent(pattern, value, outcome) -> None:
    match = by_body({"key": [pattern]}, {"key": value})
    assert match.outcome is outcome
    if outcome is PERHAPS:
        assert match == Match(PERHAPS, Reason.RUN_TIME_VALUE, ("key",), ("key",))
        assert match.why == "the value of `key` is known only when the message is sent"


def test_nothing_is_known_below_an_unknown_value() -> None:
    assert by_body({"Trigger": {"Namespace": ["AWS/SQS"]}}, {"Trigger": SomeValue()}) == Match(
        PERHAPS, Reason.RUN_TIME_VALUE, ("Trigger", "Namespace"), ("Trigger", "Namespace")
    )


VALUES = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "ab", "b"])
BODIES = st.dictionaries(
    st.sampled_from(["a", "b", "a.b"]),
    st.recursive(
        VALUES,
        lambda inner: (
            st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2)
        ),
        max_leaves=4,
    ),
    max_size=3,
)
PATTERNS = VALUES | st.sampled_from(
    [
        {"prefix": "a"},
        {"suffix": "b"},
        {"exists": True},
        {"exists": False},
        {"anything-but": ["a", "b"]},
        {"anything-but": {"prefix": "a"}},
        {"numeric": [">=", 0, "<", 2]},
        {"wildcard": "a*b"},
        {"equals-ignore-case": "A"},
    ]
)
LEAVES = st.lists(PATTERNS, min_size=1, max_size=2)
ONE_LEAF = st.lists(PATTERNS, min_size=1, max_size=1)
POLICIES = st.dictionaries(
    st.sampled_from(["a", "b", "a.b"]),
    LEAVES | st.dictionaries(st.sampled_from(["a", "b"]), ONE_LEAF, min_size=1, max_size=1),
    max_size=3,
)


def hidden(value, draw):
    """The value with some leaves known only in part."""
    if isinstance(value, dict):
        return {key: hidden(inner, draw) for key, inner in value.items()}
    if isinstance(value, list):
        return [hidden(inner, draw) for inner in value]
    choice = draw(st.integers(0, 3))
    if choice == 1:
        return SomeValue()
    if choice == 2 and isinstance(value, str):
        at = draw(st.integers(0, len(value)))
        return draw(st.sampled_from([SomeText(value[:at], value[at:]), SomeText(one_of=(value, "other"))]))
    if choice == 3 and isinstance(value, int) and not isinstance(value, bool):
        return SomeNumber()
    return value


@given(POLICIES, BODIES, st.data())
def test_less_knowledge_never_turns_a_yes_into_a_no(policy, body, data) -> None:
    known = by_body(policy, body).outcome
    guessed = by_body(policy, hidden(body, data.draw)).outcome
    assert guessed in (known, PERHAPS) or known is PERHAPS


@given(POLICIES, BODIES)
def test_another_value_lets_no_less_through(policy, body) -> None:
    before = by_body(policy, body).outcome
    wider = {
        key: [*values, {"exists": True}, {"exists": False}] if isinstance(values, list) else values
        for key, values in policy.items()
    }
    rank = [NO, PERHAPS, YES]
    assert rank.index(by_body(wider, body).outcome) >= rank.index(before)


@given(st.text(), BODIES)
def test_any_policy_is_held_against_any_message(text, body) -> None:
    for scope in Scope:
        try:
            policy = parse_filter_policy(json.dumps({"k": [text], text[:3]: [{"prefix": text}]}), scope)
        except FilterPolicyError:
            continue
        for message in (Message(frozen(body)), Message(None), Message({}, frozen(body))):
            assert isinstance(matches(policy, message).why, str)
