"""Resource policies (of topics, queues and keys): whether an AWS service may do something.

IAM user guide, "Policy evaluation logic", "IAM JSON policy elements". Only what a
service principal can meet is evaluated; what depends on values that are not known
is said to be untold, never taken for allowed.

A text that is known in part holds `UNKNOWN` where a piece is missing:
`f"arn:aws:cloudwatch:{UNKNOWN}:111122223333:alarm:prod-backlog"`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache
from typing import Final

import msgspec
from msgspec import Struct

UNKNOWN: Final = "\0"
"""Stands for a piece of text, of any length, that is not known."""

_NEGATED: Final = "Not"


class Outcome(Enum):
    """What a policy says to a request."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    UNTOLD = "untold"


class Ruling(Struct, frozen=True):
    """The outcome, and why it is that where it is not `ALLOWED`: a clause about the policy."""

    outcome: Outcome
    why: str = ""


class Request(Struct, frozen=True, kw_only=True):
    """What a service asks for.

    `context` are the condition keys, in lower case: their value, known as a whole
    or in part, or None where the request does not carry the key. Whether it
    carries any other key is not known.
    """

    principal: str
    action: str
    resource: str = UNKNOWN
    context: Mapping[str, str | None] = {}


class PolicyError(ValueError):
    """The text is no policy document."""


def rule_on(policy: str, request: Request) -> Ruling:
    """What the policy says to the request. Raises PolicyError."""
    best = Ruling(Outcome.REFUSED, f"no statement lets {request.principal} do {request.action}")
    doubt: Ruling | None = None
    for statement in _statements(policy):
        denies = _effect(statement) == "Deny"
        ruling = _statement(statement, request, denies=denies)
        if denies:
            if ruling.outcome is Outcome.ALLOWED:
                return Ruling(Outcome.REFUSED, f"{_name(statement)} denies it")
            if ruling.outcome is Outcome.UNTOLD:
                doubt = Ruling(Outcome.UNTOLD, f"{_name(statement)} denies it where {ruling.why}")
        else:
            best = _better(best, ruling)
    return doubt if doubt is not None and best.outcome is not Outcome.REFUSED else best


def _better(one: Ruling, other: Ruling) -> Ruling:
    """The more favourable of two; of two refusals the one that says more."""
    order = (Outcome.ALLOWED, Outcome.UNTOLD, Outcome.REFUSED)
    if one.outcome is other.outcome:
        return other if one.outcome is Outcome.REFUSED and other.why else one
    return min(one, other, key=lambda ruling: order.index(ruling.outcome))


@cache
def _statements(policy: str) -> list[dict[str, object]]:
    try:
        document = msgspec.json.decode(policy)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise PolicyError(f"is no JSON: {error}") from None
    statements = document.get("Statement") if isinstance(document, dict) else None
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list) or not all(isinstance(item, dict) for item in statements):
        raise PolicyError("has no list of statements")
    return statements


def _effect(statement: Mapping[str, object]) -> str:
    return "Allow" if statement.get("Effect") == "Allow" else "Deny"


def _name(statement: Mapping[str, object]) -> str:
    sid = statement.get("Sid")
    return f"the statement {sid}" if isinstance(sid, str) and sid else f"an {_effect(statement)} statement"


def _statement(statement: Mapping[str, object], request: Request, *, denies: bool) -> Ruling:
    """Whether the statement is about the request: ALLOWED is yes, REFUSED no (and by which condition)."""
    about = _all(
        (
            _principal(statement, request.principal),
            _listed(statement, "Action", request.action.lower(), lower=True),
            _listed(statement, "Resource", request.resource, lower=False),
        )
    )
    if about is False:
        return Ruling(Outcome.REFUSED)
    doubt = "" if about else "what it is about is not known"
    for text, holds in _conditions(statement.get("Condition"), request.context):
        if holds is False:
            return Ruling(Outcome.REFUSED, f"{_name(statement)} asks that {text}")
        if holds is None:
            doubt = doubt or (text if denies else f"{_name(statement)} asks that {text}")
    return Ruling(Outcome.UNTOLD, doubt) if doubt else Ruling(Outcome.ALLOWED)


def _principal(statement: Mapping[str, object], service: str) -> bool | None:
    if "NotPrincipal" in statement:
        return None
    principal = statement.get("Principal")
    if principal == "*":
        return True
    if not isinstance(principal, dict):
        return False
    # `{"AWS": "*"}` is everybody, services too: the default policy of a topic says so.
    return "*" in _texts(principal.get("AWS")) or service in _texts(principal.get("Service"))


def _listed(statement: Mapping[str, object], element: str, value: str, *, lower: bool) -> bool | None:
    """Whether `Action` or `Resource` (or its negation) covers the value; an absent one covers all."""
    for name, negated in ((element, False), (_NEGATED + element, True)):
        if name in statement:
            patterns = [text.lower() if lower else text for text in _texts(statement[name])]
            covered = _any(like(pattern, value) for pattern in patterns)
            return covered if not negated or covered is None else not covered
    return True


def _conditions(condition: object, context: Mapping[str, str | None]) -> Iterator[tuple[str, bool | None]]:
    """Each condition in words, and whether it holds."""
    if condition is None:
        return
    if not isinstance(condition, dict):
        yield "a condition holds that cannot be read", None
        return
    for operator, keys in condition.items():
        for key, wanted in keys.items() if isinstance(keys, dict) else ():
            values = _texts(wanted)
            words = f"{key} is {' or '.join(values) or 'something'} ({operator})"
            yield words, _holds(operator, key.lower(), values, context)


def _holds(operator: str, key: str, values: list[str], context: Mapping[str, str | None]) -> bool | None:
    base = operator.rpartition(":")[2].removesuffix("IfExists")
    if key not in context:
        return None
    actual = context[key]
    if base == "Null":
        return (actual is None) == (values == ["true"])
    negated = _NEGATED in base
    if actual is None:
        return negated or operator.endswith("IfExists") or operator.startswith("ForAllValues:")
    match base.replace(_NEGATED, "").removesuffix("IgnoreCase"):
        case "StringEquals":
            folded = base.endswith("IgnoreCase")
            held = _any(_equal(value, actual, folded=folded) for value in values)
        case "StringLike" | "ArnLike" | "ArnEquals":
            held = _any(like(value, actual) for value in values)
        case "Bool":
            held = _any(_equal(value, actual, folded=True) for value in values)
        case _:
            return None
    return held if not negated or held is None else not held


def _equal(value: str, actual: str, *, folded: bool) -> bool | None:
    if folded:
        value, actual = value.lower(), actual.lower()
    if UNKNOWN not in actual:
        return value == actual
    return None if _may_meet(actual.replace(UNKNOWN, "*"), value) else False


def like(pattern: str, text: str) -> bool | None:
    """Whether a pattern of `*` and `?` matches a text; None where that hangs on its unknown pieces."""
    if pattern == text or _glob(pattern).fullmatch(text):
        return True
    if UNKNOWN not in text:
        return False
    return None if _may_meet(pattern, text.replace(UNKNOWN, "*")) else False


@cache
def _glob(pattern: str) -> re.Pattern[str]:
    """The pattern as a regular expression; only `*` covers a piece that is not known."""
    parts = {"*": "(?s:.*)", "?": f"[^{UNKNOWN}]"}
    # Two stars in a row say what one says, and would cost much more.
    letters = re.sub(r"\*+", "*", pattern)
    return re.compile("".join(parts.get(letter) or re.escape(letter) for letter in letters))


def _may_meet(one: str, other: str) -> bool:
    """Whether some text matches both patterns."""
    pending, seen = [(0, 0)], {(0, 0)}
    while pending:
        i, j = pending.pop()
        a, b = one[i : i + 1], other[j : j + 1]
        if not a and not b:
            return True
        steps = []
        if a == "*":
            steps += [(i + 1, j), (i, j + 1)] if b else [(i + 1, j)]
        elif b == "*":
            steps += [(i, j + 1), (i + 1, j)] if a else [(i, j + 1)]
        elif a and b and (a == b or "?" in (a, b)):
            steps += [(i + 1, j + 1)]
        fresh = [step for step in steps if step not in seen]
        seen.update(fresh)
        pending += fresh
    return False


def _texts(value: object) -> list[str]:
    """A string, or a list of some, as a list; booleans and numbers as JSON writes them."""
    items = value if isinstance(value, list) else [value]
    return [
        item if isinstance(item, str) else msgspec.json.encode(item).decode()
        for item in items
        if isinstance(item, str | bool | int | float)
    ]


def _all(holds: tuple[bool | None, ...]) -> bool | None:
    if False in holds:
        return False
    return None if None in holds else True


def _any(holds: Iterator[bool | None]) -> bool | None:
    found = tuple(holds)
    if True in found:
        return True
    return None if None in found else False
