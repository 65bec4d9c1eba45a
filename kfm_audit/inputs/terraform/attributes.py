"""The attributes of one resource, in three values, as the types that facts have.

They come from a plan or from the sources, which is all one to what reads them.
A wrong type is noted as lost and reads as unknown: it must look neither set nor
unset.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Final, Protocol, TypeVar

from kfm_audit.inputs.terraform.document import Json
from kfm_audit.inputs.terraform.language.primitives import to_text
from kfm_audit.inputs.terraform.language.values import Fault
from kfm_audit.values import ABSENT, Attribute, Known, PartMap, PartText, Reference, ReferenceKind, Unknown

T = TypeVar("T")

_WRONG: Final = object()

Lose = Callable[[str, str], None]


class Values(Protocol):
    """Where the values of a resource, or of a block in one, come from."""

    def get(self, name: str) -> Attribute[Json]:
        """An attribute as a whole: unknown where any part of it is."""
        ...

    def nested(self, name: str) -> Attribute[tuple[Values, ...]]:
        """Nested blocks; unknown where how many there are is."""
        ...

    def part_text(self, name: str) -> str | None:
        """What is known of a text that is not known as a whole, with marks; None where that is nothing."""
        ...

    def items(self, name: str) -> Mapping[str, Attribute[Json]] | None:
        """The values of a map that is not known as a whole, by all its keys; None where these are not known."""
        ...


class Attributes:
    """The values of a resource, read attribute by attribute."""

    def __init__(self, values: Values, lose: Lose) -> None:
        """`lose` is told the attribute whose value is wrong, and what is wrong with it."""
        self._values = values
        self._lose = lose

    def text(self, name: str) -> Attribute[str]:
        """A string attribute. Numbers and bools are strings in Terraform's eyes too."""
        found = self._values.get(name)
        # What nearly every attribute is needs no conversion, and no detour.
        if type(found) is Known and type(found.value) is str:
            return found
        return self._converted(name, found, _as_text, "a string")

    def text_in_part(self, name: str) -> Attribute[str]:
        """A string attribute; a `PartText` where a part of it is known."""
        found = self.text(name)
        if isinstance(found, Unknown):
            text = self._values.part_text(name)
            return found if text is None else PartText(found.references, text)
        return found

    def policy(self, name: str) -> Attribute[str]:
        """A policy document in JSON; with marks (`aws/partly_known.py`) where parts are not known yet."""
        found = self.text(name)
        if isinstance(found, Unknown):
            text = self._values.part_text(name)
            if text is not None:
                from kfm_audit.inputs.terraform.policy_document import statements_of

                return found if statements_of(text) is None else Known(text)
        return found

    def flag(self, name: str) -> Attribute[bool]:
        """A bool attribute; the strings "true" and "false" convert, as in Terraform."""
        return self._read(name, _as_flag, "a bool")

    def texts(self, name: str) -> Attribute[tuple[str, ...]]:
        """A set or list of strings. Null elements are those of an older plan's unknown ones."""
        return self._read(name, _as_texts, "a list of strings")

    def texts_in(self, name: str, key: str) -> Attribute[tuple[str, ...]]:
        """The strings under a key of each object in a set or list of objects."""
        return self._read(name, lambda value: _as_texts_in(value, key), f"a list of objects with {key}")

    def mapping(self, name: str) -> Attribute[Mapping[str, str]]:
        """A map of strings; a `PartMap` where its keys are known and some values are not."""
        found: Attribute[Mapping[str, str]] = self._read(name, _as_mapping, "a map of strings")
        return self._in_part(name, found) if isinstance(found, Unknown) else found

    def integer(self, name: str) -> Attribute[int]:
        """A whole number; a string of digits converts, as in Terraform."""
        return self._read(name, _as_integer, "a whole number")

    def number(self, name: str) -> Attribute[float]:
        """A number; a string of one converts, as in Terraform."""
        return self._read(name, _as_number, "a number")

    def nested(self, name: str) -> Attribute[tuple[Attributes, ...]]:
        """Nested blocks, each read attribute by attribute; unknown where how many there are is."""
        match self._values.nested(name):
            case Known(blocks, sensitive):
                return Known(tuple(self._inner(name, n, block) for n, block in enumerate(blocks)), sensitive)
            case other:
                return other

    def inner(self, name: str, *blocks: str) -> Attribute[str]:
        """A string attribute of the first block in the first block in ..., by the blocks' names from outside."""
        read = self
        for block in blocks:
            match read.nested(block):
                case Known((first, *_)):
                    read = first
                case Unknown() as unknown:
                    return unknown
                case _:
                    return ABSENT
        return read.text(name)

    def _in_part(self, name: str, unknown: Unknown) -> Unknown:
        items: list[tuple[str, Known[str] | Unknown]] = []
        for key, found in sorted((self._values.items(name) or {}).items(), key=lambda item: item[0]):
            match found:
                case Known(value, sensitive):
                    text = _as_text(value)
                    if not isinstance(text, str):
                        return unknown
                    items.append((key, Known(text, sensitive)))
                case Unknown():
                    items.append((key, found))
                case _:
                    continue
        return PartMap(unknown.references, tuple(items)) if items else unknown

    def _inner(self, name: str, number: int, block: Values) -> Attributes:
        return Attributes(block, lambda inner, what: self._lose(f"{name}/{number}/{inner}", what))

    def _read(self, name: str, convert: Callable[[Json], T | object], expected: str) -> Attribute[T]:
        return self._converted(name, self._values.get(name), convert, expected)

    def _converted(
        self, name: str, found: Attribute[Json], convert: Callable[[Json], T | object], expected: str
    ) -> Attribute[T]:
        if not isinstance(found, Known):
            return found
        converted = convert(found.value)
        if converted is found.value:
            return found
        if converted is _WRONG:
            self._lose(name, f"{name} should be {expected} and is {type_name(found.value)}")
            return Unknown((Reference(name, ReferenceKind.UNRESOLVED),))
        return Known(converted, found.sensitive)  # type: ignore[arg-type]  # `convert` gives T or _WRONG


def _as_text(value: Json) -> object:
    if type(value) is str:
        return value
    try:
        return to_text(value)
    except Fault:
        return _WRONG


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


def _as_flag(value: Json) -> object:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value, _WRONG) if isinstance(value, str) else _WRONG


def _as_texts(value: Json) -> object:
    if value == []:
        return ()
    if not isinstance(value, list | tuple):
        return _WRONG
    texts = [_as_text(item) for item in value if item is not None]
    return _WRONG if _WRONG in texts else tuple(texts)


def _as_texts_in(value: Json, key: str) -> object:
    if not isinstance(value, list | tuple):
        return _WRONG
    return _as_texts([item.get(key, {}) if isinstance(item, dict) else {} for item in value])


def _as_mapping(value: Json) -> object:
    if not isinstance(value, dict):
        return _WRONG
    known = {key: item for key, item in value.items() if item is not None}
    texts = {key: _as_text(item) for key, item in known.items()}
    return texts if _WRONG not in texts.values() else _WRONG


def type_name(value: Json) -> str:
    """The type of a JSON value, for messages."""
    names = {
        bool: "a bool",
        int: "a number",
        float: "a number",
        str: "a string",
        list: "a list",
        tuple: "a list",
        dict: "an object",
    }
    return next((name for kind, name in names.items() if isinstance(value, kind)), "null")
