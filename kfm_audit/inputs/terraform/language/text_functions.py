"""Functions on texts, all of whose arguments are known."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from kfm_audit.inputs.terraform.language.primitives import MAX_TEXT, to_json, to_number, to_text
from kfm_audit.inputs.terraform.language.values import Budget, Fault, Value
from kfm_audit.values import Reference, ReferenceKind, Unknown

Arguments = tuple[Value, ...]

_VERB: Final = re.compile(r"%(?:\[([0-9]{1,3})\])?([-+ 0#]*)([0-9]{1,3})?(?:\.([0-9]{1,3}))?([a-zA-Z%])")


def texts(arguments: Arguments, count: int) -> list[str]:
    """`count` arguments, as texts. Raises Fault."""
    if len(arguments) != count:
        raise Fault("a call")
    return [to_text(argument) for argument in arguments]


def bounded(text: str, budget: Budget) -> str:
    """The text, paid for. Raises Fault where it grew too long, Exhausted."""
    if len(text) > MAX_TEXT:
        raise Fault("a text too long")
    budget.spend(len(text) // 64)
    return text


def join(arguments: Arguments, budget: Budget) -> Value:
    """`join(separator, list...)`."""
    if not arguments:
        raise Fault("join()")
    parts: list[str] = []
    for items in arguments[1:]:
        if not isinstance(items, tuple):
            raise Fault("a list")
        budget.spend(len(items))
        parts.extend(to_text(item) for item in items)
    separator = to_text(arguments[0])
    if len(separator) * len(parts) > MAX_TEXT:
        raise Fault("a text too long")
    return bounded(separator.join(parts), budget)


def split(arguments: Arguments, budget: Budget) -> Value:
    """`split(separator, text)`; without a separator, its characters."""
    separator, text = texts(arguments, 2)
    budget.spend(len(text) // 8)
    return tuple(text.split(separator)) if separator else tuple(text)


def replace(arguments: Arguments, budget: Budget) -> Value:
    """`replace(text, part, by)`; not with a pattern, which could run for ever."""
    text, part, by = texts(arguments, 3)
    if len(part) > 1 and part.startswith("/") and part.endswith("/"):
        return Unknown((Reference("replace()", ReferenceKind.UNRESOLVED),))
    if len(by) * (text.count(part) if part else len(text) + 1) > MAX_TEXT:
        raise Fault("a text too long")
    return bounded(text.replace(part, by), budget)


def substr(arguments: Arguments, budget: Budget) -> Value:
    """`substr(text, offset, length)`: a negative offset counts from the end, the length -1 is all the rest."""
    if len(arguments) != 3:
        raise Fault("substr()")
    text = bounded(to_text(arguments[0]), budget)
    offset, length = int(to_number(arguments[1])), int(to_number(arguments[2]))
    start = max(len(text) + offset, 0) if offset < 0 else offset
    return text[start:] if length < 0 else text[start : start + length]


def lower(arguments: Arguments, budget: Budget) -> Value:
    """`lower(text)`."""
    (text,) = texts(arguments, 1)
    return bounded(_cased(text, str.lower), budget)


def upper(arguments: Arguments, budget: Budget) -> Value:
    """`upper(text)`."""
    (text,) = texts(arguments, 1)
    return bounded(_cased(text, str.upper), budget)


def title(arguments: Arguments, budget: Budget) -> Value:
    """`title(text)`: the first letter of each word is a capital."""
    (text,) = texts(arguments, 1)
    return bounded(re.sub(r"(?<!\w)\w", lambda match: _cased(match[0], str.upper), text), budget)


def trimprefix(arguments: Arguments, budget: Budget) -> Value:
    """`trimprefix(text, prefix)`."""
    text, prefix = texts(arguments, 2)
    return bounded(text.removeprefix(prefix), budget)


def trimsuffix(arguments: Arguments, budget: Budget) -> Value:
    """`trimsuffix(text, suffix)`."""
    text, suffix = texts(arguments, 2)
    return bounded(text.removesuffix(suffix), budget)


def trimspace(arguments: Arguments, budget: Budget) -> Value:
    """`trimspace(text)`."""
    (text,) = texts(arguments, 1)
    return bounded(text.strip(), budget)


def startswith(arguments: Arguments, budget: Budget) -> Value:  # noqa: ARG001 - all functions' signature
    """`startswith(text, prefix)`."""
    text, prefix = texts(arguments, 2)
    return text.startswith(prefix)


def endswith(arguments: Arguments, budget: Budget) -> Value:  # noqa: ARG001 - all functions' signature
    """`endswith(text, suffix)`."""
    text, suffix = texts(arguments, 2)
    return text.endswith(suffix)


def strcontains(arguments: Arguments, budget: Budget) -> Value:  # noqa: ARG001 - all functions' signature
    """`strcontains(text, part)`."""
    text, part = texts(arguments, 2)
    return part in text


def chomp(arguments: Arguments, budget: Budget) -> Value:
    """`chomp(text)`: without the line ends at its end."""
    (text,) = texts(arguments, 1)
    return bounded(text.rstrip("\r\n"), budget)


def trim(arguments: Arguments, budget: Budget) -> Value:
    """`trim(text, characters)`."""
    text, characters = texts(arguments, 2)
    return bounded(text.strip(characters) if characters else text, budget)


def jsonencode(arguments: Arguments, budget: Budget) -> Value:
    """`jsonencode(value)`."""
    if len(arguments) != 1:
        raise Fault("jsonencode()")
    return to_json(arguments[0], budget)


def format_text(arguments: Arguments, budget: Budget) -> Value:
    """`format(specification, values...)`, with the verbs of Go's fmt."""
    if not arguments:
        raise Fault("format()")
    specification, values = to_text(arguments[0]), arguments[1:]
    used, parts, at = 0, [], 0
    for match in _VERB.finditer(specification):
        parts.append(_literal(specification[at : match.start()]))
        at = match.end()
        index, flags, width, precision, verb = match.groups()
        if verb == "%":
            parts.append("%")
            continue
        number = int(index) - 1 if index else used
        if not 0 <= number < len(values):
            raise Fault("format()")
        used = number + 1
        shown = _shown(values[number], verb, flags, precision, budget)
        parts.append(_padded(shown, verb, flags, int(width or 0)))
    parts.append(_literal(specification[at:]))
    # Go refuses a value that no verb asks for, unless an index was given.
    if used < len(values) and "%[" not in specification:
        raise Fault("format()")
    return bounded("".join(parts), budget)


def formatlist(arguments: Arguments, budget: Budget) -> Value:
    """`formatlist(specification, lists...)`: one text for each element, what is no list for all."""
    lengths = {len(argument) for argument in arguments[1:] if isinstance(argument, tuple)}
    if len(lengths) > 1:
        raise Fault("formatlist()")
    return tuple(
        format_text(
            (
                arguments[0],
                *(value[number] if isinstance(value, tuple) else value for value in arguments[1:]),
            ),
            budget,
        )
        for number in range(lengths.pop() if lengths else 1)
    )


def _literal(text: str) -> str:
    if "%" in text:
        raise Fault("format()")
    return text


def _shown(value: Value, verb: str, flags: str, precision: str | None, budget: Budget) -> str:
    match verb:
        case "v" if isinstance(value, tuple | dict) or value is None or "#" in flags:
            return to_json(value, budget)
        case "s" | "v":
            text = to_text(value)
            return text[: int(precision)] if precision is not None else text
        case "q":
            return to_json(to_text(value), budget)
        case "t":
            if not isinstance(value, bool):
                raise Fault("format()")
            return to_text(value)
        case "d" | "b" | "o" | "x" | "X":
            return _signed(format(int(to_number(value)), verb), flags)
        case "f" | "F" | "e" | "E":
            return _signed(format(float(to_number(value)), f".{precision or 6}{verb}"), flags)
        case _:
            raise Fault("format()")


def _signed(text: str, flags: str) -> str:
    if text.startswith("-"):
        return text
    return f"+{text}" if "+" in flags else f" {text}" if " " in flags else text


def _padded(text: str, verb: str, flags: str, width: int) -> str:
    if "-" in flags:
        return text.ljust(width)
    if "0" in flags and verb not in "svqt":
        sign = text[:1] if text[:1] in "+- " else ""
        return sign + text[len(sign) :].rjust(width - len(sign), "0")
    return text.rjust(width)


def _cased(text: str, change: Callable[[str], str]) -> str:
    """Letter by letter, as Go does it: a sharp s has no single capital and stays."""
    changed = change(text)
    if len(changed) == len(text):
        return changed
    return "".join(other if len(other := change(letter)) == 1 else letter for letter in text)
