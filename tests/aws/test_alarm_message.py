"""The messages of facts/cloudwatch.md 5.1: those that AWS delivered in September 2026, and AWS's schema."""

import pytest

from kfm_audit.aws.alarm_keys import LEAVES, may_have, never_of
from kfm_audit.aws.alarm_message import (
    Alarm,
    AlarmKind,
    Evaluation,
    MathTrigger,
    Metric,
    MetricTrigger,
    Query,
    RuleTrigger,
    alarm_message,
    kind_of,
)
from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.aws.filter_match import Match, Outcome, Reason, matches
from kfm_audit.aws.filter_policy import Scope, parse_filter_policy
from kfm_audit.aws.message import SomeNumber, SomeText, SomeValue
from kfm_audit.aws.regions import region_name

TOPIC = "arn:aws:sns:us-east-1:123456789012:alerts"
TIME = SomeText(suffix="+0000")
EVALUATION = Evaluation(
    periods=1.0,
    datapoints=1.0,
    comparison="GreaterThanThreshold",
    threshold=50.0,
    treat_missing_data="ignore",
)
CPU = Metric(
    namespace="AWS/EC2",
    name="CPUUtilization",
    dimensions={"InstanceId": "i-0b8582b3ccdd2c421"},
    statistic="Average",
    period=300.0,
    unit="Percent",
)


def alarm(trigger, **changes) -> Alarm:
    settings = {
        "name": "kfm-prod-ingest-sev2",
        "description": "Ingest is behind.",
        "region": "us-east-1",
        "account": "123456789012",
        "alarm_actions": (TOPIC,),
    }
    return Alarm(trigger=trigger, **(settings | changes))


METRIC = alarm(MetricTrigger(CPU, EVALUATION))
MATH = alarm(
    MathTrigger(
        (
            Query(
                id="m1",
                account="123456789012",
                label="CPU",
                metric=Metric(
                    namespace="AWS/EC2",
                    name="CPUUtilization",
                    statistic="Average",
                    period=60.0,
                    unit="Percent",
                ),
            ),
            Query(id="e1", expression="m1 + 0", label="Sum", period=60.0, return_data=True),
        ),
        EVALUATION,
    )
)
COMPOSITE = alarm(RuleTrigger('ALARM("kfm-prod-ingest-child")'))
KINDS = {AlarmKind.METRIC: METRIC, AlarmKind.METRIC_MATH: MATH, AlarmKind.COMPOSITE: COMPOSITE}


def body(of: Alarm, state: AlarmState = AlarmState.ALARM):
    return alarm_message(of, state).body


HEAD = {
    "AlarmName": "kfm-prod-ingest-sev2",
    "AlarmDescription": "Ingest is behind.",
    "AWSAccountId": "123456789012",
}
CHANGE = {
    "NewStateValue": "ALARM",
    "NewStateReason": SomeText(),
    "StateChangeTime": TIME,
    "Region": "US East (N. Virginia)",
    "AlarmArn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:kfm-prod-ingest-sev2",
}
OLD = {"OldStateValue": SomeText(one_of=("OK", "INSUFFICIENT_DATA"))}
ACTIONS = {"OKActions": (), "AlarmActions": (TOPIC,), "InsufficientDataActions": ()}
MUTED = {"ActionExecutedAfterMuteWindow": SomeValue()}
EVALUATED = {
    "EvaluationPeriods": 1.0,
    "DatapointsToAlarm": 1.0,
    "ComparisonOperator": "GreaterThanThreshold",
    "Threshold": 50.0,
    "TreatMissingData": "ignore",
    "EvaluateLowSampleCountPercentile": "",
}


def test_the_message_of_a_metric_alarm() -> None:
    expected = {
        **HEAD,
        "AlarmConfigurationUpdatedTimestamp": TIME,
        **CHANGE,
        **OLD,
        **MUTED,
        **ACTIONS,
        "Trigger": {
            "MetricName": "CPUUtilization",
            "Namespace": "AWS/EC2",
            "StatisticType": "Statistic",
            "Statistic": "AVERAGE",
            "Unit": "Percent",
            "Dimensions": ({"value": "i-0b8582b3ccdd2c421", "name": "InstanceId"},),
            "Period": 300.0,
            **EVALUATED,
        },
    }
    assert body(METRIC) == expected
    assert list(body(METRIC)) == list(expected)
    assert list(body(METRIC)["Trigger"]) == list(expected["Trigger"])


def test_the_message_of_a_metric_math_alarm() -> None:
    expected = {
        **HEAD,
        "AlarmConfigurationUpdatedTimestamp": TIME,
        **CHANGE,
        **OLD,
        **MUTED,
        **ACTIONS,
        "Trigger": {
            "Period": 60.0,
            **EVALUATED,
            "Metrics": (
                {
                    "Id": "m1",
                    "Label": "CPU",
                    "MetricStat": {
                        "Metric": {"Dimensions": (), "MetricName": "CPUUtilization", "Namespace": "AWS/EC2"},
                        "Period": 60.0,
                        "Stat": "Average",
                        "Unit": "Percent",
                    },
                    "ReturnData": False,
                    "AccountId": "123456789012",
                },
                {"Expression": "m1 + 0", "Id": "e1", "Label": "Sum", "ReturnData": True, "Period": 60.0},
            ),
        },
    }
    assert body(MATH) == expected
    assert list(body(MATH)["Trigger"]) == list(expected["Trigger"])


def test_the_message_of_a_composite_alarm() -> None:
    expected = {
        **HEAD,
        **CHANGE,
        **ACTIONS,
        **MUTED,
        **OLD,
        "AlarmRule": 'ALARM("kfm-prod-ingest-child")',
        "TriggeringChildren": SomeValue(),
    }
    assert body(COMPOSITE) == expected
    assert list(body(COMPOSITE)) == list(expected)


@pytest.mark.parametrize("state", AlarmState)
@pytest.mark.parametrize("kind", AlarmKind)
def test_no_message_has_attributes_and_all_have_their_state(kind, state) -> None:
    message = alarm_message(KINDS[kind], state)
    assert kind_of(KINDS[kind]) is kind
    assert message.attributes == {}
    assert message.body["NewStateValue"] == state.value
    assert message.body["OldStateValue"] == SomeText(
        one_of=tuple(other for other in ("ALARM", "OK", "INSUFFICIENT_DATA") if other != state.value)
    )


@pytest.mark.parametrize(
    ("statistic", "shown"),
    [
        ("Sum", {"StatisticType": "Statistic", "Statistic": "SUM"}),
        ("Minimum", {"StatisticType": "Statistic", "Statistic": "MINIMUM"}),
        ("Maximum", {"StatisticType": "Statistic", "Statistic": "MAXIMUM"}),
        ("SampleCount", {"StatisticType": "Statistic", "Statistic": "SAMPLE_COUNT"}),
        ("p99.9", {"StatisticType": "ExtendedStatistic", "ExtendedStatistic": "p99.9"}),
        (
            SomeText(),
            {"StatisticType": SomeValue(), "Statistic": SomeValue(), "ExtendedStatistic": SomeValue()},
        ),
    ],
)
def test_statistics(statistic, shown) -> None:
    trigger = body(alarm(MetricTrigger(Metric(statistic=statistic), Evaluation())))["Trigger"]
    assert {key: value for key, value in trigger.items() if "tatistic" in key} == shown


def test_what_is_not_configured_and_what_is_not_known() -> None:
    unknown = alarm(
        MetricTrigger(Metric(dimensions=SomeValue()), Evaluation()), description=None, region="", account=""
    )
    assert body(unknown) == {
        "AlarmName": "kfm-prod-ingest-sev2",
        "AlarmDescription": None,
        "AWSAccountId": SomeText(),
        "AlarmConfigurationUpdatedTimestamp": TIME,
        **CHANGE,
        "Region": SomeText(),
        "AlarmArn": SomeText(prefix="arn:aws", suffix=":alarm:kfm-prod-ingest-sev2"),
        **OLD,
        **MUTED,
        **ACTIONS,
        "Trigger": {
            "MetricName": SomeText(),
            "Namespace": SomeText(),
            "StatisticType": SomeValue(),
            "Statistic": SomeValue(),
            "ExtendedStatistic": SomeValue(),
            "Unit": None,
            "Dimensions": SomeValue(),
            "Period": SomeNumber(),
            "EvaluationPeriods": SomeNumber(),
            "DatapointsToAlarm": SomeNumber(),
            "ComparisonOperator": SomeText(),
            "Threshold": SomeNumber(),
            "TreatMissingData": SomeText(one_of=("", "missing")),
            "EvaluateLowSampleCountPercentile": "",
        },
    }


@pytest.mark.parametrize(
    ("changes", "arn"),
    [
        ({"account": ""}, SomeText("arn:aws:cloudwatch:us-east-1:", ":alarm:kfm-prod-ingest-sev2")),
        ({"region": ""}, SomeText("arn:aws", ":alarm:kfm-prod-ingest-sev2")),
        (
            {"name": SomeText(prefix="kfm-")},
            SomeText("arn:aws:cloudwatch:us-east-1:123456789012:alarm:kfm-"),
        ),
        (
            {"name": SomeText(suffix="-sev2"), "region": "cn-north-1", "account": ""},
            SomeText("arn:aws-cn:cloudwatch:cn-north-1:", "-sev2"),
        ),
    ],
)
def test_what_is_known_of_an_arn(changes, arn) -> None:
    assert body(alarm(RuleTrigger("TRUE"), **changes))["AlarmArn"] == arn


def test_queries_whose_settings_are_left_out() -> None:
    queries = (
        Query(id="m1", metric=Metric(period=60.0)),
        Query(id="m2", metric=Metric(period=300.0)),
        Query(id="e1"),
    )
    trigger = body(alarm(MathTrigger(queries, Evaluation())))["Trigger"]
    assert trigger["Period"] == SomeNumber()
    assert trigger["Metrics"][2] == {
        "Expression": SomeValue(),
        "Id": "e1",
        "Label": SomeValue(),
        "ReturnData": False,
        "Period": SomeValue(),
    }


@pytest.mark.parametrize("kind", AlarmKind)
def test_propagated_tags_are_in_the_body_in_some_form(kind) -> None:
    settings = KINDS[kind]
    tagged = alarm(settings.trigger, propagates_tags=True)
    added = {"AlarmTags": SomeValue(), "AlarmTagsStatus": SomeValue()}
    assert body(tagged) == body(settings) | added
    assert may_have(kind, ("AlarmTags", "team"), propagates_tags=True)
    assert not may_have(kind, ("AlarmTags", "team"))


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("us-east-1", "US East (N. Virginia)"),
        ("us-west-1", "US West (N. California)"),
        ("ap-northeast-1", "Asia Pacific (Tokyo)"),
        ("ap-southeast-1", "Asia Pacific (Singapore)"),
        ("ca-central-1", "Canada (Central)"),
        ("eu-west-1", SomeText(one_of=("EU (Ireland)", "Europe (Ireland)"))),
        ("eu-central-1", SomeText(one_of=("EU (Frankfurt)", "Europe (Frankfurt)"))),
        ("xx-new-1", SomeText()),
        ("", SomeText()),
    ],
)
def test_the_long_names_of_regions(code, name) -> None:
    assert region_name(code) == name


def leaves(value, path=""):
    """The keys of a body that may hold a value, joined with dots."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}".lstrip("."))
    elif isinstance(value, tuple) and value and isinstance(value[0], dict):
        for inner in value:
            yield from leaves(inner, path)
    else:
        yield path


@pytest.mark.parametrize("kind", AlarmKind)
def test_the_keys_of_each_kind_are_those_of_its_message(kind) -> None:
    unseen = {
        AlarmKind.METRIC: {"Trigger.ExtendedStatistic"},
        AlarmKind.METRIC_MATH: {
            "Trigger.ThresholdMetricId",
            "Trigger.Metrics.MetricStat.Metric.Dimensions.name",
            "Trigger.Metrics.MetricStat.Metric.Dimensions.value",
        },
        AlarmKind.COMPOSITE: {
            f"TriggeringChildren.{key}" for key in ("Arn", "State.Value", "State.Timestamp")
        },
    }
    empty = {"TriggeringChildren", "Trigger.Metrics.MetricStat.Metric.Dimensions"}
    assert LEAVES[kind] == (set(leaves(body(KINDS[kind]))) - empty) | unseen[kind]


def test_keys_that_a_kind_never_has() -> None:
    assert {"AlarmRule", "TriggeringChildren.Arn", "Trigger.Metrics.Expression"} < never_of(AlarmKind.METRIC)
    assert {"Trigger.MetricName", "Trigger.Namespace", "Trigger.Statistic"} < never_of(AlarmKind.METRIC_MATH)
    assert {"Trigger.MetricName", "AlarmConfigurationUpdatedTimestamp"} < never_of(AlarmKind.COMPOSITE)
    for kind in AlarmKind:
        assert not never_of(kind) & LEAVES[kind]


@pytest.mark.parametrize(
    ("kind", "keys", "has"),
    [
        (AlarmKind.METRIC, ("Trigger", "MetricName"), True),
        (AlarmKind.METRIC, ("Trigger.MetricName",), True),
        (AlarmKind.METRIC, ("Trigger", "Dimensions", "name"), True),
        (AlarmKind.METRIC_MATH, ("Trigger", "MetricName"), False),
        (AlarmKind.COMPOSITE, ("Trigger", "MetricName"), False),
        (AlarmKind.COMPOSITE, ("AlarmRule",), True),
        *[
            (kind, (key,), False)
            for kind in AlarmKind
            for key in ("team", "service", "severity", "environment", "Trigger")
        ],
        *[(kind, (key,), True) for kind in AlarmKind for key in ("AlarmName", "NewStateValue", "Region")],
    ],
)
def test_whether_a_kind_may_have_a_key(kind, keys, has) -> None:
    assert may_have(kind, keys) is has


RUNBOOK = '{"team": ["kfm-pipelines"]}'
OPTION_B = '{"AlarmName": [{"prefix": "kfm-prod-"}], "NewStateValue": ["ALARM"]}'


@pytest.mark.parametrize("kind", AlarmKind)
def test_the_runbooks_filter_drops_every_alarm_in_both_scopes(kind) -> None:
    message = alarm_message(KINDS[kind], AlarmState.ALARM)
    assert matches(parse_filter_policy(RUNBOOK, Scope.MESSAGE_ATTRIBUTES), message) == Match(
        Outcome.NOT_MATCHED, Reason.NO_ATTRIBUTES
    )
    assert matches(parse_filter_policy(RUNBOOK, Scope.MESSAGE_BODY), message) == Match(
        Outcome.NOT_MATCHED, Reason.KEY_ABSENT, ("team",), ("team",)
    )


@pytest.mark.parametrize("kind", AlarmKind)
def test_a_filter_on_real_keys_of_the_body_lets_alarms_through_and_nothing_else(kind) -> None:
    policy = parse_filter_policy(OPTION_B, Scope.MESSAGE_BODY)
    assert matches(policy, alarm_message(KINDS[kind], AlarmState.ALARM)) == Match(Outcome.MATCHED)
    assert matches(policy, alarm_message(KINDS[kind], AlarmState.OK)).keys == ("NewStateValue",)


@pytest.mark.parametrize(
    ("policy", "of", "match"),
    [
        ('{"Trigger": {"MetricName": ["CPUUtilization"]}}', METRIC, Match(Outcome.MATCHED)),
        ('{"Trigger.Namespace": [{"prefix": "AWS/"}]}', METRIC, Match(Outcome.MATCHED)),
        (
            '{"Trigger": {"MetricName": ["CPUUtilization"]}}',
            COMPOSITE,
            Match(
                Outcome.NOT_MATCHED, Reason.KEY_ABSENT, ("Trigger", "MetricName"), ("Trigger", "MetricName")
            ),
        ),
        (
            '{"Trigger": {"Dimensions": {"name": ["InstanceId"], "value": ["i-0b8582b3ccdd2c421"]}}}',
            METRIC,
            Match(Outcome.MATCHED),
        ),
        ('{"Trigger": {"Threshold": [{"numeric": [">=", 50]}]}}', MATH, Match(Outcome.MATCHED)),
        (
            '{"Trigger": {"Metrics": {"MetricStat": {"Metric": {"Namespace": ["AWS/EC2"]}}}}}',
            MATH,
            Match(Outcome.MATCHED),
        ),
        ('{"AlarmRule": [{"exists": true}]}', COMPOSITE, Match(Outcome.MATCHED)),
        ('{"AlarmRule": [{"exists": false}]}', METRIC, Match(Outcome.MATCHED)),
        (
            '{"OldStateValue": ["OK"]}',
            METRIC,
            Match(Outcome.CANNOT_TELL, Reason.RUN_TIME_VALUE, ("OldStateValue",), ("OldStateValue",)),
        ),
        ('{"OldStateValue": [{"anything-but": "ALARM"}]}', METRIC, Match(Outcome.MATCHED)),
        (
            '{"TriggeringChildren": {"State": {"Value": ["ALARM"]}}}',
            COMPOSITE,
            Match(
                Outcome.CANNOT_TELL,
                Reason.RUN_TIME_VALUE,
                ("TriggeringChildren", "State", "Value"),
                ("TriggeringChildren", "State", "Value"),
            ),
        ),
        (
            '{"OKActions": [{"exists": true}]}',
            METRIC,
            Match(Outcome.NOT_MATCHED, Reason.KEY_ABSENT, ("OKActions",), ("OKActions",)),
        ),
    ],
)
def test_filters_on_the_messages_of_alarms(policy, of, match) -> None:
    assert (
        matches(parse_filter_policy(policy, Scope.MESSAGE_BODY), alarm_message(of, AlarmState.ALARM)) == match
    )
