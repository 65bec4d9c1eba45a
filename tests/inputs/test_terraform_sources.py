"""Sources give a plan's findings their lines: the narrowest place that there is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kfm_audit.inputs.kind import ReadContext
from kfm_audit.inputs.source import Source
from kfm_audit.inputs.terraform.plan import KIND as PLAN
from kfm_audit.inputs.terraform.stacks import Stacks
from kfm_audit.policy.model import Policy

ALARM = "aws_cloudwatch_metric_alarm"

MAIN = """\
# Alarms of the ingest queue — with an umlaut: ä
resource "aws_cloudwatch_metric_alarm" "backlog" {
  alarm_name    = "prod-backlog"
  alarm_actions = []
}

resource "aws_cloudwatch_metric_alarm" "age" {
  alarm_name = "prod-age"
}

module "queues" {
  source   = "./modules/queue"
  for_each = toset(["a.b", "c"])
}

module "vendor" {
  source = "vendor/alarms/aws"
}
"""
QUEUE = """\
resource "aws_cloudwatch_metric_alarm" "depth" {
  count      = 2
  alarm_name = "prod-depth"

  alarm_actions = /* ä */ var.actions
}
"""


def alarm(address: str, **after: object) -> dict:
    name = address.rsplit(".", 1)[-1].split("[", maxsplit=1)[0]
    change = {"actions": ["create"], "after": {"alarm_name": "prod", **after}, "after_unknown": {}}
    return {"address": address, "mode": "managed", "type": ALARM, "name": name, "change": change}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    changes = [
        alarm(f"{ALARM}.backlog", alarm_actions=[]),
        alarm(f"{ALARM}.age"),
        alarm(f'module.queues["a.b"].{ALARM}.depth[0]'),
        alarm(f"module.vendor.{ALARM}.hidden"),
    ]
    (tmp_path / "infra/modules/queue").mkdir(parents=True)
    (tmp_path / "infra/main.tf").write_text(MAIN)
    (tmp_path / "infra/modules/queue/main.tf").write_text(QUEUE)
    (tmp_path / "tfplan.json").write_text(
        json.dumps({"format_version": "1.2", "resource_changes": changes}, separators=(",", ":"))
    )
    return tmp_path


def places(report: dict) -> dict[str, tuple]:
    return {
        finding["subject"]: tuple(
            finding["location"][key] for key in ("path", "line", "column", "end_line", "end_column")
        )
        for finding in report["findings"]
        if finding["rule"] == "ALM001"
    }


def test_narrowest_place_through_modules_keys_and_counts(folder, check) -> None:
    _, report = check(".", cwd=folder)
    assert places(report) == {
        f"{ALARM}.backlog": ("infra/main.tf", 4, 3, 4, 21),
        f"{ALARM}.age": ("infra/main.tf", 7, 1, 7, 45),
        f'module.queues["a.b"].{ALARM}.depth[0]': ("infra/modules/queue/main.tf", 5, 3, 5, 38),
        # A module from a registry is not here: its call is the nearest line to change.
        f"module.vendor.{ALARM}.hidden": ("infra/main.tf", 16, 1, 16, 16),
    }
    (finding,) = [
        item
        for item in report["findings"]
        if (item["rule"], item["subject"]) == ("ALM001", f"{ALARM}.backlog")
    ]
    assert finding["location"]["pointer"] == "/resource_changes/0/change/after/alarm_actions"


QUERIES = """\
resource "aws_cloudwatch_metric_alarm" "ratio" {
  alarm_name = "prod-ratio"
  metric_query {
    id         = "ratio"
    expression = "errors / calls"
  }
  metric_query {
    id = "errors"
    metric {
      period = 10
    }
  }
}
"""


def test_blocks_of_a_set_are_found_by_their_id(tmp_path) -> None:
    """A plan has them in an order of its own."""
    queries = [
        {"id": "errors", "metric": [{"metric_name": "Errors", "period": 10, "stat": "Sum"}]},
        {"id": "ratio", "expression": "errors / calls", "metric": []},
    ]
    document = {"format_version": "1.2", "resource_changes": [alarm(f"{ALARM}.ratio", metric_query=queries)]}
    (tmp_path / "main.tf").write_text(QUERIES)
    (tmp_path / "tfplan.json").write_text(json.dumps(document))
    plan = Source("tfplan.json", tmp_path / "tfplan.json")
    context = ReadContext(Policy(policy=1, name="test"), tmp_path, tmp_path)
    (fact,) = PLAN.read(plan, context).facts
    stacks = Stacks([(plan, (fact,))], [Source("main.tf", tmp_path / "main.tf")], context)
    lines = {
        path: location.line
        for path in (
            "metric_query/0/metric/0/period",
            "metric_query/1/expression",
            "metric_query/0",
            "metric_query/7",
        )
        if (location := stacks.locate(fact.origin, path))
    }
    assert lines == {
        "metric_query/0/metric/0/period": 10,
        "metric_query/1/expression": 5,
        "metric_query/0": 7,
        "metric_query/7": 3,
    }


MADE = """\
resource "aws_cloudwatch_metric_alarm" "ratio" {
  alarm_name = "prod-ratio"
  dynamic "metric_query" {
    for_each = { errors = "Errors", calls = "Invocations" }
    content {
      id = metric_query.key
      metric {
        metric_name = metric_query.value
        period      = 10
      }
    }
  }
  metric_query {
    id          = "ratio"
    expression  = "errors / calls"
    return_data = true
  }
}
"""


def test_what_a_dynamic_block_makes_is_found_in_its_content(tmp_path) -> None:
    (tmp_path / "main.tf").write_text(MADE)
    context = ReadContext(Policy(policy=1, name="test"), tmp_path, tmp_path)
    stacks = Stacks([], [Source("main.tf", tmp_path / "main.tf")], context)
    ((fact,),) = stacks.facts().values()
    lines = {
        path: location.line
        for path in (
            "metric_query/0/metric/0/metric_name",
            "metric_query/1/metric/0/period",
            "metric_query/1",
            "metric_query/2/expression",
            "metric_query",
        )
        if (location := stacks.locate(fact.origin, path))
    }
    assert lines == {
        "metric_query/0/metric/0/metric_name": 8,
        "metric_query/1/metric/0/period": 9,
        "metric_query/1": 3,
        "metric_query/2/expression": 15,
        "metric_query": 3,
    }


def test_windows_line_ends_and_byte_order_mark(folder, check) -> None:
    (folder / "infra/main.tf").write_bytes(b"\xef\xbb\xbf" + MAIN.replace("\n", "\r\n").encode())
    _, report = check(".", cwd=folder)
    assert places(report)[f"{ALARM}.backlog"] == ("infra/main.tf", 4, 3, 4, 21)


def by_stack(report: dict) -> dict[str, set[str]]:
    """The files that ALM001 shows, by stack."""
    found: dict[str, set[str]] = {}
    for finding in report["findings"]:
        if finding["rule"] == "ALM001":
            found.setdefault(finding["stack"], set()).add(finding["location"]["path"])
    return found


def test_two_folders_that_fit_alike_give_the_plans_own_place_and_are_judged_too(folder, check) -> None:
    """One of them may have no plan: rather judged twice than never."""
    (folder / "copy").mkdir()
    (folder / "copy/main.tf").write_text(MAIN)
    _, report = check(".", cwd=folder)
    # The module that `copy` calls lies in no folder of this run.
    assert by_stack(report) == {
        "tfplan": {"tfplan.json"},
        "infra": {"infra/main.tf", "infra/modules/queue/main.tf"},
        "copy": {"copy/main.tf"},
    }


def test_as_many_plans_as_folders_that_fit_alike_are_their_plans(folder, check) -> None:
    (folder / "copy").mkdir()
    (folder / "copy/main.tf").write_text(MAIN)
    (folder / "dev.tfplan.json").write_text((folder / "tfplan.json").read_text())
    _, report = check(".", cwd=folder)
    assert by_stack(report) == {"tfplan": {"tfplan.json"}, "dev.tfplan": {"dev.tfplan.json"}}


def test_of_folders_that_fit_alike_a_plan_belongs_to_the_one_that_it_lies_in(folder, check) -> None:
    (folder / "copy").mkdir()
    (folder / "copy/main.tf").write_text(MAIN)
    (folder / "tfplan.json").rename(folder / "copy/tfplan.json")
    _, report = check(".", cwd=folder)
    assert by_stack(report) == {
        "copy/tfplan": {"copy/main.tf"},
        "infra": {"infra/main.tf", "infra/modules/queue/main.tf"},
    }


def test_a_folder_that_shares_a_name_with_a_plan_is_not_its_root(folder, check) -> None:
    (folder / "other").mkdir()
    others = "".join(f'resource "{ALARM}" "other{n}" {{\n  alarm_name = "prod-{n}"\n}}\n' for n in range(9))
    (folder / "other/main.tf").write_text(MAIN[: MAIN.index("module")] + others)
    (folder / "infra/main.tf").unlink()
    document = json.loads((folder / "tfplan.json").read_text())
    resources = [{"address": f"{ALARM}.{name}", "type": ALARM, "name": name} for name in ("backlog", "age")]
    document["configuration"] = {
        "root_module": {"resources": resources, "module_calls": {"queues": {}, "vendor": {}}}
    }
    (folder / "tfplan.json").write_text(json.dumps(document))
    _, report = check(".", cwd=folder)
    assert by_stack(report)["other"] == {"other/main.tf"}


def test_config_says_which_folder_it_is(folder, check) -> None:
    (folder / "copy").mkdir()
    (folder / "copy/main.tf").write_text(MAIN)
    (folder / "kfm-audit.toml").write_text(
        '[[stack]]\nplan = "tfplan.json"\nroot = "infra"\nname = "prod-infra"\n'
    )
    _, report = check(".", cwd=folder)
    assert by_stack(report) == {
        "prod-infra": {"infra/main.tf", "infra/modules/queue/main.tf"},
        "copy": {"copy/main.tf"},
    }


def test_a_source_that_does_not_parse_gives_the_plans_own_place(folder, check) -> None:
    (folder / "infra/main.tf").write_text(MAIN + "\nresource broken = = 2 {\n")
    _, report = check(".", cwd=folder)
    assert places(report)[f"{ALARM}.backlog"][0] == "tfplan.json"


def test_sources_alone_are_judged(folder, check) -> None:
    code, report = check("infra", "--isolated", cwd=folder)
    assert code == 1
    assert places(report) == {
        f"{ALARM}.backlog": ("infra/main.tf", 4, 3, 4, 21),
        f"{ALARM}.age": ("infra/main.tf", 7, 1, 7, 45),
        **{
            f'module.queues["{key}"].{ALARM}.depth[{n}]': ("infra/modules/queue/main.tf", 5, 3, 5, 38)
            for key in ("a.b", "c")
            for n in (0, 1)
        },
    }
    assert {finding["location"]["pointer"] for finding in report["findings"]} == {None}
    told = report["questions"]["told"]
    assert told["answer"] == "partly"
    assert "what module.vendor makes is not in the sources: check a plan" in told["why"]


def said(report: dict) -> list[tuple[str, str, str | None]]:
    return [
        (finding["rule"], finding["subject"], (finding["suppression"] or {}).get("reason"))
        for finding in report["findings"]
    ]


def suppressed(folder: Path, check, comment: str, before: str) -> list[tuple]:
    (folder / "infra/main.tf").write_text(MAIN.replace(before, f"{comment}\n{before}", 1))
    return said(
        check(
            "--show-suppressed", "--select", "ALM001,ALM002", "--now", "2026-01-31T23:00:00Z", ".", cwd=folder
        )[1]
    )


REASON = 'kfm-audit: ignore[ALM001] reason="pages through the vendor" owner="data" expires=2026-01-31'
RESOURCE = 'resource "aws_cloudwatch_metric_alarm" "backlog" {'


@pytest.mark.parametrize("before", [RESOURCE, "  alarm_actions = []"])
@pytest.mark.parametrize("sign", ["#", "//"])
def test_a_comment_above_a_block_or_a_line_suppresses_what_is_shown_there(
    folder, check, before, sign
) -> None:
    found = suppressed(folder, check, f"{sign} {REASON}", before)
    reasons = {subject: reason for rule, subject, reason in found if rule == "ALM001"}
    assert reasons.pop(f"{ALARM}.backlog") == "pages through the vendor"
    assert set(reasons.values()) == {None}
    assert [rule for rule, _, _ in found if rule != "ALM001"] == []


def test_a_comment_on_the_line_itself(folder, check) -> None:
    (folder / "infra/main.tf").write_text(
        MAIN.replace("alarm_actions = []", f"alarm_actions = [] # {REASON}")
    )
    report = check(
        "--show-suppressed", "--select", "ALM001,ALM002", "--now", "2026-01-31T23:00:00Z", ".", cwd=folder
    )[1]
    assert ("ALM001", f"{ALARM}.backlog", "pages through the vendor") in said(report)
    assert report["summary"]["suppressed"] == 1


@pytest.mark.parametrize(
    ("comment", "rule"),
    [
        ("# kfm-audit: ignore[ALM001]", "SYS008"),
        ('# kfm-audit: ignore[ALM001] reason="x" expires=2026-01-30', "SYS007"),
        ('# kfm-audit: ignore[ALM001] reason="x" expires=tomorrow', "SYS008"),
        ('# kfm-audit: ignore[ALM002] reason="x"', "SYS006"),
        ('# kfm-audit: ignore[ALM999] reason="x"', "SYS008"),
        ('# kfm-audit: ignore[LFS001] reason="x" owner="y" expires=2027-01-01', "SYS008"),
    ],
)
def test_a_comment_that_does_not_hold_is_a_finding_itself(folder, check, comment, rule) -> None:
    found = suppressed(folder, check, comment, RESOURCE)
    assert ("ALM001", f"{ALARM}.backlog", None) in found
    assert [item[:2] for item in found if item[0] != "ALM001"] == [
        (rule, f"{comment.partition('[')[2][:6]} infra/main.tf:2")
    ]


def test_what_looks_like_a_comment_in_a_string_is_none(folder, check) -> None:
    text = MAIN.replace('"prod-backlog"', '"prod-backlog # kfm-audit: ignore[ALM001] reason=r owner=o"')
    (folder / "infra/main.tf").write_text(text)
    report = check("--show-suppressed", "--select", "ALM001", ".", cwd=folder)[1]
    assert ("ALM001", f"{ALARM}.backlog", None) in said(report)
    assert report["summary"]["suppressed"] == 0


def test_a_suppression_is_unused_only_where_its_rule_saw_everything(folder, check) -> None:
    (folder / "infra/main.tf").write_text(f'# kfm-audit: ignore[ALM002] reason="x"\n{MAIN}')
    (folder / "other").mkdir()
    (folder / "other/tfplan.json").write_text('{"format_version": "1.2", "resource_changes": []}')
    (folder / "kfm-audit.toml").write_text('[[suppress]]\nrule = "LFS005"\nsubject = "x"\nreason = "y"\n')
    unused = [item for item in said(check(".", cwd=folder)[1]) if item[0].startswith("SYS")]
    assert unused == [("SYS006", "ALM002 infra/main.tf:1", None)]
    assert not [item for item in said(check("other", cwd=folder)[1]) if item[0].startswith("SYS")]
    assert not [
        item for item in said(check(".", "--select", "ALM001", cwd=folder)[1]) if item[0].startswith("SYS")
    ]


def test_a_source_that_paths_name_shows_what_its_plan_says_of_it(folder, check) -> None:
    """As pre-commit does: the plan is context, the finding stands in the file that was committed."""
    (folder / "kfm-audit.toml").write_text("")
    _, report = check("infra/modules/queue/main.tf", cwd=folder)
    assert list(places(report)) == [f'module.queues["a.b"].{ALARM}.depth[0]']
    _, report = check("tfplan.json", cwd=folder)
    assert len(places(report)) == 4


VARIABLES = f"""\
variable "action" {{}}
resource "{ALARM}" "a" {{
  alarm_name    = "a"
  alarm_actions = [var.action]
}}
"""


LAMBDA = 'action = "arn:aws:lambda:eu-central-1:111122223333:function:f"\n'
SNS = 'action = "arn:aws:sns:eu-central-1:111122223333:oncall"\n'


@pytest.mark.parametrize(
    ("config", "files", "expected"),
    [
        ("", {}, {"infra": "undecided"}),
        ("", {"infra/terraform.tfvars": LAMBDA}, {"infra": "fail"}),
        ("", {"infra/prod.tfvars": LAMBDA}, {"infra": "undecided"}),
        (
            "".join(
                f'[[stack]]\nroot = "infra"\nname = "{n}"\nvariable-files = ["env/{n}.tfvars"]\n'
                for n in "pd"
            ),
            {"env/p.tfvars": LAMBDA, "env/d.tfvars": SNS},
            {"p": "fail"},
        ),
    ],
)
def test_variable_files_decide(tmp_path, check, config, files, expected) -> None:
    for path, text in {"infra/main.tf": VARIABLES, "kfm-audit.toml": config, **files}.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    _, report = check(".", "--select", "ALM001", cwd=tmp_path)
    assert {finding["stack"]: finding["verdict"] for finding in report["findings"]} == expected
    why = report["questions"]["told"]["why"]
    assert ("var.action has no value in the sources" in why) is ("undecided" in expected.values())
