"""What sources alone do not tell and every plan does: variables without a value, and the workspace."""

from __future__ import annotations

from typing import Final

from kfm_audit.values import ReferenceKind, Unknown

_WORKSPACE: Final = "terraform.workspace"


def unset(unknown: Unknown) -> tuple[str, ...]:
    """The root module's variables and the workspace, where an attribute comes from these alone; else ()."""
    ends = [item for item in unknown.references if item.kind is not ReferenceKind.CONSTANT]
    if not all(
        item.kind is ReferenceKind.UNRESOLVED and (item.name.startswith("var.") or item.name == _WORKSPACE)
        for item in ends
    ):
        return ()
    return tuple(sorted({item.name for item in ends}))


def when(unknown: Unknown) -> str:
    """Why an attribute is not known, after `whether ...`."""
    return "cannot be told from the sources" if unset(unknown) else "is known only after apply"


def cure(unknown: Unknown, otherwise: str) -> str:
    """What makes it known: a plan, or a value for the variables; `otherwise` where it is not they that lack one."""
    missing = unset(unknown)
    if not missing:
        return otherwise
    variables = [name for name in missing if name != _WORKSPACE]
    if len(variables) < len(missing):
        return "check a plan, which knows the workspace"
    return f"check a plan, or give {', '.join(variables)} a value in terraform.tfvars or a *.auto.tfvars file"
