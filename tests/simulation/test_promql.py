"""PromQL alarms: read alike from a plan, sources and AWS's answer, and refused by their name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kfm_audit.facts import Fact, MetricAlarm, PromqlCriteria
from kfm_audit.inputs.deployed import KIND as DEPLOYED
from kfm_audit.inputs.kind import ReadContext
from kfm_audit.inputs.source import Source
from kfm_audit.inputs.terraform.plan import KIND as PLAN
from kfm_audit.inputs.terraform.stacks import Stacks
from kfm_audit.policy.model import Policy
from kfm_audit.simulation.timeline import Refused
from kfm_audit.simulation.watch import watch_of
from kfm_audit.values import ABSENT, Attribute, Known, Unknown

CONTEXT = ReadContext(policy=Policy(policy=1), root=Path("/x"), base=Path("/x"))
QUERY = "histogram_quantile(0.99, rate(latency_bucket[5m])) > 0.5"
WHOLE = Known(PromqlCriteria(query=Known(QUERY), pending_period=Known(300), recovery_period=Known(600)))
NAMED = "is a PromQL alarm: its query runs over series that no series here stands for"


def of_plan(criteria: object, after_unknown: object = None, **more: object) -> MetricAlarm:
    after = {"alarm_name": "slow", "evaluation_interval": 60, "evaluation_criteria": criteria, **more}
    change = {"actions": ["create"], "before": None, "after": after, "after_unknown": after_unknown or {}}
    resource = {
        "address": "aws_cloudwatch_metric_alarm.slow",
        "mode": "managed",
        "type": "aws_cloudwatch_metric_alarm",
        "name": "slow",
        "change": change,
    }
    plan = {"format_version": "1.2", "terraform_version": "1.9.5", "resource_changes": [resource]}
    return alarm_in(PLAN.read(Source("tfplan.json", None, json.dumps(plan).encode()), CONTEXT).facts)


def of_sources(block: str) -> MetricAlarm:
    text = f'resource "aws_cloudwatch_metric_alarm" "slow" {{\n  evaluation_interval = 60\n{block}\n}}\n'
    stacks = Stacks([], [Source("main.tf", None, text.encode())], CONTEXT)
    return alarm_in(tuple(fact for facts in stacks.facts().values() for fact in facts))


def deployed(criteria: object) -> MetricAlarm:
    item = {"AlarmName": "slow", "EvaluationCriteria": criteria, "EvaluationInterval": 60}
    answer = json.dumps({"MetricAlarms": [item], "CompositeAlarms": []})
    return alarm_in(DEPLOYED.read(Source("describe-alarms.json", None, answer.encode()), CONTEXT).facts)


def alarm_in(facts: tuple[Fact, ...]) -> MetricAlarm:
    (found,) = [fact for fact in facts if isinstance(fact, MetricAlarm)]
    return found


BLOCK = f"""  evaluation_criteria {{
    promql_criteria {{
      query           = "{QUERY}"
      pending_period  = 300
      recovery_period = 600
    }}
  }}"""


@pytest.mark.parametrize(
    "alarm",
    [
        of_plan([{"promql_criteria": [{"query": QUERY, "pending_period": 300, "recovery_period": 600}]}]),
        of_sources(BLOCK),
        deployed({"PromQLCriteria": {"Query": QUERY, "PendingPeriod": 300, "RecoveryPeriod": 600}}),
    ],
    ids=["plan", "sources", "deployed"],
)
def test_its_criteria_are_read_and_it_is_refused_by_name(alarm: MetricAlarm) -> None:
    assert (alarm.promql_criteria, alarm.evaluation_interval) == (WHOLE, Known(60))
    assert watch_of(alarm) == Refused(alarm, NAMED)


@pytest.mark.parametrize(
    ("criteria", "read"),
    [
        ([], ABSENT),
        (None, ABSENT),
        ([{"promql_criteria": []}], ABSENT),
        (
            [{"promql_criteria": [{"query": "up == 0", "pending_period": 0}]}],
            Known(PromqlCriteria(query=Known("up == 0"))),
        ),
    ],
)
def test_what_is_not_set(criteria: object, read: Attribute[PromqlCriteria]) -> None:
    assert of_plan(criteria).promql_criteria == read


def test_zeros_that_the_provider_writes_beside_the_criteria_are_none() -> None:
    criteria = [{"promql_criteria": [{"query": "up == 0"}]}]
    assert of_plan(criteria, evaluation_periods=0).evaluation_periods is ABSENT
    # Of an alarm on a metric 0 is a mistake, which CloudWatch refuses.
    assert of_plan([], evaluation_periods=0, metric_name="Errors").evaluation_periods == Known(0)


def test_criteria_that_only_apply_tells() -> None:
    later = of_plan(None, {"evaluation_criteria": True})
    assert isinstance(later.promql_criteria, Unknown)
    refused = watch_of(later)
    assert isinstance(refused, Refused)
    assert (refused.unknown, refused.why.startswith("cannot be simulated: what it reads depends on")) == (
        True,
        True,
    )
    # An alarm on a metric is one, though the block be of a `dynamic` that nobody can unfold.
    on_metric = of_plan(None, {"evaluation_criteria": True}, metric_name="Errors")
    found = watch_of(on_metric)
    assert isinstance(found, Refused)
    assert "PromQL" not in found.why
    assert not on_metric.is_promql


@pytest.mark.parametrize("criteria", [5, "x", [], {"PromQLCriteria": 5}, {"PromQLCriteria": {"Query": []}}])
def test_what_aws_would_not_say_is_no_criteria_and_said(criteria: object) -> None:
    item = {"AlarmName": "slow", "EvaluationCriteria": criteria}
    answer = json.dumps({"MetricAlarms": [item], "CompositeAlarms": []})
    facts = DEPLOYED.read(Source("describe-alarms.json", None, answer.encode()), CONTEXT).facts
    lost = [getattr(fact, "cause", "") for fact in facts if fact.kind == "unreadable-input"]
    assert isinstance(watch_of(alarm_in(facts)), Refused)
    assert bool(lost) == bool(criteria)  # an empty list is nothing that was lost
