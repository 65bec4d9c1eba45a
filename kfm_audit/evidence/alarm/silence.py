"""What an alarm does once its metrics have had no data for longer than it looks back.

The states are those of CloudWatch's evaluation (`kfm_audit.aws.alarm_evaluation`), and
expressions are evaluated on no data at all. Where AWS does not document what `FILL`
makes of that, an alarm has a state for each reading.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from kfm_audit.aws.alarm_bounds import settled
from kfm_audit.aws.alarm_evaluation import Comparison, Treatment
from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.evidence.alarm.series import series_of
from kfm_audit.facts import MetricAlarm
from kfm_audit.values import ABSENT, Attribute, Known, Unknown, known

if TYPE_CHECKING:
    from kfm_audit.aws.math_check import Query


class Silence(Struct, frozen=True):
    """The state that an alarm ends in when data stops.

    `states` holds one, or one for each reading of what AWS does not document. `filled` says that an
    expression puts a value in the place of data, and `repeated` that it would repeat the last one
    (`FILL(m, REPEAT)`), if it still saw it.
    """

    states: tuple[AlarmState, ...]
    filled: bool = False
    repeated: bool = False


def silence(alarm: MetricAlarm, prior: AlarmState) -> Silence | Unknown | None:
    """The state of an alarm that was in `prior` when its metrics fell silent for good.

    Unknown where that hangs on what is known only after apply; None where CloudWatch refuses the
    alarm's values, or only it can compute them.
    """
    expressed = _without_data(alarm)
    if not isinstance(expressed, tuple):
        return expressed
    values, repeated = expressed
    states: dict[AlarmState, None] = {}
    last = prior
    for value in values:
        # A value that is filled in stands there while the range still holds data: what comes later finds its state.
        state = _state(alarm, last, value)
        if not isinstance(state, AlarmState):
            return state
        states[state] = None
        last = state
    if repeated:
        states[prior] = None
    return Silence(tuple(states), any(value is not None for value in values), repeated)


def lapse(alarm: MetricAlarm) -> Silence | Unknown | None:
    """`silence` of an alarm that was in ALARM, as far as INSUFFICIENT_DATA goes: no threshold decides about that."""
    if isinstance(alarm.threshold, Unknown) or isinstance(alarm.comparison_operator, Unknown):
        any_will_do = Known(Comparison.GREATER.value)
        alarm = replace(alarm, threshold=Known(0.0), comparison_operator=any_will_do)
    return silence(alarm, AlarmState.ALARM)


def treatment_of(alarm: MetricAlarm) -> Treatment | Unknown | None:
    """How an alarm treats missing data; None for a treatment that CloudWatch does not have."""
    return treatment(
        alarm.treat_missing_data,
        of_dynamodb=alarm.treat_missing_data is ABSENT and _of_dynamodb(alarm),
    )


def treatment(attribute: Attribute[str], *, of_dynamodb: bool) -> Treatment | Unknown | None:
    """What `treat_missing_data` means. `of_dynamodb` says that all metrics are of AWS/DynamoDB.

    CloudWatch user guide, "Configuring how CloudWatch alarms treat missing data": alarms on metrics in the
    AWS/DynamoDB namespace ignore missing data by default, all others treat it as missing.
    """
    match attribute:
        case Known(text):
            return Treatment(text) if text in _TREATMENTS else None
        case Unknown() as unknown:
            return unknown
        case _:
            return Treatment.IGNORE if of_dynamodb else Treatment.MISSING


_TREATMENTS: Final = frozenset(item.value for item in Treatment)
_COMPARISONS: Final = frozenset(item.value for item in Comparison)


def _of_dynamodb(alarm: MetricAlarm) -> bool:
    found = series_of(alarm)
    if isinstance(found, Unknown) or not found:
        return False
    return all(known(series.namespace) == "AWS/DynamoDB" for series in found)


def _state(alarm: MetricAlarm, prior: AlarmState, value: float | None) -> AlarmState | Unknown | None:
    """The state when this value, or no datapoint, stands in every slot."""
    if value is None:
        found = treatment_of(alarm)
        return settled(found, prior) if isinstance(found, Treatment) else found
    for attribute in (alarm.threshold, alarm.comparison_operator):
        if isinstance(attribute, Unknown):
            return attribute
    threshold, operator = known(alarm.threshold), known(alarm.comparison_operator)
    if threshold is None or operator not in _COMPARISONS:
        return None
    # No datapoint is missing then, whatever the treatment.
    return settled(Treatment.MISSING, prior, breaches=Comparison(operator).holds(value, threshold))


_NOTHING: Final = ((None,), False)


def _without_data(alarm: MetricAlarm) -> tuple[tuple[float | None, ...], bool] | Unknown | None:
    """The values that are compared, None for no datapoint, and whether one would be repeated."""
    if alarm.is_promql:
        return None
    if alarm.metric_query is ABSENT:
        return _NOTHING
    from kfm_audit.evidence.alarm.metric_math import queries_of

    queries = queries_of(alarm)
    if not isinstance(queries, tuple):
        return queries
    if alarm.threshold_metric_id is not ABSENT:
        # What is compared with a band is a metric, as a rule.
        return None if any("FILL" in query.expression for query in queries) else _NOTHING
    return _evaluated(queries)


# The alarms of a module have the same expressions.
@lru_cache(maxsize=256)
def _evaluated(queries: tuple[Query, ...]) -> tuple[tuple[float | None, ...], bool] | None:
    from kfm_audit.aws.math_error import MathError
    from kfm_audit.aws.math_silence import without_data

    try:
        found = without_data(queries)
    except MathError:
        return None
    return found.values, found.repeated
