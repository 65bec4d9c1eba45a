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
