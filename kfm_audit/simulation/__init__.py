"""Alarms over time: what the alarms of an `Evidence` do, given what their metrics measure.

`simulate` is all that a caller needs; `deliveries` says who receives a notice.
"""

from __future__ import annotations

from kfm_audit.simulation.assumptions import (
    ASSUMPTIONS,
    Assumption,
    AssumptionError,
    Assumptions,
    AverageFold,
    read_assumptions,
)
from kfm_audit.simulation.receivers import Delivery, deliveries, message
from kfm_audit.simulation.series import InputSeries, SeriesError, dimensions_of
from kfm_audit.simulation.simulate import simulate
from kfm_audit.simulation.timeline import (
    Evaluation,
    Key,
    Notice,
    RangeSensitivity,
    Refused,
    Simulation,
    Span,
    StateChange,
    Timeline,
    Withholding,
    key_of,
)

__all__ = [
    "ASSUMPTIONS",
    "Assumption",
    "AssumptionError",
    "Assumptions",
    "AverageFold",
    "Delivery",
    "Evaluation",
    "InputSeries",
    "Key",
    "Notice",
    "RangeSensitivity",
    "Refused",
    "SeriesError",
    "Simulation",
    "Span",
    "StateChange",
    "Timeline",
    "Withholding",
    "deliveries",
    "dimensions_of",
    "key_of",
    "message",
    "read_assumptions",
    "simulate",
]
