"""From a call in the log to the fact that rules speak about."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.facts import (
    BranchOperation,
    BranchWrite,
    MembershipChange,
    MergeCall,
    RepositoryCall,
    SafeguardCall,
)
from kfm_audit.inputs.lakefs_calls import Passed, fact_of
from kfm_audit.lakefs.log import Call
from kfm_audit.lakefs.operations import Operation, operation
from kfm_audit.policy.lakefs import LakeFS
from kfm_audit.values import Origin

POLICY = LakeFS(environment_branches={"prod": ("env-prod",)})
TIME = datetime(2026, 1, 30, 3, 0, tzinfo=UTC)
HERE = Origin("audit.jsonl", line=1)
R = "/api/v1/repositories/kfm"
B = f"{R}/branches/env-prod"
RUN = f"{R}/branches/run-7"


def call(found, path, status=204, **more) -> Call:
    known = {"user": "jane", "request_id": "0b1e", "source_ip": "10.0.0.7:1", "client": "c/1"}
    return Call(time=TIME, operation=found, path=path, status=status, **{**known, **more})


def made(kind, subject, name, repository="kfm", status=204, **more):
    return kind(
        subject=subject,
        origin=HERE,
        operation=name,
        repository=repository,
        time=TIME,
        user="jane",
        status=status,
        request_id="0b1e",
        source_ip="10.0.0.7:1",
        client="c/1",
        **more,
    )


PROD = "lakefs://kfm/env-prod@0b1e"


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        (
            "PUT",
            f"{B}/hard_reset?ref=main%7E2&force=false",
            made(BranchOperation, PROD, "HardResetBranch", branch="env-prod", target="main~2"),
        ),
        ("POST", f"{B}/revert", made(BranchOperation, PROD, "RevertBranch", branch="env-prod")),
        (
            "DELETE",
            f"{RUN}?force=true",
            made(BranchOperation, "lakefs://kfm/run-7@0b1e", "DeleteBranch", branch="run-7"),
        ),
        (
            "POST",
            f"{B}/commits?source_metarange=abc",
            made(BranchOperation, PROD, "Commit", branch="env-prod", target="abc"),
        ),
        ("POST", f"{B}/commits", made(BranchWrite, PROD, "Commit", branch="env-prod")),
        ("POST", f"{RUN}/commits", Passed.ORDINARY),
        (
            "POST",
            f"{R}/refs/run-7/merge/env-prod",
            made(MergeCall, PROD, "MergeIntoBranch", branch="env-prod", source="run-7"),
        ),
        (
            "PUT",
            f"{R}/pulls/12/merge",
            made(
                MergeCall, "lakefs://kfm/pulls/12@0b1e", "MergePullRequest", branch="", source="", pull="12"
            ),
        ),
        ("POST", f"{B}/cherry-pick", made(BranchWrite, PROD, "CherryPick", branch="env-prod")),
        ("POST", f"{B}/import", made(BranchWrite, PROD, "ImportStart", branch="env-prod")),
        (
            "POST",
            f"{B}/objects?path=a%2Fb",
            made(BranchWrite, PROD, "UploadObject", branch="env-prod", path="a/b"),
        ),
        ("POST", f"{RUN}/objects?path=a%2Fb", Passed.ORDINARY),
        (
            "DELETE",
            f"{RUN}/objects?path=_lakefs_actions%2Fgates.yaml",
            made(
                BranchWrite,
                "lakefs://kfm/run-7@0b1e",
                "DeleteObject",
                branch="run-7",
                path="_lakefs_actions/gates.yaml",
            ),
        ),
        ("DELETE", R, made(RepositoryCall, "lakefs://kfm@0b1e", "DeleteRepository")),
        ("POST", f"{R}/branches", made(RepositoryCall, "lakefs://kfm@0b1e", "CreateBranch")),
        ("PUT", B, Passed.RESET),
        (
            "PUT",
            f"{R}/settings/branch_protection",
            made(SafeguardCall, "lakefs://kfm@0b1e", "SetBranchProtectionRules"),
        ),
        (
            "PUT",
            "/api/v1/auth/groups/dev/policies/Full",
            made(
                SafeguardCall,
                "lakefs-auth://groups/dev/policies/Full@0b1e",
                "AttachPolicyToGroup",
                "",
                group="dev",
                policy="Full",
            ),
        ),
        (
            "PUT",
            "/api/v1/auth/groups/sre/members/sam%40acme.com",
            MembershipChange(
                subject="lakefs-group://sre/sam@acme.com@0b1e",
                origin=HERE,
                group="sre",
                user="sam@acme.com",
                added=True,
                time=TIME,
                by="jane",
            ),
        ),
        ("GET", B, Passed.ORDINARY),
    ],
)
def test_what_a_call_makes(method, path, expected) -> None:
    assert fact_of(call(operation("", method, path), path), HERE, POLICY) == expected


def test_rollbacks_and_merges_are_kept_whatever_came_of_them_and_nothing_else_is() -> None:
    def kept(status):
        calls = [(found, f"/api/v1{_concrete(found)}") for found in Operation if _concrete(found)]
        return {
            found
            for found, path in calls
            if not isinstance(fact_of(call(found, path, status), HERE, POLICY), Passed)
        }

    moves = {Operation.HARD_RESET, Operation.REVERT, Operation.DELETE_BRANCH}
    merges = {Operation.MERGE, Operation.MERGE_ASYNC, Operation.MERGE_PULL_REQUEST}
    assert kept(403) == kept(409) == kept(500) == moves | merges
    assert kept(200) == {found for found in Operation if _concrete(found)} - {Operation.RESET}


def _concrete(found) -> str:
    from kfm_audit.lakefs.operations import template

    return template(found).replace("{branch}", "env-prod").replace("{", "").replace("}", "")


def test_a_path_that_is_not_its_operations_is_lost() -> None:
    assert fact_of(call(Operation.REVERT, "/lakefs/api/v1/x"), HERE, POLICY) is Passed.LOST


def test_the_gateway_names_its_branch_in_fields() -> None:
    written = call(Operation.GATEWAY_PUT, "a/b.parquet", 200, repository="kfm", ref="env-prod")
    assert fact_of(written, HERE, POLICY) == made(
        BranchWrite, PROD, "PutObject", status=200, branch="env-prod", path="a/b.parquet"
    )
    elsewhere = call(Operation.GATEWAY_PUT, "a/b.parquet", 200, repository="kfm", ref="run-7")
    assert fact_of(elsewhere, HERE, POLICY) is Passed.ORDINARY


def test_without_a_request_id_the_time_names_the_call() -> None:
    found = fact_of(call(Operation.REVERT, f"{B}/revert", request_id=""), HERE, POLICY)
    assert found.subject == "lakefs://kfm/env-prod@2026-01-30T03:00:00Z"


@given(st.sampled_from([*Operation, None]), st.text(), st.integers(100, 599), st.text(), st.text())
def test_any_path_makes_a_fact_or_says_why_not(found, path, status, repository, ref) -> None:
    fact_of(call(found, path, status, repository=repository, ref=ref), HERE, POLICY)
    fact_of(call(found, f"/api/v1/repositories/{path}", status), HERE, POLICY)
