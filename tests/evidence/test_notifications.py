"""Notifications followed to their readers: the ways, and how much work following them is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from kfm_audit.evidence import Evidence
from kfm_audit.evidence.notification.reach import Reach
from kfm_audit.facts import Change, MetricAlarm, Subscription, Topic, UnseenModule
from kfm_audit.policy.model import Policy
from kfm_audit.values import ABSENT, Known, Origin, Reference, ReferenceKind, Unknown

HERE = Origin("tfplan.json")
ARN = "arn:aws:sns:us-east-1:111122223333:alerts"


def made(name):
    """A reference to a topic that the plan makes."""
    return Unknown((Reference(f"aws_sns_topic.{name}", ReferenceKind.RESOURCE),))


def alarm(name="backlog", actions=ABSENT, **more):
    return MetricAlarm(
        subject=f"aws_cloudwatch_metric_alarm.{name}",
        origin=HERE,
        resource_name=name,
        alarm_name=Known(f"prod-{name}"),
        metric_name=Known("Errors"),
        alarm_actions=actions,
        **more,
    )


LATER = Unknown()


def topic(name="alerts", arn=LATER, **more):
    return Topic(subject=f"aws_sns_topic.{name}", origin=HERE, name=Known(name), arn=arn, **more)


def subscription(name="pager", to=None, **more):
    defaults = {"protocol": Known("https"), "endpoint_auto_confirms": Known(True)}
    return Subscription(
        subject=f"aws_sns_topic_subscription.{name}",
        origin=HERE,
        topic_arn=to if to is not None else made("alerts"),
        **{**defaults, **more},
    )


def evidence(*facts):
    return Evidence(facts, Policy(policy=1), datetime(2026, 1, 31, tzinfo=UTC))


def reach(*facts):
    first = next(fact for fact in facts if isinstance(fact, MetricAlarm))
    return evidence(*facts).notifications.told(first).reach


@pytest.mark.parametrize(
    ("actions", "to"),
    [
        (made("alerts"), made("alerts")),
        (Known((ARN,)), made("alerts")),
        (Known((ARN,)), Known(ARN)),
    ],
)
def test_alarm_and_subscription_meet_at_a_topic_however_they_name_it(actions, to):
    assert reach(alarm(actions=actions), topic(), subscription(to=made("alerts"))) is Reach.REACHED
    assert reach(alarm(actions=actions), topic(arn=Known(ARN)), subscription(to=to)) is Reach.REACHED


def test_the_topic_itself_need_not_be_in_the_input():
    assert reach(alarm(actions=Known((ARN,))), subscription(to=Known(ARN))) is Reach.REACHED


def test_a_topic_that_exists_may_have_subscribers_that_nobody_shows():
    known = Known((ARN,))
    assert reach(alarm(actions=known), topic(arn=Known(ARN))) is Reach.UNTOLD
    assert reach(alarm(actions=made("alerts")), topic()) is Reach.NOT_REACHED
    lost = subscription(to=Unknown((Reference("local.topic", ReferenceKind.UNRESOLVED),)))
    assert reach(alarm(actions=made("alerts")), topic(), lost) is Reach.UNTOLD


def test_sources_may_not_show_all_that_a_plan_would():
    elsewhere = UnseenModule(subject="module.pager", origin=HERE, source="company/pager/aws")
    to_it = made("alerts")
    assert reach(alarm(actions=to_it), topic(), elsewhere) is Reach.UNTOLD
    assert reach(alarm(actions=to_it), topic(), elsewhere, subscription()) is Reach.REACHED
    maybe = subscription(indefinite=True)
    assert reach(alarm(actions=to_it), topic(), maybe) is Reach.UNTOLD
    assert reach(alarm(actions=to_it), topic(indefinite=True), maybe) is Reach.REACHED
    assert reach(alarm(actions=to_it, indefinite=True), topic(), maybe) is Reach.REACHED


def test_what_is_deleted_tells_nobody():
    gone = subscription(change=Change.DELETED)
    assert reach(alarm(actions=made("alerts")), topic(), gone) is Reach.NOT_REACHED
    deleted = topic(arn=Known(ARN), change=Change.DELETED)
    there = subscription(to=Known(ARN))
    assert reach(alarm(actions=Known((ARN,))), deleted, there) is Reach.NOT_REACHED


def test_the_same_address_in_two_stacks_is_two_topics():
    other = subscription(stack="other")
    assert reach(alarm(actions=made("alerts")), topic(), other) is Reach.NOT_REACHED


def test_alarms_of_topics_that_no_input_shows_are_counted_once_each():
    central = "arn:aws:sns:us-east-1:111122223333:central"
    found = evidence(
        alarm("a", Known((central,))),
        alarm("b", Known((central, f"{central}-2"))),
        alarm("c", made("alerts")),
        alarm("off", Known((central,)), actions_enabled=Known(False)),
        topic(),
        subscription(),
    )
    assert found.notifications.unseen == ((central, 2),)


def test_a_sensitive_arn_is_never_named():
    secret = Known((ARN,), sensitive=True)
    told = evidence(alarm(actions=secret)).notifications.told(alarm(actions=secret))
    assert [path.destination.name for path in told.paths] == ["a topic that is marked sensitive"]


def test_following_many_alarms_asks_each_thing_once(monkeypatch):
    """Ten times the alarms must not be a hundred times the work: policies and endpoints are judged once."""
    from kfm_audit.aws import resource_policy
    from kfm_audit.evidence.notification import filtering

    calls = {"policy": 0, "filter": 0}
    rule_on, read = resource_policy.rule_on, filtering._read

    def counted_rule(*arguments):
        calls["policy"] += 1
        return rule_on(*arguments)

    def counted_read(*arguments):
        calls["filter"] += 1
        return read(*arguments)

    monkeypatch.setattr(resource_policy, "rule_on", counted_rule)
    monkeypatch.setattr(filtering, "_read", counted_read)
    policy = '{"Statement": {"Effect": "Allow", "Principal": "*"}}'
    filtered = subscription(
        filter_policy=Known('{"AlarmName": ["prod-1"]}'), filter_policy_scope=Known("MessageBody")
    )
    alarms = [alarm(str(number), made("alerts")) for number in range(50)]
    found = evidence(*alarms, topic(policy=Known(policy)), filtered)
    reached = [item.subject for item in alarms if found.notifications.told(item).reach is Reach.REACHED]
    assert reached == ["aws_cloudwatch_metric_alarm.1"]
    assert calls == {"policy": 1, "filter": 1}


@pytest.mark.parametrize("order", [("prod", "dev"), ("dev", "prod")])
def test_alarms_of_one_address_in_two_stacks_are_not_one_source(order):
    only_prod = (
        '{"Statement": [{"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, '
        '"Action": "sns:Publish", "Resource": "*", "Condition": {"ArnLike": {"aws:SourceArn": '
        '"arn:aws:cloudwatch:us-east-1:*:alarm:prod-*"}}}]}'
    )
    alerts = replace(topic(arn=Known(ARN), policy=Known(only_prod)), stack="shared")
    pager = replace(subscription(to=Known(ARN)), stack="shared")
    of = {
        stack: replace(
            alarm(actions=Known((ARN,))),
            stack=stack,
            alarm_name=Known(f"{stack}-backlog"),
            provider=Known({"account_id": "111122223333"}),
        )
        for stack in order
    }
    notifications = evidence(*of.values(), alerts, pager).notifications
    assert {stack: notifications.told(of[stack]).reach for stack in order} == {
        "prod": Reach.REACHED,
        "dev": Reach.NOT_REACHED,
    }
