"""What is a Terraform plan, what only looks like one, and why that is refused."""

from __future__ import annotations

from typing import Final

from kfm_audit.inputs.source import Form, Source

SHOW: Final = "`terraform show -json PLANFILE > tfplan.json`"
"""How a plan that can be read is made."""

_STATE_KEYS: Final = frozenset({"serial", "lineage", "resources"})


def recognise(source: Source) -> bool:
    """Whether Terraform wrote it about a plan, readable or not. Raises OSError."""
    if source.head.startswith(b"PK\x03\x04") and b"tfplan" in source.head:
        return True
    shape = source.shape
    match shape.form:
        case Form.OBJECT:
            keys = shape.keys
            return (
                "resource_changes" in keys
                or "planned_values" in keys
                or (
                    "format_version" in keys
                    and not keys.isdisjoint({"terraform_version", "planned_values", "values"})
                )
                or keys >= _STATE_KEYS
            )
        case Form.LINES:
            return shape.keys >= {"@level", "@message"} and b'"terraform"' in source.head
        case Form.TEXT:
            return source.head.startswith(b"[command]") and b"show" in source.head[:500]
        case _:
            return False


def refusal(source: Source) -> tuple[str, str] | None:
    """Cause and cure for what Terraform also writes and what is not a plan in JSON."""
    if source.head.startswith(b"PK"):
        return ("is a binary plan", f"turn it into JSON with {SHOW}")
    shape = source.shape
    if shape.form is Form.TEXT:
        return (
            "begins with the command line that setup-terraform's wrapper prints before the JSON",
            "set `terraform_wrapper: false` for hashicorp/setup-terraform and write the plan again",
        )
    if shape.form is Form.LINES:
        return (
            "holds the log lines of `terraform plan -json`, not a plan",
            f"save the plan with `-out` and use {SHOW}",
        )
    if (
        "resource_changes" not in shape.keys
        and "planned_values" not in shape.keys
        and ("values" in shape.keys or shape.keys >= _STATE_KEYS)
    ):
        return (
            "is a state, not a plan: it cannot say what is about to change",
            f"save a plan with `terraform plan -out PLANFILE` and use {SHOW}",
        )
    return None
