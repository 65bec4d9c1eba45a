"""What a call to lakeFS does: its operation, what that means for an audit, and what came of it.

The one table of operations: those of lakeFS's `api/swagger.yml`, and of Enterprise those
that do the same without waiting. The server logs ids in UpperCamel, its documentation and
its debug lines write snake_case. A test holds the table to the file: an operation that a
newer file has, and the table has not, fails until it is decided here.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import cache
from typing import Final

from kfm_audit.lakefs.paths import parts
from kfm_audit.pattern import pattern


class Decision(Enum):
    """What an operation means for the audit of environment branches."""

    ROLLBACK = "rollback"
    """Moves a branch back, or takes it away."""
    COMMIT = "commit"
    """Ordinary work, and on an environment branch a direct write; of an earlier meta-range a full rollback."""
    PROMOTION = "promotion"
    """Merges into a branch: from an old ref it is a rollback in disguise."""
    REVIEW = "review"
    """Writes to a branch past the gates of a merge: it can bring an old state back."""
    WRITE = "write"
    """Changes objects of a branch, or under `_lakefs_actions/` its hooks."""
    REWRITE = "rewrite"
    """Rewrites or destroys what a whole repository holds."""
    CREATION = "creation"
    """Makes a branch, whose name stands in no log: what is deleted can be made anew at an older commit."""
    RESET = "reset"
    """Drops what was not committed yet: no history is moved."""
    SAFEGUARD = "safeguard"
    """Changes who may do what, what is protected, or how long a rollback's target is kept."""
    MEMBERSHIP = "membership"
    """Changes who is in a group."""
    HARMLESS = "harmless"
    """Reads, or changes nothing of the above."""


class Operation(Enum):
    """The calls that an audit has to know; the value is the id as the server logs it."""

    HARD_RESET = "HardResetBranch"
    REVERT = "RevertBranch"
    DELETE_BRANCH = "DeleteBranch"
    COMMIT = "Commit"
    COMMIT_ASYNC = "CommitAsync"
    MERGE = "MergeIntoBranch"
    MERGE_ASYNC = "MergeIntoBranchAsync"
    MERGE_PULL_REQUEST = "MergePullRequest"
    CHERRY_PICK = "CherryPick"
    IMPORT = "ImportStart"
    UPLOAD = "UploadObject"
    STAGE = "StageObject"
    DELETE_OBJECT = "DeleteObject"
    DELETE_OBJECTS = "DeleteObjects"
    COPY = "CopyObject"
    LINK = "LinkPhysicalAddress"
    COMPLETE_UPLOAD = "CompletePresignMultipartUpload"
    OBJECT_METADATA = "UpdateObjectUserMetadata"
    DELETE_REPOSITORY = "DeleteRepository"
    RESTORE_REFS = "RestoreRefs"
    RESTORE_SUBMIT = "RestoreSubmit"
    COMMIT_RECORD = "CreateCommitRecord"
    CREATE_BRANCH = "CreateBranch"
    RESET = "ResetBranch"
    ADD_MEMBER = "AddGroupMembership"
    REMOVE_MEMBER = "DeleteGroupMembership"
    SET_PROTECTION = "SetBranchProtectionRules"
    CREATE_PROTECTION = "InternalCreateBranchProtectionRule"
    DELETE_PROTECTION = "InternalDeleteBranchProtectionRule"
    SET_GC_RULES = "SetGCRules"
    DELETE_GC_RULES = "DeleteGCRules"
    SET_GC_RULES_INTERNALLY = "InternalSetGarbageCollectionRules"
    DELETE_GC_RULES_INTERNALLY = "InternalDeleteGarbageCollectionRules"
    CREATE_POLICY = "CreatePolicy"
    UPDATE_POLICY = "UpdatePolicy"
    DELETE_POLICY = "DeletePolicy"
    ATTACH_TO_USER = "AttachPolicyToUser"
    DETACH_FROM_USER = "DetachPolicyFromUser"
    ATTACH_TO_GROUP = "AttachPolicyToGroup"
    DETACH_FROM_GROUP = "DetachPolicyFromGroup"
    SET_GROUP_ACL = "SetGroupACL"
    DELETE_GROUP = "DeleteGroup"
    CREATE_CREDENTIALS = "CreateCredentials"
    CREATE_PRINCIPAL = "CreateUserExternalPrincipal"
    GATEWAY_PUT = "PutObject"
    GATEWAY_POST = "PostObject"
    GATEWAY_DELETE = "DeleteObject (S3)"
    GATEWAY_DELETE_MANY = "DeleteObjects (S3)"


GATEWAY_WRITES: Final = {
    "putobject": Operation.GATEWAY_PUT,
    "postobject": Operation.GATEWAY_POST,
    "deleteobject": Operation.GATEWAY_DELETE,
    "deleteobjects": Operation.GATEWAY_DELETE_MANY,
}
"""The S3 gateway's own operations that change objects; its lines have fields for repository and ref."""


class Outcome(Enum):
    """What came of a call, by its HTTP status."""

    EFFECTIVE = "effective"
    DENIED = "denied"
    FAILED = "failed"


_R: Final = "/repositories/{repository}"
_B: Final = f"{_R}/branches/{{branch}}"
_MERGE: Final = f"{_R}/refs/{{source}}/merge/{{branch}}"

_CALLS: Final[dict[Operation, tuple[Decision, str, str]]] = {
    Operation.HARD_RESET: (Decision.ROLLBACK, "PUT", f"{_B}/hard_reset"),
    Operation.REVERT: (Decision.ROLLBACK, "POST", f"{_B}/revert"),
    Operation.DELETE_BRANCH: (Decision.ROLLBACK, "DELETE", _B),
    Operation.COMMIT: (Decision.COMMIT, "POST", f"{_B}/commits"),
    Operation.COMMIT_ASYNC: (Decision.COMMIT, "POST", f"{_B}/commits/async"),
    Operation.MERGE: (Decision.PROMOTION, "POST", _MERGE),
    Operation.MERGE_ASYNC: (Decision.PROMOTION, "POST", f"{_MERGE}/async"),
    Operation.MERGE_PULL_REQUEST: (Decision.PROMOTION, "PUT", f"{_R}/pulls/{{pull}}/merge"),
    Operation.CHERRY_PICK: (Decision.REVIEW, "POST", f"{_B}/cherry-pick"),
    Operation.IMPORT: (Decision.REVIEW, "POST", f"{_B}/import"),
    Operation.UPLOAD: (Decision.WRITE, "POST", f"{_B}/objects"),
    Operation.STAGE: (Decision.WRITE, "PUT", f"{_B}/objects"),
    Operation.DELETE_OBJECT: (Decision.WRITE, "DELETE", f"{_B}/objects"),
    Operation.DELETE_OBJECTS: (Decision.WRITE, "POST", f"{_B}/objects/delete"),
    Operation.COPY: (Decision.WRITE, "POST", f"{_B}/objects/copy"),
    Operation.LINK: (Decision.WRITE, "PUT", f"{_B}/staging/backing"),
    Operation.COMPLETE_UPLOAD: (Decision.WRITE, "PUT", f"{_B}/staging/pmpu/{{upload}}"),
    Operation.OBJECT_METADATA: (Decision.WRITE, "PUT", f"{_B}/objects/stat/user_metadata"),
    Operation.DELETE_REPOSITORY: (Decision.REWRITE, "DELETE", _R),
    Operation.RESTORE_REFS: (Decision.REWRITE, "PUT", f"{_R}/refs/restore"),
    Operation.RESTORE_SUBMIT: (Decision.REWRITE, "POST", f"{_R}/restore"),
    Operation.COMMIT_RECORD: (Decision.REWRITE, "POST", f"{_R}/commits"),
    Operation.CREATE_BRANCH: (Decision.CREATION, "POST", f"{_R}/branches"),
    Operation.RESET: (Decision.RESET, "PUT", _B),
    Operation.ADD_MEMBER: (Decision.MEMBERSHIP, "PUT", "/auth/groups/{group}/members/{user}"),
    Operation.REMOVE_MEMBER: (Decision.MEMBERSHIP, "DELETE", "/auth/groups/{group}/members/{user}"),
    Operation.SET_PROTECTION: (Decision.SAFEGUARD, "PUT", f"{_R}/settings/branch_protection"),
    Operation.CREATE_PROTECTION: (Decision.SAFEGUARD, "POST", f"{_R}/branch_protection"),
    Operation.DELETE_PROTECTION: (Decision.SAFEGUARD, "DELETE", f"{_R}/branch_protection"),
    Operation.SET_GC_RULES: (Decision.SAFEGUARD, "PUT", f"{_R}/settings/gc_rules"),
    Operation.DELETE_GC_RULES: (Decision.SAFEGUARD, "DELETE", f"{_R}/settings/gc_rules"),
    Operation.SET_GC_RULES_INTERNALLY: (Decision.SAFEGUARD, "POST", f"{_R}/gc/rules"),
    Operation.DELETE_GC_RULES_INTERNALLY: (Decision.SAFEGUARD, "DELETE", f"{_R}/gc/rules"),
    Operation.CREATE_POLICY: (Decision.SAFEGUARD, "POST", "/auth/policies"),
    Operation.UPDATE_POLICY: (Decision.SAFEGUARD, "PUT", "/auth/policies/{policy}"),
    Operation.DELETE_POLICY: (Decision.SAFEGUARD, "DELETE", "/auth/policies/{policy}"),
    Operation.ATTACH_TO_USER: (Decision.SAFEGUARD, "PUT", "/auth/users/{user}/policies/{policy}"),
    Operation.DETACH_FROM_USER: (Decision.SAFEGUARD, "DELETE", "/auth/users/{user}/policies/{policy}"),
    Operation.ATTACH_TO_GROUP: (Decision.SAFEGUARD, "PUT", "/auth/groups/{group}/policies/{policy}"),
    Operation.DETACH_FROM_GROUP: (Decision.SAFEGUARD, "DELETE", "/auth/groups/{group}/policies/{policy}"),
    Operation.SET_GROUP_ACL: (Decision.SAFEGUARD, "POST", "/auth/groups/{group}/acl"),
    Operation.DELETE_GROUP: (Decision.SAFEGUARD, "DELETE", "/auth/groups/{group}"),
    Operation.CREATE_CREDENTIALS: (Decision.SAFEGUARD, "POST", "/auth/users/{user}/credentials"),
    Operation.CREATE_PRINCIPAL: (Decision.SAFEGUARD, "POST", "/auth/users/{user}/external/principals"),
}
"""What each operation means, and its method and path below `/api/v1`, for lines that carry no id."""

_HARMLESS_WORDS: Final = (
    "SetupCommPrefs GetSetupState Setup GetCurrentUser Login ExternalPrincipalLogin StsLogin "
    "OauthCallback GetAuthCapabilities ListUsers CreateUser GetUser DeleteUser ListGroups CreateGroup "
    "GetGroup ListPolicies GetPolicy ListGroupMembers ListUserCredentials DeleteCredentials "
    "GetCredentials ListUserGroups ListUserPolicies DeleteUserExternalPrincipal "
    "ListUserExternalPrincipals GetExternalPrincipal ListGroupPolicies GetGroupACL ListRepositories "
    "CreateRepository GetRepository GetRepositoryMetadata SetRepositoryMetadata DeleteRepositoryMetadata "
    "GetGCRules GetBranchProtectionRules DumpRefs DumpSubmit DumpStatus RestoreStatus ListTags CreateTag "
    "GetTag DeleteTag ListBranches LogCommits GetBranch FindMergeBase DiffBranch DiffRefs GetCommit "
    "GetObject HeadObject CreatePresignMultipartUpload AbortPresignMultipartUpload UploadPart "
    "UploadPartCopy GetPhysicalAddress ImportStatus ImportCancel UploadObjectPreflight StatObject "
    "GetUnderlyingProperties ListObjects CreateSymlinkFile ListRepositoryRuns GetRun ListRunHooks "
    "GetRunHookOutput GetMetadataObject GetMetaRange GetRange SetGarbageCollectionRulesPreflight "
    "InternalGetGarbageCollectionRules PrepareGarbageCollectionCommits "
    "PrepareGarbageCollectionCommitsAsync PrepareGarbageCollectionCommitsStatus "
    "PrepareGarbageCollectionUncommitted CreateBranchProtectionRulePreflight "
    "InternalGetBranchProtectionRules ListPullRequests CreatePullRequest GetPullRequest UpdatePullRequest "
    "HealthCheck GetConfig GetLakeFSVersion GetStorageConfig GetGarbageCollectionConfig PostStatsEvents "
    "GetUsageReportSummary CommitAsyncStatus MergeIntoBranchAsyncStatus"
)
HARMLESS: Final = frozenset(_HARMLESS_WORDS.split())
"""The operations of the API that move no branch, write to none, and change no safeguard.

Tags are among them: no environment is read by its tag here. Parts of an upload show only once it is completed.
"""

API: Final = "/api/v1"
_BY_ID: Final = {found.value.lower(): found for found in _CALLS}
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_DELICATE: Final = pattern(r"/branches/[^/]+|/members/[^/]+", re.IGNORECASE)
# What the API has below a branch beside the calls above: it moves no branch back.
_HARMLESS: Final = pattern(r"/api/v1/repositories/[^/]+/branches/[^/]+/(?:diff|import|staging/pmpu(?:/.++)?)")


def operation(operation_id: str, method: str, path: str) -> Operation | None:
    """The operation of a call, or None for one that is of no interest here.

    The id decides, in any spelling (`HardResetBranch`, `hard_reset_branch`);
    method and path only where a line has no id, as old and open-source lines.
    """
    if operation_id:
        return _BY_ID.get(_spelled(operation_id))
    bare, _ = parts(path)
    candidates = _patterns().get((method.upper(), bare.count("/")), ())
    return next((found for written, found in candidates if written.fullmatch(bare)), None)


def gateway_write(operation_id: str) -> Operation | None:
    """The operation of a call to the S3 gateway that changes objects; None for any other."""
    return GATEWAY_WRITES.get(_spelled(operation_id))


def decision(found: Operation | None) -> Decision:
    """What an operation means for the audit; harmless for None."""
    if found is None:
        return Decision.HARMLESS
    return _CALLS[found][0] if found in _CALLS else Decision.WRITE


def template(found: Operation) -> str:
    """The path of an operation below `/api/v1`, as the API writes it; "" for one of the S3 gateway."""
    return _CALLS[found][2] if found in _CALLS else ""


def of_decision(*wanted: Decision) -> frozenset[Operation]:
    """The operations with one of these decisions."""
    return frozenset(found for found in Operation if decision(found) in wanted)


def unrecognised(operation_id: str, method: str, path: str) -> bool:
    """Whether a call that the table has not could move a branch or change a group, and nothing says it does not.

    Its path names a branch or a member of a group, its method is none that only
    reads, and neither its id nor the two together are a call of the API that is known.
    """
    if method.upper() in _READING or (operation_id and _decided(operation_id)):
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


def _spelled(operation_id: str) -> str:
    return operation_id.replace("_", "").lower()


def _decided(operation_id: str) -> bool:
    return _spelled(operation_id) in _BY_ID or _spelled(operation_id) in _harmless()


@cache
def _harmless() -> frozenset[str]:
    return frozenset(name.lower() for name in HARMLESS)


@cache
def _patterns() -> dict[tuple[str, int], list[tuple[re.Pattern[str], Operation]]]:
    """The paths of all calls, by method and number of slashes."""
    found: dict[tuple[str, int], list[tuple[re.Pattern[str], Operation]]] = {}
    for name, (_, method, path) in _CALLS.items():
        written = re.compile(API + re.sub(r"\{\w+\}", "[^/]+", path))
        found.setdefault((method, (API + path).count("/")), []).append((written, name))
    return found
