"""The contract of alarms in every report that shows it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings

from kfm_audit.evidence.alarm.contract import Status
from kfm_audit.reports import FORMATS
from kfm_audit.reports.contract import ContractCell, ContractMatrix, ContractRow, contract_tables, tally
from kfm_audit.reports.neutral import abridge, columns
from kfm_audit.reports.run import render_run
from tests.reports.builder import finding, report, view
from tests.reports.hostile import any_text
from tests.reports.runner import command
from tests.reports.snapshots import assert_same
from tests.reports.test_json import decoded
from tests.reports.test_summary import html, shown

ROOT = Path(__file__).parents[2]
OF_KIND = {
    "queue": ("backlog-high", "oldest-age-high", "backlog-sev2"),
    "dlq": ("dlq-depth",),
    "function": ("error-ratio", "throttles"),
}
STATUSES = {
    "+": Status.COVERED,
    "!": Status.DEPARTS,
    "x": Status.MISSING,
    "?": Status.UNDECIDED,
    "-": Status.NOT_OWED,
}
WHY = {
    "!": "fires at >= 400, not >= 300",
    "?": "its threshold depends on var.threshold",
    "-": "drains once a night",
}
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def row(
    kind: str, resource: str, marks: str, *, stack: str = "infra/prod", declared: bool = True
) -> ContractRow:
    return ContractRow(
        kind=kind,
        resource=resource,
        stack=stack,
        declared=declared,
        alarms={
            name: ContractCell(
                status=STATUSES[mark],
                alarm=f"aws_cloudwatch_metric_alarm.{name}" if mark in "+!?" else None,
                why=WHY.get(mark, ""),
            )
            for name, mark in zip(OF_KIND[kind], marks, strict=True)
        },
    )


MATRIX = ContractMatrix(
    resources=(
        row("queue", 'module.ingest["soils"].aws_sqs_queue.work', "++x"),
        row("queue", 'module.ingest["parcels"].aws_sqs_queue.work', "++x"),
        row("queue", 'module.ingest["lidar"].aws_sqs_queue.work', "+!+"),
        row("queue", "kfm-prod-historic-maps-ingest", "---", declared=False),
        row("dlq", 'module.ingest["soils"].aws_sqs_queue.dead_letters', "+"),
        row("function", "aws_lambda_function.soils_load", "?x"),
        row("function", f"module.{'the_loader_of_' * 5}soils.aws_lambda_function.this", "++"),
    )
)


def contract(matrix: ContractMatrix, width: int = 80) -> str:
    """The part of a run's summary that is about the contract."""
    text = render_run(report(contract=matrix), view(width=width))
    return text[text.index("\ncontract") + 1 : text.rindex("\nfindings  ")]


@pytest.mark.parametrize("width", [50, 80, 120])
def test_in_a_terminal(width):
    text = contract(MATRIX, width)
    assert_same(f"contract-{width}.txt", text)
    assert max(len(line) for line in text.splitlines()) <= width
    painted = render_run(report(contract=MATRIX), view(width=width, color=True))
    assert ANSI.sub("", painted) == render_run(report(contract=MATRIX), view(width=width))
    assert "\x1b[1;31mx\x1b[0m" in painted


def test_in_a_job_summary():
    text = FORMATS["summary"].render(report(contract=MATRIX), view())
    begin = text.index("## Contract")
    assert_same("contract.md", text[begin : text.index("## What was read")])


def test_in_json():
    document = decoded(FORMATS["json"].render(report(contract=MATRIX), view()))
    resources = document["contract"]["resources"]
    assert [(each["kind"], each["resource"], each["declared"]) for each in resources] == [
        (each.kind, each.resource, each.declared) for each in MATRIX.resources
    ]
    assert resources[2] == {
        "kind": "queue",
        "resource": 'module.ingest["lidar"].aws_sqs_queue.work',
        "stack": "infra/prod",
        "declared": True,
        "alarms": {
            "backlog-high": {
                "status": "covered",
                "alarm": "aws_cloudwatch_metric_alarm.backlog-high",
                "why": "",
            },
            "oldest-age-high": {
                "status": "departs",
                "alarm": "aws_cloudwatch_metric_alarm.oldest-age-high",
                "why": "fires at >= 400, not >= 300",
            },
            "backlog-sev2": {
                "status": "covered",
                "alarm": "aws_cloudwatch_metric_alarm.backlog-sev2",
                "why": "",
            },
        },
    }
    assert resources[0]["alarms"]["backlog-sev2"] == {"status": "missing", "alarm": None, "why": ""}
    assert resources[3]["alarms"]["backlog-high"] == {
        "status": "not-owed", "alarm": None, "why": "drains once a night",
    }  # fmt: skip


def test_a_run_without_it_says_nothing_of_it():
    assert "contract" not in decoded(FORMATS["json"].render(report(), view()))
    assert "contract" not in render_run(report(), view())
    assert "Contract" not in FORMATS["summary"].render(report(), view())


def test_what_is_not_known_or_not_owed_never_counts_as_covered():
    standing = {
        marks: row("queue", "q", marks).standing
        for marks in ("+++", "++-", "---", "++?", "+x+", "+!+", "--?")
    }
    assert standing == {
        "+++": "covered", "++-": "covered", "---": "owing nothing",
        "++?": "open", "+x+": "open", "+!+": "open", "--?": "open",
    }  # fmt: skip
    assert tally(MATRIX.resources) == "2 covered, 1 owing nothing, 4 open"


def test_resources_are_alike_only_where_nothing_but_the_instance_tells_them_apart():
    rows = (
        row("queue", "aws_sqs_queue.a[0]", "+++"),
        row("queue", "aws_sqs_queue.a[1]", "+++"),
        row("queue", "aws_sqs_queue.a[2]", "++x"),
        row("queue", "aws_sqs_queue.a[3]", "+++", stack="infra/dev"),
        row("queue", "aws_sqs_queue.b[0]", "+++"),
        row("queue", 'module.m["x"].aws_sqs_queue.a[0]', "+++"),
        row("queue", 'module.m["y"].aws_sqs_queue.a[7]', "+++"),
    )
    (table,) = contract_tables(ContractMatrix(resources=rows))
    assert [(line.row.stack, line.row.resource, line.number) for line in table.lines] == [
        ("infra/prod", "aws_sqs_queue.a[0]", 2),
        ("infra/prod", "aws_sqs_queue.a[2]", 1),
        ("infra/dev", "aws_sqs_queue.a[3]", 1),
        ("infra/prod", "aws_sqs_queue.b[0]", 1),
        ("infra/prod", 'module.m["x"].aws_sqs_queue.a[0]', 2),
    ]
    assert table.left == ()
    text = contract(ContractMatrix(resources=rows), 120)
    assert "\n  infra/dev: aws_sqs_queue.a[3] " in text
    assert "\n  infra/prod: aws_sqs_queue.a[0] and 1 alike " in text


def numbered(marks: str, first: int, number: int) -> tuple[ContractRow, ...]:
    return tuple(row("queue", f"aws_sqs_queue.q{n}", marks) for n in range(first, first + number))


def test_of_many_resources_those_that_are_open_are_shown():
    rows = (
        *numbered("+++", 0, 20),
        *numbered("---", 20, 3),
        *numbered("++x", 23, 2),
        *numbered("+?+", 25, 1),
    )
    text = contract(ContractMatrix(resources=rows))
    assert text.splitlines() == [
        "contract    26 resources: 20 covered, 3 owing nothing, 3 open",
        "  + covered, x missing, ? undecided, - not owed",
        "  queues             backlog-high  oldest-age-high  backlog-sev2",
        "  aws_sqs_queue.q23       +               +              x",
        "  aws_sqs_queue.q24       +               +              x",
        "  aws_sqs_queue.q25       +               ?              +",
        "  and 23 more: 20 covered, 3 owing nothing",
    ]


def test_of_very_many_open_ones_forty_are_shown_and_the_others_counted():
    text = contract(ContractMatrix(resources=numbered("xxx", 0, 100)))
    assert text.count("aws_sqs_queue.q") == 40
    assert text.endswith("\n  and 60 more: 60 open (--output json lists them all)\n")
    markdown = FORMATS["summary"].render(
        report(contract=ContractMatrix(resources=numbered("xxx", 0, 100))), view()
    )
    assert "## Contract of alarms, queues: 100 open\n" in markdown
    assert "| and 60 more: 60 open (--output json lists them all) |  |  |  |\n" in markdown


def test_of_many_that_are_all_covered_none_is_shown():
    text = contract(ContractMatrix(resources=numbered("+++", 0, 13)))
    assert text.splitlines()[2:] == [
        "  queues  backlog-high  oldest-age-high  backlog-sev2",
        "  all 13: 13 covered",
    ]


def test_names_of_people_are_hidden_in_public_places():
    dana = "dana.lopez@example.org"
    named = finding(persons=(dana,))
    made = report(named, contract=ContractMatrix(resources=(row("queue", f"dev-{dana}", "x!+"),)))
    assert dana not in FORMATS["summary"].render(made, view(people=False))
    assert dana in shown(FORMATS["summary"].render(made, view(people=True)))


@settings(deadline=None)
@given(any_text, any_text)
def test_whatever_the_names_every_report_is_harmless(name, why):
    whole = row("queue", name, "+!?", stack=why)
    cells = {
        f"{name}{n}": msgspec.structs.replace(cell, why=why) for n, cell in enumerate(whole.alarms.values())
    }
    matrix = ContractMatrix(resources=(msgspec.structs.replace(whole, alarms=cells), row("dlq", "q", "+")))
    lines = contract(matrix).splitlines()
    assert all(line.isprintable() for line in lines)
    assert [command(line) for line in lines] == [None] * len(lines)
    decoded(FORMATS["json"].render(report(contract=matrix), view()))
    page = html(FORMATS["summary"].render(report(contract=matrix), view()))
    assert "href" not in page
    assert page.count("<table>") == 5  # questions, two kinds, inputs, ignored
    assert page.count("<tr>") == 5 + 4 + 2 + 4 + 1


@given(any_text)
def test_a_name_is_shortened_in_its_middle_to_the_columns_that_there_are(text):
    for width in (10, 24, 60):
        made = abridge(text, width)
        assert sum(map(columns, made)) <= width
        assert made.isprintable()


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("aws_sqs_queue.work", 18, "aws_sqs_queue.work"),
        ("aws_sqs_queue.work", 17, "aws_sqs...ue.work"),
        ("名前名前名前", 9, "名...前"),
    ],
)
def test_examples_of_shortened_names(text, width, expected):
    assert abridge(text, width) == expected


def test_a_run_without_it_imports_nothing_of_it():
    code = """
import sys
from kfm_audit.reports import FORMATS
from tests.reports.builder import full_report, view
from kfm_audit.reports.run import render_run
for name in ("text", "json", "summary"):
    FORMATS[name].render(full_report(), view(people=True))
render_run(full_report(), view())
assert not [name for name in sys.modules if "contract" in name and name.startswith("kfm_audit.reports")]
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
