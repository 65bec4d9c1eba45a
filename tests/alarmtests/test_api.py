"""Teams test alarms beside their code: `kfm_audit.testing.load_alarms`."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kfm_audit.testing import AlarmTestError, load_alarms, metric

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "alarm-tests"
ERRORS = metric("AWS/Lambda Errors", "Sum", FunctionName="kfm-prod-ingest")
CALLS = metric("AWS/Lambda Invocations", "Sum", FunctionName="kfm-prod-ingest")


@pytest.fixture(scope="module")
def alarms():
    return load_alarms(EXAMPLE)


def test_what_an_alarm_does(alarms):
    run = alarms.run("kfm-prod-ingest-error-ratio", {ERRORS: "0x4 5x9", CALLS: (100,) * 15}, until="10m")
    assert run.state == "ALARM", run
    assert run.changes == (("5m", "OK"), ("8m", "ALARM"))
    assert (run.state_at("0m"), run.state_at("7m"), run.state_at("8m")) == (
        "INSUFFICIENT_DATA",
        "OK",
        "ALARM",
    )
    assert run.actions == ("aws_sns_topic.sev2",)
    assert run.notified == ("aws_sns_topic_subscription.pager",), "chat filters on what no alarm sends"
    (message,) = run.messages
    assert (message["AlarmName"], message["NewStateValue"]) == ("kfm-prod-ingest-error-ratio", "ALARM")
    assert run.reason.startswith("Threshold Crossed: 3 out of the last 5 datapoints [5.0")
    assert (run.indeterminate, run.warnings) == (False, ())
    assert str(run) == (
        "kfm-prod-ingest-error-ratio\n"
        "time              1m  ...   4m   5m   6m   7m     8m     9m    10m\n"
        "Errors Sum         0  ...    0    0    5    5      5      5      5\n"
        "Invocations Sum  100  ...  100  100  100  100    100    100    100\n"
        "datapoint          0  ...    0    0   5!   5!     5!     5!     5!  >= 2\n"
        "state                 ...        OK   OK   OK  ALARM  ALARM  ALARM"
    )


def test_states_before_and_the_clock_can_be_given(alarms):
    run = alarms.run(
        "kfm-prod-ingest-error-ratio",
        {ERRORS: "0x4 5x9", CALLS: "100x14"},
        until="8m",
        initial="OK",
        starts_at=datetime(2026, 1, 31, 9, 0, tzinfo=UTC),
    )
    assert "(31/01/26 09:07:00)" in run.reason
    composite = alarms.run(
        "kfm-prod-ingest-page",
        {},
        until="5m",
        initial="ALARM",
        initial_states={"kfm-prod-ingest-backlog": "ALARM"},
    )
    assert composite.state == "OK", composite


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (("kfm-prod-ingest-pge", {}, "9m"), "no alarm is called kfm-prod-ingest-pge: did you mean"),
        (("kfm-prod-ingest-backlog", {}, "9"), "`9` is no span of time"),
        (("kfm-prod-ingest-backlog", {}, "3m"), "is not evaluated until 3m"),
        (("kfm-prod-ingest-error-ratio", {ERRORS: "5y"}, "9m"), "`5y` is no value"),
        (
            (
                "kfm-prod-ingest-error-ratio",
                {metric("AWS/Lambda Error", "Sum", FunctionName="kfm-prod-ingest"): "1"},
                "9m",
            ),
            "no alarm reads AWS/Lambda Error {FunctionName=kfm-prod-ingest} Sum: did you mean AWS/Lambda Errors",
        ),
    ],
)
def test_what_cannot_be_run_raises(alarms, call, message):
    name, series, until = call
    with pytest.raises(AlarmTestError, match=re.escape(message)):
        alarms.run(name, series, until=until)


def test_alarms_that_cannot_be_read_raise(tmp_path):
    with pytest.raises(AlarmTestError, match=r"there is no such file or folder"):
        load_alarms(tmp_path / "plan.json")
    (tmp_path / "plan.json").write_text("{")
    with pytest.raises(AlarmTestError, match=r"plan\.json"):
        load_alarms(tmp_path / "plan.json")
    with pytest.raises(AlarmTestError, match="has no namespace"):
        metric("Errors", "Sum")
