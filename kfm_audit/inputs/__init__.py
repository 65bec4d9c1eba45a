"""Bytes to facts: one module a kind, and the table of all kinds."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Final

from kfm_audit.inputs.kind import Kind


class Kinds:
    """Input kinds by the modules that hold them (`KIND`, or several as `KINDS`), each imported when it is first asked.

    So a run on one plan imports the reader of plans, and not that of provenance.
    """

    def __init__(self, *modules: str) -> None:
        """Modules are named relative to this package."""
        self._modules = modules

    def __iter__(self) -> Iterator[Kind]:
        """The kinds, in the order in which they are asked whether a file is theirs."""
        for module in self._modules:
            held = import_module(f"{__name__}.{module}")
            kinds: tuple[Kind, ...] = getattr(held, "KINDS", None) or (held.KIND,)
            yield from kinds


KINDS: Final = Kinds(
    "terraform.plan",
    "terraform.sources",
    "deployed",
    "lakefs_server.kinds",
    "lakefs_log",
    "directory",
    "incident",
    "alert_message",
    "prov",
    "telemetry",
)
"""All kinds, in the order in which they are asked whether a file is theirs."""
