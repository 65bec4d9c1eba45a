import re

import pytest

from kfm_audit.lakefs.deeds import DEEDS, REWRITES, Trace
from kfm_audit.lakefs.named import Named, named
from kfm_audit.lakefs.operations import (
    API,
    GATEWAY_WRITES,
    HARMLESS,
    Decision,
    Operation,
    Outcome,
    decision,
    gateway_write,
    of_decision,
    operation,
    outcome,
    template,
    unrecognised,
)

BRANCH = "/api/v1/repositories/kfm/branches/env-prod"


GATEWAY = set(GATEWAY_WRITES.values())
ENTERPRISE = {"CommitAsync", "MergeIntoBranchAsync", "CommitAsyncStatus", "MergeIntoBranchAsyncStatus"}
REST = [found for found in Operation if found not in GATEWAY]


@pytest.mark.parametrize("found", REST)
def test_an_id_is_known_in_any_spelling(found) -> None:
    camel = found.value
    snake = re.sub(r"(?<!^)([A-Z])", r"_\1", camel).lower()
    for spelling in (camel, camel[0].lower() + camel[1:], snake, snake.upper(), camel.lower()):
        assert operation(spelling, "GET", "/any") is found


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("PUT", f"{BRANCH}/hard_reset?ref=9666d7c9daf3&force=false", Operation.HARD_RESET),
        ("put", f"{BRANCH}/hard_reset", Operation.HARD_RESET),
        ("POST", f"{BRANCH}/revert", Operation.REVERT),
        ("POST", f"{BRANCH}/commits?source_metarange=abc", Operation.COMMIT),
        ("POST", f"{BRANCH}/commits/async", Operation.COMMIT_ASYNC),
        ("DELETE", f"{BRANCH}?force=false", Operation.DELETE_BRANCH),
        ("PUT", BRANCH, Operation.RESET),
        ("PUT", "/api/v1/auth/groups/sre/members/jane%40acme.com", Operation.ADD_MEMBER),
        ("DELETE", "/api/v1/auth/groups/sre/members/jane", Operation.REMOVE_MEMBER),
        ("POST", f"http://lakefs:8000{BRANCH}/revert", Operation.REVERT),
        ("POST", f"/{BRANCH}/revert", Operation.REVERT),
        ("POST", f"{BRANCH}/revert/?x=//", Operation.REVERT),
        ("POST", f"/api/./v1//x/..{BRANCH.removeprefix('/api/v1')}/revert", Operation.REVERT),
        ("GET", f"{BRANCH}/hard_reset", None),
        ("DELETE", f"{BRANCH}/objects?path=a", Operation.DELETE_OBJECT),
        ("POST", "/api/v1/repositories/kfm/branches", Operation.CREATE_BRANCH),
        ("POST", "/api/v1/repositories/kfm/refs/run-1%7E/merge/env-prod", Operation.MERGE),
        ("GET", "/api/v1/repositories/kfm/refs/run-1/merge/env-prod", None),
        ("PUT", "/elsewhere/api/v1/repositories/kfm/branches/env-prod/hard_reset", None),
        ("", "", None),
    ],
)
def test_without_an_id_method_and_path_decide(method, path, expected) -> None:
    assert operation("", method, path) is expected


def test_an_unknown_id_is_never_overruled_by_the_path() -> None:
    assert operation("GetBranch", "PUT", f"{BRANCH}/hard_reset") is None


def test_outcomes() -> None:
    outcomes = {
        status: outcome(status)
        for status in (0, 199, 200, 201, 202, 204, 299, 304, 400, 401, 403, 404, 409, 412, 500, 503)
    }
    effective = {200, 201, 202, 204, 299}
    assert {s for s, o in outcomes.items() if o is Outcome.EFFECTIVE} == effective
    assert {s for s, o in outcomes.items() if o is Outcome.DENIED} == {401, 403}


def test_every_rollback_has_words_and_every_rewrite_is_one() -> None:
    moves = of_decision(Decision.ROLLBACK, Decision.COMMIT)
    assert set(DEEDS) == {found.value for found in (*moves, *Trace)}
    assert set(DEEDS) > REWRITES


def api(corpus) -> dict[str, tuple[str, str]]:
    """Every operation of lakeFS's own file, as the server logs its id, with method and path."""
    calls = {}
    path = method = ""
    for line in (corpus / "lakefs/swagger.yml").read_text(encoding="utf-8").splitlines():
        if found := re.fullmatch(r"  (/\S+):", line):
            path = found[1]
        elif found := re.fullmatch(r"    (get|put|post|delete|head|patch):", line):
            method = found[1].upper()
        elif found := re.fullmatch(r"      operationId: (\w+).*", line):
            calls[found[1][0].upper() + found[1][1:]] = (method, path)
    return calls


def undecided(calls) -> set[str]:
    """The operations of a file that the table has not decided."""
    return set(calls) - {found.value for found in REST} - HARMLESS


def test_every_operation_of_the_api_is_decided_once(corpus) -> None:
    calls = api(corpus)
    assert len(calls) == 134
    assert undecided(calls) == set()
    decided = {found.value for found in REST}
    assert decided & HARMLESS == set()
    assert (decided | HARMLESS) - set(calls) == ENTERPRISE


def test_a_new_operation_is_undecided_until_the_table_has_it(corpus) -> None:
    newer = {
        **api(corpus),
        "MoveBranchToCommit": ("POST", "/repositories/{repository}/branches/{branch}/move"),
    }
    assert undecided(newer) == {"MoveBranchToCommit"}
    assert unrecognised("MoveBranchToCommit", "POST", f"{BRANCH}/move")
    assert not unrecognised("MoveBranchToCommit", "GET", f"{BRANCH}/move")
    assert not unrecognised("ListBranches", "POST", f"{BRANCH}/move")


def test_nothing_that_only_reads_is_decided_as_anything_else(corpus) -> None:
    for name, (method, _) in api(corpus).items():
        if method in ("GET", "HEAD"):
            assert name in HARMLESS


def test_the_table_agrees_with_the_api_of_lakefs(corpus) -> None:
    for name, (method, path) in api(corpus).items():
        by_path = operation("", method, API + re.sub(r"\{\w+\}", "x", path))
        assert (by_path.value if by_path else name) == name
        assert (by_path is None) == (name in HARMLESS)
        if by_path is not None:
            assert re.sub(r"\w+\}", "}", template(by_path)) == re.sub(r"\w+\}", "}", path)
            assert not unrecognised("", method, API + re.sub(r"\{\w+\}", "x", path))


def test_the_rollback_set_and_the_review_set() -> None:
    """Section 9 of the facts on lakeFS."""
    assert of_decision(Decision.ROLLBACK) == {
        Operation.HARD_RESET,
        Operation.REVERT,
        Operation.DELETE_BRANCH,
    }
    assert of_decision(Decision.COMMIT) == {Operation.COMMIT, Operation.COMMIT_ASYNC}
    assert of_decision(Decision.REVIEW) == {Operation.CHERRY_PICK, Operation.IMPORT}
    assert of_decision(Decision.REWRITE) == {
        Operation.DELETE_REPOSITORY,
        Operation.RESTORE_REFS,
        Operation.RESTORE_SUBMIT,
        Operation.COMMIT_RECORD,
    }
    assert decision(None) is Decision.HARMLESS
    assert {decision(found) for found in GATEWAY} == {Decision.WRITE}


def test_the_gateway_has_operations_of_its_own() -> None:
    assert gateway_write("put_object") is gateway_write("PutObject") is Operation.GATEWAY_PUT
    assert gateway_write("delete_object") is Operation.GATEWAY_DELETE
    assert gateway_write("get_object") is None
    assert operation("put_object", "PUT", "/any") is None


def test_what_paths_name() -> None:
    assert named(Operation.MERGE, "/api/v1/repositories/kfm/refs/main%7E2/merge/env-prod") == Named(
        {"repository": "kfm", "source": "main~2", "branch": "env-prod"}, {}
    )
    assert named(Operation.UPLOAD, f"{BRANCH}/objects?path=_lakefs_actions%2Fa.yaml") == Named(
        {"repository": "kfm", "branch": "env-prod"}, {"path": "_lakefs_actions/a.yaml"}
    )
    assert named(Operation.ATTACH_TO_GROUP, "/api/v1/auth/groups/dev/policies/Full") == Named(
        {"group": "dev", "policy": "Full"}, {}
    )
    assert named(Operation.MERGE, BRANCH) is None
    assert named(Operation.GATEWAY_PUT, BRANCH) is None
