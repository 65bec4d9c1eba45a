"""`kfm-audit replay`, from files to reports."""

from __future__ import annotations

import json
import re
import sys
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import pytest

from kfm_audit.cli import main
from kfm_audit.shipped import read_schema

START = 1769817600
"""2026-01-31T00:00:00Z, a Saturday."""
TOPIC = "arn:aws:sns:us-east-1:111122223333:sev2"
DEAF = "arn:aws:sns:us-east-1:111122223333:deaf"


def stamp(minute: int) -> str:
    return datetime.fromtimestamp(START + 60 * minute, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def change(kind: str, name: str, after: dict | None, before: dict | None = None) -> dict:
    actions = ["delete"] if after is None else ["create"] if before is None else ["update"]
    if after == before:
        actions = ["no-op"]
    return {
        "address": f"{kind}.{name}",
        "mode": "managed",
        "type": kind,
        "name": name,
        "change": {"actions": actions, "before": before, "after": after, "after_unknown": {}},
    }


def age(**attributes: object) -> dict:
    return {
        "alarm_name": "prod-age",
        "namespace": "AWS/SQS",
        "metric_name": "ApproximateAgeOfOldestMessage",
        "dimensions": {"QueueName": "prod-soils"},
        "statistic": "Maximum",
        "period": 60,
        "evaluation_periods": 3,
        "comparison_operator": "GreaterThanOrEqualToThreshold",
        "threshold": 300,
        "treat_missing_data": "notBreaching",
        "alarm_actions": [TOPIC],
        "tags": {"Service": "soils"},
        **attributes,
    }


def routes() -> list[dict]:
    topic = {"name": "sev2", "arn": TOPIC}
    subscription = {
        "topic_arn": TOPIC,
        "protocol": "https",
        "endpoint": "https://example.com/page",
        "pending_confirmation": False,
    }
    deaf = {"name": "deaf", "arn": DEAF}
    return [
        change("aws_sns_topic", "sev2", topic, topic),
        change("aws_sns_topic", "deaf", deaf, deaf),
        change("aws_sns_topic_subscription", "oncall", subscription, subscription),
    ]


CHANGES = [
    change("aws_cloudwatch_metric_alarm", "age", age(), age(evaluation_periods=1)),
    change(
        "aws_cloudwatch_metric_alarm",
        "ratio",
        {
            "alarm_name": "prod-ratio",
            "metric_query": [
                {"id": "errors", "metric": [{"namespace": "AWS/Lambda", "metric_name": "Errors", "stat": "Sum",
                                             "dimensions": {"FunctionName": "prod-load"}, "period": 60}]},
                {"id": "ratio", "expression": "FILL(errors, 0) / 10", "return_data": True, "metric": []},
            ],
            "evaluation_periods": 1,
            "comparison_operator": "GreaterThanThreshold",
            "threshold": 0.5,
            "alarm_actions": [DEAF],
        },
    ),
    change("aws_cloudwatch_metric_alarm", "gone", None, age(alarm_name="prod-gone", threshold=100)),
    change(
        "aws_cloudwatch_metric_alarm", "unseen", age(alarm_name="prod-unseen", dimensions={"QueueName": "other"})
    ),
    change(
        "aws_cloudwatch_composite_alarm",
        "any",
        {"alarm_name": "prod-any", "alarm_rule": 'ALARM("prod-age") OR ALARM("prod-ratio")', "alarm_actions": [TOPIC]},
    ),
    *routes(),
]  # fmt: skip
HISTORY = "timestamp,namespace,metric,dimensions,statistic,value\n" + "".join(
    [
        f"{stamp(minute)},AWS/SQS,ApproximateAgeOfOldestMessage,QueueName=prod-soils,Maximum,{value}\n"
        for minute in range(120)
        for value in [400 if minute in (20, 40) or 60 <= minute < 80 else 150 if minute > 110 else 10]
    ]
    + [f"{stamp(90)},AWS/Lambda,Errors,FunctionName=prod-load,Sum,9\n"]
)
INCIDENTS = [
    {"id": "INC-1", "status": "closed", "severity": "Sev2", "service": "soils", "environment": "prod",
     "opened_at": stamp(70), "detected_at": stamp(65), "corrected_at": stamp(100)},
    {"id": "INC-2", "status": "closed", "severity": "Sev3", "service": "elsewhere", "environment": "prod",
     "opened_at": stamp(90), "corrected_at": stamp(100), "alarms": ["prod-ratio"], "false_positive": True},
    {"id": "INC-3", "status": "open", "severity": "Sev2", "service": "maps", "environment": "prod",
     "opened_at": stamp(10)},
]  # fmt: skip


@pytest.fixture
def files(tmp_path, monkeypatch) -> Path:
    plan = {"format_version": "1.2", "terraform_version": "1.9.5", "resource_changes": CHANGES}
    (tmp_path / "tfplan.json").write_text(json.dumps(plan))
    (tmp_path / "history.csv").write_text(HISTORY)
    (tmp_path / "incidents").mkdir()
    for incident in INCIDENTS:
        (tmp_path / "incidents" / f"{incident['id']}.json").write_text(json.dumps(incident))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def replay(capsys, *arguments: str) -> tuple[int, str, str]:
    code = main(["replay", "tfplan.json", *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_plan_against_what_stands_before_it(files, capsys):
    code, out, err = replay(capsys, "--metrics", "history.csv", "--incidents", "incidents")
    assert (code, err) == (0, "")
    assert out == (
        "replay of tfplan.json against what stands before it\n"
        "2026-01-31T00:00:00Z to 2026-01-31T02:00:00Z\n"
        "\n"
        "                              before  after\n"
        "alarms                             2      4  +2\n"
        "  not evaluated                    0      1  +1\n"
        "pages                              5      4  -1\n"
        "  that nobody hears                0      0   0\n"
        "  of which that is not known       0      1  +1\n"
        "  for nothing (no incident)        3      2  -1\n"
        "incidents without a page           1      1   0\n"
        "\n"
        "pages by alarm\n"
        "  alarm        service             before  after\n"
        "  prod-age     soils      changed       3      1  -2\n"
        "  prod-any     (none)     new           0      2  +2\n"
        "  prod-gone    soils      removed       2      0  -2\n"
        "  prod-ratio   prod-load  new           0      1  +1  who hears it is not known\n"
        "  prod-unseen  soils      new           0      ?\n"
        "\n"
        "pages by service\n"
        "  service    before  after\n"
        "  (none)          0      2  +2\n"
        "  prod-load       0      1  +1\n"
        "  soils           5      1  -4\n"
        "\n"
        "pages by week\n"
        "  week      before  after\n"
        "  2026-W05       5      4  -1\n"
        "\n"
        "incidents\n"
        "  INC-1 (soils), detected 2026-01-31T01:05:00Z\n"
        "    before  first page 4 min before it was detected, by prod-age\n"
        "    after   first page 2 min before it was detected, by prod-age\n"
        "  INC-2 (elsewhere, a false positive), detected 2026-01-31T01:30:00Z\n"
        "    before  nobody is paged\n"
        "    after   first page 60 s after it was detected, by prod-ratio\n"
        "  INC-3 (maps), detected 2026-01-31T00:10:00Z\n"
        "    before  nobody is paged\n"
        "    after   nobody is paged\n"
        "\n"
        "not evaluated: their pages are not known\n"
        "  prod-unseen (after) has no history: none of its metrics was recorded\n"
        "\n"
        "assumed, where AWS is silent\n"
        "  fill-without-data: FILL fills a metric that has no datapoint in the evaluation range, too.\n"
    )


def test_json_follows_its_schema_and_is_the_same_every_time(files, capsys):
    arguments = ("--metrics", "history.csv", "--incidents", "incidents", "--output", "json")
    code, out, _ = replay(capsys, *arguments)
    document = json.loads(out)
    schema = json.loads(read_schema("report/replay-json-v1.schema.json"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(document)
    assert (code, document["schema"]) == (0, "kfm-audit/replay-json-v1")
    row = next(row for row in document["alarms"] if row["alarm"] == "prod-age")
    assert row == {
        "alarm": "prod-age",
        "subject": "aws_cloudwatch_metric_alarm.age",
        "stack": "tfplan",
        "service": "soils",
        "standing": "changed",
        "before": {
            "pages": {"sent": 3, "heard": 3, "unheard": 0, "untold": 0},
            "went_off": 3,
            "seconds_in_alarm": 1320,
            "uncertain": 0,
            "times": [stamp(21), stamp(41), stamp(61)],
            "refused": "",
        },
        "after": {
            "pages": {"sent": 1, "heard": 1, "unheard": 0, "untold": 0},
            "went_off": 1,
            "seconds_in_alarm": 1080,
            "uncertain": 0,
            "times": [stamp(63)],
            "refused": "",
        },
        "weeks": [
            {
                "week": "2026-W05",
                "before": {"sent": 3, "heard": 3, "unheard": 0, "untold": 0},
                "after": {"sent": 1, "heard": 1, "unheard": 0, "untold": 0},
            }
        ],
    }
    assert replay(capsys, *arguments)[1] == out


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.loaded: list[str] = []
        self.figures = 0
        self.ids: list[str] = []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.figures += tag == "figure"
        self.ids += [attributes["id"]] if tag in ("clippath", "path") and "id" in attributes else []
        self.loaded += [
            value
            for name, value in attrs
            if name in ("src", "href", "xlink:href") and not value.startswith("#")
        ]
        assert tag not in ("script", "link", "img", "iframe", "object")


def test_the_page_needs_nothing_else_and_draws_every_alarm_that_pages(files, capsys):
    pytest.importorskip("matplotlib", reason="the page needs the extra `replay`")
    arguments = ("--metrics", "history.csv", "--incidents", "incidents", "--output", "html=page.html")
    assert replay(capsys, *arguments) == (0, "", "")
    text = (files / "page.html").read_text(encoding="utf-8")
    page = Page()
    page.feed(text)
    assert page.loaded == []
    assert page.figures == 4, "all but the one without history"
    assert len(page.ids) == len(set(page.ids)), "the parts of two drawings have different names"
    assert "@import" not in text
    assert "url(http" not in text
    assert not set(re.findall(r"https?://[^\"'<> ]+", text)) - {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
        "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
        "http://purl.org/dc/elements/1.1/",
        "http://creativecommons.org/ns#",
        "http://purl.org/dc/dcmitype/StillImage",
        "https://matplotlib.org/",
        "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd",
    }
    replay(capsys, *arguments)
    assert (files / "page.html").read_text(encoding="utf-8") == text


def test_names_are_escaped(files, capsys):
    pytest.importorskip("matplotlib", reason="the page needs the extra `replay`")
    plan = {"format_version": "1.2", "resource_changes": [
        change("aws_cloudwatch_metric_alarm", "age", age(alarm_name="<b>$x^2$ & co")), *routes()]}  # fmt: skip
    (files / "tfplan.json").write_text(json.dumps(plan))
    replay(capsys, "--metrics", "history.csv", "--output", "html=page.html")
    text = (files / "page.html").read_text(encoding="utf-8")
    assert "<h3>&lt;b&gt;$x^2$ &amp; co</h3>" in text
    assert "<b>" not in text


def test_a_record_that_is_broken_does_not_look_like_none(files, capsys):
    (files / "records").mkdir()
    (files / "records" / "one.json").write_text(json.dumps(INCIDENTS[0]))
    (files / "records" / "two.json").write_text("{")
    (files / "records" / "three.json").write_text('{"id": "INC-3"}')
    (files / "records" / "notes.txt").write_text("none of ours")
    code, out, _ = replay(capsys, "--metrics", "history.csv", "--incidents", "records", "--output", "json")
    document = json.loads(out)
    assert (code, [row["id"] for row in document["incidents"]]) == (4, ["INC-1"])
    assert [item["path"] for item in document["lost"]] == ["records/three.json", "records/two.json"]


def test_a_history_without_datapoints_is_of_the_time_that_is_said(files, capsys):
    label = {
        "Namespace": "AWS/SQS", "MetricName": "ApproximateAgeOfOldestMessage", "Stat": "Maximum", "Period": 60,
        "Dimensions": {"QueueName": "prod-soils"},
    }  # fmt: skip
    result = {
        "Id": "s0",
        "Label": json.dumps(label),
        "Timestamps": [],
        "Values": [],
        "StatusCode": "Complete",
    }
    (files / "none.json").write_text(json.dumps({"MetricDataResults": [result]}))
    code, _, err = replay(capsys, "--metrics", "none.json")
    assert code == 3
    assert "the history holds no datapoint: say with --since and --until which time it is of" in err
    code, out, _ = replay(
        capsys, "--metrics", "none.json", "--since", stamp(0), "--until", stamp(60), "--output", "json"
    )
    age_row = next(row for row in json.loads(out)["alarms"] if row["alarm"] == "prod-age")
    assert (code, age_row["after"]["refused"], age_row["after"]["pages"]["sent"]) == (0, "", 0)


def test_names_never_reach_the_terminal_as_they_are(files, capsys):
    name = "prod\x1b[31m\n::error::age"
    plan = {"format_version": "1.2", "resource_changes": [
        change("aws_cloudwatch_metric_alarm", "age", age(alarm_name=name)), *routes()]}  # fmt: skip
    (files / "tfplan.json").write_text(json.dumps(plan))
    _, out, _ = replay(capsys, "--metrics", "history.csv", "--incidents", "incidents")
    assert "  prod\\x1b[31m\\n: :error::age  soils    new " in out
    assert "by prod\\x1b[31m\\n: :error::age\n" in out
    assert "\x1b" not in out


def test_against_another_plan_and_against_nothing(files, capsys):
    plan = {"format_version": "1.2", "resource_changes": [
        change("aws_cloudwatch_metric_alarm", "age", age(threshold=100)), *routes()]}  # fmt: skip
    (files / "other.json").write_text(json.dumps(plan))
    code, out, _ = replay(capsys, "--metrics", "history.csv", "--against", "other.json", "--output", "json")
    document = json.loads(out)
    assert (code, document["before"], document["totals"]["pages"]) == (
        0,
        "other.json",
        {"before": 2, "after": 4},
    )
    code, out, _ = replay(capsys, "--metrics", "history.csv", "--against", "nothing")
    assert code == 0
    assert "before" not in out
    assert "  prod-age    soils            1\n" in out


def test_a_part_of_the_time(files, capsys):
    code, out, _ = replay(
        capsys, "--metrics", "history.csv", "--since", stamp(50), "--until", stamp(62), "--output", "json"
    )
    document = json.loads(out)
    assert (code, document["start"], document["stop"]) == (0, stamp(50), stamp(62))
    assert document["totals"]["pages"] == {"before": 1, "after": 0}


def test_a_time_that_no_history_is_of_is_said(files, capsys):
    words = ("--metrics", "history.csv", "--since", stamp(-60), "--until", stamp(150), "--against", "nothing")
    code, out, _ = replay(capsys, *words, "--output", "json")
    document = json.loads(out)
    jsonschema.validate(document, json.loads(read_schema("report/replay-json-v1.schema.json")))
    assert (code, document["start"], document["stop"]) == (0, stamp(-60), stamp(150))
    assert document["unrecorded"] == [
        {"start": stamp(-60), "stop": stamp(0), "metric": ""},
        {
            "start": stamp(-60),
            "stop": stamp(90),
            "metric": "AWS/Lambda Errors {FunctionName=prod-load} Sum",
        },
        {"start": stamp(120), "stop": stamp(150), "metric": ""},
    ]
    _, out, _ = replay(capsys, *words)
    assert (
        "\n\nnot recorded: data counts as missing\n"
        "  2026-01-30T23:00:00Z to 2026-01-31T00:00:00Z: all metrics\n"
        "  2026-01-30T23:00:00Z to 2026-01-31T01:30:00Z: AWS/Lambda Errors {FunctionName=prod-load} Sum\n"
        "  2026-01-31T02:00:00Z to 2026-01-31T02:30:00Z: all metrics\n"
    ) in out
    _, out, _ = replay(capsys, *words, "--output", "html")
    assert "<h2>Not recorded: data counts as missing</h2>" in out
    assert "<li>  2026-01-30T23:00:00Z to 2026-01-31T00:00:00Z: all metrics</li>" in out
    # Within the recorded time a metric that begins late may as well have been silent.
    _, out, _ = replay(capsys, "--metrics", "history.csv", "--since", stamp(10))
    assert "not recorded" not in out


def test_a_time_before_all_history_is_nothing_to_replay(files, capsys):
    words = ("--metrics", "history.csv", "--since", stamp(-90), "--until", stamp(-60))
    code, out, err = replay(capsys, *words)
    assert (code, out) == (3, "")
    assert "the history is of 2026-01-31T00:00:00Z to 2026-01-31T02:00:00Z: nothing of it lies in" in err


def test_a_time_shorter_than_an_alarms_window_is_not_silence(files, capsys):
    code, out, _ = replay(
        capsys, "--metrics", "history.csv", "--since", stamp(50), "--until", stamp(52), "--against", "nothing"
    )
    assert code == 0
    assert "  prod-age looks back over 180 s, longer than the 120 s replayed\n" in out
    assert "prod-age    soils" not in out, "its pages are not counted as none"


def test_a_composite_that_hangs_on_what_is_not_evaluated_is_not_evaluated(files, capsys):
    above = {"alarm_rule": 'ALARM("prod-unseen") AND ALARM("prod-age")', "alarm_actions": [TOPIC]}
    top = {"alarm_name": "top", "alarm_rule": 'ALARM("blind") OR ALARM("gone")', "alarm_actions": [TOPIC]}
    changes = [
        *CHANGES,
        change("aws_cloudwatch_composite_alarm", "half", {"alarm_name": "half", **above}),
        change(
            "aws_cloudwatch_composite_alarm",
            "blind",
            {"alarm_name": "blind", "alarm_rule": 'ALARM("prod-unseen")', "alarm_actions": [TOPIC]},
        ),
        change("aws_cloudwatch_composite_alarm", "top", top),
    ]
    plan = {"format_version": "1.2", "terraform_version": "1.9.5", "resource_changes": changes}
    (files / "tfplan.json").write_text(json.dumps(plan))
    code, out, _ = replay(capsys, "--metrics", "history.csv", "--against", "nothing", "--output", "json")
    document = json.loads(out)
    assert code == 0
    assert {
        row["alarm"]: row["after"]["refused"] for row in document["alarms"] if row["after"]["refused"]
    } == {
        "blind": "hangs on what is not evaluated: prod-unseen",
        "prod-unseen": "has no history: none of its metrics was recorded",
        "top": "hangs on what is not evaluated: blind, gone",
    }


def test_sources_have_nothing_that_stands_before_them(files, capsys):
    (files / "infra").mkdir()
    (files / "infra" / "alarms.tf").write_text(
        'resource "aws_cloudwatch_composite_alarm" "any" {\n  alarm_name = "any"\n  alarm_rule = "ALARM(x)"\n}\n'
    )
    assert main(["replay", "infra", "--metrics", "history.csv", "--against", "prior"]) == 2
    assert capsys.readouterr().err == (
        "kfm-audit: --against prior: infra holds no plan, so nothing says what stands before it; give a plan, or "
        "the alarms to compare with\n"
    )


def test_queries_for_what_the_alarms_read(files, capsys):
    assert replay(capsys, "--queries", "asked") == (0, "asked/queries-001.json\n", "")
    asked = json.loads((files / "asked" / "queries-001.json").read_text())
    assert [
        (
            query["MetricStat"]["Metric"]["MetricName"],
            query["MetricStat"]["Stat"],
            query["MetricStat"]["Period"],
        )
        for query in asked
    ] == [
        ("Errors", "Sum", 60),
        ("ApproximateAgeOfOldestMessage", "Maximum", 60),
        ("ApproximateAgeOfOldestMessage", "Maximum", 60),
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "replay needs history: --metrics PATH; --queries FOLDER writes what to fetch"),
        (("--metrics", "nowhere"), 2, "nowhere: no such file or folder"),
        (
            ("--metrics", "history.csv", "--output", "pdf"),
            2,
            "--output pdf: no format is called pdf: known are `html`, `json`, `text`",
        ),
        (("--metrics", "history.csv", "--output", "text", "--output", "json"), 2, "only one format"),
        (
            ("--metrics", "history.csv", "--since", "soon"),
            2,
            "--since soon: is no time; write 2026-01-31T09:00:00Z",
        ),
        (("--metrics", "history.csv", "--assume", "x=y"), 2, "--assume: no assumption is called 'x'"),
        (("--metrics", "history.csv", "--assume", "x"), 2, "--assume x: write NAME=CHOICE"),
        (("--metrics", "history.csv", "--against", "broken.json"), 4, "broken.json"),
        (
            ("--metrics", "empty.csv"),
            3,
            "the history holds nothing that any alarm reads: AWS/Lambda Errors {FunctionName=",
        ),
        (
            ("--metrics", "history.csv", "--incidents", "empty"),
            2,
            "--incidents empty: there is no incident record",
        ),
        (("--metrics", "broken.json"), 4, "kfm-audit: broken.json: is no JSON"),
        (
            ("--metrics", "history.csv", "--since", "2027-01-01"),
            3,
            "the history is of 2026-01-31T00:00:00Z to 2026-01-31T02:00:00Z: nothing of it lies in --since and",
        ),
        (
            ("--metrics", "history.csv", "--since", "2026-02-01", "--until", "2026-01-31"),
            2,
            "--since 2026-02-01 is not before --until 2026-01-31: no event lies between",
        ),
        (("--metrics", "history.csv", "--interval", "0"), 2, "--interval 0: give 1 or more"),
    ],
)
def test_wrong_usage(files, capsys, arguments, code, said):
    (files / "empty").mkdir()
    (files / "broken.json").write_text("{")
    (files / "empty.csv").write_text("timestamp,namespace,metric,dimensions,statistic,value\n")
    found = replay(capsys, *arguments)
    assert found[0] == code
    assert said in found[2]


def test_what_could_not_be_read_is_said_and_counts(files, capsys):
    (files / "more").mkdir()
    (files / "more" / "broken.json").write_text("{")
    (files / "incidents" / "INC-9.json").write_text('{"id": "INC-9", "status": "gone", "opened_at": "x"}')
    code, out, _ = replay(capsys, "--metrics", "history.csv", "--metrics", "more", "--incidents", "incidents")
    assert code == 4
    lost = out.partition("not read\n")[2].partition("\n\n")[0].splitlines()
    assert len(lost) == 2
    assert "is no valid incident record" in lost[0]
    assert "broken.json: is no JSON" in lost[1]


def test_an_assumption_can_be_chosen(files, capsys):
    arguments = ("--metrics", "history.csv", "--against", "nothing", "--output", "json")
    _, out, _ = replay(capsys, *arguments, "--assume", "fill-without-data=leave", "--evaluation-range", "9")
    row = next(row for row in json.loads(out)["alarms"] if row["alarm"] == "prod-ratio")
    assert row["after"]["pages"]["sent"] == 1


def test_without_the_extra_the_cure_is_said(files, capsys, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("kfm_audit.replay")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "numpy", None)
    code, _, err = replay(capsys, "--metrics", "history.csv")
    assert code == 2
    assert "replay needs numpy: pip install 'kfm-audit[replay]'" in err


def test_two_weeks_are_shown_week_for_week(files, capsys):
    later = HISTORY.replace("2026-01-31", "2026-02-02").partition("\n")[2]
    (files / "history.csv").write_text(HISTORY + later)
    code, out, _ = replay(capsys, "--metrics", "history.csv")
    assert code == 0
    assert (
        "pages by service, week for week\n"
        "             2026-W05  2026-W06\n"
        "  (none)       0 -> 2    0 -> 2\n"
        "  prod-load    0 -> 1    0 -> 1\n"
        "  soils        5 -> 1    5 -> 1\n"
    ) in out
    assert (
        "pages by alarm, week for week\n"
        "              2026-W05  2026-W06\n"
        "  prod-age      3 -> 1    3 -> 1\n"
        "  prod-any      0 -> 2    0 -> 2\n"
    ) in out
    pytest.importorskip("matplotlib", reason="the page needs the extra `replay`")
    replay(capsys, "--metrics", "history.csv", "--output", "html=page.html")
    page = (files / "page.html").read_text(encoding="utf-8")
    assert '<tr><td>soils</td><td class="n">5 -&gt; 1</td><td class="n">5 -&gt; 1</td></tr>' in page


def test_an_alarm_that_hangs_on_the_evaluation_range_is_named(files, capsys):
    sparse = age(evaluation_periods=1, treat_missing_data="missing")
    plan = {"format_version": "1.2", "resource_changes": [
        change("aws_cloudwatch_metric_alarm", "age", sparse), *routes()]}  # fmt: skip
    (files / "tfplan.json").write_text(json.dumps(plan))
    header, _, rows = HISTORY.partition("\n")
    kept = [row for row in rows.splitlines() if row.startswith((stamp(0), stamp(10), stamp(119)))]
    (files / "history.csv").write_text("\n".join([header, *kept]) + "\n")
    code, out, _ = replay(capsys, "--metrics", "history.csv", "--against", "nothing")
    assert code == 0
    assert (
        "hang on the evaluation range, which AWS does not publish\n"
        "  prod-age: OK at 2026-01-31T00:03:00Z, but INSUFFICIENT_DATA with 2 slots\n"
    ) in out
    _, out, _ = replay(capsys, "--metrics", "history.csv", "--against", "nothing", "--output", "json")
    assert json.loads(out)["range_sensitive"] == [
        {
            "alarm": "prod-age",
            "side": "after",
            "at": "2026-01-31T00:03:00Z",
            "slots": 2,
            "state": "OK",
            "other": "INSUFFICIENT_DATA",
        }
    ]
