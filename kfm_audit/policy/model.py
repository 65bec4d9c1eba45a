"""The shared vocabulary of a policy, typed (design section 4).

A policy is read by `kfm_audit.policy.load`; the JSON Schema in `schemas/` is
generated from these types. Every list may be overridden for a metric, a branch
or a resource, with a reason.
"""

from typing import Any, Literal

from msgspec import field

from kfm_audit.policy.contract import Alarms
from kfm_audit.policy.lakefs import LakeFS
from kfm_audit.policy.section import Section, duration

__all__ = [
    "Alarms",
    "DeliveryPolicy",
    "Environments",
    "Incidents",
    "LakeFS",
    "MetricOverride",
    "Policy",
    "Provenance",
    "RuleEntry",
    "SeverityRoute",
    "Telemetry",
    "duration",
]

EvidenceOfEnvironment = Literal["name", "dimension", "tag", "provider", "stack"]
SeverityName = Literal["error", "warning", "note"]
UndecidedMeaning = Literal["report", "fail"]


class Environments(Section, frozen=True):
    """The environments and what counts as evidence that something belongs to one."""

    names: dict[str, tuple[str, ...]] = {}
    """Each environment with its aliases."""
    evidence: tuple[EvidenceOfEnvironment, ...] = ("name", "dimension", "tag", "provider", "stack")
    """What may show the environment of an alarm."""
    tags: tuple[str, ...] = ("environment", "env", "stage")
    """Tag keys that name the environment, whatever their case."""
    dimensions: tuple[str, ...] = ("environment", "env", "stage")
    """Dimension keys that name the environment, whatever their case."""


class SeverityRoute(Section, frozen=True):
    """Which alarms are of a severity, and who is told of them. All are globs of `*` and `?` but `words`."""

    words: tuple[str, ...] = ()
    """Other words for it, in the names and tags of alarms, topics and subscribers: `critical`."""
    alarms: tuple[str, ...] = ()
    """Alarms that are of it, by name or address, whatever their words and tags say."""
    topics: tuple[str, ...] = ()
    """Topics that are for it, by name, ARN or address; a topic may be for several."""
    subscribers: tuple[str, ...] = ()
    """Subscribers that are for it, by address or endpoint; one may be for several."""


class DeliveryPolicy(Section, frozen=True):
    """Which routes from an alarm to a person count beside an SNS action."""

    eventbridge: bool = True
    """An EventBridge rule that lets the change to ALARM through, with a target that may tell somebody."""
    composite: bool = True
    """A composite alarm above it that notifies SNS."""
    severities: dict[str, SeverityRoute] = {}
    """The severities of alarms, each with who is told of it; worst first, as in `telemetry.vocabularies.severity`."""


class Provenance(Section, frozen=True):
    """The vocabulary of provenance documents."""

    namespaces: tuple[str, ...] = ()
    """IRIs under which our own terms (`Correction`, `revertedCommit`, ...) are understood."""
    reason_categories: tuple[str, ...] = ()
    """The vocabulary of `kfm:reasonCategory`; empty admits every category."""
    approver_roles: tuple[str, ...] = ("approver", "retrospectiveApprover")
    """Roles (local names) that make an agent an approver."""
    justification_min_length: int = 20
    """Characters; a shorter text justifies nothing."""


class MetricOverride(Section, frozen=True):
    """What is different for some metrics, and why. Metrics are globs of `*` and `?`."""

    metrics: tuple[str, ...]
    """The metrics that it is about, as globs."""
    reason: str
    """Why they are different, for whoever reads the policy."""
    allow: tuple[str, ...] = ()
    """Label keys that are permitted here, beside those of `telemetry.allow`."""
    deny: tuple[str, ...] = ()
    """Label keys that are forbidden here, beside those of `telemetry.deny`."""
    vocabularies: dict[str, tuple[str, ...]] = {}
    """The values that a label key may take here, instead of those of `telemetry.vocabularies`."""
    max_values: int | None = None
    """The most distinct values that a label of these metrics may have, instead of `telemetry.max_values`."""
    third_party: bool = False
    """Others choose the labels of these metrics (AWS, client libraries): they are not judged."""


class Telemetry(Section, frozen=True):
    """Label keys, their vocabularies and how many values they may take."""

    allow: tuple[str, ...] = ()
    """Label keys that are permitted; empty means that there is no such list."""
    deny: tuple[str, ...] = ()
    """Label keys that are forbidden; globs of `*` and `?`."""
    vocabularies: dict[str, tuple[str, ...]] = {}
    """The values that a label key may take."""
    warn_values: int = 100
    """A label with more distinct values than this is worth a look."""
    max_values: int = 500
    """A label with more distinct values than this is too much."""
    min_series: int = 50
    """Below this many series statistics say nothing."""
    overrides: tuple[MetricOverride, ...] = ()
    """What is different for some metrics, each with a reason."""


class Incidents(Section, frozen=True):
    """What is asked of incident records."""

    severities: tuple[str, ...] = ()
    """The severities that incidents may have. No rule of this version reads it."""


class RuleEntry(Section, frozen=True):
    """What a policy says of one rule, beside the rule's own settings."""

    severity: SeverityName | None = None
    """The severity of its findings, instead of the rule's own and of `severities`."""
    undecided: UndecidedMeaning = "report"
    """`fail` turns what the rule could not decide into failures."""


class Policy(Section, frozen=True):
    """What is right. All that it extends is merged in before anything is judged."""

    policy: Literal[1]
    """The version of this vocabulary; every policy begins with it."""
    name: str = ""
    """The name that reports call the policy by; the file's name without its ending where it is left out."""
    description: str = ""
    """What the policy is for."""
    extends: str = ""
    """A pack, or a file relative to this one: its maps are merged with this one's, its lists replaced."""
    environments: Environments = Environments()
    """The environments, and what shows that something belongs to one."""
    severities: dict[str, SeverityName] = {}
    """The severity of the findings of a family or a rule: `TEL: warning`, `ALM001: note`."""
    alarms: Alarms = Alarms()
    """What is asked of alarms."""
    delivery: DeliveryPolicy = DeliveryPolicy()
    """Which routes from an alarm to a person count beside an SNS action."""
    lakefs: LakeFS = LakeFS()
    """lakeFS repositories, branches, and who may do what."""
    provenance: Provenance = Provenance()
    """The vocabulary of provenance documents."""
    telemetry: Telemetry = Telemetry()
    """Label keys, their vocabularies, and how many values they may take."""
    incidents: Incidents = Incidents()
    """What is asked of incident records."""
    owners: dict[str, str] = {}
    """Who answers for what. No rule of this version reads it."""
    overlays: tuple[str, ...] = ()
    """Heritage and sensitive overlays. No rule of this version reads it."""
    rules: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What is different for single rules, by id: `severity`, `undecided`, and the rule's own settings."""
