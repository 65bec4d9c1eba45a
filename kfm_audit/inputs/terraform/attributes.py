"""The attributes of one planned resource, in three values.

`after` leaves unknown attributes out, `after_unknown` says which they are, and
an unset optional one is null (facts on Terraform, 1, points 4 to 7). A wrong
type is noted as lost and reads as unknown: it must look neither set nor unset.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Final, TypeVar

from kfm_audit.inputs.terraform.document import Json
from kfm_audit.values import ABSENT, Attribute, Known, Reference, ReferenceKind, Unknown

T = TypeVar("T")

_WRONG: Final = object()

Resolve = Callable[[str], tuple[Reference, ...]]
Lose = Callable[[str, str], None]


class Attributes:
    """`after` of a resource, read attribute by attribute.

    `resolve` gives the references of an attribute's expression. `lose` is told
    the attribute and what was wrong with it. `set_by_expression` says whether the
    configuration sets it: what is unknown without one is computed by the
    provider, which for the optional attributes that we read means unset.
    """

    def __init__(
        self,
        after: Json,
        unknown: Json,
        sensitive: Json,
        resolve: Resolve,
        lose: Lose,
    ) -> None:
        """Take the decoded parts of `change`; each may be of any type."""
        self._after = after if isinstance(after, dict) else {}
        self._unknown = unknown
        self._sensitive = sensitive
        self._resolve = resolve
        self._lose = lose

    def text(self, name: str) -> Attribute[str]:
        """A string attribute. Numbers are strings in Terraform's eyes too."""
        return self._read(name, _as_text, "a string")

    def flag(self, name: str) -> Attribute[bool]:
        """A bool attribute; the strings "true" and "false" convert, as in Terraform."""
        return self._read(name, _as_flag, "a bool")

    def texts(self, name: str) -> Attribute[tuple[str, ...]]:
        """A set or list of strings. Null elements are those of an older plan's unknown ones."""
        return self._read(name, _as_texts, "a list of strings")

    def mapping(self, name: str) -> Attribute[Mapping[str, str]]:
        """A map of strings."""
        return self._read(name, _as_mapping, "a map of strings")

    def integer(self, name: str) -> Attribute[int]:
        """A whole number; a string of digits converts, as in Terraform."""
        return self._read(name, _as_integer, "a whole number")

    def number(self, name: str) -> Attribute[float]:
        """A number; a string of one converts, as in Terraform."""
        return self._read(name, _as_number, "a number")

    def nested(self, name: str) -> Attribute[tuple[Attributes, ...]]:
        """Nested blocks, each read attribute by attribute; unknown where how many there are is."""
        marks = self._unknown.get(name) if isinstance(self._unknown, dict) else self._unknown
        value = self._after.get(name)
        one_by_one = _same_length(value, marks)
        if marks is True or (isinstance(value, list) and _holds_true(marks) and not one_by_one):
            return Unknown(self._resolve(name))
        if value is None:
            return ABSENT
        if not isinstance(value, list):
            self._lose(name, f"{name} should be a list of blocks and is {_type_name(value)}")
            return Unknown((Reference(name, ReferenceKind.UNRESOLVED),))
        secrets = self._sensitive.get(name) if isinstance(self._sensitive, dict) else self._sensitive
        return Known(
            tuple(
                Attributes(
                    block,
                    marks[number] if one_by_one and isinstance(marks, list) else None,
                    secrets[number]
                    if isinstance(secrets, list) and _same_length(value, secrets)
                    else _holds_true(secrets),
                    lambda _name: self._resolve(name),
                    lambda inner, what, number=number: self._lose(f"{name}/{number}/{inner}", what),  # type: ignore[misc]
                )
                for number, block in enumerate(value)
            )
        )

    def blocks(self, name: str) -> tuple[dict[str, Json], ...]:
        """Nested blocks; () where there are none or where they are unknown."""
        value = self._after.get(name)
        return tuple(item for item in value if isinstance(item, dict)) if isinstance(value, list) else ()

    def _read(self, name: str, convert: Callable[[Json], T | object], expected: str) -> Attribute[T]:
        if self._unknown is True or (
            isinstance(self._unknown, dict) and _holds_true(self._unknown.get(name))
        ):
            return Unknown(self._resolve(name))
        value = self._after.get(name)
        if value is None:
            return ABSENT
        converted = convert(value)
        if converted is _WRONG:
            self._lose(name, f"{name} should be {expected} and is {_type_name(value)}")
            return Unknown((Reference(name, ReferenceKind.UNRESOLVED),))
        secret = self._sensitive is True or (
            isinstance(self._sensitive, dict) and _holds_true(self._sensitive.get(name))
        )
        return Known(converted, secret)  # type: ignore[arg-type]  # `convert` gives T or _WRONG


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


def _as_text(value: Json) -> object:
    if isinstance(value, bool):
        return _WRONG
    return str(value) if isinstance(value, str | int | float) else _WRONG


def _as_integer(value: Json) -> object:
    number = _as_number(value)
    if isinstance(number, float) and not number.is_integer():
        return _WRONG
    return int(number) if isinstance(number, int | float) else _WRONG


def _as_number(value: Json) -> object:
    """An int or a finite float."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return _WRONG
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return _WRONG
    if not isfinite(number):
        return _WRONG
    return int(number) if number.is_integer() else number


def _same_length(value: Json, marks: Json) -> bool:
    """Whether marks belong to the elements one by one; plans of format 0.1 leave unknown elements out."""
    return isinstance(value, list) and isinstance(marks, list) and len(value) == len(marks)


def _as_flag(value: Json) -> object:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value, _WRONG) if isinstance(value, str) else _WRONG


def _as_texts(value: Json) -> object:
    if not isinstance(value, list):
        return _WRONG
    texts = [item for item in value if item is not None]
    return tuple(texts) if all(isinstance(item, str) for item in texts) else _WRONG


def _as_mapping(value: Json) -> object:
    if not isinstance(value, dict):
        return _WRONG
    known = {key: item for key, item in value.items() if item is not None}
    texts = {key: _as_text(item) for key, item in known.items()}
    return texts if _WRONG not in texts.values() else _WRONG


def _type_name(value: Json) -> str:
    names = {
        bool: "a bool",
        int: "a number",
        float: "a number",
        str: "a string",
        list: "a list",
        dict: "an object",
    }
    return names.get(type(value), "null")
