"""What an alarm on a ratio does when there is little or nothing to divide by.

Expressions are not matched against forms: they are evaluated on probes, as
CloudWatch would evaluate them (`kfm_audit.aws.math_evaluate`), so that every way
to write a guard counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from msgspec import Struct

from kfm_audit.aws.alarm_evaluation import Comparison
from kfm_audit.aws.math_check import Query
from kfm_audit.aws.math_error import MathError
from kfm_audit.aws.math_evaluate import run
from kfm_audit.aws.math_points import PlainKernel
from kfm_audit.aws.math_prepare import Prepared, prepare
from kfm_audit.aws.math_syntax import Call, Listed, Name, Negated, Node, Operation
from kfm_audit.evidence.alarm.metric_math import queries_of
from kfm_audit.evidence.alarm.series import Series, series_of
from kfm_audit.facts import MetricAlarm
from kfm_audit.values import Unknown, known

_COUNTS: Final = ("Sum", "SampleCount")
"""Statistics that are 0 or missing when nothing happens."""
_PERIOD: Final = 60
"""Seconds, for the probes of an alarm whose period is not known."""
_PLENTY: Final = 1_000_000
"""Calls enough for every guard."""


class Single(Struct, frozen=True):
    """One failure among `calls` calls gives `value`, which breaches."""

    calls: int
    value: float


class Ratio(Struct, frozen=True, kw_only=True):
    """A ratio of counts that an alarm watches.

    `above` and `below` are the metrics on either side of the division. `at` is the index
    of the query with the division. `idle` are the values of the expression when there is
    nothing to divide by: None for a missing datapoint.
    """

    above: tuple[Series, ...]
    below: tuple[Series, ...]
    at: int
    idle: tuple[float | None, ...]
    single: Single | None = None


def breaches(alarm: MetricAlarm, value: float) -> bool:
    """Whether a datapoint breaches the alarm's threshold; False where that is not known."""
    operator, threshold = known(alarm.comparison_operator), known(alarm.threshold)
    return _breaches(operator, threshold, value)


def _breaches(operator: str | None, threshold: float | None, value: float) -> bool:
    if threshold is None or operator not in {item.value for item in Comparison}:
        return False
    return Comparison(operator).holds(value, threshold)


def ratio_of(alarm: MetricAlarm, minimum: int) -> Ratio | None:
    """The ratio that an alarm watches; None where it watches none, or where that cannot be told.

    `minimum` is the number of calls from which on a single failure may breach.
    """
    queries = queries_of(alarm)
    found = series_of(alarm)
    if queries is None or isinstance(queries, Unknown) or isinstance(found, Unknown):
        return None
    operator, threshold = known(alarm.comparison_operator), known(alarm.threshold)
    probed = _probed(queries, operator, threshold, minimum)
    if probed is None:
        return None
    by_id = {series.id: series for series in found}
    above = tuple(by_id[id_] for id_ in probed.division.above if id_ in by_id)
    below = tuple(by_id[id_] for id_ in probed.division.below if id_ in by_id)
    if not above or not below or any((known(series.statistic) or "") not in _COUNTS for series in below):
        return None
    return Ratio(
        above=above,
        below=below,
        at=[query.id for query in queries].index(probed.division.query),
        idle=probed.idle,
        single=probed.single,
    )


class _Division(Struct, frozen=True):
    query: str
    above: tuple[str, ...]
    below: tuple[str, ...]


class _Probed(Struct, frozen=True):
    division: _Division
    idle: tuple[float | None, ...]
    single: Single | None


# Alarms that a module makes have the same expressions and thresholds: they are evaluated once.
@lru_cache(maxsize=256)
def _probed(
    queries: tuple[Query, ...], operator: str | None, threshold: float | None, minimum: int
) -> _Probed | None:
    """The division that an alarm watches, evaluated without data and on a single failure."""
    try:
        prepared = prepare(queries)
        division = next(_divisions(prepared), None)
        if division is None:
            return None
        return _Probed(
            division,
            tuple(_newest(prepared, values) for values in _idle(division)),
            _single(operator, threshold, prepared, division, minimum),
        )
    except MathError:
        return None


def _divisions(prepared: Prepared) -> Iterator[_Division]:
    """The divisions by metrics on the way to the result, outermost first."""
    waiting = [prepared.result.id]
    seen: set[str] = set()
    while waiting:
        current = waiting.pop(0)
        expression = prepared.expressions.get(current)
        if expression is None or current in seen:
            continue
        seen.add(current)
        for node in _nodes(expression.root):
            match node:
                case Operation("/", left, right):
                    above, below = _metrics(left, prepared), _metrics(right, prepared)
                    if above and below:
                        yield _Division(current, above, below)
                case Name(id_):
                    waiting.append(id_)
                case _:
                    pass


def _metrics(node: Node, prepared: Prepared) -> tuple[str, ...]:
    """The metrics that a part of an expression hangs on, each once."""
    found: dict[str, None] = {}
    waiting = [node]
    seen: set[str] = set()
    while waiting:
        for inner in _nodes(waiting.pop()):
            if isinstance(inner, Call) and inner.function == "METRICS":
                found |= {query.id: None for query in prepared.queries if not query.expression}
            if not isinstance(inner, Name) or inner.id in seen:
                continue
            seen.add(inner.id)
            expression = prepared.expressions.get(inner.id)
            if expression is not None:
                waiting.append(expression.root)
            else:
                found[inner.id] = None
    return tuple(found)


def _nodes(root: Node) -> Iterator[Node]:
    """A node and all below it; PERIOD is a number, whatever its metric."""
    waiting = [root]
    while waiting:
        node = waiting.pop(0)
        yield node
        match node:
            case Negated(operand):
                waiting.append(operand)
            case Operation(_, left, right):
                waiting += (left, right)
            case Listed(items):
                waiting += items
            case Call(function, arguments) if function != "PERIOD":
                waiting += arguments
            case _:
                pass


def _idle(division: _Division) -> Iterator[Mapping[str, float | None]]:
    """No datapoint at all; zeros below and nothing above; zeros throughout."""
    yield {}
    yield dict.fromkeys(division.below, 0.0)
    yield dict.fromkeys((*division.above, *division.below), 0.0)


def _single(
    operator: str | None, threshold: float | None, prepared: Prepared, division: _Division, minimum: int
) -> Single | None:
    """The smallest number of calls among which one failure breaches, below the minimum."""

    def value(counted: int, calls: int) -> float | None:
        found = _newest(prepared, _calls(division, counted, calls))
        return found if found is not None and _breaches(operator, threshold, found) else None

    if value(_PLENTY, _PLENTY) is not None:
        counts_failures = True
    elif value(0, _PLENTY) is not None:
        counts_failures = False
    else:
        return None
    for calls in range(1, minimum):
        found = value(1 if counts_failures else calls - 1, calls)
        if found is not None:
            return Single(calls, found)
    return None


def _calls(division: _Division, counted: int, calls: int) -> Mapping[str, float | None]:
    """Values of the metrics when so many of the calls are counted above the line.

    `errors / (errors + good)` counts by what stands on both sides, `(calls - errors) /
    calls` by what stands only above. Of several metrics the first one has it all.
    """
    above = [id_ for id_ in division.above if id_ not in division.below]
    both = [id_ for id_ in division.above if id_ in division.below]
    below = [id_ for id_ in division.below if id_ not in division.above]
    values: dict[str, float | None] = dict.fromkeys((*above, *both, *below), 0.0)
    values[(above or both)[0]] = float(counted)
    if above:
        values[(both or below)[0]] = float(calls)
    elif below:
        values[below[0]] = float(calls - counted)
    return values


def _newest(prepared: Prepared, values: Mapping[str, float | None]) -> float | None:
    """The newest of two datapoints that are alike: some functions need one before."""
    series = {id_: (value, value) for id_, value in values.items()}
    period = max((query.period for query in prepared.queries), default=0) or _PERIOD
    return run(prepared, series, PlainKernel(2, period), period=period).points[-1]
