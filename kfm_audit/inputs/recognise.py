"""Which kind a file is of: by content first, by name second."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from kfm_audit.facts import UnreadableInput
from kfm_audit.inputs.kind import Kind, unreadable
from kfm_audit.inputs.source import UTF16, Form, Source


class Foreign(Struct, frozen=True):
    """A document that is well known and none of ours: it is ignored, with the reason."""

    why: str


Recognised = Kind | Foreign | UnreadableInput

_FROM_UTF16: Final = (
    "save it as UTF-8: `>` in Windows PowerShell writes UTF-16, and `| Out-File -Encoding utf8 FILE` does not"
)
NO_KIND: Final = "holds nothing that an input of any kind would"
_KINDS_HELP: Final = (
    "give a Terraform plan (`terraform show -json`), what `aws cloudwatch describe-alarms` printed, telemetry, "
    "PROV-O JSON-LD, a lakeFS audit log or an answer of its server, a directory or an incident record; or say what "
    "it is with --kind"
)


def recognise(source: Source, kinds: Iterable[Kind], *, named: bool) -> Recognised:
    """Say what `source` is.

    A file that claims a kind, by its name or by a mark in its head, or that
    PATHS name, must be readable: else it is an `UnreadableInput`, never an
    ignored file. One kind alone is what `--kind` says.
    """
    try:
        known = _by_content(source, kinds)
        if known is not None:
            return known
        claimed = next((kind for kind in kinds if kind.claims(source)), None)
    except OSError as error:
        return unreadable(
            source, f"cannot be opened: {error.strerror}", "check that it exists and may be read"
        )
    except MemoryError:
        return unreadable(source, "does not fit into memory", "split it")
    if claimed is None and not named:
        return Foreign(_why_not(source))
    if claimed is not None and source.shape.form is Form.TEXT and claimed.marked(source):
        return unreadable(
            source,
            f"holds {claimed.title} between lines of other text",
            "keep what is JSON, and nothing else, in a file of its own (of JSON lines: `grep '^{'`)",
        )
    return _refused(source, f"claims to be {claimed.title} and " if claimed else "", kinds)


def _by_content(source: Source, kinds: Iterable[Kind]) -> Kind | Foreign | None:
    """What the content shows `source` to be; None where it shows nothing. Raises OSError, MemoryError."""
    for kind in kinds:
        for predicate, why in kind.foreign:
            if predicate(source):
                return Foreign(why)
        if kind.recognise(source):
            return kind
    return None


def _refused(source: Source, what: str, kinds: Iterable[Kind]) -> UnreadableInput:
    """Why a file that should have been an input of one of `kinds` is none; `what` begins the sentence."""
    shape = source.shape
    match shape.form:
        case Form.EMPTY:
            return unreadable(source, f"{what}is empty", "write it again, or delete it")
        case Form.NOT_UTF8:
            cure = _FROM_UTF16 if shape.problem == UTF16 else "save it as UTF-8"
            return unreadable(source, f"{what}is not UTF-8: {shape.problem}", cure, line=shape.line)
        case Form.TOO_DEEP:
            return unreadable(
                source, f"{what}is nested too deeply to be read", "it is no document of ours, or hostile"
            )
        case Form.BROKEN_JSON:
            return unreadable(
                source,
                f"{what}is not JSON: {shape.problem}",
                "it is cut off or edited by hand: write it again",
                line=shape.line,
            )
        case Form.OBJECT | Form.ARRAY | Form.LINES | Form.TEXT:
            bad = source.bad_byte if shape.form in (Form.OBJECT, Form.ARRAY) else None
            if bad:
                return unreadable(source, f"{what}is not UTF-8: {bad}", "save it as UTF-8", line=bad.line)
            first, *others = kinds
            if not others:
                nothing = f"holds nothing that {first.title} would"
                return unreadable(source, f"{what}{nothing}", "leave out --kind to let the content decide")
            return unreadable(source, f"{what}{NO_KIND}", _KINDS_HELP)


def _why_not(source: Source) -> str:
    shape = source.shape
    match shape.form:
        case Form.EMPTY:
            return "empty"
        case Form.BROKEN_JSON | Form.TOO_DEEP:
            return f"not JSON: {shape.problem}"
        case Form.NOT_UTF8:
            return f"not UTF-8: {shape.problem}"
        case Form.OBJECT | Form.ARRAY | Form.LINES | Form.TEXT:
            return NO_KIND
