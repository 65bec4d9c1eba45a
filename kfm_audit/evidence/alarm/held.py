"""An alarm held against one promise of the contract: where it departs, and what cannot be told."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from kfm_audit.evidence.alarm.series import Series, periods_of, series_of
from kfm_audit.facts import MetricAlarm
from kfm_audit.policy.contract import SINGLE, Promise
from kfm_audit.values import Attribute, Known, Unknown, ends_of, known

_OPERATORS: Final = {
    "GreaterThanOrEqualToThreshold": ">=",
    "GreaterThanThreshold": ">",
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "<=",
}
_WHOLE: Final = frozenset({"Maximum", "Minimum", "Sum", "SampleCount"})
"""Statistics that are whole numbers where the samples are."""
_CLOSE: Final = 1e-9


class Departure(Struct, frozen=True):
    """One term that an alarm does not keep: the attribute, what is wrong, and the change that mends it."""

    at: str
    what: str
    cure: str


class Held(Struct, frozen=True):
    """What came of it; `untold` says why something cannot be told, "" where all can."""

    departures: tuple[Departure, ...] = ()
    untold: str = ""

    @property
    def kept(self) -> bool:
        """Whether the alarm keeps the promise."""
        return not self.departures and not self.untold


def may_keep(promise: Promise, alarm: MetricAlarm) -> bool:
    """Whether the alarm reads the metrics that the promise is about, and no others."""
    found = series_of(alarm)
    if isinstance(found, Unknown):
        return False
    read = {(known(series.namespace), known(series.metric_name)) for series in found}
    return bool(read) and read == set(promise.metrics.values())


def held(promise: Promise, alarm: MetricAlarm) -> Held:
    """Hold an alarm that may keep a promise against it."""
    found = series_of(alarm)
    if isinstance(found, Unknown):
        return Held(untold=f"its metrics depend on {ends_of(found)}")
    departures: list[Departure] = []
    untold: list[str] = []
    for series in found:
        match series.statistic:
            case Known(statistic) if statistic not in promise.statistics:
                best = promise.statistics[0]
                departures.append(
                    Departure(
                        series.statistic_at,
                        f"takes the {statistic}, not the {best}",
                        f'"{best}" as the statistic',
                    )
                )
            case Unknown() as unknown:
                untold.append(f"its statistic depends on {ends_of(unknown)}")
            case _:
                pass
    for part in (_threshold(promise, alarm, found), _window(promise, alarm)):
        if isinstance(part, str):
            untold.append(part)
        else:
            departures.extend(part)
    return Held(tuple(departures), "; ".join(untold))


def _threshold(promise: Promise, alarm: MetricAlarm, read: tuple[Series, ...]) -> tuple[Departure, ...] | str:
    bound = f"{promise.operator} {promise.threshold:g}"
    if isinstance(alarm.threshold_metric_id, Known):
        what = f"compares with a band that CloudWatch learns, not {bound}"
        return (Departure("threshold_metric_id", what, f"threshold = {promise.threshold:g}"),)
    for attribute, name in (
        (alarm.threshold, "threshold"),
        (alarm.comparison_operator, "comparison_operator"),
    ):
        if not isinstance(attribute, Known):
            return f"its {name} {_of(attribute)}"
    factor = _factor(promise, alarm, read)
    if factor is None:
        ours = "the metric itself" if promise.expression == SINGLE else promise.expression
        return f"whether its expression says the same as {ours} cannot be told"
    needed = promise.threshold / factor
    threshold = known(alarm.threshold)
    assert threshold is not None
    operator = _OPERATORS.get(known(alarm.comparison_operator) or "", "")
    if _same((operator, threshold), (promise.operator, needed), whole=_whole(read) and factor == 1):
        return ()
    wanted = f"{promise.operator} {needed:g}"
    scale = f", which for its expression is {wanted}" if factor != 1 else ""
    name = next((name for name, sign in _OPERATORS.items() if sign == promise.operator), "")
    at = "threshold" if operator == promise.operator else "comparison_operator"
    cure = f"threshold = {needed:g}" + (
        "" if operator == promise.operator else f' and comparison_operator = "{name}"'
    )
    return (Departure(at, f"fires at {operator or 'a band,'} {threshold:g}, not {bound}{scale}", cure),)


def _window(promise: Promise, alarm: MetricAlarm) -> tuple[Departure, ...] | str:
    periods = {period for _, period in periods_of(alarm)}
    opened = next((period for period in periods if not isinstance(period, Known)), None)
    if opened is not None or len(periods) != 1:
        return f"its period {_of(opened)}" if opened is not None else "its metrics have several periods"
    period = known(next(iter(periods)))
    n, m = alarm.evaluation_periods, alarm.datapoints
    for attribute, name in ((n, "evaluation_periods"), (m, "datapoints_to_alarm")):
        if not isinstance(attribute, Known):
            return f"its {name} {_of(attribute)}"
    assert isinstance(n, Known)
    assert isinstance(m, Known)
    if not period or period < 0:
        return "its period is none"
    wanted = max(-(-promise.window // period), promise.datapoints)
    cure = f"evaluation_periods = {wanted} and datapoints_to_alarm = {min(promise.datapoints, wanted)}"
    if promise.datapoints * period > promise.window:
        cure = f"period = {_period(promise)}, evaluation_periods = {promise.window // _period(promise)}"
        cure += f" and datapoints_to_alarm = {promise.datapoints}"
    found = []
    if n.value * period < promise.window:
        what = f"looks at {n.value * period} s ({n.value} x {period} s), not at {promise.window} s"
        found.append(Departure("evaluation_periods", what, cure))
    if m.value < promise.datapoints:
        what = f"fires on {m.value} datapoint{'s' * (m.value != 1)}, not on {promise.datapoints} or more"
        at = "evaluation_periods" if alarm.datapoints_to_alarm is not m else "datapoints_to_alarm"
        found.append(Departure(at, what, cure))
    if m.value * period > promise.window:
        what = (
            f"fires only after {m.value * period} s ({m.value} x {period} s), not within {promise.window} s"
        )
        found.append(Departure("evaluation_periods", what, cure))
    return tuple(found)


def _period(promise: Promise) -> int:
    """The longest period of whole minutes in which the datapoints fit, and the window ends evenly."""
    minutes = promise.window // 60
    fits = [n for n in range(1, minutes + 1) if minutes % n == 0 and promise.datapoints * n <= minutes]
    return 60 * (fits[-1] if fits else 1)


def _factor(promise: Promise, alarm: MetricAlarm, read: tuple[Series, ...]) -> float | None:
    written = known(alarm.metric_query)
    if promise.expression == SINGLE and (not written or len(written) == 1):
        return 1.0
    from kfm_audit.aws.math_check import Query
    from kfm_audit.aws.math_factor import factor
    from kfm_audit.evidence.alarm.metric_math import queries_of

    queries = queries_of(alarm)
    ids = {(known(series.namespace), known(series.metric_name)): series.id for series in read}
    if not isinstance(queries, tuple) or len(ids) != len(read):
        return None
    same = {own: ids[metric] for own, metric in promise.metrics.items()}
    ours = [Query(id=own, return_data=own == promise.expression) for own in promise.metrics]
    if promise.expression != SINGLE:
        # An id that none of the metrics has: it is longer.
        ours.append(Query(id=f"of_{max(same, key=len)}", expression=promise.expression, return_data=True))
    return factor(ours, queries, same)


def _whole(read: tuple[Series, ...]) -> bool:
    """Whether the value is a whole number: a count, by a statistic that does not divide."""
    from kfm_audit.aws.metrics import MetricKind, metric

    for series in read:
        entry = metric(known(series.namespace) or "", known(series.metric_name) or "")
        if entry is None or entry.kind not in (MetricKind.EVENTS, MetricKind.LEVEL):
            return False
        if (known(series.statistic) or "") not in _WHOLE:
            return False
    return True


def _same(one: tuple[str, float], other: tuple[str, float], *, whole: bool) -> bool:
    if whole:
        one, other = _inclusive(one), _inclusive(other)
    return one[0] == other[0] and abs(one[1] - other[1]) <= _CLOSE * max(1.0, abs(other[1]))


def _inclusive(bound: tuple[str, float]) -> tuple[str, float]:
    operator, threshold = bound
    if float(threshold).is_integer() and operator in (">", "<"):
        return (">=", threshold + 1) if operator == ">" else ("<=", threshold - 1)
    return bound


def _of(attribute: Attribute[int] | Attribute[float] | Attribute[str]) -> str:
    return f"depends on {ends_of(attribute)}" if isinstance(attribute, Unknown) else "is not set"
