"""Alarms that a failure certainly sets off: told from the last minutes of it, without those before."""

from __future__ import annotations

from kfm_audit.aws.alarm_evaluation import evaluation_range
from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.drill.measured import LASTS, MINUTE, ONSET, measured, unmodelled
from kfm_audit.drill.modes import Mode
from kfm_audit.drill.resources import Resource
from kfm_audit.facts import MetricAlarm
from kfm_audit.simulation.assumptions import DEFAULTS
from kfm_audit.simulation.metric import MetricRun
from kfm_audit.simulation.series import Measured, SeriesError
from kfm_audit.simulation.watch import Watch, watch_of


def lasting(alarm: MetricAlarm, resource: Resource, mode: Mode) -> bool:
    """Whether the alarm is certainly in ALARM when the failure has lasted `LASTS`.

    It was in OK before the failure, so that it has gone into ALARM, and taken its actions, some time since.
    False says nothing: the alarm may have gone off and come back, or not be told by one evaluation.
    """
    watch = watch_of(alarm)
    if not isinstance(watch, Watch) or watch.criteria.percentile is not None or unmodelled(alarm):
        return False
    seen = evaluation_range(watch.criteria) * watch.criteria.period
    last = LASTS // MINUTE
    series = measured(resource, mode, (alarm,), last - seen // MINUTE - 1, last)
    stop = ONSET + LASTS
    try:
        run = MetricRun(
            alarm,
            watch,
            Measured(series),
            first=stop,
            stop=stop,
            initial=AlarmState.OK,
            assumptions=DEFAULTS,
        )
    except SeriesError:
        return False
    (span,) = run.timeline().spans
    return span.state is AlarmState.ALARM and span.certain
