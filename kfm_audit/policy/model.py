"""The shared vocabulary of a policy, typed (design section 4).

A policy is read by `kfm_audit.policy.load`; the JSON Schema in `schemas/` is
generated from these types. Every list may be overridden for a metric, a branch
or a resource, with a reason.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

EvidenceOfEnvironment = Literal["name", "dimension", "tag", "provider", "stack"]
SeverityName = Literal["error", "warning", "note"]
UndecidedMeaning = Literal["report", "fail"]
# Five digits are 27 years in hours, and never more than a date can hold.
Duration = Annotated[str, Meta(pattern=r"^[0-9]{1,5}[smhd]$", examples=["90s", "10m", "24h", "7d"])]


class Section(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of a policy: unknown keys are refused."""


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


class Alarms(Section, frozen=True):
    """What is asked of alarms."""

    contract: dict[str, Any] = {}
    """Alarms that every resource must have; free-form. No rule of this version reads it."""


class DeliveryPolicy(Section, frozen=True):
    """Which routes from an alarm to a person count beside an SNS action."""

    eventbridge: bool = True
    """An enabled EventBridge rule with a target that matches the alarm's state changes."""
    composite: bool = True
    """A composite alarm above it that notifies SNS."""


class Identity(Section, frozen=True):
    """A user or group that is listed for a span of time; an open end means for ever."""

    id: str
    """The lakeFS id of the user or group, or the user's mail address."""
    since: str = ""
    """The first day, or time, on which it is listed, in UTC: `2026-01-31`, `2026-01-31T09:00:00Z`."""
    until: str = ""
    """The last day, which counts as a whole, or the time from which on it is listed no more."""


class Roles(Section, frozen=True):
    """Users and groups; a plain string is listed for ever."""

    users: tuple[str | Identity, ...] = ()
    """Users by lakeFS id or mail address."""
    groups: tuple[str | Identity, ...] = ()
    """Groups by id or name; who was in them is read from directories and logs."""


class RollbackRoles(Roles, frozen=True):
    """Who may move an environment branch back, and who may in an emergency."""

    break_glass: Roles = Roles()
    """Who may in an emergency: allowed, and reviewed afterwards."""


class Due(Section, frozen=True):
    """How long after a rollback each of its records is due: `90s`, `10m`, `24h`, `7d`."""

    correction: Duration = "24h"
    """The correction document."""
    incident: Duration = "24h"
    """The incident record."""
    review: Duration = "72h"
    """The review after break-glass."""


class BranchOverride(Section, frozen=True):
    """What is different for some branches, and why. Branches are globs of `*` and `?`."""

    branches: tuple[str, ...]
    """The branches that it is about, as globs."""
    reason: str
    """Why they are different, for whoever reads the policy."""
    rollback: RollbackRoles | None = None
    """Who may move these branches back, instead of `lakefs.rollback`."""
    due: Due | None = None
    """When their records are due, instead of `lakefs.due`."""


class LakeFS(Section, frozen=True):
    """lakeFS repositories, branches and who may do what."""

    repositories: tuple[str, ...] = ()
    """The repositories that the policy is for, as globs; empty means all."""
    environment_branches: dict[str, tuple[str, ...]] = {}
    """For each environment the globs of its branches."""
    run_branches: tuple[str, ...] = ()
    """The branches of runs, as globs. No rule of this version reads it."""
    automation_users: tuple[str, ...] = ()
    """Users that are software, whatever a document calls them."""
    rollback: RollbackRoles = RollbackRoles()
    """Who may move an environment branch back."""
    due: Due = Due()
    """How long after a rollback its records are due."""
    join_tolerance: Duration = "10m"
    """How far apart the times of a rollback and its correction may lie where nothing else joins them."""
    episode_gap: Duration = "10m"
    """Calls by one actor on one branch that are no further apart are one episode."""
    overrides: tuple[BranchOverride, ...] = ()
    """What is different for some branches, each with a reason."""


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


def duration(text: str) -> timedelta:
    """Read a `Duration`: `90s`, `10m`, `24h` or `7d`. Raises ValueError on anything else."""
    units = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
    number, unit = text[:-1], text[-1:]
    if unit not in units or not number.isascii() or not number.isdigit():
        raise ValueError(f"{text!r} is no duration: write 90s, 10m, 24h or 7d")
    return timedelta(**{units[unit]: int(number)})
