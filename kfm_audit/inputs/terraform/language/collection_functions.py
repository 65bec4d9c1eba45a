"""Functions on lists, sets and maps, which may have unknown parts."""

from __future__ import annotations

from kfm_audit.inputs.terraform.language.operators import equal
from kfm_audit.inputs.terraform.language.primitives import to_number, to_text
from kfm_audit.inputs.terraform.language.types import unified
from kfm_audit.inputs.terraform.language.values import (
    Budget,
    Fault,
    MaybeNull,
    Opened,
    SetOf,
    Value,
    is_known,
    unknown_of,
)
from kfm_audit.values import Unknown

Arguments = tuple[Value, ...]

MAX_ITEMS = 50_000
"""Elements that a list may grow to; more is refused."""


def items_of(value: Value) -> tuple[Value, ...]:
    """The elements of a list or set. Raises Fault."""
    if not isinstance(value, tuple):
        raise Fault("a list")
    return value


def map_of(value: Value) -> dict[str, Value]:
    """A map or object. Raises Fault."""
    if not isinstance(value, dict):
        raise Fault("a map")
    return value


def only(arguments: Arguments) -> Value:
    """The one argument of a function. Raises Fault."""
    if len(arguments) != 1:
        raise Fault("a call")
    return arguments[0]


def concat(arguments: Arguments, budget: Budget) -> Value:
    """`concat(lists...)`; sets are refused."""
    if any(isinstance(argument, SetOf) for argument in arguments):
        raise Fault("a list")
    return _bounded(tuple(item for argument in arguments for item in items_of(argument)), budget)


def compact(arguments: Arguments, budget: Budget) -> Value:
    """`compact(list)`: without nulls and empty texts."""
    argument = only(arguments)
    if not is_known(argument, budget):
        return unknown_of(arguments, budget)
    return tuple(to_text(item) for item in items_of(argument) if item is not None and item != "")


def flatten(arguments: Arguments, budget: Budget) -> Value:
    """`flatten(list)`, to any depth; an unknown element may be a list, so then all is unknown."""
    flat: list[Value] = []
    pending: list[Value] = list(reversed(items_of(only(arguments))))
    while pending:
        budget.spend()
        item = pending.pop()
        if isinstance(item, tuple):
            pending.extend(reversed(item))
        elif isinstance(item, Unknown | Opened):
            return unknown_of(arguments, budget)
        else:
            flat.append(item)
    return _bounded(tuple(flat), budget)


def distinct(arguments: Arguments, budget: Budget) -> Value:
    """`distinct(list)`, in the order of first appearance."""
    items = items_of(only(arguments))
    if not is_known(items, budget) or any(isinstance(item, tuple | dict) for item in items):
        return unknown_of(arguments, budget)
    return tuple(dict.fromkeys(unified(items)))


def length(arguments: Arguments, budget: Budget) -> Value:
    """`length(list, map or text)`; elements need not be known."""
    argument = only(arguments)
    if isinstance(argument, SetOf) and len(argument) > 1 and not is_known(argument, budget):
        return unknown_of(arguments, budget)  # elements that are not known may turn out to be the same
    if isinstance(argument, tuple | dict | str):
        return len(argument)
    raise Fault("length()")


def element(arguments: Arguments, budget: Budget) -> Value:
    """`element(list, index)`: the index counts on from the beginning."""
    if len(arguments) != 2:
        raise Fault("element()")
    budget.spend()
    items, at = items_of(arguments[0]), int(to_number(arguments[1]))
    if not items or at < 0:
        raise Fault("element()")
    return items[at % len(items)]


def contains(arguments: Arguments, budget: Budget) -> Value:
    """`contains(list, value)`."""
    if len(arguments) != 2:
        raise Fault("contains()")
    items = items_of(arguments[0])
    budget.spend(len(items))
    found = [equal(item, arguments[1]) for item in items]
    if True in found:
        return True
    return unknown_of(arguments, budget) if None in found else False


def keys(arguments: Arguments, budget: Budget) -> Value:
    """`keys(map)`, sorted."""
    items = map_of(only(arguments))
    budget.spend(len(items))
    return tuple(sorted(items))


def values(arguments: Arguments, budget: Budget) -> Value:
    """`values(map)`, in the order of the keys."""
    items = map_of(only(arguments))
    budget.spend(len(items))
    return tuple(items[key] for key in sorted(items))


def lookup(arguments: Arguments, budget: Budget) -> Value:
    """`lookup(map, key, default)`."""
    if not 2 <= len(arguments) <= 3:
        raise Fault("lookup()")
    if any(isinstance(argument, Unknown | Opened) for argument in arguments[:2]):
        found = unknown_of(arguments, budget)
        return MaybeNull(found.references) if arguments[2:] == (None,) else found
    items, key = map_of(arguments[0]), to_text(arguments[1])
    if key in items:
        return items[key]
    if len(arguments) < 3:
        raise Fault(f"lookup() of {key}")
    return arguments[2]


def merge(arguments: Arguments, budget: Budget) -> Value:
    """`merge(maps...)`: a later one wins; null is an empty one."""
    merged: dict[str, Value] = {}
    for argument in arguments:
        if argument is not None:
            budget.spend(len(map_of(argument)))
            merged.update(map_of(argument))
    return merged


def coalesce(arguments: Arguments, budget: Budget) -> Value:
    """`coalesce(values...)`: the first that is neither null nor an empty text."""
    for number, argument in enumerate(arguments):
        if isinstance(argument, Unknown | Opened):
            return unknown_of(arguments[number:], budget)
        if argument is not None and argument != "":
            return unified(arguments)[number]
    raise Fault("coalesce()")


def coalescelist(arguments: Arguments, budget: Budget) -> Value:
    """`coalescelist(lists...)`: the first that is not empty."""
    for number, argument in enumerate(arguments):
        if isinstance(argument, Unknown | Opened):
            return unknown_of(arguments[number:], budget)
        if argument is not None and items_of(argument):
            return argument
    raise Fault("coalescelist()")


def one(arguments: Arguments, budget: Budget) -> Value:
    """`one(list)`: its only element, null where it is empty."""
    budget.spend()
    items = items_of(only(arguments))
    if len(items) > 1:
        raise Fault("one()")
    return items[0] if items else None


def reverse(arguments: Arguments, budget: Budget) -> Value:
    """`reverse(list)`."""
    items = items_of(only(arguments))
    budget.spend(len(items))
    return tuple(reversed(items))


def sort(arguments: Arguments, budget: Budget) -> Value:
    """`sort(list of texts)`."""
    items = items_of(only(arguments))
    if not is_known(items, budget):
        return unknown_of(arguments, budget)
    return tuple(sorted(to_text(item) for item in items))


def slice_list(arguments: Arguments, budget: Budget) -> Value:
    """`slice(list, start, end)`."""
    if len(arguments) != 3:
        raise Fault("slice()")
    budget.spend()
    items, start, end = items_of(arguments[0]), int(to_number(arguments[1])), int(to_number(arguments[2]))
    if not 0 <= start <= end <= len(items):
        raise Fault("slice()")
    return tuple(items[start:end])


def zipmap(arguments: Arguments, budget: Budget) -> Value:
    """`zipmap(keys, values)`."""
    if len(arguments) != 2:
        raise Fault("zipmap()")
    if not is_known(arguments[0], budget):
        return unknown_of(arguments, budget)
    names, items = items_of(arguments[0]), items_of(arguments[1])
    if len(names) != len(items):
        raise Fault("zipmap()")
    return {to_text(name): item for name, item in zip(names, items, strict=True)}


def number_range(arguments: Arguments, budget: Budget) -> Value:
    """`range(limit)`, `range(start, limit)`, `range(start, limit, step)`, of integers."""
    numbers = [to_number(argument) for argument in arguments]
    if not 1 <= len(numbers) <= 3 or not all(isinstance(number, int) for number in numbers):
        raise Fault("range()")
    start, limit = (0, numbers[0]) if len(numbers) == 1 else numbers[:2]
    step = numbers[2] if len(numbers) == 3 else (1 if start <= limit else -1)
    # Terraform gives 1,024 numbers at most.
    if step == 0 or abs(limit - start) > 1024 * abs(step):
        raise Fault("range()")
    budget.spend(1024)
    return tuple(range(int(start), int(limit), int(step)))


def least(arguments: Arguments, budget: Budget) -> Value:
    """`min(numbers...)`."""
    budget.spend(len(arguments))
    if not arguments:
        raise Fault("min()")
    return min(to_number(argument) for argument in arguments)


def greatest(arguments: Arguments, budget: Budget) -> Value:
    """`max(numbers...)`."""
    budget.spend(len(arguments))
    if not arguments:
        raise Fault("max()")
    return max(to_number(argument) for argument in arguments)


def _bounded(items: tuple[Value, ...], budget: Budget) -> tuple[Value, ...]:
    if len(items) > MAX_ITEMS:
        raise Fault("a list too long")
    budget.spend(len(items))
    return items
