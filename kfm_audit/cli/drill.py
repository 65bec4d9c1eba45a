"""`kfm-audit drill`: who is paged when something fails."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

import msgspec

from kfm_audit.alarmtests.alarms import LoadedAlarms, Unreadable, load_alarms
from kfm_audit.cli.destinations import parse_outputs, write_whole
from kfm_audit.cli.parser import UsageError
from kfm_audit.drill.document import DrillDocument, document
from kfm_audit.drill.drill import Drill
from kfm_audit.evidence import Evidence

FORMATS: Final = ("text", "json", "markdown")


def drill(options: argparse.Namespace) -> int:
    """Carry out `drill`. Raises UsageError."""
    outputs = parse_outputs(options.output, FORMATS)
    loaded = _load(options.alarms)
    if loaded is None:
        return 4
    before = _before(options.against, loaded)
    if options.against and before is None:
        return 4
    past = Drill(before).all() if before is not None else ()
    against = "what stands before the plan" if options.against == "prior" else options.against
    found = document(options.alarms, Drill(loaded.evidence).all(), against, past)
    if not found.entries:
        print(f"kfm-audit: {options.alarms}: no queue or function, and no alarm on one", file=sys.stderr)
        return 3
    for output in outputs:
        name, file = output.format, output.file
        shown = _rendered(found, name)
        if file is None:
            sys.stdout.write(shown)
        else:
            write_whole(file, shown)
    return 1 if options.fail_on_silence and found.silent else 0


def _rendered(found: DrillDocument, name: str) -> str:
    if name == "json":
        return msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n"
    from kfm_audit.drill.text import markdown, text

    return markdown(found) if name == "markdown" else text(found)


def _before(word: str, loaded: LoadedAlarms) -> Evidence | None:
    match word:
        case "":
            return None
        case "prior":
            from kfm_audit.replay.prior import prior

            return prior(loaded.evidence, loaded.library.facts)
        case _:
            other = _load(word)
            return other.evidence if other is not None else None


def _load(word: str) -> LoadedAlarms | None:
    file = Path(word).absolute()
    if not file.exists():
        raise UsageError(f"{word}: no such file or folder")
    found = load_alarms(file, Path.cwd(), none_too=True)
    if isinstance(found, Unreadable):
        for why in found.said:
            print(f"kfm-audit: {why}", file=sys.stderr)
        return None
    return found
