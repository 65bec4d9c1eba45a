"""Whether a pattern of a filter policy holds of a string, of which perhaps only a part is known."""

from __future__ import annotations

from kfm_audit.aws.filter_patterns import (
    Cidr,
    EqualsIgnoreCase,
    Exactly,
    Prefix,
    Suffix,
    TextPattern,
    Wildcard,
)
from kfm_audit.aws.message import SomeText


def text_holds(pattern: TextPattern, value: str | SomeText) -> bool | None:
    """Whether the pattern holds of the string; None where what is known of it does not decide."""
    if isinstance(value, str):
        return _holds(pattern, value)
    if value.one_of:
        answers = {_holds(pattern, text) for text in value.one_of}
        return answers.pop() if len(answers) == 1 else None
    return _may_hold(pattern, value)


def _holds(pattern: TextPattern, text: str) -> bool:
    match pattern:
        case Exactly(wanted):
            holds = text == wanted
        case Prefix(start):
            holds = text.startswith(start)
        case Suffix(end):
            holds = text.endswith(end)
        case EqualsIgnoreCase(wanted):
            holds = text.lower() == wanted.lower()
        case Wildcard(parts):
            holds = _wildcard(parts, text)
        case Cidr(network):
            holds = _in_network(text, network)
    return holds


def _wildcard(parts: tuple[str, ...], text: str) -> bool:
    first, *middle, last = parts if len(parts) > 1 else (parts[0], None)
    if last is None:
        return text == first
    if not text.startswith(first):
        return False
    at = len(first)
    for part in middle:
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return len(text) - at >= len(last) and text.endswith(last)


def _in_network(text: str, network: str) -> bool:
    from ipaddress import ip_address, ip_network

    try:
        return ip_address(text) in ip_network(network)
    except ValueError:
        return False


def _may_hold(pattern: TextPattern, value: SomeText) -> bool | None:
    """With the string's first and last part alone."""
    holds: bool | None
    match pattern:
        case Exactly(str() as wanted) | Wildcard((wanted,)):
            holds = _may_be(value, wanted)
        case EqualsIgnoreCase(wanted):
            holds = _may_be(SomeText(value.prefix.lower(), value.suffix.lower()), wanted.lower())
        case Prefix(start):
            holds = _may_start(value, start)
        case Suffix(end):
            holds = _may_end(value, end)
        case Wildcard(parts):
            holds = _may_be_between(value, parts)
        case Cidr():
            holds = None
        case _:
            holds = False
    return holds


def _may_be_between(value: SomeText, parts: tuple[str, ...]) -> bool | None:
    first, *middle, last = parts
    ends = (_may_start(value, first), _may_end(value, last))
    if False in ends:
        return False
    # With both ends asked for, the string may be too short to hold them one after the other.
    certain = ends == (True, True) and not any(middle) and not (first and last)
    return True if certain else None


def _may_be(value: SomeText, wanted: str) -> bool | None:
    """Never certainly: more may stand between the parts."""
    return None if wanted.startswith(value.prefix) and wanted.endswith(value.suffix) else False


def _may_start(value: SomeText, start: str) -> bool | None:
    if value.prefix.startswith(start):
        return True
    return None if start.startswith(value.prefix) else False


def _may_end(value: SomeText, end: str) -> bool | None:
    if value.suffix.endswith(end):
        return True
    return None if end.endswith(value.suffix) else False
