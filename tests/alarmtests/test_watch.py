"""Tests are run again when a file changes that they hang on, and only then."""

from __future__ import annotations

import os

import pytest

from kfm_audit.alarmtests.watch import changed, snapshot, watch
from kfm_audit.cli import main
from kfm_audit.cli import test as command


def test_a_snapshot_sees_what_is_new_gone_and_different(tmp_path):
    plan, folder = tmp_path / "plan.json", tmp_path / "infra"
    folder.mkdir()
    plan.write_text("{}")
    (folder / "notes.txt").write_text("is no input")
    before = snapshot((plan, folder, tmp_path / "none"))
    assert changed(before, snapshot((plan, folder))) == ()
    (folder / "alarms.tf").write_text("")
    assert changed(before, snapshot((plan, folder))) == (folder / "alarms.tf",)
    with_source = snapshot((plan, folder))
    os.utime(plan, ns=(1, 1))
    (folder / "alarms.tf").unlink()
    assert changed(with_source, snapshot((plan, folder))) == (folder / "alarms.tf", plan)


def test_only_a_change_runs_again(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text("1")
    runs, said, looks = [], [], []

    def sleep(_seconds):
        looks.append(None)
        if len(looks) == 3:
            file.write_text("longer")
        if len(looks) == 5:
            raise KeyboardInterrupt

    def run():
        runs.append(None)
        return (file,)

    with pytest.raises(KeyboardInterrupt):
        watch(run, said.append, sleep)
    assert (len(runs), said) == (2, [(file,)])


def test_the_command_watches_the_plan_too(folder, capsys, monkeypatch):
    (folder / "alarms.test.yaml").write_text(
        "alarms: plan.json\ntests:\n  - name: a\n    input_series:\n"
        "      - {metric: AWS/Lambda Errors, dimensions: {FunctionName: ingest}, stat: Sum, values: 9x9}\n"
        "    alarm_state_test:\n      - {eval_time: 8m, alarm: kfm-prod-errors, exp_state: ALARM}\n"
    )
    looks = []

    def sleep(_seconds):
        looks.append(None)
        if len(looks) == 2:
            plan = folder / "plan.json"
            plan.write_text(plan.read_text().replace('"threshold": 5', '"threshold": 500'))
        if len(looks) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(command.time, "sleep", sleep)
    assert main(["test", "alarms.test.yaml", "--watch"]) == 0
    ran = capsys.readouterr()
    assert ran.out.startswith("The assertion holds.\n")
    assert "kfm-prod-errors is OK at 8m, expected ALARM" in ran.out
    assert "\nplan.json changed at " in ran.err


def test_a_file_that_is_away_for_a_moment_ends_nothing(folder, capsys, monkeypatch):
    text = (
        "alarms: plan.json\ntests:\n  - name: a\n    input_series:\n"
        "      - {metric: AWS/Lambda Errors, dimensions: {FunctionName: ingest}, stat: Sum, values: 9x9}\n"
        "    alarm_state_test:\n      - {eval_time: 8m, alarm: kfm-prod-errors, exp_state: ALARM}\n"
    )
    file = folder / "alarms.test.yaml"
    file.write_text(text)
    looks = []

    def sleep(_seconds):
        looks.append(None)
        match len(looks):
            case 1:
                file.unlink()
            case 2:
                file.write_text(text.replace("exp_state: ALARM", "exp_state: OK"))
            case 3:
                raise KeyboardInterrupt

    monkeypatch.setattr(command.time, "sleep", sleep)
    assert main(["test", "alarms.test.yaml", "--watch"]) == 0
    ran = capsys.readouterr()
    assert "kfm-audit: alarms.test.yaml: no such file or folder\n" in ran.err
    assert "kfm-prod-errors is ALARM at 8m, expected OK" in ran.out


def test_a_file_that_is_not_there_at_first_is_wrong_usage(folder, capsys):
    assert main(["test", "nowhere.yaml", "--watch"]) == 2
    assert capsys.readouterr().err == "kfm-audit: nowhere.yaml: no such file or folder\n"
