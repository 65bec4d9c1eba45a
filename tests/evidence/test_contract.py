"""Resources joined to the contract alarms that they owe, as the JSON report shows them."""

from __future__ import annotations

import json

import pytest

POLICY = """
policy: 1
extends: core
alarms:
  contract:
    depth:
      resource: queue
      metric: AWS/SQS ApproximateNumberOfMessagesVisible
      statistics: [Maximum]
      operator: ">="
      threshold: 1000
      window: 5m
      datapoints: 3
    age:
      resource: queue
      metric: AWS/SQS ApproximateAgeOfOldestMessage
      statistics: [Maximum]
      operator: ">="
      threshold: 300
      window: 5m
    letters:
      resource: dlq
      metric: AWS/SQS ApproximateNumberOfMessagesVisible
      statistics: [Maximum]
      operator: ">"
      threshold: 0
      window: 10m
    throttles:
      resource: function
      metric: AWS/Lambda Throttles
      statistics: [Sum]
      operator: ">="
      threshold: 5
      window: 5m
  overrides:
    - {resources: [prod-nightly], alarms: [age], required: false, reason: drains once a night}
"""


def created(
    kind: str, name: str, after: dict, unknown: dict | None = None, actions: tuple = ("create",)
) -> dict:
    return {
        "address": f"{kind}.{name}",
        "mode": "managed",
        "type": kind,
        "name": name,
        "change": {"actions": list(actions), "after": after, "after_unknown": unknown or {}},
    }


def queue(address: str, **more: object) -> dict:
    return created("aws_sqs_queue", address, {"name": f"prod-{address}", **more}, {"arn": True})


def alarm(
    name: str, metric: str, threshold: object, *, of: str, unknown: dict | None = None, **more: object
) -> dict:
    namespace, _, metric_name = metric.partition(" ")
    after = {
        "alarm_name": name,
        "namespace": namespace,
        "metric_name": metric_name,
        "dimensions": {"FunctionName" if "Lambda" in namespace else "QueueName": of},
        "statistic": "Maximum",
        "comparison_operator": "GreaterThanOrEqualToThreshold",
        "threshold": threshold,
        "period": 60,
        "evaluation_periods": 5,
        "datapoints_to_alarm": 3,
        **more,
    }
    return created("aws_cloudwatch_metric_alarm", name, after, unknown)


DEPTH = "AWS/SQS ApproximateNumberOfMessagesVisible"
AGE = "AWS/SQS ApproximateAgeOfOldestMessage"


@pytest.fixture
def contract(project):
    """The key `contract` of a run over a plan with these resources."""

    def contract(*resources: dict, arguments: tuple[str, ...] = ()) -> dict[str, dict] | None:
        plan = {"format_version": "1.2", "terraform_version": "1.9.5", "resource_changes": resources}
        project.write("tfplan.json", json.dumps(plan))
        project.write("policy.yaml", POLICY)
        _, report = project.report("--policy", "policy.yaml", *arguments, ".")
        found = report.get("contract")
        return None if found is None else {row["resource"]: row for row in found["resources"]}

    return contract


def test_every_way_to_stand_to_a_contract_alarm(contract) -> None:
    letters = "arn:aws:sqs:us-east-1:111122223333:prod-soils-dead"
    rows = contract(
        queue("soils", redrive_policy=json.dumps({"deadLetterTargetArn": letters, "maxReceiveCount": 4})),
        queue("soils-dead"),
        queue("nightly"),
        created("aws_lambda_function", "load", {"function_name": "prod-load"}, {"arn": True}),
        alarm("depth", DEPTH, 1000, of="prod-soils"),
        alarm("age", AGE, 400, of="prod-soils"),
        alarm("nightly", DEPTH, None, of="prod-nightly", unknown={"threshold": True}),
        alarm("elsewhere", "AWS/Lambda Throttles", 5, of="prod-other", statistic="Sum"),
    )
    assert {name: (row["kind"], row["declared"]) for name, row in rows.items()} == {
        "aws_sqs_queue.soils": ("queue", True),
        "aws_sqs_queue.nightly": ("queue", True),
        "aws_sqs_queue.soils-dead": ("dlq", True),
        "aws_lambda_function.load": ("function", True),
        "prod-other": ("function", False),
    }
    assert {name: row["alarms"] for name, row in rows.items()} == {
        "aws_sqs_queue.soils": {
            "depth": {"status": "covered", "alarm": "aws_cloudwatch_metric_alarm.depth", "why": ""},
            "age": {
                "status": "departs",
                "alarm": "aws_cloudwatch_metric_alarm.age",
                "why": "fires at >= 400, not >= 300",
            },
        },
        "aws_sqs_queue.nightly": {
            "depth": {
                "status": "undecided",
                "alarm": "aws_cloudwatch_metric_alarm.nightly",
                "why": "its threshold depends on aws_cloudwatch_metric_alarm.nightly.threshold",
            },
            "age": {"status": "not-owed", "alarm": None, "why": "drains once a night"},
        },
        "aws_sqs_queue.soils-dead": {"letters": {"status": "missing", "alarm": None, "why": ""}},
        "aws_lambda_function.load": {"throttles": {"status": "missing", "alarm": None, "why": ""}},
        "prod-other": {
            "throttles": {"status": "covered", "alarm": "aws_cloudwatch_metric_alarm.elsewhere", "why": ""},
        },
    }


def test_one_alarm_stands_for_one_contract_alarm_of_a_resource(contract) -> None:
    rows = contract(
        queue("soils"),
        alarm("near", DEPTH, 900, of="prod-soils"),
        alarm("exact", DEPTH, 1000, of="prod-soils"),
    )
    assert rows["aws_sqs_queue.soils"]["alarms"]["depth"]["alarm"] == "aws_cloudwatch_metric_alarm.exact"


def test_an_alarm_of_which_it_is_not_known_what_it_watches_may_be_the_one(contract) -> None:
    hidden = alarm("any", DEPTH, 1000, of="", unknown={"dimensions": True})
    del hidden["change"]["after"]["dimensions"]
    (row,) = contract(queue("soils"), hidden).values()
    assert row["alarms"] == {
        "depth": {
            "status": "undecided",
            "alarm": None,
            "why": "what aws_cloudwatch_metric_alarm.any watches depends on "
            "aws_cloudwatch_metric_alarm.any.dimensions",
        },
        "age": {"status": "missing", "alarm": None, "why": ""},
    }


def test_what_is_deleted_owes_nothing(contract) -> None:
    gone = created("aws_sqs_queue", "old", {}, actions=("delete",))
    gone["change"] |= {"before": {"name": "prod-old"}, "after": None}
    assert contract(gone, queue("soils")).keys() == {"aws_sqs_queue.soils"}


def test_nothing_is_said_where_nothing_owes_alarms(contract) -> None:
    assert contract(created("aws_sns_topic", "alerts", {"name": "alerts"})) is None
    assert contract(alarm("cpu", "AWS/EC2 CPUUtilization", 90, of="x")) is None


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        ((), True),
        (("--select", "ALM016"), True),
        (("--select", "resource-without-contract-alarm"), True),
        (("--select", "ALM001"), False),
        (("--ignore", "ALM016,ALM017"), False),
    ],
)
def test_it_is_shown_where_a_rule_about_it_was_selected(contract, arguments, shown) -> None:
    assert (contract(queue("soils"), arguments=arguments) is not None) is shown


def test_paths_report_on_their_resources_and_on_those_that_their_alarms_watch(project) -> None:
    project.write("kfm-audit.toml", 'policy = "policy.yaml"\n')
    project.write("policy.yaml", POLICY)

    def source(name: str, watched: str) -> str:
        return f"""
resource "aws_sqs_queue" "{name}" {{
  name = "prod-{name}"
}}
resource "aws_cloudwatch_metric_alarm" "{name}" {{
  alarm_name          = "{name}"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  dimensions          = {{ QueueName = "prod-{watched}" }}
  statistic           = "Maximum"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 300
  period              = 60
  evaluation_periods  = 5
}}
"""

    project.write("a/main.tf", source("soils", "soils"))
    project.write("b/main.tf", source("lidar", "soils"))
    project.write("c/main.tf", source("maps", "lidar"))
    project.write("d/notes.md", "nothing\n")

    def rows(path: str) -> list[str]:
        _, report = project.report(path)
        return [row["resource"] for row in report.get("contract", {"resources": ()})["resources"]]

    assert rows(".") == ["aws_sqs_queue.soils", "aws_sqs_queue.lidar", "aws_sqs_queue.maps"]
    assert rows("a") == ["aws_sqs_queue.soils"]
    assert rows("b") == ["aws_sqs_queue.lidar"]  # soils has an alarm of its own that keeps it
    assert rows("c") == ["aws_sqs_queue.lidar", "aws_sqs_queue.maps"]
    assert rows("c/main.tf") == ["aws_sqs_queue.lidar", "aws_sqs_queue.maps"]
    assert rows("d") == []


def test_a_policy_without_a_contract_has_no_matrix(project) -> None:
    plan = {"format_version": "1.2", "terraform_version": "1.9.5", "resource_changes": [queue("soils")]}
    project.write("tfplan.json", json.dumps(plan))
    _, report = project.report("--policy", "core", ".")
    assert "contract" not in report


def test_the_terminal_shows_it_beside_the_run_and_not_among_the_findings(project) -> None:
    plan = {"format_version": "1.2", "terraform_version": "1.9.5", "resource_changes": [queue("soils")]}
    project.write("tfplan.json", json.dumps(plan))
    done = project.check(".")
    assert "\ncontract    1 resource: 1 open\n  x missing\n  queues " in done.err
    assert "contract    " not in done.out


def test_queues_of_one_name_in_two_regions_are_watched_each_by_the_alarms_of_its_own(contract) -> None:
    rows = contract(
        queue("soils", region="us-east-2"),
        queue("there", name="prod-soils", region="eu-west-1"),
        alarm("depth", DEPTH, 1000, of="prod-soils", region="us-east-2"),
        alarm("age", AGE, 300, of="prod-soils", region="eu-west-1"),
    )
    assert {
        name: {of: cell["status"] for of, cell in row["alarms"].items()} for name, row in rows.items()
    } == {
        "aws_sqs_queue.soils": {"depth": "covered", "age": "missing"},
        "aws_sqs_queue.there": {"depth": "missing", "age": "covered"},
    }
