"""Whether a policy's contract is whole and means something: what its types alone cannot say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kfm_audit.globs import matches_any
from kfm_audit.policy.contract import AlarmOverride, Alarms, ContractAlarm, Terms, WorkingHours
from kfm_audit.policy.section import duration
from kfm_audit.policy.strict import DocumentError, nearest

_NEEDED: Final = ("resource", "statistics", "operator", "threshold", "window")
_IN_EVERY_DATABASE: Final = frozenset({"UTC", "America/Chicago"})
"""Zones that the packs name: asking the database for them costs as much as a small run."""
_MINUTE: Final = 60


def check_contract(alarms: Alarms, environments: tuple[str, ...]) -> None:
    """Raise DocumentError for the first thing that is wrong; its path begins with `alarms`."""
    for error in _faults(alarms, environments):
        raise DocumentError(error.message, ("alarms", *error.path))


def _faults(alarms: Alarms, environments: tuple[str, ...]) -> Iterator[DocumentError]:
    for name, alarm in alarms.contract.items():
        for error in _of_alarm(alarm, alarms.working_hours, environments):
            yield DocumentError(error.message, ("contract", name, *error.path))
    for number, override in enumerate(alarms.overrides):
        for error in _of_override(override, alarms):
            yield DocumentError(error.message, ("overrides", str(number), *error.path))
    if alarms.working_hours is not None:
        for error in _of_hours(alarms.working_hours):
            yield DocumentError(error.message, ("working_hours", *error.path))


def _of_alarm(
    alarm: ContractAlarm, hours: WorkingHours | None, environments: tuple[str, ...]
) -> Iterator[DocumentError]:
    for key in _NEEDED:
        if getattr(alarm, key) in (None, ()):
            yield DocumentError(f"lacks the key `{key}`")
    if bool(alarm.metric) is bool(alarm.metrics):
        yield DocumentError("needs either `metric`, or `metrics` with an `expression`")
    if bool(alarm.metrics) is not bool(alarm.expression):
        yield DocumentError("`metrics` and `expression` go together")
    if alarm.expression:
        yield from _of_expression(alarm)
    if alarm.when not in (None, "always") and hours is None:
        yield DocumentError(
            "the policy does not say when people are at work: set `alarms.working_hours`", ("when",)
        )
    yield from _of_terms(alarm, alarm)
    for environment, terms in alarm.environments.items():
        if environment not in environments:
            words = f"no environment is called {environment}{nearest(environment, environments)}"
            yield DocumentError(words, ("environments", environment))
        for error in _of_terms(terms, alarm):
            yield DocumentError(error.message, ("environments", environment, *error.path))


def _of_expression(alarm: ContractAlarm) -> Iterator[DocumentError]:
    from kfm_audit.aws.math_check import Query, check
    from kfm_audit.aws.math_syntax import parse
    from kfm_audit.aws.math_typing import names_in

    try:
        used = [name.id for name in names_in(parse(alarm.expression).root)]
    except ValueError as error:
        yield DocumentError(f"is no metric math: {error}", ("expression",))
        return
    for id_ in dict.fromkeys(used):
        if id_ not in alarm.metrics:
            yield DocumentError(
                f"speaks of {id_}, which is not among `metrics`{nearest(id_, alarm.metrics)}", ("expression",)
            )
    for id_ in alarm.metrics:
        if id_ not in used:
            yield DocumentError(f"`expression` does not speak of {id_}", ("metrics", id_))
    ids = list(alarm.metrics)
    metrics = [Query(id=id_) for id_ in ids]
    # An id that none of the metrics has: it is longer.
    whole = Query(id=f"of_{max(ids, key=len)}", expression=alarm.expression, return_data=True)
    for fault in check([*metrics, whole]):
        if 0 <= fault.query < len(ids):
            yield DocumentError(fault.message, ("metrics", ids[fault.query]))
        else:
            yield DocumentError(f"CloudWatch would refuse it: {fault.message}", ("expression",))


def _of_terms(terms: Terms, alarm: ContractAlarm) -> Iterator[DocumentError]:
    window = terms.window or alarm.window
    datapoints = terms.datapoints or alarm.datapoints or 1
    if window is None:
        return
    seconds = int(duration(window).total_seconds())
    if seconds < _MINUTE or seconds % _MINUTE:
        yield DocumentError(
            f"{window} is no whole number of minutes, the period of most metrics", ("window",)
        )
    elif datapoints * _MINUTE > seconds:
        at = "window" if terms.datapoints is None and terms.window is not None else "datapoints"
        yield DocumentError(
            f"{datapoints} datapoints of a minute do not fit into a window of {window}", (at,)
        )


def _of_override(override: AlarmOverride, alarms: Alarms) -> Iterator[DocumentError]:
    if not override.reason.strip():
        yield DocumentError("an override needs a reason", ("reason",))
    for number, name in enumerate(override.alarms):
        if not {"*", "?"} & set(name) and name not in alarms.contract:
            words = f"no contract alarm is called {name}{nearest(name, alarms.contract)}"
            yield DocumentError(words, ("alarms", str(number)))
    if override.window is not None or override.datapoints is not None:
        for name, alarm in alarms.contract.items():
            if matches_any(name, override.alarms):
                yield from _of_terms(override, alarm)


def _of_hours(hours: WorkingHours) -> Iterator[DocumentError]:
    begin, _, end = hours.hours.partition("-")
    if begin == end:
        yield DocumentError(f"{hours.hours} has no length; write 00:00-24:00 for all day", ("hours",))
    if not hours.days:
        yield DocumentError("names no day", ("days",))
    if hours.time_zone not in _IN_EVERY_DATABASE:
        yield from _of_zone(hours.time_zone)


def _of_zone(name: str) -> Iterator[DocumentError]:
    from zoneinfo import ZoneInfo, available_timezones

    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        known = available_timezones()
        close = nearest(name, known)
        hint = close if "did you mean" in close else "; write its IANA name, such as America/Chicago"
        if not known:
            hint = "; this machine has no database of them: install tzdata"
        yield DocumentError(f"no time zone is called {name!r}{hint}", ("time_zone",))
