"""Bytes to facts: one module a kind, and the table of all kinds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from kfm_audit.inputs import directory, incident, lakefs_log, prov, telemetry
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
    prov.KIND,
    telemetry.KIND,
)
"""All kinds, in the order in which they are asked whether a file is theirs."""

FOREIGN: Final[tuple[tuple[Callable[[Source], bool], str], ...]] = (
    (prov.is_ro_crate, "an RO-Crate: its runs are schema.org actions, no PROV Activities"),
    (prov.is_other_jsonld, "JSON-LD that is no provenance: no Activity, no class of PROV, no context for it"),
)
"""Well-known documents that are none of ours, and why they are passed over."""
