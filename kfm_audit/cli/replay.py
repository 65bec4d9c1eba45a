"""`kfm-audit replay`: what the alarms would have done over recorded history."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kfm_audit.alarmtests.alarms import LoadedAlarms, Unreadable, load_alarms
from kfm_audit.cli.destinations import Output, parse_outputs, write_whole
from kfm_audit.cli.parser import UsageError
from kfm_audit.cli.prior import before_the_plan
from kfm_audit.cli.times import read_span
from kfm_audit.facts import Incident, UnreadableInput
from kfm_audit.inputs import Kinds
from kfm_audit.inputs.find import Search, find
from kfm_audit.inputs.kind import ReadContext
from kfm_audit.inputs.read import read_all
from kfm_audit.policy.model import Policy
from kfm_audit.reports.neutral import neutral
from kfm_audit.simulation.assumptions import AssumptionError, Assumptions, read_assumptions

if TYPE_CHECKING:
    from kfm_audit.replay.answer import Answer, Declared
    from kfm_audit.replay.document import Lost
    from kfm_audit.replay.history import Key

FORMATS: Final = ("text", "json", "html")
_CURE: Final = "pip install 'kfm-audit[replay]'"
_RECORD: Final = "write an incident record (schemas/json/incident-v1.schema.json), or name other paths"


def replay(options: argparse.Namespace) -> int:
    """Carry out `replay`. Raises UsageError."""
    outputs = parse_outputs(options.output, FORMATS)
    for option, value, least in (("--interval", options.interval, 1), ("--plots", options.plots, 0)):
        if value < least:
            raise UsageError(f"{option} {value}: give {least} or more")
    try:
        from kfm_audit.replay.answer import Declared, NoHistory, Settings, answer
    except ImportError as error:
        raise UsageError(f"replay needs {error.name}: {_CURE}") from None
    loaded = _load(options.alarms)
    if loaded is None:
        return 4
    after, before = Declared(options.alarms, loaded.evidence), _before(options, loaded)
    if isinstance(before, int):
        return before
    if options.queries:
        return _write_queries([after, *([before] if before else [])], Path(options.queries))
    if not options.metrics:
        raise UsageError("replay needs history: --metrics PATH; --queries FOLDER writes what to fetch")
    incidents, lost = _incidents(options.incidents)
    since, until = read_span(options.since, options.until)
    settings = Settings(
        metrics=tuple(_named(path) for path in options.metrics),
        since=int(since.timestamp()) if since else None,
        until=int(until.timestamp()) if until else None,
        interval=options.interval,
        assumptions=_assumptions(options),
        plots=options.plots,
    )
    answered = answer(after, before, settings, incidents, lost)
    if isinstance(answered, NoHistory):
        for item in answered.lost:
            _say(f"{item.path}: {item.cause}; {item.cure}")
        _say(f"{answered.why}; --queries FOLDER writes what to fetch")
        return 4 if answered.lost else 3
    _write(answered, outputs)
    return 4 if answered.document.lost else 0


def _write(answered: Answer, outputs: Sequence[Output]) -> None:
    for output in outputs:
        name, file = output.format, output.file
        try:
            text = answered.render(name)
        except ImportError as error:
            raise UsageError(f"--output {name} needs {error.name}: {_CURE}") from None
        if file is None:
            sys.stdout.write(text)
        else:
            write_whole(file, text)


def _load(word: str) -> LoadedAlarms | None:
    found = load_alarms(_existing(word), Path.cwd())
    if isinstance(found, Unreadable):
        for why in found.said:
            _say(why)
        return None
    return found


def _before(options: argparse.Namespace, loaded: LoadedAlarms) -> Declared | int | None:
    """What to compare with: other alarms, what the plan changes, or nothing; an exit code where it is unreadable."""
    from kfm_audit.replay.answer import Declared
    from kfm_audit.replay.prior import changes_anything

    match options.against:
        case "nothing":
            return None
        case "" if not changes_anything(loaded.library.facts):
            return None
        case "" | "prior":
            return Declared("what stands before it", before_the_plan(loaded, options.alarms))
        case word:
            other = _load(word)
            return 4 if other is None else Declared(word, other.evidence)


def _incidents(words: Sequence[str]) -> tuple[list[Incident], list[Lost]]:
    """The incident records below paths, and what lies there and could not be read as one. Raises UsageError."""
    from kfm_audit.replay.document import Lost

    if not words:
        return [], []
    base = Path.cwd()
    kinds = Kinds("incident")
    paths = tuple(_existing(word) for word in words)
    search = Search(paths=paths, root=None, repository=None, base=base, kinds=kinds)
    context = ReadContext(Policy(policy=1), base, base)
    library = read_all(tuple(find(search)[0]), kinds, context)
    incidents = [fact for fact in library.facts if isinstance(fact, Incident)]
    unread = [fact for fact in library.facts if isinstance(fact, UnreadableInput)]
    lost = [Lost(fact.origin.input, fact.cause, fact.cure) for fact in unread]
    # Whoever names a folder of incidents means all of it: a record that is broken must not look like none.
    lost += [Lost(item.path, item.why, _RECORD) for item in library.ignored if item.path.endswith(".json")]
    if not incidents and not lost:
        raise UsageError(f"--incidents {' '.join(words)}: there is no incident record")
    return incidents, lost


def _write_queries(sides: Sequence[Declared], folder: Path) -> int:
    from kfm_audit.replay.engine import wanted
    from kfm_audit.replay.formats.metric_data import queries

    intervals: dict[Key, int] = {}
    for side in sides:
        for key, interval in wanted(side.evidence).items():
            intervals[key] = min(interval, intervals.get(key, interval))
    found = sorted(intervals.items())
    if not found:
        _say("no alarm reads a metric whose name is known")
        return 3
    for number, text in enumerate(queries(found), start=1):
        file = folder / f"queries-{number:03d}.json"
        write_whole(file, text.decode() + "\n")
        print(file)
    return 0


def _assumptions(options: argparse.Namespace) -> Assumptions:
    chosen = {}
    for word in options.assume:
        name, equals, choice = word.partition("=")
        if not equals:
            raise UsageError(f"--assume {word}: write NAME=CHOICE")
        chosen[name] = choice
    try:
        return read_assumptions(chosen, options.evaluation_range)
    except AssumptionError as error:
        raise UsageError(f"--assume: {error}") from None


def _existing(word: str) -> Path:
    return _named(word).absolute()


def _named(word: str) -> Path:
    """A path as people named it: so it is called in what is said of it. Raises UsageError."""
    path = Path(word)
    if not path.exists():
        raise UsageError(f"{word}: no such file or folder")
    return path


def _say(text: str) -> None:
    print(f"kfm-audit: {neutral(text)}", file=sys.stderr)
