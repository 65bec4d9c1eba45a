"""The runbook's Terraform starter: what a careful reviewer says of it, from the sources and from a plan alike.

The list was written by hand, from the runbook, before any rule had seen the starter.
"""

from __future__ import annotations

import json

import pytest

from kfm_audit.testing.run import run_check

SOURCE = """
variable "queue_name" { default = "kfm-ingest" }
variable "function_name" { default = "kfm-load" }

resource "aws_sns_topic" "alerts" {
  name = "kfm-reliability-alerts"
}

resource "aws_cloudwatch_metric_alarm" "backlog_high" {
  alarm_name          = "kfm-backlog-high"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = var.queue_name }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1000
  period              = 60
  evaluation_periods  = 3
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
}

resource "aws_cloudwatch_metric_alarm" "oldest_age_high" {
  alarm_name          = "kfm-oldest-age-high"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  dimensions          = { QueueName = var.queue_name }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 300
  period              = 60
  evaluation_periods  = 3
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
}

resource "aws_cloudwatch_metric_alarm" "error_ratio" {
  alarm_name          = "kfm-error-ratio"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 0.02
  evaluation_periods  = 3
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
  metric_query {
    id          = "ratio"
    expression  = "errors / invocations"
    return_data = true
  }
  metric_query {
    id = "errors"
    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Errors"
      dimensions  = { FunctionName = var.function_name }
      period      = 60
      stat        = "Sum"
    }
  }
  metric_query {
    id = "invocations"
    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Invocations"
      dimensions  = { FunctionName = var.function_name }
      period      = 60
      stat        = "Sum"
    }
  }
}
"""

ALARMS = ("backlog_high", "error_ratio", "oldest_age_high")
EXPECTED = sorted(
    [
        *(("ALM003", name, "fail") for name in ALARMS),  # no environment
        *(("ALM007", name, "fail") for name in ALARMS),  # pages without a composite
        *(("ALM016", name, "fail") for name in ALARMS),  # 3 x 60 s is not 5 minutes
        ("ALM017", "backlog_high", "fail"),  # the queue has no Sev2
        ("ALM017", "error_ratio", "fail"),  # the function has no Throttles
        *(("SNS001", name, "fail") for name in ALARMS),  # the topic has no subscriber
    ]
)
ELSEWHERE = ("ALM010", "ALM011", "ALM023", "ALM025", "SNS006", "SNS007")
"""Rules whose say on the starter is tested with them."""


def alarm(name: str, after: dict) -> tuple[dict, dict]:
    address = f"aws_cloudwatch_metric_alarm.{name}"
    common = {
        "alarm_name": f"kfm-{name.replace('_', '-')}",
        "comparison_operator": "GreaterThanOrEqualToThreshold",
        "evaluation_periods": 3,
        "datapoints_to_alarm": 3,
        "treat_missing_data": "notBreaching",
        "actions_enabled": True,
    }
    change = {"actions": ["create"], "after": {**common, **after}, "after_unknown": {"alarm_actions": True}}
    planned = {
        "address": address,
        "mode": "managed",
        "type": "aws_cloudwatch_metric_alarm",
        "name": name,
        "change": change,
    }
    references = {"references": ["aws_sns_topic.alerts.arn", "aws_sns_topic.alerts"]}
    return planned, {"address": address, "mode": "managed", "expressions": {"alarm_actions": references}}


def plan() -> str:
    def queue(metric: str, threshold: int) -> dict:
        return {
            "namespace": "AWS/SQS",
            "metric_name": metric,
            "dimensions": {"QueueName": "kfm-ingest"},
            "statistic": "Maximum",
            "threshold": threshold,
            "period": 60,
        }

    def query(id_: str, metric: str) -> dict:
        stat = {"namespace": "AWS/Lambda", "metric_name": metric, "stat": "Sum", "period": 60}
        return {
            "id": id_,
            "metric": [{**stat, "dimensions": {"FunctionName": "kfm-load"}}],
            "return_data": False,
        }

    ratio = {"id": "ratio", "expression": "errors / invocations", "metric": [], "return_data": True}
    queries = [query("errors", "Errors"), query("invocations", "Invocations"), ratio]
    made = [
        alarm("backlog_high", queue("ApproximateNumberOfMessagesVisible", 1000)),
        alarm("oldest_age_high", queue("ApproximateAgeOfOldestMessage", 300)),
        alarm("error_ratio", {"threshold": 0.02, "metric_query": queries}),
    ]
    topic = {
        "address": "aws_sns_topic.alerts",
        "mode": "managed",
        "type": "aws_sns_topic",
        "name": "alerts",
        "change": {
            "actions": ["create"],
            "after": {"name": "kfm-reliability-alerts", "fifo_topic": False},
            "after_unknown": {"arn": True, "policy": True},
        },
    }
    declared = {"address": "aws_sns_topic.alerts", "mode": "managed", "expressions": {"name": {}}}
    return json.dumps(
        {
            "format_version": "1.2",
            "resource_changes": [topic, *(planned for planned, _ in made)],
            "configuration": {"root_module": {"resources": [declared, *(config for _, config in made)]}},
        }
    )


@pytest.mark.parametrize("files", [{"main.tf": SOURCE}, {"tfplan.json": plan()}], ids=["source", "plan"])
def test_the_starter_has_the_findings_of_a_careful_reviewer(files) -> None:
    found = sorted(
        (item["rule"], item["subject"].rpartition(".")[2], item["verdict"])
        for item in run_check(files).findings
        if item["rule"] not in ELSEWHERE
    )
    assert found == EXPECTED
