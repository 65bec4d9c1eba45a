"""Documents that people write (policies, config, rule settings) read strictly into types.

An unknown key is an error that names the nearest known one: a typo must never
switch a rule off in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final, TypeVar

import msgspec

from kfm_audit.pattern import pattern

T = TypeVar("T")
Path = tuple[str, ...]

_COMPLAINT: Final = pattern(r"^(?P<what>.*?)(?: - at (?P<key>`key` in )?`(?P<path>\$.*)`)?$", re.DOTALL)
_UNKNOWN: Final = pattern(r"^Object contains unknown field `(.*)`$", re.DOTALL)
_STEP: Final = pattern(r"\.([A-Za-z_][\w-]*)|\[(\d+|\.\.\.)\]")
_SOME_KEY: Final = "..."
"""How the converter writes a step into a map: it does not say which key."""
_TYPES: Final = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "a map",
    "null": "nothing",
}


class DocumentError(Exception):
    """The user's document is wrong. `path` leads to the place: keys and 0-based indexes."""

    def __init__(self, message: str, path: Path = ()) -> None:
        """Say what is wrong, and where in the document."""
        super().__init__(message)
        self.message = message
        self.path = path


def read_strictly(document: object, into: type[T]) -> T:
    """Turn a decoded document into `into`. Raises DocumentError with the place and the nearest known key."""
    try:
        return msgspec.convert(document, into)
    except msgspec.ValidationError as error:
        complaint = _COMPLAINT.match(str(error))
        assert complaint is not None, "the pattern matches every text"
        steps = tuple(key or index for key, index in _STEP.findall(complaint["path"] or ""))
        path = _with_keys(document, into, steps, str(error))
        what = complaint["what"]
        unknown = _UNKNOWN.match(what)
        if unknown is None:
            words = _of_key(what, into, path) if complaint["key"] else _in_words(what, into, path)
            raise DocumentError(words, path) from None
        key = unknown[1]
        raise DocumentError(
            f"unknown key `{key}`{nearest(key, _keys_at(into, path))}", (*path, key)
        ) from None


def nearest(word: str, known: Iterable[str]) -> str:
    """`: did you mean `x`?`, or the list of what there is, or "" where there is nothing."""
    names = sorted(known)
    if not names:
        return ""
    close = closest(word, names)
    if close:
        return f": did you mean `{close}`?"
    return f": known are {', '.join(f'`{name}`' for name in names)}"


def closest(word: str, names: Iterable[str]) -> str:
    """The name that is most like a word; of several the first, so that ALM01 is ALM001; "" where none is."""
    from difflib import SequenceMatcher, get_close_matches

    # Of several the library would give the last.
    names = sorted(names)
    near = sorted(get_close_matches(word, names, n=max(len(names), 1), cutoff=0.5))
    return max(near, key=lambda name: SequenceMatcher(None, name, word).ratio(), default="")


def _of_key(what: str, into: object, path: Path) -> str:
    """Say a converter's complaint about a key of a map."""
    if not what.startswith("Invalid enum value "):
        return "a key is no text: put it in quotes"
    from msgspec import inspect

    maps = (one for one in _types_at(into, path) if isinstance(one, inspect.DictType))
    known = [str(value) for one in maps for value in getattr(one.key_type, "values", ())]
    word = what.removeprefix("Invalid enum value ").strip("'")
    return f"unknown key `{word}`{nearest(word, known)}"


def _in_words(what: str, into: object, path: Path) -> str:
    """Say a converter's complaint in the words of the document's author."""
    if what.startswith("Invalid enum value "):
        word = what.removeprefix("Invalid enum value ").strip("'")
        return f"`{word}` is no value of this key{nearest(word, _values_at(into, path))}"
    if " matching regex " in what:
        return f"is not written as it must be: {', '.join(_examples_at(into, path))}, for example"
    if what.startswith("Object missing required field "):
        return what.replace("Object missing required field", "lacks the key")
    return re.sub(r"`([^`]+)`", lambda found: _types_in_words(found[1]), what).replace(
        "Expected", "expected", 1
    )


def _types_in_words(types: str) -> str:
    return " or ".join(_TYPES.get(name, name) for name in types.split(" | "))


def _with_keys(document: object, into: type[Any], path: Path, complaint: str) -> Path:
    """The path with the keys of maps, left out by the converter: those whose value alone is at fault."""
    for number, step in enumerate(path):
        if step != _SOME_KEY:
            continue
        before = path[:number]
        for key, value in _at(document, before).items():
            alone = _replaced(document, before, {key: value})
            try:
                msgspec.convert(alone, into)
            except msgspec.ValidationError as error:
                if str(error) == complaint:
                    return _with_keys(alone, into, (*before, str(key), *path[number + 1 :]), complaint)
    return path


# Documents are of any shape: the converter has walked the same path and found it there.
def _at(document: Any, path: Path) -> Any:
    for step in path:
        document = document[int(step)] if isinstance(document, list) else document[step]
    return document


def _replaced(document: Any, path: Path, value: object) -> object:
    """A copy of the document with `value` at `path`."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(document, list):
        place = int(step)
        return [*document[:place], _replaced(document[place], rest, value), *document[place + 1 :]]
    return {**document, step: _replaced(document[step], rest, value)}


# The argument is whatever a type annotation can be; so are the parts of a description of it.
def _types_at(into: Any, path: Path) -> tuple[Any, ...]:
    """What the value at `path` may be, as msgspec describes types."""
    from msgspec import inspect

    types: tuple[Any, ...] = (inspect.type_info(into),)
    for step in path:
        below: list[Any] = []
        for one in _flat(types):
            if isinstance(one, inspect.StructType):
                below += [field.type for field in one.fields if field.encode_name == step]
            elif isinstance(one, inspect.DictType):
                below.append(one.value_type)
            elif isinstance(one, inspect.VarTupleType | inspect.ListType):
                below.append(one.item_type)
        types = tuple(below)
    return _flat(types)


def _flat(types: tuple[Any, ...]) -> tuple[Any, ...]:
    from msgspec import inspect

    return tuple(
        one for each in types for one in (each.types if isinstance(each, inspect.UnionType) else (each,))
    )


def _keys_at(into: object, path: Path) -> tuple[str, ...]:
    """The keys that the struct at `path` knows."""
    from msgspec import inspect

    return tuple(
        field.encode_name
        for one in _types_at(into, path)
        if isinstance(one, inspect.StructType)
        for field in one.fields
    )


def _values_at(into: object, path: Path) -> tuple[str, ...]:
    """The values that may stand at `path`, where they are listed."""
    from msgspec import inspect

    return tuple(
        str(value)
        for one in _types_at(into, path)
        if isinstance(one, inspect.LiteralType)
        for value in one.values
    )


def _examples_at(into: object, path: Path) -> tuple[str, ...]:
    """The examples that a type gives of its values."""
    from msgspec import inspect

    return tuple(
        example
        for one in _types_at(into, path)
        if isinstance(one, inspect.Metadata)
        for example in (one.extra_json_schema or {}).get("examples", ())
    )
