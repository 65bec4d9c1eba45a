"""What the answer to "Will somebody be told?" says of alarms whose topics no input shows."""

from __future__ import annotations

import json

import pytest

from kfm_audit.cli import main

CENTRAL = "arn:aws:sns:us-east-1:111122223333:central"


def alarm(name, topics):
    return {
        "address": f"aws_cloudwatch_metric_alarm.{name}",
        "mode": "managed",
        "type": "aws_cloudwatch_metric_alarm",
        "name": name,
        "change": {"actions": ["create"], "after": {"alarm_name": f"prod-{name}", "alarm_actions": topics}},
    }


@pytest.mark.parametrize(
    ("alarms", "said"),
    [
        ([alarm("a", [CENTRAL])], f"1 alarm notifies only a topic that no input shows ({CENTRAL})"),
        (
            [alarm("a", [CENTRAL]), alarm("b", [f"{CENTRAL}-2"])],
            f"2 alarms notify only topics that no input shows ({CENTRAL} and 1 more)",
        ),
    ],
)
def test_they_are_counted_and_make_no_finding(tmp_path, monkeypatch, capsys, alarms, said):
    plan = {"format_version": "1.2", "resource_changes": alarms}
    (tmp_path / "tfplan.json").write_text(json.dumps(plan))
    monkeypatch.chdir(tmp_path)
    code = main(["check", ".", "--isolated", "--select", "ALM001,SNS", "--quiet", "--output", "json"])
    report = json.loads(capsys.readouterr().out)
    assert (code, report["findings"]) == (0, [])
    assert report["questions"]["told"]["answer"] == "partly"
    assert said in report["questions"]["told"]["why"].split("; ")


NO_COMPOSITES = (
    "describe-alarms.json lists no composite alarm: `aws cloudwatch describe-alarms` leaves these out unless it "
    "is asked with --alarm-types MetricAlarm CompositeAlarm"
)
SOURCES_ALONE = "sources alone were read: what exists, and what apply would change or delete, is in a plan"
DEPLOYED_ALONE = "what is deployed alone was read: nothing is known of the changes that Terraform will make"
SOURCE = 'resource "aws_cloudwatch_metric_alarm" "a" {\n  alarm_name = "prod-a"\n}\n'
PLAN = json.dumps({"format_version": "1.2", "resource_changes": [alarm("a", [])]})


def deployed(kind, *names, account="111122223333"):
    arn = f"arn:aws:cloudwatch:us-east-1:{account}:alarm:"
    return {kind: [{"AlarmName": name, "AlarmArn": arn + name, "AlarmRule": "TRUE"} for name in names]}


METRICS = deployed("MetricAlarms", "prod-a")
BOTH = {**METRICS, **deployed("CompositeAlarms", "prod-all")}


def why(tmp_path, monkeypatch, capsys, files):
    for name, text in files.items():
        (tmp_path / name).write_text(text if isinstance(text, str) else json.dumps(text))
    monkeypatch.chdir(tmp_path)
    main(["check", ".", "--isolated", "--quiet", "--output", "json"])
    told = json.loads(capsys.readouterr().out)["questions"]["told"]
    return told["answer"], told["why"]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"main.tf": SOURCE}, {SOURCES_ALONE}),
        ({"tfplan.json": PLAN}, set()),
        ({"tfplan.json": PLAN, "main.tf": SOURCE}, set()),
        ({"describe-alarms.json": METRICS}, {DEPLOYED_ALONE, NO_COMPOSITES}),
        ({"describe-alarms.json": {**METRICS, "CompositeAlarms": []}}, {DEPLOYED_ALONE, NO_COMPOSITES}),
        ({"describe-alarms.json": BOTH}, {DEPLOYED_ALONE}),
        (
            {"describe-alarms.json": METRICS, "composites.json": deployed("CompositeAlarms", "prod-all")},
            {DEPLOYED_ALONE},
        ),
        (
            {
                "describe-alarms.json": METRICS,
                "composites.json": deployed("CompositeAlarms", "all", account="444455556666"),
            },
            {DEPLOYED_ALONE, NO_COMPOSITES},
        ),
        ({"describe-alarms.json": METRICS, "main.tf": SOURCE}, {NO_COMPOSITES}),
        ({"describe-alarms.json": METRICS, "tfplan.json": PLAN}, {NO_COMPOSITES}),
        ({"describe-alarms.json": deployed("CompositeAlarms", "prod-all")}, {DEPLOYED_ALONE}),
    ],
)
def test_it_says_what_the_inputs_that_were_read_do_not_show(tmp_path, monkeypatch, capsys, files, said):
    answer, text = why(tmp_path, monkeypatch, capsys, files)
    assert answer == "partly"
    assert {part for part in (SOURCES_ALONE, DEPLOYED_ALONE, NO_COMPOSITES) if part in text} == said


def test_without_any_of_them_it_names_all_three(tmp_path, monkeypatch, capsys):
    answer, text = why(tmp_path, monkeypatch, capsys, {"a.prom": "# TYPE a gauge\na 1\n"})
    assert (answer, text) == (
        "not-checked",
        "neither a Terraform plan, nor its sources, nor what is deployed was read",
    )


ADRIFT = """\
variable "prefix" {}
resource "aws_cloudwatch_metric_alarm" "age" {
  alarm_name  = "prod-age"
  namespace   = "AWS/SQS"
  metric_name = "%s"
  dimensions  = { QueueName = %s }
}
"""
NOT_HELD = (
    "no input shows which queue or function 1 alarm watches (aws_cloudwatch_metric_alarm.age): it was not held "
    "to the contract"
)


@pytest.mark.parametrize(
    ("metric", "queue", "policy", "said"),
    [
        ("ApproximateAgeOfOldestMessage", '"${var.prefix}email"', "kfm-v11", True),
        ("ApproximateAgeOfOldestMessage", '"email"', "kfm-v11", False),
        ("SentMessageSize", '"${var.prefix}email"', "kfm-v11", False),
        ("ApproximateAgeOfOldestMessage", '"${var.prefix}email"', "core", False),
    ],
)
def test_what_could_not_be_held_to_the_contract_is_said(
    tmp_path, monkeypatch, capsys, metric, queue, policy, said
):
    (tmp_path / "main.tf").write_text(ADRIFT % (metric, queue))
    monkeypatch.chdir(tmp_path)
    main(["check", ".", "--isolated", "--policy", policy, "--quiet", "--output", "json"])
    why = json.loads(capsys.readouterr().out)["questions"]["told"]["why"]
    assert (NOT_HELD in why.split("; ")) is said
