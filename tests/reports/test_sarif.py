import gzip
import os
import re
import subprocess
from pathlib import Path
from urllib.parse import unquote

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from kfm_audit.findings.finding import LocatedRelated, Severity
from kfm_audit.inputs import KINDS
from kfm_audit.reports import FORMATS
from kfm_audit.reports.sarif import GENERATED, RESULTS_KEPT, RUN_ITSELF, render
from kfm_audit.rules.registry import built_in_rules
from kfm_audit.values import Location
from tests.reports.builder import (
    FAILED,
    NOTHING_CHECKED,
    PENDING,
    RULES,
    SUPPRESSED,
    UNDECIDED,
    UNREADABLE,
    finding,
    full_report,
    many,
    report,
    view,
)
from tests.reports.hostile import reports
from tests.reports.snapshots import assert_same

SCHEMA = msgspec.json.decode((Path(__file__).parent / "third_party/sarif-2.1.0.json").read_bytes())
VALIDATOR = jsonschema_rs.validator_for(SCHEMA, validate_formats=True)
TOOLS = Path(os.environ.get("KFM_AUDIT_TOOLS") or Path.home() / ".cache/kfm-audit-tools")
MULTITOOL = TOOLS / "node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool"


def decoded(text):
    """The one run of a log that is valid, and that GitHub would not refuse."""
    log = msgspec.json.decode(text)
    VALIDATOR.validate(log)
    (run,) = log["runs"]
    for result in run["results"]:
        (location,) = result["locations"]
        for each in (location, *result.get("relatedLocations", ())):
            assert_is_shown_by_github(each["physicalLocation"])
    return run


def assert_is_shown_by_github(place):
    uri = place["artifactLocation"]["uri"]
    assert re.fullmatch(r"[A-Za-z0-9._~%/-]+", uri), uri
    assert not uri.startswith("/")
    assert ".." not in uri.split("/")
    region = place["region"]
    assert list(region) == ["startLine", "startColumn", "endLine", "endColumn"]
    assert min(region.values()) >= 1
    assert (region["endLine"], region["endColumn"]) >= (region["startLine"], region["startColumn"])


def run(*args, **changes):
    return decoded(render(report(*args), view(**changes)))


def result(settled, **changes):
    (made,) = run(settled, **changes)["results"]
    return made


def test_one_finding_of_every_sort():
    text = FORMATS["sarif"].render(full_report(), view(people=False, show_suppressed=True))
    decoded(text)
    assert_same("full.sarif", text)


def test_rules_come_from_the_catalogue_whatever_was_found():
    assert run(FAILED)["tool"] == run()["tool"]
    assert [rule["id"] for rule in run()["tool"]["driver"]["rules"]] == [rule.id for rule in RULES]


def test_every_rule_that_ships_has_the_texts_that_github_demands():
    rules = decoded(render(report(rules=built_in_rules()), view()))["tool"]["driver"]["rules"]
    assert rules
    for rule in rules:
        assert 0 < len(rule["shortDescription"]["text"]) <= 1024
        assert 0 < len(rule["fullDescription"]["text"]) <= 1024
        assert "## Why" in rule["help"]["markdown"]
        assert len(rule["properties"]["tags"]) <= 10


@pytest.mark.parametrize(
    ("settled", "level"),
    [
        (FAILED, "error"),
        (finding(severity=Severity.WARNING), "warning"),
        (finding(severity=Severity.NOTE), "note"),
        (UNDECIDED, "note"),
        (PENDING, "note"),
    ],
)
def test_only_failures_have_a_level_above_note(settled, level):
    assert result(settled)["level"] == level


def test_the_message_is_a_title_and_links():
    assert result(FAILED)["message"]["text"] == (
        "aws_cloudwatch_metric_alarm.ingest_errors notifies no SNS topic. "
        "Help: Set alarm_actions to the ARN of the team's topic, such as [aws_sns_topic.alerts.arn]. "
        "See [the topic that the other alarms notify](1)."
    )
    assert [each["id"] for each in result(FAILED)["relatedLocations"]] == [1]
    assert result(UNDECIDED)["message"]["text"].startswith("Undecided: module.ingest.")


def test_a_text_makes_no_link_of_its_own():
    made = result(finding(message="see [this](2)", related=(LocatedRelated("a](9) [b", Location("x")),)))
    links = re.findall(r"\]\((\d+)\)", made["message"]["text"])
    assert links == ["1"]


@pytest.mark.parametrize(
    ("at", "uri", "region"),
    [
        (Location("a b/ü%.tf", 3, 5, 3, 9), "a%20b/%C3%BC%25.tf", (3, 5, 3, 9)),
        (Location("a.tf"), "a.tf", (1, 1, 1, 1)),
        (Location("a.tf", 7), "a.tf", (7, 1, 7, 1)),
        (Location("a.tf", 7, 9, 3, 2), "a.tf", (7, 9, 7, 9)),
        (Location("./x//a.tf", 7, 9, 8, 1), "x/a.tf", (7, 9, 8, 1)),
        (Location("../plans/a.json", 7), "outside-repository/plans/a.json", (7, 1, 7, 1)),
        (Location("/tmp/a.json", 7), "outside-repository/tmp/a.json", (7, 1, 7, 1)),
        (Location("C:/tmp/a.json", 7), "outside-repository/C%3A/tmp/a.json", (7, 1, 7, 1)),
        (Location("-", 7), "-", (7, 1, 7, 1)),
        (Location("bad\udcff.tf", 7), "bad%3F.tf", (7, 1, 7, 1)),
        (Location(""), RUN_ITSELF, (1, 1, 1, 1)),
        (Location("."), RUN_ITSELF, (1, 1, 1, 1)),
    ],
)
def test_every_place_is_a_whole_physical_location(at, uri, region):
    place = result(finding(at=at))["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == uri
    assert tuple(place["region"].values()) == region


def test_paths_are_relative_to_the_repository():
    place = result(FAILED, relative_to_repository=lambda path: f"platform/{path}")["locations"][0]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "platform/infra/prod/alarms.tf"


def test_github_hashes_the_lines_of_files_that_are_checked_in():
    assert result(FAILED)["partialFingerprints"] == {"kfmAudit/v1": FAILED.finding.fingerprint}


def test_the_kinds_that_count_as_generated_exist():
    assert {kind.name for kind in KINDS} >= GENERATED


def test_lines_of_generated_files_bring_a_hash_that_no_line_number_is_in():
    here = finding(at=Location("infra/prod/tfplan.json", 1, 4000, 1, 4004))
    there = finding(at=Location("infra/prod/tfplan.json", 1, 9000, 1, 9004))
    digest = here.finding.fingerprint.removeprefix("v1:")
    assert re.fullmatch("[0-9a-f]{32}", digest)
    assert [each["partialFingerprints"] for each in run(here, there)["results"]] == [
        {"kfmAudit/v1": f"v1:{digest}", "primaryLocationLineHash": f"{digest}:1"},
        {"kfmAudit/v1": f"v1:{digest}", "primaryLocationLineHash": f"{digest}:2"},
    ]


def test_what_is_suppressed_is_left_out_unless_asked_for():
    """GitHub takes no notice of `suppressions`: it would open an alert for each."""
    assert run(SUPPRESSED)["results"] == []
    assert result(SUPPRESSED, show_suppressed=True)["suppressions"] == [
        {
            "kind": "inSource",
            "status": "accepted",
            "justification": "the canary is watched by a person until March",
            "properties": {"expires": "2026-03-31", "owner": "team-ingest"},
        }
    ]


@pytest.mark.parametrize(("code", "successful"), [(0, True), (1, True), (3, False), (4, False), (5, False)])
def test_a_run_that_could_not_check_was_not_successful(code, successful):
    (invocation,) = decoded(render(report(exit_code=code), view()))["invocations"]
    assert invocation == {"executionSuccessful": successful, "exitCode": code}


def test_what_hindered_the_audit_is_a_notification_and_a_result():
    made = run(UNREADABLE, NOTHING_CHECKED, FAILED)
    notifications = made["invocations"][0]["toolExecutionNotifications"]
    assert [each["associatedRule"] for each in notifications] == [
        {"id": "SYS004", "index": 4},
        {"id": "SYS001", "index": 3},
    ]
    assert len(made["results"]) == 3


def test_a_rule_that_is_not_in_the_catalogue_has_no_index():
    assert "ruleIndex" not in result(finding("XXX999"))
    assert result(UNREADABLE)["ruleIndex"] == 3


def test_the_category_holds_a_slash():
    assert run(category="pr")["automationDetails"] == {"id": "kfm-audit/pr/"}


def test_the_worst_of_too_many_are_kept_and_the_rest_is_said():
    notes = many(RESULTS_KEPT, severity=Severity.NOTE)
    text = render(report(*notes, FAILED, finding(subject="w", severity=Severity.WARNING)), view())
    made = decoded(text)
    assert len(made["results"]) == RESULTS_KEPT
    assert [each["level"] for each in made["results"][:3]] == ["error", "warning", "note"]
    (notification,) = made["invocations"][0]["toolExecutionNotifications"]
    assert notification["message"]["text"] == (
        "2 of 5002 findings are not in this file, the least severe ones: GitHub keeps 5000 of a run. "
        "--output json has them all."
    )
    assert len(gzip.compress(text.encode())) < 10_000_000


def test_five_thousand_findings_with_long_texts_are_within_what_github_takes():
    long = [
        replace(each, finding=replace(each.finding, message=f"{number} " + os.urandom(3000).hex()))
        for number, each in enumerate(many(RESULTS_KEPT))
    ]
    assert len(gzip.compress(render(report(*long), view()).encode())) < 10_000_000


@settings(deadline=None)
@given(reports())
def test_whatever_the_texts_the_log_is_valid(hostile):
    text = render(hostile, view(show_suppressed=True))
    made = decoded(text)
    assert len(made["results"]) == len(hostile.findings)
    assert "##[" not in text
    for each in made["results"]:
        links = re.findall(r"\]\(([^)]*)\)", each["message"]["text"])
        assert links == [str(related["id"]) for related in each.get("relatedLocations", ())]
        assert unquote(each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])


@pytest.fixture(scope="module")
def multitool():
    if not MULTITOOL.exists():
        pytest.skip(f"no SARIF validator at {MULTITOOL}: run tests/tools/install.sh")
    return MULTITOOL


def validated(multitool, folder, text):
    """What Microsoft's validator says: its exit code is 0 whatever it finds, so its own log is read."""
    (folder / "in.sarif").write_text(text, encoding="utf-8")
    subprocess.run(
        [multitool, "validate", "in.sarif", "--rule-kind", "Sarif;Ghas", "--output", "out.sarif",
         "--log", "ForceOverwrite"],
        cwd=folder, check=True, capture_output=True, timeout=120,
        env={"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1", "PATH": os.environ["PATH"]},
    )  # fmt: skip
    (made,) = msgspec.json.decode((folder / "out.sarif").read_bytes())["runs"]
    assert made["invocations"][0]["executionSuccessful"]
    return [(each["ruleId"], each.get("level", "warning")) for each in made["results"]]


@pytest.mark.parametrize(
    "made",
    [
        full_report(),
        report(),
        report(NOTHING_CHECKED, inputs=(), exit_code=3),
        report(rules=built_in_rules()),
    ],
    ids=["full", "empty", "nothing-checked", "rules-that-ship"],
)
def test_githubs_rules_are_kept(multitool, tmp_path, made):
    assert validated(multitool, tmp_path, render(made, view(show_suppressed=True))) == []


def test_the_validator_would_have_told(multitool, tmp_path):
    log = msgspec.json.decode(render(report(FAILED), view()))
    del log["runs"][0]["tool"]["driver"]["rules"][0]["help"]
    log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 20
    found = dict(validated(multitool, tmp_path, msgspec.json.encode(log).decode()))
    assert "error" in found.values()
