"""The rows and lint cases of facts/cloudwatch.md 4."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.aws.metrics import MetricKind, Standing, Verdict, dimension_sets, judge, listed, metric
from tools import metric_catalogue

QUEUE = (("QueueName",),)
VERSIONED = {
    (),
    ("FunctionName",),
    ("FunctionName", "Resource"),
    ("ExecutedVersion", "FunctionName", "Resource"),
}


def test_the_catalogue_that_ships_is_what_its_sources_give(corpus) -> None:
    assert metric_catalogue.CATALOGUE.read_text(encoding="utf-8") == metric_catalogue.text(
        corpus / "cloudwatch-metric-dimensions.json"
    )


def test_the_whole_catalogue_is_listed() -> None:
    entries = list(listed())
    assert len({(namespace, name) for namespace, name, _ in entries}) == len(entries)
    assert len({namespace for namespace, _, _ in entries}) == 72
    assert len(entries) > 956
    for namespace, name, entry in entries:
        assert entry.dimension_sets
        assert entry.statistics
        assert (entry.kind is MetricKind.UNKNOWN) is (entry.unit == "")
        for keys in entry.dimension_sets:
            assert keys == tuple(sorted(set(keys)))
            wanted = Standing.LISTED if keys else Standing.ACCOUNT_WIDE
            assert judge(namespace, name, keys) == Verdict(wanted, certain=True, sets=entry.dimension_sets)


SQS = (
    *("ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible"),
    *("ApproximateNumberOfMessagesDelayed", "ApproximateAgeOfOldestMessage", "SentMessageSize"),
    *("NumberOfMessagesSent", "NumberOfMessagesReceived", "NumberOfMessagesDeleted", "NumberOfEmptyReceives"),
    *("NumberOfDeduplicatedSentMessages", "ApproximateNumberOfGroupsWithInflightMessages"),
    *("ApproximateNumberOfNoisyGroups", "ApproximateNumberOfMessagesVisibleInQuietGroups"),
    *("ApproximateNumberOfMessagesNotVisibleInQuietGroups", "ApproximateAgeOfOldestMessageInQuietGroups"),
)
NEWER = (
    *(
        "AsyncEventsReceived",
        "AsyncEventAge",
        "AsyncEventsDropped",
        "OffsetLag",
        "RecursiveInvocationsDropped",
    ),
    *("OversizedRecordCount", "SignatureValidationErrors", "PolledEventCount", "FilteredOutEventCount"),
    *("InvokedEventCount", "FailedInvokeEventCount", "DroppedEventCount", "DeletedEventCount"),
    *("OnFailureDestinationDeliveredEventCount", "ProvisionedPollers"),
)


@pytest.mark.parametrize("name", SQS)
def test_sqs_has_the_queues_name_and_nothing_else(name) -> None:
    assert dimension_sets("AWS/SQS", name) == QUEUE
    assert judge("AWS/SQS", name, []) == Verdict(Standing.UNPUBLISHED_SET, certain=True, sets=QUEUE)


@pytest.mark.parametrize(
    ("name", "without"),
    [
        *[
            (name, set())
            for name in ("Invocations", "Errors", "Throttles", "Duration", "ConcurrentExecutions")
        ],
        ("DeadLetterErrors", {("ExecutedVersion", "FunctionName", "Resource")}),
        ("DestinationDeliveryFailures", {("ExecutedVersion", "FunctionName", "Resource")}),
        ("IteratorAge", {("ExecutedVersion", "FunctionName", "Resource")}),
        ("ProvisionedConcurrencyUtilization", {("FunctionName",)}),
        ("UnreservedConcurrentExecutions", VERSIONED - {()}),
        ("ClaimedAccountConcurrency", VERSIONED - {()}),
    ],
)
def test_the_sets_of_lambda(name, without) -> None:
    assert set(dimension_sets("AWS/Lambda", name)) == VERSIONED - without


@pytest.mark.parametrize("name", NEWER)
def test_newer_metrics_of_lambda_may_have_any_set_of_its_dimensions(name) -> None:
    known = metric("AWS/Lambda", name)
    assert known is not None
    assert known.open
    for keys in (["FunctionName", "Resource"], ["EventSourceMappingUUID", "FunctionName"]):
        assert judge("AWS/Lambda", name, keys) == Verdict(
            Standing.LISTED, certain=False, sets=known.dimension_sets
        )
    assert judge("AWS/Lambda", name, ["QueueName"]).standing is Standing.IMPOSSIBLE_DIMENSION


@pytest.mark.parametrize(
    ("namespace", "name", "keys"),
    [
        *[
            ("AWS/SNS", name, ["TopicName"])
            for name in ("NumberOfMessagesPublished", "NumberOfNotificationsFailed")
        ],
        *[
            ("AWS/SNS", f"NumberOfNotificationsFilteredOut{reason}", ["TopicName"])
            for reason in (
                "",
                "-MessageAttributes",
                "-MessageBody",
                "-InvalidAttributes",
                "-NoMessageAttributes",
                "-InvalidMessageBody",
            )
        ],
        ("AWS/SNS", "NumberOfNotificationsRedrivenToDlq", ["TopicName"]),
        ("AWS/SNS", "NumberOfNotificationsFailedToRedriveToDlq", ["TopicName"]),
        ("AWS/SNS", "NumberOfNotificationsDelivered", ["Application", "Platform"]),
        *[
            ("AWS/Events", name, ["RuleName"])
            for name in ("FailedInvocations", "InvocationsFailedToBeSentToDlq")
        ],
        ("AWS/Events", "FailedInvocations", ["EventBusName", "RuleName"]),
        ("AWS/Events", "FailedInvocations", ["EventBusName"]),
        *[("AWS/ApiGateway", "5XXError", keys) for keys in (["ApiName"], ["ApiName", "Stage"])],
        ("AWS/ApiGateway", "Latency", ["ApiName", "Stage", "Resource", "Method"]),
        *[
            ("AWS/ApiGateway", name, keys)
            for name in ("4xx", "5xx")
            for keys in (["ApiId"], ["ApiId", "Stage"])
        ],
        ("AWS/ApiGateway", "ConnectCount", ["ApiId", "Stage", "Route"]),
        ("AWS/States", "ExecutionsFailed", ["StateMachineArn"]),
        ("AWS/States", "ActivitiesFailed", ["ActivityArn"]),
    ],
)
def test_sets_that_are_published(namespace, name, keys) -> None:
    assert judge(namespace, name, keys).standing is Standing.LISTED


@pytest.mark.parametrize(
    ("namespace", "name", "keys", "verdict"),
    [
        (
            "AWS/SQS",
            "ApproximateNumberOfMessagesVisible",
            ["FunctionName"],
            Verdict(
                Standing.IMPOSSIBLE_DIMENSION,
                True,
                ("FunctionName",),
                ("",),
                (),
                ("AWS/CloudFront", "AWS/Lambda"),
            ),
        ),
        (
            "AWS/Lambda",
            "Errors",
            ["QueueName"],
            Verdict(
                Standing.IMPOSSIBLE_DIMENSION, True, ("QueueName",), ("",), (), ("AWS/Redshift", "AWS/SQS")
            ),
        ),
        (
            "AWS/Lambda",
            "Errors",
            ["function_name"],
            Verdict(Standing.IMPOSSIBLE_DIMENSION, True, ("function_name",), ("FunctionName",)),
        ),
        (
            "AWS/SQS",
            "ApproximateNumberOfMessagesVisible",
            ["QueueName", "queue-name", "Zone"],
            Verdict(Standing.IMPOSSIBLE_DIMENSION, True, ("Zone", "queue-name"), ("", "QueueName")),
        ),
        (
            "AWS/SQS",
            "Throttles",
            ["QueueName"],
            Verdict(Standing.UNLISTED_METRIC, False, ("Throttles",), ("",), (), ("AWS/Lambda",)),
        ),
        (
            "AWS/SQS",
            "ApproximateNumberOfMessageVisible",
            ["QueueName"],
            Verdict(
                Standing.UNLISTED_METRIC,
                False,
                ("ApproximateNumberOfMessageVisible",),
                ("ApproximateNumberOfMessagesVisible",),
            ),
        ),
        (
            "AWS/ApiGateway",
            "4xxError",
            ["ApiName"],
            Verdict(Standing.UNLISTED_METRIC, True, ("4xxError",), ("4XXError",)),
        ),
        (
            "AWS/Lambda",
            "errors",
            ["FunctionName"],
            Verdict(Standing.UNLISTED_METRIC, True, ("errors",), ("Errors",)),
        ),
        ("Aws/Sqs", "x", [], Verdict(Standing.UNLISTED_NAMESPACE, True, ("Aws/Sqs",), ("AWS/SQS",))),
        ("AWS/SQSS", "x", [], Verdict(Standing.UNLISTED_NAMESPACE, False, ("AWS/SQSS",), ("AWS/SQS",))),
        (
            "KFM/Pipelines",
            "x",
            ["QueueName"],
            Verdict(Standing.UNLISTED_NAMESPACE, False, ("KFM/Pipelines",), ("",)),
        ),
        (
            "AWS/Lambda",
            "ProvisionedConcurrencyUtilization",
            ["FunctionName"],
            Verdict(
                Standing.UNPUBLISHED_SET,
                True,
                sets=((), ("ExecutedVersion", "FunctionName", "Resource"), ("FunctionName", "Resource")),
            ),
        ),
        (
            "AWS/Lambda",
            "Errors",
            [],
            Verdict(Standing.ACCOUNT_WIDE, True, sets=dimension_sets("AWS/Lambda", "Errors")),
        ),
    ],
)
def test_what_is_said_of_mistakes(namespace, name, keys, verdict) -> None:
    assert judge(namespace, name, keys) == verdict


def test_dimensions_of_rest_apis_on_metrics_of_http_apis() -> None:
    verdict = judge("AWS/ApiGateway", "4xx", ["ApiName", "Stage"])
    assert (verdict.standing, verdict.certain) == (Standing.UNPUBLISHED_SET, True)
    assert ("ApiId", "Stage") in verdict.sets


@pytest.mark.parametrize(
    ("namespace", "name", "keys", "certain"),
    [
        # The guide lists all dimensions of EC2.
        ("AWS/EC2", "CPUUtilization", ["Surprise"], True),
        # RDS was looked through: a dimension of Lambda's is none of its, one that nobody knows may be.
        ("AWS/RDS", "CPUUtilization", ["FunctionName"], True),
        ("AWS/RDS", "CPUUtilization", ["Surprise"], False),
        ("AWS/RDS", "CPUUtilization", ["dbinstanceidentifier"], True),
        # Of MQ only what the console shows is known.
        ("AWS/AmazonMQ", "AckRate", ["Queue"], False),
        ("AWS/AmazonMQ", "AckRate", ["broker"], True),
    ],
)
def test_a_gap_in_the_catalogue_is_no_certain_mistake(namespace, name, keys, certain) -> None:
    verdict = judge(namespace, name, keys)
    assert (verdict.standing, verdict.certain) == (Standing.IMPOSSIBLE_DIMENSION, certain)


@pytest.mark.parametrize("keys", [["DBClusterIdentifier"], ["DBClusterIdentifier", "Role"], ["EngineName"]])
def test_documented_dimensions_beside_the_consoles_are_possible(keys) -> None:
    verdict = judge("AWS/RDS", "CPUUtilization", keys)
    assert verdict.standing in (Standing.LISTED, Standing.UNPUBLISHED_SET)
    assert verdict.standing is Standing.LISTED or not verdict.certain


def test_the_order_of_dimensions_does_not_matter() -> None:
    forth, back = ["Stage", "ApiName"], ["ApiName", "Stage", "Stage"]
    assert judge("AWS/ApiGateway", "Count", forth) == judge("AWS/ApiGateway", "Count", back)


@given(st.text(), st.text(), st.lists(st.text(), max_size=3))
def test_anything_is_judged(namespace, name, keys) -> None:
    verdict = judge(namespace, name, keys)
    assert not verdict.certain
    assert verdict.standing is Standing.UNLISTED_NAMESPACE
    assert judge("AWS/Lambda", name, keys).standing in Standing


def test_what_is_not_listed_has_no_sets() -> None:
    assert dimension_sets("AWS/SQS", "Throttles") == ()
    assert metric("KFM/Pipelines", "Errors") is None
