"""What a metric math expression computes, as far as it is arithmetic: to tell whether two of them say the same.

CloudWatch user guide, "Using metric math": comparisons and `AND`, `OR` give 1 or
0, `IF` takes any number but 0 for true.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from kfm_audit.aws.math_syntax import Call, Listed, Name, Negated, Node, Number, Operation, parse

_PROBES: Final = ((30.0, 1000.0, 7.0), (80.0, 4000.0, 110.0), (900.0, 20000.0, 50.0), (5.0, 90000.0, 1300.0))
"""Values at which expressions are compared: in no common proportion, and beyond what guards ask for."""
_CLOSE: Final = 1e-9


class Untold(Exception):  # noqa: N818 - no failure: this is more than arithmetic
    """The value of an expression cannot be told from one point of each metric."""


def ids_of(node: Node) -> tuple[str, ...]:
    """The ids that an expression speaks of, each once, in the order of writing."""
    found: dict[str, None] = {}
    pending = [node]
    while pending:
        match pending.pop():
            case Name(id=id_) if id_ not in ("REPEAT", "LINEAR", "ASC", "DESC"):
                found[id_] = None
            case Listed(items=below) | Call(arguments=below):
                pending.extend(reversed(below))
            case Negated(operand=operand):
                pending.append(operand)
            case Operation(left=left, right=right):
                pending.extend((right, left))
            case _:
                pass
    return tuple(found)


def factor(
    ours: str,
    theirs: str,
    expressions: Mapping[str, str],
    metrics: tuple[str, ...],
    names: Mapping[str, str] | None = None,
) -> float | None:
    """By what `theirs` must be multiplied to be `ours`; None where no constant does it, or it cannot be told.

    Both speak of the same `metrics`, `ours` by other `names`; `theirs` may go through the `expressions` of
    other ids. Guards for small or missing values (`IF`, `FILL`) are passed by: the expressions are
    compared where there is plenty of data.
    """
    return _factor(ours, theirs, tuple(expressions.items()), metrics, tuple((names or {}).items()))


# The alarms of a module are compared with the contract in the same words.
@lru_cache(maxsize=512)
def _factor(
    ours: str,
    theirs: str,
    expressions: tuple[tuple[str, str], ...],
    metrics: tuple[str, ...],
    names: tuple[tuple[str, str], ...],
) -> float | None:
    found: list[float] = []
    for probe in _PROBES:
        # More metrics than a probe has values take further ones that no constant factor joins.
        values = {id_: probe[n % 3] + 13.0 * (n // 3) for n, id_ in enumerate(metrics)}
        try:
            one, other = value(ours, values, dict(names)), value(theirs, values, dict(expressions))
        except (ValueError, Untold, ArithmeticError):
            return None
        if other == 0:
            return None
        found.append(one / other)
    first = found[0]
    same = all(abs(each - first) <= _CLOSE * abs(first) for each in found)
    return first if same and first > 0 else None


def value(text: str, values: Mapping[str, float], expressions: Mapping[str, str]) -> float:
    """The value of an expression where each metric has one point.

    Raises ValueError for what is no expression, Untold for what one point does not tell, ArithmeticError.
    """
    return _Point(values, expressions).of(parse(text).root)


class _Point:
    def __init__(self, values: Mapping[str, float], expressions: Mapping[str, str]) -> None:
        self._values = values
        self._expressions = expressions
        self._running: set[str] = set()

    def of(self, node: Node) -> float:
        match node:
            case Number(value=number):
                return number
            case Name(id=id_):
                return self._named(id_)
            case Negated(operand=operand):
                return -self.of(operand)
            case Operation(operator=operator, left=left, right=right):
                return _operation(operator, self.of(left), self.of(right))
            case Call(function=function, arguments=arguments):
                return self._call(function, arguments)
            case _:
                raise Untold

    def _named(self, id_: str) -> float:
        if id_ in self._values:
            return self._values[id_]
        if id_ not in self._expressions or id_ in self._running:
            raise Untold
        self._running.add(id_)
        try:
            return self.of(parse(self._expressions[id_]).root)
        finally:
            self._running.discard(id_)

    def _call(self, function: str, arguments: tuple[Node, ...]) -> float:
        match function, arguments:
            case "FILL", (series, _):
                return self.of(series)
            case "IF", (condition, then):
                if not self.of(condition):
                    raise Untold
                return self.of(then)
            case "IF", (condition, then, otherwise):
                return self.of(then) if self.of(condition) else self.of(otherwise)
            case "ABS", (operand,):
                return abs(self.of(operand))
            case (("MAX" | "MIN" | "SUM"), (Listed(items=items),)):
                each = [self.of(item) for item in items]
                return max(each) if function == "MAX" else min(each) if function == "MIN" else sum(each)
            case _:
                raise Untold


def _operation(operator: str, left: float, right: float) -> float:
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left / right
        case "^":
            result = left**right
            if not isinstance(result, float):
                raise Untold
            return result
        case "AND":
            return float(bool(left) and bool(right))
        case "OR":
            return float(bool(left) or bool(right))
        case _:
            return float(_COMPARED[operator](left, right))


_COMPARED: Final = {
    "==": lambda one, other: one == other,
    "!=": lambda one, other: one != other,
    "<=": lambda one, other: one <= other,
    ">=": lambda one, other: one >= other,
    "<": lambda one, other: one < other,
    ">": lambda one, other: one > other,
}
