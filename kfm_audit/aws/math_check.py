"""A whole set of metric queries: what CloudWatch refuses in it, and what each query gives.

API reference of PutMetricAlarm, parameter `Metrics`, and of MetricDataQuery; the
Terraform AWS provider's own limit on expressions. The wording of unknown ids,
unknown functions and wrong results is the API's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final

from msgspec import Struct

from kfm_audit.aws.math_error import MathError
from kfm_audit.aws.math_syntax import (
    Call,
    Expression,
    Node,
    Number,
    is_metrics_insights,
    parse,
)
from kfm_audit.aws.math_types import MathType
from kfm_audit.aws.math_typing import Typing, names_in
from kfm_audit.pattern import pattern

MAX_METRICS: Final = 10
MAX_EXPRESSIONS: Final = 10
MAX_TERRAFORM_LENGTH: Final = 1024
"""Characters of an expression that the Terraform provider takes; the API takes twice as many."""

_ID: Final = pattern(r"[a-z][a-zA-Z0-9_]{0,254}")
_RESULT: Final = "The return value of the expression must be TimeSeries or Array[TimeSeries]"


class Query(Struct, frozen=True, kw_only=True):
    """One `metric_query`: an expression, or a metric where `expression` is "".

    `period` is in seconds: that of the metric, or that beside a Metrics Insights query; 0 where it is not set.
    """

    id: str
    expression: str = ""
    period: int = 0
    return_data: bool = False


class Fault(Struct, frozen=True, kw_only=True):
    """What CloudWatch refuses in a set of queries.

    `query` is the index of the query that is wrong, -1 where the whole set is; `position`
    and `end` are 0-based offsets in its expression, -1 where none is. `certain` is False
    where AWS does not document that it refuses this, or this program gives up.
    `cure` is the change that mends it, "" where that depends on what was meant.
    """

    message: str
    query: int = -1
    position: int = -1
    end: int = -1
    certain: bool = True
    cure: str = ""


class Checked(Struct, frozen=True):
    """A set of queries that was checked.

    `types` and `expressions` are by id; a type is None where something below it is wrong.
    """

    faults: tuple[Fault, ...]
    types: Mapping[str, MathType | None]
    expressions: Mapping[str, Expression]


def check(queries: Sequence[Query], *, threshold_id: str = "") -> tuple[Fault, ...]:
    """Everything that CloudWatch refuses in the queries of one alarm, in their order.

    `threshold_id` is the alarm's `threshold_metric_id`: the query of a band, which is no result.
    """
    return examine(queries, threshold_id=threshold_id).faults


def check_alone(text: str) -> tuple[MathError, ...]:
    """What is wrong with one expression whatever the other queries are, which are not known."""
    if is_metrics_insights(text):
        return ()
    try:
        expression = parse(text)
    except MathError as error:
        return (error,)
    typing = Typing({}, open_ids=True)
    typing.of(expression)
    return tuple(typing.faults)


def examine(queries: Sequence[Query], *, threshold_id: str = "") -> Checked:
    """Check a set of queries as `check` does, and keep what was learnt on the way."""
    return _examined(tuple(queries), threshold_id)


# A module that is called for every service writes the same queries for every one of them.
@lru_cache(maxsize=256)
def _examined(queries: tuple[Query, ...], threshold_id: str) -> Checked:
    examination = _Examination(queries)
    faults = [
        *examination.set_faults(),
        *examination.faults,
        *examination.result_faults(threshold_id),
    ]
    faults.sort(key=lambda fault: (fault.query, fault.position))
    return Checked(tuple(faults), examination.types, examination.expressions)


class _Examination:
    """Types queries in the order in which they need each other."""

    def __init__(self, queries: Sequence[Query]) -> None:
        self._queries = queries
        self._at = {query.id: number for number, query in reversed(list(enumerate(queries)))}
        self.types: dict[str, MathType | None] = {}
        self.expressions: dict[str, Expression] = {}
        self.faults: list[Fault] = []
        for number, query in enumerate(queries):
            self._parse(number, query)
        for query in queries:
            self._settle(query.id)

    def set_faults(self) -> Iterator[Fault]:
        """What is wrong with the set, whatever its expressions say."""
        metrics = sum(not query.expression for query in self._queries)
        expressions = len(self._queries) - metrics
        if metrics > MAX_METRICS:
            yield Fault(message=f"an alarm reads at most {MAX_METRICS} metrics, not {metrics}")
        if expressions > MAX_EXPRESSIONS:
            yield Fault(message=f"an alarm has at most {MAX_EXPRESSIONS} expressions, not {expressions}")
        counts = Counter(query.id for query in self._queries)
        for number, query in enumerate(self._queries):
            if not _ID.fullmatch(query.id):
                yield Fault(
                    message=f"the id '{query.id}' is none: a lower-case letter, then letters, digits and _",
                    query=number,
                    cure="begin the id with a lower-case letter, here and in the expressions that read it",
                )
            if counts[query.id] > 1 and self._at[query.id] != number:
                yield Fault(
                    message=f"the id '{query.id}' is taken by another query",
                    query=number,
                    cure="give each query an id of its own",
                )
        periods = {query.period: number for number, query in enumerate(self._queries) if query.period}
        if len(periods) > 1:
            shown = " and ".join(str(period) for period in sorted(periods))
            yield Fault(
                message=f"all metrics of an alarm have the same period, not {shown} seconds",
                query=max(periods.values()),
            )

    def result_faults(self, threshold_id: str) -> Iterator[Fault]:
        """What is wrong with what the alarm watches: exactly one query, one time series."""
        if threshold_id and threshold_id not in self._at:
            yield Fault(message=f"ID '{threshold_id}' of threshold_metric_id not found")
        returned = [
            number
            for number, query in enumerate(self._queries)
            if query.return_data and query.id != threshold_id
        ]
        if len(returned) != 1:
            shown = "none does" if not returned else f"{len(returned)} do"
            yield Fault(
                message=f"exactly one query returns data, and {shown}",
                cure="set return_data = true in the query that the alarm watches, and in no other",
            )
            return
        query = self._queries[returned[0]]
        kind = self.types.get(query.id)
        expression = self.expressions.get(query.id)
        faulty = any(fault.query == returned[0] for fault in self.faults)
        if faulty or expression is None or _is_slice_of_one(expression.root):
            return
        if kind is MathType.ARRAY:
            yield Fault(
                message=f"the expression of '{query.id}' gives an array of time series, "
                "and an alarm watches a single one",
                query=returned[0],
                position=0,
                end=len(expression.text),
                cure="make one series of the array with SUM, AVG, MAX, MIN, FIRST or LAST",
            )

    def _parse(self, number: int, query: Query) -> None:
        text = query.expression
        if not text:
            return
        if len(text) > MAX_TERRAFORM_LENGTH:
            self._fault(
                number,
                f"Terraform takes expressions of at most {MAX_TERRAFORM_LENGTH} characters, not {len(text)}",
                MAX_TERRAFORM_LENGTH,
                len(text),
            )
        if is_metrics_insights(text):
            return
        try:
            self.expressions.setdefault(query.id, parse(text))
        except MathError as error:
            self._keep(number, error)

    def _settle(self, wanted: str) -> None:
        """Type a query after all those that it reads; a set may nest deeper than Python's stack."""
        path = [wanted]
        while path:
            current = path[-1]
            if current in self.types:
                path.pop()
                continue
            expression = self.expressions.get(current)
            needed = list(names_in(expression.root)) if expression else []
            blocking = [name for name in needed if name.id in self._at and name.id not in self.types]
            circular = next((name for name in blocking if name.id in path), None)
            if circular is not None:
                around = " -> ".join([*path[path.index(circular.id) :], circular.id])
                self._fault(
                    self._at[current],
                    f"the expressions need each other: {around}",
                    circular.position,
                    circular.end,
                    cure="let one of them read metrics only",
                )
                self.types[current] = None
            elif blocking:
                path.append(blocking[0].id)
            else:
                self.types[current] = self._typed(current, expression)

    def _typed(self, own: str, expression: Expression | None) -> MathType | None:
        number = self._at[own]
        text = self._queries[number].expression
        if expression is None:
            if not text:
                return MathType.SERIES
            # `GROUP BY` gives one series for each group: an alarm watches each of them alone.
            grouped = "GROUP BY" in " ".join(text.upper().split())
            insights = MathType.ARRAY if grouped else MathType.SERIES
            return insights if is_metrics_insights(text) else None
        # All ids that are read have types; the others count as queries all the same.
        metrics = frozenset(query.id for query in self._queries if not query.expression)
        typing = Typing({query.id: self.types.get(query.id) for query in self._queries}, metrics, own=own)
        kind = typing.of(expression)
        for error in typing.faults:
            self._keep(number, error)
        if kind in (MathType.SCALAR, MathType.TEXT):
            self._fault(
                number, _RESULT, 0, len(text), cure="write it out as a series: TIME_SERIES(...) of a number"
            )
            return None
        return kind

    def _keep(self, number: int, error: MathError) -> None:
        self.faults.append(
            Fault(
                message=error.message,
                query=number,
                position=error.position,
                end=error.end,
                certain=error.certain,
                cure=error.cure,
            )
        )

    def _fault(self, number: int, message: str, position: int, end: int, *, cure: str = "") -> None:
        self.faults.append(Fault(message=message, query=number, position=position, end=end, cure=cure))


def _is_slice_of_one(node: Node) -> bool:
    """Whether an array is a single series: the guide lets SLICE give TS, and this is when it can."""
    match node:
        case Call("SLICE", (_, Number(first), Number(end))):
            return end - first == 1
        case _:
            return False
