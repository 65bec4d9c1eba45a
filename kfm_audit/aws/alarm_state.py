"""The states of alarms."""

from __future__ import annotations

from enum import Enum


class AlarmState(Enum):
    """The state of a metric or composite alarm, as CloudWatch writes it."""

    ALARM = "ALARM"
    OK = "OK"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"
