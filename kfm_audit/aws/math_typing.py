"""Which type an expression gives, and everything that is wrong with it on the way."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Final

from kfm_audit.aws.math_error import MathError
from kfm_audit.aws.math_syntax import (
    Call,
    Expression,
    Listed,
    Name,
    Negated,
    Node,
    Number,
    Operation,
    Text,
)
from kfm_audit.aws.math_types import MathType, Signature, function, function_names

KEYWORDS: Final = frozenset({"REPEAT", "LINEAR", "AVG", "MIN", "MAX", "SUM", "ASC", "DESC"})
"""Words that stand for themselves as arguments of FILL and SORT."""


def names_in(node: Node) -> Iterator[Name]:
    """The ids that an expression reads, keywords left out, in the order in which they are written."""
    match node:
        case Name(id):
            if id not in KEYWORDS:
                yield node
        case Negated(operand):
            yield from names_in(operand)
        case Operation(_, left, right):
            yield from names_in(left)
            yield from names_in(right)
        case Listed(items) | Call(arguments=items):
            for item in items:
                yield from names_in(item)
        case _:
            pass


class Typing:
    """Types expressions over queries whose types are given.

    A type is None where it cannot be told because something below is wrong or
    unknown; nothing is reported twice for it. With `open_ids`, an id that is not among
    the queries may belong to one whose id is not known, and is no fault.
    """

    def __init__(
        self,
        ids: Mapping[str, MathType | None],
        metrics: Container[str] = (),
        *,
        own: str = "",
        open_ids: bool = False,
    ) -> None:
        """Take the types of the queries by id, which of them are metrics, and whose expression is typed."""
        self._ids = ids
        self._metrics = metrics
        self._own = own
        self._open = open_ids
        self.faults: list[MathError] = []

    def of(self, expression: Expression) -> MathType | None:
        """The type of an expression; `faults` then holds what is wrong, in the order of positions."""
        found = self._type(expression.root)
        self.faults.sort(key=lambda fault: fault.position)
        return found

    def _type(self, node: Node) -> MathType | None:
        match node:
            case Number():
                return MathType.SCALAR
            case Text():
                return MathType.TEXT
            case Name():
                return self._id(node)
            case Listed():
                return self._array(node)
            case Negated(operand):
                return self._number(operand)
            case Operation():
                return self._operation(node)
            case Call():
                return self._call(node)

    def _id(self, name: Name) -> MathType | None:
        if name.id not in self._ids:
            if not self._open:
                known = ", ".join(other for other in self._ids if other != self._own)
                self._fault(f"ID '{name.id}' not found", name, cure=f"use the id of another query: {known}")
            return None
        return self._ids[name.id]

    def _array(self, array: Listed) -> MathType:
        for item in array.items:
            # `[METRICS("4xx"), METRICS("5xx")]` is in AWS's guide: arrays within an array are joined.
            if self._type(item) in (MathType.SCALAR, MathType.TEXT):
                self._fault("an array holds time series, not numbers or strings", item)
        return MathType.ARRAY

    def _number(self, node: Node) -> MathType | None:
        """The type of an operand; strings are none."""
        found = self._type(node)
        if found is MathType.TEXT:
            self._fault("a string is no operand", node)
            return None
        return found

    def _operation(self, node: Operation) -> MathType | None:
        types = (self._number(node.left), self._number(node.right))
        if None in types:
            return None
        arrays = types.count(MathType.ARRAY)
        arithmetic = node.operator in "+-*/^"
        if arrays == 2 or (arrays and not arithmetic):
            left, right = (kind.value for kind in types if kind)
            self._fault(f"AWS lists no '{node.operator}' of {left} and {right}", node, certain=False)
        if arrays:
            return MathType.ARRAY
        return MathType.SCALAR if types.count(MathType.SCALAR) == 2 else MathType.SERIES

    def _call(self, call: Call) -> MathType | None:
        known = function(call.function)
        if known is None:
            self._fault(_no_function(call.function), call)
            for argument in call.arguments:
                self._argument(argument, keywords=True)
            return None
        if known.refused:
            self._fault(known.refused, call, cure="name each metric in a metric_query of its own")
        keywords = any(isinstance(item, tuple) for one in known.signatures for item in one.parameters)
        arguments = tuple(self._argument(argument, keywords=keywords) for argument in call.arguments)
        complete = tuple(argument for argument in arguments if argument is not None)
        if len(complete) < len(arguments):
            returned = dict.fromkeys(one.returns for one in known.signatures)
            return next(iter(returned)) if len(returned) == 1 else None
        for signature in known.signatures:
            if known.refused or signature.takes(complete):
                self._check_metric(call)
                return signature.returns
        self._fault(*_refused(call, known.signatures, complete))
        return None

    def _argument(self, node: Node, *, keywords: bool) -> MathType | str | None:
        if keywords and isinstance(node, Name) and node.id in KEYWORDS and node.id not in self._ids:
            return node.id
        return self._type(node)

    def _check_metric(self, call: Call) -> None:
        """PERIOD takes a metric, not the result of another expression."""
        if call.function != "PERIOD":
            return
        match call.arguments:
            case (Name(wanted),) if wanted in self._metrics:
                pass
            case (argument, *_):
                self._fault("PERIOD takes a metric, not the result of another expression", argument)

    def _fault(self, message: str, node: Node, certain: bool = True, cure: str = "") -> None:
        self.faults.append(MathError(message, node.position, node.end, certain=certain, cure=cure))


def _no_function(name: str) -> str:
    capitals = name.upper()
    if function(capitals) is not None:
        return f"Function '{name}' not found: functions are written in capitals, {capitals}"
    from difflib import get_close_matches

    near = next(iter(get_close_matches(capitals, function_names(), n=1, cutoff=0.7)), "")
    return f"Function '{name}' not found" + (f": perhaps {near}" if near else "")


def _refused(
    call: Call, signatures: Iterable[Signature], arguments: tuple[MathType | str, ...]
) -> tuple[str, Node, bool]:
    given = ", ".join(item.value if isinstance(item, MathType) else item for item in arguments)
    if call.function != "IF":
        taken = " or ".join(str(signature) for signature in signatures)
        return f"{call.function} takes {taken}, not ({given})", call, True
    if not 2 <= len(arguments) <= 3:
        return f"IF takes a condition, a value and another value, not {len(arguments)} arguments", call, True
    if set(arguments) == {MathType.SCALAR}:
        return "IF takes a time series as condition or as value, not numbers alone", call, True
    # AWS does not list these forms, and does not say that it refuses them.
    return f"AWS lists no IF of ({given})", call, False
