"""`check --write-heads FILE`: keep on which commits the branches of lakeFS were seen."""

from __future__ import annotations

import sys
from pathlib import Path

from kfm_audit.audit import Audited
from kfm_audit.cli.destinations import write_whole
from kfm_audit.cli.parser import UsageError
from kfm_audit.facts import BranchHead
from kfm_audit.inputs.find import Found
from kfm_audit.inputs.record import InputStatus


def write_heads(audited: Audited, kept: Found | None, file: Path, *, quiet: bool) -> None:
    """Write what the snapshot held and what this run saw. One that cannot be read is left as it is.

    `kept` is the snapshot, where there was one. Raises UsageError for a file that cannot be written.
    """
    from kfm_audit.inputs.lakefs_server.heads import KIND, render

    read = (KIND, InputStatus.READ)
    if kept and all(
        (record.path, record.kind, record.status) != (kept.source.path, *read)
        for record in audited.library.records
    ):
        raise UsageError(f"{file}: is no whole snapshot of heads, and is not written over")
    facts = audited.library.facts
    write_whole(file, render(facts).decode())
    undated = sum(1 for fact in facts if isinstance(fact, BranchHead) and fact.last_seen is None)
    if undated and not quiet:
        print(
            f"kfm-audit: {undated} branch heads are not kept: nothing says when they were seen; "
            'write `"as_of"` into the list of branches, as `kfm-audit collect lakefs` does',
            file=sys.stderr,
        )
