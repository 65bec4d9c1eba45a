"""JSON by its schema, JUnit by the schema of Jenkins, annotations by GitHub's rules; the drawing."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from lxml import etree

from kfm_audit.alarmtests.formats.drawing import drawn
from kfm_audit.alarmtests.observed import Evaluated, Observed

ROOT = Path(__file__).parent.parent.parent
SCHEMA = json.loads((ROOT / "schemas" / "report" / "test-json-v1.schema.json").read_text())
JUNIT = etree.XMLSchema(etree.parse(Path(__file__).parent / "third_party" / "jenkins-junit.xsd"))

TEXT = """\
alarms: plan.json
tests:
  - name: errors <page> & "more" \u00e9 \U0001f525
    input_series:
      - {metric: AWS/Lambda Errors, dimensions: {FunctionName: ingest}, stat: Sum, values: 0x4 9x5}
    alarm_state_test:
      - {eval_time: 8m, alarm: kfm-prod-errors, exp_state: ALARM}
      - {eval_time: 8m, alarm: kfm-prod-errors, exp_state: OK}
      - {eval_time: 8m, alarm: kfm-prod-nobody, exp_state: OK}
"""
UNREADABLE = TEXT.replace("plan.json", "none.json")
UNKNOWN_KEY = TEXT.replace("exp_state", "exp_sate")


@pytest.mark.parametrize("text", [TEXT, UNREADABLE, UNKNOWN_KEY, "[", "alarms: plan.json\ntests: []"])
def test_every_run_is_valid_by_its_schema(run, text):
    ran = run(text, "--output", "json", "--coverage-threshold", "90")
    validator = jsonschema.Draft202012Validator(SCHEMA)
    assert [error.message for error in validator.iter_errors(ran.json)] == []
    assert ran.json["summary"]["exit_code"] == ran.code
    document = etree.fromstring(run(text, "--output", "junit", "--coverage-threshold", "90").out.encode())
    assert JUNIT.validate(document), JUNIT.error_log


def test_json_says_all_there_is(run):
    report = run(TEXT, "--output", "json").json
    assert report["summary"] == {
        "files": 1, "assertions": 2, "hold": 1, "fail": 1, "unreadable": 0, "broken": 0, "faults": 1, "exit_code": 2,
    }  # fmt: skip
    assert report["coverage"]["untested"] == [
        {"alarms": "plan.json", "address": "aws_cloudwatch_metric_alarm.p90", "name": "kfm-prod-p90"},
        {"alarms": "plan.json", "address": "aws_cloudwatch_metric_alarm.silent", "name": "kfm-prod-silent"},
    ]
    (file,) = report["files"]
    assert [(fault["line"], fault["column"]) for fault in file["faults"]] == [(9, 25)]
    holds, fails = file["assertions"]
    assert (holds["outcome"], holds["mismatches"]) == ("holds", [])
    assert fails["mismatches"] == [
        {"key": "exp_state", "line": 8, "column": 49, "message": "is ALARM at 8m, expected OK"}
    ]
    actual = fails["actual"]
    assert actual["changes"] == [{"at": 180, "state": "OK"}, {"at": 480, "state": "ALARM"}]
    assert actual["actions"] == [{"at": 480, "state": "ALARM", "target": "aws_sns_topic.sev2"}]
    assert [(one["subscriber"], one["arrives"]) for one in actual["notifications"]] == [
        ("aws_sns_topic_subscription.pager", True),
        ("aws_sns_topic_subscription.mail", None),
    ]
    assert actual["timeline"][-1] == {
        "at": 480, "state": "ALARM", "value": 9.0, "breaching": True, "indeterminate": False
    }  # fmt: skip


def test_junit_counts_and_says_what_fails(run):
    document = etree.fromstring(run(TEXT, "--output", "junit", "--coverage-threshold", "90").out.encode())
    suites = document.findall("testsuite")
    assert [(s.get("name"), s.get("tests"), s.get("failures"), s.get("errors")) for s in suites] == [
        ("alarms.test.yaml", "3", "1", "1"),
        ("coverage", "1", "1", "0"),
    ]
    failure = suites[0].find("testcase/failure")
    assert failure.get("message") == "kfm-prod-errors is ALARM at 8m, expected OK"
    assert failure.text.startswith("alarms.test.yaml:8:49: kfm-prod-errors is ALARM at 8m, expected OK\n")
    assert "actual              OK  OK  OK  OK  OK  ALARM" in failure.text
    called = 'errors <page> & "more" \u00e9 \U0001f525: kfm-prod-errors at 8m'
    assert [case.get("name") for case in suites[0].findall("testcase")] == [
        "line 9",
        f"{called} (7:9)",
        f"{called} (8:9)",
    ]


def test_github_annotates_the_line(run, folder):
    (folder / ".git").mkdir()
    out = run(TEXT, "--output", "github").out.splitlines()
    assert len(out) == 2
    assert out[0].startswith(
        "::error file=alarms.test.yaml,line=9,col=25,title=file of alarm tests::no alarm is called"
    )
    assert out[1].startswith("::error file=alarms.test.yaml,line=8,col=49,title=errors <page>")
    assert "%0Aactual              OK" in out[1]


def test_github_says_how_many_are_left_out(run):
    assertion = TEXT.splitlines(keepends=True)[7]
    text = TEXT[: TEXT.index("      - {eval_time")] + assertion * 14
    out = run(text, "--output", "github").out.splitlines()
    assert len([line for line in out if line.startswith("::error ")]) == 10
    assert out[-1].startswith("4 of 14 messages are not annotated")


def observed(states: str) -> Observed:
    names = {"O": "OK", "A": "ALARM", "I": "INSUFFICIENT_DATA"}
    return Observed(
        initial_state="OK",
        evaluations=tuple(Evaluated(time=60 * at, state=names[one]) for at, one in enumerate(states)),
    )


def test_what_is_alike_is_drawn_once():
    assert list(drawn(None, observed("OOOOOOAAI"))) == [
        "time   0m  ...  5m     6m     7m      8m",
        "state  OK  ...  OK  ALARM  ALARM  NODATA",
    ]


def test_what_is_too_wide_is_drawn_in_several_rows():
    lines = list(drawn(None, observed("OAIOAI"), 40))
    assert lines == [
        "time   0m     1m      2m  3m     4m",
        "state  OK  ALARM  NODATA  OK  ALARM",
        "time       5m",
        "state  NODATA",
    ]


def test_a_long_drawing_shows_what_is_near_a_change():
    evaluations = tuple(
        Evaluated(time=60 * at, state="ALARM" if at >= 5000 else "OK", value=float(at)) for at in range(8640)
    )
    lines = list(drawn(None, Observed(initial_state="OK", evaluations=evaluations), 110))
    assert lines == [
        "time       0m  1m  ...  3d11h16m  3d11h17m  3d11h18m  3d11h19m  3d11h20m  3d11h21m  ...  5d23h55m  5d23h56m",
        "datapoint   0   1  ...      4996      4997      4998      4999      5000      5001  ...      8635      8636",
        "state      OK  OK  ...        OK        OK        OK        OK     ALARM     ALARM  ...     ALARM     ALARM",
        "time       5d23h57m  5d23h58m  5d23h59m",
        "datapoint      8637      8638      8639",
        "state         ALARM     ALARM     ALARM",
    ]


def test_a_flapping_alarm_is_drawn_in_part():
    times = next(iter(drawn(None, observed("OA" * 500), 10_000)))
    assert len(times.split()) < 50


def test_what_the_first_evaluation_saw_is_drawn_before_it(run):
    text = TEXT.replace("0x4 9x5", "9 0 0 9 9").replace("8m", "4m, evaluate_from: 4m")
    document = etree.fromstring(run(text, "--output", "junit").out.encode())
    assert document.find("testsuite/testcase/failure").text.splitlines()[1:6] == [
        "time        2m  3m     4m",
        "Errors Sum   0   0      9",
        "datapoint    0   0     9!  >= 5",
        "expected            ALARM",
        "actual                 OK",
    ]
