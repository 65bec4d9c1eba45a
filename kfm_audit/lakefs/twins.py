"""The debug lines that a server writes beside its audit lines, when it lets a call through.

`performing API action` comes before the call is carried out and says what its audit line
cannot: the branches of a pull request, the user where old servers logged none. It
knows no outcome (lakeFS `pkg/api/controller.go`, `LogAction`).
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from kfm_audit.lakefs.operations import Decision, Operation, decision, operation

_MESSAGE: Final = "performing API action"
_NAMES: Final = {
    "merge_branches": Operation.MERGE,
    "create_commit": Operation.COMMIT,
    "delete_repo": Operation.DELETE_REPOSITORY,
    "restore_repository_refs": Operation.RESTORE_REFS,
    "restore_repository": Operation.RESTORE_SUBMIT,
    "create_branch_protection_rule": Operation.CREATE_PROTECTION,
    "delete_branch_protection_rule": Operation.DELETE_PROTECTION,
    "import": Operation.IMPORT,
}
"""Names that are no operation ids in snake_case."""


class Twin(Struct, frozen=True, kw_only=True):
    """A call that was let through, by its request id. Text is "" where the line says nothing."""

    operation: Operation
    request_id: str
    repository: str
    ref: str
    source_ref: str
    user: str


def twin_of(line: dict[str, object]) -> Twin | None:
    """What a decoded line is the twin of; None where it is none, or none that can be joined to anything."""
    if line.get("msg") != _MESSAGE:
        return None

    def text(name: str) -> str:
        value = line.get(name)
        return value if isinstance(value, str) else ""

    found = _NAMES.get(text("name")) or operation(text("name"), "", "")
    if found is None or not text("request_id"):
        return None
    return Twin(
        operation=found,
        request_id=text("request_id"),
        repository=text("repository"),
        ref=text("ref"),
        source_ref=text("source_ref"),
        user=text("user_id") or text("user"),
    )


def moves_back(twin: Twin) -> bool:
    """Whether the call, if it came to anything, moved a branch back."""
    return decision(twin.operation) is Decision.ROLLBACK
