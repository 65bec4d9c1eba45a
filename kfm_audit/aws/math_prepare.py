"""The queries of an alarm, made ready to be evaluated any number of times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from kfm_audit.aws.math_check import Query, examine
from kfm_audit.aws.math_error import MathError
from kfm_audit.aws.math_syntax import Expression


class Prepared(Struct, frozen=True, kw_only=True):
    """The queries of an alarm, checked and parsed. `result` is the query whose series the alarm watches."""

    result: Query
    queries: tuple[Query, ...]
    expressions: Mapping[str, Expression]


def prepare(queries: Sequence[Query], *, threshold_id: str = "") -> Prepared:
    """Check the queries of an alarm for evaluation.

    Raises MathError for the first thing that CloudWatch refuses, and for an alarm
    on an anomaly detection band, which comes from a model that only CloudWatch has.
    """
    checked = examine(queries, threshold_id=threshold_id)
    for fault in checked.faults:
        raise MathError(fault.message, fault.position, fault.end, certain=fault.certain)
    if threshold_id:
        raise MathError("an anomaly detection band comes from a model that only CloudWatch has", 0)
    result = next(query for query in queries if query.return_data)
    return Prepared(result=result, queries=tuple(queries), expressions=checked.expressions)
