"""`kfm-audit drill`: who is paged when something fails."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

import msgspec

from kfm_audit.alarmtests.alarms import LoadedAlarms, Team, Unreadable, load_alarms
from kfm_audit.cli.destinations import parse_outputs, write_whole
from kfm_audit.cli.parser import UsageError
from kfm_audit.cli.prior import before_the_plan
from kfm_audit.drill.document import DrillDocument, document
from kfm_audit.drill.drill import Drill
from kfm_audit.evidence import Evidence

FORMATS: Final = ("text", "json", "markdown")


def drill(options: argparse.Namespace) -> int:
    """Carry out `drill`. Raises UsageError."""
    outputs = parse_outputs(options.output, FORMATS)
    team = _team(options)
    loaded = _load(options.alarms, team)
    if loaded is None:
        return 4
    before = _before(options, loaded, team)
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


def _team(options: argparse.Namespace) -> Team:
    """The policy and the config that `check` would take for the same alarms. Raises UsageError."""
    from kfm_audit.config import ConfigError, config_for, policy_name
    from kfm_audit.policy.load import PolicyError, load_policy

    try:
        config = config_for((_existing(options.alarms),), options.config or "", isolated=options.isolated)
        policy = load_policy(policy_name(options.policy or "", config)).policy
    except (ConfigError, PolicyError) as error:
        raise UsageError(str(error)) from None
    return Team(policy, config.stacks(), config.file.parent if config.file else None)


def _before(options: argparse.Namespace, loaded: LoadedAlarms, team: Team) -> Evidence | None:
    match options.against:
        case "":
            return None
        case "prior":
            return before_the_plan(loaded, options.alarms)
        case word:
            other = _load(word, team)
            return other.evidence if other is not None else None


def _existing(word: str) -> Path:
    file = Path(word).absolute()
    if not file.exists():
        raise UsageError(f"{word}: no such file or folder")
    return file


def _load(word: str, team: Team) -> LoadedAlarms | None:
    found = load_alarms(_existing(word), Path.cwd(), none_too=True, team=team)
    if isinstance(found, Unreadable):
        for why in found.said:
            print(f"kfm-audit: {why}", file=sys.stderr)
        return None
    return found
