"""Functions on sets, all of whose arguments are known."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product

from kfm_audit.inputs.terraform.language.collection_functions import MAX_ITEMS, Arguments, items_of
from kfm_audit.inputs.terraform.language.types import to_set, unified
from kfm_audit.inputs.terraform.language.values import Budget, Fault, SetOf, Value, unknown_of


def setproduct(arguments: Arguments, budget: Budget) -> Value:
    """`setproduct(sets...)`: every choice of one element of each; a list where all of them are lists."""
    if len(arguments) < 2:
        raise Fault("setproduct()")
    size = 1
    for argument in arguments:
        size *= len(items_of(argument))
    if size > MAX_ITEMS:
        raise Fault("a list too long")
    budget.spend(size)
    if any(isinstance(argument, SetOf) for argument in arguments):
        return SetOf(product(*(items_of(to_set(argument, budget)) for argument in arguments)))
    return tuple(product(*(unified(items_of(argument)) for argument in arguments)))


def setunion(arguments: Arguments, budget: Budget) -> Value:
    """`setunion(sets...)`."""
    return _of_plain(arguments, budget, lambda one, other: [*one, *other])


def setintersection(arguments: Arguments, budget: Budget) -> Value:
    """`setintersection(sets...)`."""
    return _of_plain(arguments, budget, lambda one, other: [item for item in one if item in other])


def setsubtract(arguments: Arguments, budget: Budget) -> Value:
    """`setsubtract(set, set)`."""
    if len(arguments) != 2:
        raise Fault("setsubtract()")
    return _of_plain(arguments, budget, lambda one, other: [item for item in one if item not in other])


def _of_plain(
    arguments: Arguments, budget: Budget, join: Callable[[list[Value], dict[Value, None]], Iterable[Value]]
) -> Value:
    """Sets of texts, numbers and bools put together one by one; of anything else it is not guessed."""
    if not arguments:
        raise Fault("a call")
    lists = [list(items_of(argument)) for argument in arguments]
    if any(isinstance(item, tuple | dict) for items in lists for item in items):
        return unknown_of(arguments, budget)
    budget.spend(sum(map(len, lists)))
    # Elements of all sets have one type, so that "1" and 1 are the same.
    alike = iter(unified(tuple(item for items in lists for item in items)))
    found, *others = [[next(alike) for _ in items] for items in lists]
    for other in others:
        found = list(join(found, dict.fromkeys(other)))
    return to_set(tuple(found), budget)
