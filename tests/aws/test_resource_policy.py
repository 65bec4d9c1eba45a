"""Resource policies held against requests of AWS services."""

from __future__ import annotations

import fnmatch
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.aws.partly_known import UNKNOWN, like
from kfm_audit.aws.resource_policy import Outcome, PolicyError, Request, Ruling, rule_on

ALARM = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:prod-backlog"
SERVICE = {"Service": "cloudwatch.amazonaws.com"}


def request(**context):
    known = {
        "aws:sourcearn": ALARM,
        "aws:sourceaccount": "111122223333",
        "aws:sourceowner": "111122223333",
        "aws:securetransport": "true",
        "aws:principalorgid": None,
    }
    return Request(principal="cloudwatch.amazonaws.com", action="sns:Publish", context={**known, **context})


def allow(principal, action="sns:Publish", **more):
    return {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*", **more}


def ruling(*statements, **context):
    return rule_on(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}), request(**context))


DEFAULT = allow(
    {"AWS": "*"},
    ["SNS:GetTopicAttributes", "SNS:Publish"],
    Sid="__default_statement_ID",
    Condition={"StringEquals": {"AWS:SourceOwner": "111122223333"}},
)


@pytest.mark.parametrize(
    "statement",
    [
        allow(SERVICE),
        allow({"Service": ["events.amazonaws.com", "cloudwatch.amazonaws.com"]}, "SNS:Publish"),
        allow("*", "sns:*"),
        allow({"AWS": "*"}, "*"),
        DEFAULT,
        allow(SERVICE, Condition={"ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:*:111122223333:alarm:*"}}),
        allow(SERVICE, Condition={"StringEquals": {"aws:SourceAccount": ["999999999999", "111122223333"]}}),
        allow(SERVICE, Condition={"Bool": {"aws:SecureTransport": True}}),
        allow(SERVICE, Condition={"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}),
        allow(SERVICE, Condition={"Null": {"aws:PrincipalOrgID": "true"}}),
        allow(SERVICE, Condition={"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}),
    ],
)
def test_allows(statement):
    assert ruling(statement) == Ruling(Outcome.ALLOWED)


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        (
            allow({"Service": "events.amazonaws.com"}),
            "no statement lets cloudwatch.amazonaws.com do sns:Publish",
        ),
        (
            allow({"AWS": "arn:aws:iam::111122223333:root"}),
            "no statement lets cloudwatch.amazonaws.com do sns:Publish",
        ),
        (allow(SERVICE, "sns:Subscribe"), "no statement lets cloudwatch.amazonaws.com do sns:Publish"),
        (
            allow(SERVICE, Sid="FromProd", Condition={"StringEquals": {"aws:SourceAccount": "999999999999"}}),
            "the statement FromProd asks that aws:SourceAccount is 999999999999 (StringEquals)",
        ),
        (
            allow(SERVICE, Condition={"ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:*:*:alarm:dev-*"}}),
            "an Allow statement asks that aws:SourceArn is arn:aws:cloudwatch:*:*:alarm:dev-* (ArnLike)",
        ),
        (
            allow(SERVICE, Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}),
            "an Allow statement asks that aws:PrincipalOrgID is o-1 (StringEquals)",
        ),
    ],
)
def test_refuses(statement, why):
    assert ruling(statement) == Ruling(Outcome.REFUSED, why)


def test_a_denial_is_stronger_than_every_permission():
    deny = {"Sid": "Never", "Effect": "Deny", "Principal": "*", "Action": "sns:*", "Resource": "*"}
    assert ruling(allow(SERVICE), deny) == Ruling(Outcome.REFUSED, "the statement Never denies it")


def test_a_denial_that_spares_cloudwatch_by_name_does_not_concern_it():
    sparing = {"Effect": "Deny", "NotPrincipal": SERVICE, "Action": "sns:Publish", "Resource": "*"}
    assert ruling(allow(SERVICE), sparing).outcome is Outcome.ALLOWED
    assert ruling(allow(SERVICE), {**sparing, "NotPrincipal": "*"}).outcome is Outcome.ALLOWED


def test_whether_a_denial_that_spares_others_concerns_a_service_is_not_documented():
    sparing = {"Effect": "Deny", "NotPrincipal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "sns:*"}
    assert ruling(allow(SERVICE), sparing) == Ruling(
        Outcome.UNTOLD, "a Deny statement denies it where it is about this request, which is not known"
    )


def test_a_denial_of_plain_text_does_not_concern_cloudwatch():
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sns:Publish",
        "Resource": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    assert ruling(allow(SERVICE), deny) == Ruling(Outcome.ALLOWED)


@pytest.mark.parametrize(
    ("condition", "context", "outcome"),
    [
        ({"StringEquals": {"aws:SourceAccount": "1"}}, {"aws:sourceaccount": UNKNOWN}, Outcome.UNTOLD),
        ({"StringLike": {"aws:SourceAccount": "*"}}, {"aws:sourceaccount": UNKNOWN}, Outcome.ALLOWED),
        (
            {"ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:us-east-1:1:alarm:*"}},
            {"aws:sourcearn": f"arn:aws:cloudwatch:us-east-1:{UNKNOWN}:alarm:x"},
            Outcome.UNTOLD,
        ),
        (
            {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::bucket"}},
            {"aws:sourcearn": f"arn:aws:cloudwatch:us-east-1:{UNKNOWN}:alarm:x"},
            Outcome.REFUSED,
        ),
        (
            {"ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:us-east-1:*:alarm:prod-*"}},
            {"aws:sourcearn": f"arn:aws:cloudwatch:us-east-1:{UNKNOWN}:alarm:dev-x"},
            Outcome.REFUSED,
        ),
        (
            {"ArnEquals": {"aws:SourceArn": f"arn:aws:cloudwatch:us-east-1:{UNKNOWN}:alarm:dev-*"}},
            {"aws:sourcearn": f"arn:aws:cloudwatch:us-east-1:{UNKNOWN}:alarm:prod-x"},
            Outcome.REFUSED,
        ),
        (
            {"ArnLike": {"aws:SourceArn": f"{UNKNOWN}"}},
            {"aws:sourcearn": f"arn:aws:cloudwatch:us-east-1:{UNKNOWN}:alarm:prod-x"},
            Outcome.UNTOLD,
        ),
        (
            {"ArnLike": {"aws:SourceArn": "*"}},
            {"aws:sourcearn": f"arn:aws:cloudwatch:us-east-1:{UNKNOWN}:alarm:prod-x"},
            Outcome.ALLOWED,
        ),
        ({"StringEquals": {"aws:SourceOrgID": "o-1"}}, {}, Outcome.UNTOLD),
        ({"IpAddress": {"aws:SecureTransport": "10.0.0.0/8"}}, {}, Outcome.UNTOLD),
    ],
)
def test_what_is_known_in_part_is_never_taken_for_allowed(condition, context, outcome):
    assert ruling(allow(SERVICE, Condition=condition), **context).outcome is outcome


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"Statement": 1}', '{"Statement": ["x"]}', "[" * 100_000])
def test_what_is_no_policy_is_refused(text):
    with pytest.raises(PolicyError):
        rule_on(text, request())


@given(st.text("ab:", max_size=8), st.text("ab:*?", max_size=6))
def test_like_is_the_glob_that_everybody_knows(text, pattern):
    assert like(pattern, text) == fnmatch.fnmatchcase(text, pattern)


@given(
    st.text("ab", max_size=3),
    st.text("ab", max_size=3),
    st.text("ab", max_size=3),
    st.text("ab*?", max_size=5),
)
def test_what_is_certain_of_a_partly_known_text_holds_for_every_filling(before, piece, after, pattern):
    certain = like(pattern, f"{before}{UNKNOWN}{after}")
    assert certain is None or certain == like(pattern, f"{before}{piece}{after}")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["Statement", "Effect", "Principal", "Action", "Condition", "AWS", "StringLike", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_any_document_is_ruled_on_or_refused(document):
    try:
        ruling = rule_on(json.dumps(document), request())
    except PolicyError:
        return
    assert isinstance(ruling, Ruling)
