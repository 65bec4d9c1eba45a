"""A plan with a few alarms, and the command line over files of tests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kfm_audit.cli import main

TOPIC = "arn:aws:sns:us-east-1:111122223333:kfm-prod-sev2"


def alarm(name: str, **after) -> dict:
    values = {
        "alarm_name": f"kfm-prod-{name}",
        "namespace": "AWS/Lambda",
        "metric_name": "Errors",
        "dimensions": {"FunctionName": "ingest"},
        "statistic": "Sum",
        "comparison_operator": "GreaterThanOrEqualToThreshold",
        "threshold": 5,
        "period": 60,
        "evaluation_periods": 3,
        "alarm_actions": [TOPIC],
        **after,
    }
    return resource("aws_cloudwatch_metric_alarm", name, values)


def resource(kind: str, name: str, after: dict) -> dict:
    change = {"actions": ["create"], "before": None, "after": after, "after_unknown": {}}
    return {"address": f"{kind}.{name}", "mode": "managed", "type": kind, "name": name, "change": change}


def plan(*resources: dict) -> str:
    return json.dumps(
        {"format_version": "1.2", "terraform_version": "1.9.5", "resource_changes": list(resources)}
    )


PLAN = plan(
    alarm("errors"),
    alarm("p90", metric_name="Duration", statistic=None, extended_statistic="p90", threshold=900),
    alarm("silent", treat_missing_data="missing", metric_name="Throttles"),
    resource("aws_sns_topic", "sev2", {"name": "kfm-prod-sev2", "arn": TOPIC}),
    resource(
        "aws_sns_topic_subscription",
        "pager",
        {
            "topic_arn": TOPIC,
            "protocol": "https",
            "endpoint": "https://pager",
            "endpoint_auto_confirms": True,
        },
    ),
    resource(
        "aws_sns_topic_subscription", "mail", {"topic_arn": TOPIC, "protocol": "email", "endpoint": "a@b.org"}
    ),
)


class Ran:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> dict:
        return json.loads(self.out)


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    (tmp_path / "plan.json").write_text(PLAN)
    return tmp_path


@pytest.fixture
def run(folder, capsys):
    """Write a file of tests and run it."""

    def _run(text: str, *arguments: str, name: str = "alarms.test.yaml") -> Ran:
        (folder / name).write_text(text)
        code = main(["test", name, *arguments])
        return Ran(code, *capsys.readouterr())

    return _run
