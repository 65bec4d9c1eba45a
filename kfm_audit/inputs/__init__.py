"""Bytes to facts: one module a kind, and the table of all kinds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from kfm_audit.inputs import directory, incident, lakefs_log
from kfm_audit.inputs.kind import Kind
from kfm_audit.inputs.source import Source
from kfm_audit.inputs.terraform import plan as terraform_plan
from kfm_audit.inputs.terraform import sources as terraform_sources

KINDS: Final[tuple[Kind, ...]] = (
    terraform_plan.KIND,
    terraform_sources.KIND,
    lakefs_log.KIND,
    directory.KIND,
    incident.KIND,
)
"""All kinds, in the order in which they are asked whether a file is theirs."""

FOREIGN: Final[tuple[tuple[Callable[[Source], bool], str], ...]] = ()
"""Well-known documents that are none of ours, and why they are passed over."""
