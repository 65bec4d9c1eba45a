"""The values that the variables of a root module are given by files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from kfm_audit.facts import UnreadableInput
from kfm_audit.inputs.kind import unreadable
from kfm_audit.inputs.source import Source
from kfm_audit.inputs.terraform.document import Json
from kfm_audit.inputs.terraform.hcl import parse_file
from kfm_audit.inputs.terraform.language.evaluate import Evaluator
from kfm_audit.inputs.terraform.language.values import Budget, Exhausted, Fault, Value, is_known

_CURE: Final = "correct it: Terraform refuses it too"
_STEPS: Final = 200_000


def read_variables(source: Source) -> tuple[Mapping[str, Value], tuple[UnreadableInput, ...]]:
    """The values in a variable file, and what was lost of it. Raises nothing."""
    try:
        data = source.data
    except OSError as error:
        return {}, (unreadable(source, f"cannot be read: {error.strerror}", "check that it may be read"),)
    if source.path.endswith(".json"):
        return _from_json(source, data)
    parsed = parse_file(source.path, data)
    if parsed.broken or parsed.blocks:
        return {}, (unreadable(source, "is no list of values for variables", _CURE),)
    values, lost = {}, []
    for name, argument in parsed.arguments.items():
        budget = Budget(_STEPS)
        try:
            value = Evaluator(budget).settled(argument.expression, _NoNames(), "")
            known = is_known(value, budget)
        except Exhausted:
            known = False
        if known:
            values[name] = value
        else:
            line = argument.span.start[0] + 1
            lost.append(unreadable(source, f"{name} is no plain value", _CURE, part=name, line=line))
    return values, tuple(lost)


def to_value(json: Json) -> Value:
    """A JSON value as one of the language. Raises RecursionError."""
    if isinstance(json, list):
        return tuple(to_value(item) for item in json)
    if isinstance(json, dict):
        return {str(key): to_value(item) for key, item in json.items()}
    return json if isinstance(json, str | int | float) else None


def _from_json(source: Source, data: bytes) -> tuple[Mapping[str, Value], tuple[UnreadableInput, ...]]:
    try:
        value = to_value(msgspec.json.decode(data))
    except (msgspec.MsgspecError, RecursionError):
        value = None
    if isinstance(value, dict):
        return value, ()
    return {}, (unreadable(source, "is no JSON object of values for variables", _CURE),)


class _NoNames:
    """A variable file has plain values: a name in it is an error."""

    def lookup(self, word: str) -> Value:
        raise Fault(word)
