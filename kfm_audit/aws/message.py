"""A message as SNS filters it, with what is known of it before it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias, Union

from msgspec import Struct


class SomeText(Struct, frozen=True):
    """A string that is known only at run time, or only after apply.

    It begins with `prefix`, ends with `suffix` and, where `one_of` is not empty,
    is one of these.
    """

    prefix: str = ""
    suffix: str = ""
    one_of: tuple[str, ...] = ()


class SomeNumber(Struct, frozen=True):
    """A number that is known only at run time, or only after apply."""


class SomeValue(Struct, frozen=True):
    """Anything, or nothing: not even whether the key is there is known."""


Text: TypeAlias = str | SomeText
Number: TypeAlias = float | SomeNumber
Leaf: TypeAlias = str | float | bool | SomeText | SomeNumber | SomeValue | None
Value: TypeAlias = Union[Leaf, "tuple[Value, ...]", Mapping[str, "Value"]]
"""A JSON value in which a leaf may be known only in part; arrays are tuples."""


class Message(Struct, frozen=True):
    """What a publisher hands to SNS.

    `body` is the message as a JSON object; None says that it is none, and then no
    filter on the body lets it through. `attributes` are the message attributes:
    a String is text, a Number a number, a String.Array a tuple. Binary ones are
    left out, as SNS leaves them out.
    """

    body: Mapping[str, Value] | None
    attributes: Mapping[str, Value] = {}
