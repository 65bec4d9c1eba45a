"""Facts about telemetry: metric families with their labels, and documents held to a schema."""

from __future__ import annotations

from enum import Enum
from typing import ClassVar

from msgspec import Struct

from kfm_audit.facts.base import Fact
from kfm_audit.values import Origin

MAX_VALUES = 1001
"""A label keeps at most this many distinct values; more than the largest limit of a policy says enough."""


class LabelScope(Enum):
    """Where a label stands: on the data point (each value is a series), or on the resource that sent it."""

    POINT = "point"
    RESOURCE = "resource"


class Label(Struct, frozen=True):
    """One label key of a family with the distinct values that were seen.

    `values` keeps first-seen order and stops at `MAX_VALUES`; `distinct` says
    how many there were until then. `late` is how many of the values were new in
    the later half of the reports (JSON lines, EMF events); it is 0 for an input
    that is one snapshot, whose order says nothing about time. `origin` is the
    place of the first value.
    """

    key: str
    values: tuple[str, ...]
    distinct: int
    late: int
    origin: Origin
    scope: LabelScope = LabelScope.POINT


class MetricFamily(Fact, frozen=True, kw_only=True):
    """A metric and all the series of it that one input holds.

    The subject is its name, behind its namespace where it has one (`KFM/ETL
    Rows`). The attributes of OTLP resources are the labels of a family of their
    own, `target_info`. `labels_known` is false for inputs that count series without their labels.
    """

    kind: ClassVar[str] = "metric-family"

    name: str
    namespace: str = ""
    labels: tuple[Label, ...] = ()
    series: int = 0
    labels_known: bool = True
    overflow: bool = False


class SchemaViolation(Struct, frozen=True):
    """One place where a document breaks its schema: what is wrong, where, and what mends it."""

    pointer: str
    message: str
    cure: str = ""


class SchemaDocument(Fact, frozen=True, kw_only=True):
    """A document that declares, or whose name implies, one of the schemas that we ship."""

    kind: ClassVar[str] = "telemetry-document"

    schema: str
    violations: tuple[SchemaViolation, ...] = ()
    more: int = 0
    """How many violations there were beyond those kept."""
