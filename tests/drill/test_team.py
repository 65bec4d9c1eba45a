"""`kfm-audit drill` takes the policy and the config that `check` would take for the same alarms."""

from __future__ import annotations

import msgspec
import pytest

from kfm_audit.alarmtests.alarms import LoadedAlarms, Team, load_alarms
from kfm_audit.cli import main
from kfm_audit.policy.load import load_policy

SOURCES = """
variable "env" { type = string }
resource "aws_sqs_queue" "soils" { name = "${var.env}-soils" }
resource "aws_cloudwatch_metric_alarm" "age" {
  alarm_name          = "${var.env}-age"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  dimensions          = { QueueName = "${var.env}-soils" }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 300
}
"""
CONFIG = """
policy = "team.yaml"

[[stack]]
root = "infra"
name = "prod"
variable-files = ["infra/prod.tfvars"]
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "main.tf").write_text(SOURCES)
    (tmp_path / "infra" / "prod.tfvars").write_text('env = "prod"\n')
    (tmp_path / "kfm-audit.toml").write_text(CONFIG)
    (tmp_path / "team.yaml").write_text("policy: 1\nextends: kfm-v11\n")
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KFM_AUDIT_CONFIG", raising=False)
    return tmp_path


def resources(capsys, *words):
    code = main(["drill", *words, "--output", "json"])
    said = capsys.readouterr()
    if code not in (0, 1):
        return code, said.err
    document = msgspec.json.decode(said.out)
    return code, {(entry["resource"], entry["now"] is not None) for entry in document["entries"]}


def test_the_stacks_of_the_config_give_variables_their_values(project, capsys) -> None:
    assert resources(capsys, "infra") == (0, {("aws_sqs_queue.soils", True)})
    code, said = resources(capsys, "infra", "--isolated")
    assert code == 3, "without the variable file, no queue has a name"
    assert "no queue or function" in said


def test_what_is_compared_with_is_read_by_the_same_team(project, capsys) -> None:
    assert resources(capsys, "infra", "--against", "infra") == (0, {("aws_sqs_queue.soils", True)})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--policy", "none.yaml"), "none.yaml"),
        (("--config", "none.toml"), "none.toml"),
        (("--config", "infra/pyproject.toml"), "has no table [tool.kfm-audit]"),
    ],
)
def test_a_policy_or_a_config_that_is_none_is_wrong_usage(project, capsys, words, said) -> None:
    (project / "infra" / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    code, message = resources(capsys, "infra", *words)
    assert code == 2
    assert said in message


def test_a_policy_that_is_wrong_is_wrong_usage(project, capsys) -> None:
    (project / "team.yaml").write_text("policy: 1\nextends: kfm-v11\nalarms: {contrct: {}}\n")
    code, message = resources(capsys, "infra")
    assert code == 2
    assert "team.yaml" in message


def test_the_policy_is_the_team_s(project) -> None:
    policy = load_policy("team.yaml").policy
    loaded = load_alarms(project / "infra", project, none_too=True, team=Team(policy))
    assert isinstance(loaded, LoadedAlarms)
    assert loaded.evidence.policy is policy
    assert "oldest-age-high" in loaded.evidence.policy.alarms.contract
