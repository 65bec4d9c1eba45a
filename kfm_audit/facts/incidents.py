"""Facts about incident records."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from kfm_audit.facts.base import Fact


class Incident(Fact, frozen=True, kw_only=True):
    """An incident record; the subject is its id."""

    kind: ClassVar[str] = "incident"

    id: str
    status: str
    severity: str = ""
    service: str = ""
    environment: str = ""
    opened: datetime | None = None
    detected: datetime | None = None
    corrected: datetime | None = None
    false_positive: bool = False
    rollbacks: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()
    summary: str = ""
