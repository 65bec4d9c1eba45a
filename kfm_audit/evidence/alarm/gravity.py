"""How bad it is when an alarm goes off: by its own word, else by the contract alarm that it stands for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kfm_audit.evidence.alarm.severities import Said, Severities
from kfm_audit.facts import Alarm, MetricAlarm
from kfm_audit.values import Unknown

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence


def severity_of(
    evidence: Evidence, alarm: Alarm, tags: Iterable[str], severities: Severities | None = None
) -> Said | Unknown | None:
    """The severity of an alarm: `Severities.of`, and where nothing there says one, the contract's.

    Only an alarm that keeps its contract alarm stands for it here; one that departs from it may be meant for
    something else. Unknown where a tag or the name may say it after apply.
    """
    said = (severities or evidence.severities).of(alarm, tags)
    if said is not None or not isinstance(alarm, MetricAlarm) or not evidence.policy.alarms.contract:
        return said
    from kfm_audit.evidence.alarm.contract import Status

    kept = {
        cell.promise.severity: cell.promise.name
        for _, cell in evidence.contract.of_alarm(alarm)
        if cell.status is Status.COVERED and cell.promise.severity
    }
    if len(kept) != 1:
        return None
    severity, name = next(iter(kept.items()))
    return Said(severity, f"the contract (alarms.contract.{name})")
