"""Facts about identities: who is who, and who belonged to what, when."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import ClassVar

from msgspec import Struct

from kfm_audit.facts.base import Fact


class PersonKind(Enum):
    """What is behind an identity."""

    HUMAN = "human"
    SOFTWARE = "software"
    SHARED = "shared"
    UNSAID = "unsaid"


class User(Fact, frozen=True, kw_only=True):
    """An identity of the directory; the subject is its id."""

    kind: ClassVar[str] = "user"

    id: str
    email: str = ""
    friendly_name: str = ""
    person: PersonKind = PersonKind.UNSAID


class Membership(Struct, frozen=True):
    """A user in a group; a missing `since` means that nobody said since when."""

    user: str
    since: datetime | None = None
    until: datetime | None = None


class Group(Fact, frozen=True, kw_only=True):
    """A group of the directory; `members_known` is false where only the group's name was given."""

    kind: ClassVar[str] = "group"

    id: str
    name: str
    members: tuple[Membership, ...] = ()
    members_known: bool = True
    as_of: datetime | None = None
    """When the directory was read, where it says so."""
