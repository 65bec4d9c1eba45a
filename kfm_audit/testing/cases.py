"""Cases: input, rendered output and whole findings of one rule in one readable file.

    One or two sentences: what this shows.
    args: --now 2026-01-31T00:00:00Z
    -- tfplan.json --
    {...}
    -- output --
    (what `check` prints of this rule's findings)
    -- findings --
    (the same findings as JSON)

The file is called `<verdict>-<slug>.case`: the verdict must come out whatever
the snapshot below says, so that a snapshot that was written without a look
cannot make a broken rule pass.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from kfm_audit.testing.run import run_check

VERDICTS: Final = ("fail", "pending", "undecided", "pass")
_SECTION: Final = re.compile(r"^-- (\S+) --\n", re.MULTILINE)
_SNAPSHOTS: Final = ("output", "findings")


class Case(Struct, frozen=True, kw_only=True):
    """A case as written: `verdict` is from the file's name, `rule` from its folder's."""

    rule: str
    verdict: str
    about: str
    arguments: tuple[str, ...]
    files: dict[str, str]
    output: str
    findings: str


class CaseResult(Struct, frozen=True):
    """What came out: the verdicts of the rule's findings, and the two snapshots."""

    verdicts: tuple[str, ...]
    output: str
    findings: str


def read_case(file: Path) -> Case:
    """Read a case. Raises ValueError for one that is not written as it must be."""
    verdict = file.stem.partition("-")[0]
    if verdict not in VERDICTS:
        raise ValueError(f"{file}: a case's name begins with one of {', '.join(VERDICTS)}")
    head, *rest = _SECTION.split(file.read_text(encoding="utf-8"))
    sections = dict(zip(rest[::2], rest[1::2], strict=True))
    about, arguments = head.strip(), ""
    lines = about.splitlines()
    if lines and lines[-1].startswith("args: "):
        about, arguments = "\n".join(lines[:-1]).strip(), lines[-1].removeprefix("args: ")
    if not about:
        raise ValueError(f"{file}: a case begins with a sentence that says what it shows")
    return Case(
        rule=file.parent.name,
        verdict=verdict,
        about=about,
        arguments=tuple(shlex.split(arguments)),
        files={name: body for name, body in sections.items() if name not in _SNAPSHOTS},
        output=sections.get("output", ""),
        findings=sections.get("findings", ""),
    )


def run_case(case: Case) -> CaseResult:
    """Run `check` on the case's files with its rule alone."""
    ran = run_check(case.files, ("--select", case.rule, *case.arguments))
    findings: list[dict[str, Any]] = ran.of(case.rule)
    verdicts = tuple(sorted({finding["verdict"] for finding in findings})) or ("pass",)
    rendered = msgspec.json.format(msgspec.json.encode(ran.findings), indent=2).decode() + "\n"
    # What is printed when nothing was found speaks of the run as a whole, not of the rule.
    return CaseResult(verdicts, ran.output if ran.findings else "", rendered)


def write_case(file: Path, result: CaseResult) -> None:
    """Write the snapshots of a case anew; the rest of the file stays as it is."""
    text = file.read_text(encoding="utf-8")
    head = re.split(r"^-- (?:output|findings) --\n", text, maxsplit=1, flags=re.MULTILINE)[0]
    if not head.endswith("\n"):
        head += "\n"
    file.write_text(f"{head}-- output --\n{result.output}-- findings --\n{result.findings}", encoding="utf-8")
