"""The ledger of open cases: what it holds, what it reopens, and what tampering with it does."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.digest import sha256
from kfm_audit.facts import Case, Debt, LedgerCase, Record, Role, Rollback, Standing, UnreadableInput
from kfm_audit.ledger import BEGINNING, Ledger, LedgerError, read_ledger
from kfm_audit.values import Origin

ROOT = Path(__file__).parent.parent
VALIDATOR = jsonschema_rs.validator_for(
    msgspec.json.decode((ROOT / "schemas/json/ledger-v1.schema.json").read_bytes())
)
THREE = datetime(2026, 1, 30, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
POLICY = """\
policy: 1
name: example
extends: core
lakefs:
  environment_branches: {prod: [env-prod]}
  rollback: {groups: [reliability]}
"""


def rollback(request="0b1e", **more) -> Rollback:
    known = {
        "subject": f"lakefs://kfm/env-prod@{request}",
        "origin": Origin("audit.jsonl", line=3),
        "operation": "RevertBranch",
        "repository": "kfm",
        "branch": "env-prod",
        "time": THREE,
        "user": "jane",
        "status": 204,
        "request_id": request,
        "environment": "prod",
        "standing": Standing(Role.LISTED, "jane is a listed user"),
    }
    return Rollback(**{**known, **more})


def case(request="0b1e", *settled, **more) -> Case:
    call = rollback(request)
    return Case(
        subject=call.subject,
        origin=call.origin,
        rollbacks=(call,),
        environment="prod",
        due=dict.fromkeys((Debt.CORRECTION, Debt.INCIDENT), THREE + 24 * HOUR),
        records={debt: Record(debt.value, "it lists it", None, final=True) for debt in settled},
        **more,
    )


def read(tmp_path, data: bytes, now=THREE + 99 * HOUR) -> Ledger:
    file = tmp_path / "ledger.jsonl"
    file.write_bytes(data)
    return read_ledger(file, "ledger.jsonl", now)


def written(tmp_path, *runs) -> bytes:
    """The ledger after several runs, an hour apart, each with its cases."""
    data = b""
    for number, cases in enumerate(runs):
        now = THREE + (number + 1) * HOUR
        data = read(tmp_path, data, now).with_cases(cases, now)
    return data


def test_a_ledger_that_does_not_exist_is_empty(tmp_path) -> None:
    ledger = read_ledger(tmp_path / "none.jsonl", "none.jsonl", THREE)
    assert (ledger.entries, ledger.head, ledger.broken, list(ledger.facts())) == ((), BEGINNING, "", [])


def test_an_open_case_comes_back_as_it_was(tmp_path) -> None:
    ledger = read(tmp_path, written(tmp_path, [case()]))
    origin = Origin("ledger.jsonl", line=1)
    assert list(ledger.facts()) == [
        LedgerCase(
            subject="lakefs://kfm/env-prod@0b1e",
            origin=origin,
            rollbacks=(rollback(origin=origin),),
            opened="2026-01-30T04:00:00Z",
        )
    ]


def test_only_what_changed_is_written(tmp_path) -> None:
    data = written(
        tmp_path,
        [case(), case("settled", Debt.CORRECTION, Debt.INCIDENT)],
        [case()],
        [case("0b1e", Debt.INCIDENT)],
        [case("0b1e", Debt.CORRECTION, Debt.INCIDENT)],
        [case("0b1e", Debt.CORRECTION, Debt.INCIDENT)],
    )
    entries = read(tmp_path, data).entries
    assert [(e.case[-4:], e.open, e.owed, e.settled, e.at - THREE, e.opened - THREE) for e in entries] == [
        ("0b1e", True, ("correction", "incident"), (), HOUR, HOUR),
        ("0b1e", True, ("correction",), ("incident",), 3 * HOUR, HOUR),
        ("0b1e", False, (), ("correction", "incident"), 4 * HOUR, HOUR),
    ]
    assert list(read(tmp_path, data).facts()) == []


def test_every_line_is_as_the_schema_says(tmp_path) -> None:
    data = written(tmp_path, [case()], [case(), case("b")], [case("b", Debt.INCIDENT)])
    lines = data.splitlines()
    assert len(lines) == 3
    for line in lines:
        VALIDATOR.validate(json.loads(line))
    with pytest.raises(jsonschema_rs.ValidationError):
        VALIDATOR.validate({**json.loads(lines[0]), "more": 1})


@given(st.data())
def test_no_change_of_a_line_goes_unseen(tmp_path_factory, data) -> None:
    folder = tmp_path_factory.mktemp("ledger")
    whole = written(folder, [case()], [case(), case("b")], [case("b", Debt.INCIDENT)])
    place = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.integers(0, 255))
    changed = whole[:place] + bytes([byte]) + whole[place + 1 :]
    ledger = read(folder, changed)
    if changed == whole:
        assert ledger.broken == ""
        return
    assert ledger.broken
    facts = list(ledger.facts())
    assert isinstance(facts[-1], UnreadableInput)
    assert facts[-1].origin.line == whole[:place].count(b"\n") + 1 or byte == 10 or whole[place] == 10


@pytest.mark.parametrize(
    ("order", "why"),
    [
        ((1, 2), "a line before it was changed, taken out or put in"),
        ((0, 2), "a line before it was changed, taken out or put in"),
        ((0, 2, 1), "a line before it was changed, taken out or put in"),
        ((0, 1, 1, 2), "a line before it was changed, taken out or put in"),
    ],
    ids=["first taken out", "one taken out", "order", "put in twice"],
)
def test_lines_cannot_be_taken_out_put_in_or_moved(tmp_path, order, why) -> None:
    lines = written(tmp_path, [case()], [case(), case("b")], [case("b", Debt.INCIDENT)]).splitlines(
        keepends=True
    )
    assert read(tmp_path, b"".join(lines[number] for number in order)).broken == why


def test_half_a_line_is_said(tmp_path) -> None:
    data = written(tmp_path, [case()], [case(), case("b")])
    ledger = read(tmp_path, data[:-9])
    assert (ledger.broken, ledger.line, len(ledger.entries)) == ("its last line is cut off", 2, 1)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_ledger_or_are_said_to_be_none(tmp_path_factory, data) -> None:
    ledger = read(tmp_path_factory.mktemp("ledger"), data)
    assert bool(ledger.broken) == bool(data)


def test_a_run_of_the_past_does_not_write(tmp_path) -> None:
    data = written(tmp_path, [case()])
    with pytest.raises(LedgerError, match="was written as of 2026-01-30T04:00:00Z, after --now"):
        read(tmp_path, data, THREE)


def line(time, operation, path, request, user="jane", method="POST", status=204) -> str:
    return json.dumps(
        {
            "log_audit": True,
            "msg": "HTTP call ended",
            "time": time,
            "operation_id": operation,
            "method": method,
            "path": f"/api/v1/{path}",
            "status_code": status,
            "request_id": request,
            "user": user,
        }
    )


REVERT = line("2026-01-30T03:00:00Z", "RevertBranch", "repositories/kfm/branches/env-prod/revert", "0b1e")
JOIN = line(
    "2026-01-29T03:00:00Z", "AddGroupMembership", "auth/groups/reliability/members/jane", "m", "admin"
)
QUIET = line(
    "2026-01-31T03:00:00Z", "GetBranch", "repositories/kfm/branches/env-prod", "g", method="GET", status=200
)
CORRECTION = {
    "@context": {
        "prov": "http://www.w3.org/ns/prov#",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
        "kfm": "https://kansasfrontiermatrix.org/ns/kfm#",
    },
    "@id": "urn:kfm:correction:0b1e",
    "@type": ["prov:Activity", "kfm:Correction"],
    "prov:startedAtTime": {"@value": "2026-01-30T03:00:00Z", "@type": "xsd:dateTime"},
    "prov:endedAtTime": {"@value": "2026-01-31T09:58:00Z", "@type": "xsd:dateTime"},
    "prov:wasAssociatedWith": {"@id": "urn:kfm:person:jane", "@type": "prov:Person"},
    "kfm:lakefsRequestId": "0b1e",
    "kfm:revertedCommit": "b7d03f51c2aa",
    "kfm:restoredCommit": "9666d7c9daf3",
    "kfm:reasonCategory": "data-quality",
    "kfm:justification": "Parcel geometries were shifted by one county row.",
}
INCIDENT = {
    "id": "INC-7",
    "severity": "Sev2",
    "service": "parcels",
    "environment": "prod",
    "status": "closed",
    "opened_at": "2026-01-30T02:50:00Z",
    "corrected_at": "2026-01-30T03:04:00Z",
    "rollbacks": ["0b1e"],
}


def nightly(project, day, *lines) -> dict[str, str]:
    """What a nightly run on the log of one day says of LFS001 to LFS003."""
    project.write("lakefs-audit.jsonl", "\n".join(lines) + "\n")
    project.write("policy.yaml", POLICY)
    project.write("kfm-audit.toml", 'policy = "policy.yaml"\n')
    when = ("--now", f"2026-01-{day}T10:00:00Z", "--since", f"2026-01-{day}")
    code, report = project.report(*when, "--ledger", "cases.jsonl", "--select", "LFS")
    found = {
        f["rule"]: f["verdict"] for f in report["findings"] if f["rule"] in ("LFS001", "LFS002", "LFS003")
    }
    return {**found, "code": str(code)}


def test_nightly_runs_carry_a_case_until_it_is_settled(project) -> None:
    assert nightly(project, 30, JOIN, REVERT) == {"LFS002": "pending", "LFS003": "pending", "code": "0"}
    # The log of the next day knows neither the rollback nor when jane came into the group.
    assert nightly(project, 31, QUIET) == {"LFS002": "fail", "LFS003": "fail", "code": "1"}
    project.write("rollbacks/0b1e.prov.jsonld", json.dumps(CORRECTION))
    assert nightly(project, 31, QUIET) == {"LFS003": "fail", "code": "1"}
    project.write("incidents/INC-7.json", json.dumps(INCIDENT))
    assert nightly(project, 31, QUIET) == {"code": "0"}
    entries = [json.loads(one)["entry"] for one in (project.folder / "cases.jsonl").read_text().splitlines()]
    assert [(entry["open"], entry["owed"]) for entry in entries] == [
        (True, ["correction", "incident"]),
        (True, ["incident"]),
        (False, []),
    ]
    assert nightly(project, 31, QUIET) == {"code": "0"}
    assert len((project.folder / "cases.jsonl").read_text().splitlines()) == 3


def test_an_open_case_outlives_a_policy_that_no_longer_names_its_branch(project) -> None:
    nightly(project, 30, JOIN, REVERT)
    project.write("lakefs-audit.jsonl", QUIET + "\n")
    project.write("policy.yaml", POLICY.replace("prod: [env-prod]", "stage: [env-stage]"))
    code, report = project.report(
        "--now", "2026-01-31T10:00:00Z", "--ledger", "cases.jsonl", "--select", "LFS"
    )
    owed = {
        f["rule"]: f["verdict"] for f in report["findings"] if f["rule"] in ("LFS002", "LFS003", "SYS002")
    }
    assert (code, owed) == (1, {"LFS002": "fail", "LFS003": "fail"})


def test_without_the_ledger_yesterday_is_forgotten(project) -> None:
    nightly(project, 30, JOIN, REVERT)
    (project.folder / "cases.jsonl").unlink()
    assert nightly(project, 31, QUIET) == {"code": "0"}


def test_a_ledger_that_was_altered_is_exit_4_and_is_not_written(project) -> None:
    nightly(project, 30, JOIN, REVERT)
    file = project.folder / "cases.jsonl"
    file.write_bytes(file.read_bytes().replace(b'"jane"', b'"june"'))
    before = file.read_bytes()
    assert nightly(project, 31, QUIET) == {"code": "4"}
    assert file.read_bytes() == before


def test_a_file_that_is_no_ledger_is_said_to_be_none_and_is_not_written(project) -> None:
    project.write("lakefs-audit.jsonl", REVERT + "\n")
    project.write("notes.txt", "buy milk\n")
    code, report = project.report("--now", "2026-01-30T10:00:00Z", "--ledger", "notes.txt", "--select", "SYS")
    assert code == 4
    (finding,) = report["findings"]
    assert finding["message"] == (
        "line 1 and what follows: is no ledger, or its first line was altered: it is no line of a ledger: JSON is "
        "malformed: invalid character (byte 0)"
    )
    assert (project.folder / "notes.txt").read_text() == "buy milk\n"


def test_the_ledger_is_not_among_what_was_ignored(project) -> None:
    nightly(project, 30, JOIN, REVERT)
    project.write("other.jsonl", '{"a": 1}\n')
    _, report = project.report("--now", "2026-01-31T10:00:00Z", "--ledger", "cases.jsonl")
    assert [item["path"] for item in report["ignored"]] == ["other.jsonl"]
    assert report["population"]["ledger"]["path"] == "cases.jsonl"


def test_a_run_says_where_the_ledger_stands(project) -> None:
    project.write("lakefs-audit.jsonl", REVERT + "\n")
    project.write("policy.yaml", POLICY)
    done = project.check(
        "--policy", "policy.yaml", "--now", "2026-01-30T10:00:00Z", "--ledger", "cases.jsonl"
    )
    head = json.loads((project.folder / "cases.jsonl").read_text())["sha256"]
    assert f"cases.jsonl: 1 open case, 1 entry, sha256 {head}" in done.err


def test_a_ledger_that_cannot_be_written_is_wrong_usage(project) -> None:
    project.write("lakefs-audit.jsonl", REVERT + "\n")
    (project.folder / "folder").mkdir()
    assert project.check("--ledger", "folder").code == 2


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda entry: entry.update(rollbacks=[]), "it is a case without a call"),
        (lambda entry: entry.update(at="2026-01-30T03:00:00"), "a time in it has no offset"),
        (lambda entry: entry.update(opened="2026-01-30T03:00:00"), "a time in it has no offset"),
        (
            lambda entry: entry["rollbacks"][0].update(time="2026-01-30T03:00:00"),
            "a time in it has no offset",
        ),
    ],
)
def test_a_line_that_says_what_no_run_writes_is_refused_though_its_chain_holds(tmp_path, change, why) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_bytes(read_ledger(file, "cases.jsonl", THREE).with_cases([case()], THREE + HOUR))
    entry = json.loads(file.read_bytes())["entry"]
    change(entry)
    raw = json.dumps(entry).encode()
    line = {"entry": msgspec.Raw(raw), "before": BEGINNING, "sha256": sha256(BEGINNING.encode() + raw)}
    file.write_bytes(msgspec.json.encode(line) + b"\n")
    ledger = read_ledger(file, "cases.jsonl", THREE + 2 * HOUR)
    assert (ledger.broken, ledger.line, ledger.entries) == (why, 1, ())
