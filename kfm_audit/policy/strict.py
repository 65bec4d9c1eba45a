"""Documents that people write (policies, config, rule settings) read strictly into types.

An unknown key is an error that names the nearest known one: a typo must never
switch a rule off in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final, TypeVar

import msgspec

T = TypeVar("T")

_PLACE: Final = re.compile(r"^(?P<what>.*?)(?: - at `(?P<path>\$.*)`)?$", re.DOTALL)
_UNKNOWN: Final = re.compile(r"^Object contains unknown field `(.*)`$")
_STEP: Final = re.compile(r"\.([A-Za-z_][\w-]*)|\[(\d+|\.\.\.)\]|\[`?([^\]`]*)`?\]")


class DocumentError(Exception):
    """The user's document is wrong. `path` leads to the place: keys and 0-based indexes."""

    def __init__(self, message: str, path: tuple[str, ...] = ()) -> None:
        """Say what is wrong, and where in the document."""
        super().__init__(message)
        self.message = message
        self.path = path


def read_strictly(document: object, into: type[T]) -> T:
    """Turn a decoded document into `into`. Raises DocumentError with the place and the nearest known key."""
    try:
        return msgspec.convert(document, into)
    except msgspec.ValidationError as error:
        parts = _PLACE.match(str(error))
        what, place = (parts["what"], parts["path"] or "") if parts else (str(error), "")
        path = tuple(next(group for group in step if group) for step in _STEP.findall(place))
        unknown = _UNKNOWN.match(what)
        if unknown is None:
            raise DocumentError(_in_words(what), path) from None
        key = unknown[1]
        known = _fields_at(into, path)
        raise DocumentError(f"unknown key `{key}`{nearest(key, known)}", (*path, key)) from None


def nearest(word: str, known: Iterable[str]) -> str:
    """`: did you mean `x`?`, or the list of what there is, or "" where there is nothing."""
    from difflib import get_close_matches

    names = sorted(known)
    close = get_close_matches(word, names, n=1, cutoff=0.5)
    if close:
        return f": did you mean `{close[0]}`?"
    if not names:
        return ""
    return f": known are {', '.join(f'`{name}`' for name in names)}"


def _in_words(what: str) -> str:
    """Say a converter's complaint in the words of the document's author."""
    return what.replace("Expected `", "expected `").replace("Object missing required field", "lacks the key")


# The argument is whatever a type annotation can be.
def _fields_at(into: Any, path: tuple[str, ...]) -> tuple[str, ...]:
    """The keys that the struct at `path` knows."""
    from msgspec import inspect

    info: Any = inspect.type_info(into)
    for step in path:
        candidates = info.types if isinstance(info, inspect.UnionType) else (info,)
        for candidate in candidates:
            if isinstance(candidate, inspect.StructType):
                fields = {field.encode_name: field.type for field in candidate.fields}
                info = fields.get(step, candidate)
            elif isinstance(candidate, inspect.DictType):
                info = candidate.value_type
            elif isinstance(candidate, inspect.VarTupleType | inspect.ListType):
                info = candidate.item_type
    candidates = info.types if isinstance(info, inspect.UnionType) else (info,)
    return tuple(
        field.encode_name
        for candidate in candidates
        if isinstance(candidate, inspect.StructType)
        for field in candidate.fields
    )
