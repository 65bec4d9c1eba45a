"""The alarms that a file of tests is about: read, and found by the names that people give them."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Final

from msgspec import Struct

from kfm_audit.evidence import Evidence
from kfm_audit.facts import Alarm, UnreadableInput
from kfm_audit.inputs import Kinds
from kfm_audit.inputs.find import Found, Search, display, find
from kfm_audit.inputs.kind import ReadContext, StackRoot
from kfm_audit.inputs.read import Library, read_all
from kfm_audit.inputs.source import Source
from kfm_audit.policy.model import Policy
from kfm_audit.values import Known

KINDS: Final = Kinds("terraform.plan", "terraform.sources", "deployed")
"""What can hold alarms."""
_SOURCES: Final = (".tf", ".tfvars")


class Unreadable(Struct, frozen=True):
    """The alarms could not be read: what was looked at, and why it is of no use."""

    path: str
    why: tuple[str, ...]

    @property
    def said(self) -> tuple[str, ...]:
        """Each reason as a sentence that begins with the file that it is about."""
        return tuple(why if why.startswith(self.path) else f"{self.path}: {why}" for why in self.why)


class Team(Struct, frozen=True):
    """What a team has settled: its policy, what its config says of stacks, and the folder that these lie in."""

    policy: Policy
    stacks: tuple[StackRoot, ...] = ()
    root: Path | None = None


NO_TEAM: Final = Team(Policy(policy=1))
"""A policy that asks for nothing: tests and replays are about what alarms do, not about what they should."""


class LoadedAlarms:
    """All alarms of a plan, a folder or a description, with all that their notifications pass through."""

    def __init__(self, evidence: Evidence, library: Library, named: str | None) -> None:
        """`named` is the path of the one input that the alarms are taken from; None is all of them."""
        self.evidence = evidence
        self.library = library
        self._named = named

    @cached_property
    def all(self) -> tuple[Alarm, ...]:
        """Every alarm that exists or will, by its address."""
        alarms = (alarm for alarm in self.evidence.alarms.all if self._named in (None, alarm.origin.input))
        return tuple(sorted(alarms, key=lambda alarm: (alarm.stack, alarm.subject)))

    def called(self, word: str) -> tuple[Alarm, ...]:
        """The alarms with a name or an address; several where the same one stands in more than one stack."""
        return tuple(self._by_word.get(word, ()))

    @property
    def words(self) -> tuple[str, ...]:
        """Every word that an alarm can be called by."""
        return tuple(self._by_word)

    @cached_property
    def _by_word(self) -> dict[str, list[Alarm]]:
        found: dict[str, list[Alarm]] = defaultdict(list)
        for alarm in self.all:
            words = {alarm.subject: None}
            if isinstance(alarm.alarm_name, Known) and not alarm.alarm_name.sensitive:
                words[alarm.alarm_name.value] = None
            for word in words:
                found[word].append(alarm)
        return found


def load_alarms(
    file: Path,
    base: Path,
    variable_files: tuple[Path, ...] = (),
    *,
    none_too: bool = False,
    team: Team = NO_TEAM,
) -> LoadedAlarms | Unreadable:
    """Read a plan with the sources beside it, a folder of sources, or a description of alarms.

    Where there is no alarm, there is nothing to be read for most; `none_too` is for who asks what then.
    Variable files that are given hold for the stack, whatever the team's config says of it.
    Paths in messages are relative to `base`. Raises nothing.
    """
    shown = display(file, base)
    if not file.exists():
        return Unreadable(shown, ("there is no such file or folder",))
    folder = file if file.is_dir() else file.parent
    found = {item.source.path: item for item in _found(file, folder, base)}
    for item in variable_files:
        path = display(item, base)
        found.setdefault(path, Found(Source(path, item), named=True, reported=True))
    if variable_files:
        below = (Path(os.path.relpath(item, folder)).as_posix() for item in variable_files)
        team = Team(team.policy, (StackRoot(".", ".", "", tuple(below)),))
    context = ReadContext(team.policy, team.root or folder, base, team.stacks)
    library = read_all(found.values(), KINDS, context)
    named = None if file.is_dir() else shown
    lost = tuple(_lost(library, named))
    if lost:
        return Unreadable(shown, lost)
    # Notifications are told of as of any time: nothing in them hangs on it.
    alarms = LoadedAlarms(Evidence(library.facts, team.policy, datetime.now(UTC)), library, named)
    return alarms if alarms.all or none_too else Unreadable(shown, ("it holds no CloudWatch alarm",))


def _found(file: Path, folder: Path, base: Path) -> Iterator[Found]:
    """The file and the sources beside it; a folder's plans take the place of its sources, as in `check`."""
    search = Search(paths=(file,), root=folder, repository=None, base=base, kinds=KINDS)
    for item in find(search)[0]:
        if item.named or file.is_dir() or item.source.path.endswith(_SOURCES):
            yield item


def _lost(library: Library, named: str | None) -> Iterator[str]:
    """Why alarms may be missing: a test of the others would read as if these were fine."""
    for fact in library.facts:
        if isinstance(fact, UnreadableInput) and (named is None or fact.origin.input == named):
            line = f":{fact.origin.line}" if fact.origin.line else ""
            yield f"{fact.origin.input}{line}: {fact.cause}: {fact.cure}"
