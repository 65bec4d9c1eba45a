"""A drill: each failure mode sent through alarms, composites, suppressors, topics and subscribers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from kfm_audit.aws.alarm_rule import AlarmRuleError, AlarmState
from kfm_audit.aws.alarm_rule_shape import shape
from kfm_audit.aws.arns import alarm_name
from kfm_audit.drill.measured import LASTS, MINUTE, ONSET, measured
from kfm_audit.drill.modes import HEALTHY, MODES, NAMESPACES, Mode
from kfm_audit.drill.resources import Resource, Resources
from kfm_audit.evidence import Evidence
from kfm_audit.evidence.reach import Reach
from kfm_audit.evidence.series import series_of
from kfm_audit.facts import Alarm, CompositeAlarm, MetricAlarm
from kfm_audit.simulation import Notice, SeriesError, Simulation, deliveries, key_of, simulate
from kfm_audit.simulation.watch import Watch, watch_of
from kfm_audit.values import Known, Unknown, known

_LONGEST: Final = 8 * 86_400
_SOON: Final = 20 * MINUTE


class Answer(Enum):
    """Whether anybody is paged."""

    PAGED = "paged"
    SILENT = "silent"
    UNTOLD = "untold"


class Outcome(Struct, frozen=True, kw_only=True):
    """What becomes of one failure of one resource.

    `after` is the seconds from its beginning to the first page, `pages` how many there are while it
    lasts; both are of pages that reach somebody. `by` are the alarms that page, `who` those that
    receive it, each once. `why` says why nobody is paged, or what cannot be told. `certain`
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
    certain: bool = True
    sent: bool = False
    could_page: tuple[Alarm, ...] = ()


class Drill:
    """The drills of one evidence; like cases are simulated once."""

    def __init__(self, evidence: Evidence) -> None:
        """Simulate nothing before it is asked for."""
        self._evidence = evidence
        self.resources = Resources(evidence)
        self._alike: dict[object, Outcome] = {}

    def all(self) -> Iterator[Outcome]:
        """Every mode of every resource that it can be sent into."""
        for resource in self.resources.all:
            yield from self.of(resource)

    def of(self, resource: Resource) -> Iterator[Outcome]:
        """Every mode that can be sent into a resource."""
        for mode in MODES:
            if resource.kind in mode.into:
                yield self.outcome(resource, mode)

    def outcome(self, resource: Resource, mode: Mode, lasts: int = LASTS) -> Outcome:
        """One mode of one resource, looked at for `lasts` seconds from the beginning of the failure."""
        alarms = self.resources.alarms(resource)
        acting = tuple(alarm for alarm in alarms if self._may_act(alarm))
        if not alarms:
            return Outcome(
                resource=resource, mode=mode, answer=Answer.SILENT, why="no alarm reads its metrics"
            )
        heard = [alarm for alarm in alarms if not _unmodelled(alarm)]
        try:
            simulation = self._simulated(resource, mode, heard, lasts)
        except SeriesError as error:
            return Outcome(
                resource=resource, mode=mode, answer=Answer.UNTOLD, why=f"an alarm {error}", could_page=acting
            )
        return self._judged(resource, mode, alarms, acting, simulation)

    def like(self, resource: Resource, mode: Mode) -> Outcome:
        """The outcome of this case, or of one that differs in names alone: not for its names, `by` and `who`.

        Where an alarm acts soon, no more is looked at: `pages` are then those until that time.

        Cases are alike where each alarm reads the same metrics of the same roles in the same way, and
        the composites above them ask the same of them and of no other. So thousands of alarms of one
        module cost a few simulations.
        """
        alarms = self.resources.alarms(resource)
        order = {key_of(alarm): number for number, alarm in enumerate(alarms)}
        signature = [
            self._rule_signature(alarm, order)
            if isinstance(alarm, CompositeAlarm)
            else _signature(alarm, resource)
            for alarm in alarms
        ]
        if any(item is None for item in signature):
            return self._soon_or_never(resource, mode)
        key = (mode.name, tuple(signature), tuple(self._may_act(alarm) for alarm in alarms))
        if key not in self._alike:
            self._alike[key] = self._soon_or_never(resource, mode)
        return replace(self._alike[key], resource=resource, could_page=self.acting(resource))

    def _rule_signature(self, composite: CompositeAlarm, order: Mapping[tuple[str, str], int]) -> object:
        """What a composite asks of the alarms in `order`; None where it asks more, or may be kept from acting."""
        rule = self._evidence.alarms.rule_of(composite)
        if rule is None or isinstance(rule, AlarmRuleError) or composite.actions_suppressor is not None:
            return None
        children = []
        for child in self._evidence.alarms.children_of(composite):
            named = self._evidence.alarms.named(composite, alarm_name(child.child))
            if len(named) != 1 or key_of(named[0]) not in order:
                return None
            children.append((child.state, order[key_of(named[0])]))
        return (shape(rule), tuple(children))

    def acting(self, resource: Resource) -> tuple[Alarm, ...]:
        """The alarms that read the resource, or stand above, and have actions."""
        return tuple(alarm for alarm in self.resources.alarms(resource) if self._may_act(alarm))

    def _soon_or_never(self, resource: Resource, mode: Mode) -> Outcome:
        """The outcome, looked at no longer than until it is certain that an alarm acts: most do so soon."""
        soon = self.outcome(resource, mode, _SOON)
        return soon if soon.sent else self.outcome(resource, mode)

    def _simulated(self, resource: Resource, mode: Mode, alarms: list[Alarm], lasts: int) -> Simulation:
        before = min(_LONGEST, max([7_200, *(_window(alarm) for alarm in alarms)]))
        before += -before % MINUTE
        return simulate(
            self._evidence,
            measured(resource, mode, alarms, before),
            start=ONSET - before,
            stop=ONSET + lasts,
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
        untold = _unseen(resource, mode) or next(self._untold(alarms, simulation, pages), "")
        if untold:
            return replace(common, answer=Answer.UNTOLD, why=untold)
        return replace(common, why=self._silence(alarms, acting, simulation, pages))

    def _readers(self, notice: Notice) -> Iterator[str]:
        """Who receives a notice: subscribers by their addresses, and EventBridge."""
        for delivery in deliveries(self._evidence, notice):
            if delivery.reach is Reach.REACHED and delivery.subscriber is not None:
                yield delivery.subscriber.subject

    def _untold(
        self, alarms: tuple[Alarm, ...], simulation: Simulation, pages: list[Notice]
    ) -> Iterator[str]:
        """Why it cannot be told that nobody is paged."""
        for alarm in alarms:
            refused = simulation.refusal(alarm)
            if refused is not None and self._may_act(alarm):
                yield f"{alarm.subject} {refused.why}"
        for alarm in alarms:
            metric = _unmodelled(alarm)
            if metric:
                yield f"{alarm.subject} reads {metric}, which the drill does not simulate"
        for notice in pages:
            for delivery in deliveries(self._evidence, notice):
                if delivery.reach is Reach.UNTOLD:
                    end = delivery.subscriber.subject if delivery.subscriber else delivery.topic.name
                    yield f"{notice.alarm.subject} notifies {end}, which {delivery.why}"
        for timeline in simulation.timelines.values():
            if self._may_act(timeline.alarm) and any(not span.certain for span in timeline.spans):
                yield f"{timeline.alarm.subject} is in a state that AWS's documents do not settle"
            route = self._evidence.delivery.by_eventbridge(timeline.alarm)
            if route.exists is not False and any(
                change.new is AlarmState.ALARM for change in timeline.changes
            ):
                yield f"{timeline.alarm.subject} may be heard by EventBridge{': ' if route.why else ''}{route.why}"

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
        held = [item for item in simulation.withheld if item.state is AlarmState.ALARM]
        if held:
            return f"{held[0].alarm.subject} goes off, and its suppressor holds it back"
        fired = [
            timeline.alarm.subject
            for alarm in alarms
            if (timeline := simulation.timeline(alarm))
            and any(change.new is AlarmState.ALARM for change in timeline.changes)
        ]
        still = ", ".join(alarm.subject for alarm in acting)
        return f"{', '.join(fired)} fires, {still} does not" if fired else f"{still} does not fire"

    def _may_act(self, alarm: Alarm) -> bool:
        match alarm.alarm_actions:
            case Known(actions):
                return bool(actions) and known(alarm.actions_enabled) is not False
            case Unknown():
                return known(alarm.actions_enabled) is not False
            case _:
                return False


def _unseen(resource: Resource, mode: Mode) -> str:
    """What the input would have to show; "" where it shows enough.

    A poison pill hardly shows on its queue: its consumer fails, and its dead-letter queue fills.
    """
    if resource.kind == "queue" and mode.name == "poison-pill" and len(resource.names) == 1:
        return "the input shows neither the queue's consumer nor its dead-letter queue"
    return ""


def _signature(alarm: Alarm, resource: Resource) -> object:
    """All that decides about an alarm's states, its names put aside; None where that is more than this compares."""
    if not isinstance(alarm, MetricAlarm) or alarm.indefinite:
        return None
    watch = watch_of(alarm)
    if not isinstance(watch, Watch):
        return None
    roles = {name: role for role, name in resource.names.items()}
    feeds = tuple(
        (
            feed.namespace,
            feed.metric_name,
            feed.statistic,
            tuple((key, roles.get(value, value)) for key, value in feed.dimensions),
        )
        for feed in watch.feeds
    )
    expressions = tuple((item.id, item.text) for item in watch.expressions)
    return (repr(watch.criteria), feeds, expressions, watch.returned, tuple(feed.id for feed in watch.feeds))


def _unmodelled(alarm: Alarm) -> str:
    """A metric that an alarm reads and the drill does not simulate; "" where there is none."""
    found = series_of(alarm) if isinstance(alarm, MetricAlarm) else ()
    for series in () if isinstance(found, Unknown) else found:
        namespace, name = known(series.namespace), known(series.metric_name) or ""
        if not any(NAMESPACES[role][0] == namespace and name in HEALTHY[role] for role in HEALTHY):
            return series.name
    return ""


def _window(alarm: Alarm) -> int:
    watch = watch_of(alarm) if isinstance(alarm, MetricAlarm) else None
    criteria = getattr(watch, "criteria", None)
    return (criteria.periods + 3) * criteria.period if criteria else 0
