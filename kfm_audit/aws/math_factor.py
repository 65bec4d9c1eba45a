"""Whether two sets of metric queries give the same, up to a constant factor.

Expressions are not matched against forms: both are evaluated on probes, as CloudWatch
would evaluate them (`math_evaluate`), so that every way to write the same counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from kfm_audit.aws.math_check import Query
from kfm_audit.aws.math_error import MathError
from kfm_audit.aws.math_evaluate import run
from kfm_audit.aws.math_points import AnyTime, Points
from kfm_audit.aws.math_prepare import prepare

_PROBES: Final = (
    (30.25, 80.5, 900.75, 5.5),
    (1000.5, 4000.25, 20000.5, 90000.75),
    (7.75, 110.25, 50.5, 1300.25),
)
"""Values of three metrics, slot by slot: in no common proportion, beyond what guards ask for, and not whole."""
_SLOTS: Final = len(_PROBES[0])
_PERIOD: Final = 60
"""Seconds, where no query has a period."""
_CLOSE: Final = 1e-9


def factor(ours: Sequence[Query], theirs: Sequence[Query], same: Mapping[str, str]) -> float | None:
    """By what the result of `theirs` must be multiplied to be that of `ours`.

    `same` leads from the id of each metric of `ours` to that of the same metric in `theirs`. None where no
    constant above 0 does it, and where it cannot be told: CloudWatch refuses the queries, only it can
    compute them, or they look at the clock. Guards for small or missing values (`IF`, `FILL`) are passed
    by: the queries are compared where there is plenty of data.
    """
    return _factor(tuple(ours), tuple(theirs), tuple(same.items()))


# The alarms of a module are compared with the contract in the same words.
@lru_cache(maxsize=512)
def _factor(
    ours: tuple[Query, ...], theirs: tuple[Query, ...], same: tuple[tuple[str, str], ...]
) -> float | None:
    probes = [(own, their, _probe(number)) for number, (own, their) in enumerate(same)]
    period = max((query.period for query in theirs), default=0) or _PERIOD
    try:
        one = _result(ours, {own: probe for own, _, probe in probes}, period)
        other = _result(theirs, {their: probe for _, their, probe in probes}, period)
    except MathError:
        return None
    pairs = [pair for pair in zip(one, other, strict=True) if pair != (None, None)]
    found = [left / right for left, right in pairs if left is not None and right]
    # A value that only one of them has, and a 0, are no proportion; a single value would prove nothing.
    if len(found) < len(pairs) or len(found) < 2:
        return None
    first = found[0]
    if first <= 0 or any(abs(each - first) > _CLOSE * first for each in found):
        return None
    # 100 * e / i and e / i * 100 differ in the last bit.
    return float(f"{first:.12g}")


def _probe(number: int) -> Points:
    """The values of a metric; more than three take further ones that no constant factor joins."""
    return tuple(value + 13.0 * (number // len(_PROBES)) for value in _PROBES[number % len(_PROBES)])


def _result(queries: tuple[Query, ...], series: Mapping[str, Points], period: int) -> Points:
    return run(prepare(queries), series, AnyTime(_SLOTS, period), period=period).points
