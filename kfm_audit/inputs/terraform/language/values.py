"""The values of the language: JSON's, sets, what is not known, and things that are opened step by step.

A list and a map keep the parts of them that are known; only at the edge, where
a fact is made, is a list with an unknown element unknown as a whole, as it is in
a plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeAlias

from kfm_audit.aws.partly_known import mark
from kfm_audit.values import PartText, Reference, ReferenceKind, Unknown


class Fault(Exception):  # noqa: N818 - no failure of ours: `try` and `can` turn on it
    """Terraform would refuse the expression: an attribute that is not there, a wrong type, a number too large.

    `what` is the part at fault, as it is written.
    """

    def __init__(self, what: str) -> None:
        """Name the part at fault."""
        super().__init__(what)
        self.what = what

    @property
    def unknown(self) -> Unknown:
        """What stands for the value."""
        return Unknown((Reference(self.what, ReferenceKind.UNRESOLVED),))


class Exhausted(Exception):  # noqa: N818 - no failure of ours either: hostile sources end here
    """The sources ask for more work than a run gives to one root module."""


class Opened:
    """A resource, a module, or a namespace such as `var`: read one step at a time."""

    __slots__ = ()

    def attribute(self, name: str) -> Value:
        """The value of one attribute. Raises Fault."""
        raise Fault(name)

    def index(self, key: str | int) -> Value:
        """What stands under a key; for most things, the attribute of that name. Raises Fault."""
        return self.attribute(str(key))

    @property
    def whole(self) -> Unknown:
        """What it is where it is used as a whole: not known, and these are its references."""
        raise NotImplementedError

    @property
    def certain(self) -> bool:
        """Whether it is certain that what `index` gives exists: `try` must know."""
        return True


class OneValue(Unknown, frozen=True):
    """What its only reference is itself, wherever it stands: a variable of the root module, or the workspace."""


class MaybeNull(Unknown, frozen=True):
    """A value of which it is not even known whether it is set: an arm of its condition is null."""


class SetOf(tuple["Value", ...]):
    """A set: sorted, each element once, the keys of a `for` over it are its elements."""

    __slots__ = ()


Value: TypeAlias = (
    bool | int | float | str | tuple["Value", ...] | dict[str, "Value"] | Unknown | Opened | None
)


class Names(Protocol):
    """Where the first step of a traversal leads."""

    def lookup(self, word: str) -> Value:
        """The value of a name. Raises Fault."""
        ...


class Bound:
    """Names with some more before them: the variables of a `for`, or `each` and `count`."""

    __slots__ = ("_bound", "_outer")

    def __init__(self, bound: dict[str, Value], outer: Names) -> None:
        """`bound` hides names of `outer`."""
        self._bound = bound
        self._outer = outer

    def lookup(self, word: str) -> Value:
        """The value bound to `word`, else what it is outside. Raises Fault."""
        return self._bound[word] if word in self._bound else self._outer.lookup(word)


class Budget:
    """How much work one root module may ask for, so that hostile sources end."""

    __slots__ = ("_left",)

    def __init__(self, steps: int) -> None:
        """`steps`: one for each expression, element, and 64 characters of a text."""
        self._left = steps

    def spend(self, steps: int = 1) -> None:
        """Take from what is left. Raises Exhausted when nothing is."""
        self._left -= steps
        if self._left < 0:
            raise Exhausted


def is_known(value: Value, budget: Budget) -> bool:
    """Whether every part of a value is known. Raises Exhausted."""
    if isinstance(value, str | int):
        return True
    pending: list[Value] = [value]
    while pending:
        item = pending.pop()
        budget.spend()
        if isinstance(item, tuple):
            pending.extend(item)
        elif isinstance(item, dict):
            pending.extend(item.values())
        elif isinstance(item, Unknown | Opened):
            return False
    return True


def references_in(value: Value, budget: Budget) -> Iterator[Reference]:
    """What a value comes from, in order: references of the unknown parts, known strings as constants.

    Raises Exhausted.
    """
    pending: list[Value] = [value]
    while pending:
        item = pending.pop()
        budget.spend()
        if isinstance(item, str):
            if item:
                yield Reference(item, ReferenceKind.CONSTANT)
        elif isinstance(item, tuple):
            pending.extend(reversed(item))
        elif isinstance(item, dict):
            pending.extend(reversed(item.values()))
        elif isinstance(item, Unknown):
            yield from item.references
        elif isinstance(item, Opened):
            yield from item.whole.references


def with_marks(value: Value, budget: Budget) -> Value:
    """A value with a mark in the place of each part that is not known. Raises Exhausted, RecursionError."""
    budget.spend()
    if isinstance(value, PartText):
        return value.text
    if isinstance(value, Unknown | Opened):
        references = (value.whole if isinstance(value, Opened) else value).references
        names = ", ".join(dict.fromkeys(reference.name for reference in references))
        return mark(names, one=isinstance(value, OneValue))
    if isinstance(value, tuple):
        return tuple(with_marks(item, budget) for item in value)
    if isinstance(value, dict):
        return {key: with_marks(item, budget) for key, item in value.items()}
    return value


def unknown_of(values: Iterable[Value], budget: Budget) -> Unknown:
    """The unknown result of an operation on `values`. Raises Exhausted."""
    found = (reference for value in values for reference in references_in(value, budget))
    return Unknown(tuple(dict.fromkeys(found)))
