"""The shapes of an expression, after HashiCorp's HCL native syntax specification ("Expressions")."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct


class Literal(Struct, frozen=True):
    """A number, a string without interpolation, true, false or null."""

    value: str | int | float | bool | None


class Template(Struct, frozen=True):
    """A string or heredoc with interpolations: its parts become one text."""

    parts: tuple[Expression, ...]


class Sequence(Struct, frozen=True):
    """`[a, b]`."""

    items: tuple[Expression, ...]


class Object(Struct, frozen=True):
    """`{ a = b }`. A key that is a bare name is a literal."""

    items: tuple[tuple[Expression, Expression], ...]


class Name(Struct, frozen=True):
    """The first step of a traversal, or a variable of a `for`: `var`, `aws_sns_topic`, `each`, `topic`."""

    word: str


class Attribute(Struct, frozen=True):
    """`base.name`."""

    base: Expression
    name: str


class Index(Struct, frozen=True):
    """`base[key]`, and the legacy `base.0`."""

    base: Expression
    key: Expression


class Element(Struct, frozen=True):
    """The element that a splat's steps start from."""


class Splat(Struct, frozen=True):
    """`base[*].x`: `each`, which starts from an `Element`, for every element of `base`."""

    base: Expression
    each: Expression


class Call(Struct, frozen=True):
    """`function(a, b)`; `expand` for a last argument with `...`."""

    function: str
    arguments: tuple[Expression, ...]
    expand: bool = False


class For(Struct, frozen=True):
    """`[for k, v in collection : value if condition]`, and with `key` the form that makes an object.

    `key_name` is "" where only the value is named. `group` for `value...`.
    """

    key_name: str
    value_name: str
    collection: Expression
    value: Expression
    key: Expression | None = None
    condition: Expression | None = None
    group: bool = False


class Conditional(Struct, frozen=True):
    """`condition ? then : otherwise`."""

    condition: Expression
    then: Expression
    otherwise: Expression


class Binary(Struct, frozen=True):
    """`left operator right`."""

    operator: str
    left: Expression
    right: Expression


class Unary(Struct, frozen=True):
    """`-operand` or `!operand`."""

    operator: str
    operand: Expression


class Unread(Struct, frozen=True):
    """What this reader does not take apart: nested too deeply, or of a form that it does not know."""

    text: str


Expression: TypeAlias = (
    Literal
    | Template
    | Sequence
    | Object
    | Name
    | Attribute
    | Index
    | Element
    | Splat
    | Call
    | For
    | Conditional
    | Binary
    | Unary
    | Unread
)
