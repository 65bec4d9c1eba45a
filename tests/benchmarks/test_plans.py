"""The plans of the benchmarks hold what the benchmarks count."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from benchmarks.plans import defective, plan
from kfm_audit.facts import Change, MetricAlarm, Subscription, Topic
from kfm_audit.inputs.kind import ReadContext
from kfm_audit.inputs.source import Source
from kfm_audit.inputs.terraform.plan import KIND
from kfm_audit.policy.model import Policy
from kfm_audit.values import ABSENT, Known, Reference, ReferenceKind, Unknown

CONTEXT = ReadContext(Policy(policy=1, name="test"), Path("/base"), Path("/base"))


def facts_of(alarms: int):
    source = Source("plan.json", None, plan(alarms))
    assert KIND.recognise(source)
    return KIND.read(source, CONTEXT).facts


@pytest.mark.parametrize("alarms", [10, 300])
def test_a_plan_reads_back(alarms):
    facts = facts_of(alarms)
    assert Counter(type(fact) for fact in facts) == {MetricAlarm: alarms, Topic: 2, Subscription: 2}
    assert len({fact.subject for fact in facts}) == alarms + 4
    deaf = [fact for fact in facts if isinstance(fact, MetricAlarm) and fact.alarm_actions is ABSENT]
    assert len(deaf) == defective(alarms)
    assert {fact.change for fact in facts} == {Change.CREATED, Change.UNCHANGED}


def test_actions_are_known_and_known_after_apply():
    alarms = {fact.subject: fact for fact in facts_of(10) if isinstance(fact, MetricAlarm)}
    assert list(alarms) == [
        "aws_cloudwatch_metric_alarm.legacy[0]",
        *(
            f'module.{severity}_alarms["ingest-000{number}"].aws_cloudwatch_metric_alarm.{name}'
            for number, severity in enumerate(("sev2", "sev2", "sev3"))
            for name in ("backlog_high", "oldest_age_high", "error_ratio")
        ),
    ]
    existing = alarms['module.sev2_alarms["ingest-0001"].aws_cloudwatch_metric_alarm.error_ratio']
    assert existing.alarm_actions == Known(("arn:aws:sns:eu-central-1:111122223333:kfm-prod-sev2",))
    assert isinstance(existing.metric_query, Known)
    dimensions = [query.metric.dimensions for query in existing.metric_query.value if query.metric]
    assert dimensions == [Known({"FunctionName": "kfm-prod-ingest-0001"})] * 2
    created = alarms['module.sev3_alarms["ingest-0002"].aws_cloudwatch_metric_alarm.backlog_high']
    assert created.alarm_actions == Unknown((Reference("aws_sns_topic.sev3", ReferenceKind.RESOURCE),))
    assert created.dimensions == Known({"QueueName": "kfm-prod-ingest-0002"})


def test_the_same_number_gives_the_same_bytes():
    assert plan(20) == plan(20)


@pytest.mark.parametrize("alarms", [0, -10, 5, 11])
def test_other_numbers_are_refused(alarms):
    with pytest.raises(ValueError, match=f"{alarms} alarms: give a multiple of 10"):
        plan(alarms)
