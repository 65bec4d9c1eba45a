"""Read all that was found, one input after the other, and remember where each fact came from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from kfm_audit.facts import AboutTheAudit, Fact, UnreadableInput
from kfm_audit.findings.finding import Finding, Place
from kfm_audit.findings.suppression import Suppression
from kfm_audit.inputs.find import Found
from kfm_audit.inputs.kind import Kind, ReadContext, Reading, not_utf8, unreadable
from kfm_audit.inputs.recognise import Foreign, recognise
from kfm_audit.inputs.record import IgnoredFile, InputRecord, InputStatus
from kfm_audit.inputs.source import Source
from kfm_audit.values import Location

if TYPE_CHECKING:
    from kfm_audit.inputs.terraform.stacks import Stacks

_PLAN: Final = "terraform-plan"
_SOURCE: Final = "terraform-source"
_LOG: Final = "lakefs-log"
_OUTSIDE: Final = "its partition lies outside --since and --until"


class Input(Struct, frozen=True):
    """A file that was recognised, with what came of reading it."""

    source: Source
    kind: Kind
    reading: Reading
    reported: bool


class Library:
    """All inputs of a run."""

    def __init__(
        self,
        inputs: Iterable[Input],
        lost: Iterable[tuple[Found, UnreadableInput]],
        ignored: Iterable[IgnoredFile],
        stacks: Stacks | None,
        *,
        only_foreign: bool,
    ) -> None:
        """`lost` are files of no readable kind, each with the fact that says why.

        `stacks` is None where there are no Terraform sources.
        """
        self._stacks = stacks
        self._only_foreign = only_foreign
        self._inputs = {item.source.path: item for item in inputs}
        self._lost = {found.source.path: (found, fact) for found, fact in lost}
        self.ignored = tuple(ignored)

    @property
    def facts(self) -> tuple[Fact, ...]:
        """All facts, in the order of the inputs' paths, those of logs that PATHS do not report on last.

        Of a call that stands in two logs the first fact holds: it must not be the one that nobody is shown.
        """
        inputs = sorted(self._inputs.values(), key=lambda item: item.kind.name == _LOG and not item.reported)
        read = (fact for item in inputs for fact in item.reading.facts)
        return (*read, *(fact for _, fact in self._lost.values()))

    @property
    def records(self) -> tuple[InputRecord, ...]:
        """What became of each file, by path."""
        records = [_record(item) for item in self._inputs.values()]
        records.extend(
            InputRecord(
                path=path,
                kind="",
                status=InputStatus.UNREADABLE,
                bytes=_size(found.source),
                sha256=None,
                facts=0,
            )
            for path, (found, _) in self._lost.items()
        )
        return tuple(sorted(records, key=lambda record: record.path))

    @property
    def recognised_below_paths(self) -> int:
        """How many files below PATHS are of some kind, readable or not."""
        reported = sum(1 for item in self._inputs.values() if item.reported)
        return reported + sum(1 for found, _ in self._lost.values() if found.reported)

    @property
    def left_out(self) -> int:
        """How many files were not looked into, because their partitions lie outside the time that is judged."""
        return sum(1 for item in self.ignored if item.why == _OUTSIDE)

    @property
    def only_foreign(self) -> bool:
        """Whether PATHS name files alone, all of them well-known documents that are none of ours."""
        return self._only_foreign

    @property
    def all_reported(self) -> bool:
        """Whether PATHS report on every input."""
        return all(item.reported for item in self._inputs.values())

    def holds(self, file: Path) -> bool:
        """Whether `file` is one of the inputs."""
        there = [item.source.file for item in self._inputs.values()]
        return any(path is not None and path.resolve() == file.resolve() for path in there)

    def of_kind(self, kind: str) -> tuple[Input, ...]:
        """The inputs of a kind."""
        return tuple(item for item in self._inputs.values() if item.kind.name == kind)

    def shows(self, place: Place, location: Location) -> bool:
        """Whether PATHS report on a finding: on the input that it is about, or on the file that it is shown in."""
        return self._reported(place.origin.input) or (
            location.path in self._inputs and self._reported(location.path)
        )

    def _reported(self, path: str) -> bool:
        """What is in no input is about the run, and always reported."""
        if path in self._inputs:
            return self._inputs[path].reported
        return self._lost[path][0].reported if path in self._lost else True

    def locate(self, place: Place) -> Location:
        """Find the line of a place. What can no longer be read is shown as the file as a whole."""
        origin = place.origin
        item = self._inputs.get(origin.input)
        if item is None:
            return Location(origin.input, origin.line, 1 if origin.line else 0, pointer=origin.pointer)
        try:
            shown = self._stacks.locate(origin, place.attribute) if self._stacks else None
            if shown is not None:
                return msgspec.structs.replace(shown, pointer=_pointer(place)) if origin.pointer else shown
            return item.kind.locate(item.source, origin, place.attribute)
        except (OSError, ValueError):
            return Location(origin.input, origin.line)

    def calls(self, finding: Finding) -> tuple[Location, ...]:
        """The module calls that lead to what a finding is about, from outside in; none that cannot be shown."""
        origin = finding.place.origin
        if self._stacks is None or "module." not in origin.symbol:
            return ()
        try:
            return self._stacks.calls(origin, finding.stack)
        except (OSError, ValueError):
            return ()

    def inline_suppressions(self) -> Iterator[Suppression]:
        """The suppressions written in Terraform sources, by path and line."""
        sources = self.of_kind(_SOURCE)
        if sources:
            from kfm_audit.inputs.terraform.comments import inline_suppressions

            for item in sources:
                yield from inline_suppressions(item.source)

    def excerpt(self, location: Location) -> str | None:
        """The text of the line at `location`, where its kind of file may be shown."""
        item = self._inputs.get(location.path)
        if item is None or not item.kind.excerpt or location.line < 1:
            return None
        try:
            lines = item.source.lines
        except OSError:
            return None
        return lines[location.line - 1].decode("utf-8", "replace") if location.line <= len(lines) else None


def read_all(
    found: Iterable[Found],
    kinds: Iterable[Kind],
    context: ReadContext,
    forced: Kind | None = None,
) -> Library:
    """Recognise and read every file. `forced` is what all files must be that PATHS name. Raises nothing."""
    inputs: list[Input] = []
    lost: list[tuple[Found, UnreadableInput]] = []
    ignored: list[IgnoredFile] = []
    named_and_foreign: list[bool] = []
    for item in found:
        if not item.named and _outside(item.source.path, context):
            ignored.append(IgnoredFile(item.source.path, _OUTSIDE))
            continue
        if forced and item.named:
            kind = recognise(item.source, (forced,), named=True)
        else:
            kind = recognise(item.source, kinds, named=item.named)
        if item.reported:
            named_and_foreign.append(item.named and isinstance(kind, Foreign))
        match kind:
            case Foreign(why):
                ignored.append(IgnoredFile(item.source.path, why))
            case UnreadableInput():
                lost.append((item, kind))
            case Kind():
                inputs.append(Input(item.source, kind, _read(item.source, kind, context), item.reported))
        item.source.forget()
    only_foreign = bool(named_and_foreign) and all(named_and_foreign)
    stacks = _stacks(inputs, context)
    together = {**(stacks.facts() if stacks else {}), **_logs(inputs, context)}
    return Library(
        (_with_facts(item, together) for item in inputs), lost, ignored, stacks, only_foreign=only_foreign
    )


def _stacks(inputs: Iterable[Input], context: ReadContext) -> Stacks | None:
    """The Terraform root modules of a run, which are read when all files are; None without sources."""
    sources = [item.source for item in inputs if item.kind.name == _SOURCE and not item.reading.facts]
    if not sources:
        return None
    from kfm_audit.inputs.terraform.stacks import Stacks

    plans = [(item.source, item.reading.facts) for item in inputs if item.kind.name == _PLAN]
    return Stacks(plans, sources, context)


def _logs(inputs: Iterable[Input], context: ReadContext) -> Mapping[str, tuple[Fact, ...]]:
    """The facts of the logs that an engine reads, all together."""
    sources = [item.source for item in inputs if item.kind.name == _LOG and not item.reading.facts]
    if not sources:
        return {}
    from kfm_audit.inputs.lakefs_log import read_together

    return read_together(sources, context)


def _outside(path: str, context: ReadContext) -> bool:
    if "=" not in path or (context.since is None and context.until is None):
        return False
    from kfm_audit.inputs.partitions import outside

    return outside(path, context.since, context.until)


def _with_facts(item: Input, together: Mapping[str, tuple[Fact, ...]]) -> Input:
    facts = together.get(item.source.path)
    return item if facts is None else msgspec.structs.replace(item, reading=Reading(facts))


def _pointer(place: Place) -> str:
    """The pointer into the document that was judged, beside the line that is shown."""
    return f"{place.origin.pointer}/{place.attribute}" if place.attribute else place.origin.pointer


def _read(source: Source, kind: Kind, context: ReadContext) -> Reading:
    try:
        return kind.read(source, context)
    except UnicodeDecodeError:
        return Reading((not_utf8(source),))
    except OSError as error:
        cause, cure = f"cannot be read: {error.strerror}", "check that it may be read"
    except (RecursionError, MemoryError):
        cause, cure = (
            "is nested too deeply, or too large, to be read",
            "it is no document of ours, or hostile",
        )
    return Reading((unreadable(source, cause, cure),))


def _record(item: Input) -> InputRecord:
    lost = len(item.reading.unreadable)
    facts = sum(1 for fact in item.reading.facts if not isinstance(fact, AboutTheAudit))
    status = InputStatus.READ if not lost else InputStatus.PARTLY if facts else InputStatus.UNREADABLE
    return InputRecord(
        path=PurePosixPath(item.source.path).as_posix(),
        kind=item.kind.name,
        status=status,
        bytes=_size(item.source),
        sha256=_digest(item.source),
        facts=facts,
    )


def _size(source: Source) -> int:
    try:
        return source.size
    except OSError:
        return 0


def _digest(source: Source) -> str | None:
    try:
        return source.sha256
    except OSError:
        return None
