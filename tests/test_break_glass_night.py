"""The night of a legitimate break-glass reset, through the command line, with a clock.

03:00 reset, 03:10 pending, 09:30 pending with a draft, 10:00 accounted for; failing
once overdue where no final record comes, and late for ever after where it comes late.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

RESET = {
    "client": "lakefs-python-sdk/1.84.0",
    "host": "lakefs.example.com",
    "level": "info",
    "log_audit": True,
    "method": "PUT",
    "msg": "HTTP call ended",
    "operation_id": "HardResetBranch",
    "path": "/api/v1/repositories/kfm/branches/env-prod/hard_reset?ref=9666d7c9daf3&force=false",
    "request_id": "0b1e6c1e-94a4-4d0e-8f0e-1f6d1c6a2b11",
    "service_name": "rest_api",
    "source_ip": "10.0.0.7:51512",
    "status_code": 204,
    "time": "2026-01-30T03:00:00Z",
    "user": "oncall-emergency",
}
SUBJECT = "lakefs://kfm/env-prod@0b1e6c1e-94a4-4d0e-8f0e-1f6d1c6a2b11"
POLICY = """\
policy: 1
name: night
extends: core
lakefs:
  environment_branches: {prod: [env-prod]}
  rollback:
    groups: [reliability-engineers]
    break_glass: {users: [oncall-emergency]}
  due: {correction: 24h, incident: 24h, review: 72h}
"""
DIRECTORY = {
    "users": [
        {"id": "oncall-emergency", "kind": "shared"},
        {"id": "jane.doe", "email": "jane.doe@example.org", "kind": "human"},
        {"id": "sam.lee", "email": "sam.lee@example.org", "kind": "human"},
    ],
    "groups": [{"id": "reliability-engineers", "members": [{"user": "sam.lee", "since": "2025-01-01"}]}],
}
INCIDENT = {
    "id": "INC-2026-0007",
    "severity": "Sev2",
    "service": "parcels",
    "environment": "prod",
    "status": "open",
    "opened_at": "2026-01-30T02:50:00Z",
    "detected_at": "2026-01-30T02:41:00Z",
    "summary": "Parcel geometries were shifted by one county row.",
    "rollbacks": [RESET["request_id"]],
}
CORRECTION = "rollbacks/2026-01-30-env-prod.prov.jsonld"


class Night:
    """A repository on that night: what lies in it, and what the audit says at a given time."""

    def __init__(self, folder: Path, check: Callable[..., tuple[int, dict]]) -> None:
        self._folder = folder
        self._check = check
        (folder / ".git").mkdir()
        self.write("policy.yaml", POLICY)
        self.write("lakefs/audit.jsonl", json.dumps(RESET) + "\n")
        self.write("lakefs/directory.json", json.dumps(DIRECTORY))

    def write(self, path: str, content: object) -> None:
        file = self._folder / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")

    def at(self, now: str) -> tuple[int, dict[str, tuple[str, str]], dict]:
        """Exit code, verdict and severity of the findings on the case by rule, and the whole report."""
        code, report = self._check("--policy", "policy.yaml", "--now", f"2026-{now}Z", ".", cwd=self._folder)
        findings = {
            f["rule"]: (f["verdict"], f["severity"])
            for f in report["findings"]
            if f["subject"] == SUBJECT or f["rule"] == "PRV011"
        }
        return code, findings, report

    def skeleton(self) -> dict:
        """The correction that LFS002 offers."""
        _, _, report = self.at("01-30T03:10:00")
        (offer,) = [finding["document"] for finding in report["findings"] if finding["rule"] == "LFS002"]
        return offer

    def correct(self, recorded: str) -> None:
        """Fill in what the skeleton leaves open, as of `recorded`, and bring the incident to an end."""
        document = self.skeleton()
        document["prov:endedAtTime"]["@value"] = f"2026-{recorded}Z"
        document["prov:wasAssociatedWith"]["@id"] = "urn:kfm:person:jane.doe"
        document["prov:qualifiedAssociation"]["prov:agent"]["@id"] = "urn:kfm:person:sam.lee"
        document["kfm:revertedCommit"] = "b7d03f51c2aa"
        document["kfm:reasonCategory"] = "data-quality"
        document["kfm:justification"] = (
            "Parcel geometries were shifted by one county row; maps showed wrong owners."
        )
        document["kfm:incident"] = "INC-2026-0007"
        del document["kfm:draft"]
        assert "TODO" not in json.dumps(document)
        self.write(CORRECTION, document)
        self.write(
            "incidents/INC-2026-0007.json",
            {**INCIDENT, "status": "closed", "corrected_at": "2026-01-30T03:04:00Z"},
        )


@pytest.fixture
def night(tmp_path, check) -> Night:
    return Night(tmp_path, check)


OPEN = {
    "LFS002": ("pending", "error"),
    "LFS003": ("pending", "error"),
    "LFS004": ("fail", "warning"),
    "LFS014": ("pending", "warning"),
}
NOTED = {"LFS004": ("fail", "note")}


def test_ten_past_three_all_is_owed_and_nothing_fails_the_run(night) -> None:
    code, findings, report = night.at("01-30T03:10:00")
    assert (code, findings) == (0, OPEN)
    due = {f["rule"]: f["due"] for f in report["findings"] if f["due"]}
    assert due == {
        "LFS002": "2026-01-31T03:00:00Z",
        "LFS003": "2026-01-31T03:00:00Z",
        "LFS014": "2026-02-02T03:00:00Z",
    }
    assert "3 pending" in report["questions"]["moved"]["why"]


def test_half_past_nine_a_draft_keeps_it_pending(night) -> None:
    draft = night.skeleton()
    night.write(CORRECTION, draft)
    night.write("incidents/INC-2026-0007.json", INCIDENT)
    code, findings, report = night.at("01-30T09:30:00")
    assert code == 0
    assert {rule: verdict for rule, verdict in findings.items() if rule.startswith("LFS")} == OPEN
    said = {finding["rule"]: finding["message"] for finding in report["findings"]}
    assert "does not settle it: it is a draft (kfm:draft)" in said["LFS002"]
    assert "its incident INC-2026-0007 does not settle it: it is open" in said["LFS003"]


def test_ten_o_clock_it_is_accounted_for(night) -> None:
    night.correct("01-30T09:50:00")
    code, findings, report = night.at("01-30T10:00:00")
    assert (code, findings) == (0, NOTED)
    assert "pending" not in report["questions"]["moved"]["why"]
    assert [f["rule"] for f in report["findings"] if f["verdict"] != "fail" or f["severity"] == "error"] == []


def test_what_was_written_later_did_not_exist_before(night) -> None:
    night.correct("01-30T09:50:00")
    assert night.at("01-30T03:10:00")[1]["LFS002"] == ("pending", "error")
    assert night.at("01-30T09:49:59")[1]["LFS002"] == ("pending", "error")
    assert "LFS002" not in night.at("01-30T09:50:00")[1]


@pytest.mark.parametrize("draft", [False, True])
def test_without_a_final_record_it_fails_once_overdue(night, draft) -> None:
    if draft:
        night.write(CORRECTION, night.skeleton())
        night.write("incidents/INC-2026-0007.json", INCIDENT)
    code, findings, _ = night.at("01-31T02:59:59")
    assert (code, findings["LFS002"], findings["LFS003"]) == (0, ("pending", "error"), ("pending", "error"))
    code, findings, _ = night.at("01-31T03:00:00")
    assert (code, findings["LFS002"], findings["LFS003"]) == (1, ("fail", "error"), ("fail", "error"))
    assert findings["LFS014"] == ("pending", "warning")
    assert night.at("02-02T03:00:00")[1]["LFS014"] == ("fail", "warning")


def test_a_late_record_settles_it_and_stays_late_for_ever(night) -> None:
    night.correct("01-31T05:00:00")
    for now in ("01-31T06:00:00", "02-28T00:00:00", "12-31T00:00:00"):
        code, findings, _ = night.at(now)
        late = findings.pop("PRV011")
        assert (code, findings, late[0]) == (0, NOTED, "fail")


def test_the_directory_says_who_may_and_break_glass_is_not_the_role(night) -> None:
    night.correct("01-30T09:50:00")
    code, findings, _ = night.at("01-30T10:00:00")
    assert "LFS001" not in findings
    night.write("lakefs/audit.jsonl", json.dumps({**RESET, "user": "jane.doe"}) + "\n")
    code, findings, _ = night.at("01-30T10:00:00")
    assert (code, findings["LFS001"]) == (1, ("fail", "error"))
    night.write("lakefs/audit.jsonl", json.dumps({**RESET, "user": "sam.lee"}) + "\n")
    assert "LFS014" not in night.at("01-30T10:00:00")[1]
