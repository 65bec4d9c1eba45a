"""Alarms that are deployed beside those that Terraform declares: which belong together.

An alarm is known by its name in an account and region. A plan shows the ARN of an
alarm that exists; of other alarms the provider shows the region and, with a role,
the account.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from kfm_audit.aws.arns import parse_arn
from kfm_audit.evidence.alarm.alarms import account_of, region_of
from kfm_audit.facts import (
    Alarm,
    AlarmComparison,
    Change,
    CompositeAlarm,
    DeployedListing,
    Listed,
    MetricAlarm,
)
from kfm_audit.values import Known, known

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence

_SCALING: Final = "TargetTracking-"
"""How the names of the alarms begin that Application Auto Scaling makes for itself."""

Place = tuple[str, str]
"""Account and region; "" where it is not told."""


def compare(evidence: Evidence) -> None:
    """Pair the alarms; what is declared and deployed stays in the evidence as declared."""
    every: list[Alarm] = [*evidence.of(MetricAlarm), *evidence.of(CompositeAlarm)]
    actual: dict[str, list[Alarm]] = {}
    for alarm in every:
        if alarm.deployed:
            actual.setdefault(known(alarm.alarm_name) or "", []).append(alarm)
    declared = [alarm for alarm in every if not alarm.deployed]
    if not actual and not declared:
        return
    pairs: list[tuple[Alarm, Alarm]] = []
    unclear: list[tuple[Alarm, tuple[Alarm, ...]]] = []
    missing: list[Alarm] = []
    for alarm in declared:
        found = _counterparts(alarm, actual)
        if len(found) == 1:
            pairs.append((alarm, found[0]))
        elif found:
            unclear.append((alarm, found))
        else:
            missing.append(alarm)
    taken = {id(alarm) for _, alarm in pairs}
    for kind in (MetricAlarm, CompositeAlarm):
        evidence.put(kind, [alarm for alarm in evidence.of(kind) if id(alarm) not in taken])
    evidence.add(_of_pairs(pairs))
    evidence.add(_comparison(alarm, candidates=found) for alarm, found in unclear)
    evidence.add(_of_missing(missing, pairs, evidence.of(DeployedListing)))
    evidence.add(_of_undeclared(every, pairs))


def _counterparts(alarm: Alarm, actual: dict[str, list[Alarm]]) -> tuple[Alarm, ...]:
    """The deployed alarms that may be the declared one, by the name that it bears now."""
    before = alarm.before if isinstance(alarm.before, Alarm) else None
    names = dict.fromkeys(name for item in (before, alarm) if item and (name := known(item.alarm_name)))
    for name in names:
        found = tuple(item for item in actual.get(name, ()) if _may_be(alarm, item))
        if found:
            return found
    return ()


def _may_be(declared: Alarm, actual: Alarm) -> bool:
    own, other = place_of(declared), place_of(actual)
    return type(declared) is type(actual) and all(
        not one or not two or one == two for one, two in zip(own, other, strict=True)
    )


def place_of(alarm: Alarm) -> Place:
    """Account and region of an alarm, as far as they are told."""
    before = alarm.before if isinstance(alarm.before, Alarm) else alarm
    arn = parse_arn(known(alarm.arn) or known(before.arn) or "")
    return (arn.account, arn.region) if arn else (account_of(alarm), region_of(alarm))


def _of_pairs(pairs: Iterable[tuple[Alarm, Alarm]]) -> Iterator[AlarmComparison]:
    for declared, actual in pairs:
        if declared.change is not Change.DELETED:
            yield _comparison(declared, actual=actual)


def _of_missing(
    missing: Iterable[Alarm],
    pairs: Iterable[tuple[Alarm, Alarm]],
    listings: Iterable[DeployedListing],
) -> Iterator[AlarmComparison]:
    """Alarms that a plan says exist, in a place whose alarms were listed."""
    seen: dict[tuple[str, type[Alarm]], set[Place]] = {}
    for declared, actual in pairs:
        seen.setdefault((declared.stack, type(declared)), set()).add(place_of(actual))
    kinds: dict[Listed, type[Alarm]] = {Listed.ALARMS: MetricAlarm, Listed.COMPOSITES: CompositeAlarm}
    listed = {
        ((item.account, item.region), kinds[item.listed])
        for item in listings
        if item.listed in kinds and item.account
    }
    for alarm in missing:
        if not _exists(alarm):
            continue
        place = place_of(alarm)
        if not all(place):
            # Where the others of its stack are all in one place, so is it.
            others = [other for other in seen.get((alarm.stack, type(alarm)), ()) if _fits(place, other)]
            place = others[0] if len(others) == 1 else place
        if (place, type(alarm)) in listed:
            yield _comparison(alarm)


def _exists(alarm: Alarm) -> bool:
    """Whether a plan says that the alarm exists: sources do not say so, and a plan shows its ARN."""
    before = alarm.before if isinstance(alarm.before, Alarm) else alarm
    return alarm.change in (Change.UNCHANGED, Change.CHANGED) and isinstance(before.arn, Known)


def _fits(place: Place, other: Place) -> bool:
    return all(not one or one == two for one, two in zip(place, other, strict=True))


def _of_undeclared(every: Iterable[Alarm], pairs: Iterable[tuple[Alarm, Alarm]]) -> Iterator[AlarmComparison]:
    """Deployed alarms that no Terraform declares, with the share of their place that is declared."""
    taken = {id(actual) for _, actual in pairs}
    by_place: dict[Place, list[Alarm]] = {}
    for alarm in every:
        if alarm.deployed and not (known(alarm.alarm_name) or "").startswith(_SCALING):
            by_place.setdefault(place_of(alarm), []).append(alarm)
    for alarms in by_place.values():
        declared = sum(id(alarm) in taken for alarm in alarms)
        for alarm in alarms:
            if declared and id(alarm) not in taken:
                yield _comparison(None, actual=alarm, covered=declared / len(alarms))


def _comparison(
    declared: Alarm | None,
    *,
    actual: Alarm | None = None,
    candidates: tuple[Alarm, ...] = (),
    covered: float = 1.0,
) -> AlarmComparison:
    spoken_of = declared or actual
    assert spoken_of is not None
    return AlarmComparison(
        subject=spoken_of.subject,
        origin=spoken_of.origin,
        stack=spoken_of.stack,
        change=spoken_of.change,
        indefinite=spoken_of.indefinite,
        declared=declared,
        actual=actual,
        candidates=candidates,
        covered=covered,
    )
