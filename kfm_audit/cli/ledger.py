"""`check --ledger`: what a run leaves to the next."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

from kfm_audit.audit import Audited
from kfm_audit.cli.destinations import write_whole
from kfm_audit.cli.parser import UsageError
from kfm_audit.facts import Case
from kfm_audit.inputs.find import display
from kfm_audit.ledger import Ledger, LedgerError, read_ledger


def open_ledger(file: Path, base: Path, now: datetime) -> Ledger:
    """Read the ledger of a run. Raises UsageError."""
    try:
        return read_ledger(file, display(file, base), now)
    except LedgerError as error:
        raise UsageError(str(error)) from None


def write_ledger(audited: Audited, ledger: Ledger, now: datetime, *, quiet: bool) -> None:
    """Write how the cases of a run stand. A ledger that does not hold is left as it is.

    Raises UsageError for a file that cannot be written.
    """
    if ledger.broken:
        return  # SYS001 says so
    data = ledger.with_cases(audited.evidence.of(Case), now)
    if data != ledger.data or not ledger.file.exists():
        write_whole(ledger.file, data.decode())
    if not quiet:
        written = read_ledger(ledger.file, ledger.shown, now)
        open_cases = sum(1 for _ in written.facts())
        entries = "1 entry" if len(written.entries) == 1 else f"{len(written.entries)} entries"
        sys.stderr.write(
            f"ledger      {ledger.shown}: {open_cases} open case{'' if open_cases == 1 else 's'}, "
            f"{entries}, sha256 {written.head}\n"
        )
