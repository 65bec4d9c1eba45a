"""A finding: what a rule says of one subject."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from msgspec import Struct

from kfm_audit.values import IdentityEnum, Location, Origin


class Severity(IdentityEnum):
    """How bad a finding is, worst first."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


class Verdict(IdentityEnum):
    """What was found out.

    `PENDING` is owed and not due yet; `UNDECIDED` could not be known, and is
    said and counted, never passed over.
    """

    FAIL = "fail"
    PENDING = "pending"
    UNDECIDED = "undecided"


class Place(Struct, frozen=True):
    """Where a rule points: a fact's origin and an attribute path below it, never a line."""

    origin: Origin
    attribute: str = ""


class Related(Struct, frozen=True):
    """Another place that belongs to a finding, and what it has to do with it."""

    message: str
    place: Place


class Finding(Struct, frozen=True, kw_only=True):
    """Rule, subject, message and verdict. Made only by a rule's `Context`.

    `key` tells apart findings of one rule on one subject and attribute, where
    there can be several. `document` is a ready-made record that mends it once its
    TODOs are filled in, as JSON on one line. `persons` are names of people that stand in `message`
    and `subject`, so that reports for a public place can replace them.
    """

    rule: str
    name: str
    severity: Severity
    verdict: Verdict
    message: str
    help: str
    document: str = ""
    subject: str
    stack: str
    place: Place
    due: datetime | None = None
    related: tuple[Related, ...] = ()
    key: str = ""
    persons: tuple[str, ...] = ()
    fingerprint: str = ""


class AcceptedBy(Enum):
    """Where a suppression is written."""

    CONFIG = "config"
    INLINE = "inline"


class Acceptance(Struct, frozen=True, kw_only=True):
    """Why a finding is suppressed."""

    by: AcceptedBy
    reason: str
    owner: str
    expires: str = ""


class LocatedRelated(Struct, frozen=True):
    """A related place, located. `call` says that it is a module call that the finding's place is reached by."""

    message: str
    location: Location
    call: bool = False


class SettledFinding(Struct, frozen=True, kw_only=True):
    """A finding with its location, and what suppressions and baseline say of it."""

    finding: Finding
    location: Location
    related: tuple[LocatedRelated, ...] = ()
    known: bool = False
    acceptance: Acceptance | None = None

    @property
    def sort_key(self) -> tuple[str, int, int, str, str, str, str]:
        """The one documented order of findings: path, line, column, rule, subject, attribute, message."""
        place, finding = self.location, self.finding
        return (
            place.path,
            place.line,
            place.column,
            finding.rule,
            finding.subject,
            finding.place.attribute,
            finding.message,
        )
