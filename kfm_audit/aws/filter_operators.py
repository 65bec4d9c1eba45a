"""Reads the values that a filter policy lists for a key: what SNS takes, and what it says of the rest.

SNS developer guide, "String value matching", "Numeric value matching", "Key
matching", and "Filter policy constraints in Amazon SNS" for wildcards. The
wording of errors is the API's own of May 2024; for what was not recorded there
(`cidr`, `wildcard`, lists of `anything-but`) it is that of AWS's event-ruler,
whose other sentences are the API's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from kfm_audit.aws.filter_patterns import (
    AnythingBut,
    Cidr,
    EqualsIgnoreCase,
    Exactly,
    Exists,
    Numeric,
    Pattern,
    Prefix,
    Suffix,
    Wildcard,
    is_number,
)
from kfm_audit.pattern import pattern

MAX_WILDCARDS: Final = 3
"""Wildcards in one pattern."""

_COMPARISONS: Final = ("<", "<=", "=", ">", ">=")
_ADDRESS: Final = pattern(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+|[0-9a-fA-F:]*:[0-9a-fA-F:]*")


class PatternError(ValueError):
    """SNS refuses a value. `path` leads to the place below it."""

    def __init__(self, message: str, *path: str) -> None:
        """Say what SNS says."""
        super().__init__(message)
        self.path = path


def parse_pattern(value: object) -> Pattern:
    """Read one value of the list under a key. Raises PatternError."""
    if value is None or isinstance(value, str | bool):
        return Exactly(value)
    if is_number(value):
        return Exactly(_float(value))
    if not isinstance(value, dict):
        raise PatternError("Match value must be String, number, true, false, or null")
    operator, operand = _single(value)
    if operator not in _READERS:
        raise PatternError(f"Unrecognized match type {operator}", operator)
    pattern = _READERS[operator](operand)
    _only(value)
    return pattern


def _single(expression: Mapping[str, object]) -> tuple[str, object]:
    for operator, operand in expression.items():
        return operator, operand
    raise PatternError("Match expression name not found")


def _only(expression: Mapping[str, object]) -> None:
    """SNS reads the first operator before it sees that there are more."""
    if len(expression) > 1:
        raise PatternError("Only one key allowed in match expression", list(expression)[1])


def _string(operator: str, operand: object, *, named: str = "") -> str:
    if not isinstance(operand, str):
        raise PatternError(f"{named or operator} match pattern must be a string", operator)
    return operand


def _exists(operand: object) -> Exists:
    if not isinstance(operand, bool):
        raise PatternError("exists match pattern must be either true or false.", "exists")
    return Exists(operand)


def _wildcard(operand: object) -> Wildcard:
    """Only `*` is special; a backslash stands before a `*` or a backslash that is meant as such."""
    text = _string("wildcard", operand)
    parts, at = [""], 0
    while at < len(text):
        if text[at] == "\\":
            if text[at + 1 : at + 2] not in ("*", "\\"):
                raise PatternError(f"Invalid escape character at pos {at}", "wildcard")
            at += 1
            parts[-1] += text[at]
        elif text[at] == "*":
            if text[at + 1 : at + 2] == "*":
                raise PatternError(f"Consecutive wildcard characters at pos {at}", "wildcard")
            parts.append("")
        else:
            parts[-1] += text[at]
        at += 1
    if len(parts) - 1 > MAX_WILDCARDS:
        raise PatternError(f"a wildcard pattern has at most {MAX_WILDCARDS} wildcards", "wildcard")
    return Wildcard(tuple(parts))


def _cidr(operand: object) -> Cidr:
    # The wrong operator in the sentence is AWS's own.
    text = _string("cidr", operand, named="prefix")
    address, slash, mask = text.partition("/")
    if not slash or not mask or "/" in mask:
        raise PatternError("Malformed CIDR, one '/' required", "cidr")
    if not re.fullmatch(r"[+-]?[0-9]{1,9}", mask, re.ASCII):
        raise PatternError("Malformed CIDR, mask bits must be an integer", "cidr")
    if int(mask) < 0:
        raise PatternError("Malformed CIDR, mask bits must not be negative", "cidr")
    from ipaddress import ip_network

    if not _ADDRESS.fullmatch(address):
        raise PatternError(f"Nonstandard IP address: {address}", "cidr")
    longest = 128 if ":" in address else 32
    if int(mask) > longest:
        raise PatternError(f"IPv{4 if longest == 32 else 6} mask bits must be <= {longest}", "cidr")
    try:
        return Cidr(str(ip_network(f"{address}/{int(mask)}", strict=False)))
    except ValueError:
        raise PatternError(f"Nonstandard IP address: {address}", "cidr") from None


def _numeric(operand: object) -> Numeric:
    """One comparison, or a range whose bottom comes first."""
    if not isinstance(operand, list):
        raise PatternError("Value of numeric must be an array.", "numeric")
    if not operand or not isinstance(operand[0], str):
        raise _numeric_error(f"Invalid member in numeric match: {_shown(operand)}", 0)
    if operand[0] not in _COMPARISONS:
        raise _numeric_error(f"Unrecognized numeric range operator: {operand[0]}", 0)
    bottom = _bound(operand, 1)
    if len(operand) == 2:
        return Numeric(((operand[0], bottom),))
    if operand[0] not in (">", ">="):
        raise _numeric_error("Too many elements in numeric expression", 2)
    if not isinstance(operand[2], str):
        raise _numeric_error(f"Bad value in numeric range: {_shown(operand[2:])}", 2)
    if operand[2] not in ("<", "<="):
        raise _numeric_error(f"Bad numeric range operator: {operand[2]}", 2)
    top = _bound(operand, 3)
    if top <= bottom:
        raise _numeric_error("Bottom must be less than top", 3)
    if len(operand) > 4:
        raise _numeric_error("Too many terms in numeric range expression", 4)
    return Numeric(((operand[0], bottom), (operand[2], top)))


def _bound(operand: list[object], at: int) -> float:
    """The number after the comparison at `at - 1`."""
    operator = "equals" if operand[at - 1] == "=" else operand[at - 1]
    bound = operand[at] if at < len(operand) else None
    if not is_number(bound):
        raise _numeric_error(f"Value of {operator} must be numeric", at)
    return _float(bound)


def _numeric_error(message: str, at: int) -> PatternError:
    return PatternError(message, "numeric", str(at))


def _shown(values: list[object]) -> str:
    """The JSON token at which SNS stops: a bracket, or the value."""
    return msgspec.json.encode(values[0]).decode()[:40] if values else "]"


def _anything_but(operand: object) -> AnythingBut:
    if isinstance(operand, dict):
        return AnythingBut((_excluded_pattern(operand),))
    values = operand if isinstance(operand, list) else [operand]
    if not values:
        raise PatternError("Empty arrays are not allowed", "anything-but")
    excluded = []
    for value in values:
        if isinstance(value, str):
            excluded.append(Exactly(value))
        elif is_number(value):
            excluded.append(Exactly(_float(value)))
        else:
            raise PatternError(
                "Inside anything but list, start|null|boolean is not supported."
                if isinstance(operand, list)
                else "Value of anything-but must be an array or single string/number value.",
                "anything-but",
            )
    if len({isinstance(value, str) for value in values}) > 1:
        raise PatternError(
            "Inside anything but list, either all values are number or string, mixed type is not supported",
            "anything-but",
        )
    return AnythingBut(tuple(excluded))


def _excluded_pattern(expression: Mapping[str, object]) -> Prefix | Suffix | EqualsIgnoreCase | Wildcard:
    operator, operand = _single(expression)
    if operator not in _EXCLUDED:
        raise PatternError(f"Unsupported anything-but pattern: {operator}", "anything-but", operator)
    pattern = _EXCLUDED[operator](operand)
    _only(expression)
    if operand == "" and isinstance(pattern, Prefix | Suffix):
        raise PatternError("Null prefix/suffix not allowed", "anything-but", operator)
    return pattern


def _float(number: float) -> float:
    """JSON's integers have no bounds, but floats do: what lies beyond them is infinite."""
    try:
        return float(number)
    except OverflowError:
        return float("inf") if number > 0 else float("-inf")


_EXCLUDED: Final[Mapping[str, Callable[[object], Prefix | Suffix | EqualsIgnoreCase | Wildcard]]] = {
    "prefix": lambda operand: Prefix(_string("prefix", operand)),
    "suffix": lambda operand: Suffix(_string("suffix", operand)),
    "equals-ignore-case": lambda operand: EqualsIgnoreCase(_string("equals-ignore-case", operand)),
    "wildcard": _wildcard,
}
_READERS: Final[Mapping[str, Callable[[object], Pattern]]] = {
    **_EXCLUDED,
    "cidr": _cidr,
    "exists": _exists,
    "numeric": _numeric,
    "anything-but": _anything_but,
}
