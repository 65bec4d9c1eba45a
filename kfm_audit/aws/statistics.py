"""What the statistics of a metric tell, what values they can have, and when a metric has data at all.

CloudWatch user guide, "CloudWatch statistics definitions"; the metrics pages of
the Lambda, SQS, SNS and API Gateway guides.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from msgspec import Struct

from kfm_audit.aws.metrics import MetricKind, metric
from kfm_audit.pattern import pattern

PLAIN: Final = ("Average", "Sum", "Minimum", "Maximum", "SampleCount")
"""What `statistic` may be; the others are extended ones."""

_SHARE: Final = pattern(r"(?:p|tm|wm|tc|ts)([0-9]{1,3}(?:\.[0-9]{1,10})?)", re.ASCII)
"""`p99.9`, `tm90`: how many percent of the samples."""
_BETWEEN: Final = pattern(
    r"(PR|TM|WM|TC|TS)\((?:(-?[0-9]+(?:\.[0-9]{1,10})?)(%?))?:(?:(-?[0-9]+(?:\.[0-9]{1,10})?)(%?))?\)",
    re.ASCII,
)
"""`TM(10%:90%)`, `PR(:300)`: the samples between two bounds, of which one may be left out."""
_PERCENTILE: Final = pattern(r"p[0-9.]+", re.ASCII)
_COUNTING: Final = pattern(r"Sum|SampleCount|t[cs][0-9.]+|T[CS]\(.*\)", re.ASCII)
"""Statistics that grow with the number of samples."""

_MISLEADING: Final = {
    MetricKind.EVENTS: "is taken per sample and does not grow with the number of events in a period; use Sum",
    MetricKind.LEVEL: "adds up one level once for every sample in the period; use {best}",
    MetricKind.PERCENT: "adds up percentages, one for every sample in the period; use {best}",
    MetricKind.FRACTION: "adds up fractions, one for every sample in the period; use {best}",
}


class ValueRange(Struct, frozen=True):
    """The values that a statistic can have, both bounds included; `highest` is None where there is none."""

    lowest: float
    highest: float | None = None


class Emission(Enum):
    """When a metric has data points."""

    WHEN_INVOKED = "when-invoked"
    """Lambda: for minutes in which the function is invoked.

    Throttled requests count neither as invocations nor as errors.
    """
    WHILE_ACTIVE = "while-active"
    """SQS: while the queue holds messages or is used, and for up to six hours after.

    When a queue becomes active again, data may come up to 15 minutes late.
    """
    UNKNOWN = "unknown"


def recommended(namespace: str, name: str) -> tuple[str, ...]:
    """The statistics of a metric that tell something, best first; () where that is not known."""
    known = metric(namespace, name)
    return known.statistics if known else ()


def misleading(namespace: str, name: str, statistic: str) -> str | None:
    """Why a statistic of a metric does not tell what it seems to; the text goes on after its name.

    None where it does tell it, or where that is not known.
    """
    known = metric(namespace, name)
    if known is None or known.kind not in _MISLEADING or _is_among(statistic, known.statistics):
        return None
    counting = _COUNTING.fullmatch(statistic) is not None
    if counting is (known.kind is MetricKind.EVENTS) or not is_statistic(statistic):
        return None
    return _MISLEADING[known.kind].format(best=known.statistics[0])


def is_statistic(text: str) -> bool:
    """Whether CloudWatch knows a statistic of this name; names are case-sensitive.

    A share is one of 0 to 100 percent, with up to 10 decimal places. Two bounds are both shares or both values, and
    those of a percentile rank are values. API, `PutMetricAlarm`, `ExtendedStatistic`: "between p0.0 and p100".
    """
    if text in PLAIN or text == "IQM":
        return True
    share = _SHARE.fullmatch(text)
    if share is not None:
        return float(share[1]) <= 100
    between = _BETWEEN.fullmatch(text)
    if between is None:
        return False
    kind, lower, of_lower, upper, of_upper = between.groups()
    bounds = [(float(bound), percent) for bound, percent in ((lower, of_lower), (upper, of_upper)) if bound]
    units = {percent for _, percent in bounds}
    if "%" in units:
        return kind != "PR" and len(units) == 1 and all(0 <= bound <= 100 for bound, _ in bounds)
    return bool(bounds)


def unit_of(namespace: str, name: str) -> str:
    """The unit that a metric is published in; "" where that is not known."""
    known = metric(namespace, name)
    return known.unit if known else ""


def value_range(namespace: str, name: str, statistic: str) -> ValueRange | None:
    """The values that a statistic of a metric can have; None where that is not known."""
    known = metric(namespace, name)
    if statistic == "SampleCount":
        return ValueRange(0)
    if known is None or known.kind is MetricKind.UNKNOWN or not is_statistic(statistic):
        return None
    highest = {MetricKind.PERCENT: 100.0, MetricKind.FRACTION: 1.0}.get(known.kind)
    if statistic.startswith("PR(") and statistic.endswith(")"):  # the percentage of samples within bounds
        return ValueRange(0, 100)
    return ValueRange(0, None if _COUNTING.fullmatch(statistic) else highest)


def emission(namespace: str, name: str) -> Emission:
    """When a metric has data points: outside of that, missing data is nothing out of the ordinary."""
    known = metric(namespace, name)
    if known is None:
        return Emission.UNKNOWN
    if namespace == "AWS/SQS":
        return Emission.WHILE_ACTIVE
    # Pollers of event sources have data without invocations, and the account's concurrency is no function's.
    of_function = any("FunctionName" in keys for keys in known.dimension_sets)
    return Emission.WHEN_INVOKED if namespace == "AWS/Lambda" and of_function else Emission.UNKNOWN


def _is_among(statistic: str, telling: tuple[str, ...]) -> bool:
    return statistic in telling or ("pNN" in telling and bool(_PERCENTILE.fullmatch(statistic)))
