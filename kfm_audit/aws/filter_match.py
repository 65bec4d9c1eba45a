"""Whether a filter policy lets a message through: yes, no with the key and the reason, or it cannot be told.

SNS developer guide, as in `filter_policy`. What it leaves open is decided thus:
the conditions below an array must hold in one and the same element (as in AWS's
event-ruler, whose answers SNS gives); a key that is written with dots also
leads into nested objects (recorded of the API in May 2024); where a pattern
meets a value of which AWS does not say what happens (`exists` on an object or
an empty string, `anything-but` on null, numbers beyond what SNS compares), it
cannot be told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Final

from msgspec import Struct

from kfm_audit.aws.filter_patterns import (
    DECIMALS,
    MAX_NUMBER,
    AnythingBut,
    Exactly,
    Exists,
    Numeric,
    Pattern,
    is_number,
)
from kfm_audit.aws.filter_policy import Condition, FilterPolicy, Path, Scope
from kfm_audit.aws.filter_text import text_holds
from kfm_audit.aws.message import Message, SomeNumber, SomeText, SomeValue, Value


class Outcome(Enum):
    """What becomes of a message, from worst to best."""

    NOT_MATCHED = "not-matched"
    CANNOT_TELL = "cannot-tell"
    MATCHED = "matched"


class Reason(Enum):
    """Why a message is not, or not certainly, let through."""

    NO_ATTRIBUTES = "no-attributes"
    NO_BODY = "no-body"
    KEY_ABSENT = "key-absent"
    NOT_A_LEAF = "not-a-leaf"
    OTHER_VALUE = "other-value"
    RUN_TIME_VALUE = "run-time-value"
    UNDOCUMENTED = "undocumented"


class Match(Struct, frozen=True):
    """What became of a message; `reason` and `path` say why it is not let through, or not certainly.

    `path` is the key in the policy as it is written, through `$or`; `keys` leads
    to the value in the message.
    """

    outcome: Outcome
    reason: Reason | None = None
    keys: Path = ()
    path: Path = ()

    @property
    def why(self) -> str:
        """The reason in words, without the message's values: these may be secret. "" for a match."""
        return _WHY[self.reason].format(key=f"`{'.'.join(self.keys)}`") if self.reason else ""


_WHY: Final = {
    Reason.NO_ATTRIBUTES: "the message has no attributes, and no filter on attributes lets such one through "
    "(counted in NumberOfNotificationsFilteredOut-NoMessageAttributes)",
    Reason.NO_BODY: "the message is no JSON object "
    "(counted in NumberOfNotificationsFilteredOut-InvalidMessageBody)",
    Reason.KEY_ABSENT: "the message has no {key}",
    Reason.NOT_A_LEAF: "{key} is an object in the message, and filters see only what holds a value",
    Reason.OTHER_VALUE: "nothing that the policy lists for {key} matches the message's value",
    Reason.RUN_TIME_VALUE: "the value of {key} is known only when the message is sent",
    Reason.UNDOCUMENTED: "AWS does not say whether what the policy lists for {key} matches such a value",
}

MATCHED: Final = Match(Outcome.MATCHED)
_RANK: Final = tuple(Outcome)


class _Missing(Enum):
    MISSING = "missing"


_Found = Value | _Missing
_Pending = tuple[Path, Condition]
"""A condition, with the keys that lead from the value at hand to its own."""


def matches(policy: FilterPolicy, message: Message) -> Match:
    """Hold a policy against a message."""
    if policy.alternatives == ((),):
        return MATCHED
    fields: Mapping[str, Value] | None = message.body
    if policy.scope is Scope.MESSAGE_ATTRIBUTES:
        fields = message.attributes
        if not fields:
            return Match(Outcome.NOT_MATCHED, Reason.NO_ATTRIBUTES)
    if fields is None:
        return Match(Outcome.NOT_MATCHED, Reason.NO_BODY)
    found = fields
    return _best(
        _all([(condition.keys, condition) for condition in alternative], found)
        for alternative in policy.alternatives
    )


def _all(pending: list[_Pending], value: _Found) -> Match:
    """Whether all conditions hold of one value."""
    if isinstance(value, tuple) and value:
        return _best(_all(pending, element) for element in value)
    results = [_leaf(condition, value) for keys, condition in pending if not keys]
    below: dict[str, list[_Pending]] = {}
    for keys, condition in pending:
        if keys:
            key, rest = _step(keys, value)
            below.setdefault(key, []).append((rest, condition))
    for key, group in below.items():
        results.append(_all(group, _child(key, value)))
    return min(results, key=lambda match: _RANK.index(match.outcome))


def _step(keys: Path, value: _Found) -> tuple[str, Path]:
    """The next key into `value`, and the keys after it; a key with dots may lead through several objects."""
    key, rest = keys[0], keys[1:]
    if isinstance(value, Mapping) and key not in value:
        for at, letter in enumerate(key):
            if letter == "." and key[:at] in value:
                return key[:at], (key[at + 1 :], *rest)
    return key, rest


def _child(key: str, value: _Found) -> _Found:
    if isinstance(value, SomeValue):
        return value
    return value.get(key, _Missing.MISSING) if isinstance(value, Mapping) else _Missing.MISSING


def _leaf(condition: Condition, value: _Found) -> Match:
    answers = [_holds(pattern, value) for pattern in condition.patterns]
    if True in answers:
        return MATCHED
    outcome = Outcome.CANNOT_TELL if None in answers else Outcome.NOT_MATCHED
    return Match(outcome, _reason(outcome, value), condition.keys, condition.path)


def _reason(outcome: Outcome, value: _Found) -> Reason:
    if outcome is Outcome.CANNOT_TELL:
        unknown = isinstance(value, SomeText | SomeNumber | SomeValue)
        return Reason.RUN_TIME_VALUE if unknown else Reason.UNDOCUMENTED
    if value is _Missing.MISSING or value == ():
        return Reason.KEY_ABSENT
    return Reason.NOT_A_LEAF if isinstance(value, Mapping) else Reason.OTHER_VALUE


def _best(results: Iterable[Match]) -> Match:
    return max(results, key=lambda match: _RANK.index(match.outcome))


def _holds(pattern: Pattern, value: _Found) -> bool | None:
    """Whether one pattern holds of one value; None where it cannot be told."""
    if isinstance(value, SomeValue):
        return None
    if isinstance(pattern, Exists):
        return _exists(pattern, value)
    if isinstance(value, _Missing | Mapping | tuple):
        return False
    holds: bool | None = False
    match pattern:
        case AnythingBut():
            holds = _anything_but(pattern, value)
        case Numeric():
            holds = _numeric(pattern, value)
        case Exactly(wanted) if not isinstance(wanted, str):
            holds = _equal(wanted, value)
        case _ if isinstance(value, str | SomeText):
            holds = text_holds(pattern, value)
    return holds


def _exists(pattern: Exists, value: _Found) -> bool | None:
    """As "Key matching" has it: a key with a value that is neither null nor empty; leaves only."""
    if value is _Missing.MISSING:
        return not pattern.wanted
    if isinstance(value, SomeText):
        empty = "" in value.one_of if value.one_of else not (value.prefix or value.suffix)
        return None if empty else pattern.wanted
    if value is None or value in ("", ()) or isinstance(value, Mapping):
        return False if pattern.wanted else None
    return pattern.wanted


def _anything_but(pattern: AnythingBut, value: Value) -> bool | None:
    if value is None:
        return None
    if not isinstance(value, str | SomeText) and not all(
        isinstance(item, Exactly) for item in pattern.excluded
    ):
        return None
    answers = [_holds(item, value) for item in pattern.excluded]
    return False if True in answers else None if None in answers else True


def _equal(wanted: float | bool | None, value: Value) -> bool | None:
    if isinstance(value, SomeNumber):
        return None if is_number(wanted) else False
    if is_number(wanted) or is_number(value):
        return is_number(wanted) and is_number(value) and wanted == value
    return wanted is value


def _numeric(pattern: Numeric, value: Value) -> bool | None:
    if isinstance(value, SomeNumber):
        return None
    if not is_number(value):
        return False
    bounds = [bound for _, bound in pattern.comparisons]
    if any(not abs(number) <= MAX_NUMBER for number in (value, *bounds)):
        return None
    return all(
        _COMPARISONS[operator](round(value, DECIMALS), round(bound, DECIMALS))
        for operator, bound in pattern.comparisons
    )


_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
    "=": lambda value, bound: value == bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
}
