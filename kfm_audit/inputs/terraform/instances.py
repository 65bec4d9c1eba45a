"""How many there are of a resource, module call or `dynamic` block: `count` and `for_each`."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from kfm_audit.inputs.terraform.hcl import Block
from kfm_audit.inputs.terraform.language.evaluate import Evaluator
from kfm_audit.inputs.terraform.language.primitives import to_number, to_text
from kfm_audit.inputs.terraform.language.values import (
    Bound,
    Budget,
    Fault,
    Names,
    Opened,
    SetOf,
    Value,
    is_known,
    unknown_of,
)
from kfm_audit.inputs.terraform.opened import instance_key
from kfm_audit.values import Unknown

_MAX: Final = 20_000
"""Instances of one resource; what asks for more is taken as one whose number is not known."""
_COST: Final = 10
"""Steps that an instance costs."""


class Copy(Struct, frozen=True):
    """One instance: its key, None for the only one, and the names that its arguments see.

    `indefinite`: `count` or `for_each` is not known, and this one, without a key, stands for all there may be.
    """

    key: str | int | None
    names: Names
    indefinite: bool = False

    @property
    def suffix(self) -> str:
        """The key as addresses have it; "" without one."""
        return "" if self.key is None else instance_key(self.key)


def copies(block: Block, names: Names, place: str, evaluator: Evaluator) -> tuple[Copy, ...]:
    """The instances of a resource or module call. `place` is its module's prefix. Raises Exhausted."""
    each, count = block.arguments.get("for_each"), block.arguments.get("count")
    if each is not None:
        return _by_key(evaluator.settled(each.expression, names, place), names, evaluator.budget)
    if count is not None:
        return _by_number(evaluator.settled(count.expression, names, place), names, evaluator.budget)
    return (Copy(None, names),)


def pairs(value: Value, budget: Budget) -> tuple[tuple[Value, Value], ...] | None:
    """Key and value of each element of what `for_each` is given, in order; None where that is not known."""
    if isinstance(value, Unknown | Opened) or not isinstance(value, tuple | dict):
        return None
    if len(value) > _MAX:
        return None
    budget.spend(_COST * len(value))
    if isinstance(value, dict):
        return tuple((key, value[key]) for key in sorted(value))
    if isinstance(value, SetOf):
        return tuple((item, item) for item in value) if is_known(value, budget) else None
    return tuple(enumerate(value))


def _by_key(value: Value, names: Names, budget: Budget) -> tuple[Copy, ...]:
    found = pairs(value, budget)
    # `for_each` takes a map or a set of texts; Terraform refuses all else.
    if found is None or (isinstance(value, tuple) and not isinstance(value, SetOf)):
        of = unknown_of((value,), budget)
        return (Copy(None, Bound({"each": {"key": of, "value": of}}, names), indefinite=True),)
    return tuple(
        Copy(text, Bound({"each": {"key": text, "value": item}}, names))
        for key, item in found
        for text in (to_text(key),)
    )


def _by_number(value: Value, names: Names, budget: Budget) -> tuple[Copy, ...]:
    try:
        number = to_number(value)
    except Fault:
        number = -1
    if not isinstance(number, int) or not 0 <= number <= _MAX:
        return (
            Copy(None, Bound({"count": {"index": unknown_of((value,), budget)}}, names), indefinite=True),
        )
    budget.spend(_COST * number)
    return tuple(Copy(index, Bound({"count": {"index": index}}, names)) for index in range(number))
