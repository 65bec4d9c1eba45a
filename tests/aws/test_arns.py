import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.aws.arns import Arn, alarm_arn, alarm_name, parse_arn, partition_of


@pytest.mark.parametrize(
    ("text", "arn"),
    [
        (
            "arn:aws:sns:us-east-1:123456789012:alerts",
            Arn("aws", "sns", "us-east-1", "123456789012", "alerts"),
        ),
        ("arn:aws:s3:::bucket/key", Arn("aws", "s3", "", "", "bucket/key")),
        (
            "arn:aws-us-gov:cloudwatch:us-gov-west-1:123456789012:alarm:a:b c",
            Arn("aws-us-gov", "cloudwatch", "us-gov-west-1", "123456789012", "alarm:a:b c"),
        ),
        ("arn:aws:automate:us-east-1:ec2:stop", Arn("aws", "automate", "us-east-1", "ec2", "stop")),
        ("arn:aws:iam::aws:policy/X", Arn("aws", "iam", "", "aws", "policy/X")),
    ],
)
def test_an_arn_is_taken_apart(text, arn) -> None:
    assert parse_arn(text) == arn


@pytest.mark.parametrize(
    "text",
    [
        *("", "arn", "arn:aws:sns:us-east-1:123456789012:", "arn:aws:sns:us-east-1:123456789012"),
        *("arn:aws:sns:${var.region}:123456789012:alerts", "arn:aws:sns:us-east-1:${var.account}:alerts"),
        *("arn:aws:sns:*:*:alerts", " arn:aws:sns:us-east-1:1:alerts", "arn:aws:sns:us-east-1:1:a\nb"),
        *("ARN:aws:sns:us-east-1:1:a", "arn:azure:sns:us-east-1:1:a", "https://sns.us-east-1.amazonaws.com/"),
    ],
)
def test_what_is_no_arn(text) -> None:
    assert parse_arn(text) is None


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        *[("us-east-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-east-1", "aws-us-gov")],
        *[("us-iso-east-1", "aws-iso"), ("us-isob-east-1", "aws-iso-b"), ("eusc-de-east-1", "aws-eusc")],
    ],
)
def test_the_partition_of_a_region(region, partition) -> None:
    assert partition_of(region) == partition


@given(st.text(st.characters(min_codepoint=32), min_size=1))
def test_an_alarm_is_the_same_by_name_and_by_arn(name) -> None:
    assert alarm_name(alarm_arn(name, "us-east-1", "123456789012")) == name


@pytest.mark.parametrize(
    "reference",
    ["ingest-errors", "a:alarm:b", "arn:aws:sns:us-east-1:1:alarm:x", "arn:aws:cloudwatch::1:dashboard/x"],
)
def test_what_is_no_alarms_arn_is_a_name(reference) -> None:
    assert alarm_name(reference) == reference


@given(st.text())
def test_any_text_is_an_arn_or_none(text) -> None:
    parse_arn(text)
    alarm_name(text)
