"""Terraform plans in JSON: the kind `terraform-plan`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec
from msgspec import Raw

from kfm_audit.facts import Alarm, Change, CompositeAlarm, Fact
from kfm_audit.inputs.kind import Kind, ReadContext, Reading, locate_in_json, unreadable
from kfm_audit.inputs.positions import join_pointer
from kfm_audit.inputs.source import Source
from kfm_audit.inputs.terraform.attributes import Attributes
from kfm_audit.inputs.terraform.document import (
    NOTHING,
    Configuration,
    Json,
    Plan,
    ResourceChange,
    RootVariable,
    decode_any,
)
from kfm_audit.inputs.terraform.planned import Planned
from kfm_audit.inputs.terraform.planned_provider import PlannedProvider, planned_provider
from kfm_audit.inputs.terraform.recognition import SHOW, recognise, refusal
from kfm_audit.inputs.terraform.references import References
from kfm_audit.inputs.terraform.resources import READERS, Instance
from kfm_audit.values import Origin, Reference

if TYPE_CHECKING:
    from kfm_audit.inputs.terraform.planned_documents import PlannedDocuments

_ALARMS: Final = frozenset({"aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm"})
_MAJORS: Final = ("0", "1")
_PLAN: Final = msgspec.json.Decoder(Plan)
_CHANGES: Final = msgspec.json.Decoder(tuple[ResourceChange, ...])
_RAW_CHANGES: Final = msgspec.json.Decoder(tuple[Raw, ...])
_CHANGE: Final = msgspec.json.Decoder(ResourceChange)
_CONFIGURATION: Final = msgspec.json.Decoder(Configuration)
_VARIABLES: Final = msgspec.json.Decoder(dict[str, RootVariable])

_Part = TypeVar("_Part")


def _read(source: Source, context: ReadContext) -> Reading:
    refused = refusal(source)
    if refused:
        return Reading((unreadable(source, *refused),))
    try:
        plan = _PLAN.decode(source.data)
    except msgspec.ValidationError as error:
        return Reading(
            (unreadable(source, f"is no Terraform plan: {_in_words(error)}", f"write it again with {SHOW}"),)
        )
    major = plan.format_version.partition(".")[0]
    if major not in _MAJORS:
        return Reading(
            (
                unreadable(
                    source,
                    f"is a plan of format {plan.format_version}, and this version reads 0.x and 1.x",
                    "update kfm-audit, or make the plan with the Terraform that it knows",
                ),
            )
        )
    return Reading(tuple(_PlanReader(source, context, plan).facts()))


class _PlanReader:
    """Turns one plan into facts, and notes what was lost on the way."""

    def __init__(self, source: Source, context: ReadContext, plan: Plan) -> None:
        self._source = source
        self._plan = plan
        self._stack = _stack(source, context)
        self._lost: dict[Fact, None] = {}  # in their order, each once: an attribute may be read several times
        self._all: list[tuple[int, ResourceChange]] = []
        self._documents: PlannedDocuments | None = None
        self._providers: dict[str, PlannedProvider] = {}

    def facts(self) -> Iterator[Fact]:
        if self._plan.errored or not self._plan.complete:
            state, pointer = ("ended with an error", "/errored")
            if not self._plan.errored:
                state, pointer = ("is incomplete: it defers changes to a later one", "/complete")
            self._lose(
                f"the plan {state}, so resources are missing from it",
                "make the plan again until it is whole",
                pointer,
                "resource_changes",
            )
        self._all = changes = self._changes()
        self._references = References(
            self._decoded(_CONFIGURATION, self._plan.configuration, "configuration", Configuration()),
            self._decoded(_VARIABLES, self._plan.variables, "variables", {}),
            [change.address for _, change in changes if _change(change) is not Change.DELETED],
        )
        watched: Mapping[str, Callable[[Instance], Fact]] = {}
        if any(change.type in _ALARMS and _change(change) is Change.DELETED for _, change in changes):
            from kfm_audit.inputs.terraform.watched import WATCHED as watched  # noqa: N811 - a table
        for number, change in changes:
            read = READERS.get(change.type) or watched.get(change.type)
            if read is None or change.mode != "managed" or change.deposed is not None:
                continue
            kind_of_change = _change(change)
            if kind_of_change is None:
                continue
            fact = read(self._instance(number, change, kind_of_change))
            if kind_of_change is Change.CHANGED and isinstance(_decode(change.change.before), dict):
                earlier = self._instance(number, change, kind_of_change, part="before")
                fact = msgspec.structs.replace(fact, before=read(earlier))
                if isinstance(fact, Alarm) and change.change.actions[0] == "delete":
                    fact = msgspec.structs.replace(fact, deleted_first=True)
            if isinstance(fact, CompositeAlarm):
                from kfm_audit.inputs.terraform.planned_dependencies import in_order

                fact = in_order(fact, self._references)
            yield fact
        yield from self._lost

    def _instance(
        self, number: int, change: ResourceChange, kind_of_change: Change, part: str = ""
    ) -> Instance:
        part = part or ("before" if kind_of_change is Change.DELETED else "after")
        past = part == "before"
        values, marks = change.change.before, change.change.before_sensitive
        if not past:
            values, marks = change.change.after, change.change.after_sensitive
        pointer = join_pointer("resource_changes", number, "change", part)
        after = _decode(values)
        if not isinstance(after, dict):
            self._lose(f"`{part}` is no object", f"write the plan again with {SHOW}", pointer, change.address)
        address = change.address
        provider = self._provider(address)

        def lose(attribute: str, what: str) -> None:
            if past and kind_of_change is Change.CHANGED:
                return  # what will be is what is judged
            self._lose(what, f"write the plan again with {SHOW}", f"{pointer}/{attribute}", address)

        return Instance(
            subject=address,
            name=change.name,
            origin=Origin(self._source.path, pointer, symbol=address),
            stack=self._stack,
            change=kind_of_change,
            attributes=Attributes(
                Planned(
                    after,
                    None if past else _decode(change.change.after_unknown),
                    _decode(marks),
                    lambda attribute: self._references.of_attribute(address, attribute),
                    lose,
                    self._document,
                ),
                lose,
            ),
            provider=provider.told,
            default_tags=provider.default_tags,
        )

    def _document(self, references: tuple[Reference, ...]) -> str | None:
        """What is known of the policy document at the end of references."""
        if self._documents is None:
            from kfm_audit.inputs.terraform.planned_documents import PlannedDocuments

            self._documents = PlannedDocuments((change for _, change in self._all), self._references)
        return self._documents.text(references)

    def _provider(self, address: str) -> PlannedProvider:
        """The provider configuration of a resource, as its facts show it: few serve all resources."""
        key, arguments = self._references.provider_of(address)
        if key not in self._providers:
            self._providers[key] = planned_provider(key, arguments)
        return self._providers[key]

    def _changes(self) -> list[tuple[int, ResourceChange]]:
        raw = self._plan.resource_changes
        if raw == NOTHING:
            if b'"address"' in memoryview(self._plan.planned_values).tobytes():
                self._lose(
                    "has planned values and no changes: what is to happen cannot be known",
                    f"write the plan again with {SHOW}",
                    "",
                    "resource_changes",
                )
            return []
        try:
            return list(enumerate(_CHANGES.decode(raw)))
        except (msgspec.ValidationError, RecursionError):
            pass  # one entry or more is wrong: find out which, and read the others
        try:
            entries = _RAW_CHANGES.decode(raw)
        except msgspec.ValidationError as error:
            self._lose(
                _in_words(error),
                f"write the plan again with {SHOW}",
                "/resource_changes",
                "resource_changes",
            )
            return []
        changes = []
        for number, entry in enumerate(entries):
            try:
                changes.append((number, _CHANGE.decode(entry)))
            except (msgspec.ValidationError, RecursionError) as error:
                pointer = join_pointer("resource_changes", number)
                self._lose(
                    _in_words(error),
                    f"write the plan again with {SHOW}",
                    pointer,
                    f"resource_changes[{number}]",
                )
        return changes

    def _decoded(self, decoder: msgspec.json.Decoder[_Part], raw: Raw, name: str, default: _Part) -> _Part:
        if raw == NOTHING:
            return default
        try:
            return decoder.decode(raw)
        except (msgspec.ValidationError, RecursionError) as error:
            self._lose(_in_words(error), f"write the plan again with {SHOW}", f"/{name}", name)
            return default

    def _lose(self, cause: str, cure: str, pointer: str, part: str) -> None:
        self._lost[unreadable(self._source, cause, cure, part=part, pointer=pointer)] = None


def _change(entry: ResourceChange) -> Change | None:
    """What the actions mean; None for data reads and for what Terraform only forgets."""
    match entry.change.actions:
        case ("no-op",):
            return Change.UNCHANGED
        case ("create",) | ("create", "forget"):
            return Change.CREATED
        case ("update",) | ("delete", "create") | ("create", "delete"):
            return Change.CHANGED
        case ("delete",):
            return Change.DELETED
        case _:
            return None


def _stack(source: Source, context: ReadContext) -> str:
    """The plan's stack: as config calls it, else the plan's path below the root without its ending."""
    told = context.stack_of(source.path)
    return told.name if told else Path(context.below_root(source.path)).with_suffix("").as_posix()


def _decode(raw: Raw) -> Json:
    try:
        return decode_any(raw)
    except (msgspec.MsgspecError, RecursionError):
        return None


def _in_words(error: Exception) -> str:
    return (
        "is nested too deeply"
        if isinstance(error, RecursionError)
        else (str(error).replace("Object missing required field", "lacks").replace("`$.", "`"))
    )


KIND: Final = Kind(
    name="terraform-plan",
    title="a Terraform plan",
    names=("*tfplan*.json", "plan.json", "*.plan.json", "*.tfplan"),
    recognise=recognise,
    read=_read,
    locate=locate_in_json,
    excerpt=False,
    marks=(b'"resource_changes"', b'"planned_values"'),
)
