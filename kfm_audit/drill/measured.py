"""What the metrics of a resource measure in a drill: a healthy time, then the failure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from kfm_audit.drill.modes import COUNTS, HEALTHY, NAMESPACES, Mode, Shape
from kfm_audit.drill.resources import Resource
from kfm_audit.evidence.alarm.series import series_of
from kfm_audit.facts import Alarm, MetricAlarm
from kfm_audit.simulation.series import InputSeries
from kfm_audit.values import Unknown, known

MINUTE: Final = 60
LASTS: Final = 6 * 3_600
"""How long a failure of a drill lasts, in seconds: who is not paged in six hours is taken never to be."""
ONSET: Final = 1_767_225_600
"""When it begins: 2026-01-01T00:00:00Z. Only an alarm whose expression asks the clock hangs on it."""
HEALTHY_CALLS: Final = HEALTHY["function"]["Invocations"]


def measured(
    resource: Resource, mode: Mode, alarms: Iterable[Alarm], first: int, last: int
) -> Iterator[InputSeries]:
    """The metrics of the resource, each in the statistics in which some alarm reads it.

    From the minute `first` to before `last`, counted from the beginning of the failure.
    """
    statistics: dict[tuple[str, str], dict[str, None]] = {}
    for alarm in alarms:
        found = series_of(alarm) if isinstance(alarm, MetricAlarm) else ()
        for series in () if isinstance(found, Unknown) else found:
            metric = (known(series.namespace) or "", known(series.metric_name) or "")
            statistics.setdefault(metric, {})[known(series.statistic) or ""] = None
    for role, name in resource.names.items():
        namespace, dimension = NAMESPACES[role]
        for metric_name, healthy in HEALTHY[role].items():
            for statistic in statistics.get((namespace, metric_name), ()):
                shape = mode.shapes.get((role, metric_name), Shape(healthy))
                calls = mode.shapes.get((role, "Invocations"), Shape(HEALTHY[role].get("Invocations")))
                values = [
                    *([_read_as(statistic, metric_name, healthy, HEALTHY_CALLS)] * max(-first, 0)),
                    *(
                        _read_as(statistic, metric_name, shape.at(minute), calls.at(minute))
                        for minute in range(max(first, 0), last)
                    ),
                ]
                yield InputSeries(
                    namespace=namespace,
                    metric_name=metric_name,
                    dimensions=((dimension, name),),
                    statistic=statistic,
                    start=ONSET + first * MINUTE,
                    interval=MINUTE,
                    values=tuple(values),
                )


def unmodelled(alarm: Alarm) -> str:
    """A metric that an alarm reads and the drill does not simulate; "" where there is none."""
    found = series_of(alarm) if isinstance(alarm, MetricAlarm) else ()
    for series in () if isinstance(found, Unknown) else found:
        namespace, name = known(series.namespace), known(series.metric_name) or ""
        if not any(NAMESPACES[role][0] == namespace and name in HEALTHY[role] for role in HEALTHY):
            return series.name
    return ""


def _read_as(statistic: str, metric_name: str, value: float | None, calls: float | None) -> float | None:
    """A minute's value in one statistic: Lambda's counts have a sample for each invocation, gauges one a minute."""
    if value is None:
        return None
    if metric_name not in COUNTS:
        return 1.0 if statistic == "SampleCount" else value
    match statistic:
        case "Sum":
            return value
        case "SampleCount":
            return calls
        case "Average":
            return value / calls if calls else value
        case "Minimum":
            return 0.0 if calls and value < calls else min(value, 1.0)
        case _:
            return min(value, 1.0)
