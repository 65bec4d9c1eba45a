"""Statistics, units and sparsity of facts/cloudwatch.md 4."""

import pytest

from kfm_audit.aws.metrics import listed
from kfm_audit.aws.statistics import (
    Emission,
    ValueRange,
    emission,
    is_statistic,
    misleading,
    recommended,
    unit_of,
    value_range,
)


@pytest.mark.parametrize(
    ("namespace", "name", "statistics", "unit"),
    [
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", ("Maximum", "Average"), "Count"),
        ("AWS/SQS", "ApproximateAgeOfOldestMessage", ("Maximum",), "Seconds"),
        ("AWS/SQS", "NumberOfMessagesSent", ("Sum",), "Count"),
        ("AWS/SQS", "SentMessageSize", ("Average", "Maximum"), "Bytes"),
        ("AWS/Lambda", "Errors", ("Sum",), "Count"),
        ("AWS/Lambda", "Throttles", ("Sum",), "Count"),
        ("AWS/Lambda", "Duration", ("Average", "Maximum", "pNN"), "Milliseconds"),
        ("AWS/Lambda", "IteratorAge", ("Maximum",), "Milliseconds"),
        ("AWS/Lambda", "ConcurrentExecutions", ("Maximum",), "Count"),
        ("AWS/Lambda", "ProvisionedConcurrencyUtilization", ("Maximum",), "None"),
        ("AWS/Lambda", "AsyncEventAge", ("Maximum", "Average"), "Milliseconds"),
        ("AWS/SNS", "NumberOfNotificationsFailed", ("Sum",), "Count"),
        ("AWS/SNS", "NumberOfNotificationsRedrivenToDlq", ("Sum", "Average"), "Count"),
        ("AWS/Events", "FailedInvocations", ("Sum",), "Count"),
        ("AWS/ApiGateway", "Latency", ("Average", "Maximum", "pNN"), "Milliseconds"),
        ("AWS/States", "ExecutionsFailed", ("Sum",), "Count"),
        ("AWS/States", "ExecutionTime", ("Average", "Maximum", "pNN"), "Milliseconds"),
        ("AWS/Kinesis", "IncomingRecords", ("Sum",), ""),
        ("KFM/Pipelines", "Errors", (), ""),
    ],
)
def test_statistics_that_tell_something_and_units(namespace, name, statistics, unit) -> None:
    assert recommended(namespace, name) == statistics
    assert unit_of(namespace, name) == unit


PER_SAMPLE = "is taken per sample and does not grow with the number of events in a period; use Sum"
PER_LEVEL = "adds up one level once for every sample in the period; use Maximum"


@pytest.mark.parametrize(
    ("namespace", "name", "statistic", "why"),
    [
        *[
            ("AWS/Lambda", "Errors", statistic, PER_SAMPLE)
            for statistic in ("Average", "Maximum", "Minimum", "p99", "tm90")
        ],
        ("AWS/Lambda", "Throttles", "Average", PER_SAMPLE),
        ("AWS/SQS", "NumberOfMessagesSent", "Average", PER_SAMPLE),
        ("AWS/Lambda", "Errors", "Sum", None),
        ("AWS/SQS", "ApproximateAgeOfOldestMessage", "Sum", PER_LEVEL),
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Sum", PER_LEVEL),
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "SampleCount", PER_LEVEL),
        ("AWS/Lambda", "ConcurrentExecutions", "Sum", PER_LEVEL),
        ("AWS/Lambda", "IteratorAge", "Sum", PER_LEVEL),
        ("AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", None),
        ("AWS/SQS", "ApproximateAgeOfOldestMessage", "Average", None),
        ("AWS/SQS", "ApproximateAgeOfOldestMessage", "p99", None),
        (
            "AWS/EC2",
            "CPUUtilization",
            "Sum",
            "adds up percentages, one for every sample in the period; use Average",
        ),
        (
            "AWS/Lambda",
            "ProvisionedConcurrencyUtilization",
            "Sum",
            "adds up fractions, one for every sample in the period; use Maximum",
        ),
        # Rates, by the guide, and what telling statistics are listed for.
        ("AWS/ApiGateway", "4XXError", "Average", None),
        ("AWS/ApiGateway", "Count", "SampleCount", None),
        ("AWS/SNS", "NumberOfNotificationsFilteredOut", "Average", None),
        ("AWS/Lambda", "Duration", "p99.9", None),
        ("AWS/Lambda", "Duration", "Sum", None),
        # Nothing is known of these.
        ("AWS/Kinesis", "IncomingRecords", "Average", None),
        ("KFM/Pipelines", "Errors", "Average", None),
        ("AWS/Lambda", "Errors", "average", None),
    ],
)
def test_statistics_that_mislead(namespace, name, statistic, why) -> None:
    assert misleading(namespace, name, statistic) == why


def test_no_recommended_statistic_misleads() -> None:
    for namespace, name, entry in listed():
        for statistic in entry.statistics:
            assert misleading(namespace, name, statistic.replace("NN", "99")) is None


@pytest.mark.parametrize(
    ("text", "known"),
    [
        *[
            (text, True)
            for text in ("Average", "Sum", "Minimum", "Maximum", "SampleCount", "p99", "p99.9", "tm90")
        ],
        *[(text, True) for text in ("IQM", "wm98", "PR(100:2000)", "TM(10%:90%)", "TC(0.005:0.030)", "ts80")],
        *[(text, True) for text in ("p0", "p0.0", "p100", "p99.9999999999", "tm0", "tc100.0")],
        *[(text, True) for text in ("PR(:300)", "PR(100:)", "TM(150:1000)", "WM(10%:)", "TS(:80%)")],
        *[(text, False) for text in ("average", "SUM", "P99", "pNN", "p", "Median", "", "99")],
        *[
            (text, False)
            for text in ("p101", "p100.1", "tm250", "p9.9.9", "p.", "p99.99999999999", "p-1", "IQM50")
        ],
        *[
            (text, False)
            for text in ("TM()", "TM(:)", "TM(90)", "TM(10%:101%)", "PR(10%:90%)", "TM(10%:900)")
        ],
        *[(text, False) for text in ("pr(1:2)", "TM(1:2", "TM(a:b)", "PR(1:2:3)", "TM(-1%:90%)")],
    ],
)
def test_the_names_of_statistics(text, known) -> None:
    assert is_statistic(text) is known


@pytest.mark.parametrize(
    ("namespace", "name", "statistic", "values"),
    [
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", ValueRange(0)),
        ("AWS/Lambda", "Errors", "Sum", ValueRange(0)),
        ("AWS/Lambda", "Duration", "p99", ValueRange(0)),
        ("AWS/Lambda", "Duration", "PR(100:2000)", ValueRange(0, 100)),
        ("AWS/EC2", "CPUUtilization", "Average", ValueRange(0, 100)),
        ("AWS/EC2", "CPUUtilization", "p90", ValueRange(0, 100)),
        ("AWS/EC2", "CPUUtilization", "Sum", ValueRange(0)),
        ("AWS/EBS", "BurstBalance", "Minimum", ValueRange(0, 100)),
        ("AWS/Lambda", "ProvisionedConcurrencyUtilization", "Maximum", ValueRange(0, 1)),
        ("KFM/Pipelines", "Temperature", "SampleCount", ValueRange(0)),
        ("KFM/Pipelines", "Temperature", "Average", None),
        ("AWS/Kinesis", "IncomingRecords", "Sum", None),
        ("AWS/Lambda", "Errors", "nonsense", None),
    ],
)
def test_the_values_that_a_statistic_can_have(namespace, name, statistic, values) -> None:
    assert value_range(namespace, name, statistic) == values


@pytest.mark.parametrize(
    ("namespace", "name", "when"),
    [
        ("AWS/Lambda", "Errors", Emission.WHEN_INVOKED),
        ("AWS/Lambda", "Throttles", Emission.WHEN_INVOKED),
        ("AWS/Lambda", "Duration", Emission.WHEN_INVOKED),
        ("AWS/Lambda", "PolledEventCount", Emission.UNKNOWN),
        ("AWS/Lambda", "UnreservedConcurrentExecutions", Emission.UNKNOWN),
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", Emission.WHILE_ACTIVE),
        ("AWS/EC2", "CPUUtilization", Emission.UNKNOWN),
        ("AWS/SQS", "Errors", Emission.UNKNOWN),
        ("KFM/Pipelines", "Errors", Emission.UNKNOWN),
    ],
)
def test_when_a_metric_has_data(namespace, name, when) -> None:
    assert emission(namespace, name) is when
