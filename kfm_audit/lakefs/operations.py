"""What a call to lakeFS does: its operation, and what came of it.

The operation ids are those of lakeFS's `api/swagger.yml`. The server logs them in
UpperCamel, its documentation and its debug lines in snake_case.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from kfm_audit.lakefs.paths import parts


class Operation(Enum):
    """The calls that an audit of rollbacks has to know; the value is the id as the server logs it."""

    HARD_RESET = "HardResetBranch"
    REVERT = "RevertBranch"
    COMMIT = "Commit"
    COMMIT_ASYNC = "CommitAsync"
    DELETE_BRANCH = "DeleteBranch"
    RESET = "ResetBranch"
    ADD_MEMBER = "AddGroupMembership"
    REMOVE_MEMBER = "DeleteGroupMembership"


class Outcome(Enum):
    """What came of a call, by its HTTP status."""

    EFFECTIVE = "effective"
    DENIED = "denied"
    FAILED = "failed"


COMMITS: Final = frozenset({Operation.COMMIT, Operation.COMMIT_ASYNC})
"""Ordinary work, unless they commit an earlier meta-range: then they are a full rollback in disguise."""

DEEDS: Final = {
    Operation.HARD_RESET.value: "a hard reset of {}",
    Operation.REVERT.value: "a revert in {}",
    Operation.COMMIT.value: "a commit of an earlier meta-range in {}",
    Operation.COMMIT_ASYNC.value: "a commit of an earlier meta-range in {}",
    Operation.DELETE_BRANCH.value: "a deletion of {}",
}
"""The calls that move a branch back, by operation id, and what messages call them."""

REWRITES: Final = frozenset({Operation.HARD_RESET.value, Operation.DELETE_BRANCH.value})
"""The rollbacks that leave no commit: afterwards the branch's own log does not show that they happened."""

_BY_ID: Final = {operation.value.lower(): operation for operation in Operation}

# The calls above by method and path, for lines that carry no operation id.
_PATHS: Final = (
    ("PUT", r"/api/v1/repositories/[^/]+/branches/[^/]+/hard_reset", Operation.HARD_RESET),
    ("POST", r"/api/v1/repositories/[^/]+/branches/[^/]+/revert", Operation.REVERT),
    ("POST", r"/api/v1/repositories/[^/]+/branches/[^/]+/commits", Operation.COMMIT),
    ("POST", r"/api/v1/repositories/[^/]+/branches/[^/]+/commits/async", Operation.COMMIT_ASYNC),
    ("DELETE", r"/api/v1/repositories/[^/]+/branches/[^/]+", Operation.DELETE_BRANCH),
    ("PUT", r"/api/v1/repositories/[^/]+/branches/[^/]+", Operation.RESET),
    ("PUT", r"/api/v1/auth/groups/[^/]+/members/[^/]+", Operation.ADD_MEMBER),
    ("DELETE", r"/api/v1/auth/groups/[^/]+/members/[^/]+", Operation.REMOVE_MEMBER),
)

_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_DELICATE: Final = re.compile(r"/branches/[^/]+|/members/[^/]+", re.IGNORECASE)
# What the API has below a branch beside the calls above: it moves no branch back.
_HARMLESS: Final = re.compile(
    r"/api/v1/repositories/[^/]+/branches/[^/]+/"
    r"(?:cherry-pick|diff|import|objects(?:/.+)?|staging/(?:backing|pmpu(?:/.+)?))"
)


def operation(operation_id: str, method: str, path: str) -> Operation | None:
    """The operation of a call, or None for one that is of no interest here.

    The id decides, in any spelling (`HardResetBranch`, `hard_reset_branch`);
    method and path only where a line has no id, as old and open-source lines.
    """
    if operation_id:
        return _BY_ID.get(operation_id.replace("_", "").lower())
    bare, _ = parts(path)
    return next(
        (found for verb, pattern, found in _PATHS if verb == method.upper() and re.fullmatch(pattern, bare)),
        None,
    )


def unrecognised(operation_id: str, method: str, path: str) -> bool:
    """Whether a call without an id could move a branch or change a group, and nothing says that it does not.

    Its path names a branch or a member of a group, its method is none that only
    reads, and the two together are no call of the API that is known to be harmless.
    """
    if operation_id or method.upper() in _READING:
        return False
    bare, _ = parts(path)
    return bool(_DELICATE.search(bare)) and not (_HARMLESS.fullmatch(bare) or operation("", method, path))


def outcome(status: int) -> Outcome:
    """What came of a call.

    lakeFS answers 401 both to those that it does not know and to those that
    may not, and 403 where the branch is protected. A dirty branch (400), a
    conflict (409), a failed hook (412) and a server error are no denial.
    """
    if 200 <= status < 300:
        return Outcome.EFFECTIVE
    return Outcome.DENIED if status in (401, 403) else Outcome.FAILED
