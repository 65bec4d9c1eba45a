"""What a filter policy may ask of a value, and what is known of the limits of each.

SNS developer guide, "String value matching", "Numeric value matching", "Key
matching", "Filter policy constraints in Amazon SNS".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias, TypeGuard

from msgspec import Struct

MAX_NUMBER: Final = 10**9
"""Numbers are compared from minus to plus this ("Filter policy constraints")."""
DECIMALS: Final = 5
"""Digits after the decimal point that are compared."""


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
TextPattern: TypeAlias = Exactly | Prefix | Suffix | EqualsIgnoreCase | Wildcard | Cidr
"""Those that may hold of a string."""


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
        case Exactly(value) if is_number(value):
            yield from _number_doubts(value)
        case Numeric(comparisons):
            for _, bound in comparisons:
                yield from _number_doubts(bound)
        case _:
            return


def wildcard_points(pattern: Pattern) -> int:
    """What a pattern costs: one wildcard 1 point, more of them 3 each, `anything-but` 1.

    "Filter policy constraints in Amazon SNS", "Wildcard pattern usage guidelines".
    """
    match pattern:
        case Wildcard(parts):
            wildcards = len(parts) - 1
            return wildcards if wildcards < 2 else 3 * wildcards
        case AnythingBut(excluded):
            return 1 + sum(wildcard_points(inner) for inner in excluded)
        case _:
            return 0


def has_wildcard(pattern: Pattern) -> bool:
    """Whether the pattern holds a `*`."""
    match pattern:
        case Wildcard(parts):
            return len(parts) > 1
        case AnythingBut(excluded):
            return any(has_wildcard(inner) for inner in excluded)
        case _:
            return False


def _number_doubts(number: float) -> Iterator[str]:
    if abs(number) > MAX_NUMBER:
        yield f"{number:.17g} is outside -10^9 to 10^9, the numbers that SNS compares"
    elif round(number, DECIMALS) != number:
        yield f"{number!r} has more than the {DECIMALS} digits after the decimal point that SNS compares"


def is_number(value: object) -> TypeGuard[float]:
    """Whether a JSON value is a number: Python's booleans are integers, JSON's are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)
