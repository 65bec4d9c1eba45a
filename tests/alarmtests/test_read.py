"""A file of tests is read strictly, and what is wrong is said at its line."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.alarmtests.model import Fault, MetricKey, Suite
from kfm_audit.alarmtests.places import Place
from kfm_audit.alarmtests.read import read_suite
from kfm_audit.policy.yaml import read_yaml

ROOT = Path(__file__).parent.parent.parent
SCHEMA = json.loads((ROOT / "schemas" / "alarm-tests-v1.schema.json").read_text())

GOOD = """\
alarms: plan.json
evaluation_range: auto
tests:
  - name: an idle function does not page
    interval: 1m
    input_series:
      - {metric: AWS/Lambda Errors, dimensions: {FunctionName: ingest}, stat: Sum, values: "_x10"}
      - {namespace: My App/Prod, metric: Queue depth, stat: Maximum, values: 0x4}
    alarm_state_test:
      - {eval_time: 9m, alarm: ingest-error-ratio, initial_state: OK, exp_state: OK, exp_actions: []}
"""


def faults(text: str) -> list[tuple[int, int, str]]:
    found = read_suite("t.yaml", text.encode())
    assert isinstance(found, tuple), found
    assert all(isinstance(fault, Fault) and fault.path == "t.yaml" for fault in found)
    return [(fault.place.line, fault.place.column, fault.message) for fault in found]


def test_the_file_of_the_design_is_read():
    suite = read_suite("t.yaml", GOOD.encode())
    assert isinstance(suite, Suite)
    (test,) = suite.tests
    assert (test.name, test.interval, test.evaluation_range) == ("an idle function does not page", 60, 0)
    errors, depth = test.series
    assert errors.key == MetricKey("AWS/Lambda", "Errors", (("FunctionName", "ingest"),), "Sum")
    assert errors.values == (None,) * 10
    assert depth.key == MetricKey("My App/Prod", "Queue depth", (), "Maximum")
    assert depth.values == (0,) * 5, "a bare 0x4 is a number to YAML, and five zeros here"
    (assertion,) = test.assertions
    assert (assertion.eval_time, assertion.evaluate_from, assertion.written.exp_actions) == (540, None, ())
    assert assertion.at("exp_state") == Place(10, 71)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("exp_state", "exp_sate", (10, 71, "unknown key `exp_sate`: did you mean `exp_state`?")),
        ("exp_state: OK", "exp_state: FINE", (10, 71, "`FINE` is no value of this key")),
        ("exp_state: OK, ", "", (10, 9, "lacks the key `exp_state`")),
        ("stat: Sum, ", "", (7, 9, "lacks the key `stat`")),
        ("9m", "9x", (10, 10, "`9x` is no span of time")),
        ("interval: 1m", "interval: 0m", (5, 5, "an interval is longer than no time at all")),
        ("0x4", "0y4", (8, 70, "`0y4` is no value")),
        (
            "AWS/Lambda Errors",
            "Errors",
            (7, 10, "`Errors` has no namespace: write `metric: NAMESPACE Errors`"),
        ),
        ("evaluation_range: auto", "evaluation_range: 0", (2, 1, "")),
        ("evaluation_range: auto", "evaluation_rang: auto", (2, 1, "did you mean `evaluation_range`?")),
        (
            "initial_state: OK",
            "evaluate_from: 10m",
            (10, 52, "the first evaluation, at 10m, is after the last"),
        ),
        ("    interval: 1m\n", "    starts_at: soon\n", (5, 5, "`soon` is no time")),
        ("alarms: plan.json", "alarms: [plan.json]", (1, 1, "alarms: expected text, got a list")),
        ("tests:", "tests:\ntests:", (4, 1, "is not YAML: the key `tests` stands twice in one map")),
        ("tests:", "tests: [", (4, 3, "is not YAML: while parsing a flow node did not find expected")),
        ("9m", "99999999999d", (10, 10, "`99999999999d` is longer than a test may be, 100d")),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(old, new, expected):
    assert old in GOOD
    found = faults(GOOD.replace(old, new, 1))
    line, column, message = expected
    assert (found[0][:2], message in found[0][2]) == ((line, column), True), found


def test_a_file_in_latin_1_is_said_to_be_no_utf_8():
    assert read_suite("t.yaml", GOOD.replace("idle", "idlé").encode("latin-1")) == (
        Fault("t.yaml", Place(1, 1), "is not UTF-8: save it as UTF-8"),
    )


def test_all_faults_of_a_file_are_said_at_once():
    text = GOOD.replace("9m", "9x").replace("0x4", "0y4")
    assert [line for line, _, _ in faults(text)] == [8, 10]


def test_names_and_series_stand_once():
    twice = GOOD + GOOD[GOOD.index("  - name") :]
    assert faults(twice) == [
        (11, 5, "two tests are called `an idle function does not page`: the other is in line 4")
    ]
    series = (
        '      - {metric: AWS/Lambda Errors, dimensions: {FunctionName: ingest}, stat: Sum, values: "1"}\n'
    )
    assert faults(GOOD.replace("    alarm_state_test", series + "    alarm_state_test")) == [
        (9, 9, "the series AWS/Lambda Errors {FunctionName=ingest} Sum is given twice: see line 7")
    ]


def test_a_test_that_asserts_nothing_is_wrong():
    text = GOOD[: GOOD.index("    alarm_state_test")] + "    alarm_state_test: []\n"
    assert faults(text) == [(9, 5, "the test `an idle function does not page` asserts nothing")]


def test_the_schema_takes_what_the_reader_takes():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    validator = jsonschema.Draft202012Validator(SCHEMA)
    assert [error.message for error in validator.iter_errors(read_yaml(GOOD.encode()))] == []
    assert list(validator.iter_errors(read_yaml(GOOD.replace("exp_state", "exp_sate").encode())))


@given(st.binary(max_size=200))
def test_any_bytes_are_no_tests(data):
    found = read_suite("t.yaml", data)
    assert isinstance(found, tuple)
    assert found


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=8), below, max_size=3),
    max_leaves=8,
)


@given(JSON, JSON, JSON)
def test_wrong_types_at_every_level_are_faults(one, two, three):
    document = {"alarms": one, "tests": [{"name": "x", "input_series": two, "alarm_state_test": three}]}
    found = read_suite("t.yaml", json.dumps(document).encode())
    assert isinstance(found, Suite) or found


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [("tests: [", 1, 1), ("tests:\n  - name: x\n    series: {a: 1\n", 3, 13), ('alarms: "x', 1, 9)],
)
def test_what_is_left_open_is_shown_where_it_begins(text, line, column):
    ((at, beside, message),) = faults(text)
    assert (at, beside) == (line, column)
    assert message.endswith(": the file ends before a bracket or quotation mark is closed")


@pytest.mark.parametrize("text", ["&a [*a]", "a: &a {b: *a}", "[" * 300, "{" * 300, "- " * 300])
def test_hostile_documents_are_refused(text):
    assert faults(text)[0][2].startswith("is not YAML")


def test_aliases_that_blow_up_are_refused():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "an alias stands for" in faults("\n".join(lines))[0][2]
