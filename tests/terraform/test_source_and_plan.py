"""Sources and a plan of them give the same facts: the examples, and a pair made by hand."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from kfm_audit.facts import AboutTheAudit, Fact, MetricQuery
from kfm_audit.inputs.kind import ReadContext
from kfm_audit.inputs.source import Source
from kfm_audit.inputs.terraform.plan import KIND as PLAN
from kfm_audit.inputs.terraform.stacks import Stacks
from kfm_audit.policy.model import Policy
from kfm_audit.values import ABSENT, Known, ReferenceKind, Unknown

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
BASE = Path("/base")
CONTEXT = ReadContext(Policy(policy=1, name="test"), BASE, BASE)

NOT_COMPARED = {"origin", "stack", "change", "before"}
"""What a plan knows of itself, and sources cannot."""


def from_sources(sources: Iterable[Source]) -> dict[str, Fact]:
    found = Stacks([], sources, CONTEXT).facts().values()
    return {fact.subject: fact for facts in found for fact in facts if not isinstance(fact, AboutTheAudit)}


def from_plan(document: bytes) -> dict[str, Fact]:
    facts = PLAN.read(Source("tfplan.json", None, document), CONTEXT).facts
    return {fact.subject: fact for fact in facts}


def differences(planned: dict[str, Fact], sourced: dict[str, Fact]) -> list[tuple[str, str, Any, Any]]:
    """Subject, attribute and both values, wherever they do not agree."""
    assert sorted(sourced) == sorted(planned)
    found = []
    for subject, plan in planned.items():
        source = sourced[subject]
        assert type(source) is type(plan)
        found += [
            (subject, name, getattr(plan, name), getattr(source, name))
            for name in plan.__struct_fields__
            if name not in NOT_COMPARED
            and not (name == "arn" and source.arn is ABSENT)  # what exists already, a plan alone knows
            and not agree(getattr(plan, name), getattr(source, name))
        ]
    return found


def agree(plan: Any, source: Any) -> bool:
    if isinstance(plan, Known) and plan.sensitive:
        return isinstance(source, Unknown)  # what is marked sensitive is not looked at in the sources
    if source is ABSENT:
        # A default that the provider fills in, or what it computes where nobody sets it.
        return plan is ABSENT or computed(plan) or (isinstance(plan, Known) and not plan.value)
    if isinstance(plan, Known) and isinstance(source, Known) and isinstance(plan.value, tuple):
        return by_id(plan.value) == by_id(source.value)
    if isinstance(plan, Unknown) and hidden(plan):
        return isinstance(source, Unknown | Known)  # the sources show what the plan hides
    return plan == source


def by_id(items: tuple[Any, ...]) -> list[Any]:
    """A set has no order: queries by their id, texts sorted."""
    if all(isinstance(item, MetricQuery) for item in items):
        return sorted(
            repr((item.id, item.expression, item.metric, item.return_data, item.label)) for item in items
        )
    return sorted(items)


def hidden(unknown: Unknown) -> bool:
    return any(reference.kind is ReferenceKind.UNRESOLVED for reference in unknown.references)


def computed(plan: Any) -> bool:
    return isinstance(plan, Unknown) and hidden(plan)


@pytest.mark.parametrize("example", ["kfm-monorepo", "kfm-monorepo-mended"])
def test_the_examples_sources_and_plan_agree(example) -> None:
    infra = EXAMPLES / example / "infra"
    document = (infra / "tfplan.json").read_bytes()
    declared = json.loads(document)["configuration"]["root_module"]["variables"]
    values = {
        name: variable["value"]
        for name, variable in json.loads(document)["variables"].items()
        if not declared[name].get("sensitive")
    }
    sources = [Source(file.relative_to(infra).as_posix(), file) for file in sorted(infra.rglob("*.tf"))]
    given = Source("terraform.tfvars.json", None, json.dumps(values).encode())
    assert differences(from_plan(document), from_sources([*sources, given])) == []


SOURCES = {
    "main.tf": """
locals {
  services = { ingest = { periods = 3, pages = true }, load = { periods = 5, pages = false } }
  topics   = [aws_sns_topic.pager.arn]
}
module "service" {
  source   = "./service"
  for_each = local.services
  name     = each.key
  periods  = each.value.periods
  actions  = each.value.pages ? local.topics : []
}
resource "aws_sns_topic" "pager" {
  name = "pager"
}
resource "aws_sns_topic_subscription" "pager" {
  count     = 2
  topic_arn = aws_sns_topic.pager.arn
  protocol  = count.index == 0 ? "https" : "email"
  endpoint  = element(["https://pager.example", "oncall@example.org"], count.index)
}
""",
    "service/main.tf": """
variable "name" {}
variable "periods" { type = string }
variable "actions" { type = set(string) }
resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = format("%s-%s", upper(var.name), "errors")
  evaluation_periods  = var.periods
  alarm_actions       = var.actions
  namespace           = "AWS/Lambda"
  dimensions          = { FunctionName = var.name }
  datapoints_to_alarm = var.periods > 3 ? 3 : null
}
resource "aws_cloudwatch_composite_alarm" "page" {
  count         = length(var.actions) > 0 ? 1 : 0
  alarm_name    = "${var.name}-page"
  alarm_rule    = join(" OR ", [for name in [aws_cloudwatch_metric_alarm.errors.alarm_name] : "ALARM(${name})"])
  alarm_actions = var.actions
}
""",
}


def change(address: str, after: dict, *unknown: str) -> dict:
    kind, name = (
        address.partition("[")[0].split(".")[-2:] if "module." not in address else address.rsplit(".", 2)[1:]
    )
    return {
        "address": address,
        "mode": "managed",
        "type": kind,
        "name": name.split("[")[0],
        "change": {"actions": ["create"], "after": after, "after_unknown": dict.fromkeys(unknown, True)},
    }


def errors(name: str, periods: int, datapoints: int | None, actions: list[str] | None) -> dict:
    after = {
        "actions_enabled": True,
        "alarm_name": f"{name.upper()}-errors",
        "evaluation_periods": periods,
        "datapoints_to_alarm": datapoints,
        "namespace": "AWS/Lambda",
        "dimensions": {"FunctionName": name},
        "treat_missing_data": "missing",
    }
    if actions is not None:
        return change(
            f'module.service["{name}"].aws_cloudwatch_metric_alarm.errors',
            {**after, "alarm_actions": actions},
        )
    return change(f'module.service["{name}"].aws_cloudwatch_metric_alarm.errors', after, "alarm_actions")


def made_by_hand() -> bytes:
    """What `terraform show -json` says of `SOURCES`: the local is a dead end, `each.value` too."""
    arn = {"references": ["aws_sns_topic.pager.arn", "aws_sns_topic.pager"]}
    expressions = {"alarm_actions": {"references": ["var.actions"]}}
    inner = {
        "resources": [
            {"address": "aws_cloudwatch_metric_alarm.errors", "expressions": expressions},
            {"address": "aws_cloudwatch_composite_alarm.page", "expressions": expressions},
        ],
        "variables": {"actions": {}, "name": {}, "periods": {}},
    }
    call = {
        "expressions": {"actions": {"references": ["each.value.pages", "each.value", "local.topics"]}},
        "module": inner,
    }
    page = {
        "actions_enabled": True,
        "alarm_name": "ingest-page",
        "alarm_rule": "ALARM(INGEST-errors)",
    }
    endpoints = [("https", "https://pager.example"), ("email", "oncall@example.org")]
    document = {
        "format_version": "1.2",
        "resource_changes": [
            change("aws_sns_topic.pager", {"name": "pager", "fifo_topic": False}, "arn"),
            *(
                change(
                    f"aws_sns_topic_subscription.pager[{number}]",
                    {
                        "protocol": protocol,
                        "endpoint": endpoint,
                        "raw_message_delivery": False,
                        "endpoint_auto_confirms": False,
                    },
                    "topic_arn",
                )
                for number, (protocol, endpoint) in enumerate(endpoints)
            ),
            errors("ingest", 3, None, None),
            errors("load", 5, 3, []),
            change('module.service["ingest"].aws_cloudwatch_composite_alarm.page[0]', page, "alarm_actions"),
        ],
        "configuration": {
            "root_module": {
                "resources": [
                    {"address": "aws_sns_topic.pager", "type": "aws_sns_topic", "name": "pager"},
                    {
                        "address": "aws_sns_topic_subscription.pager",
                        "type": "aws_sns_topic_subscription",
                        "name": "pager",
                        "expressions": {"topic_arn": arn},
                    },
                ],
                "module_calls": {"service": call},
            }
        },
    }
    return json.dumps(document).encode()


def test_a_pair_made_by_hand_agrees() -> None:
    sources = [Source(path, None, text.encode()) for path, text in SOURCES.items()]
    assert differences(from_plan(made_by_hand()), from_sources(sources)) == []


def test_together_the_sources_resolve_what_the_plan_hides() -> None:
    plan = Source("tfplan.json", None, made_by_hand())
    sources = [Source(path, None, text.encode()) for path, text in SOURCES.items()]
    together = Stacks([(plan, PLAN.read(plan, CONTEXT).facts)], sources, CONTEXT).facts()
    assert set(together) == {"tfplan.json"}
    sourced = from_sources(sources)
    for fact in together["tfplan.json"]:
        for name in ("alarm_actions", "topic_arn"):
            assert getattr(fact, name, None) == getattr(sourced[fact.subject], name, None), fact.subject
