"""Type constraints of variables: `list(object({ name = string, periods = optional(number, 5) }))`.

A value that is given to a variable is converted to its type, so that a default of
`optional` and the texts of a `map(string)` are what the module sees.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from kfm_audit.inputs.terraform.language.primitives import to_bool, to_number, to_text
from kfm_audit.inputs.terraform.language.syntax import Call, Expression, Name, Object, Sequence
from kfm_audit.inputs.terraform.language.values import (
    Budget,
    Fault,
    Opened,
    SetOf,
    Value,
    is_known,
    unknown_of,
)
from kfm_audit.values import Unknown

Convert: TypeAlias = Callable[[Value, Budget], Value]
Evaluate: TypeAlias = Callable[[Expression], Value]

_MAX_DEPTH: Final = 40


def constraint(expression: Expression | None, evaluate: Evaluate, depth: int = 0) -> Convert:
    """The conversion that a type constraint asks for; `evaluate` gives the default of `optional`.

    What is no type, or is nested too deeply, converts nothing.
    """
    if expression is None or depth > _MAX_DEPTH:
        return _any
    if isinstance(expression, Name):
        return _PRIMITIVES.get(expression.word, _any)
    if not isinstance(expression, Call) or len(expression.arguments) != 1:
        return _any
    (inner,) = expression.arguments
    if expression.function == "object" and isinstance(inner, Object):
        return _object(inner, evaluate, depth)
    if expression.function == "tuple" and isinstance(inner, Sequence):
        return _tuple(tuple(constraint(item, evaluate, depth + 1) for item in inner.items))
    make = _COLLECTIONS.get(expression.function)
    return make(constraint(inner, evaluate, depth + 1)) if make else _any


def to_list(value: Value, budget: Budget) -> Value:
    """`tolist`: a list of a list or set. Raises Fault, Exhausted."""
    return _list(_any)(value, budget)


def to_set(value: Value, budget: Budget) -> Value:
    """`toset`: sorted and each once, elements that are not known last. Raises Fault, Exhausted."""
    return _set(_any)(value, budget)


def to_map(value: Value, budget: Budget) -> Value:
    """`tomap`. Raises Fault, Exhausted."""
    return _map(_any)(value, budget)


def unified(items: tuple[Value, ...]) -> tuple[Value, ...]:
    """Elements of one type: where texts stand beside numbers and bools, all are texts. Raises Fault."""
    kinds = {type(item) for item in items if isinstance(item, str | int | float)}
    if str not in kinds:
        if bool in kinds and len(kinds) > 1:
            raise Fault("elements of one type")
        return items
    return tuple(to_text(item) if isinstance(item, int | float) else item for item in items)


def _any(value: Value, budget: Budget) -> Value:  # noqa: ARG001 - `Convert`'s signature
    return value


def _primitive(convert: Callable[[Value], Value]) -> Convert:
    def converted(value: Value, budget: Budget) -> Value:
        budget.spend()
        if value is None or isinstance(value, Unknown):
            return value
        return value.whole if isinstance(value, Opened) else convert(value)

    return converted


def _elements(value: Value, budget: Budget) -> tuple[Value, ...] | Unknown | None:
    """The elements of what converts to a list; None for null."""
    if value is None or isinstance(value, Unknown):
        return value
    if isinstance(value, Opened):
        return value.whole
    if not isinstance(value, tuple):
        raise Fault("a list")
    budget.spend(len(value))
    if isinstance(value, SetOf) and len(value) > 1 and not is_known(value, budget):
        return unknown_of((value,), budget)  # how many elements it has is not known
    return tuple(value)


def _list(each: Convert) -> Convert:
    def converted(value: Value, budget: Budget) -> Value:
        items = _elements(value, budget)
        if items is None or isinstance(items, Unknown):
            return items
        return unified(tuple(each(item, budget) for item in items))

    return converted


def _set(each: Convert) -> Convert:
    def converted(value: Value, budget: Budget) -> Value:
        items = _elements(value, budget)
        if items is None or isinstance(items, Unknown):
            return items
        items = unified(tuple(each(item, budget) for item in items))
        known = [item for item in items if is_known(item, budget)]
        rest = [item for item in items if not is_known(item, budget)]
        if any(isinstance(item, tuple | dict) for item in known):
            return SetOf(items)
        # Texts are sorted by code point, numbers by size; one set holds one type.
        in_order = sorted(dict.fromkeys(known), key=lambda item: (item is None, item))
        return SetOf((*in_order, *rest))

    return converted


def _map(each: Convert) -> Convert:
    def converted(value: Value, budget: Budget) -> Value:
        if value is None or isinstance(value, Unknown):
            return value
        if isinstance(value, Opened):
            return value.whole
        if not isinstance(value, dict):
            raise Fault("a map")
        budget.spend(len(value))
        items = unified(tuple(each(item, budget) for item in value.values()))
        return dict(zip(value, items, strict=True))

    return converted


def _tuple(each: tuple[Convert, ...]) -> Convert:
    def converted(value: Value, budget: Budget) -> Value:
        items = _elements(value, budget)
        if items is None or isinstance(items, Unknown):
            return items
        if len(items) != len(each):
            raise Fault("a tuple")
        return tuple(convert(item, budget) for convert, item in zip(each, items, strict=True))

    return converted


def _object(inner: Object, evaluate: Evaluate, depth: int) -> Convert:
    fields: dict[str, tuple[Convert, bool, Expression | None]] = {}
    for key, kind in inner.items:
        name = evaluate(key)
        if not isinstance(name, str):
            continue
        if isinstance(kind, Call) and kind.function == "optional" and kind.arguments:
            default = kind.arguments[1] if len(kind.arguments) > 1 else None
            fields[name] = constraint(kind.arguments[0], evaluate, depth + 1), True, default
        else:
            fields[name] = constraint(kind, evaluate, depth + 1), False, None

    def converted(value: Value, budget: Budget) -> Value:
        if value is None or isinstance(value, Unknown):
            return value
        if not isinstance(value, dict | Opened):
            raise Fault("an object")
        result: dict[str, Value] = {}
        for name, (convert, optional, default) in fields.items():
            budget.spend()
            given = value.attribute(name) if isinstance(value, Opened) else value.get(name)
            if given is None and isinstance(value, dict) and name not in value and not optional:
                raise Fault(name)
            if given is None and default is not None:
                given = evaluate(default)
            result[name] = convert(given, budget)
        return result

    return converted


_PRIMITIVES: Final[dict[str, Convert]] = {
    "string": _primitive(to_text),
    "number": _primitive(to_number),
    "bool": _primitive(to_bool),
    "list": _list(_any),
    "set": _set(_any),
    "map": _map(_any),
}
_COLLECTIONS: Final[dict[str, Callable[[Convert], Convert]]] = {"list": _list, "set": _set, "map": _map}
