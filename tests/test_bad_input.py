"""Bad input is normal input: one clear finding each, the right exit code, the rest still checked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

GOOD = {
    "format_version": "1.2",
    "resource_changes": [
        {
            "address": "aws_cloudwatch_metric_alarm.a",
            "mode": "managed",
            "type": "aws_cloudwatch_metric_alarm",
            "name": "a",
            "change": {"actions": ["create"], "after": {"alarm_name": "prod-a"}, "after_unknown": {}},
        }
    ],
}
PLAN = json.dumps(GOOD, indent=1)

BROKEN = {
    "empty": b"",
    "only-space": b" \n\t ",
    "cut-off": PLAN[: len(PLAN) // 2].encode(),
    "not-utf-8": PLAN.replace("prod-a", "prod-\u00e9").encode("latin-1"),
    "utf-16": PLAN.encode("utf-16"),
    "null-bytes": b"\x00" * 5000,
    "deep": b'{"resource_changes":' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}",
    "deep-and-open": b'{"a":' * 1_000_000,
    "scalar": b"5",
    "not-utf-8-key-in-an-array": b'[{"\xc3": 1}]',
    "wrong-top": b'["resource_changes"]',
    "wrong-key": b'{"resource_changes": 5}',
    "html": b"<html><body>503 Service Unavailable</body></html>",
}


@pytest.mark.parametrize("name", BROKEN)
def test_each_gives_one_finding_and_the_rest_is_checked(name, tmp_path, check) -> None:
    (tmp_path / "broken-tfplan.json").write_bytes(BROKEN[name])
    (tmp_path / "good.json").write_text(PLAN)
    code, report = check(".", cwd=tmp_path)
    by_path = {
        path: [f["rule"] for f in report["findings"] if f["location"]["path"] == path]
        for path in ("broken-tfplan.json", "good.json")
    }
    assert by_path == {"broken-tfplan.json": ["SYS001"], "good.json": ["ALM001"]}
    assert code == 4
    (lost,) = (finding for finding in report["findings"] if finding["rule"] == "SYS001")
    assert lost["subject"] == "broken-tfplan.json"
    assert lost["message"]
    assert lost["help"]


NOT_UTF8 = {
    "tfplan.json": PLAN.replace("prod-a", "prod-\u00e9"),
    "describe-alarms.json": '{"MetricAlarms": [\n{"AlarmName": "prod-\u00e9", "StateValue": "OK"}]}',
    "main.tf": '# R\n# e\n# "\u00e9"\n',
    "run.prov.jsonld": '{"@context": {"prov": "http://www.w3.org/ns/prov#"},\n"@type": "prov:\u00e9"}',
    "incidents/INC-7.json": '{"id": "INC-7",\n"status": "\u00e9", "opened_at": "2026-01-30T02:00:00Z"}',
    "directory.json": '{"users": [\n{"id": "jos\u00e9", "kind": "human"}]}',
    "groups/g/members.json": '{"results": [\n{"id": "jos\u00e9", "creation_date": 1}], "pagination": {}}',
    "lakefs-audit.json": '[{"log_audit": true,\n"path": "\u00e9"}]',
    "heads.json": '{"schema": "kfm-audit/lakefs-heads-v1",\n"heads": [{"repository": "\u00e9"}]}',
    "reliability-telemetry.json": '{"schema": "reliability-v1",\n"service": "\u00e9"}',
    "ingest.alert.json": '{"schema": "kfm-alert/1.0",\n"severity": "\u00e9"}',
}


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["", "with-byte-order-mark"])
@pytest.mark.parametrize("name", NOT_UTF8)
def test_what_is_not_utf_8_is_shown_where_it_stands_in_the_file(name, mark, tmp_path, check) -> None:
    data = mark + NOT_UTF8[name].encode("latin-1")
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    code, report = check(name, cwd=tmp_path)
    assert code in (1, 4)
    (lost,) = [one for one in report["findings"] if one["rule"] in ("SYS001", "PRV001")]
    offset = data.index(b"\xe9")
    assert lost["message"].endswith(f"is not UTF-8: byte 0xe9 at offset {offset}")
    assert (lost["location"]["line"], lost["help"]) == (
        data.count(b"\n", 0, offset) + 1,
        "save it as UTF-8",
    )


def test_a_plan_that_is_not_utf_8_is_said_in_one_sentence(tmp_path, check) -> None:
    (tmp_path / "plan.json").write_bytes(PLAN.replace("prod-a", "prod-\u00e9").encode("latin-1"))
    _, report = check(".", cwd=tmp_path)
    (lost,) = report["findings"]
    assert lost["message"] == "is not UTF-8: byte 0xe9 at offset 275"


def test_telemetry_between_lines_of_a_log_is_said_with_the_cure(tmp_path, check) -> None:
    event = {"_aws": {"CloudWatchMetrics": [{"Namespace": "KFM", "Metrics": [{"Name": "Rows"}]}]}, "Rows": 1}
    (tmp_path / "function.log").write_text(f"START RequestId: x\n{json.dumps(event)}\nEND RequestId: x\n")
    code, report = check(".", cwd=tmp_path)
    (lost,) = report["findings"]
    assert (code, lost["message"]) == (4, "holds telemetry between lines of other text")
    assert "grep '^{'" in lost["help"]


@pytest.mark.parametrize("number", ["9" * 400, "1e400", str(2**63 - 1)])
def test_numbers_beyond_all_measure_are_said_or_judged_and_end_nothing(number, tmp_path, check) -> None:
    settings = tmp_path / "lakefs" / "repositories" / "kfm" / "settings"
    settings.mkdir(parents=True)
    (settings / "gc_rules.json").write_text(f'{{"default_retention_days": {number}, "branches": []}}')
    (settings / "branch_lifecycle.json").write_text(f'[{{"name_patterns": ["env-*"], "max_age": {number}}}]')
    expiry = f'[{{"branches": ["env-prod"], "prefix": "", "expire_after_days": {number}}}]'
    (settings / "object_lifecycle.json").write_text(expiry)
    call = {"log_audit": True, "msg": "HTTP call ended", "path": "/api/v1/repositories/kfm/branches/env-prod"}
    log = json.dumps([call | {"status_code": 0}]).replace(": 0", f": {number}")
    (tmp_path / "lakefs-audit.json").write_text(log)
    energy = f'{{"method": "estimated", "wh": {number}, "runner_watts": 1, "duration_seconds": {number}}}'
    (tmp_path / "energy-telemetry.json").write_text(f'{{"schema": "energy-v2", "energy": {energy}}}')
    plan = PLAN.replace('"prod-a"', f'"prod-a", "threshold": {number}, "evaluation_periods": {number}')
    (tmp_path / "tfplan.json").write_text(plan)
    code, report = check(".", cwd=tmp_path)
    assert code in (1, 4)
    assert len(report["inputs"]) == 6
    assert not {"SYS002", "SYS003"} & {finding["rule"] for finding in report["findings"]}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_what_powershell_writes_is_told_with_the_cure(encoding, tmp_path, check) -> None:
    (tmp_path / "tfplan.json").write_bytes(PLAN.encode(encoding))
    code, report = check(".", cwd=tmp_path)
    (lost,) = report["findings"]
    assert code == 4
    assert lost["message"] == "claims to be a Terraform plan and is not UTF-8: it is UTF-16"
    assert "Out-File -Encoding utf8" in lost["help"]


@pytest.mark.slow
def test_a_hundred_megabytes_of_nesting(tmp_path, check) -> None:
    (tmp_path / "tfplan.json").write_bytes(b'{"resource_changes":' + b"[" * 100_000_000)
    code, report = check(".", cwd=tmp_path)
    assert code == 4
    assert [finding["rule"] for finding in report["findings"]] == ["SYS001"]


def test_every_prefix_of_a_plan_is_an_error_until_it_is_whole(tmp_path, check) -> None:
    file = tmp_path / "tfplan.json"
    for length in range(1, len(PLAN), 7):
        file.write_text(PLAN[:length])
        code, report = check(".", cwd=tmp_path)
        assert (code, [finding["rule"] for finding in report["findings"]]) == (4, ["SYS001"]), PLAN[:length]


def test_every_malformed_provenance_file_of_the_corpus(corpus, check) -> None:
    for file in sorted((corpus / "prov" / "malformed").iterdir()):
        code, report = check(file, "--isolated")
        assert [finding["rule"] for finding in report["findings"]] == ["SYS001"], file.name
        assert code == 4, file.name


def test_every_plan_of_the_corpus_alone(corpus, check) -> None:
    for file in sorted((corpus / "plans").rglob("*.json")):
        code, report = check(file, "--isolated")
        lost = [finding for finding in report["findings"] if finding["rule"] == "SYS001"]
        assert (code == 4) == bool(lost), file
        assert len(lost) <= 1, file
        assert len(report["inputs"]) == 1, file


def test_a_folder_without_inputs(tmp_path, check) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    (tmp_path / "package.json").write_text('{"name": "x"}')
    code, report = check(".", cwd=tmp_path)
    assert code == 3
    assert [finding["rule"] for finding in report["findings"]] == ["SYS004"]
    assert [item["path"] for item in report["ignored"]] == ["package.json"]


def test_a_named_file_of_no_kind_is_an_error_and_a_found_one_is_not(tmp_path, check) -> None:
    (tmp_path / "package.json").write_text('{"name": "x"}')
    (tmp_path / "tfplan.json").write_text('{"format_version": "1.2", "resource_changes": []}')
    assert check(".", cwd=tmp_path)[0] == 0
    assert check("package.json", cwd=tmp_path)[0] == 4


def test_special_files_and_loops(tmp_path, check) -> None:
    import os

    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "gone.json").symlink_to(tmp_path / "nowhere")
    (tmp_path / "tfplan.json").write_text('{"format_version": "1.2", "resource_changes": []}')
    code, report = check(".", cwd=tmp_path)
    assert code == 0
    assert {item["path"]: item["why"] for item in report["ignored"]} == {
        "gone.json": "a link that leads nowhere",
        "loop": "a link to a folder: name the folder as a path to read it",
        "pipe.json": "not a regular file",
    }


@pytest.mark.skipif("__import__('os').geteuid() == 0", reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path, check) -> None:
    file = tmp_path / "tfplan.json"
    file.write_text(PLAN)
    file.chmod(0)
    code, report = check(".", cwd=tmp_path)
    assert code == 4
    assert "Permission denied" in report["findings"][0]["message"]


@pytest.mark.skipif("__import__('os').geteuid() == 0", reason="root may read everything")
@pytest.mark.parametrize("mode", [0o000, 0o444, 0o111])
def test_a_folder_that_may_not_be_entered(mode, tmp_path, check) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "good.json").write_text(PLAN)
    closed = tmp_path / "closed"
    closed.mkdir()
    (closed / "tfplan.json").write_text(PLAN)
    closed.chmod(mode)
    try:
        _, report = check(".", cwd=tmp_path)
        assert [f["location"]["path"] for f in report["findings"] if f["rule"] == "ALM001"] == ["good.json"]
        not_read = [(item["path"], item["why"]) for item in report["ignored"]]
        not_read += [(f["subject"], f["message"]) for f in report["findings"] if f["rule"] == "SYS001"]
        assert not_read == [
            ("closed/tfplan.json", "cannot be opened: Permission denied")
            if mode == 0o444
            else ("closed", "cannot be entered: Permission denied")
        ]
        named = check("closed", cwd=tmp_path)
        assert named[0] == 4
        (lost,) = (finding for finding in named[1]["findings"] if finding["rule"] == "SYS001")
        assert (lost["subject"], lost["message"]) == ("closed", "cannot be opened: Permission denied")
    finally:
        closed.chmod(0o755)


def test_file_names_of_all_kinds(tmp_path: Path, check) -> None:
    names = ["with space.json", "ümlaut-plan.json", "semi;colon&and.json", "new\nline.json", "--flag.json"]
    for name in names:
        (tmp_path / name).write_text(PLAN)
    _, report = check(".", cwd=tmp_path)
    assert sorted(item["path"] for item in report["inputs"]) == sorted(names)
