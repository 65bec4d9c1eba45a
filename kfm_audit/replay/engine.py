"""The alarms of an evidence over history."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import structs

from kfm_audit.aws.alarm_evaluation import FASTEST, MINUTE, LowSamples
from kfm_audit.aws.alarm_rule import AlarmState
from kfm_audit.evidence import Evidence
from kfm_audit.facts import MetricAlarm
from kfm_audit.replay.history import History, Key
from kfm_audit.replay.vector import VectorRun
from kfm_audit.simulation import (
    Assumptions,
    RangeSensitivity,
    Refused,
    SeriesError,
    Simulation,
    Timeline,
    simulate,
)
from kfm_audit.simulation.series import FOLDABLE
from kfm_audit.simulation.watch import Watch, watch_of


def wanted(evidence: Evidence) -> dict[Key, int]:
    """What the metric alarms read, with the interval in which it is best recorded, in seconds.

    Windows begin at every minute, so statistics that can be folded are wanted by the
    minute (10 s for shorter periods), all others in the shortest period that is read.
    """
    found: dict[Key, int] = {}
    for alarm in evidence.alarms.all:
        watch = watch_of(alarm) if isinstance(alarm, MetricAlarm) else None
        if isinstance(watch, Watch):
            period = watch.criteria.period
            for key in _keys(watch):
                interval = (MINUTE if period >= MINUTE else FASTEST) if key[3] in FOLDABLE else period
                found[key] = min(interval, found.get(key, interval))
    return found


def replay(
    evidence: Evidence,
    history: History,
    *,
    start: int,
    stop: int,
    assumptions: Assumptions | None = None,
) -> Simulation:
    """What the alarms would have done from `start` to `stop`, both in seconds since 1970.

    An alarm none of whose metrics is in the history is refused: that it would have
    been silent is not known. All alarms begin in INSUFFICIENT_DATA.
    """
    chosen = assumptions or Assumptions()
    used: set[str] = set()
    sensitive: list[RangeSensitivity] = []

    def evaluated(alarm: MetricAlarm, watch: Watch, first: int, before: AlarmState) -> Timeline | Refused:
        if watch.feeds and all(history.get(key) is None for key in _keys(watch)):
            return Refused(alarm, "has no history: none of its metrics was recorded")
        try:
            run = VectorRun(
                alarm,
                watch,
                history,
                first=first,
                stop=stop,
                initial=before,
                assumptions=chosen,
                reasons=False,
            )
            timeline = run.timeline()
        except SeriesError as error:
            return Refused(alarm, str(error))
        used.update(run.assumptions_used())
        if run.range_sensitivity is not None:
            sensitive.append(run.range_sensitivity)
        return timeline

    found = simulate(
        evidence, (), start=start, stop=stop, assumptions=chosen, check_range=False, engine=evaluated
    )
    return structs.replace(
        found,
        assumptions=tuple(sorted({*found.assumptions, *used})),
        range_sensitive=tuple(sensitive),
    )


def _keys(watch: Watch) -> Iterator[Key]:
    """What is read of the history for an alarm; sample counts where percentiles need them."""
    for feed in watch.feeds:
        yield (feed.namespace, feed.metric_name, feed.dimensions, feed.statistic)
        criteria = watch.criteria
        if criteria.percentile is not None and criteria.low_samples is LowSamples.IGNORE:
            yield (feed.namespace, feed.metric_name, feed.dimensions, "SampleCount")
