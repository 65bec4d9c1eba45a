"""`kfm-audit drill` on the runbook's starter and on its mended form."""

from __future__ import annotations

import json

import msgspec
import pytest

from kfm_audit.cli import main

METRIC, COMPOSITE = "aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm"
SNS = "arn:aws:sns:us-east-1:111122223333:oncall"


def resource(kind, name, /, **after):
    return {
        "address": f"{kind}.{name}",
        "mode": "managed",
        "type": kind,
        "name": name,
        "change": {"actions": ["create"], "after": after, "after_unknown": {}},
    }


def alarm(name, metric, threshold):
    return resource(
        "aws_cloudwatch_metric_alarm",
        name,
        alarm_name=name,
        namespace="AWS/SQS",
        metric_name=metric,
        dimensions={"QueueName": "soils"},
        statistic="Maximum",
        comparison_operator="GreaterThanOrEqualToThreshold",
        threshold=threshold,
        period=60,
        evaluation_periods=5,
        datapoints_to_alarm=3,
        treat_missing_data="notBreaching",
    )


def plan(path, joined_by):
    resources = [
        alarm("BacklogHigh", "ApproximateNumberOfMessagesVisible", 1000),
        alarm("OldestAgeHigh", "ApproximateAgeOfOldestMessage", 300),
        resource(
            "aws_cloudwatch_composite_alarm",
            "page",
            alarm_name="page",
            alarm_rule=f"ALARM(OldestAgeHigh) {joined_by} ALARM(BacklogHigh)",
            alarm_actions=[SNS],
        ),
        resource("aws_sns_topic", "oncall", name="oncall", arn=SNS),
        resource("aws_sns_topic_subscription", "pager", topic_arn=SNS, protocol="sms", endpoint="+1"),
    ]
    path.write_text(
        json.dumps({"format_version": "1.2", "terraform_version": "1.9.5", "resource_changes": resources})
    )


@pytest.fixture
def plans(tmp_path, monkeypatch):
    plan(tmp_path / "starter.json", "AND")
    plan(tmp_path / "mended.json", "OR")
    monkeypatch.chdir(tmp_path)


def drilled(capsys, *words):
    code = main(["drill", *words, "--output", "json"])
    return code, msgspec.json.decode(capsys.readouterr().out)


def test_the_starter_is_deaf_to_a_dead_consumer_on_900_messages(plans, capsys):
    code, document = drilled(capsys, "starter.json", "--fail-on-silence")
    found = {entry["mode"]: entry["now"] for entry in document["entries"]}
    assert code == 1
    assert found["dead-consumer"] == {
        "answer": "silent",
        "why": "aws_cloudwatch_metric_alarm.OldestAgeHigh fires, aws_cloudwatch_composite_alarm.page does not",
    }


def test_or_hears_it_after_seven_minutes(plans, capsys):
    _, document = drilled(capsys, "mended.json")
    found = {entry["mode"]: entry["now"] for entry in document["entries"]}
    assert found["dead-consumer"] == {
        "answer": "paged",
        # The age is 300 s in the fifth minute; three such minutes make three of five.
        "after": 420,
        "pages": 1,
        "by": ["aws_cloudwatch_composite_alarm.page"],
        "who": ["aws_sns_topic_subscription.pager"],
    }
    assert found["poison-pill"]["answer"] == "untold"


def test_the_paging_diff_of_a_pull_request(plans, capsys):
    code, document = drilled(capsys, "starter.json", "--against", "mended.json", "--fail-on-silence")
    assert code == 1
    assert [(entry["mode"], entry["changed"]) for entry in document["entries"]] == [
        ("dead-consumer", True),
        ("drip", True),
        ("poison-pill", False),
    ]
    main(["drill", "mended.json", "--against", "starter.json", "--output", "markdown"])
    assert "| `soils` | dead-consumer | nobody: " in capsys.readouterr().out


def test_an_alarm_in_a_unit_that_aws_never_publishes_hears_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    plan(tmp_path / "mended.json", "OR")
    document = json.loads((tmp_path / "mended.json").read_text())
    for unit, answer in (("Seconds", "paged"), ("Milliseconds", "silent")):
        document["resource_changes"][1]["change"]["after"]["unit"] = unit
        (tmp_path / "plan.json").write_text(json.dumps(document))
        _, found = drilled(capsys, "plan.json")
        assert {entry["now"]["answer"] for entry in found["entries"] if entry["mode"] == "drip"} == {answer}


def test_a_suppressor_that_watches_what_it_suppresses_holds_it_back(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    plan(tmp_path / "mended.json", "OR")
    document = json.loads((tmp_path / "mended.json").read_text())
    page = document["resource_changes"][2]["change"]["after"]
    page["actions_suppressor"] = [{"alarm": "storm", "wait_period": 60, "extension_period": 60}]
    storm = resource(COMPOSITE, "storm", alarm_name="storm", alarm_rule="ALARM(page)")
    document["resource_changes"].append(storm)
    (tmp_path / "plan.json").write_text(json.dumps(document))
    _, found = drilled(capsys, "plan.json")
    (drip,) = (entry["now"] for entry in found["entries"] if entry["mode"] == "drip")
    assert drip == {
        "answer": "silent",
        "why": "aws_cloudwatch_composite_alarm.page goes off, and its suppressor holds it back",
    }


def test_nothing_to_drill(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["drill", "nowhere"]) == 2
    (tmp_path / "plan.json").write_text("{")
    assert main(["drill", "plan.json"]) == 4


def test_a_function_without_any_alarm_is_heard_by_nobody(project):
    project.write(
        "main.tf",
        'resource "aws_lambda_function" "load" {\n  function_name = "prod-load"\n  role = "r"\n}\n',
    )
    done = project.run("drill", "main.tf")
    assert (done.code, done.err) == (0, "")
    assert "poison-pill     nobody: no alarm reads its metrics" in done.out


def test_a_reason_names_its_file_once(project):
    project.write("plan.json", '{"format_version": "1.2", "resource_changes": [')
    done = project.run("drill", "plan.json")
    assert done.code == 4
    assert done.err.count("plan.json") == 1


@pytest.mark.parametrize(
    ("age", "why"),
    [
        (
            [300, 240],
            f"{METRIC}.age-300, {METRIC}.age-240 fire, {COMPOSITE}.page, {COMPOSITE}.ticket do not",
        ),
        (
            [90000],
            f"{COMPOSITE}.page, {COMPOSITE}.ticket do not fire",
        ),
    ],
)
def test_several_alarms_do_and_one_does(tmp_path, monkeypatch, capsys, age, why):
    monkeypatch.chdir(tmp_path)
    old = [alarm(f"age-{least}", "ApproximateAgeOfOldestMessage", least) for least in age]
    full = alarm("full", "ApproximateNumberOfMessagesVisible", 1000)
    both = [
        resource(
            "aws_cloudwatch_composite_alarm",
            name,
            alarm_name=name,
            alarm_rule=f"ALARM(age-{age[0]}) AND ALARM(full)",
            alarm_actions=[SNS],
        )
        for name in ("page", "ticket")
    ]
    declared = {
        "format_version": "1.2",
        "terraform_version": "1.9.5",
        "resource_changes": [*old, full, *both],
    }
    (tmp_path / "two.json").write_text(json.dumps(declared))
    _, document = drilled(capsys, "two.json")
    said = {entry["mode"]: entry["now"].get("why") for entry in document["entries"]}["dead-consumer"]
    assert said == why


def test_sources_have_nothing_that_stands_before_them(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "queue.tf").write_text('resource "aws_sqs_queue" "q" {\n  name = "soils"\n}\n')
    assert main(["drill", "infra", "--against", "prior"]) == 2
    assert capsys.readouterr().err == (
        "kfm-audit: --against prior: infra holds no plan, so nothing says what stands before it; give a plan, or "
        "the alarms to compare with\n"
    )
    assert main(["drill", "infra"]) == 0
