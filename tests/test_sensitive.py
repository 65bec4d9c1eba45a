"""Values that a plan marks as sensitive stand in no report.

Every case of a rule that is a plan is run again with all values of its resources marked; whatever the rules then
find, no text of them may be printed.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from kfm_audit.cli import main
from kfm_audit.testing import Case, read_case
from kfm_audit.testing.run import DEFAULT_NOW

ROOT = Path(__file__).parent.parent
PLAN = "tfplan.json"
FORMATS = ("text", "json", "sarif", "github", "summary")
SHORTEST = 6
"""A shorter text stands in another word by chance."""
WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]{3,}")
STAIN = "Zq7"


def _cases() -> Iterator[Path]:
    for file in sorted((ROOT / "tests" / "rules").glob("*/*.case")):
        plan = read_case(file).files.get(PLAN)
        if plan is not None and '"resource_changes"' in plan:
            yield file


CASES = {f"{file.parent.name}/{file.stem}": file for file in _cases()}


@pytest.mark.parametrize("name", CASES)
def test_no_report_prints_a_value_that_a_plan_marks_as_sensitive(name, tmp_path, monkeypatch) -> None:
    case = read_case(CASES[name])
    plan = json.loads(case.files[PLAN])
    secrets = {text for change in _mark(plan) for text in _texts(change) if len(text) >= SHORTEST}
    printed = _reports(case, plan, FORMATS, tmp_path, monkeypatch)
    public = _said_elsewhere(case.files, plan)
    leaks = [
        (kind, secret)
        for secret in sorted(secrets)
        if secret not in public
        for kind, text in printed.items()
        if secret in text
    ]
    assert leaks == []


@pytest.mark.parametrize("name", CASES)
def test_no_report_prints_a_part_of_such_a_value(name, tmp_path, monkeypatch) -> None:
    """Every word of the values that is none of the program's own is given an ending that stands nowhere else."""
    case = read_case(CASES[name])
    plan = json.loads(case.files[PLAN])
    _mark(plan)
    _stain(plan)
    (report,) = _reports(case, plan, ("json",), tmp_path, monkeypatch).values()
    assert [line for line in report.splitlines() if STAIN in line] == []


def test_a_value_that_is_not_marked_is_found(tmp_path, monkeypatch) -> None:
    case = read_case(CASES["duplicate-alarm-name/fail-metric-and-composite"])
    plan = json.loads(case.files[PLAN])
    _stain(plan)
    (report,) = _reports(case, plan, ("json",), tmp_path, monkeypatch).values()
    assert [line for line in report.splitlines() if STAIN in line] != []


QUERY = {
    "namespace": "AWS/Lambda",
    "period": 300,
    "stat": "Sum",
    "dimensions": {"FunctionName": "hidden-load"},
}
ALARM = {
    "alarm_name": "prod-hidden-ratio",
    "comparison_operator": "GreaterThanOrEqualToThreshold",
    "threshold": 2,
    "evaluation_periods": 3,
    "treat_missing_data": "missing",
    "alarm_actions": ["arn:aws:sns:us-east-1:111122223333:hidden"],
    "tags": {"severity": "P0"},
    "metric_query": [
        {"id": "errors", "return_data": False, "metric": [QUERY | {"metric_name": "Errors"}]},
        {"id": "calls", "return_data": False, "metric": [QUERY | {"metric_name": "Invocations"}]},
        {"id": "ratio", "return_data": True, "expression": "100 * errors / calls"},
    ],
}


def _mute(expression: str, duration: str = "PT4H") -> dict:
    schedule = {"expression": expression, "duration": duration, "timezone": "Europe/Nowhere"}
    targets = [{"alarm_names": ["prod-hidden-ratio"]}]
    return {"name": "hidden-mute", "rule": [{"schedule": [schedule]}], "mute_targets": targets}


@pytest.mark.parametrize(
    ("rule", "kind", "values"),
    [
        ("ALM010", "aws_cloudwatch_metric_alarm", ALARM),
        ("ALM028", "aws_cloudwatch_alarm_mute_rule", _mute("hidden expression")),
        ("ALM028", "aws_cloudwatch_alarm_mute_rule", _mute("cron(0 hidden * * *)")),
        ("ALM028", "aws_cloudwatch_alarm_mute_rule", _mute("cron(0 2 * * *)", "hidden")),
        ("SNS007", "aws_cloudwatch_alarm_mute_rule", _mute("cron(7 20 * * *)")),
    ],
)
def test_a_rule_says_its_finding_without_the_value(rule, kind, values, check, tmp_path) -> None:
    alarm = ("aws_cloudwatch_metric_alarm", ALARM)
    entries = [
        {
            "address": f"{type_}.a",
            "mode": "managed",
            "type": type_,
            "name": "a",
            "change": {"actions": ["create"], "after": after, "after_unknown": {}, "after_sensitive": True},
        }
        for type_, after in dict((alarm, (kind, values))).items()
    ]
    (tmp_path / PLAN).write_text(json.dumps({"format_version": "1.2", "resource_changes": entries}))
    _, report = check(PLAN, "--select", rule, "--now", DEFAULT_NOW, cwd=tmp_path)
    (finding,) = report["findings"]
    said = json.dumps(finding)
    assert finding["rule"] == rule
    assert [
        word for word in ("hidden", "errors / calls", "Nowhere", "cron(7", "as missing") if word in said
    ] == []


def _reports(
    case: Case, plan: object, formats: tuple[str, ...], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """What `check` writes of the case with another plan, by format."""
    for path, content in {**case.files, PLAN: json.dumps(plan)}.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "100000")  # a value that is wrapped is printed all the same
    arguments = ["--now", DEFAULT_NOW] if "--now" not in case.arguments else []
    if "policy.yaml" in case.files and "--policy" not in case.arguments:
        arguments += ["--policy", "policy.yaml"]
    outputs = [f"--output={kind}={folder / f'report.{kind}'}" for kind in formats]
    main(["check", *arguments, *case.arguments, *outputs, "--quiet", "."])
    return {kind: _printed(kind, (folder / f"report.{kind}").read_text()) for kind in formats}


def _mark(plan: dict) -> list[object]:
    """Mark all values of the plan's resources as sensitive, and return them."""
    values = []
    for entry in plan["resource_changes"]:
        change = entry["change"]
        for part in ("after", "before"):
            change[f"{part}_sensitive"] = True
            values.append(change.get(part))
    return values


def _stain(plan: dict) -> None:
    """Give every word of the values an ending that stands nowhere else."""
    for entry in plan["resource_changes"]:
        for part in {"after", "before"} & entry["change"].keys():
            entry["change"][part] = _stained(entry["change"][part])


def _texts(value: object) -> Iterator[str]:
    """The texts in a value, and those in a text that is JSON itself: a policy's or an event pattern's."""
    if isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value
        if value.lstrip().startswith(("{", "[")):
            try:
                yield from _texts(json.loads(value))
            except ValueError:
                return


def _stained(value: object) -> object:
    if isinstance(value, dict):
        return {key: _stained(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_stained(item) for item in value]
    if isinstance(value, str):
        own = _own_vocabulary()
        return WORD.sub(lambda word: word[0] if word[0] in own else word[0] + STAIN, value)
    return value


def _printed(kind: str, report: str) -> str:
    """What a report says of the plan, as plain text."""
    if kind not in ("json", "sarif"):
        return report
    document = json.loads(report)
    for run in document.get("runs", ()):
        del run["tool"]  # the pages of the rules, which are the same for every plan
    return "\n".join(_texts(document))


def _said_elsewhere(files: dict[str, str], plan: dict) -> str:
    """Where a text may come from that is no secret though it equals one.

    It stands in the plan outside of the values (an address), in another input of the case, in the policy that
    ships, or is a word of the program's own: AWS's namespaces, metrics and enums, and the words of messages.
    """
    others = [text for path, text in files.items() if path != PLAN]
    rest = {key: value for key, value in plan.items() if key != "resource_changes"}
    entries = [{**entry, "change": None} for entry in plan["resource_changes"]]
    return "\n".join((json.dumps(rest), json.dumps(entries), *others, _own_words()))


@cache
def _own_vocabulary() -> frozenset[str]:
    return frozenset(WORD.findall(_own_words()))


@cache
def _own_words() -> str:
    """The texts in the program, less its docstrings, whose examples name things as cases do; and the policies."""
    words = [file.read_text() for file in sorted((ROOT / "policies").glob("*.yaml"))]
    for file in sorted((ROOT / "kfm_audit").rglob("*.py")):
        nodes = (node for node in ast.walk(ast.parse(file.read_text())) if not isinstance(node, ast.Expr))
        inner = (child for node in nodes for child in ast.iter_child_nodes(node))
        words += [one.value for one in inner if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return "\n".join(words)
