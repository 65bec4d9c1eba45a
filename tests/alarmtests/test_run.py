"""`kfm-audit test` as people run it: exit codes, what is printed, coverage."""

from __future__ import annotations

import json

import pytest

from kfm_audit.alarmtests import observe
from kfm_audit.cli import main
from tests.alarmtests.conftest import PLAN, alarm, plan


def suite(
    assertion: str, values: str = "0x4 9x5", *, more: str = "", metric: str = "AWS/Lambda Errors"
) -> str:
    return f"""\
alarms: plan.json
{more}tests:
  - name: errors page
    input_series:
      - {{metric: {metric}, dimensions: {{FunctionName: ingest}}, stat: Sum, values: {values}}}
    alarm_state_test:
      - {{{assertion}}}
"""


HOLDS = suite("eval_time: 8m, alarm: kfm-prod-errors, exp_state: ALARM, exp_actions: [aws_sns_topic.sev2]")
FAILS = suite("eval_time: 8m, alarm: kfm-prod-errors, initial_state: OK, exp_state: OK, exp_actions: []")

DRAWN = """\
alarms.test.yaml:7:68: fails errors page
  kfm-prod-errors is ALARM at 8m, expected OK
  kfm-prod-errors takes aws_sns_topic.sev2 at 8m (ALARM), expected none
    7 | ...eval_time: 8m, alarm: kfm-prod-errors, initial_state: OK, exp_state: OK, exp_actions: []}
      |                                                              ^^^^^^^^^
    time        1m  2m  3m  4m  5m  6m  7m     8m
    Errors Sum   0   0   0   0   0   9   9      9
    datapoint    0   0   0   0   0  9!  9!     9!  >= 5
    expected             .   .   .   .   .     OK
    actual              OK  OK  OK  OK  OK  ALARM
  reason: Threshold Crossed: 3 datapoints [9.0 (01/01/70 00:07:00), 9.0 (01/01/70 00:06:00), 9.0
          (01/01/70 00:05:00)] were greater than or equal to the threshold (5.0).
  action: 8m ALARM: aws_sns_topic.sev2
  told: 8m ALARM: aws_sns_topic_subscription.pager gets it
  told: 8m ALARM: aws_sns_topic_subscription.mail may not get it: it gets nothing until somebody
        confirms it, which no input shows
"""


def test_what_holds_is_said_in_one_line(run):
    ran = run(HOLDS)
    assert (ran.code, ran.out) == (0, "The assertion holds.\n")
    assert ran.err == "1 assertion in 1 file: 1 holds.\n1 of 3 alarms are tested (33.3 %).\n"


def test_what_fails_is_drawn(run):
    ran = run(FAILS)
    assert (ran.code, ran.out) == (1, DRAWN)


def test_colour_is_for_terminals_and_can_be_forced_and_refused(run, monkeypatch):
    assert "\x1b" not in run(FAILS).out
    monkeypatch.setenv("FORCE_COLOR", "1")
    coloured = run(FAILS)
    assert "\x1b[1;31mfails\x1b[0m" in coloured.out
    assert "\x1b[1;31mALARM\x1b[0m" in coloured.out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in run(FAILS).out
    monkeypatch.delenv("NO_COLOR")
    assert "\x1b" not in run(FAILS, "--no-color").out


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        (HOLDS.replace("exp_state", "exp_sate"), 2, "did you mean `exp_state`?"),
        (
            HOLDS.replace("kfm-prod-errors", "kfm-prod-erors"),
            2,
            "no alarm is called kfm-prod-erors: did you mean",
        ),
        (
            HOLDS.replace("AWS/Lambda Errors", "AWS/Lambda Error"),
            2,
            "no alarm reads AWS/Lambda Error {FunctionName=ingest} Sum: did you mean AWS/Lambda Errors",
        ),
        (HOLDS.replace("stat: Sum", "stat: Average"), 2, "no alarm reads AWS/Lambda Errors"),
        (HOLDS.replace("    input_series", "    interval: 7s\n    input_series"), 2, "has a period of 60 s"),
        (HOLDS.replace("eval_time: 8m", "eval_time: 2m"), 2, "is not evaluated until 2m"),
        (HOLDS.replace("tests:", "assumptions: {young-breech: ok}\ntests:"), 2, "no assumption is called"),
        (
            HOLDS.replace("    input_series", "    initial_states: {nobody: OK}\n    input_series"),
            2,
            "is called nobody",
        ),
        (HOLDS.replace("plan.json", "plans.json"), 4, "plans.json: there is no such file or folder"),
        ("alarms: plan.json\ntests: []\n", 3, "No test was found in alarms.test.yaml."),
    ],
)
def test_exit_codes_and_what_they_mean(run, text, code, said):
    ran = run(text)
    # Paragraphs are wrapped: what is said is looked for without its lines.
    assert (ran.code, said in " ".join(ran.out.split())) == (code, True), ran.out
    assert "holds" not in ran.out


def test_alarms_that_cannot_be_read_are_no_pass(run, folder):
    for content in (
        '{"format_version": "1.2", "resource_changes": [',
        "{}",
        '{"format_version": "9.0"}',
        "\0",
    ):
        (folder / "plan.json").write_text(content)
        ran = run(HOLDS)
        assert ran.code == 4, content
        assert "plan.json" in ran.out


def test_a_plan_without_alarms_is_no_pass(run, folder):
    (folder / "plan.json").write_text(
        '{"format_version": "1.2", "terraform_version": "1.9", "resource_changes": []}'
    )
    ran = run(HOLDS)
    assert (ran.code, "plan.json: it holds no CloudWatch alarm" in ran.out) == (4, True)


def test_an_alarm_that_is_not_known_yet_cannot_be_evaluated(run, folder):
    plan = json.loads((folder / "plan.json").read_text())
    change = plan["resource_changes"][0]["change"]
    del change["after"]["threshold"]
    change["after_unknown"] = {"threshold": True}
    (folder / "plan.json").write_text(json.dumps(plan))
    ran = run(HOLDS)
    assert ran.code == 4
    assert "cannot be evaluated" in ran.out


def test_a_simulation_that_raises_is_a_defect_and_no_pass(run, monkeypatch):
    def broken(*_args, **_kwargs):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(observe, "simulate", broken)
    ran = run(HOLDS)
    assert ran.code == 5
    assert "a defect of ours: ZeroDivisionError: division by zero" in ran.out


def test_what_is_undocumented_holds_only_where_it_is_accepted(run):
    """The rule on premature alarms: `- - - - X` from OK is documented only as not ALARM."""
    text = suite(
        "eval_time: 5m, evaluate_from: 5m, alarm: kfm-prod-errors, initial_state: OK, exp_state: OK", "_x4 9"
    )
    ran = run(text)
    assert ran.code == 1
    said = " ".join(ran.out.split())
    assert "kfm-prod-errors is not settled by AWS's documents at 5m: young-breach" in said
    assert "`allow_indeterminate: true` accepts" in said
    assert "actual OK?" in said
    accepted = run(text.replace("exp_state: OK", "exp_state: OK, allow_indeterminate: true"))
    assert (accepted.code, "assumed: young-breach = retain (1 assertion)" in accepted.err) == (0, True)
    # Accepting what is assumed accepts no other state.
    other = run(text.replace("exp_state: OK", "exp_state: ALARM, allow_indeterminate: true"))
    assert other.code == 1
    # The assumption can be overridden.
    overridden = run(
        text.replace("tests:", "assumptions: {young-breach: insufficient-data}\ntests:").replace(
            "exp_state: OK", "exp_state: INSUFFICIENT_DATA, allow_indeterminate: true"
        )
    )
    assert overridden.code == 0, overridden.out


def test_what_hangs_on_the_evaluation_range_is_a_warning(run):
    """`9 _ _ _ _`: still in a range of five slots, out of one of four."""
    text = suite(
        "eval_time: 5m, evaluate_from: 5m, alarm: kfm-prod-errors, initial_state: OK, exp_state: ALARM",
        "9 _x4",
    )
    ran = run(text)
    assert ran.code == 0
    assert "warning: aws_cloudwatch_metric_alarm.errors would be INSUFFICIENT_DATA and not ALARM" in ran.out
    narrow = run(text.replace("tests:", "evaluation_range: 4\ntests:"))
    assert narrow.code == 1
    in_the_test = run(text.replace("    input_series", "    evaluation_range: 4\n    input_series"))
    assert in_the_test.code == 1


@pytest.mark.parametrize(
    ("assertion", "said"),
    [
        ("exp_actions: [kfm-prod-sev2]", ""),
        ("exp_actions: ['arn:aws:sns:us-east-1:111122223333:kfm-prod-sev2']", ""),
        ("exp_actions: [kfm-prod-sev3]", "takes aws_sns_topic.sev2 at 8m (ALARM), expected kfm-prod-sev3"),
        (
            "exp_actions: [aws_sns_topic.sev2, aws_sns_topic.sev2]",
            "expected aws_sns_topic.sev2, aws_sns_topic.sev2",
        ),
        ("exp_changes: [{at: 3m, state: OK}, {at: 8m, state: ALARM}]", ""),
        (
            "exp_changes: [{at: 8m, state: ALARM}]",
            "changes to OK at 3m, changes to ALARM at 8m, expected changes to",
        ),
        ("exp_changes: []", "expected no change"),
        ("exp_reason: 3 datapoints * were greater than or equal to the threshold (5.0)", ""),
        ("exp_reason: 4 datapoints", "gives as its reason: Threshold Crossed: 3 datapoints"),
        ("exp_notifications: [{to: aws_sns_topic_subscription.pager}, {to: a@b.org}]", ""),
        (
            (
                "exp_notifications: [{to: https://pager, at: 8m, state: ALARM, topic: kfm-prod-sev2, body: "
                "{NewStateValue: ALARM, OldStateValue: OK, Trigger.Period: 60, Trigger.Threshold: 5}}, {to: a@b.org}]"
            ),
            "",
        ),
        (
            "exp_notifications: [{to: https://pager, body: {NewStateValue: OK}}, {to: a@b.org}]",
            "sends https://pager no such message: its NewStateValue is 'ALARM'",
        ),
        (
            "exp_notifications: [{to: https://pager, body: {Trigger.team: x}}, {to: a@b.org}]",
            "its body has no Trigger.team",
        ),
        ("exp_notifications: [{to: https://pager, at: 7m}, {to: a@b.org}]", "it is sent at 8m"),
        ("exp_notifications: [{to: https://pager}]", "may send (it gets nothing until somebody confirms it"),
        (
            "exp_notifications: []",
            "sends aws_sns_topic_subscription.pager a message at 8m (ALARM) that is not",
        ),
        ("exp_notifications: [{to: nobody}]", "sends nobody no such message"),
    ],
)
def test_further_assertions(run, assertion, said):
    ran = run(suite(f"eval_time: 8m, alarm: kfm-prod-errors, exp_state: ALARM, {assertion}"))
    assert (ran.code, said in " ".join(ran.out.split())) == (1 if said else 0, True), ran.out


def test_a_message_that_may_not_arrive_is_a_warning(run):
    ran = run(
        suite(
            "eval_time: 8m, alarm: kfm-prod-errors, exp_state: ALARM, "
            "exp_notifications: [{to: https://pager}, {to: a@b.org}]"
        )
    )
    said = " ".join(ran.out.split())
    assert "warning: whether aws_sns_topic_subscription.mail gets its message at 8m cannot be told" in said


def test_coverage_has_a_threshold_and_a_list(run):
    assert run(HOLDS, "--coverage-threshold", "33").code == 0
    low = run(HOLDS, "--coverage-threshold", "34")
    assert low.code == 1
    assert "1 of 3 alarms are tested (33.3 %), fewer than --coverage-threshold 34 asks for." in low.err
    listed = run(HOLDS, "--coverage").out
    assert "     1  kfm-prod-errors  aws_cloudwatch_metric_alarm.errors\n" in listed
    assert "     -  kfm-prod-p90  aws_cloudwatch_metric_alarm.p90\n" in listed


def test_tests_are_chosen_by_name(run):
    assert run(HOLDS, "--run", "errors*").code == 0
    nothing = run(HOLDS, "--run", "nothing", "--run", "none*")
    assert (nothing.code, nothing.out) == (
        3,
        "No test whose name is like nothing or none* was found in alarms.test.yaml.\n",
    )
    assert run(HOLDS, "--run", "errors*", "--coverage-threshold", "10").code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("--output", "jnit"),
        ("--output", "json", "--output", "text"),
        ("--output", "json=x", "--output", "junit=x"),
        ("--output", "json=plan.json"),
        ("--output", "json=alarms.test.yaml"),
        ("--coverage-threshold", "101"),
        ("--coverage-threshold", "many"),
    ],
)
def test_wrong_usage(run, arguments, folder):
    plan = (folder / "plan.json").read_text()
    assert run(HOLDS, *arguments).code == 2
    assert ((folder / "plan.json").read_text(), (folder / "alarms.test.yaml").read_text()) == (plan, HOLDS)


def test_files_folders_and_globs(folder, capsys):
    below = folder / "infra" / "alarms"
    below.mkdir(parents=True)
    (below / "one.test.yaml").write_text(HOLDS.replace("plan.json", "../../plan.json"))
    (below / "two.yml").write_text(HOLDS.replace("plan.json", "../../plan.json"))
    (below / "values.yaml").write_text("replicas: 3\n")
    (below / "alarm-tests.yaml").write_text("alrms: ../../plan.json\n")
    modules = folder / "node_modules"
    modules.mkdir()
    (modules / "one.test.yaml").write_text(HOLDS)

    assert main(["test", "infra/**/*.test.yaml", "-q"]) == 0
    assert main(["test", "infra/alarms/one.test.yaml", "infra/alarms/two.yml", "-q"]) == 0
    capsys.readouterr()
    # In a folder, a name that claims to be a file of alarm tests is one: a typo in it is no test less.
    assert main(["test", ".", "-q"]) == 2
    assert "infra/alarms/alarm-tests.yaml:1:1: error" in capsys.readouterr().out
    (below / "alarm-tests.yaml").unlink()
    assert main(["test", ".", "--output", "json", "-q"]) == 0
    paths = [file["path"] for file in json.loads(capsys.readouterr().out)["files"]]
    assert paths == ["infra/alarms/one.test.yaml", "infra/alarms/two.yml"]
    assert main(["test", "infra/*.none"]) == 3
    assert main(["test", "nowhere"]) == 2
    assert main(["test", "infra/alarms/values.yaml"]) == 2


def test_two_runs_are_the_same_byte_for_byte(run):
    for form in ("text", "json", "junit", "github"):
        assert run(FAILS, "--output", form).out == run(FAILS, "--output", form).out


def test_names_of_others_move_no_cursor_and_command_no_runner(run):
    text = FAILS.replace("name: errors page", 'name: "a\\e[2J ::error::x\\n##[warning]y"')
    for form in ("text", "junit", "github"):
        out = run(text, "--output", form).out
        assert "\x1b" not in out
        assert not [
            line
            for line in out.splitlines()
            if line.startswith("::") and not line.startswith("::error file=")
        ]


def test_what_a_plan_marks_as_sensitive_is_shown_nowhere(run, folder):
    secret = alarm("errors", threshold=4242, alarm_description="hush-hush")
    secret["change"]["after_sensitive"] = {"threshold": True, "alarm_description": True, "alarm_name": True}
    routes = [one for one in json.loads(PLAN)["resource_changes"] if one["type"].startswith("aws_sns")]
    (folder / "plan.json").write_text(plan(secret, *routes))
    to = "exp_notifications: [{to: aws_sns_topic_subscription.pager, body: {KEY: x}}]"
    assertions = "".join(
        f"      - {{eval_time: 5m, alarm: aws_cloudwatch_metric_alarm.errors, exp_state: OK, {to.replace('KEY', key)}}}\n"
        for key in (
            "AlarmName",
            "AlarmDescription",
            "AlarmArn",
            "NewStateReason",
            "Trigger",
            "Trigger.Threshold",
        )
    )
    text = (
        "alarms: plan.json\ntests:\n  - name: a\n    input_series:\n"
        "      - {metric: AWS/Lambda Errors, dimensions: {FunctionName: ingest}, stat: Sum, values: 5000x9}\n"
        f"    alarm_state_test:\n{assertions}"
    )
    for output in ("text", "json", "junit", "github"):
        ran = run(text, "--output", output, "--verbose", "--coverage")
        assert ran.code == 1
        for word in ("4242", "hush", "kfm-prod-errors", "SomeText"):
            assert word not in ran.out + ran.err, (output, word)
    assert "its Trigger.Threshold is '(sensitive)'" in run(text).out.replace("\n  ", " ")


def test_what_is_not_sensitive_is_shown_though_another_value_is(run, folder):
    one = alarm("errors", alarm_description="hush-hush")
    one["change"]["after_sensitive"] = {"alarm_description": True}
    (folder / "plan.json").write_text(plan(one))
    ran = run(FAILS)
    assert "were greater than or equal to the threshold (5.0)." in ran.out.replace("\n          ", " ")
