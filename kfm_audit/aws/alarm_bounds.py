"""What alarm evaluation comes to where much is the same: no data for long, or values within bounds.

Both follow from `alarm_evaluation.decide`, without the datapoints: rules ask them of
thousands of alarms.
"""

from __future__ import annotations

from kfm_audit.aws.alarm_evaluation import Comparison, Treatment
from kfm_audit.aws.alarm_state import AlarmState


def settled(treatment: Treatment, prior: AlarmState, *, breaches: bool | None = None) -> AlarmState:
    """The state of an alarm when all datapoints of its evaluation range are missing, or all alike.

    `breaches` says that all datapoints do or do not; None, that there is none, as after a metric has
    stopped for longer than the range. CloudWatch user guide, "Configuring how CloudWatch alarms treat
    missing data".
    """
    if breaches is not None:
        return AlarmState.ALARM if breaches else AlarmState.OK
    match treatment:
        case Treatment.BREACHING:
            return AlarmState.ALARM
        case Treatment.NOT_BREACHING:
            return AlarmState.OK
        case Treatment.IGNORE:
            return prior
        case Treatment.MISSING:
            return AlarmState.INSUFFICIENT_DATA


def breaching(
    comparison: Comparison, threshold: float, lowest: float, highest: float | None = None
) -> bool | None:
    """Whether every value from `lowest` to `highest` breaches, or none; None where some do and some do not.

    Both bounds are included; `highest` None is no bound.
    """
    least = comparison.holds(lowest, threshold)
    # Each comparison holds on one side of the threshold: what both ends do, all between them do.
    most = comparison.holds(float("inf") if highest is None else highest, threshold)
    return least if least is most else None
