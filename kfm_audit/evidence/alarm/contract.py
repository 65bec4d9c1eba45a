"""Resources joined to the contract alarms that they owe: who is watched as the policy asks.

Each contract alarm is kept by at most one alarm of a resource.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from kfm_audit.evidence.alarm.assigning import Assigning
from kfm_audit.evidence.alarm.held import Held
from kfm_audit.evidence.alarm.series import series_of
from kfm_audit.evidence.alarm.watched import Resource, Watched
from kfm_audit.evidence.notification.dead_letters import DeadLetters
from kfm_audit.facts import Function, MetricAlarm, Queue, UnseenModule
from kfm_audit.policy.contract import KINDS, Promise, ResourceKind, promised, promises
from kfm_audit.values import IdentityEnum, Unknown, ends_of, first_unknown, known

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence


class Status(IdentityEnum):
    """How a resource stands to a contract alarm."""

    COVERED = "covered"
    DEPARTS = "departs"
    MISSING = "missing"
    UNDECIDED = "undecided"
    NOT_OWED = "not-owed"


class Cell(Struct, frozen=True):
    """One contract alarm of one resource. `alarm` is the one that keeps it, or comes closest.

    `why` says of UNDECIDED what cannot be told, and `cure` what would decide it where there is no alarm.
    """

    promise: Promise
    status: Status
    alarm: MetricAlarm | None = None
    held: Held = Held()
    why: str = ""
    cure: str = ""


class Row(Struct, frozen=True):
    """A resource and its cells, in the contract's order. `fact` is None where no input holds the resource."""

    kind: ResourceKind
    stack: str
    name: str
    cells: tuple[Cell, ...]
    fact: Queue | Function | None = None
    first: MetricAlarm | None = None


class Contract:
    """The contract of the policy, over all resources of a run."""

    def __init__(self, evidence: Evidence) -> None:
        """Join nothing before it is asked for."""
        self._evidence = evidence
        self.dead_letters = DeadLetters(evidence)
        self._watched = Watched(evidence, self.dead_letters)
        self._assigning = Assigning(evidence.shapes)

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """All resources that owe something by their kind: those of the inputs, then those that alarms name."""
        owed = promises(self._evidence.policy.alarms)
        if not owed:
            return ()
        rows = [self._row(resource, owed) for resource in self._watched.resources]
        return tuple(sorted((row for row in rows if row.cells), key=lambda row: KINDS.index(row.kind)))

    def row(self, fact: Queue | Function) -> Row | None:
        """The row of a resource of the inputs."""
        return self._by_fact.get((fact.stack, fact.subject))

    def of_alarm(self, alarm: MetricAlarm) -> tuple[tuple[Row, Cell], ...]:
        """The cells that the alarm is counted for."""
        return tuple(self._by_alarm.get((alarm.stack, alarm.subject), ()))

    def named_first_by(self, alarm: MetricAlarm) -> tuple[Row, ...]:
        """The resources that no input holds and that this alarm is the first to name."""
        return tuple(self._by_first.get((alarm.stack, alarm.subject), ()))

    @cached_property
    def adrift(self) -> tuple[MetricAlarm, ...]:
        """The alarms that may be of the contract, and of which no input shows what they watch: not held to it."""
        owed = promises(self._evidence.policy.alarms)
        return tuple(
            alarm
            for alarms in self._watched.floating.values()
            for alarm in alarms
            if any(_may_be(promise, alarm) for promise in owed)
        )

    @cached_property
    def _by_fact(self) -> dict[tuple[str, str], Row]:
        return {(row.stack, row.fact.subject): row for row in self.rows if row.fact is not None}

    @cached_property
    def _by_alarm(self) -> dict[tuple[str, str], list[tuple[Row, Cell]]]:
        found: dict[tuple[str, str], list[tuple[Row, Cell]]] = {}
        for row in self.rows:
            for cell in row.cells:
                if cell.alarm is not None:
                    found.setdefault((cell.alarm.stack, cell.alarm.subject), []).append((row, cell))
        return found

    @cached_property
    def _by_first(self) -> dict[tuple[str, str], list[Row]]:
        found: dict[tuple[str, str], list[Row]] = {}
        for row in self.rows:
            if row.fact is None and row.first is not None:
                found.setdefault((row.first.stack, row.first.subject), []).append(row)
        return found

    @cached_property
    def _unseen(self) -> dict[str, str]:
        return {module.stack: module.subject for module in reversed(self._evidence.of(UnseenModule))}

    def _row(self, resource: Resource, owed: tuple[Promise, ...]) -> Row:
        environment = self._environment(resource)
        own = [
            promised(promise, self._evidence.policy.alarms, resource.names, environment)
            for promise in owed
            if promise.resource == resource.kind
        ]
        kept = self._assigning.assigned(own, resource.alarms)
        return Row(
            resource.kind,
            resource.stack,
            resource.name,
            tuple(self._cell(promise, kept.get(promise.name), resource) for promise in own),
            resource.fact,
            resource.alarms[0] if resource.alarms else None,
        )

    def _cell(self, promise: Promise, kept: tuple[MetricAlarm, Held] | None, resource: Resource) -> Cell:
        if kept is not None:
            alarm, how = kept
            status = Status.DEPARTS if how.departures else Status.UNDECIDED if how.untold else Status.COVERED
            definite = resource.fact is not None and not resource.fact.indefinite
            if status is Status.COVERED and alarm.indefinite and definite:
                return Cell(
                    promise,
                    Status.UNDECIDED,
                    alarm,
                    how,
                    f"{alarm.subject} may not be made: its count is not known",
                )
            return Cell(promise, status, alarm, how, how.untold)
        if not promise.required:
            return Cell(promise, Status.NOT_OWED)
        floating = next(
            (alarm for alarm in self._watched.floating.get(resource.stack, ()) if _may_be(promise, alarm)),
            None,
        )
        if floating is not None:
            return _perhaps(promise, floating)
        if resource.stack in self._unseen:
            why = f"{self._unseen[resource.stack]}, whose sources are not in the input, may make it"
            cure = "check a plan, which shows what the module makes"
            return Cell(promise, Status.UNDECIDED, None, Held(), why, cure)
        return Cell(promise, Status.MISSING)

    def _environment(self, resource: Resource) -> str | None:
        environments = self._evidence.environments
        if not environments.named:
            return None
        tags = known(resource.fact.tags) if resource.fact is not None else None
        wanted = {key.lower() for key in self._evidence.policy.environments.tags}
        said = [
            resource.names[-1],
            *(value for key, value in (tags or {}).items() if key.lower() in wanted),
            resource.stack,
        ]
        return next((found for text in said if (found := environments.named_in(text)) is not None), None)


def _perhaps(promise: Promise, alarm: MetricAlarm) -> Cell:
    """The cell of a promise that an alarm may keep of which the input does not show what it watches."""
    from kfm_audit.evidence.unset import cure

    found = series_of(alarm)
    read = () if isinstance(found, Unknown) else found
    named = (name for series in read for name in (series.metric_name, series.dimensions))
    unknown = first_unknown(alarm.metric_query, *named) or Unknown()
    return Cell(
        promise,
        Status.UNDECIDED,
        None,
        Held(),
        f"what {alarm.subject} watches depends on {ends_of(unknown)}",
        cure(unknown, f"name what {alarm.subject} watches by values that the plan knows", alarm),
    )


def _may_be(promise: Promise, alarm: MetricAlarm) -> bool:
    found = series_of(alarm)
    if isinstance(found, Unknown):
        return True
    wanted = set(promise.metrics.values())
    return all(
        isinstance(item.metric_name, Unknown) or (known(item.namespace), known(item.metric_name)) in wanted
        for item in found
    )
