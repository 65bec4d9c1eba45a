from hypothesis import given, settings

from kfm_audit.findings.finding import Severity, Verdict
from kfm_audit.reports import FORMATS
from kfm_audit.reports.github import render
from kfm_audit.values import Location
from tests.reports.builder import FAILED, SUPPRESSED, UNLISTED, finding, full_report, report, view
from tests.reports.hostile import reports
from tests.reports.runner import command
from tests.reports.snapshots import assert_same


def annotation(settled, **changes):
    (line,) = render(report(settled), view(**changes)).splitlines()
    return command(line)


def test_one_finding_of_every_sort():
    assert_same("full.github.txt", FORMATS["github"].render(full_report(), view(people=False)))


def test_a_line_exactly():
    settled = finding(
        message="is 100% wrong: a, b\r\nc",
        help="",
        at=Location("a,b:c%d.tf", 3, 5, 3, 9),
    )
    assert render(report(settled), view()) == (
        "::error file=a%2Cb%3Ac%25d.tf,line=3,endLine=3,col=5,endColumn=8,"
        "title=ALM001 alarm-without-sns-action::"
        r"aws_cloudwatch_metric_alarm.ingest_errors is 100%25 wrong: a, b\r\nc" + "\n"
    )


def test_what_the_runner_reads():
    assert annotation(FAILED) == (
        "error",
        {
            "file": "infra/prod/alarms.tf",
            "line": "14",
            "endLine": "14",
            "col": "19",
            "endColumn": "20",
            "title": "ALM001 alarm-without-sns-action",
        },
        f"aws_cloudwatch_metric_alarm.ingest_errors notifies no SNS topic\nHelp: {FAILED.finding.help}",
    )


def test_a_span_over_lines_has_no_columns():
    _, where, _ = annotation(finding(at=Location("a.tf", 3, 5, 7, 2)))
    assert where == {"file": "a.tf", "line": "3", "endLine": "7", "title": where["title"]}


def test_a_span_ends_on_the_last_line_of_which_it_covers_something():
    _, where, _ = annotation(finding(at=Location("a.tf", 3, 5, 4, 1)))
    assert where == {"file": "a.tf", "line": "3", "endLine": "3", "title": where["title"]}


def test_a_file_as_a_whole_is_its_first_line():
    _, where, _ = annotation(finding(at=Location("a.tf")))
    assert where == {"file": "a.tf", "line": "1", "endLine": "1", "title": where["title"]}


def test_a_run_as_a_whole_has_no_file():
    _, where, _ = annotation(finding(at=Location("")))
    assert where == {"title": "ALM001 alarm-without-sns-action"}


def test_paths_are_relative_to_the_repository():
    _, where, _ = annotation(FAILED, relative_to_repository=lambda path: f"work/{path}")
    assert where["file"] == "work/infra/prod/alarms.tf"
    _, where, _ = annotation(FAILED, relative_to_repository=lambda path: f"../elsewhere/{path}")
    assert where["file"] == "outside-repository/elsewhere/infra/prod/alarms.tf"


def test_only_failures_are_red():
    assert annotation(finding(severity=Severity.WARNING))[0] == "warning"
    assert annotation(finding(severity=Severity.NOTE))[0] == "notice"
    assert annotation(finding(verdict=Verdict.UNDECIDED))[0] == "notice"
    assert annotation(SUPPRESSED, show_suppressed=True)[0] == "notice"
    assert render(report(SUPPRESSED), view()) == ""


def test_names_of_people_are_hidden():
    assert "dana" not in render(report(UNLISTED), view(people=False))
    assert "dana.lopez@example.org" in render(report(UNLISTED), view(people=True))


def test_no_more_than_github_keeps_the_new_ones_first():
    old = [finding(subject=f"old-{number}", known=True) for number in range(6)]
    new = [finding(subject=f"z-new-{number}") for number in range(7)]
    warnings = [finding(subject=f"w-{number}", severity=Severity.WARNING) for number in range(12)]
    *lines, last = render(report(*old, *new, *warnings), view()).splitlines()
    read = [command(line) for line in lines]
    subjects = [data.split()[0] for _, _, data in read]
    assert subjects == [
        *(f"z-new-{number}" for number in range(7)),
        *("old-0", "old-1", "old-2"),
        *("w-0", "w-1", "w-10", "w-11", *(f"w-{number}" for number in range(2, 8))),
    ]
    assert last == (
        "5 of 25 findings are not annotated: GitHub keeps 10 errors, 10 warnings and 10 notices of a step. "
        "--output json has them all."
    )


@settings(deadline=None)
@given(reports())
def test_whatever_the_texts_each_finding_is_one_command_and_nothing_else_is(hostile):
    text = render(hostile, view(show_suppressed=True))
    lines = text.split("\n")[:-1]
    assert len(lines) == len(hostile.findings)
    for line in lines:
        name, properties, data = command(line)
        assert name in ("error", "warning", "notice")
        assert set(properties) <= {"file", "line", "endLine", "col", "endColumn", "title"}
        assert line.isprintable()
        assert data.replace("\n", "").isprintable()
        assert properties["title"].startswith(
            ("ALM001", "SYS001", "TEL002", "XXX999", "pending: ", "undecided: ")
        )
