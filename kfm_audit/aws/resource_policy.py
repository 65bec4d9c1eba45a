"""Resource policies (of topics, queues and keys): whether an AWS service may do something.

IAM user guide, "Policy evaluation logic", "IAM JSON policy elements". Only what a
service principal can meet is evaluated; what depends on values that are not known
is said to be untold, never taken for allowed.

Both the policy and the request may be known in part: their texts hold marks
(`partly_known`) where a piece is missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from kfm_audit.aws.partly_known import UNKNOWN, in_words, like, name_of, names_in, same
from kfm_audit.pattern import pattern

_NEGATED: Final = "Not"
_SOMEBODY: Final = pattern(r"(?:.*\.)?aws_[a-z0-9_]+\..+")
"""What an attribute of a resource or data source is called: never `*`."""


class Outcome(Enum):
    """What a policy says to a request."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    UNTOLD = "untold"


class Ruling(Struct, frozen=True):
    """The outcome, and why it is that where it is not `ALLOWED`: a clause about the policy."""

    outcome: Outcome
    why: str = ""
    asked: str = ""
    """Where it is `UNTOLD` by a condition, the key of that, in lower case."""
    missing: tuple[str, ...] = ()
    """Where it is `UNTOLD` by what is missing in the policy, what that comes from."""


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
    resource_names: frozenset[str] = frozenset()
    """What the policy's marks may call the resource."""
    source_names: frozenset[str] = frozenset()
    """What they may call the source, whose ARN is `aws:SourceArn`."""
    other_names: frozenset[str] = frozenset()
    """What they call resources that are neither: of these no ARN is that of the resource or the source."""


class PolicyError(ValueError):
    """The text is no policy document."""


def rule_on(policy: str, request: Request) -> Ruling:
    """What the policy says to the request. Raises PolicyError."""
    best = Ruling(Outcome.REFUSED, f"no statement lets {request.principal} do {request.action}")
    doubt: Ruling | None = None
    for statement in _statements(policy):
        denies = _effect(statement) == "Deny"
        ruling = _statement(statement, request, denies=denies)
        if UNKNOWN in str(statement.get("Effect")) and ruling.outcome is not Outcome.REFUSED:
            best = _better(
                best, Ruling(Outcome.UNTOLD, f"{_name(statement)} has an effect that is not known")
            )
            denies, ruling = True, Ruling(Outcome.UNTOLD, "its effect is Deny, which is not known")
        if denies:
            if ruling.outcome is Outcome.ALLOWED:
                return Ruling(Outcome.REFUSED, f"{_name(statement)} denies it")
            if ruling.outcome is Outcome.UNTOLD:
                doubt = replace(ruling, why=f"{_name(statement)} denies it where {ruling.why}")
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
        raise PolicyError(f"it is no JSON: {error}") from None
    statements = document.get("Statement") if isinstance(document, dict) else None
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list) or not all(isinstance(item, dict) for item in statements):
        raise PolicyError("it has no list of statements")
    return statements


def _effect(statement: Mapping[str, object]) -> str:
    return "Allow" if statement.get("Effect") == "Allow" else "Deny"


def _name(statement: Mapping[str, object]) -> str:
    sid = statement.get("Sid")
    return (
        f"the statement {in_words(sid)}"
        if isinstance(sid, str) and sid
        else {"Allow": "an Allow statement", "Deny": "a Deny statement"}[_effect(statement)]
    )


def _statement(statement: Mapping[str, object], request: Request, *, denies: bool) -> Ruling:
    """Whether the statement is about the request: ALLOWED is yes, REFUSED no (and by which condition)."""
    about = {
        "Principal": _principal(statement, request.principal),
        "Action": _listed(statement, "Action", request.action.lower(), frozenset(), lower=True),
        "Resource": _listed(
            statement,
            "Resource",
            request.resource,
            request.resource_names,
            lower=False,
            others=request.other_names,
        ),
    }
    if False in about.values():
        return Ruling(Outcome.REFUSED)
    doubt: Ruling | None = None
    if None in about.values():
        unsure = "it is about this request" if denies else f"{_name(statement)} is about this request"
        parts = [
            statement.get(prefix + name) for name in about if about[name] is None for prefix in ("", _NEGATED)
        ]
        missing = names_in(msgspec.json.encode(parts).decode())
        doubt = Ruling(Outcome.UNTOLD, f"{unsure}, which is not known", missing=missing)
    for condition in _conditions(statement.get("Condition"), request):
        if condition.holds is False:
            return Ruling(Outcome.REFUSED, f"{_name(statement)} asks that {condition.words}")
        if condition.holds is None and doubt is None:
            words = condition.words if denies else f"{_name(statement)} asks that {condition.words}"
            doubt = Ruling(Outcome.UNTOLD, words, condition.key, condition.missing)
    return doubt or Ruling(Outcome.ALLOWED)


def _principal(statement: Mapping[str, object], service: str) -> bool | None:
    if "NotPrincipal" in statement:
        # AWS does not say whether services are among all others.
        spared = statement["NotPrincipal"]
        named = _texts(spared.get("Service")) if isinstance(spared, dict) else []
        return False if spared == "*" or service in named else None
    principal = statement.get("Principal")
    if principal == "*":
        return True
    if isinstance(principal, str) and UNKNOWN in principal:
        return None
    if not isinstance(principal, dict):
        return False
    if any(UNKNOWN in kind for kind in principal):
        return None
    # `{"AWS": "*"}` is everybody, services too: the default policy of a topic says so.
    everybody = (
        False if _SOMEBODY.fullmatch(name_of(text)) else same(text, "*")
        for text in _texts(principal.get("AWS"))
    )
    return _any(iter((*everybody, *(same(text, service) for text in _texts(principal.get("Service"))))))


def _listed(
    statement: Mapping[str, object],
    element: str,
    value: str,
    names: frozenset[str],
    *,
    lower: bool,
    others: frozenset[str] = frozenset(),
) -> bool | None:
    """Whether `Action` or `Resource` (or its negation) covers the value; an absent one covers all."""
    for name, negated in ((element, False), (_NEGATED + element, True)):
        if name in statement:
            texts = [text.lower() if lower else text for text in _texts(statement[name])]
            covered = _any(_meant(text, names, others, like(text, value)) for text in texts)
            return covered if not negated or covered is None else not covered
    return True


class _Condition(Struct, frozen=True):
    """A condition in words, and whether it holds."""

    words: str
    holds: bool | None
    key: str = ""
    missing: tuple[str, ...] = ()


def _conditions(condition: object, request: Request) -> Iterator[_Condition]:
    if condition is None:
        return
    if not isinstance(condition, dict):
        yield _Condition("a condition holds that cannot be read", None)
        return
    for operator, keys in condition.items():
        for key, wanted in keys.items() if isinstance(keys, dict) else ():
            values = _texts(wanted)
            words = in_words(f"{key} is {' or '.join(values) or 'something'} ({operator})")
            holds = _holds(operator, key.lower(), values, request)
            yield _Condition(words, holds, key.lower(), names_in(" ".join(values)))


def _holds(operator: str, key: str, values: list[str], request: Request) -> bool | None:
    context = request.context
    by_arn = key == "aws:sourcearn"
    names = request.source_names if by_arn else frozenset()
    others = request.other_names if by_arn else frozenset()
    base = operator.rpartition(":")[2].removesuffix("IfExists")
    if key not in context:
        return None
    actual = context[key]
    if base == "Null":
        return None if UNKNOWN in "".join(values) else (actual is None) == (values == ["true"])
    negated = _NEGATED in base
    if actual is None:
        return negated or operator.endswith("IfExists") or operator.startswith("ForAllValues:")
    match base.replace(_NEGATED, "").removesuffix("IgnoreCase"):
        case "StringEquals":
            folded = base.endswith("IgnoreCase")
            held = _any(
                _meant(value, names, others, _equal(value, actual, folded=folded)) for value in values
            )
        case "StringLike":
            held = _any(_meant(value, names, others, like(value, actual)) for value in values)
        case "ArnLike" | "ArnEquals":
            held = _any(_meant(value, names, others, _arn_like(value, actual)) for value in values)
        case "Bool":
            held = _any(_equal(value, actual, folded=True) for value in values)
        case _:
            return None
    return held if not negated or held is None else not held


def _meant(text: str, names: frozenset[str], others: frozenset[str], by_letters: bool | None) -> bool | None:
    """Whether a text is the ARN that is asked for: by what it calls, where that is one mark, else by its letters."""
    name = name_of(text)
    if name and (name in names or name in others):
        return name in names
    return by_letters


def _arn_like(value: str, actual: str) -> bool | None:
    """Whether an ARN matches a pattern: each of its six parts does (IAM user guide, "ARN condition operators")."""
    wanted, given = value.split(":", 5), actual.split(":", 5)
    if len(wanted) != len(given) or UNKNOWN in wanted[0]:
        return like(value, actual)
    return _all(tuple(like(one, other) for one, other in zip(wanted, given, strict=True)))


def _equal(value: str, actual: str, *, folded: bool) -> bool | None:
    return same(value.lower(), actual.lower()) if folded else same(value, actual)


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
