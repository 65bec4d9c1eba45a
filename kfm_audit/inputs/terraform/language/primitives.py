"""Numbers, texts and bools as Terraform converts them into each other, and its JSON."""

from __future__ import annotations

import re
from math import isfinite
from typing import Final

import msgspec

from kfm_audit.inputs.terraform.language.values import Budget, Fault, Value
from kfm_audit.pattern import pattern

MAX_TEXT: Final = 1_000_000
"""Characters that a text may grow to; more is refused."""

_NUMBER: Final = pattern(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?", re.ASCII)
_BOOLS: Final = {"true": True, "1": True, "false": False, "0": False}
_MAX_DIGITS: Final = 300
_HTML: Final = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def number(value: float) -> int | float:
    """A result of arithmetic: an integer where it is one. Raises Fault for what is too large.

    Terraform counts with 512 bits; the first 15 digits of a float are what agrees with it.
    """
    if isinstance(value, int):
        if abs(value) >= 10**_MAX_DIGITS:
            raise Fault("a number too large")
        return value
    if not isfinite(value):
        raise Fault("a number too large")
    shown = rounded(value)
    return int(shown) if shown.is_integer() and abs(shown) < 1e15 else value


def rounded(value: float) -> float:
    """A number to the digits that are certain."""
    return float(f"{value:.15g}")


def to_number(value: Value) -> int | float:
    """A number, or a text that is one. Raises Fault."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and len(value) < _MAX_DIGITS and _NUMBER.fullmatch(value):
        try:
            return number(int(value) if value.lstrip("+-").isdigit() else float(value))
        except (ValueError, OverflowError):
            raise Fault("a number") from None
    raise Fault("a number")


def to_bool(value: Value) -> bool:
    """A bool, or a text that is one. Raises Fault."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in _BOOLS:
        return _BOOLS[value]
    raise Fault("a bool")


def to_text(value: Value) -> str:
    """A text, or what Terraform turns into one. Raises Fault for null and collections."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _float_text(value)
    raise Fault("a string")


def _float_text(value: float) -> str:
    text = repr(rounded(value))
    if "e" not in text:
        return text.removesuffix(".0")
    digits, _, exponent = text.partition("e")
    places = int(exponent)
    whole, _, fraction = digits.lstrip("-").partition(".")
    sign = "-" if value < 0 else ""
    if places < 0:
        return f"{sign}0.{'0' * (-places - 1)}{whole}{fraction}"
    return f"{sign}{whole}{fraction.ljust(places, '0')}"


def to_json(value: Value, budget: Budget) -> str:
    """`jsonencode`: keys sorted, no spaces, `<`, `>` and `&` escaped. Raises Fault, Exhausted."""
    text = _json(value, budget, 0)
    if len(text) > MAX_TEXT:
        raise Fault("a text too long")
    return text


def _json(value: Value, budget: Budget, depth: int) -> str:
    budget.spend()
    if depth > 60:
        raise Fault("a value nested too deeply")
    if value is None:
        return "null"
    if isinstance(value, str):
        budget.spend(len(value) // 64)
        return msgspec.json.encode(value).decode().translate(_HTML)
    if isinstance(value, tuple):
        return f"[{','.join(_json(item, budget, depth + 1) for item in value)}]"
    if isinstance(value, dict):
        items = (f"{_json(key, budget, 0)}:{_json(value[key], budget, depth + 1)}" for key in sorted(value))
        return f"{{{','.join(items)}}}"
    return to_text(value)
