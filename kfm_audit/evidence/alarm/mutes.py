"""Alarms joined to the mute rules that keep their actions back, and to how much of the time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from kfm_audit.aws.mute_schedule import MuteScheduleError, Window, share, windows
from kfm_audit.evidence.alarm.comparisons import place_of
from kfm_audit.evidence.leads import bare
from kfm_audit.facts import Alarm, AlarmMuteRule, Change, CompositeAlarm, MetricAlarm
from kfm_audit.values import Attribute, Known, Unknown, ends_of, known

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence

_AHEAD: Final = timedelta(days=28)
"""As far ahead as is looked: what is muted for less, though without a break, is planned work."""


class Untold(Struct, frozen=True):
    """Why it cannot be told when a rule is active."""

    why: str


class Mutes:
    """Which alarms each mute rule names, and how long they are muted."""

    def __init__(self, evidence: Evidence) -> None:
        """Index the alarms that will exist, by name and by address."""
        self._now = evidence.now
        self._shares: dict[tuple[tuple[str, str], ...], float | Untold] = {}
        self._by_name: dict[str, list[Alarm]] = {}
        self._by_address: dict[tuple[str, str], list[Alarm]] = {}
        for alarm in (*evidence.of(MetricAlarm), *evidence.of(CompositeAlarm)):
            if alarm.change is Change.DELETED:
                continue
            if isinstance(alarm.alarm_name, Known):
                self._by_name.setdefault(alarm.alarm_name.value, []).append(alarm)
            for address in dict.fromkeys((alarm.subject, bare(alarm.subject))):
                self._by_address.setdefault((alarm.stack, address), []).append(alarm)
        self._of_alarm: dict[tuple[str, str], list[AlarmMuteRule]] = {}
        for rule in evidence.of(AlarmMuteRule):
            if rule.change is not Change.DELETED:
                for alarm in self.alarms(rule):
                    self._of_alarm.setdefault((alarm.stack, alarm.subject), []).append(rule)

    def alarms(self, rule: AlarmMuteRule) -> tuple[Alarm, ...]:
        """The alarms that the rule names, as far as the input holds them."""
        found: list[Alarm] = []
        match rule.alarm_names:
            case Known(names):
                for name in dict.fromkeys(names):
                    found += [item for item in self._by_name.get(name, ()) if _may_name(rule, item)]
            case Unknown(references):
                for reference in references:
                    found += self._by_address.get((rule.stack, reference.name), ())
            case _:
                pass
        return tuple({id(alarm): alarm for alarm in found}.values())

    def missing(self, rule: AlarmMuteRule) -> tuple[str, ...]:
        """The names that the rule mutes, and of which no alarm was read."""
        names = known(rule.alarm_names) or ()
        return tuple(
            name
            for name in dict.fromkeys(names)
            if not any(_may_name(rule, alarm) for alarm in self._by_name.get(name, ()))
        )

    def rules(self, alarm: Alarm) -> tuple[AlarmMuteRule, ...]:
        """The rules that name the alarm, in the order of the inputs."""
        return tuple(self._of_alarm.get((alarm.stack, alarm.subject), ()))

    def share(self, rules: Iterable[AlarmMuteRule]) -> float | Untold:
        """What share of the four weeks from now some of the rules are active; from when all have begun."""
        every = tuple(rules)
        key = tuple((rule.stack, rule.subject) for rule in every)
        if key not in self._shares:
            self._shares[key] = self._share(every)
        return self._shares[key]

    def _share(self, every: tuple[AlarmMuteRule, ...]) -> float | Untold:
        begin = max((self._now, *filter(None, (_moment(rule.start_date) for rule in every))))
        try:
            end = begin + _AHEAD
            spans = [span for rule in every for span in _windows(rule, begin, end)]
        except MuteScheduleError as error:
            return Untold(str(error))
        except OverflowError:
            return Untold("its start_date is too far away")
        return share(spans, begin, end)


def _windows(rule: AlarmMuteRule, begin: datetime, end: datetime) -> list[Window]:
    for attribute in (rule.expression, rule.duration, rule.timezone, rule.expire_date, rule.start_date):
        if isinstance(attribute, Unknown):
            from kfm_audit.evidence.unset import when

            raise MuteScheduleError(f"its schedule {when(attribute, rule)} ({ends_of(attribute)})")
    said = (rule.expression, rule.duration, rule.timezone)
    expression, duration, timezone = (known(attribute) or "" for attribute in said)
    try:
        found = windows(expression, duration, timezone, begin, end)
    except MuteScheduleError:
        if any(isinstance(attribute, Known) and attribute.sensitive for attribute in said):
            raise MuteScheduleError("its schedule is marked sensitive, and cannot be read") from None
        raise
    last = _moment(rule.expire_date)
    return found if last is None else [(start, min(stop, last)) for start, stop in found if start < last]


def _moment(attribute: Attribute[str]) -> datetime | None:
    """A date of a rule, in UTC; None where there is none, or none that is known."""
    text = known(attribute)
    try:
        moment = datetime.fromisoformat(text) if text else None
        return moment and (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _may_name(rule: AlarmMuteRule, alarm: Alarm) -> bool:
    """Whether the two are in one stack, or, where AWS described the rule, in one account and region."""
    if rule.stack == alarm.stack:
        return True
    account, _, region = rule.stack.partition("/")
    own = place_of(alarm)
    return rule.deployed and own[0] in ("", account) and own[1] in ("", region)
