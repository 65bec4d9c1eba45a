import re

import pytest

from kfm_audit.lakefs.operations import DEEDS, REWRITES, Operation, Outcome, operation, outcome

BRANCH = "/api/v1/repositories/kfm/branches/env-prod"


@pytest.mark.parametrize("found", Operation)
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
        ("DELETE", f"{BRANCH}/objects?path=a", None),
        ("POST", "/api/v1/repositories/kfm/branches", None),
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
    not_rollbacks = {Operation.RESET, Operation.ADD_MEMBER, Operation.REMOVE_MEMBER}
    assert set(DEEDS) == {found.value for found in Operation if found not in not_rollbacks}
    assert set(DEEDS) > REWRITES


def test_the_table_agrees_with_the_api_of_lakefs(corpus) -> None:
    calls = {}
    path = method = ""
    for line in (corpus / "lakefs/swagger.yml").read_text(encoding="utf-8").splitlines():
        if found := re.fullmatch(r"  (/\S+):", line):
            path = "/api/v1" + found[1]
        elif found := re.fullmatch(r"    (get|put|post|delete|head|patch):", line):
            method = found[1].upper()
        elif found := re.fullmatch(r"      operationId: (\w+).*", line):
            calls[found[1][0].upper() + found[1][1:]] = (method, path)
    known = {found.value for found in Operation} - {"CommitAsync"}  # Enterprise only
    assert known <= set(calls)
    for name, (method, path) in calls.items():
        concrete = re.sub(r"\{\w+\}", "x", path)
        by_path = operation("", method, concrete)
        assert (by_path.value if by_path else None) == (name if name in known else None)
