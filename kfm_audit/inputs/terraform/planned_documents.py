"""The policy documents that a plan reads only during apply: what is known of them already.

Such a data source stands in `resource_changes` with the action `read`: its arguments in
`after`, the marks of the unknown ones in `after_unknown`, what these come from in
`configuration`, but for `dynamic` blocks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from kfm_audit.inputs.terraform.document import Json, ResourceChange, decode_any
from kfm_audit.inputs.terraform.language.values import Budget, Exhausted, Value
from kfm_audit.inputs.terraform.policy_document import TYPE, policy_text
from kfm_audit.inputs.terraform.references import References
from kfm_audit.inputs.terraform.variables import to_value
from kfm_audit.values import PartText, Reference, ReferenceKind, Unknown

_STEPS: Final = 200_000


class PlannedDocuments:
    """The documents of one plan, each rendered when it is asked for."""

    def __init__(self, changes: Iterable[ResourceChange], references: References) -> None:
        """`changes` are all entries of `resource_changes`."""
        self._changes = {
            change.address: change
            for change in changes
            if change.mode == "data" and change.type == TYPE and "read" in change.change.actions
        }
        self._references = references
        self._texts: dict[str, str | None] = {}

    def text(self, references: tuple[Reference, ...]) -> str | None:
        """The text of an attribute that comes from one document and nothing else; None of any other."""
        match references:
            case (Reference(name, ReferenceKind.DATA),):
                return self._text(name)
            case _:
                return None

    def _text(self, name: str) -> str | None:
        if name not in self._texts:
            self._texts[name] = None  # one that asks for itself has none
            change = self._changes.get(name)
            if change is not None:
                self._texts[name] = self._rendered(name, change)
        return self._texts[name]

    def _rendered(self, name: str, change: ResourceChange) -> str | None:
        try:
            after = decode_any(change.change.after)
            unknown = decode_any(change.change.after_unknown)
            secret = decode_any(change.change.after_sensitive)
            if _holds_true(secret):
                return None
            fields = _Fields(self, name, after, unknown, self._references.expressions(name))
            return policy_text(fields, Budget(_STEPS))
        except (msgspec.MsgspecError, RecursionError, Exhausted):
            return None

    def parts(self, expression: Json, name: str, value: Json, unknown: Json) -> Value:
        """A value with the references of its unknown parts, one by one where they can be told apart."""
        references = self._references.of_expression(expression, name)
        if unknown is True:
            return self._part(references)
        if not _holds_true(unknown):
            return to_value(value)
        if not isinstance(value, list) or not isinstance(unknown, list) or len(value) != len(unknown):
            return Unknown(references)
        one_by_one = len(references) == sum(1 for mark in unknown if _holds_true(mark))
        left = list(references)
        return tuple(
            (self._part((left.pop(0),)) if one_by_one else Unknown(references))
            if _holds_true(mark)
            else to_value(item)
            for item, mark in zip(value, unknown, strict=True)
        )

    def _part(self, references: tuple[Reference, ...]) -> Value:
        text = self.text(references)
        return Unknown(references) if text is None else PartText(references, text)


class _Fields:
    """The arguments of a document in a plan, or of a block in it."""

    def __init__(
        self, documents: PlannedDocuments, name: str, after: Json, unknown: Json, expressions: Json
    ) -> None:
        self._documents = documents
        self._name = name
        self._after = after if isinstance(after, dict) else {}
        self._unknown = unknown if isinstance(unknown, dict) else {}
        self._expressions = expressions if isinstance(expressions, dict) else {}

    def value(self, name: str) -> Value:
        return self._documents.parts(
            self._expressions.get(name), self._name, self._after.get(name), self._unknown.get(name)
        )

    def blocks(self, name: str) -> tuple[_Fields, ...] | Unknown:
        blocks, unknown = self._after.get(name), self._unknown.get(name)
        written = self._expressions.get(name)
        if unknown is True or (blocks is not None and not isinstance(blocks, list)):
            return Unknown()
        if not blocks:
            return ()
        marks = unknown if isinstance(unknown, list) and len(unknown) == len(blocks) else None
        if marks is None and _holds_true(unknown):
            return Unknown()
        # Where some blocks are `dynamic`, the configuration does not show which is which.
        expressions = written if isinstance(written, list) and len(written) == len(blocks) else None
        return tuple(
            _Fields(
                self._documents,
                self._name,
                block,
                marks[number] if marks else None,
                expressions[number] if expressions else None,
            )
            for number, block in enumerate(blocks)
        )


def _holds_true(mark: Json) -> bool:
    if isinstance(mark, list):
        return any(_holds_true(item) for item in mark)
    if isinstance(mark, dict):
        return any(_holds_true(item) for item in mark.values())
    return mark is True
