"""`kfm-audit case`: one case on one page, and drafts of the records that it owes."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kfm_audit.audit import Audited, audit
from kfm_audit.cli.check import resolve
from kfm_audit.cli.destinations import write_whole
from kfm_audit.cli.parser import UsageError, build_parser, terminal_width
from kfm_audit.exits import Exit
from kfm_audit.facts import Case
from kfm_audit.inputs.record import InputStatus
from kfm_audit.reports.neutral import neutral

if TYPE_CHECKING:
    from kfm_audit.inputs.lakefs_reads import Reads
    from kfm_audit.reports.case_page import CasePage, Exposure
    from kfm_audit.reports.report import Report


_SHOWN: Final = 20
_LOST: Final = (InputStatus.UNREADABLE, InputStatus.PARTLY)


def case(options: argparse.Namespace) -> int:
    """Show a case: 0, or what `check` ends with where something could not be read or judged.

    Raises UsageError for a name that is none's, or that several cases have.
    """
    from kfm_audit.case import exposure_of, find_cases, page_of
    from kfm_audit.reports.case_page import render_case
    from kfm_audit.reports.encode import encode

    audited = audit(resolve(_check_options(options)))
    known = audited.evidence.of(Case)
    found = find_cases(options.case, known)
    if len(found) != 1:
        raise UsageError(_no_such_case(options.case, found, known, audited.report))
    exposure = exposure_of(found[0], audited.evidence)
    page = page_of(found[0], exposure, _reads(audited, found[0], exposure), audited.evidence, audited.report)
    written = _write_drafts(page, Path(options.write)) if options.write else ()
    sys.stdout.write(encode(page) if options.format == "json" else render_case(page, terminal_width()))
    for line in written:
        sys.stderr.write(f"{line}\n")
    return audited.report.exit_code if audited.report.exit_code > Exit.USAGE else 0


def _check_options(options: argparse.Namespace) -> argparse.Namespace:
    """The options of a `check` of the same evidence."""
    check = build_parser("check").parse_args(["check", "--quiet", *options.paths])
    for name in ("policy", "config", "isolated", "now", "ledger"):
        setattr(check, name, getattr(options, name))
    return check


def _no_such_case(name: str, found: tuple[Case, ...], known: tuple[Case, ...], report: Report) -> str:
    """Say which cases there are; where there is none, what was read and where cases come from."""
    cases = found or known
    name = neutral(name)
    shown = "".join(f"\n  {neutral(case.subject)}: {neutral(case.deed)}" for case in cases[:_SHOWN])
    if len(cases) > _SHOWN:
        shown += f"\n  and {len(cases) - _SHOWN} more; `kfm-audit check --output summary` lists all"
    if found:
        return f"case {name}: several cases are called so; give more of one's name:{shown}"
    lost = [neutral(record.path) for status in _LOST for record in report.inputs_that_are(status)]
    unread = f"\n  not read, or not in full: {', '.join(lost)}" if lost else ""
    if known:
        return f"case {name}: no case is called so; there are:{shown}{unread}"
    read = ", ".join(f"{number} {kind}" for kind, number in report.kinds.items()) or "nothing"
    return (
        f"case {name}: no case is called so, and there is none: nothing that was read shows that an environment's "
        f"branch was moved back\n  read: {read}{unread}\n  cases come from audit logs, commit logs, snapshots of "
        "heads and events of hooks; those of earlier nights from --ledger FILE"
    )


def _reads(audited: Audited, found: Case, exposure: Exposure) -> Reads:
    from kfm_audit.inputs.lakefs_reads import Reads, reads_of

    if exposure.since is None:
        return Reads((), ())
    sources = [item.source for item in audited.library.of_kind("lakefs-log")]
    refs = frozenset((found.first.branch, *exposure.commits))
    return reads_of(sources, found.first.repository, refs, exposure.since, exposure.until)


def _write_drafts(page: CasePage, folder: Path) -> tuple[str, ...]:
    """Write the drafts below a folder; a file that is there already is left as it is. Raises UsageError."""
    from kfm_audit.reports.encode import encode

    said = []
    for owing in page.owed:
        if owing.file is None or owing.draft is None:
            continue
        file = folder / owing.file
        if file.exists():
            said.append(f"{file}: is there already, and is left as it is")
            continue
        write_whole(file, encode(owing.draft))
        said.append(f"{file}: a draft; fill in its TODOs before it counts")
    return tuple(said) or ("no record is missing: nothing to write",)
