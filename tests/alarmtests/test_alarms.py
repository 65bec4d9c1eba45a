"""Alarms come from plans, folders of sources and descriptions; what cannot be evaluated is never a pass."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kfm_audit.alarmtests.alarms import LoadedAlarms, Unreadable, load_alarms
from kfm_audit.cli import main

MENDED = Path(__file__).parent.parent.parent / "examples" / "kfm-monorepo-mended" / "infra"
TEST = """\
alarms: {alarms}
{more}tests:
  - name: errors page
    interval: {interval}
    input_series:
      - {{metric: AWS/Lambda {metric}, dimensions: {{FunctionName: ingest}}, stat: {stat}, values: {values}}}
{series}    alarm_state_test:
      - {{eval_time: {at}, alarm: {alarm}, exp_state: {state}}}
"""
SOURCE = """\
variable "threshold" {
  type = number
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "kfm-prod-errors"
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = "ingest" }
  statistic           = "Sum"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = var.threshold
  period              = 60
  evaluation_periods  = 3
}
"""


def written(**parts: str) -> str:
    defaults = {
        "alarms": "plan.json", "more": "", "interval": "1m", "metric": "Errors", "stat": "Sum", "values": "9x9",
        "series": "", "at": "8m", "alarm": "kfm-prod-errors", "state": "ALARM",
    }  # fmt: skip
    return TEST.format(**{**defaults, **parts})


def test_plan_and_sources_have_the_same_alarms():
    plan, sources = load_alarms(MENDED / "tfplan.json", MENDED), load_alarms(MENDED, MENDED)
    assert isinstance(plan, LoadedAlarms)
    assert isinstance(sources, LoadedAlarms)
    names = [alarm.subject for alarm in plan.all]
    assert (len(names), names) == (10, [alarm.subject for alarm in sources.all])
    assert plan.called("kfm-prod-soils-page") == plan.called(
        "module.soils_alarms.aws_cloudwatch_composite_alarm.page"
    )


def test_a_folder_of_sources_takes_values_of_variables(run, folder):
    (folder / "infra").mkdir()
    (folder / "infra" / "alarms.tf").write_text(SOURCE)
    (folder / "prod.tfvars").write_text("threshold = 5\n")
    without = run(written(alarms="infra"))
    assert (without.code, "cannot be evaluated" in without.out) == (4, True)
    more = "variable_files: [prod.tfvars]\n"
    assert run(written(alarms="infra", more=more)).code == 0
    gone = run(written(alarms="infra", more=more.replace("prod", "dev")))
    assert (gone.code, "dev.tfvars: there is no such file" in gone.out) == (4, True)


def test_what_is_deployed_is_tested_too(run, folder):
    alarm = {
        "AlarmName": "kfm-prod-errors",
        "AlarmArn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:kfm-prod-errors",
        "ActionsEnabled": True,
        "AlarmActions": ["arn:aws:sns:us-east-1:111122223333:sev2"],
        "MetricName": "Errors",
        "Namespace": "AWS/Lambda",
        "Statistic": "Sum",
        "Dimensions": [{"Name": "FunctionName", "Value": "ingest"}],
        "Period": 60,
        "EvaluationPeriods": 3,
        "Threshold": 5.0,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "missing",
    }
    (folder / "live.json").write_text(json.dumps({"MetricAlarms": [alarm], "CompositeAlarms": []}))
    ran = run(written(alarms="live.json"), "--output", "json")
    assert ran.code == 0, ran.out
    (assertion,) = ran.json["files"][0]["assertions"]
    assert [one["target"] for one in assertion["actual"]["actions"]] == [
        "arn:aws:sns:us-east-1:111122223333:sev2"
    ]


@pytest.mark.parametrize("name", ["nothing", "a-folder-without"])
def test_nothing_to_test_is_said(tmp_path, name):
    (tmp_path / "a-folder-without").mkdir()
    assert isinstance(load_alarms(tmp_path / name, tmp_path), Unreadable)


@pytest.mark.parametrize(
    "expression",
    [
        "SEARCH('{AWS/Lambda,FunctionName} Errors', 'Sum')",
        "ANOMALY_DETECTION_BAND(errors)",
        "errors +",
        "nobody * 2",
    ],
)
def test_what_cannot_be_evaluated_is_no_pass(run, folder, expression):
    plan = json.loads((folder / "plan.json").read_text())
    after = plan["resource_changes"][0]["change"]["after"]
    for key in ("namespace", "metric_name", "dimensions", "statistic", "period"):
        del after[key]
    metric = {"namespace": "AWS/Lambda", "metric_name": "Errors", "dimensions": {"FunctionName": "ingest"}}
    after["metric_query"] = [
        {"id": "e", "expression": expression, "return_data": True},
        {"id": "errors", "metric": [{**metric, "stat": "Sum", "period": 60}]},
    ]
    (folder / "plan.json").write_text(json.dumps(plan))
    ran = run(written())
    assert (ran.code, "cannot be evaluated" in ran.out) == (4, True), ran.out


def test_percentiles_take_the_number_of_their_samples(run, folder):
    plan = json.loads((folder / "plan.json").read_text())
    plan["resource_changes"][1]["change"]["after"]["evaluate_low_sample_count_percentiles"] = "ignore"
    (folder / "plan.json").write_text(json.dumps(plan))
    few = {"metric": "Duration", "stat": "p90", "values": "1000x9", "alarm": "kfm-prod-p90"}
    count = "      - {metric: AWS/Lambda Duration, dimensions: {FunctionName: ingest}, stat: SampleCount, values: %s}\n"
    assert run(written(**few, series=count % "100x9")).code == 0
    # CloudWatch: fewer than 10 / (1 - 0.9) samples leave the state as it is.
    assert run(written(**few, series=count % "99x9")).code == 1
    assert run(written(**{**few, "state": "INSUFFICIENT_DATA"}, series=count % "99x9")).code == 0


def test_sums_fold_and_percentiles_do_not(run, folder):
    plan = (folder / "plan.json").read_text().replace('"period": 60', '"period": 300')
    (folder / "plan.json").write_text(plan)
    assert run(written(values="1x30", at="30m")).code == 0, "five times one in five minutes"
    assert run(written(values="1x30", at="30m", interval="5m", state="OK")).code == 0
    ran = run(written(metric="Duration", stat="p90", values="1000x30", at="30m", alarm="kfm-prod-p90"))
    assert (ran.code, "cannot be folded" in " ".join(ran.out.split())) == (2, True)


def test_a_plan_that_is_read_in_part_is_no_pass(folder, capsys):
    plan = json.loads((folder / "plan.json").read_text())
    plan["errored"] = True
    (folder / "plan.json").write_text(json.dumps(plan))
    (folder / "alarms.test.yaml").write_text(written())
    assert main(["test", "alarms.test.yaml", "-q"]) == 4
    assert "ended with an error" in " ".join(capsys.readouterr().out.split())
