"""What an alarm compares its datapoints with, as far as that is one number that is known."""

from __future__ import annotations

from typing import Final

from kfm_audit.aws.alarm_evaluation import Comparison
from kfm_audit.facts import Alarm, MetricAlarm
from kfm_audit.values import Known, known

_SIGNS: Final = {
    Comparison.AT_LEAST.value: ">=",
    Comparison.GREATER.value: ">",
    Comparison.LESS.value: "<",
    Comparison.AT_MOST.value: "<=",
}


def shown_threshold(alarm: Alarm) -> str:
    """`>= 5`, or "" where that is not one number that is known, or where it is not to be shown."""
    if not isinstance(alarm, MetricAlarm):
        return ""
    operator, threshold = known(alarm.comparison_operator), known(alarm.threshold)
    sign = _SIGNS.get(operator or "")
    secret = isinstance(alarm.threshold, Known) and alarm.threshold.sensitive
    return f"{sign} {threshold:g}" if sign and threshold is not None and not secret else ""


class Breaches:
    """Whether a datapoint of an alarm breaches; never, where that cannot be told."""

    def __init__(self, alarm: Alarm) -> None:
        """Take what the alarm compares with."""
        self._comparison: Comparison | None = None
        self._threshold = 0.0
        if isinstance(alarm, MetricAlarm):
            operator, threshold = known(alarm.comparison_operator), known(alarm.threshold)
            if operator in _SIGNS and threshold is not None:
                self._comparison, self._threshold = Comparison(operator), threshold

    def __call__(self, value: float | None) -> bool:
        """Whether a datapoint breaches; one that is missing does not."""
        return (
            value is not None
            and self._comparison is not None
            and self._comparison.holds(value, self._threshold)
        )
