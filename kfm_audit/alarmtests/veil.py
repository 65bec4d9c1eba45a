"""What an alarm does, in words that may be shown: nothing of it that the input marks as sensitive."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from kfm_audit.aws.message import SomeNumber, SomeText, SomeValue
from kfm_audit.facts import Alarm
from kfm_audit.values import Known

VEILED: Final = "(sensitive)"
_LATER: Final = "(known only at run time)"
_THRESHOLD: Final = re.compile(r"the threshold \([^)]*+\)")


def _secrets(part: object) -> Iterator[object]:
    """The sensitive texts and numbers in a part of an alarm."""
    match part:
        case Known(value, sensitive):
            yield from _leaves(value) if sensitive else _secrets(value)
        case msgspec.Struct():
            for name in part.__struct_fields__:
                yield from _secrets(getattr(part, name))
        case Mapping():
            for value in part.values():
                yield from _secrets(value)
        case tuple():
            for value in part:
                yield from _secrets(value)


def _leaves(value: object) -> Iterator[object]:
    match value:
        case Known(inner):
            yield from _leaves(inner)
        case msgspec.Struct():
            for name in value.__struct_fields__:
                yield from _leaves(getattr(value, name))
        case Mapping():
            for part in value.values():
                yield from _leaves(part)
        case tuple():
            for part in value:
                yield from _leaves(part)
        case _:
            yield value


class Veil:
    """Veils the sensitive attributes of one alarm, in reasons and in the bodies of messages.

    A test compares what is veiled too: a value that it names stands in it for everybody to read.
    """

    def __init__(self, alarm: Alarm) -> None:
        """Take the alarm."""
        secrets = list(_secrets(alarm))
        self._texts = tuple(sorted((text for text in secrets if isinstance(text, str) and text), key=len))
        self._numbers = tuple(
            number for number in secrets if isinstance(number, int | float) and not isinstance(number, bool)
        )

    def text(self, text: str) -> str:
        """A text without the sensitive ones."""
        for secret in reversed(self._texts):
            text = text.replace(secret, VEILED)
        return _THRESHOLD.sub(f"the threshold {VEILED}", text) if self._numbers else text

    def value(self, value: object) -> object:
        """A part of a message's body; what is known only at run time becomes words, `*` where some of it is known."""
        match value:
            case str():
                return self.text(value)
            case bool() | None:
                return value
            case int() | float():
                return VEILED if value in self._numbers else value
            case SomeText():
                known = value.one_of[0] if len(value.one_of) == 1 else f"{value.prefix}*{value.suffix}"
                return self.text(known)
            case SomeNumber() | SomeValue():
                return _LATER
            case Mapping():
                return {key: self.value(part) for key, part in value.items()}
            case tuple():
                return tuple(self.value(part) for part in value)
            case msgspec.Struct():
                return self.value(msgspec.to_builtins(value))
            case _:
                return value
