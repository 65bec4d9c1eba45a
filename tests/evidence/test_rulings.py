"""What answers a policy of which it cannot be told what it says, by the reason."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from kfm_audit.aws.partly_known import UNKNOWN, mark
from kfm_audit.aws.resource_policy import Outcome, Request, rule_on
from kfm_audit.evidence import Evidence
from kfm_audit.evidence.notification.rulings import Rulings
from kfm_audit.facts import Topic
from kfm_audit.policy.load import load_policy
from kfm_audit.values import Known, Origin

RULINGS = Rulings(Evidence((), load_policy("core").policy, datetime(2026, 1, 1, tzinfo=UTC)))
SERVICE = "cloudwatch.amazonaws.com"
ALLOW = "let it in"
CALLER = mark("data.aws_caller_identity.current.account_id")


def statement(account: str, service: str = SERVICE, key: str = "aws:SourceAccount") -> str:
    return json.dumps(
        {
            "Statement": {
                "Effect": "Allow",
                "Principal": {"Service": service},
                "Action": "sns:Publish",
                "Resource": mark("aws_sns_topic.alerts"),
                "Condition": {"StringEquals": {key: account}},
            }
        },
        ensure_ascii=False,
    )


def request(context: dict[str, str | None]) -> Request:
    names = frozenset({"aws_sns_topic.alerts"})
    return Request(principal=SERVICE, action="sns:Publish", context=context, resource_names=names)


@pytest.mark.parametrize(
    ("policy", "account", "path", "cure"),
    [
        (
            statement("111122223333"),
            UNKNOWN,
            "tfplan.json",
            (
                "see that the alarm is in the account that the policy asks for: a plan that is made after the alarm and "
                "the topic exist shows it"
            ),
        ),
        (
            statement(CALLER),
            "111122223333",
            "tfplan.json",
            (
                "plan again when data.aws_caller_identity.current.account_id can be read, or write out in the policy what "
                "it stands for"
            ),
        ),
        (
            statement(CALLER),
            "111122223333",
            "main.tf",
            (
                "check a plan; where that does not know it either, write out in the policy what "
                "data.aws_caller_identity.current.account_id stands for"
            ),
        ),
        (
            statement("111122223333", mark("var.service")),
            "111122223333",
            "main.tf",
            "check a plan, or give var.service a value in terraform.tfvars or a *.auto.tfvars file",
        ),
        (statement("x", key="aws:PrincipalTag/team"), "111122223333", "tfplan.json", ALLOW),
    ],
)
def test_the_cure_fits_the_reason(policy: str, account: str, path: str, cure: str) -> None:
    context: dict[str, str | None] = {"aws:sourceaccount": account}
    ruling = rule_on(policy, request(context))
    assert ruling.outcome is Outcome.UNTOLD
    holder = Topic(subject="aws_sns_topic.alerts", origin=Origin(path))
    assert RULINGS.cure(ruling, Known(policy), holder, "alarm", ALLOW) == cure
    assert RULINGS.cure(ruling, Known(policy, sensitive=True), holder, "alarm", ALLOW) == ALLOW


def test_a_policy_that_refuses_is_mended() -> None:
    policy = statement("444455556666")
    context: dict[str, str | None] = {"aws:sourceaccount": "111122223333"}
    ruling = rule_on(policy, request(context))
    assert ruling.outcome is Outcome.REFUSED
    holder = Topic(subject="aws_sns_topic.alerts", origin=Origin("tfplan.json"))
    assert RULINGS.cure(ruling, Known(policy), holder, "alarm", ALLOW) == ALLOW
