"""The states of alarms."""

from __future__ import annotations

from kfm_audit.values import IdentityEnum


class AlarmState(IdentityEnum):
    """The state of a metric or composite alarm, as CloudWatch writes it."""

    ALARM = "ALARM"
    OK = "OK"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"
