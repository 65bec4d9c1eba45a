"""What the expressions of an alarm give, on aligned slots.

`prepare` (`math_prepare`) checks a set of queries once; `run` evaluates it with a
kernel (`PlainKernel` for one evaluation). `evaluate` does both. What AWS does not
document is assumed by name, and said with the result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

from msgspec import Struct

from kfm_audit.aws.math_assumptions import Assumption, Choices
from kfm_audit.aws.math_check import Query
from kfm_audit.aws.math_error import MathError
from kfm_audit.aws.math_kernel import Kernel
from kfm_audit.aws.math_points import PlainKernel, Points
from kfm_audit.aws.math_prepare import Prepared, prepare
from kfm_audit.aws.math_syntax import (
    Call,
    Listed,
    Name,
    Negated,
    Node,
    Number,
    Operation,
    Text,
    is_metrics_insights,
)
from kfm_audit.aws.math_types import MathType, function

P = TypeVar("P")


class Value(Struct, Generic[P], frozen=True):
    """What an expression gives: one member, or for an array any number."""

    kind: MathType
    members: tuple[P, ...]


class Evaluation(Struct, Generic[P], frozen=True):
    """The series that an alarm watches, and what AWS does not document of the way to it, in a fixed order."""

    points: P
    assumptions: tuple[Assumption, ...]


def evaluate(
    queries: Sequence[Query],
    series: Mapping[str, Points],
    period: int,
    *,
    start: int = 0,
    choices: Choices | None = None,
) -> Evaluation[Points]:
    """What the queries of an alarm give on aligned slots, oldest first, None where data is missing.

    `series` holds the points of each metric by the id of its query; one that is left out has no data.
    `period` is the length of a slot in seconds, `start` the epoch second at which the first begins.
    Raises MathError, as `prepare` does.
    """
    slots = max((len(points) for points in series.values()), default=0)
    kernel = PlainKernel(slots, period, start=start, choices=choices)
    return run(prepare(queries), series, kernel, period=period)


def run(prepared: Prepared, series: Mapping[str, P], kernel: Kernel[P], *, period: int) -> Evaluation[P]:
    """Evaluate prepared queries. Raises MathError for what only CloudWatch can compute."""
    evaluator = _Evaluator(prepared, series, kernel, period)
    value = evaluator.query(prepared.result.id)
    if len(value.members) != 1:
        raise MathError(f"the expression gives {len(value.members)} time series, not one", 0, certain=False)
    noted = evaluator.assumptions
    return Evaluation(value.members[0], tuple(item for item in Assumption if item in noted))


class _Evaluator(Generic[P]):
    def __init__(self, prepared: Prepared, series: Mapping[str, P], kernel: Kernel[P], period: int) -> None:
        self._queries = {query.id: query for query in prepared.queries}
        self._expressions = prepared.expressions
        self._series = series
        self._kernel = kernel
        self._period = period
        self._known: dict[str, Value[P]] = {}
        self.assumptions: set[Assumption] = set()

    def query(self, wanted: str) -> Value[P]:
        """What a query gives; the set has no cycles, because it was checked."""
        if wanted not in self._known:
            self._known[wanted] = self._computed(wanted)
        return self._known[wanted]

    def _computed(self, wanted: str) -> Value[P]:
        query = self._queries[wanted]
        if not query.expression:
            return Value(MathType.SERIES, (self._metric(wanted),))
        if is_metrics_insights(query.expression):
            raise MathError("which metrics a Metrics Insights query finds is known only to CloudWatch", 0)
        expression = self._expressions[wanted]
        if expression.unclear:
            self.assumptions.add(Assumption.OPERATOR_PRECEDENCE)
        return self._value(expression.root)

    def _metric(self, wanted: str) -> P:
        if wanted in self._series:
            return self._series[wanted]
        return self._kernel.across("SUM", ())

    def _value(self, node: Node) -> Value[P]:
        match node:
            case Number(value):
                return Value(MathType.SCALAR, (self._kernel.constant(value),))
            case Name(wanted):
                return self.query(wanted)
            case Listed(items):
                members = (member for item in items for member in self._value(item).members)
                return Value(MathType.ARRAY, tuple(members))
            case Negated(operand):
                return self._each(lambda points: self._kernel.pointwise("-", points), self._value(operand))
            case Operation():
                return self._operation(node)
            case Call():
                return self._call(node)
            case Text():
                raise MathError("a string is no operand", node.position, node.end)

    def _operation(self, node: Operation) -> Value[P]:
        left, right = self._value(node.left), self._value(node.right)
        sparse = (left.kind is not MathType.SCALAR, right.kind is not MathType.SCALAR)
        ones = left.members if left.kind is MathType.ARRAY else left.members * len(right.members)
        others = right.members if right.kind is MathType.ARRAY else right.members * len(left.members)
        members = []
        for one, other in zip(ones, others, strict=True):
            found = self._kernel.binary(node.operator, one, other, sparse=sparse)
            if sparse == (False, False) and self._kernel.is_empty(found):
                self.assumptions.add(Assumption.NO_SCALAR)
            if node.operator == "^" and self._kernel.count(found) < self._expected(one, other, sparse):
                self.assumptions.add(Assumption.NO_NUMBER)
            members.append(found)
        kinds = (left.kind, right.kind)
        kind = next((kind for kind in (MathType.ARRAY, MathType.SERIES) if kind in kinds), MathType.SCALAR)
        return Value(kind, tuple(members))

    def _expected(self, one: P, other: P, sparse: tuple[bool, bool]) -> int:
        """How many values an operation gives that drops none."""
        counting = self._kernel.binary("OR", one, other, sparse=sparse)
        return self._kernel.count(counting)

    def _call(self, call: Call) -> Value[P]:
        known = function(call.function)
        assert known is not None, "unknown functions are refused before"
        if known.opaque:
            raise MathError(f"{call.function} is not evaluated: {known.opaque}", call.position, call.end)
        match call.function:
            case "IF":
                return self._if(call)
            case "FILL":
                return self._fill(call)
            case "METRICS":
                return self._metrics(call)
            case "PERIOD":
                return self._number(self._query_period(call.arguments[0]))
            case "SORT":
                return self._sort(call)
            case _:
                return self._plain_call(call)

    def _plain_call(self, call: Call) -> Value[P]:
        """The functions whose arguments are values and nothing else."""
        kernel, name = self._kernel, call.function
        value = self._value(call.arguments[0])
        match name:
            case "ABS" | "CEIL" | "FLOOR":
                return self._each(lambda points: kernel.pointwise(name, points), value)
            case "LOG" | "LOG10":
                found = self._each(lambda points: kernel.pointwise(name, points), value)
                if self._values_in(found) < self._values_in(value):
                    self.assumptions.add(Assumption.NO_NUMBER)
                return found
            case "DIFF" | "DIFF_TIME" | "RATE":
                self.assumptions.add(Assumption.EVALUATION_RANGE)
                return self._each(lambda points: kernel.change(name, points), value)
            case "RUNNING_SUM":
                self.assumptions.add(Assumption.EVALUATION_RANGE)
                return self._each(kernel.running_sum, value)
            case "AVG" | "SUM" | "MIN" | "MAX" | "STDDEV" | "DATAPOINT_COUNT":
                return self._reduced(name, value)
            case "FIRST" | "LAST":
                found_members = value.members[:1] if name == "FIRST" else value.members[-1:]
                # CloudWatch gives an empty series for an empty array, not an error.
                return Value(MathType.SERIES, found_members or (kernel.across("SUM", ()),))
            case "METRIC_COUNT":
                return self._number(float(len(value.members)))
            case "REMOVE_EMPTY":
                self.assumptions.add(Assumption.EVALUATION_RANGE)
                return Value(MathType.ARRAY, kernel.with_data(value.members))
            case "SLICE":
                return self._slice(call, value)
            case "TIME_SERIES":
                return Value(MathType.SERIES, value.members)
            case _:
                return Value(MathType.SERIES, (kernel.calendar(name),))

    def _reduced(self, name: str, value: Value[P]) -> Value[P]:
        if name in ("MIN", "MAX", "STDDEV") and any(
            self._kernel.count(points) < self._kernel.slots for points in value.members
        ):
            self.assumptions.add(Assumption.EXTREMES_WITHOUT_DATA)
        if name == "STDDEV":
            self.assumptions.add(Assumption.STANDARD_DEVIATION)
        if value.kind is MathType.ARRAY:
            found = self._kernel.across(name, value.members)
            if name == "DATAPOINT_COUNT" and self._kernel.count(found) < self._kernel.slots:
                self.assumptions.add(Assumption.COUNT_OF_NOTHING)
            return Value(MathType.SERIES, (found,))
        self.assumptions.add(Assumption.EVALUATION_RANGE)
        found = self._kernel.over_time(name, value.members[0])
        if self._kernel.is_empty(found):
            self.assumptions.add(Assumption.NO_SCALAR)
        return Value(MathType.SCALAR, (found,))

    def _if(self, call: Call) -> Value[P]:
        condition, yes, *rest = (self._value(argument) for argument in call.arguments)
        each = condition.kind is not MathType.SCALAR
        zero = each and yes.kind is not MathType.SCALAR
        no = rest[0].members[0] if rest else None
        found = self._kernel.choose(condition.members[0], yes.members[0], no, zero=zero)
        return Value(MathType.SERIES, (found,))

    def _fill(self, call: Call) -> Value[P]:
        kernel = self._kernel
        value = self._value(call.arguments[0])
        if any(kernel.is_empty(points) for points in value.members):
            self.assumptions.add(Assumption.FILL_WITHOUT_DATA)
        match call.arguments[1]:
            case Name("REPEAT" | "LINEAR" as keyword) if keyword not in self._queries:
                found = self._each(kernel.repeat if keyword == "REPEAT" else kernel.interpolate, value)
                if self._values_in(found) < kernel.slots * len(found.members):
                    self.assumptions.add(Assumption.FILL_AT_THE_EDGE)
                return found
            case argument:
                filler = self._value(argument).members[0]
                return self._each(lambda points: kernel.fill(points, filler), value)

    def _metrics(self, call: Call) -> Value[P]:
        """All metrics of the request whose id contains the string; expressions are none."""
        match call.arguments:
            case (Text(part),):
                wanted = part
            case _:
                wanted = ""
        metrics = [query.id for query in self._queries.values() if not query.expression]
        return Value(MathType.ARRAY, tuple(self._metric(id_) for id_ in metrics if wanted in id_))

    def _query_period(self, node: Node) -> float:
        assert isinstance(node, Name), "what is no metric is refused before"
        return float(self._queries[node.id].period or self._period)

    def _sort(self, call: Call) -> Value[P]:
        array, by, order, *limit = call.arguments
        assert isinstance(by, Name)
        assert isinstance(order, Name)
        self.assumptions.update((Assumption.EVALUATION_RANGE, Assumption.SORT_ORDER))
        members = self._kernel.in_order(self._value(array).members, by.id, descending=order.id == "DESC")
        return Value(MathType.ARRAY, members[: self._bound(call, limit[0])] if limit else members)

    def _slice(self, call: Call, value: Value[P]) -> Value[P]:
        first, *last = (self._bound(call, node) for node in call.arguments[1:])
        members = value.members[first : last[0] if last else None]
        if len(members) == 1:
            self.assumptions.add(Assumption.SLICE_OF_ONE)
        return Value(MathType.ARRAY, members)

    def _bound(self, call: Call, node: Node) -> int:
        """An index: only a number that is written out, because it decides how many series there are."""
        if not isinstance(node, Number):
            raise MathError(
                f"the bounds of {call.function} are evaluated where they are written as numbers",
                node.position,
                node.end,
                certain=False,
            )
        return int(node.value)

    def _number(self, value: float) -> Value[P]:
        return Value(MathType.SCALAR, (self._kernel.constant(value),))

    def _each(self, operation: Callable[[P], P], value: Value[P]) -> Value[P]:
        return Value(value.kind, tuple(operation(points) for points in value.members))

    def _values_in(self, value: Value[P]) -> int:
        return sum(self._kernel.count(points) for points in value.members)
