"""Policies that `data.aws_iam_policy_document` makes: from sources, from a plan, and from both.

`documents/tfplan.json` was recorded with Terraform 1.11.4 and the AWS provider 5.100.0.
"""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.aws.partly_known import mark
from kfm_audit.inputs.terraform.language.values import Budget, Value
from kfm_audit.inputs.terraform.policy_document import policy_text
from kfm_audit.testing.run import run_check
from kfm_audit.values import PartText, Unknown

DOCUMENTS = Path(__file__).parent / "documents"
FILES = {path.name: path.read_text(encoding="utf-8") for path in DOCUMENTS.iterdir()}

REFUSES = ("SNS004", "aws_sns_topic.refuses", "fail")
ENCODED = ("SNS004", "aws_sns_topic.encoded", "fail")


def found(*names: str) -> list[tuple[str, str, str]]:
    files = {name: FILES[name] for name in names}
    return sorted(
        (item["rule"], item["subject"], item["verdict"])
        for item in run_check(files).findings
        if item["rule"] in ("SNS001", "SNS003", "SNS004")
    )


@pytest.mark.parametrize("names", [("main.tf",), ("main.tf", "tfplan.json")])
def test_the_sources_decide(names) -> None:
    assert found(*names) == [ENCODED, REFUSES]


def test_a_plan_alone_decides_but_for_what_it_hides() -> None:
    """Of a `jsonencode` it shows the references only, and of a `dynamic` block not even these."""
    assert found("tfplan.json") == [
        ("SNS004", "aws_sns_topic.allows", "undecided"),
        ("SNS004", "aws_sns_topic.encoded", "undecided"),
        REFUSES,
    ]


TOPIC = """
resource "aws_sns_topic" "oncall" {{ name = "prod-oncall" }}
resource "aws_sns_topic_policy" "oncall" {{
  arn    = aws_sns_topic.oncall.arn
  policy = {policy}
}}
resource "aws_cloudwatch_metric_alarm" "backlog" {{
  alarm_name    = "prod-backlog"
  alarm_actions = [aws_sns_topic.oncall.arn]
}}
resource "aws_sqs_queue" "told" {{
  name   = "prod-told"
  policy = jsonencode({{ Statement = {{ Effect = "Allow", Principal = "*", Action = "*", Resource = "*" }} }})
}}
resource "aws_sns_topic_subscription" "told" {{
  topic_arn = aws_sns_topic.oncall.arn
  protocol  = "sqs"
  endpoint  = aws_sqs_queue.told.arn
}}
variable "open" {{ type = string }}
"""
DATA = """
data "aws_iam_policy_document" "oncall" {{
  statement {{
    effect    = "{effect}"
    actions   = [{action}]
    resources = [{resource}]
    principals {{
      type        = "{type}"
      identifiers = [{identifier}]
    }}
    condition {{
      test     = "{test}"
      variable = "aws:SourceArn"
      values   = [{value}]
    }}
  }}
}}
"""
ENCODE = """jsonencode({{
    Statement = [{{
      Effect    = "{effect}"
      Action    = [{action}]
      Resource  = [{resource}]
      Principal = {{ "{type}" = [{identifier}] }}
      Condition = {{ {test} = {{ "aws:SourceArn" = [{value}] }} }}
    }}]
  }})"""
HEREDOC = """<<-JSON
    {{"Statement": {{"Effect": "{effect}", "Action": ${{jsonencode([{action}])}},
      "Resource": ${{jsonencode([{resource}])}}, "Principal": {{"{type}": ${{jsonencode([{identifier}])}}}},
      "Condition": {{"{test}": {{"aws:SourceArn": ${{jsonencode([{value}])}}}}}}}}}}
  JSON"""

GOOD = {
    "effect": "Allow",
    "action": '"sns:Publish"',
    "resource": "aws_sns_topic.oncall.arn",
    "type": "Service",
    "identifier": '"cloudwatch.amazonaws.com"',
    "test": "ArnLike",
    "value": "aws_cloudwatch_metric_alarm.backlog.arn",
}


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, ""),
        ({"value": '"arn:aws:cloudwatch:*:*:alarm:*"'}, ""),
        ({"value": '"arn:aws:cloudwatch:*:*:alarm:*-dev"'}, "fail"),
        ({"value": '"arn:aws:cloudwatch:us-east-1:${var.open}:alarm:*"'}, "undecided"),
        ({"value": '"arn:aws:s3:::${var.open}"'}, "fail"),
        ({"value": "var.open"}, "undecided"),
        ({"action": '"sns:Subscribe"'}, "fail"),
        ({"action": "var.open"}, "undecided"),
        ({"action": '"sns:${var.open}"'}, "undecided"),
        ({"action": '"sqs:${var.open}"'}, "fail"),
        ({"resource": '"*"'}, ""),
        ({"resource": "var.open"}, "undecided"),
        ({"resource": '"arn:aws:sqs:${var.open}"'}, "undecided"),
        ({"identifier": '"events.amazonaws.com"'}, "fail"),
        ({"identifier": "var.open"}, "undecided"),
        ({"type": "AWS", "identifier": '"*"'}, ""),
        ({"type": "AWS", "identifier": '"arn:aws:iam::${var.open}:root"'}, "fail"),
        ({"type": "AWS", "identifier": "data.aws_caller_identity.current.account_id"}, "fail"),
        ({"type": "AWS", "identifier": "var.open"}, "undecided"),
        ({"effect": "Deny"}, "fail"),
        ({"effect": "${var.open}"}, "undecided"),
    ],
)
@pytest.mark.parametrize("form", ["data", "jsonencode", "heredoc"])
def test_one_document_in_every_form_has_one_verdict(form, changed, verdict) -> None:
    values = {**GOOD, **changed}
    if form == "data":
        main = TOPIC.format(policy="data.aws_iam_policy_document.oncall.json") + DATA.format(**values)
    else:
        main = TOPIC.format(policy=(ENCODE if form == "jsonencode" else HEREDOC).format(**values))
    items = [item for item in run_check({"main.tf": main}).findings if item["rule"] in ("SNS001", "SNS004")]
    verdicts = {item["rule"]: item["verdict"] for item in items}
    assert verdicts.get("SNS004", "") == verdict
    assert (verdicts.get("SNS001", "") == "fail") is (verdict == "fail")


class Block:
    """The arguments of a document, given."""

    def __init__(self, **values: object) -> None:
        self._values = values

    def value(self, name: str) -> Value:
        return self._values.get(name)

    def blocks(self, name: str) -> tuple[Block, ...] | Unknown:
        found = self._values.get(name)
        return found if isinstance(found, Unknown) else tuple(Block(**item) for item in found or ())


def document(**values: object) -> object:
    text = policy_text(Block(**values), Budget(10_000))
    return None if text is None else json.loads(text)["Statement"]


def test_a_document_is_what_the_provider_makes_of_it() -> None:
    assert document(
        statement=[
            {
                "sid": "One",
                "not_actions": ("sns:Publish",),
                "not_resources": ("arn:aws:s3:::&{aws:username}",),
                "not_principals": [
                    {"type": "AWS", "identifiers": ("a",)},
                    {"type": "AWS", "identifiers": ("b",)},
                ],
                "condition": [
                    {"test": "StringEquals", "variable": "aws:SourceAccount", "values": ("1",)},
                    {"test": "StringEquals", "variable": "aws:SourceAccount", "values": ("2",)},
                ],
            },
            {"actions": (Unknown(),), "principals": [{"type": "*", "identifiers": ("*",)}]},
        ]
    ) == [
        {
            "Effect": "Allow",
            "Sid": "One",
            "NotAction": ["sns:Publish"],
            "NotResource": ["arn:aws:s3:::${aws:username}"],
            "NotPrincipal": {"AWS": ["a", "b"]},
            "Condition": {"StringEquals": {"aws:SourceAccount": ["1", "2"]}},
        },
        {"Effect": "Allow", "Action": [mark("")], "Principal": "*"},
    ]


def source(*statements: dict[str, str]) -> str:
    return json.dumps({"Statement": list(statements)})


def test_documents_are_merged_by_sid() -> None:
    sids = document(
        source_policy_documents=(source({"Sid": "A", "Effect": "Deny"}, {"Effect": "Deny"}),),
        statement=[{"sid": "A", "actions": ("own",)}, {"sid": "B"}],
        override_policy_documents=(PartText((), source({"Sid": "B", "Effect": "Deny"})), None),
    )
    assert sids == [
        {"Effect": "Allow", "Sid": "A", "Action": ["own"]},
        {"Effect": "Deny"},
        {"Sid": "B", "Effect": "Deny"},
    ]


@pytest.mark.parametrize(
    "values",
    [
        {"statement": Unknown()},
        {"source_policy_documents": Unknown()},
        {"source_policy_documents": (Unknown(),)},
        {"override_policy_documents": ("no JSON",)},
        {"override_policy_documents": ('{"Statement": [1]}',)},
    ],
)
def test_what_cannot_be_told_is_no_document(values) -> None:
    assert document(**values) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["statement", "actions", "condition", "values", "sid"]), inner)
    ),
    max_leaves=12,
)


@given(after=JSON, unknown=JSON, expressions=JSON)
def test_no_plan_can_break_it(after, unknown, expressions) -> None:
    plan = json.loads(FILES["tfplan.json"])
    entry = next(
        item
        for item in plan["resource_changes"]
        if item["address"].endswith(".refuses") and item["mode"] == "data"
    )
    entry["change"]["after"], entry["change"]["after_unknown"] = after, unknown
    entry = next(
        item
        for item in plan["configuration"]["root_module"]["resources"]
        if item["address"] == "data.aws_iam_policy_document.refuses"
    )
    entry["expressions"] = {"statement": expressions}
    from kfm_audit.inputs.kind import ReadContext
    from kfm_audit.inputs.source import Source
    from kfm_audit.inputs.terraform.plan import KIND
    from kfm_audit.policy.model import Policy

    base = Path("/base")
    facts = KIND.read(
        Source("tfplan.json", None, msgspec.json.encode(plan)),
        ReadContext(Policy(policy=1, name="t"), base, base),
    ).facts
    assert [type(fact).__name__ for fact in facts].count("TopicPolicy") == 3
