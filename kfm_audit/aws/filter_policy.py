"""Filter policies of SNS subscriptions, read as SNS reads them.

Grammar: SNS developer guide, "Amazon SNS subscription filter policies", "String
value matching", "Numeric value matching", "Key matching", "AND/OR logic".
Limits: "Filter policy constraints in Amazon SNS". Wording of errors, and what is
refused: the API's own answers of May 2024.

A policy is taken apart into its alternatives: `$or` is multiplied out, and the
message passes if all conditions of one alternative hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Final, TypeAlias

import msgspec
from msgspec import Struct

from kfm_audit.aws.filter_operators import PatternError, parse_pattern
from kfm_audit.aws.filter_patterns import Patterns, doubts_of, has_wildcard, wildcard_points

MAX_BYTES: Final = 256 * 1024
MAX_KEYS: Final = 5
MAX_COMBINATIONS: Final = 150
MAX_WILDCARD_POINTS: Final = 100

# Field names that keep `$or` from being the operator. "AND/OR logic" says "reserved keywords" and names two;
# the list is that of AWS's event-ruler, which SNS's answers come from.
_RESERVED: Final = frozenset(
    {
        *(
            "exactly",
            "equals-ignore-case",
            "prefix",
            "suffix",
            "anything-but",
            "exists",
            "wildcard",
            "numeric",
            "cidr",
        ),
        *("=", "<", "<=", ">", ">=", "regex", "not-wildcard", "not-equals-ignore-case"),
        *("date-after", "date-on-or-after", "date-before", "date-on-or-before", "in-date-range"),
        *("ip-address-in-range", "ip-address-not-in-range"),
    }
)
_TOO_COMPLEX: Final = "Filter policy is too complex"

Path: TypeAlias = tuple[str, ...]


class Scope(Enum):
    """`FilterPolicyScope`: what a policy is held against."""

    MESSAGE_ATTRIBUTES = "MessageAttributes"
    MESSAGE_BODY = "MessageBody"


class Condition(Struct, frozen=True):
    """One key of a policy: some value of it matches some pattern.

    `keys` leads from the message to the value, `path` to the key in the policy as
    it is written (through `$or`).
    """

    keys: Path
    path: Path
    patterns: Patterns


class FilterPolicy(Struct, frozen=True):
    """A policy that SNS takes.

    `alternatives` are the conditions, any alternative of which must hold as a
    whole; a policy without keys (`{}`) has one alternative without conditions: it
    filters nothing. `combinations` is the figure that SNS limits to 150.
    `doubts` says why SNS might refuse the policy all the same, where AWS's
    documents and the API's recorded answers disagree.
    """

    scope: Scope
    alternatives: tuple[tuple[Condition, ...], ...]
    combinations: int
    doubts: tuple[str, ...] = ()


class FilterPolicyError(ValueError):
    """SNS refuses the policy; `message` is its own sentence where it has one.

    `path` leads to the place in the policy: keys and 0-based indexes.
    """

    def __init__(self, message: str, path: Path = ()) -> None:
        """Say what SNS says, without its `Invalid parameter: FilterPolicy: `."""
        super().__init__(message)
        self.message = message
        self.path = path


def parse_scope(text: str) -> Scope:
    """The scope that `filter_policy_scope` names. Raises FilterPolicyError."""
    try:
        return Scope(text)
    except ValueError:
        raise FilterPolicyError(
            f"FilterPolicyScope: Invalid value [{text}]. Please use either MessageBody or MessageAttributes"
        ) from None


def parse_filter_policy(text: str, scope: Scope) -> FilterPolicy:
    """Read a policy. Raises FilterPolicyError."""
    try:
        size = len(text.encode())
        document = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeEncodeError) as error:
        raise FilterPolicyError(f"failed to parse JSON: {error}") from None
    except RecursionError:
        raise FilterPolicyError("failed to parse JSON: it is nested too deeply") from None
    if size > MAX_BYTES:
        raise FilterPolicyError(f"a filter policy has at most {MAX_BYTES} bytes, not {size}")
    if not isinstance(document, dict):
        raise FilterPolicyError("Filter is not an object")
    if len(document) > MAX_KEYS:
        raise FilterPolicyError("Filter policy can not have more than 5 keys", (list(document)[MAX_KEYS],))
    reader = _Reader(scope)
    combinations = reader.combinations(document, ())
    if combinations > MAX_COMBINATIONS:
        raise FilterPolicyError(_TOO_COMPLEX)
    if reader.wildcards and (points := _wildcard_points(reader.read)) > MAX_WILDCARD_POINTS:
        raise FilterPolicyError(
            f"the wildcards of a policy cost at most {MAX_WILDCARD_POINTS} points, not {points}"
        )
    alternatives = tuple(reader.alternatives(document, (), ()))
    return FilterPolicy(scope, alternatives, combinations, tuple(_doubts(reader.read)))


class _Reader:
    """Reads each list of patterns once, in the order of the document."""

    def __init__(self, scope: Scope) -> None:
        self._nested = scope is Scope.MESSAGE_BODY
        self.read: dict[Path, Patterns] = {}

    @property
    def wildcards(self) -> bool:
        """Whether any pattern is one with wildcards."""
        return any(has_wildcard(pattern) for patterns in self.read.values() for pattern in patterns)

    def combinations(self, policy: Mapping[str, object], path: Path, depth: int = 1) -> int:
        """The product of values and nested levels over all keys; the branches of `$or` add up.

        "Filter policy constraints": 3 x 4 x 2 x 3 = 72 for four values three levels deep and three
        values two levels deep. Reads all patterns on its way.
        """
        if path and not policy:
            raise FilterPolicyError("Empty objects are not allowed", path)
        if len(path) > 2 * MAX_COMBINATIONS:
            raise FilterPolicyError(_TOO_COMPLEX, path)  # each level counts; it saves Python's stack, too
        product = 1
        for key, value in policy.items():
            here = (*path, key)
            branches = _branches(key, value)
            if branches is not None:
                product *= sum(
                    self.combinations(branch, (*here, str(index)), depth)
                    for index, branch in enumerate(branches)
                )
            elif isinstance(value, dict):
                if not self._nested:
                    raise FilterPolicyError(
                        "Filter policy scope MessageAttributes does not support nested filter policy", here
                    )
                product *= self.combinations(value, here, depth + 1)
            elif isinstance(value, list):
                self.read[here] = _patterns(value, here)
                product *= len(value) * depth
            else:
                raise FilterPolicyError(f'"{key}" must be an object or an array', here)
        return product

    def alternatives(
        self, policy: Mapping[str, object], keys: Path, path: Path
    ) -> list[tuple[Condition, ...]]:
        """All ways in which the policy can hold. At most as many as it has combinations."""
        found: list[tuple[Condition, ...]] = [()]
        for key, value in policy.items():
            here = (*path, key)
            branches = _branches(key, value)
            if branches is not None:
                new = [
                    conditions
                    for index, branch in enumerate(branches)
                    for conditions in self.alternatives(branch, keys, (*here, str(index)))
                ]
            elif isinstance(value, dict):
                new = self.alternatives(value, (*keys, key), here)
            else:
                new = [(Condition((*keys, key), here, self.read[here]),)]
            found = [before + after for before in found for after in new]
        return found


def _branches(key: str, value: object) -> list[dict[str, object]] | None:
    """The branches of an `$or`; None for any other key, and for an `$or` that SNS takes for a name."""
    if key != "$or" or not isinstance(value, list) or len(value) < 2:
        return None
    if all(isinstance(branch, dict) and not _RESERVED & branch.keys() for branch in value):
        return value
    return None


def _patterns(values: list[object], path: Path) -> Patterns:
    if not values:
        raise FilterPolicyError("Empty arrays are not allowed", path)
    found = []
    for index, value in enumerate(values):
        try:
            found.append(parse_pattern(value))
        except PatternError as error:
            raise FilterPolicyError(str(error), (*path, str(index), *error.path)) from None
    return tuple(found)


def _doubts(read: Mapping[Path, Patterns]) -> Iterator[str]:
    if len(read) > MAX_KEYS:
        yield (
            f"it has {len(read)} leaf keys, and AWS's documents say both that leaf keys count towards "
            f"the {MAX_KEYS} and that only parent keys do"
        )
    for patterns in read.values():
        for pattern in patterns:
            yield from doubts_of(pattern)


def _wildcard_points(read: Mapping[Path, Patterns]) -> int:
    """Over all keys: the sum of what a key's patterns cost times their number.

    `anything-but` counts only beside a wildcard: policies without one are older than the limit.
    """
    costs = [
        [points for pattern in patterns if (points := wildcard_points(pattern))] for patterns in read.values()
    ]
    return sum(sum(cost) * len(cost) for cost in costs)
