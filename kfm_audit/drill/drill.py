"""A drill: each failure mode sent through alarms, composites, suppressors, topics and subscribers."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.drill.measured import LASTS, MINUTE, ONSET, measured, unmodelled
from kfm_audit.drill.modes import MODES, Mode
from kfm_audit.drill.resources import Resource, Resources
from kfm_audit.evidence import Evidence
from kfm_audit.evidence.notification.reach import Reach
from kfm_audit.facts import Alarm, MetricAlarm
from kfm_audit.simulation.receivers import deliveries
from kfm_audit.simulation.series import SeriesError
from kfm_audit.simulation.simulate import simulate
from kfm_audit.simulation.timeline import Notice, Simulation, key_of
from kfm_audit.simulation.watch import watch_of

_LONGEST: Final = 8 * 86_400


class Answer(Enum):
    """Whether anybody is paged."""

    PAGED = "paged"
    SILENT = "silent"
    UNTOLD = "untold"


class Outcome(Struct, frozen=True, kw_only=True):
    """What becomes of one failure of one resource.

    `after` is the seconds from its beginning to the first page, `pages` how many there are while it
    lasts; both are of pages that reach somebody. `by` are the alarms that page, `who` those that
    receive it, each once. `why` says why nobody is paged, or what cannot be told, in words that follow the
    subject of the alarm that they are `about`, where it is one. `certain`
    is False where an assumption decided. `sent` says that some alarm acted, whether or not anybody hears it;
    `could_page` are alarms that read the failing resource, or stand above, and have actions.
    """

    resource: Resource
    mode: Mode
    answer: Answer
    after: int | None = None
    pages: int = 0
    by: tuple[str, ...] = ()
    who: tuple[str, ...] = ()
    why: str = ""
    about: Alarm | None = None
    certain: bool = True
    sent: bool = False
    could_page: tuple[Alarm, ...] = ()

    @property
    def is_silent(self) -> bool:
        """Whether it is told that nobody is paged."""
        return self.answer is Answer.SILENT

    @property
    def reason(self) -> str:
        """`why`, as a whole clause."""
        return self.why if self.about is None else f"{self.about.subject} {self.why}"


class Drill:
    """The drills of one evidence."""

    def __init__(self, evidence: Evidence, resources: Resources | None = None) -> None:
        """Simulate nothing before it is asked for."""
        self._evidence = evidence
        self.resources = resources or Resources(evidence)

    def all(self) -> Iterator[Outcome]:
        """Every mode of every resource that it can be sent into."""
        for resource in self.resources.all:
            yield from self.of(resource)

    def of(self, resource: Resource) -> Iterator[Outcome]:
        """Every mode that can be sent into a resource."""
        for mode in MODES:
            if resource.kind in mode.into:
                yield self.outcome(resource, mode)

    def outcome(self, resource: Resource, mode: Mode) -> Outcome:
        """One mode of one resource."""
        alarms = self.resources.alarms(resource)
        acting = tuple(alarm for alarm in alarms if alarm.may_act)
        if not alarms:
            return Outcome(
                resource=resource, mode=mode, answer=Answer.SILENT, why="no alarm reads its metrics"
            )
        heard = [alarm for alarm in alarms if not unmodelled(alarm)]
        try:
            simulation = self._simulated(resource, mode, heard)
        except SeriesError as error:
            return Outcome(
                resource=resource, mode=mode, answer=Answer.UNTOLD, why=f"an alarm {error}", could_page=acting
            )
        return self._judged(resource, mode, alarms, acting, simulation)

    def _simulated(self, resource: Resource, mode: Mode, alarms: list[Alarm]) -> Simulation:
        before = min(_LONGEST, max([7_200, *(_window(alarm) for alarm in alarms)]))
        before += -before % MINUTE
        return simulate(
            self._evidence,
            measured(resource, mode, alarms, -before // MINUTE, LASTS // MINUTE),
            start=ONSET - before,
            stop=ONSET + LASTS,
            alarms=alarms,
            evaluate_from=ONSET,
            initial=dict.fromkeys(map(key_of, self._evidence.alarms.all), AlarmState.OK),
            check_range=False,
        )

    def _judged(
        self,
        resource: Resource,
        mode: Mode,
        alarms: tuple[Alarm, ...],
        acting: tuple[Alarm, ...],
        simulation: Simulation,
    ) -> Outcome:
        pages = [notice for notice in simulation.notices if notice.change.new is AlarmState.ALARM]
        heard = [(notice, who) for notice in pages if (who := tuple(self._readers(notice)))]
        common = Outcome(
            resource=resource, mode=mode, answer=Answer.SILENT, sent=bool(pages), could_page=acting
        )
        if heard:
            return replace(
                common,
                answer=Answer.PAGED,
                after=heard[0][0].at - ONSET,
                pages=len(heard),
                by=tuple(dict.fromkeys(notice.alarm.subject for notice, _ in heard)),
                who=tuple(dict.fromkeys(name for _, who in heard for name in who)),
                certain=all(notice.certain for notice, _ in heard),
            )
        if resource.unseen_by(mode):
            why = "the input shows neither the queue's consumer nor its dead-letter queue"
            return replace(common, answer=Answer.UNTOLD, why=why)
        for about, why in self._untold(alarms, simulation, pages):
            return replace(common, answer=Answer.UNTOLD, about=about, why=why)
        held = [item for item in simulation.withheld if item.state is AlarmState.ALARM]
        if held and not pages:
            return replace(common, about=held[0].alarm, why="goes off, and its suppressor holds it back")
        return replace(common, why=self._silence(alarms, acting, simulation, pages))

    def _readers(self, notice: Notice) -> Iterator[str]:
        """Who receives a notice: subscribers by their addresses, and EventBridge."""
        for delivery in deliveries(self._evidence, notice):
            if delivery.reach is Reach.REACHED and delivery.subscriber is not None:
                yield delivery.subscriber.subject

    def _untold(
        self, alarms: tuple[Alarm, ...], simulation: Simulation, pages: list[Notice]
    ) -> Iterator[tuple[Alarm, str]]:
        """Why it cannot be told that nobody is paged, of which alarm."""
        for alarm in alarms:
            refused = simulation.refusal(alarm)
            if refused is not None and alarm.may_act:
                yield alarm, refused.why
        for alarm in alarms:
            metric = unmodelled(alarm)
            if metric:
                yield alarm, f"reads {metric}, which the drill does not simulate"
        for notice in pages:
            for delivery in deliveries(self._evidence, notice):
                if delivery.reach is Reach.UNTOLD:
                    end = delivery.subscriber.subject if delivery.subscriber else delivery.topic.name
                    yield notice.alarm, f"notifies {end}, which {delivery.why}"
        for timeline in simulation.timelines.values():
            if timeline.alarm.may_act and any(not span.certain for span in timeline.spans):
                yield timeline.alarm, "is in a state that AWS's documents do not settle"
            route = self._evidence.delivery.by_eventbridge(timeline.alarm)
            if route.exists is not False and any(
                change.new is AlarmState.ALARM for change in timeline.changes
            ):
                why = f": {route.why}" if route.why else ""
                yield timeline.alarm, f"may be heard by EventBridge{why}"

    def _silence(
        self,
        alarms: tuple[Alarm, ...],
        acting: tuple[Alarm, ...],
        simulation: Simulation,
        pages: list[Notice],
    ) -> str:
        if not acting:
            return "no alarm that hears it has an action"
        if pages:
            by_topic = any(deliveries(self._evidence, notice) for notice in pages)
            what = "its message reaches nobody" if by_topic else "notifies no SNS topic"
            return f"{pages[0].alarm.subject} goes off, and {what}"
        fired = [
            timeline.alarm.subject
            for alarm in alarms
            if (timeline := simulation.timeline(alarm))
            and any(change.new is AlarmState.ALARM for change in timeline.changes)
        ]
        still = ", ".join(alarm.subject for alarm in acting)
        do = "does" if len(acting) == 1 else "do"
        if not fired:
            return f"{still} {do} not fire"
        return f"{', '.join(fired)} {'fires' if len(fired) == 1 else 'fire'}, {still} {do} not"


def _window(alarm: Alarm) -> int:
    watch = watch_of(alarm) if isinstance(alarm, MetricAlarm) else None
    criteria = getattr(watch, "criteria", None)
    return (criteria.periods + 3) * criteria.period if criteria else 0
