"""What an input kind is: how it is recognised, read and located.

One module a kind, beside this one; the table of all is `kfm_audit.inputs.KINDS`.
A kind module imports nothing heavy at its top: a run pays only for what it reads.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path, PurePosixPath

from msgspec import Struct

from kfm_audit.facts import Fact, UnreadableInput
from kfm_audit.inputs.source import Source
from kfm_audit.policy.model import Policy
from kfm_audit.values import Location, Origin


class Reading(Struct, frozen=True):
    """What came of reading one input.

    `facts` include an `UnreadableInput` for each part that was lost. An input
    whose facts are only such is unreadable; with others beside them it was read
    in part. `empty` says that the input is well-formed and holds nothing to judge.
    """

    facts: tuple[Fact, ...]

    @property
    def unreadable(self) -> tuple[UnreadableInput, ...]:
        """The parts that were lost."""
        return tuple(fact for fact in self.facts if isinstance(fact, UnreadableInput))


class StackRoot(Struct, frozen=True):
    """What config says of a stack: its name, the folder of its root module, and its plan where it has one.

    Without a plan it is judged from the sources, with the values that
    `variable_files` give. All paths are relative to the root.
    """

    name: str
    folder: str
    plan: str = ""
    variable_files: tuple[str, ...] = ()


class ReadContext(Struct, frozen=True):
    """What readers may know beside the bytes.

    `root` is the folder that stack names are relative to; `base` the one that
    shown paths are relative to. `stacks` is what config says of stacks. `since`
    and `until` bound the events that are judged. `engine` reads logs (`--engine`). `progress` is told
    of a large file how many bytes are read, and how many there are, or 0.
    """

    policy: Policy
    root: Path
    base: Path
    stacks: tuple[StackRoot, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    engine: str = ""
    progress: Callable[[str, int, int], None] | None = None

    def stack_of(self, path: str) -> StackRoot | None:
        """What config says of the plan at a shown path."""
        below = self.below_root(path)
        return next((stack for stack in self.stacks if stack.plan and stack.plan == below), None)

    def below_root(self, path: str) -> str:
        """A shown path, relative to the root where it lies below it."""
        file = Path(os.path.normpath(self.base / path))
        return file.relative_to(self.root).as_posix() if file.is_relative_to(self.root) else path

    def shown(self, path: str) -> str:
        """A path below the root, as it is shown."""
        return Path(os.path.relpath(self.root / path, self.base)).as_posix()


Recognise = Callable[[Source], bool]
Read = Callable[[Source, ReadContext], Reading]
Locate = Callable[[Source, Origin, str], Location]


class Kind(Struct, frozen=True, kw_only=True):
    """An input kind.

    `recognise` decides by content, from `Source.shape` and `Source.head`, without
    reading a large file whole. `names` are globs of file names that *claim* the
    kind: such a file, if it cannot be read as anything, is an error and not an
    ignored file; pre-commit's `files:` comes from them too. `marks` are byte
    strings that betray the kind in the head of a document that is broken.
    `foreign` are well-known documents that this kind could be taken for, each
    with the reason why it is passed over; they are asked first. `locate` turns an
    origin and an attribute path (a pointer relative to the origin's, `/`-separated)
    into the narrowest place that exists. `excerpt` says whether lines of such a
    file may be shown in a report: never those of plans and logs, which hold secrets.
    """

    name: str
    title: str
    names: tuple[str, ...]
    recognise: Recognise
    read: Read
    locate: Locate
    excerpt: bool = True
    foreign: tuple[tuple[Recognise, str], ...] = ()
    marks: tuple[bytes, ...] = ()

    def claims(self, source: Source) -> bool:
        """Whether the file's name, or a mark in its head, says that it is of this kind."""
        path = PurePosixPath(source.path)
        return any(path.match(pattern) for pattern in self.names) or self.marked(source)

    def marked(self, source: Source) -> bool:
        """Whether a mark in the file's head says that there is something of this kind in it."""
        return any(mark in source.head for mark in self.marks)


def locate_in_json(source: Source, origin: Origin, attribute: str) -> Location:
    """`Kind.locate` for documents that are one JSON value."""
    if origin.line:
        return Location(source.path, origin.line, 1)
    return source.positions.location(source.path, origin.pointer, attribute)


def locate_in_lines(source: Source, origin: Origin, attribute: str) -> Location:  # noqa: ARG001 - `Locate`'s signature
    """`Kind.locate` for line-based inputs, whose readers know the line."""
    return Location(source.path, origin.line, 1 if origin.line else 0, pointer=origin.pointer)


def not_utf8(source: Source) -> UnreadableInput:
    """Make the fact that says that `source` was lost because it is not UTF-8."""
    bad = source.bad_byte
    where = f": {bad}" if bad else ""
    return unreadable(source, f"is not UTF-8{where}", "save it as UTF-8", line=bad.line if bad else 0)


def unreadable(
    source: Source, cause: str, cure: str, *, part: str = "", pointer: str = "", line: int = 0
) -> UnreadableInput:
    """Make the fact that says that `source`, or the `part` of it at `pointer` or `line`, was lost."""
    return UnreadableInput(
        subject=source.path,
        origin=Origin(source.path, pointer, line),
        cause=cause,
        cure=cure,
        part=part,
    )
