"""The values that facts are made of: what is known, what is not, and where it was read.

An attribute of a Terraform resource has three states that a linter must keep
apart: set to a value, set to something known only after apply, and not set at
all. They are three types here, never a sentinel string.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, Generic, TypeAlias, TypeVar

from msgspec import Struct

T = TypeVar("T")


class Known(Struct, Generic[T], frozen=True):
    """An attribute whose value is in the input.

    `sensitive` says that the input marks the value as secret: rules may reason
    with it, no report may print it.
    """

    value: T
    sensitive: bool = False


class ReferenceKind(Enum):
    """What a reference was resolved to, after variables, module inputs and outputs were walked."""

    RESOURCE = "resource"
    DATA = "data"
    CONSTANT = "constant"
    UNRESOLVED = "unresolved"


class Reference(Struct, frozen=True):
    """One end of an expression.

    `name` is the full address (`module.sns.aws_sns_topic.alerts`), for a
    constant its text, for the unresolved what was written (`local.actions`)
    with the module it stands in. An ARN whose service is written out is a
    constant though later fields are not known: they stand in it as `${var.region}`.
    """

    name: str
    kind: ReferenceKind


class Unknown(Struct, frozen=True):
    """An attribute that is set, to something that is known only after apply."""

    references: tuple[Reference, ...] = ()


class PartText(Unknown, frozen=True):
    """A text that is known in part: `text` holds a mark (`aws/partly_known.py`) for each piece that is not.

    For whoever does not ask for its parts it is unknown, and no more.
    """

    text: str = ""


class PartMap(Unknown, frozen=True):
    """A map that is known in part: `items` are all its keys, sorted, with their values as far as they are known.

    For whoever does not ask for its parts it is unknown, and no more.
    """

    items: tuple[tuple[str, Known[str] | Unknown], ...] = ()


class IdentityEnum(Enum):
    """An enum whose members are hashed by what they are: they are looked up by the thousand.

    Enum's own hash is a function in Python, which hashes the name.
    """

    __hash__ = object.__hash__


class Absent(IdentityEnum):
    """The type of `ABSENT`."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT
"""An attribute that is not set: left out, or null."""

Attribute: TypeAlias = Known[T] | Unknown | Absent


class Origin(Struct, frozen=True):
    """Where a fact was read: the input and the place in it.

    `input` is the input's path as the user sees it. `pointer` is an RFC 6901
    JSON pointer into the document (for JSON lines: into the line's value).
    `line` is 1-based and set where the reader knows it without looking again
    (line-based inputs); 0 means that the input module finds it on demand.
    `symbol` is the name under which another input may show a better place: the
    Terraform address, for the sources of a plan.
    """

    input: str
    pointer: str = ""
    line: int = 0
    symbol: str = ""


class Location(Struct, frozen=True):
    """A place that people can open. Lines and columns are 1-based, columns in code points.

    `end_column` is exclusive, as in SARIF. `line` 0 means the file as a whole.
    """

    path: str
    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0
    pointer: str = ""


def known(attribute: Attribute[T]) -> T | None:
    """The value of an attribute that is known; None of any other."""
    return attribute.value if isinstance(attribute, Known) else None


def keys_of(attribute: Attribute[Mapping[str, str]]) -> Attribute[tuple[str, ...]]:
    """The keys of a map, sorted: known also where some of its values are not."""
    match attribute:
        case Known(value, sensitive):
            return Known(tuple(sorted(value)), sensitive)
        case PartMap(items=items):
            return Known(tuple(key for key, _ in items))
        case _:
            return attribute


def under(attribute: Attribute[Mapping[str, str]], key: str) -> Attribute[str]:
    """The value under a key of a map; ABSENT where it is known not to have the key."""
    match attribute:
        case Known(value, sensitive):
            return Known(value[key], sensitive) if key in value else ABSENT
        case PartMap(items=items):
            return dict(items).get(key, ABSENT)
        case _:
            return attribute


def first_unknown(*attributes: Attribute[Any]) -> Unknown | None:  # of any types at once
    """The first of several attributes that is known only after apply."""
    return next((attribute for attribute in attributes if isinstance(attribute, Unknown)), None)


def shown(attribute: Attribute[T]) -> str:
    """An attribute as it may be printed: never a value that the input marks as secret."""
    match attribute:
        case Known(value, sensitive):
            return "a sensitive value" if sensitive else str(value)
        case Unknown():
            return f"a value that depends on {ends_of(attribute)}"
        case _:
            return "unset"


def ends_of(unknown: Unknown) -> str:
    """What an unknown attribute comes from, for messages: `local.period, var.periods`."""
    # A constant is known: it is named only where there is nothing else to name.
    open_ends = {
        reference.name for reference in unknown.references if reference.kind is not ReferenceKind.CONSTANT
    }
    names = open_ends or {reference.name for reference in unknown.references}
    return ", ".join(sorted(names)) or "nothing that the input shows"
