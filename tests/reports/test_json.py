import subprocess
import sys
from pathlib import Path

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given, settings

from kfm_audit.findings.finding import Severity, Verdict
from kfm_audit.reports import FORMATS
from tests.reports.builder import FAILED, NOTHING_CHECKED, SUPPRESSED, finding, full_report, report, view
from tests.reports.hostile import reports
from tests.reports.snapshots import assert_same

ROOT = Path(__file__).parents[2]
SCHEMA = msgspec.json.decode((ROOT / "schemas/report/json-v1.schema.json").read_bytes())
VALIDATOR = jsonschema_rs.validator_for(SCHEMA)
JSON = FORMATS["json"]


def render(*args, **changes):
    return JSON.render(report(*args), view(**changes))


def decoded(text):
    document = msgspec.json.decode(text)
    VALIDATOR.validate(document)
    return document


def test_the_whole_document():
    text = JSON.render(full_report(), view(show_suppressed=True))
    decoded(text)
    assert_same("full.json", text)


def test_a_run_that_found_nothing_to_check():
    text = JSON.render(report(NOTHING_CHECKED, inputs=(), facts={}, counts={}, exit_code=3), view())
    assert decoded(text)["findings"][0]["location"] == dict.fromkeys(
        ("path", "line", "column", "end_line", "end_column", "pointer")
    )


def test_keys_stand_in_the_order_of_the_contract():
    document = decoded(render(FAILED))
    assert list(document) == [
        "schema", "tool", "now", "window", "policy", "questions", "summary", "rules", "inputs", "ignored",
        "findings", "population",
    ]  # fmt: skip
    assert list(document["findings"][0]) == [
        "rule", "name", "severity", "verdict", "message", "help", "document", "subject", "stack", "attribute", "due",
        "location", "related", "fingerprint", "baseline", "suppression",
    ]  # fmt: skip


def test_json_follows_the_newest_version():
    assert JSON is FORMATS["json-v1"]


def test_the_summary_counts_what_is_not_shown_too():
    note = finding(severity=Severity.NOTE, subject="b")
    undecided = finding(verdict=Verdict.UNDECIDED, subject="c", known=True)
    document = decoded(render(FAILED, note, undecided, SUPPRESSED, min_severity=Severity.ERROR))
    assert [each["subject"] for each in document["findings"]] == [FAILED.finding.subject, "c"]
    assert document["summary"] == {
        "inputs": {"lakefs-log": 1, "telemetry": 1, "terraform-plan": 1, "unrecognised": 1},
        "facts": {"metric-alarm": 12, "rollback": 1, "topic": 2},
        "findings": {"error": 1, "warning": 0, "note": 1},
        "pending": 0,
        "undecided": 1,
        "suppressed": 1,
        "known": 1,
        "new": 2,
        "resolved": 0,
    }


def test_a_suppression_is_shown_where_it_is_asked_for():
    (shown,) = decoded(render(SUPPRESSED, show_suppressed=True))["findings"]
    assert shown["suppression"] == {
        "by": "inline",
        "reason": "the canary is watched by a person until March",
        "owner": "team-ingest",
        "expires": "2026-03-31",
    }
    assert decoded(render(SUPPRESSED))["findings"] == []


def test_the_schema_is_closed():
    def objects(node):
        if isinstance(node, dict):
            if node.get("type") == "object":
                yield node
            for value in node.values():
                yield from objects(value)
        elif isinstance(node, list):
            for value in node:
                yield from objects(value)

    found = list(objects(SCHEMA))
    assert len(found) > 10
    assert all("additionalProperties" in each for each in found)
    for each in found:
        if each["additionalProperties"] is False:
            # Left out where nothing owes alarms, so that a report without it stays as it was.
            optional = {"contract"} if each is SCHEMA else set()
            assert sorted({*each["required"], *optional}) == sorted(each["properties"])


@pytest.mark.parametrize("key", ["questions", "summary", "findings", "tool"])
def test_the_schema_refuses_what_lacks_a_key(key):
    document = decoded(render(FAILED))
    del document[key]
    assert not VALIDATOR.is_valid(document)


@settings(deadline=None)
@given(reports())
def test_whatever_the_texts_the_document_is_valid_and_harmless_where_it_is_printed(hostile):
    text = JSON.render(hostile, view(show_suppressed=True))
    document = decoded(text)
    assert not set(text) & {chr(code) for code in (*range(0x20), *range(0x7F, 0xA0), 0x202E)} - {"\n"}
    assert "##[" not in text
    shown = [each["subject"] for each in document["findings"]]
    whole = [each.finding.subject for each in hostile.findings]
    assert shown == [
        subject.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for subject in whole
    ]


def test_rendering_imports_nothing_heavy():
    code = """
import sys
from kfm_audit.reports import FORMATS
assert not {name for name in sys.modules if name.startswith("kfm_audit.reports.")}, "imported too early"
from tests.reports.builder import full_report, view
before = set(sys.modules)
FORMATS["json"].render(full_report(), view())
heavy = {"json", "rich", "yaml", "jsonschema", "jsonschema_rs", "urllib.parse", "dataclasses", "textwrap"}
assert not (set(sys.modules) - before) & heavy, (set(sys.modules) - before) & heavy
FORMATS["text"].render(full_report(), view(color=True))
assert "rich" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
