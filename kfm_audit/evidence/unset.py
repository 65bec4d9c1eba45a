"""What sources alone do not tell and a plan may: variables without a value, the workspace, data sources, modules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kfm_audit.values import ReferenceKind, Unknown

if TYPE_CHECKING:
    from kfm_audit.facts import Fact

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


def when(unknown: Unknown, fact: Fact | None = None) -> str:
    """Why an attribute is not known, after `whether ...`. `fact` is what it is an attribute of."""
    if unset(unknown) or of_sources(fact):
        return "cannot be told from the sources"
    return "is known only after apply"


def hidden(unknown: Unknown, fact: Fact) -> str:
    """The same of a thing itself, after `a policy that ...`, `a queue whose policy ...`."""
    return "the sources do not show" if unset(unknown) or of_sources(fact) else "is known only after apply"


def cure(unknown: Unknown, otherwise: str, fact: Fact | None = None) -> str:
    """What makes it known: a plan, or a value for the variables; `otherwise` where a plan does not know it either."""
    missing = unset(unknown)
    if not missing:
        return (
            f"check a plan; where that does not know it either, {otherwise}"
            if of_sources(fact)
            else otherwise
        )
    variables = [name for name in missing if name != _WORKSPACE]
    if len(variables) < len(missing):
        return "check a plan, which knows the workspace"
    return f"check a plan, or give {', '.join(variables)} a value in terraform.tfvars or a *.auto.tfvars file"


def of_sources(fact: Fact | None) -> bool:
    """Whether a fact was read from Terraform's sources, which do not show what a plan reads and computes."""
    return fact is not None and fact.origin.input.endswith((".tf", ".tf.json"))
