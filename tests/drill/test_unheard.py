"""Of resources that are watched alike one is drilled: what is said of the others is what a drill of them says."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from kfm_audit.drill.document import document
from kfm_audit.drill.drill import Drill
from kfm_audit.drill.lasting import lasting
from kfm_audit.drill.modes import MODES
from kfm_audit.drill.unheard import Unheard
from kfm_audit.evidence import Evidence
from kfm_audit.facts import Alarm, CompositeAlarm, Fact, MetricAlarm, Queue
from kfm_audit.policy.load import load_policy
from kfm_audit.values import ABSENT, Known, Origin, Reference, ReferenceKind, Unknown

POLICY = load_policy("kfm-v11").policy
NOW = datetime(2026, 1, 30, tzinfo=UTC)
TOPIC = Known(("arn:aws:sns:eu-west-1:111122223333:oncall",))
METRICS = {
    "ApproximateAgeOfOldestMessage": "Maximum",
    "ApproximateNumberOfMessagesVisible": "Maximum",
    "NumberOfMessagesDeleted": "Sum",
}
ALL = {
    (kind, mode.name): {f"AWS/SQS {metric}" for metric in METRICS}
    for mode in MODES
    for kind in ("queue", "dlq", "function")
}

alarm_kinds = st.fixed_dictionaries(
    {
        "metric_name": st.sampled_from(sorted(METRICS)),
        "comparison_operator": st.sampled_from(["GreaterThanOrEqualToThreshold", "LessThanThreshold"]),
        "threshold": st.sampled_from([0.0, 1.0, 300.0, 1000.0, 40_000.0, None]),
        "period": st.sampled_from([60, 300, 3600, 21_600]),
        "evaluation_periods": st.integers(1, 5),
        "treat_missing_data": st.sampled_from(["missing", "ignore", "breaching", "notBreaching"]),
        "acts": st.booleans(),
    }
)


def alarms_of(service: str, kinds: list[dict[str, object]], joined: str) -> list[Alarm]:
    found: list[Alarm] = []
    for number, kind in enumerate(kinds):
        subject = f'module.of["{service}"].aws_cloudwatch_metric_alarm.a{number}'
        own = Unknown((Reference(f"{subject}.threshold", ReferenceKind.UNRESOLVED),))
        found.append(
            MetricAlarm(
                subject=subject,
                origin=Origin("plan.json"),
                resource_name=f"a{number}",
                alarm_name=Known(f"{service}-{number}"),
                namespace=Known("AWS/SQS"),
                metric_name=Known(kind["metric_name"]),
                statistic=Known(METRICS[str(kind["metric_name"])]),
                dimensions=Known({"QueueName": service}),
                comparison_operator=Known(kind["comparison_operator"]),
                threshold=own if kind["threshold"] is None else Known(kind["threshold"]),
                period=Known(kind["period"]),
                evaluation_periods=Known(kind["evaluation_periods"]),
                treat_missing_data=Known(kind["treat_missing_data"]),
                alarm_actions=TOPIC if kind["acts"] else ABSENT,
            )
        )
    if joined:
        rule = f" {joined} ".join(f"ALARM({service}-{number})" for number in range(len(kinds)))
        found.append(
            CompositeAlarm(
                subject=f'module.of["{service}"].aws_cloudwatch_composite_alarm.page',
                origin=Origin("plan.json"),
                resource_name="page",
                alarm_name=Known(f"{service}-page"),
                alarm_rule=Known(rule),
                alarm_actions=TOPIC,
            )
        )
    return found


@settings(max_examples=60, deadline=None)
@given(st.lists(alarm_kinds, min_size=1, max_size=3), st.sampled_from(["", "AND", "OR"]))
def test_what_is_said_of_each_is_what_its_own_drill_says(kinds, joined):
    services = ("prod-soils", "prod-crops", "prod-water")
    evidence = Evidence(
        [alarm for service in services for alarm in alarms_of(service, kinds, joined)], POLICY, NOW
    )
    drill, unheard = Drill(evidence), Unheard(evidence, ALL)
    for resource in unheard.resources.all:
        said = {item.mode.name: item for item in unheard.of(resource)}
        for mode in MODES:
            if resource.kind not in mode.into or resource.unseen_by(mode) or not unheard.acting(resource):
                assert mode.name not in said
                continue
            whole = drill.outcome(resource, mode)
            if whole.sent:
                assert mode.name not in said
            else:
                assert (said[mode.name].answer, said[mode.name].could_page) == (
                    whole.answer,
                    whole.could_page,
                )
                if whole.answer.value == "untold":
                    assert said[mode.name].reason == whole.reason


@settings(max_examples=60, deadline=None)
@given(alarm_kinds)
def test_an_alarm_that_lasts_was_sent(kind):
    evidence = Evidence(alarms_of("prod-soils", [{**kind, "acts": True}], ""), POLICY, NOW)
    drill = Drill(evidence)
    (resource,) = drill.resources.all
    (alarm,) = drill.resources.alarms(resource)
    for mode in MODES:
        if resource.kind in mode.into and lasting(alarm, resource, mode):
            assert drill.outcome(resource, mode).sent


def of_stack(stack: str, *, deaf: bool) -> list[Fact]:
    """A stack with a queue, which is called the same in all stacks, and the age of its messages watched or not."""
    kinds: list[dict[str, object]] = [
        {
            "metric_name": "ApproximateAgeOfOldestMessage",
            "comparison_operator": "GreaterThanOrEqualToThreshold",
            "threshold": 1_000_000.0 if deaf else 300.0,
            "period": 60,
            "evaluation_periods": 5,
            "treat_missing_data": "notBreaching",
            "acts": True,
        }
    ]
    queue = Queue(subject="aws_sqs_queue.ingest", origin=Origin(stack), name=Known("ingest"))
    facts: list[Fact] = [queue, *alarms_of("ingest", kinds, "")]
    return [replace(fact, stack=stack) for fact in facts]


@pytest.mark.parametrize("order", [("envs/dev", "envs/prod"), ("envs/prod", "envs/dev")])
def test_queues_of_one_name_in_two_stacks_are_heard_by_the_alarms_of_their_own(order):
    facts = [fact for stack in order for fact in of_stack(stack, deaf=stack == "envs/dev")]
    unheard = Unheard(Evidence(facts, POLICY, NOW), ALL)
    said = {
        resource.stack: [item.mode.name for item in unheard.of(resource)]
        for resource in unheard.resources.all
    }
    assert said == {"envs/dev": ["dead-consumer", "drip"], "envs/prod": []}


def test_alarms_in_a_stack_of_their_own_hear_what_another_declares():
    queue, alarm = of_stack("infra/queues", deaf=False)
    unheard = Unheard(Evidence([queue, replace(alarm, stack="infra/alarms")], POLICY, NOW), ALL)
    (resource,) = unheard.resources.all
    assert [found.subject for found in unheard.acting(resource)] == [alarm.subject]
    assert unheard.of(resource) == ()


def test_an_alarm_hears_the_queue_of_its_own_region():
    queue, alarm = of_stack("infra", deaf=False)
    there = replace(queue, subject="aws_sqs_queue.there", region=Known("eu-west-1"))
    unheard = Unheard(
        Evidence(
            [
                replace(queue, provider=Known({"region": "us-east-2"})),
                replace(there, provider=Known({"region": "us-east-2"})),
                replace(alarm, provider=Known({"region": "us-east-2"})),
            ],
            POLICY,
            NOW,
        ),
        ALL,
    )
    assert {resource.subject: len(unheard.acting(resource)) for resource in unheard.resources.all} == {
        "aws_sqs_queue.ingest": 1,
        "aws_sqs_queue.there": 0,
    }


@pytest.mark.parametrize(
    ("stacks", "said"),
    [
        (("envs/dev", "envs/prod"), {"envs/dev": ["dead-consumer", "drip"], "envs/prod": []}),
        (("envs/dev", "infra/alarms"), {"envs/dev": []}),
    ],
)
def test_queues_that_alarms_alone_name_are_told_apart_by_the_environments_of_stacks(stacks, said):
    facts = [of_stack(stack, deaf=stack == "envs/dev")[1] for stack in stacks]
    unheard = Unheard(Evidence(facts, POLICY, NOW), ALL)
    assert {
        resource.stack: [item.mode.name for item in unheard.of(resource)]
        for resource in unheard.resources.all
    } == said


def test_a_drill_shows_each_of_the_queues_of_one_name():
    facts = [
        fact for stack in ("envs/dev", "envs/prod") for fact in of_stack(stack, deaf=stack == "envs/dev")
    ]
    entries = document("", Drill(Evidence(facts, POLICY, NOW)).all()).entries
    assert [(entry.resource, entry.mode) for entry in entries if entry.mode == "drip"] == [
        ("envs/dev: aws_sqs_queue.ingest", "drip"),
        ("envs/prod: aws_sqs_queue.ingest", "drip"),
    ]
