"""Grammar and limits of facts/cloudwatch.md 5.4; sentences of refusal as SNS gave them in May 2024."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.aws.filter_patterns import (
    AnythingBut,
    Cidr,
    EqualsIgnoreCase,
    Exactly,
    Exists,
    Numeric,
    Prefix,
    Suffix,
    Wildcard,
)
from kfm_audit.aws.filter_policy import (
    Condition,
    FilterPolicy,
    FilterPolicyError,
    Scope,
    parse_filter_policy,
    parse_scope,
)

ATTRIBUTES, BODY = Scope.MESSAGE_ATTRIBUTES, Scope.MESSAGE_BODY


def parsed(policy: object, scope: Scope = BODY) -> FilterPolicy:
    return parse_filter_policy(json.dumps(policy), scope)


def refusal(policy: object, scope: Scope = BODY) -> tuple[str, tuple[str, ...]]:
    with pytest.raises(FilterPolicyError) as refused:
        parsed(policy, scope)
    return refused.value.message, refused.value.path


@pytest.mark.parametrize(
    ("value", "pattern"),
    [
        ("rugby", Exactly("rugby")),
        (300, Exactly(300.0)),
        (True, Exactly(value=True)),
        (None, Exactly(None)),
        ({"prefix": "bas"}, Prefix("bas")),
        ({"suffix": "ball"}, Suffix("ball")),
        ({"equals-ignore-case": "tennis"}, EqualsIgnoreCase("tennis")),
        ({"wildcard": "log*check"}, Wildcard(("log", "check"))),
        ({"wildcard": "*"}, Wildcard(("", ""))),
        ({"wildcard": "a\\*\\\\b*"}, Wildcard(("a*\\b", ""))),
        ({"anything-but": "rugby"}, AnythingBut((Exactly("rugby"),))),
        ({"anything-but": ["rugby", "tennis"]}, AnythingBut((Exactly("rugby"), Exactly("tennis")))),
        ({"anything-but": [100, 500]}, AnythingBut((Exactly(100.0), Exactly(500.0)))),
        ({"anything-but": {"prefix": "order-"}}, AnythingBut((Prefix("order-"),))),
        ({"anything-but": {"suffix": "ball"}}, AnythingBut((Suffix("ball"),))),
        ({"anything-but": {"equals-ignore-case": "x"}}, AnythingBut((EqualsIgnoreCase("x"),))),
        ({"anything-but": {"wildcard": "*ball"}}, AnythingBut((Wildcard(("", "ball")),))),
        ({"exists": True}, Exists(wanted=True)),
        ({"exists": False}, Exists(wanted=False)),
        ({"numeric": ["=", 301.5]}, Numeric((("=", 301.5),))),
        ({"numeric": ["<", 0]}, Numeric((("<", 0.0),))),
        ({"numeric": [">", 0, "<=", 150]}, Numeric(((">", 0.0), ("<=", 150.0)))),
        ({"cidr": "10.0.0.0/24"}, Cidr("10.0.0.0/24")),
        ({"cidr": "10.0.0.7/8"}, Cidr("10.0.0.0/8")),
        ({"cidr": "2001:db8::/32"}, Cidr("2001:db8::/32")),
    ],
)
@pytest.mark.parametrize("scope", Scope)
def test_every_kind_of_value(value, pattern, scope) -> None:
    assert parsed({"key": [value]}, scope).alternatives == ((Condition(("key",), ("key",), (pattern,)),),)


@pytest.mark.parametrize(
    ("value", "message", "path"),
    [
        (["value"], "Match value must be String, number, true, false, or null", ()),
        ({"wrong-operator": True}, "Unrecognized match type wrong-operator", ("wrong-operator",)),
        ({"suffix": "v", "prefix": "w"}, "Only one key allowed in match expression", ("prefix",)),
        ({}, "Match expression name not found", ()),
        *[
            ({operator: operand}, f"{operator} match pattern must be a string", (operator,))
            for operator in ("prefix", "suffix", "equals-ignore-case", "wildcard")
            for operand in (100, None, [], ["test", "test2"], {"equals-ignore-case": "x"})
        ],
        ({"exists": None}, "exists match pattern must be either true or false.", ("exists",)),
        ({"exists": "no"}, "exists match pattern must be either true or false.", ("exists",)),
        (
            {"anything-but": {"wrong-operator": None}},
            "Unsupported anything-but pattern: wrong-operator",
            ("anything-but", "wrong-operator"),
        ),
        (
            {"anything-but": {"exists": False}},
            "Unsupported anything-but pattern: exists",
            ("anything-but", "exists"),
        ),
        (
            {"anything-but": {"numeric": [">", 1]}},
            "Unsupported anything-but pattern: numeric",
            ("anything-but", "numeric"),
        ),
        ({"anything-but": {"prefix": False}}, "prefix match pattern must be a string", ("prefix",)),
        ({"anything-but": {"prefix": ""}}, "Null prefix/suffix not allowed", ("anything-but", "prefix")),
        ({"anything-but": []}, "Empty arrays are not allowed", ("anything-but",)),
        (
            {"anything-but": True},
            "Value of anything-but must be an array or single string/number value.",
            ("anything-but",),
        ),
        (
            {"anything-but": ["a", None]},
            "Inside anything but list, start|null|boolean is not supported.",
            ("anything-but",),
        ),
        (
            {"anything-but": ["a", 1]},
            "Inside anything but list, either all values are number or string, mixed type is not supported",
            ("anything-but",),
        ),
        ({"wildcard": "a**b"}, "Consecutive wildcard characters at pos 1", ("wildcard",)),
        ({"wildcard": "a\\b"}, "Invalid escape character at pos 1", ("wildcard",)),
        ({"wildcard": "a\\"}, "Invalid escape character at pos 1", ("wildcard",)),
        ({"wildcard": "*a*b*c*"}, "a wildcard pattern has at most 3 wildcards", ("wildcard",)),
        ({"cidr": 10}, "prefix match pattern must be a string", ("cidr",)),
        ({"cidr": "10.0.0.0"}, "Malformed CIDR, one '/' required", ("cidr",)),
        ({"cidr": "10.0.0.0/"}, "Malformed CIDR, one '/' required", ("cidr",)),
        ({"cidr": "10.0.0.0/1/2"}, "Malformed CIDR, one '/' required", ("cidr",)),
        ({"cidr": "10.0.0.0/x"}, "Malformed CIDR, mask bits must be an integer", ("cidr",)),
        ({"cidr": "10.0.0.0/-1"}, "Malformed CIDR, mask bits must not be negative", ("cidr",)),
        ({"cidr": "10.0.0.0/33"}, "IPv4 mask bits must be <= 32", ("cidr",)),
        ({"cidr": "::1/129"}, "IPv6 mask bits must be <= 128", ("cidr",)),
        ({"cidr": "bad-ip/24"}, "Nonstandard IP address: bad-ip", ("cidr",)),
        ({"cidr": "10.0.0.999/24"}, "Nonstandard IP address: 10.0.0.999", ("cidr",)),
    ],
)
def test_values_that_sns_refuses(value, message, path) -> None:
    assert refusal({"key": ["fine", value]}) == (message, ("key", "1", *path))


@pytest.mark.parametrize(
    ("operand", "message", "at"),
    [
        ([], "Invalid member in numeric match: ]", "0"),
        (["operator"], "Unrecognized numeric range operator: operator", "0"),
        ([1, "<="], "Invalid member in numeric match: 1", "0"),
        (["=", "000"], "Value of equals must be numeric", "1"),
        (["=", True], "Value of equals must be numeric", "1"),
        ([">="], "Value of >= must be numeric", "1"),
        (["<", 100, ">", 10], "Too many elements in numeric expression", "2"),
        ([">=", 1, ">", 2], "Bad numeric range operator: >", "2"),
        ([">", 3, "<", 1], "Bottom must be less than top", "3"),
        ([">", 3, "<", 3], "Bottom must be less than top", "3"),
        ([">", 20, "<="], "Value of <= must be numeric", "3"),
        ([">", 20, 30], "Bad value in numeric range: 30", "2"),
        ([">", 20, "test"], "Bad numeric range operator: test", "2"),
        ([">", "20", "<", "30"], "Value of > must be numeric", "1"),
        ([">", 20, "<", "30"], "Value of < must be numeric", "3"),
        ([">", 20, "<", 30, "<", 50], "Too many terms in numeric range expression", "4"),
    ],
)
def test_numeric_expressions_that_sns_refuses(operand, message, at) -> None:
    assert refusal({"key": [{"numeric": operand}]}) == (message, ("key", "0", "numeric", at))


def test_numeric_takes_an_array() -> None:
    assert refusal({"key": [{"numeric": 5}]}) == (
        "Value of numeric must be an array.",
        ("key", "0", "numeric"),
    )


@pytest.mark.parametrize(
    ("policy", "message", "path"),
    [
        ({"key_a": "value_one"}, '"key_a" must be an object or an array', ("key_a",)),
        ({"key": {"suffix": "value"}}, '"suffix" must be an object or an array', ("key", "suffix")),
        (
            {"key": {"suffix": "v", "prefix": "v"}},
            '"suffix" must be an object or an array',
            ("key", "suffix"),
        ),
        (
            {"key": {"not-an-operator": "v"}},
            '"not-an-operator" must be an object or an array',
            ("key", "not-an-operator"),
        ),
        ({"key": []}, "Empty arrays are not allowed", ("key",)),
        ({"key": {}}, "Empty objects are not allowed", ("key",)),
        ([], "Filter is not an object", ()),
        (None, "Filter is not an object", ()),
    ],
)
def test_policies_that_sns_refuses(policy, message, path) -> None:
    assert refusal(policy) == (message, path)


def test_attributes_are_flat() -> None:
    nested = {"Trigger": {"MetricName": ["Errors"]}}
    assert refusal(nested, ATTRIBUTES) == (
        "Filter policy scope MessageAttributes does not support nested filter policy",
        ("Trigger",),
    )
    assert parsed(nested).alternatives == (
        (Condition(("Trigger", "MetricName"), ("Trigger", "MetricName"), (Exactly("Errors"),)),),
    )
    assert refusal({"$or": [{"a": ["x"]}, {"b": {"c": ["x"]}}]}, ATTRIBUTES)[1] == ("$or", "1", "b")


def test_a_policy_has_at_most_5_keys() -> None:
    five = {f"key_{letter}": ["value"] for letter in "abcde"}
    assert parsed(five).doubts == ()
    for scope in Scope:
        assert refusal({**five, "key_f": ["value"]}, scope) == (
            "Filter policy can not have more than 5 keys",
            ("key_f",),
        )


def test_whether_leaf_keys_count_towards_the_5_is_doubtful() -> None:
    nested = {"Trigger": {letter: ["x"] for letter in "abc"}, **{letter: ["x"] for letter in "defg"}}
    assert refusal({**nested, "h": ["x"]})[0] == "Filter policy can not have more than 5 keys"
    assert (
        parsed({"Trigger": {letter: ["x"] for letter in "ab"}, "c": ["x"], "d": ["x"], "e": ["x"]}).doubts
        == ()
    )
    assert parsed(nested).doubts == (
        (
            "it has 7 leaf keys, and AWS's documents say both that leaf keys count towards the 5 and that only "
            "parent keys do"
        ),
    )


@pytest.mark.parametrize(
    ("policy", "combinations"),
    [
        ({}, 1),
        ({"key_a": ["1", "2", "3"], "key_b": ["1"], "key_c": ["1", "2"]}, 6),
        ({"key_a": {"key_b": {"key_c": ["1", "2", "3", "4"]}}, "key_d": {"key_e": ["1", "2", "3"]}}, 72),
        ({"a": {"b": [1, 2, 3, 4, 5]}, "c": {"d": {"e": [1, 2, 3, 4, 5]}}}, 150),
        (
            {
                "source": ["1", "2", "3"],
                "$or": [
                    {"metricName": ["1", "2", "3", "4", "5", "6"]},
                    {
                        "metricType": ["1", "2", "3", "4"],
                        "$or": [{"metricId": [1, 2, 3, 4]}, {"spaceId": [1, 2, 3, 4, 5, 6, 7]}],
                    },
                ],
            },
            150,
        ),
    ],
)
def test_combinations_multiply_and_the_branches_of_or_add_up(policy, combinations) -> None:
    """The examples of AWS's documents, and policies that SNS took in May 2024."""
    assert parsed(policy).combinations == combinations


@pytest.mark.parametrize(
    "policy",
    [
        {"key": [f"value{number}" for number in range(151)]},
        {"key1": [str(n) for n in range(100)], "key2": [str(n) for n in range(51)]},
        {
            "key_a": {"key_b": {"key_c": ["1", "2", "3", "4"]}},
            "key_d": {"key_e": ["1", "2", "3"]},
            "key_f": ["1", "2", "3"],
        },
        {
            "source": ["1", "2", "3", "4"],
            "$or": [
                {"metricName": ["1", "2", "3", "4", "5", "6"]},
                {
                    "metricType": ["1", "2", "3", "4"],
                    "$or": [{"metricId": [1, 2, 3, 4]}, {"spaceId": [1, 2, 3, 4]}],
                },
            ],
        },
        {
            "$or": [{"metricName": ["1", "2", "3"]}, {"namespace": ["1", "2"]}],
            "detail": {"scope": ["1", "2"], "$or": [{"source": ["1"]}, {"type": ["1", "2", "3"]}]},
        },
    ],
)
def test_more_than_150_combinations_are_too_many(policy) -> None:
    """Policies that SNS refused in May 2024: 151, 5100, 216, 152 and 160 combinations."""
    assert refusal(policy)[0] == "Filter policy is too complex"


def test_a_policy_has_at_most_256_kilobytes() -> None:
    frame = len(json.dumps({"key": [""]}))
    largest = json.dumps({"key": ["x" * (256 * 1024 - frame)]})
    assert parse_filter_policy(largest, BODY).combinations == 1
    with pytest.raises(FilterPolicyError, match="at most 262144 bytes, not 262145"):
        parse_filter_policy(largest + " ", BODY)
    umlauts = json.dumps({"key": ["ä" * (128 * 1024)]}, ensure_ascii=False)
    with pytest.raises(FilterPolicyError, match="at most 262144 bytes, not 262157"):
        parse_filter_policy(umlauts, BODY)


@pytest.mark.parametrize(
    ("number", "doubt"),
    [
        (10**9, None),
        (-(10**9), None),
        (0.02, None),
        (1.23456, None),
        (10**9 + 1, "1000000001 is outside -10^9 to 10^9, the numbers that SNS compares"),
        (-2e9, "-2000000000 is outside -10^9 to 10^9, the numbers that SNS compares"),
        (10**400, "inf is outside -10^9 to 10^9, the numbers that SNS compares"),
        (1.234567, "1.234567 has more than the 5 digits after the decimal point that SNS compares"),
    ],
)
def test_numbers_that_sns_takes_but_does_not_compare(number, doubt) -> None:
    doubts = (doubt,) if doubt else ()
    assert parsed({"key": [number]}).doubts == doubts
    assert parsed({"key": [{"numeric": [">=", number]}]}).doubts == doubts
    assert parsed({"key": [{"anything-but": [number]}]}).doubts == doubts


def test_operators_in_anything_but_that_aws_does_not_document() -> None:
    assert parsed({"key": [{"anything-but": {"suffix": "test"}}]}).doubts == (
        (
            "AWS's documents do not name `suffix` inside `anything-but`, "
            "and SNS refused `suffix` there in May 2024"
        ),
    )
    assert parsed({"key": [{"anything-but": {"prefix": "test"}}]}).doubts == ()


def test_wildcards_cost_at_most_100_points() -> None:
    """The arithmetic of AWS's example: (1 + 1) x 2 = 4."""
    ten = [{"wildcard": f"*{number}"} for number in range(10)]
    assert parsed({"key": ten}).combinations == 10
    assert refusal({"key": [*ten, {"wildcard": "x*"}]})[0] == (
        "the wildcards of a policy cost at most 100 points, not 121"
    )
    assert refusal({"key": [{"wildcard": f"*{n}*"} for n in range(5)]})[0].endswith("not 150")
    assert refusal({"key": [*ten[:9], {"anything-but": {"wildcard": "a*"}}]})[0].endswith("not 110")
    without = [{"anything-but": {"prefix": str(n)}} for n in range(20)]
    assert parsed({"key": without}).combinations == 20
    assert parsed({"key": [*without, {"wildcard": "plain"}]}).combinations == 21


def test_or_is_multiplied_out() -> None:
    policy = parsed(
        {"source": ["s"], "$or": [{"metricName": ["m"]}, {"Trigger": {"Namespace": ["n"]}, "Region": ["r"]}]}
    )
    source = Condition(("source",), ("source",), (Exactly("s"),))
    assert policy.alternatives == (
        (source, Condition(("metricName",), ("$or", "0", "metricName"), (Exactly("m"),))),
        (
            source,
            Condition(("Trigger", "Namespace"), ("$or", "1", "Trigger", "Namespace"), (Exactly("n"),)),
            Condition(("Region",), ("$or", "1", "Region"), (Exactly("r"),)),
        ),
    )


def test_or_is_a_name_like_any_other_unless_it_lists_two_objects_without_reserved_names() -> None:
    assert parsed({"$or": ["a", "b"]}).alternatives == (
        (Condition(("$or",), ("$or",), (Exactly("a"), Exactly("b"))),),
    )
    assert parsed({"$or": {"a": ["b"]}}).alternatives == (
        (Condition(("$or", "a"), ("$or", "a"), (Exactly("b"),)),),
    )
    assert refusal({"$or": [{"numeric": 123}, {"prefix": "abc"}]}) == (
        "Value of numeric must be an array.",
        ("$or", "0", "numeric"),
    )
    assert refusal({"$or": [{"a": ["x"]}]}) == ("Unrecognized match type a", ("$or", "0", "a"))
    assert refusal({"$or": [{"a": ["x"]}, {}]}) == ("Empty objects are not allowed", ("$or", "1"))


def test_scopes() -> None:
    assert parse_scope("MessageBody") is BODY
    assert parse_scope("MessageAttributes") is ATTRIBUTES
    with pytest.raises(FilterPolicyError) as refused:
        parse_scope("RandomValue")
    assert refused.value.message == (
        "FilterPolicyScope: Invalid value [RandomValue]. Please use either MessageBody or MessageAttributes"
    )


@pytest.mark.parametrize(
    "text", ["", "{", "nonsense", '{"a": ["\\ud800"]}', '{"a": [1e999]}', '{"a": ["\ud800"]}']
)
def test_what_is_no_json(text) -> None:
    with pytest.raises(FilterPolicyError, match="failed to parse JSON: "):
        parse_filter_policy(text, BODY)


@pytest.mark.parametrize("depth", [149, 150, 300, 700, 5000, 100_000])
def test_nesting_without_end(depth) -> None:
    objects = '{"a":' * depth + "[1]" + "}" * depth
    branches = '{"$or":[{"a":[1]},' * depth + '{"b":[1]}' + "]}" * depth
    if depth == 149:
        assert parse_filter_policy(objects, BODY).combinations == 149
        assert parse_filter_policy(branches, BODY).combinations == 150
        return
    for text in (objects, branches):
        if depth == 150 and text is objects:
            assert parse_filter_policy(text, BODY).combinations == 150
            continue
        with pytest.raises(FilterPolicyError) as refused:
            parse_filter_policy(text, BODY)
        assert refused.value.message in (
            "Filter policy is too complex",
            "failed to parse JSON: it is nested too deeply",
        )


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(max_size=3)
            | st.sampled_from(
                ["$or", "prefix", "anything-but", "numeric", "exists", "cidr", "wildcard", "suffix"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=20,
)


@given(
    JSON | st.dictionaries(st.text(max_size=3), st.lists(JSON, min_size=1, max_size=2), max_size=5),
    st.sampled_from(Scope),
)
def test_any_json_is_a_policy_or_a_filter_policy_error(document, scope) -> None:
    with suppress(FilterPolicyError):
        policy = parsed(document, scope)
        assert 1 <= len(policy.alternatives) <= policy.combinations <= 150


@given(st.text(), st.sampled_from(Scope))
def test_any_text_is_a_policy_or_a_filter_policy_error(text, scope) -> None:
    with suppress(FilterPolicyError):
        parse_filter_policy(text, scope)
