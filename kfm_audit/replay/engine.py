"""The alarms of an evidence over history."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import structs

from kfm_audit.aws.alarm_evaluation import FASTEST, MINUTE, LowSamples
from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.aws.arns import alarm_name
from kfm_audit.evidence import Evidence
from kfm_audit.facts import CompositeAlarm, MetricAlarm
from kfm_audit.replay.history import History, Key
from kfm_audit.replay.vector import VectorRun
from kfm_audit.simulation.assumptions import Assumptions
from kfm_audit.simulation.series import FOLDABLE, SeriesError
from kfm_audit.simulation.simulate import simulate
from kfm_audit.simulation.timeline import Key as AlarmKey
from kfm_audit.simulation.timeline import RangeSensitivity, Refused, Simulation, Timeline, key_of
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
        if first > stop:
            window = watch.criteria.periods * watch.criteria.period
            return Refused(alarm, f"looks back over {window} s, longer than the {stop - start} s replayed")
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
        _without_blind(evidence, found),
        assumptions=tuple(sorted({*found.assumptions, *used})),
        range_sensitive=tuple(sensitive),
    )


def _without_blind(evidence: Evidence, found: Simulation) -> Simulation:
    """The same, with composites refused that hang on alarms without a timeline from beginning to end.

    What they would have sent is as little known as what those alarms did, and no page is not none.
    """
    blind: dict[AlarmKey, Refused] = {}

    def seen(above: CompositeAlarm, name: str) -> bool:
        children = evidence.alarms.named(above, name)
        return len(children) == 1 and key_of(children[0]) in found.timelines.keys() - blind.keys()

    # What an alarm hangs on stands before it.
    for key, timeline in found.timelines.items():
        alarm = timeline.alarm
        if isinstance(alarm, CompositeAlarm) and not any(span.certain for span in timeline.spans):
            names = dict.fromkeys(
                name
                for child in evidence.alarms.children_of(alarm)
                if not seen(alarm, name := alarm_name(child.child))
            )
            if names:
                blind[key] = Refused(alarm, f"hangs on what is not evaluated: {', '.join(names)}")
    return structs.replace(
        found,
        timelines={key: timeline for key, timeline in found.timelines.items() if key not in blind},
        notices=tuple(notice for notice in found.notices if key_of(notice.alarm) not in blind),
        withheld=tuple(item for item in found.withheld if key_of(item.alarm) not in blind),
        refused=(*found.refused, *blind.values()),
    )


def _keys(watch: Watch) -> Iterator[Key]:
    """What is read of the history for an alarm; sample counts where percentiles need them."""
    for feed in watch.feeds:
        yield (feed.namespace, feed.metric_name, feed.dimensions, feed.statistic)
        criteria = watch.criteria
        if criteria.percentile is not None and criteria.low_samples is LowSamples.IGNORE:
            yield (feed.namespace, feed.metric_name, feed.dimensions, "SampleCount")
