"""The values of one planned resource.

`after` leaves unknown attributes out, `after_unknown` says which they are, and
an unset optional one is null (facts on Terraform, 1, points 4 to 7).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from kfm_audit.inputs.terraform.attributes import Lose, Values, type_name
from kfm_audit.inputs.terraform.document import Json
from kfm_audit.values import ABSENT, Attribute, Known, Reference, ReferenceKind, Unknown

Resolve = Callable[[str], tuple[Reference, ...]]
Document = Callable[[tuple[Reference, ...]], str | None]

_ALL: Final = frozenset({"*"})
_NO_BLOCKS: Final[Known[tuple[Values, ...]]] = Known(())


class Planned:
    """`after` of a resource, or a block in it, with its marks."""

    def __init__(
        self,
        after: Json,
        unknown: Json,
        sensitive: Json,
        resolve: Resolve,
        lose: Lose,
        document: Document = lambda _references: None,
    ) -> None:
        """Take the decoded parts of `change`; each may be of any type.

        `resolve` gives the references of an attribute's expression. `lose` is told the
        attribute and what was wrong with it. `document` gives what is known of a policy
        document by the references of an attribute that holds it.
        """
        self._document = document
        self._after = after if isinstance(after, dict) else {}
        self._unknown = unknown
        self._sensitive = sensitive
        self._unknown_names = _marked(unknown)
        self._secret_names = _marked(sensitive)
        self._resolve = resolve
        self._lose = lose

    def get(self, name: str) -> Attribute[Json]:
        """An attribute as a whole."""
        if self._unknown_names and (self._unknown_names is _ALL or name in self._unknown_names):
            return Unknown(self._resolve(name))
        value = self._after.get(name)
        if value is None:
            return ABSENT
        if self._secret_names and (self._secret_names is _ALL or name in self._secret_names):
            return Known(value, sensitive=True)
        return Known(value)

    def part_text(self, name: str) -> str | None:
        """What is known of a policy document that is read only during apply."""
        if self._secret_names and (self._secret_names is _ALL or name in self._secret_names):
            return None
        references = self._resolve(name)
        is_data = len(references) == 1 and references[0].kind is ReferenceKind.DATA
        return self._document(references) if is_data else None

    def items(self, name: str) -> Mapping[str, Attribute[Json]] | None:
        """The values of a map that is marked one by one; None of any other.

        So Terraform writes a map whose keys it knows. Providers made with the older SDK, such as AWS's, mark the
        whole map where one value is unknown (terraform-plugin-sdk, issue 1040).
        """
        marks, secrets = _part(self._unknown, name), _part(self._sensitive, name)
        value = self._after.get(name)
        value = {} if value is None else value
        if not isinstance(marks, dict) or not isinstance(value, dict) or secrets is True:
            return None
        unknown = Unknown(self._resolve(name))
        secret_keys = _marked(secrets)
        found: dict[str, Attribute[Json]] = {
            key: Known(item, key in secret_keys) for key, item in value.items() if item is not None
        }
        return found | dict.fromkeys(_marked(marks), unknown)

    def nested(self, name: str) -> Attribute[tuple[Values, ...]]:
        """Nested blocks, one by one where their marks are."""
        marks = _part(self._unknown, name)
        value = self._after.get(name)
        if value == [] and not marks:
            return _NO_BLOCKS
        one_by_one = _same_length(value, marks)
        if marks is True or (isinstance(value, list) and _holds_true(marks) and not one_by_one):
            return Unknown(self._resolve(name))
        if value is None:
            return ABSENT
        if not isinstance(value, list):
            self._lose(name, f"{name} should be a list of blocks and is {type_name(value)}")
            return Unknown((Reference(name, ReferenceKind.UNRESOLVED),))
        secrets = _part(self._sensitive, name)
        return Known(
            tuple(
                self._block(
                    f"{name}/{number}",
                    block,
                    marks[number] if one_by_one else None,
                    secrets[number] if _same_length(value, secrets) else _holds_true(secrets),
                )
                for number, block in enumerate(value)
            )
        )

    def _block(self, at: str, block: Json, unknown: Json, sensitive: Json) -> Planned:
        """One nested block; all of one that is no object is unknown, since it must look neither set nor unset."""
        if not isinstance(block, dict) and unknown is not True:
            self._lose(at, f"{at} should be a block and is {type_name(block)}")
            unknown = True
        name = at.partition("/")[0]
        return Planned(
            block,
            unknown,
            sensitive,
            lambda _name: self._resolve(name),
            lambda inner, what: self._lose(f"{at}/{inner}", what),
        )


def _marked(marks: Json) -> frozenset[str]:
    """The attributes that are marked, in whole or in part; `_ALL` where one mark holds for all."""
    if type(marks) is dict:
        return frozenset([name for name, mark in marks.items() if mark and _holds_true(mark)])
    return _ALL if _holds_true(marks) else frozenset()


def _part(marks: Json, name: str) -> Json:
    """The mark of one attribute; a mark that is not an object holds for all."""
    return marks.get(name) if isinstance(marks, dict) else marks


def _holds_true(mark: Json) -> bool:
    """Whether `after_unknown` or `after_sensitive` marks a value or any part of it."""
    if mark is None or isinstance(mark, bool):
        return mark is True
    pending = [mark]
    while pending:
        item = pending.pop()
        if item is True:
            return True
        if isinstance(item, list):
            pending.extend(item)
        elif isinstance(item, dict):
            pending.extend(item.values())
    return False


def _same_length(value: Json, marks: Json) -> bool:
    """Whether marks belong to the elements one by one; plans of format 0.1 leave unknown elements out."""
    return isinstance(value, list) and isinstance(marks, list) and len(value) == len(marks)
