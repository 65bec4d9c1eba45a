"""The module calls that lead to a finding in a local module: beside it in every report with related places."""

from __future__ import annotations

import json

import pytest

from kfm_audit.testing.run import run_check

ROOT = """module "queues" {
  source = "../modules/queues"
  name   = "ingest"
}
"""
FILES = {
    "stack/main.tf": ROOT,
    "modules/queues/main.tf": 'variable "name" {}\n\nmodule "alarms" {\n  source = "./alarms"\n  name   = var.name\n}\n',
    "modules/queues/alarms/main.tf": (
        'variable "name" {}\nresource "aws_cloudwatch_metric_alarm" "backlog" {\n  alarm_name = var.name\n}\n'
    ),
}
ADDRESS = "module.queues.module.alarms.aws_cloudwatch_metric_alarm.backlog"


def planned() -> str:
    """The plan of the same."""
    change = {"actions": ["create"], "after": {"alarm_name": "ingest"}, "after_unknown": {}}
    resource = {"address": "aws_cloudwatch_metric_alarm.backlog", "type": "aws_cloudwatch_metric_alarm"}
    alarms = {"source": "./alarms", "module": {"resources": [{**resource, "name": "backlog"}]}}
    queues = {"source": "../modules/queues", "module": {"module_calls": {"alarms": alarms}}}
    return json.dumps(
        {
            "format_version": "1.2",
            "resource_changes": [{**resource, "address": ADDRESS, "name": "backlog", "change": change}],
            "configuration": {"root_module": {"module_calls": {"queues": queues}}},
        }
    )


ALARM_LINE = [
    ("stack/main.tf", 1, "from this module call"),
    ("modules/queues/main.tf", 3, "from this module call"),
]


def related(finding) -> list[tuple[str, int, str]]:
    return [
        (item["location"]["path"], item["location"]["line"], item["message"]) for item in finding["related"]
    ]


@pytest.mark.parametrize("files", [FILES, {**FILES, "stack/tfplan.json": planned()}], ids=["source", "plan"])
def test_each_call_once_from_outside_in(files) -> None:
    ran = run_check(files, ["--select", "ALM001"])
    [finding] = [item for item in ran.findings if item["rule"] == "ALM001"]
    assert (finding["subject"], finding["location"]["path"]) == (ADDRESS, "modules/queues/alarms/main.tf")
    assert related(finding) == ALARM_LINE
    assert (
        "  from module call at stack/main.tf:1\n  from module call at modules/queues/main.tf:3\n"
        in ran.output
    )


def test_two_stacks_of_one_module_have_each_its_own_call() -> None:
    ran = run_check({**FILES, "other/main.tf": f"\n\n{ROOT}"}, ["--select", "ALM001"])
    found = {item["stack"]: related(item)[0][:2] for item in ran.findings if item["rule"] == "ALM001"}
    assert found == {"stack": ("stack/main.tf", 1), "other": ("other/main.tf", 3)}


def test_a_call_that_is_where_the_finding_is_shown_is_not_said_twice() -> None:
    """The sources of the inner module are not here: the finding stands on its call."""
    files = {name: text for name, text in FILES.items() if "alarms/" not in name}
    ran = run_check({**files, "stack/tfplan.json": planned()}, ["--select", "ALM001"])
    [finding] = [item for item in ran.findings if item["rule"] == "ALM001"]
    assert (finding["location"]["path"], finding["location"]["line"]) == ("modules/queues/main.tf", 3)
    assert related(finding) == ALARM_LINE[:1]


def test_sarif_has_them_as_related_locations(project) -> None:
    for name, text in FILES.items():
        project.write(name, text)
    done = project.check("--select", "ALM001", "--output", "sarif", ".")
    [result] = [item for item in json.loads(done.out)["runs"][0]["results"] if item["ruleId"] == "ALM001"]
    places = [item["physicalLocation"] for item in result["relatedLocations"]]
    assert [(place["artifactLocation"]["uri"], place["region"]["startLine"]) for place in places] == [
        ("stack/main.tf", 1),
        ("modules/queues/main.tf", 3),
    ]


def test_many_findings_of_one_module_line_are_one_group() -> None:
    many = ROOT.replace("  name ", "  for_each = toset([for n in range(12) : tostring(n)])\n  name ")
    ran = run_check({**FILES, "stack/main.tf": many}, ["--select", "ALM001"])
    assert sum(item["rule"] == "ALM001" for item in ran.findings) == 12
    assert ran.output.count("from module call at stack/main.tf:1") == 3
