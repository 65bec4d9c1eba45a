"""`+ - * / %`, comparisons, `&& || !`, in three values."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Final

from kfm_audit.inputs.terraform.language.primitives import number, rounded, to_bool, to_number
from kfm_audit.inputs.terraform.language.values import Budget, Fault, Opened, Value, unknown_of
from kfm_audit.values import ReferenceKind, Unknown


def binary(sign: str, left: Value, right: Value, budget: Budget) -> Value:
    """The result of `left sign right`. Raises Fault, Exhausted."""
    match sign:
        case "==" | "!=":
            same = equal(left, right)
            return _unknown(left, right, budget) if same is None else same is (sign == "==")
        case "&&" | "||":
            return _logical(sign, left, right, budget)
        case _:
            if isinstance(left, Unknown | Opened) or isinstance(right, Unknown | Opened):
                return _unknown(left, right, budget)
            function = _ARITHMETIC.get(sign) or _COMPARISONS.get(sign)
            if function is None:
                raise Fault(sign)
            try:
                result = function(to_number(left), to_number(right))
            except (ZeroDivisionError, OverflowError):
                raise Fault(f"a division by {right}" if right in (0, "0") else "a number too large") from None
            return result if isinstance(result, bool) else number(result)


def unary(sign: str, operand: Value) -> Value:
    """The result of `sign operand`. Raises Fault."""
    if isinstance(operand, Unknown):
        return operand
    if isinstance(operand, Opened):
        return operand.whole
    return not to_bool(operand) if sign == "!" else -to_number(operand)


def equal(left: Value, right: Value) -> bool | None:
    """Whether two values are equal, types and all; None where it is not known.

    A list and a tuple of the same elements are not equal in Terraform, nor are a
    map and an object, and this reader does not tell them apart: not known.
    """
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return None
    if left is None or right is None:
        return left is right
    if isinstance(left, Opened) or isinstance(right, Opened):
        return None
    if isinstance(left, tuple | dict) or isinstance(right, tuple | dict):
        return None if isinstance(left, tuple | dict) and isinstance(right, tuple | dict) else False
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, str) or isinstance(right, str):
        return left == right
    return left == right or rounded(left) == rounded(right)


def _logical(sign: str, left: Value, right: Value, budget: Budget) -> Value:
    """One operand decides alone where it can: `false && unknown` is false."""
    deciding = sign == "||"
    sides = [side if isinstance(side, Unknown | Opened) else to_bool(side) for side in (left, right)]
    if deciding in [side for side in sides if isinstance(side, bool)]:
        return deciding
    if all(isinstance(side, bool) for side in sides):
        return not deciding
    return _unknown(left, right, budget)


def _unknown(left: Value, right: Value, budget: Budget) -> Unknown:
    """What a result comes from that is not known: what it is compared or counted with is no part of it."""
    found = unknown_of((left, right), budget).references
    return Unknown(tuple(reference for reference in found if reference.kind is not ReferenceKind.CONSTANT))


_COMPARISONS: Final[dict[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _divided(left: float, right: float) -> float:
    if isinstance(left, int) and isinstance(right, int) and left % right == 0:
        return left // right
    return left / right


def _remainder(left: float, right: float) -> float:
    """The sign is the dividend's, as in Go."""
    if isinstance(left, int) and isinstance(right, int):
        size = abs(left) % abs(right)
        return -size if left < 0 else size
    return math.fmod(left, right)


_ARITHMETIC: Final[dict[str, Callable[[float, float], float]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divided,
    "%": _remainder,
}
