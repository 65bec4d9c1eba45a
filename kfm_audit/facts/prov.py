"""Facts about provenance documents."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import ClassVar

from msgspec import Struct

from kfm_audit.facts.base import Fact


class ProvDocument(Fact, frozen=True, kw_only=True):
    """One provenance file; the subject is its path. `broken` says why it cannot be read as PROV, else ""."""

    kind: ClassVar[str] = "prov-document"

    activities: int = 0
    broken: str = ""
    cure: str = ""


class AgentKind(Enum):
    """What PROV says that an agent is."""

    PERSON = "person"
    SOFTWARE = "software"
    ORGANIZATION = "organization"
    UNSAID = "unsaid"


class Agent(Struct, frozen=True):
    """An agent of an Activity, with the roles of its qualified associations (IRIs, sorted).

    `names` are all the strings under which the directory may know the agent:
    its IRI, the IRI's last part, mailboxes, account names, labels. `iri` is ""
    for an agent that has none. `approved` is when the agent approved, where its
    association says so (`kfm:approvedAt`).
    """

    iri: str
    kind: AgentKind
    roles: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    approved: datetime | None = None


class Correction(Fact, frozen=True, kw_only=True):
    """An Activity of type `kfm:Correction`: what accounts for a rollback. The subject is its IRI.

    Fields are as written; "" or () or None where the document says nothing.
    `recorded` is when the record says that it was made: the latest of
    `prov:endedAtTime` and the document's own `dct:issued` or
    `prov:generatedAtTime`. Several values of a field that takes one are joined
    by " | ", so that they equal nothing that is asked for.
    """

    kind: ClassVar[str] = "correction"

    repository: str = ""
    branch: str = ""
    reverted_commits: tuple[str, ...] = ()
    restored_commits: tuple[str, ...] = ()
    request_ids: tuple[str, ...] = ()
    reason_category: str = ""
    justification: str = ""
    trigger: str = ""
    incidents: tuple[str, ...] = ()
    started: datetime | None = None
    ended: datetime | None = None
    recorded: datetime | None = None
    agents: tuple[Agent, ...] = ()
    draft: bool = False
    todo: str = ""
    """The field that still holds a TODO (`kfm:justification`), or ""."""
