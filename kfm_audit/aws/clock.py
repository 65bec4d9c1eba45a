"""Metric math that looks at the clock: what makes an alarm deaf at some hours.

CloudWatch user guide, "Using metric math": `MINUTE`, `HOUR`, `DAY`, `DATE`, `MONTH` and `YEAR` give parts of
a datapoint's time in UTC. `IF(DAY(m1) < 6, m1)` has no datapoint on weekends, so that no alarm on it goes off.
How an expression gives way to the clock is read from its form; that it does is what an evaluation shows, at all
times that the clock can tell apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from kfm_audit.aws.math_error import MathError
from kfm_audit.aws.math_syntax import Call, Listed, Name, Negated, Node, Number, Operation, parse

if TYPE_CHECKING:
    from kfm_audit.aws.math_points import Points

_PROBES: Final = (0.0, 1e9, -1e9)
"""Nothing, and more than any threshold on either side."""
_MOST_SLOTS: Final = 12_000

FUNCTIONS: Final = frozenset({"MINUTE", "HOUR", "DAY", "DATE", "MONTH"})
"""Those whose value comes back: `YEAR` and `EPOCH` keep no hours."""


class ClockUse(Struct, frozen=True):
    """An expression looks at the clock.

    `silent` says that at some times it has no value that breaches, whatever is measured; where it is False,
    that cannot be told.
    """

    id: str
    function: str
    silent: bool


def clock_use(expressions: Mapping[str, str], breaches: Callable[[float], bool]) -> ClockUse | None:
    """Whether one of an alarm's expressions looks at the clock; the one that is silent first.

    `expressions` are the alarm's, by id; one that cannot be parsed is left out. `breaches` says whether a
    constant goes off.
    """
    roots = dict(_parsed(expressions))
    clocked: dict[str, str] = {}
    for _ in roots:
        clocked |= {id_: found for id_, root in roots.items() if (found := _function(root, clocked))}
    uses = [
        ClockUse(
            id_,
            function,
            any(_is_silent(node, clocked, breaches) for node in _nodes(roots[id_]))
            and _is_deaf(id_, expressions, breaches),
        )
        for id_, function in clocked.items()
        if not _is_loud(roots[id_], clocked, breaches)
    ]
    return next((use for use in uses if use.silent), uses[0] if uses else None)


def _is_deaf(wanted: str, expressions: Mapping[str, str], breaches: Callable[[float], bool]) -> bool:
    """Whether there is a time at which no value breaches, as far as an evaluation tells."""
    try:
        found = [_by_the_clock(wanted, tuple(expressions.items()), probe) for probe in _PROBES]
    except MathError:
        return True
    return any(
        not any(value is not None and breaches(value) for value in values)
        for values in zip(*found, strict=True)
    )


# The alarms of a module have the same expressions.
@lru_cache(maxsize=64)
def _by_the_clock(wanted: str, expressions: tuple[tuple[str, str], ...], probe: float) -> Points:
    """What an expression gives at all times that it can tell apart, while every metric has one value throughout."""
    from kfm_audit.aws.math_check import Query
    from kfm_audit.aws.math_evaluate import run
    from kfm_audit.aws.math_points import PlainKernel
    from kfm_audit.aws.math_prepare import prepare
    from kfm_audit.aws.math_typing import names_in

    texts = dict(expressions)
    roots = dict(_parsed(texts))
    calls = (node for root in roots.values() for node in _nodes(root) if isinstance(node, Call))
    functions = {call.function for call in calls}
    read = dict.fromkeys(name.id for root in roots.values() for name in names_in(root))
    metrics = [id_ for id_ in read if id_ not in texts]
    period = 60 if "MINUTE" in functions else 3600
    days = 366 if functions & {"DATE", "MONTH"} else 8
    slots = days * 86_400 // period
    if slots > _MOST_SLOTS:
        raise MathError("it tells too many times apart", 0, certain=False)
    queries = [Query(id=name) for name in metrics]
    queries += [Query(id=id_, expression=text, return_data=id_ == wanted) for id_, text in texts.items()]
    series = dict.fromkeys(metrics, (probe,) * slots)
    return run(prepare(queries), series, PlainKernel(slots, period), period=period).points


def _parsed(expressions: Mapping[str, str]) -> Iterator[tuple[str, Node]]:
    for id_, text in expressions.items():
        try:
            yield id_, parse(text).root
        except MathError:
            continue


def _function(root: Node, clocked: Mapping[str, str]) -> str:
    """The function by which an expression looks at the clock, itself or by another one; "" for none."""
    for node in _nodes(root):
        if isinstance(node, Call) and node.function in FUNCTIONS:
            return node.function
        if isinstance(node, Name) and node.id in clocked:
            return clocked[node.id]
    return ""


def _is_silent(node: Node, clocked: Mapping[str, str], breaches: Callable[[float], bool]) -> bool:
    """Whether a node gives way to the clock: a branch that nothing measured stands in, or a factor that is 0."""
    match node:
        case Call(function="IF", arguments=(condition, *branches)) if _function(condition, clocked):
            if len(branches) == 1:
                return True
            constants = [_constant(branch) for branch in branches]
            return any(value is not None and not breaches(value) for value in constants)
        case Operation(operator="*", left=left, right=right):
            factors = (
                side for side in (left, right) if isinstance(side, Operation) and _function(side, clocked)
            )
            return any(_is_truth(side) for side in factors) and not breaches(0)
        case _:
            return False


def _is_loud(root: Node, clocked: Mapping[str, str], breaches: Callable[[float], bool]) -> bool:
    """Whether at every time an expression is either what is measured, or a constant that breaches."""
    match root:
        case Call(function="IF", arguments=(condition, one, other)) if _function(condition, clocked):
            constants = [_constant(branch) for branch in (one, other)]
            return all(
                breaches(value)
                if value is not None
                else isinstance(branch, Name) and branch.id not in clocked
                for branch, value in zip((one, other), constants, strict=True)
            )
        case _:
            return False


def _is_truth(operation: Operation) -> bool:
    return operation.operator not in {"+", "-", "*", "/", "^"}


def _constant(node: Node) -> float | None:
    match node:
        case Number(value):
            return value
        case Negated(Number(value)):
            return -value
        case _:
            return None


def _nodes(root: Node) -> Iterator[Node]:
    pending: list[Node] = [root]
    while pending:
        node = pending.pop()
        yield node
        match node:
            case Listed(items):
                pending += items
            case Call(arguments=arguments):
                pending += arguments
            case Negated(operand):
                pending.append(operand)
            case Operation(left=left, right=right):
                pending += (left, right)
            case _:
                pass
