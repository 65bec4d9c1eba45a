"""Terraform's functions, those that alarms are written with; what any other gives is not guessed.

Names, arguments and errors are those of the Terraform language reference,
"Functions", and were compared with Terraform 1.11's own console.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from kfm_audit.inputs.terraform.language import collection_functions as collections
from kfm_audit.inputs.terraform.language import number_functions as numbers
from kfm_audit.inputs.terraform.language import set_functions as sets
from kfm_audit.inputs.terraform.language import text_functions as texts
from kfm_audit.inputs.terraform.language.primitives import to_bool, to_number, to_text
from kfm_audit.inputs.terraform.language.types import to_list, to_map, to_set
from kfm_audit.inputs.terraform.language.values import (
    Budget,
    Fault,
    MaybeNull,
    Opened,
    Value,
    is_known,
    unknown_of,
    with_marks,
)
from kfm_audit.values import PartText, Reference, ReferenceKind, Unknown

Function: TypeAlias = Callable[[tuple[Value, ...], Budget], Value]


def call(name: str, arguments: tuple[Value, ...], budget: Budget) -> Value:
    """The result of a function. Raises Fault, Exhausted.

    Unknown where an argument is that it needs, and for a function that is not here.
    """
    if name == "sensitive":
        # What is wrapped up on purpose is not looked at: not even its texts may become references.
        return Unknown((Reference("sensitive()", ReferenceKind.UNRESOLVED),))
    partial = _PARTIAL.get(name)
    if partial is not None:
        if name in _WHOLLY_UNKNOWN and any(isinstance(argument, Unknown | Opened) for argument in arguments):
            found = unknown_of(arguments, budget)
            return MaybeNull(found.references) if name == "one" else found
        return partial(arguments, budget)
    if not all(is_known(argument, budget) for argument in arguments):
        if name == "jsonencode" and not isinstance(arguments[0], Unknown | Opened):
            return _jsonencode_in_part(arguments, budget)
        if name in _PIECE_BY_PIECE:
            return _joined_in_part(name, arguments, budget)
        # A separator or a format is no part of what the result comes from.
        return unknown_of(arguments[1:] if name in _WITH_PATTERN else arguments, budget)
    whole = _WHOLE.get(name)
    if whole is None:
        references = unknown_of(arguments, budget).references
        return Unknown((*references, Reference(f"{name}()", ReferenceKind.UNRESOLVED)))
    return whole(arguments, budget)


def _jsonencode_in_part(arguments: tuple[Value, ...], budget: Budget) -> Unknown:
    unknown = unknown_of(arguments, budget)
    try:
        text = texts.jsonencode(tuple(with_marks(argument, budget) for argument in arguments), budget)
    except Fault:
        return unknown
    return PartText(unknown.references, str(text))


def _joined_in_part(name: str, arguments: tuple[Value, ...], budget: Budget) -> Unknown:
    """A text that is made of others as they are: what is known of these is known of it."""
    unknown = unknown_of(arguments[1:], budget)
    pattern = arguments[0]
    if not isinstance(pattern, str) or (name == "format" and not _only_puts_in(pattern)):
        return unknown
    try:
        text = _WHOLE[name](tuple(with_marks(argument, budget) for argument in arguments), budget)
    except Fault:
        return unknown
    return PartText(unknown.references, str(text))


def _only_puts_in(specification: str) -> bool:
    """Whether all verbs of `format` put a text in as it is: `%s` and `%v` without a width."""
    return all(verb.startswith(("s", "v")) for verb in specification.replace("%%", "").split("%")[1:])


def _converted(convert: Callable[[Value], Value]) -> Function:
    def function(arguments: tuple[Value, ...], budget: Budget) -> Value:
        budget.spend()
        argument = collections.only(arguments)
        return None if argument is None else convert(argument)

    return function


def _retyped(convert: Callable[[Value, Budget], Value]) -> Function:
    def function(arguments: tuple[Value, ...], budget: Budget) -> Value:
        return convert(collections.only(arguments), budget)

    return function


_PARTIAL: Final[dict[str, Function]] = {
    "coalesce": collections.coalesce,
    "coalescelist": collections.coalescelist,
    "compact": collections.compact,
    "concat": collections.concat,
    "contains": collections.contains,
    "distinct": collections.distinct,
    "element": collections.element,
    "flatten": collections.flatten,
    "keys": collections.keys,
    "length": collections.length,
    "lookup": collections.lookup,
    "merge": collections.merge,
    "one": collections.one,
    "reverse": collections.reverse,
    "slice": collections.slice_list,
    "sort": collections.sort,
    "tolist": _retyped(to_list),
    "tomap": _retyped(to_map),
    "toset": _retyped(to_set),
    "values": collections.values,
    "zipmap": collections.zipmap,
}
_WHOLLY_UNKNOWN: Final = frozenset(
    {
        *(
            "compact",
            "concat",
            "contains",
            "distinct",
            "element",
            "flatten",
            "keys",
            "length",
            "merge",
            "one",
        ),
        *("reverse", "slice", "sort", "tolist", "tomap", "toset", "values", "zipmap"),
    }
)
"""Those that are unknown where an argument is unknown as a whole."""

_WHOLE: Final[dict[str, Function]] = {
    "abs": numbers.absolute,
    "alltrue": numbers.alltrue,
    "anytrue": numbers.anytrue,
    "ceil": numbers.ceil,
    "chomp": texts.chomp,
    "endswith": texts.endswith,
    "floor": numbers.floor,
    "format": texts.format_text,
    "formatlist": texts.formatlist,
    "join": texts.join,
    "jsonencode": texts.jsonencode,
    "lower": texts.lower,
    "max": collections.greatest,
    "min": collections.least,
    "range": collections.number_range,
    "replace": texts.replace,
    "setintersection": sets.setintersection,
    "setproduct": sets.setproduct,
    "setsubtract": sets.setsubtract,
    "setunion": sets.setunion,
    "split": texts.split,
    "startswith": texts.startswith,
    "strcontains": texts.strcontains,
    "substr": texts.substr,
    "sum": numbers.total,
    "title": texts.title,
    "tobool": _converted(to_bool),
    "tonumber": _converted(to_number),
    "tostring": _converted(to_text),
    "trim": texts.trim,
    "trimprefix": texts.trimprefix,
    "trimspace": texts.trimspace,
    "trimsuffix": texts.trimsuffix,
    "upper": texts.upper,
}
_WITH_PATTERN: Final = frozenset({"format", "formatlist", "join"})
_PIECE_BY_PIECE: Final = frozenset({"format", "join"})
