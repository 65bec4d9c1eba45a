"""The values that a filter policy lists for a key: what SNS takes, and what it says of the rest.

SNS developer guide, "String value matching", "Numeric value matching", "Key
matching", and "Filter policy constraints in Amazon SNS" for wildcards. The
wording of errors is the API's own of May 2024; for what was not recorded there
(`cidr`, `wildcard`, lists of `anything-but`) it is that of AWS's event-ruler,
whose other sentences are the API's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

from msgspec import Struct

MAX_NUMBER: Final = 10**9
"""Numbers are compared from minus to plus this ("Filter policy constraints")."""
DECIMALS: Final = 5
"""Digits after the decimal point that are compared."""
MAX_WILDCARDS: Final = 3
"""Wildcards in one pattern."""

_COMPARISONS: Final = ("<", "<=", "=", ">", ">=")
_ADDRESS: Final = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+|[0-9a-fA-F:]*:[0-9a-fA-F:]*")


class Exactly(Struct, frozen=True):
    """The value itself: a string, a number, true, false or null."""

    value: str | float | bool | None


class Prefix(Struct, frozen=True):
    """A string that begins with `text`."""

    text: str


class Suffix(Struct, frozen=True):
    """A string that ends with `text`."""

    text: str


class EqualsIgnoreCase(Struct, frozen=True):
    """A string that is `text` but for upper and lower case."""

    text: str


class Wildcard(Struct, frozen=True):
    """A string made of `parts` with anything, or nothing, between them."""

    parts: tuple[str, ...]


class Cidr(Struct, frozen=True):
    """An IP address in `network`, such as `10.0.0.0/24`."""

    network: str


class Exists(Struct, frozen=True):
    """A key that is there with a value (`wanted`), or is not there."""

    wanted: bool


class Numeric(Struct, frozen=True):
    """A number for which all `comparisons` hold: (">", 0.0), ("<=", 150.0)."""

    comparisons: tuple[tuple[str, float], ...]


class AnythingBut(Struct, frozen=True):
    """A value that is there and matches none of `excluded`."""

    excluded: tuple[Exactly | Prefix | Suffix | EqualsIgnoreCase | Wildcard, ...]


Pattern: TypeAlias = (
    Exactly | Prefix | Suffix | EqualsIgnoreCase | Wildcard | Cidr | Exists | Numeric | AnythingBut
)
Patterns: TypeAlias = tuple[Pattern, ...]


class PatternError(ValueError):
    """SNS refuses a value. `path` leads to the place below it."""

    def __init__(self, message: str, *path: str) -> None:
        """Say what SNS says."""
        super().__init__(message)
        self.path = path


def parse_pattern(value: object) -> Pattern:
    """Read one value of the list under a key. Raises PatternError."""
    if value is None or isinstance(value, str | int | float):
        return Exactly(value)
    if not isinstance(value, dict):
        raise PatternError("Match value must be String, number, true, false, or null")
    operator, operand = _single(value)
    if operator not in _READERS:
        raise PatternError(f"Unrecognized match type {operator}", operator)
    pattern = _READERS[operator](operand)
    _only(value)
    return pattern


def doubts_of(pattern: Pattern) -> Iterator[str]:
    """Why SNS might not do with the pattern what it says, where that is not settled."""
    match pattern:
        case AnythingBut(excluded):
            for inner in excluded:
                if isinstance(inner, Suffix | EqualsIgnoreCase):
                    operator = "suffix" if isinstance(inner, Suffix) else "equals-ignore-case"
                    yield (
                        f"AWS's documents do not name `{operator}` inside `anything-but`, "
                        "and SNS refused `suffix` there in May 2024"
                    )
                yield from doubts_of(inner)
        case Exactly(value) if _is_number(value):
            yield from _number_doubts(value)
        case Numeric(comparisons):
            for _, bound in comparisons:
                yield from _number_doubts(bound)
        case _:
            return


def wildcard_points(pattern: Pattern) -> int:
    """What the pattern costs ("Wildcard pattern usage guidelines"): one wildcard 1, more 3 each, anything-but 1."""
    match pattern:
        case Wildcard(parts):
            wildcards = len(parts) - 1
            return wildcards if wildcards < 2 else 3 * wildcards
        case AnythingBut(excluded):
            return 1 + sum(wildcard_points(inner) for inner in excluded)
        case _:
            return 0


def _number_doubts(number: float) -> Iterator[str]:
    if abs(number) > MAX_NUMBER:
        yield f"{number:g} is outside -10^9 to 10^9, the numbers that SNS compares"
    elif round(number, DECIMALS) != number:
        yield f"{number!r} has more than the {DECIMALS} digits after the decimal point that SNS compares"


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
    if not _is_number(bound):
        raise _numeric_error(f"Value of {operator} must be numeric", at)
    return float(bound)


def _numeric_error(message: str, at: int) -> PatternError:
    return PatternError(message, "numeric", str(at))


def _shown(values: list[object]) -> str:
    """The JSON token at which SNS stops: a bracket, or the value."""
    import msgspec

    return msgspec.json.encode(values[0]).decode()[:40] if values else "]"


def _anything_but(operand: object) -> AnythingBut:
    if isinstance(operand, dict):
        return AnythingBut((_excluded_pattern(operand),))
    values = operand if isinstance(operand, list) else [operand]
    if not values:
        raise PatternError("Empty arrays are not allowed", "anything-but")
    for value in values:
        if not isinstance(value, str) and not _is_number(value):
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
    return AnythingBut(tuple(Exactly(value) for value in values))


def _excluded_pattern(expression: Mapping[str, object]) -> Prefix | Suffix | EqualsIgnoreCase | Wildcard:
    operator, operand = _single(expression)
    if operator not in _EXCLUDED:
        raise PatternError(f"Unsupported anything-but pattern: {operator}", "anything-but", operator)
    pattern = _EXCLUDED[operator](operand)
    _only(expression)
    if operand == "" and isinstance(pattern, Prefix | Suffix):
        raise PatternError("Null prefix/suffix not allowed", "anything-but", operator)
    return pattern


def _is_number(value: object) -> TypeIs[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


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
