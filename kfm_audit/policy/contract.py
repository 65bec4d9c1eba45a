"""What a policy asks of alarms (`alarms`): the contract, its overrides, and the hours of work.

The contract names alarms that every queue, dead-letter queue and function owes.
`promises` gives them whole, `promised` as they hold for one resource. Whatever
reads the contract (coverage, `drill`) reads it here.

Annotations are evaluated here, as in all modules of what a policy may say: the decoder reads them at
each start, and those that are texts it has to parse first.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from kfm_audit.globs import matches_any
from kfm_audit.policy.section import Duration, Section, duration

ResourceKind = Literal["queue", "dlq", "function"]
Operator = Literal[">=", ">", "<", "<="]
When = Literal["always", "working-hours", "off-hours"]
FailureMode = Literal["dead-consumer", "drip", "poison-pill", "throttle-storm", "async-drop", "dlq-trickle"]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
MetricName = Annotated[
    str, Meta(pattern=r"^[^ ]+ [^ ]+$", examples=["AWS/SQS ApproximateAgeOfOldestMessage"])
]
HoursOfDay = Annotated[
    str,
    Meta(
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$",
        examples=["08:00-18:00", "00:00-24:00"],
    ),
]

DAYS: Final[tuple[Day, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""In the order of `datetime.weekday`."""
KINDS: Final[tuple[ResourceKind, ...]] = ("queue", "dlq", "function")
"""In the order in which reports show them."""
SINGLE: Final = "metric"
"""The id of the one metric of an alarm without `expression`."""


class Terms(Section, frozen=True, kw_only=True):
    """The terms of a contract alarm that may differ; what is left out stays as it is."""

    threshold: float | None = None
    """What the statistic or the expression is compared with."""
    window: Duration | None = None
    """How long it must last: evaluation periods x period is at least this, and a lasting breach is told by then."""
    datapoints: Annotated[int, Meta(ge=1)] | None = None
    """How many datapoints must breach, at least; one where it is left out."""
    severity: str | None = None
    """How bad it is when the alarm goes off: `Sev2`."""
    required: bool | None = None
    """Whether resources owe the alarm; where they do not, one that is there is held to the contract all the same."""


class ContractAlarm(Terms, frozen=True, kw_only=True):
    """An alarm that every resource of one kind owes.

    It is written as far as it differs from the policy that is extended; whole, it has `resource`, `metric` or
    `metrics` with `expression`, `statistics`, `operator`, `threshold` and `window`. CloudWatch has no threshold that
    changes with the clock: what holds at other hours is an alarm of its own, with `when`.
    """

    resource: ResourceKind | None = None
    """The kind of resource that owes it; `dlq` is a queue that takes another one's dead letters, or a function's."""
    metric: MetricName = ""
    """Namespace and name of the metric that it watches."""
    metrics: dict[str, MetricName] = {}
    """The metrics that `expression` speaks of, by id."""
    expression: str = ""
    """Metric math over `metrics`; an alarm's own may differ by guards and by a constant factor."""
    statistics: tuple[str, ...] = ()
    """The statistics that tell what is asked, the best first; each of them will do."""
    operator: Operator | None = None
    """How the value is compared with the threshold."""
    when: When | None = None
    """When it must be on watch; an alarm that always is will do. `always` where it is left out."""
    catches: tuple[FailureMode, ...] = ()
    """The failures that the contract counts on it for."""
    environments: dict[str, Terms] = {}
    """What is different in an environment, by its name."""


class AlarmOverride(Terms, frozen=True, kw_only=True):
    """What is different for some resources, and why. The last one that speaks of a term decides."""

    resources: tuple[str, ...]
    """The resources that it is about: globs of `*` and `?` over their addresses and names."""
    reason: str
    """Why they are different, for whoever reads the policy."""
    alarms: tuple[str, ...] = ("*",)
    """The contract alarms that it is about, as globs."""


class WorkingHours(Section, frozen=True, kw_only=True):
    """When people are at work; the rest is off-hours."""

    time_zone: str
    """An IANA name: `America/Chicago`."""
    hours: HoursOfDay = "08:00-18:00"
    """Local time, the end excluded; an end before the beginning is on the next day."""
    days: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri")
    """The days on which they begin."""


class Alarms(Section, frozen=True):
    """What is asked of alarms."""

    contract: dict[str, ContractAlarm] = {}
    """The alarms that every resource of a kind owes, by name."""
    overrides: tuple[AlarmOverride, ...] = ()
    """What is different for some resources, each with a reason."""
    working_hours: WorkingHours | None = None
    """When people are at work; contract alarms with `when` need it."""


class Promise(Struct, frozen=True, kw_only=True):
    """A contract alarm, whole, as it holds for one resource or for all of its kind.

    `metrics` are pairs of namespace and name by id, `expression` speaks of these
    ids (`SINGLE` alone where there is but one). `window` is in seconds. `reasons`
    are those of the overrides that made it differ.
    """

    name: str
    resource: ResourceKind
    metrics: Mapping[str, tuple[str, str]]
    expression: str
    statistics: tuple[str, ...]
    operator: Operator
    threshold: float
    window: int
    datapoints: int
    severity: str
    when: When
    required: bool
    catches: tuple[FailureMode, ...]
    reasons: tuple[str, ...] = ()


def promises(alarms: Alarms) -> tuple[Promise, ...]:
    """The contract as it holds for every resource, in the policy's order. The policy must have been checked."""
    return tuple(_promise(name, alarm) for name, alarm in alarms.contract.items())


def promised(promise: Promise, alarms: Alarms, names: Iterable[str], environment: str | None) -> Promise:
    """A promise as it holds for the resource with these `names` (address and name), in its environment."""
    terms = alarms.contract[promise.name].environments.get(environment or "")
    if terms is not None:
        promise = _differing(promise, terms)
    for override in alarms.overrides:
        if matches_any(promise.name, override.alarms) and any(
            matches_any(name, override.resources) for name in names
        ):
            promise = _differing(promise, override)
            promise = replace(promise, reasons=(*promise.reasons, override.reason))
    return promise


def at_work(hours: WorkingHours, time: datetime) -> bool:
    """Whether `time`, which has a time zone, lies in the hours of work."""
    from zoneinfo import ZoneInfo

    local = time.astimezone(ZoneInfo(hours.time_zone))
    begin, _, end = hours.hours.partition("-")
    clock, today = f"{local:%H:%M}", local.weekday()
    if begin < end:
        return DAYS[today] in hours.days and begin <= clock < end
    return (DAYS[today] in hours.days and clock >= begin) or (DAYS[today - 1] in hours.days and clock < end)


def _promise(name: str, alarm: ContractAlarm) -> Promise:
    assert alarm.resource is not None, "a policy is checked when it is loaded"
    assert alarm.operator is not None
    assert alarm.threshold is not None
    assert alarm.window is not None
    metrics = alarm.metrics or {SINGLE: alarm.metric}
    return Promise(
        name=name,
        resource=alarm.resource,
        metrics={id_: _named(metric) for id_, metric in metrics.items()},
        expression=alarm.expression or SINGLE,
        statistics=alarm.statistics,
        operator=alarm.operator,
        threshold=alarm.threshold,
        window=_seconds(alarm.window),
        datapoints=alarm.datapoints or 1,
        severity=alarm.severity or "",
        when=alarm.when or "always",
        required=alarm.required is not False,
        catches=alarm.catches,
    )


def _differing(promise: Promise, terms: Terms) -> Promise:
    return replace(
        promise,
        threshold=promise.threshold if terms.threshold is None else terms.threshold,
        window=promise.window if terms.window is None else _seconds(terms.window),
        datapoints=promise.datapoints if terms.datapoints is None else terms.datapoints,
        severity=promise.severity if terms.severity is None else terms.severity,
        required=promise.required if terms.required is None else terms.required,
    )


def _named(metric: str) -> tuple[str, str]:
    namespace, _, name = metric.partition(" ")
    return namespace, name


def _seconds(text: str) -> int:
    return int(duration(text).total_seconds())
