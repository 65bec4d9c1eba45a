"""The shared vocabulary of a policy, typed (design section 4).

A policy is read by `kfm_audit.policy.load`; the JSON Schema in `schemas/` is
generated from these types. Every list may be overridden for a metric, a branch
or a resource, with a reason.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from msgspec import Struct, field

EvidenceOfEnvironment = Literal["name", "dimension", "tag", "provider", "stack"]
SeverityName = Literal["error", "warning", "note"]
UndecidedMeaning = Literal["report", "fail"]


class Section(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of a policy: unknown keys are refused."""


class Environments(Section, frozen=True):
    """The environments and what counts as evidence that something belongs to one."""

    names: dict[str, tuple[str, ...]] = {}
    """Each environment with its aliases."""
    evidence: tuple[EvidenceOfEnvironment, ...] = ("name", "dimension", "tag", "provider", "stack")
    tags: tuple[str, ...] = ("environment", "env", "stage")
    """Tag keys that name the environment, whatever their case."""
    dimensions: tuple[str, ...] = ("environment", "env", "stage")
    """Dimension keys that name the environment, whatever their case."""


class Alarms(Section, frozen=True):
    """What is asked of alarms."""

    contract: dict[str, Any] = {}
    """Alarms that every resource must have. Free-form until the rules that judge by it exist."""


class DeliveryPolicy(Section, frozen=True):
    """Which routes from an alarm to a person count beside an SNS action."""

    eventbridge: bool = True
    """An enabled EventBridge rule with a target that matches the alarm's state changes."""
    composite: bool = True
    """A composite alarm above it that notifies SNS."""


class Identity(Section, frozen=True):
    """A user or group that is listed for a span of time; an open end means for ever."""

    id: str
    since: str = ""
    until: str = ""


class Roles(Section, frozen=True):
    """Users and groups; a plain string is listed for ever."""

    users: tuple[str | Identity, ...] = ()
    groups: tuple[str | Identity, ...] = ()


class RollbackRoles(Roles, frozen=True):
    """Who may move an environment branch back, and who may in an emergency."""

    break_glass: Roles = Roles()


class Due(Section, frozen=True):
    """How long after a rollback each of its records is due: `90s`, `10m`, `24h`, `7d`."""

    correction: str = "24h"
    incident: str = "24h"
    review: str = "72h"


class BranchOverride(Section, frozen=True):
    """What is different for some branches, and why. Branches are globs of `*` and `?`."""

    branches: tuple[str, ...]
    reason: str
    rollback: RollbackRoles | None = None
    due: Due | None = None


class LakeFS(Section, frozen=True):
    """lakeFS repositories, branches and who may do what."""

    repositories: tuple[str, ...] = ()
    """Globs; empty means all."""
    environment_branches: dict[str, tuple[str, ...]] = {}
    """For each environment the globs of its branches."""
    run_branches: tuple[str, ...] = ()
    automation_users: tuple[str, ...] = ()
    rollback: RollbackRoles = RollbackRoles()
    due: Due = Due()
    join_tolerance: str = "10m"
    episode_gap: str = "10m"
    overrides: tuple[BranchOverride, ...] = ()


class Provenance(Section, frozen=True):
    """The vocabulary of provenance documents."""

    namespaces: tuple[str, ...] = ()
    """IRIs under which our own terms (`Correction`, `revertedCommit`, ...) are understood."""
    reason_categories: tuple[str, ...] = ()
    approver_roles: tuple[str, ...] = ("approver",)
    """Roles (local names) that make an agent an approver."""
    justification_min_length: int = 20
    """Characters; a shorter text justifies nothing."""


class MetricOverride(Section, frozen=True):
    """What is different for some metrics, and why. Metrics are globs of `*` and `?`."""

    metrics: tuple[str, ...]
    reason: str
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    vocabularies: dict[str, tuple[str, ...]] = {}
    max_values: int | None = None
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
    max_values: int = 500
    min_series: int = 50
    """Below this many series statistics say nothing (design section 6, decision 11)."""
    overrides: tuple[MetricOverride, ...] = ()


class Incidents(Section, frozen=True):
    """What is asked of incident records."""

    severities: tuple[str, ...] = ()


class RuleEntry(Struct, frozen=True):
    """What a policy says of one rule; `settings` are the rule's own keys, checked against its struct."""

    severity: SeverityName | None = None
    undecided: UndecidedMeaning = "report"
    settings: dict[str, Any] = {}


class Policy(Section, frozen=True):
    """A policy, with all that it extends merged in.

    `sha256` is over the merged document, so that two runs can be compared.
    """

    policy: Literal[1]
    name: str
    description: str = ""
    extends: str = ""
    environments: Environments = Environments()
    severities: dict[str, SeverityName] = {}
    """Families or rule ids and the severity of their findings."""
    alarms: Alarms = Alarms()
    delivery: DeliveryPolicy = DeliveryPolicy()
    lakefs: LakeFS = LakeFS()
    provenance: Provenance = Provenance()
    telemetry: Telemetry = Telemetry()
    incidents: Incidents = Incidents()
    owners: dict[str, str] = {}
    overlays: tuple[str, ...] = ()
    rules: dict[str, dict[str, Any]] = field(default_factory=dict)


def duration(text: str) -> timedelta:
    """Read `90s`, `10m`, `24h` or `7d`. Raises ValueError on anything else."""
    units = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
    number, unit = text[:-1], text[-1:]
    if unit not in units or not number.isascii() or not number.isdigit():
        raise ValueError(f"{text!r} is no duration: write 90s, 10m, 24h or 7d")
    return timedelta(**{units[unit]: int(number)})
