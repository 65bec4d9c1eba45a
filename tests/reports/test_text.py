import re

import pytest
from hypothesis import assume, given, settings

from kfm_audit.findings.finding import Severity, Verdict
from kfm_audit.reports import FORMATS
from kfm_audit.reports.run import render_run
from kfm_audit.reports.text import render
from kfm_audit.values import Location
from tests.reports.builder import (
    ANSWERED,
    FAILED,
    NOTHING_CHECKED,
    QUESTIONS,
    SUPPRESSED,
    finding,
    full_report,
    many,
    report,
    view,
)
from tests.reports.hostile import reports
from tests.reports.runner import command
from tests.reports.snapshots import assert_same

TOLD, EVIDENCE = QUESTIONS[0].title, QUESTIONS[2].title
ANSI = re.compile(r"\x1b\[(?:0|2|32|1(?:;3[1-6])?)m")


def test_one_finding_of_every_sort():
    assert_same("full.txt", FORMATS["text"].render(full_report(), view(show_suppressed=True)))


def test_in_colour():
    text = render(full_report(), view(show_suppressed=True, color=True))
    assert_same("full-colour.txt", text)
    assert ANSI.sub("", text) == render(full_report(), view(show_suppressed=True))


def test_in_a_narrow_terminal():
    text = render(full_report(), view(width=50))
    assert_same("full-narrow.txt", text)


def test_many_findings_of_one_cause_are_one_block():
    other = finding("TEL002", "has 900 values of label run", subject="kfm_runs_total")
    assert_same("many.txt", render(report(FAILED, other, *many(312)), view()))


def test_five_findings_of_one_cause_are_shown_one_by_one():
    assert render(report(*many(5)), view()).count("ALM001 alarm-without-sns-action") == 5
    assert "... and 3 more of ALM001" in render(report(*many(6)), view())


def test_the_subject_within_the_message_keeps_no_group_apart():
    each = [
        finding(subject=f"alarm-{number}", message=f"is called alarm-{number}, which says nothing")
        for number in range(7)
    ]
    assert "... and 4 more of ALM001 that say the same; list all" in render(report(*each), view())


def test_what_one_argument_makes_of_many_instances_is_one_block():
    """The values of a `for_each` are in the words; the line to change is one."""
    line = Location("infra/prod/queues.tf", 12, 3, 12, 40)
    each = [
        finding("ALM016", f"fires at {300 + number}, not at 300", subject=f"queue[{number}]", at=line)
        for number in range(312)
    ]
    text = render(report(*each), view())
    assert text.count("not at 300") == 3
    assert "... and 309 more of ALM016 at this line; list all: --output json" in text


def test_findings_of_one_input_without_lines_are_no_place():
    each = [finding(message=f"fires at {number}", at=Location("alarms.json")) for number in range(9)]
    assert "more of" not in render(report(*each), view())


def test_findings_that_differ_in_verdict_are_no_group():
    text = render(report(*many(4), *many(4, verdict=Verdict.UNDECIDED, attribute="x")), view())
    assert "more of" not in text


def test_the_stack_is_named_where_there_are_several():
    one, two = finding(stack="infra/dev"), finding(stack="infra/prod")
    assert "stack:" not in render(report(one), view())
    assert "  stack: infra/dev\n" in render(report(one, two), view())


def test_a_source_that_may_not_be_shown_is_not():
    assert "|" not in render(report(FAILED), view(excerpt=lambda _place: None))


@pytest.mark.parametrize(
    ("made", "shown", "said"),
    [
        (report(questions=ANSWERED), view(), "No findings."),
        (
            report(questions=QUESTIONS),
            view(),
            f"No findings in what was checked. {TOLD} Partly. {EVIDENCE} Not checked.",
        ),
        (report(SUPPRESSED, questions=ANSWERED), view(), "No findings (1 suppressed)."),
        (
            report(finding(severity=Severity.NOTE), SUPPRESSED, questions=ANSWERED),
            view(min_severity=Severity.ERROR),
            "No findings (1 suppressed, 1 not shown at this severity).",
        ),
        (report(questions=QUESTIONS, inputs=()), view(), "No findings: nothing was checked."),
    ],
)
def test_no_finding_never_claims_more_than_was_checked(made, shown, said):
    assert render(made, shown) == said + "\n"


def test_the_run():
    assert_same("run.txt", render_run(full_report(), view()))


def test_the_run_that_checked_nothing():
    made = report(NOTHING_CHECKED, inputs=(), facts={}, ignored=(), exit_code=3)
    assert_same("run-nothing.txt", render(made, view()) + render_run(made, view()))


def test_the_run_names_a_few_files_and_counts_the_rest():
    ignored = tuple(type(full_report().ignored[0])(f"f{number}.json", "empty") for number in range(12))
    text = render_run(report(ignored=ignored), view(width=200))
    assert (
        "ignored     12\n"
        "            f0.json: empty\n"
        "            f1.json: empty\n"
        "            f2.json: empty\n"
        "            f3.json: empty\n"
        "            f4.json: empty\n"
        "            and 7 more (--output json lists them all)\n"
    ) in text


@pytest.mark.parametrize(
    ("code", "questions", "said"),
    [
        (0, ANSWERED, "Passed: there is no finding at or above the threshold."),
        (0, QUESTIONS, "Passed in what was checked: there is no finding at or above the threshold."),
        (1, ANSWERED, "Failed: there are findings at or above the threshold (exit 1)."),
        (3, QUESTIONS, "Audited in part: an input that the profile requires is missing or empty (exit 3)."),
        (4, QUESTIONS, "Audited in part: an input could not be read (exit 4)."),
        (5, QUESTIONS, "Audited in part: a rule or a plug-in failed (exit 5)."),
    ],
)
def test_the_last_line_says_what_it_came_to(code, questions, said):
    text = render_run(report(questions=questions, exit_code=code), view())
    assert text.splitlines()[-1] == said


@settings(deadline=None)
@given(reports())
def test_whatever_the_texts_a_terminal_and_a_runner_only_show_them(hostile):
    for shown in (view(show_suppressed=True), view(show_suppressed=True, color=True, width=40)):
        for text in (render(hostile, shown), render_run(hostile, shown)):
            assert text.endswith("\n")
            assert ANSI.sub("", text).replace("\n", "").isprintable()
            assert not [line for line in text.split("\n") if command(line)]
            assert not [line for line in ANSI.sub("", text).split("\n") if command(line)]


@settings(deadline=None)
@given(reports())
def test_every_finding_has_its_header_and_none_is_forged(hostile):
    assume(not any(each.location.path.startswith(" ") for each in hostile.findings))
    text = render(hostile, view(show_suppressed=True))
    headers = [
        each for each in text.split("\n") if re.match(r"\S.*: (error|warning|note|pending|undecided) ", each)
    ]
    assert len(headers) == len(hostile.findings)
