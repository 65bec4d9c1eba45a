"""Findings accepted on purpose: by entry, by comment, by baseline."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.globs import glob
from kfm_audit.rules.registry import built_in_rules
from tests.action.plans import DEAF, one_alarm
from tests.cli.test_exit_codes import POLICY, RESET

ALARM = "aws_cloudwatch_metric_alarm.ingest_errors"
ROLLBACK = "lakefs://kfm/env-prod@0b1e"
NOW = "2026-02-28T12:00:00Z"


def entry(
    rule="ALM001", subject=ALARM, reason="the vendor pages the on-call", owner="data", expires="2026-03-31"
):
    keys = {"rule": rule, "subject": subject, "reason": reason, "owner": owner, "expires": expires}
    return "[[suppress]]\n" + "".join(
        f"{key} = {json.dumps(value)}\n" for key, value in keys.items() if value
    )


def judged(project, *arguments, now=NOW):
    """Exit code, and rule, subject, message and acceptance of all findings."""
    code, report = project.report("--now", now, "--show-suppressed", *arguments)
    return code, [
        (one["rule"], one["subject"], one["message"], one["suppression"] and one["suppression"]["reason"])
        for one in report["findings"]
    ]


DEAF_FINDING = ("ALM001", ALARM, "notifies no SNS topic: alarm_actions is not set")


@pytest.fixture
def deaf(project):
    """A plan with one finding, in the root module that `main.tf` shows."""
    project.write("tfplan.json", DEAF)
    return project


def test_a_whole_entry_holds(deaf):
    deaf.write("kfm-audit.toml", entry())
    assert judged(deaf) == (0, [(*DEAF_FINDING, "the vendor pages the on-call")])
    _, report = deaf.report("--now", NOW, "--show-suppressed")
    assert report["findings"][0]["suppression"] == {
        "by": "config",
        "reason": "the vendor pages the on-call",
        "owner": "data",
        "expires": "2026-03-31",
    }
    assert report["summary"]["suppressed"] == 1
    assert report["summary"]["findings"] == {"error": 0, "warning": 0, "note": 0}


def test_a_suppressed_finding_is_counted_and_not_shown(deaf):
    deaf.write("kfm-audit.toml", entry())
    _, report = deaf.report("--now", NOW)
    assert report["findings"] == []
    assert report["summary"]["suppressed"] == 1


@pytest.mark.parametrize("rule", ["ALM001", "alarm-without-sns-action"])
def test_a_rule_is_named_by_id_or_name(deaf, rule):
    deaf.write("kfm-audit.toml", entry(rule=rule))
    assert judged(deaf)[0] == 0


def test_owner_and_expiry_may_be_left_out(deaf):
    deaf.write("kfm-audit.toml", entry(owner="", expires=""))
    assert judged(deaf) == (0, [(*DEAF_FINDING, "the vendor pages the on-call")])


@pytest.mark.parametrize("reason", ["", "   "])
def test_without_a_reason_it_does_not_hold(deaf, reason):
    deaf.write("kfm-audit.toml", entry(reason="").replace("owner", f"reason = {json.dumps(reason)}\nowner"))
    assert judged(deaf) == (
        1,
        [
            ("SYS008", f"ALM001 {ALARM}", "lacks a reason, and does not hold", None),
            (*DEAF_FINDING, None),
        ],
    )


@pytest.mark.parametrize(
    ("now", "holds"),
    [
        ("2026-03-30T00:00:00Z", True),
        ("2026-03-31T00:00:00Z", True),
        ("2026-03-31T23:59:59Z", True),
        ("2026-04-01T00:00:00Z", False),
        ("2026-03-31T23:30:00-01:00", False),
        ("2026-04-01T01:00:00+02:00", True),
    ],
)
def test_it_holds_through_its_last_day_in_utc(deaf, now, holds):
    deaf.write("kfm-audit.toml", entry(expires="2026-03-31"))
    if holds:
        assert judged(deaf, now=now) == (0, [(*DEAF_FINDING, "the vendor pages the on-call")])
    else:
        assert judged(deaf, now=now) == (
            1,
            [
                ("SYS007", f"ALM001 {ALARM}", "expired on 2026-03-31", None),
                (*DEAF_FINDING, None),
            ],
        )


def test_a_date_of_toml_is_a_date(deaf):
    deaf.write("kfm-audit.toml", entry(expires="").replace("owner", "expires = 2026-03-31\nowner"))
    assert judged(deaf) == (0, [(*DEAF_FINDING, "the vendor pages the on-call")])
    assert judged(deaf, now="2026-04-01T00:00:00Z")[0] == 1


@pytest.mark.parametrize(
    "expires", ["2026-02-30", "soon", "2026-3-1", "20260331", "2026-W10-1", "2026-03-31T10:00:00Z"]
)
def test_a_day_that_is_none_does_not_hold(deaf, expires):
    deaf.write("kfm-audit.toml", entry(expires=expires))
    code, findings = judged(deaf)
    assert code == 1
    assert [one[0] for one in findings] == ["SYS008", "ALM001"]
    assert f"`expires` is {expires!r}; write 2027-01-31" in findings[0][2]


def test_one_that_matches_nothing_is_found(deaf):
    deaf.write("kfm-audit.toml", entry(subject=f"{ALARM}.gone"))
    assert judged(deaf) == (
        1,
        [("SYS006", f"ALM001 {ALARM}.gone", "matches no finding", None), (*DEAF_FINDING, None)],
    )


def test_a_rule_that_did_not_run_leaves_none_unused(deaf):
    deaf.write("kfm-audit.toml", entry() + entry(rule="LFS001", subject=ROLLBACK))
    assert judged(deaf) == (0, [(*DEAF_FINDING, "the vendor pages the on-call")])
    assert judged(deaf, "--select", "ALM003") == (0, [])


def test_a_run_on_a_part_leaves_none_unused(deaf):
    deaf.repository()
    deaf.write("other/tfplan.json", one_alarm("arn:aws:sns:eu-central-1:111122223333:oncall"))
    deaf.write("kfm-audit.toml", entry())
    assert judged(deaf, "other") == (0, [])
    assert judged(deaf, ".")[0] == 0


def test_a_rule_that_does_not_exist(deaf):
    deaf.write("kfm-audit.toml", entry(rule="ALM0001"))
    code, findings = judged(deaf)
    assert code == 1
    assert [one[:2] for one in findings] == [("SYS008", f"ALM0001 {ALARM}"), ("ALM001", ALARM)]


def test_faults_of_entries_are_warnings(deaf):
    deaf.write("kfm-audit.toml", entry() + entry(rule="ALM003"))
    code, report = deaf.report("--now", NOW)
    assert [(one["rule"], one["severity"]) for one in report["findings"]] == [("SYS006", "warning")]
    assert code == 0
    assert deaf.check("--now", NOW, "--fail-on", "warning").code == 1


def test_what_is_said_of_the_audit_itself_is_never_suppressed(project):
    project.write("tfplan.json", DEAF[:-100])
    project.write("kfm-audit.toml", entry(rule="SYS001", subject="*"))
    assert judged(project)[0] == 4


# --- globs ---


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ('aws_sns_topic.a["x"]', 'aws_sns_topic.a["x"]', True),
        ("aws_sns_topic.a[*]", 'aws_sns_topic.a["x"]', True),
        ("aws_sns_topic.a[0]", "aws_sns_topic.a0", False),
        ("a[0-9]", "a5", False),
        ("a[!b]", "ac", False),
        ("*", 'module.m["a/b"].x.y', True),
        ("module.*.x", "module.m.n.x", True),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("a", "ab", False),
        ("a.c", "abc", False),
        ("a*", "a\nb", True),
        ("(a|b)", "a", False),
        ("", "", True),
        ("", "a", False),
    ],
)
def test_only_star_and_question_mark_are_special(pattern, text, matches):
    assert bool(glob(pattern).fullmatch(text)) is matches


@given(st.text())
def test_a_text_without_them_matches_itself_only(text):
    pattern = text.replace("*", "x").replace("?", "x")
    assert glob(pattern).fullmatch(pattern)
    assert not glob(pattern).fullmatch(pattern + "x")


def renamed(change, subject):
    """The same alarm at another address, under a name of its own."""
    planned = change["change"]
    after = {**planned["after"], "alarm_name": f"prod-{subject}"}
    return {**change, "address": subject, "change": {**planned, "after": after}}


def test_a_glob_suppresses_instances_of_a_module(project):
    plan = json.loads(DEAF)
    (change,) = plan["resource_changes"]
    subjects = ['module.a["x"].aws_cloudwatch_metric_alarm.b', 'module.a["y"].aws_cloudwatch_metric_alarm.b']
    plan["resource_changes"] = [renamed(change, subject) for subject in subjects]
    project.write("tfplan.json", json.dumps(plan))
    project.write("kfm-audit.toml", entry(subject='module.a["x"].*'))
    code, findings = judged(project)
    assert code == 1
    assert [(subject, reason is not None) for _, subject, _, reason in findings] == [
        (subjects[0], True),
        (subjects[1], False),
    ]


# --- one event at a time ---


def test_the_rules_of_rollbacks_are_accepted_singly():
    singly = {rule.id for rule in built_in_rules() if rule.singly}
    assert singly == {"LFS001", "LFS002", "LFS003", "LFS004", "LFS008"}


@pytest.fixture
def rolled_back(project):
    project.write("lakefs/audit.jsonl", RESET.replace("jane.doe", "mallory"))
    project.write("ours.yaml", POLICY)
    return project


def unlisted(project):
    _, findings = judged(project, "--policy", "ours.yaml", "--select", "LFS001")
    return [
        (rule, message.partition(",")[0] if rule == "SYS008" else subject, reason)
        for rule, subject, message, reason in findings
    ]


def test_one_event_with_owner_and_expiry_is_accepted(rolled_back):
    rolled_back.write("kfm-audit.toml", entry(rule="LFS001", subject=ROLLBACK))
    assert unlisted(rolled_back) == [("LFS001", ROLLBACK, "the vendor pages the on-call")]


@pytest.mark.parametrize(
    ("lacking", "message"),
    [
        (
            {"subject": "*"},
            "lacks a single event as its subject: this rule is suppressed one event at a time",
        ),
        (
            {"subject": "lakefs://kfm/env-prod@0b1?"},
            "lacks a single event as its subject: this rule is suppressed one event at a time",
        ),
        ({"owner": ""}, "lacks an owner"),
        ({"expires": ""}, "lacks an expiry"),
        ({"reason": ""}, "lacks a reason"),
    ],
)
@pytest.mark.parametrize("rule", ["LFS001", "rollback-by-unlisted-role"])
def test_anything_less_does_not_hold(rolled_back, rule, lacking, message):
    rolled_back.write("kfm-audit.toml", entry(**{"rule": rule, "subject": ROLLBACK, **lacking}))
    assert unlisted(rolled_back) == [("SYS008", message, None), ("LFS001", ROLLBACK, None)]


def test_a_baseline_does_not_hold_for_them(rolled_back):
    arguments = ("--now", NOW, "--policy", "ours.yaml", "--select", "LFS001,LFS005")
    rolled_back.check("--output", "json=baseline.json", *arguments)
    code, report = rolled_back.report("--baseline", "baseline.json", *arguments)
    assert code == 1
    assert [(one["rule"], one["baseline"]) for one in report["findings"]] == [("LFS001", "new")]


def test_what_is_pending_is_not_suppressed(rolled_back):
    rolled_back.write("kfm-audit.toml", entry(rule="LFS002", subject=ROLLBACK, expires="2026-12-31"))
    now = "2026-01-30T04:00:00Z"
    _, report = rolled_back.report(
        "--now", now, "--policy", "ours.yaml", "--select", "LFS002", "--show-suppressed"
    )
    assert [(one["rule"], one["verdict"], one["suppression"]) for one in report["findings"]] == [
        ("LFS002", "pending", None)
    ]


# --- comments ---

SOURCE = 'resource "aws_cloudwatch_metric_alarm" "ingest_errors" {\n  alarm_name = "prod-ingest-errors"\n}\n'


def test_a_comment_suppresses_what_stands_below_it(deaf):
    deaf.write(
        "main.tf",
        f'# kfm-audit: ignore[ALM001] reason="scaling only" owner="data" expires=2026-03-31\n{SOURCE}',
    )
    code, report = deaf.report("--now", NOW, "--show-suppressed")
    assert code == 0
    assert [one["suppression"] for one in report["findings"]] == [
        {"by": "inline", "reason": "scaling only", "owner": "data", "expires": "2026-03-31"}
    ]
    assert judged(deaf, now="2026-04-01T00:00:00Z")[0] == 1


def test_a_comment_without_a_reason_is_found(deaf):
    deaf.write("main.tf", f"# kfm-audit: ignore[ALM001]\n{SOURCE}")
    code, report = deaf.report("--now", NOW)
    assert code == 1
    assert {
        (one["rule"], one["location"]["path"], one["location"]["line"]) for one in report["findings"]
    } == {
        ("SYS008", "main.tf", 1),
        ("ALM001", "main.tf", 2),
    }


def test_a_comment_in_the_wrong_place_is_found(deaf):
    deaf.write(
        "main.tf",
        f'{SOURCE}\n# kfm-audit: ignore[ALM001] reason="scaling only"\nresource "aws_sns_topic" "a" {{}}\n',
    )
    code, report = deaf.report("--now", NOW)
    assert code == 1
    assert [(one["rule"], one["location"]["line"]) for one in report["findings"]] == [
        ("ALM001", 1),
        ("SYS006", 5),
    ]


# --- baseline ---


def test_known_findings_fail_nothing(deaf):
    deaf.check("--output", "json=baseline.json", "--quiet")
    code, report = deaf.report("--baseline", "baseline.json")
    assert code == 0
    assert [(one["rule"], one["baseline"]) for one in report["findings"]] == [("ALM001", "known")]
    summary = report["summary"]
    assert (summary["known"], summary["new"], summary["resolved"]) == (1, 0, 0)


def test_a_new_finding_fails_beside_known_ones(deaf):
    deaf.check("--output", "json=baseline.json", "--quiet")
    deaf.write("other/tfplan.json", DEAF)
    code, report = deaf.report("--baseline", "baseline.json")
    assert code == 1
    assert [(one["location"]["path"], one["baseline"]) for one in report["findings"]] == [
        ("other/tfplan.json", "new"),
        ("tfplan.json", "known"),
    ]


def test_resolved_ones_are_counted(deaf):
    deaf.check("--output", "json=baseline.json", "--quiet")
    deaf.write("tfplan.json", one_alarm("arn:aws:sns:eu-central-1:111122223333:oncall"))
    code, report = deaf.report("--baseline", "baseline.json")
    assert (code, report["summary"]["resolved"]) == (0, 1)


def test_inserted_lines_leave_a_baseline_alone(deaf):
    deaf.check("--output", "json=baseline.json", "--quiet")
    deaf.write("tfplan.json", "\n\n" + json.dumps(json.loads(DEAF), indent=8))
    assert deaf.report("--baseline", "baseline.json")[0] == 0


def test_a_baseline_is_a_multiset(deaf):
    """Two findings of one fingerprint need two entries; a third is new."""
    plan = json.loads(DEAF)
    plan["resource_changes"] *= 2
    deaf.write("tfplan.json", json.dumps(plan))
    deaf.check("--output", "json=baseline.json", "--quiet")
    assert deaf.report("--baseline", "baseline.json")[0] == 0
    plan["resource_changes"].append(plan["resource_changes"][0])
    deaf.write("tfplan.json", json.dumps(plan))
    code, report = deaf.report("--baseline", "baseline.json")
    assert code == 1
    assert sorted(one["baseline"] for one in report["findings"]) == ["known", "known", "new"]


def test_what_was_suppressed_is_no_part_of_a_baseline(deaf):
    deaf.write("kfm-audit.toml", entry())
    deaf.check("--now", NOW, "--show-suppressed", "--output", "json=baseline.json", "--quiet")
    (deaf.folder / "kfm-audit.toml").unlink()
    assert deaf.report("--baseline", "baseline.json")[0] == 1
