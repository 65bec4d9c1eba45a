"""Functions on numbers and bools, all of whose arguments are known."""

from __future__ import annotations

import math

from kfm_audit.inputs.terraform.language.collection_functions import Arguments, items_of, only
from kfm_audit.inputs.terraform.language.primitives import number, to_bool, to_number
from kfm_audit.inputs.terraform.language.values import Budget, Fault, Value


def absolute(arguments: Arguments, budget: Budget) -> Value:
    """`abs(number)`."""
    budget.spend()
    return abs(to_number(only(arguments)))


def ceil(arguments: Arguments, budget: Budget) -> Value:
    """`ceil(number)`."""
    budget.spend()
    return math.ceil(to_number(only(arguments)))


def floor(arguments: Arguments, budget: Budget) -> Value:
    """`floor(number)`."""
    budget.spend()
    return math.floor(to_number(only(arguments)))


def total(arguments: Arguments, budget: Budget) -> Value:
    """`sum(numbers)`; of none it is refused."""
    items = items_of(only(arguments))
    budget.spend(len(items))
    if not items:
        raise Fault("sum()")
    return number(sum(to_number(item) for item in items))


def alltrue(arguments: Arguments, budget: Budget) -> Value:
    """`alltrue(bools)`; true of none."""
    items = items_of(only(arguments))
    budget.spend(len(items))
    bools = [item is not None and to_bool(item) for item in items]
    return all(bools)


def anytrue(arguments: Arguments, budget: Budget) -> Value:
    """`anytrue(bools)`; false of none."""
    items = items_of(only(arguments))
    budget.spend(len(items))
    bools = [item is not None and to_bool(item) for item in items]
    return any(bools)
