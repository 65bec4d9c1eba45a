"""Facts about lakeFS's access control: who could do what. Attributes that Terraform can give have three values."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import ClassVar

from msgspec import Struct

from kfm_audit.facts.base import Fact
from kfm_audit.values import Attribute


class Effect(Enum):
    """What a statement of a lakeFS policy does."""

    ALLOW = "allow"
    DENY = "deny"


class PolicyStatement(Struct, frozen=True):
    """One statement: all actions on all resources. Both may hold `*` and `?`.

    `conditional` says that it has a condition: it holds for some requests only.
    """

    effect: Effect
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditional: bool = False


class ServerPolicy(Fact, frozen=True, kw_only=True):
    """A policy of lakeFS's access control: what its holders may do. The subject is its id, or an address.

    Not to be taken for the policy of this tool. The same policy may be listed
    more than once: by itself, and for each of its holders.
    """

    kind: ClassVar[str] = "server-policy"

    id: Attribute[str]
    statements: Attribute[tuple[PolicyStatement, ...]]
    as_of: datetime | None = None


class HolderKind(Enum):
    """Who can hold a policy of lakeFS."""

    USER = "user"
    GROUP = "group"


class PolicyAttachment(Fact, frozen=True, kw_only=True):
    """A user or a group holds a policy; the subject is `holder:policy`, or an address.

    `holder` is the id of the user or the group, `policy` the policy's id. Where
    Terraform makes one of them, it is unknown and refers to the resource.
    """

    kind: ClassVar[str] = "policy-attachment"

    holder: Attribute[str]
    holder_kind: HolderKind
    policy: Attribute[str]
    as_of: datetime | None = None


class PolicyHolder(Fact, frozen=True, kw_only=True):
    """The policies of one user or group were listed, maybe none; the subject is the holder's id.

    `whole` is false where pages or entries are missing. Without this fact,
    nothing is known of the policies that a holder does not have.
    """

    kind: ClassVar[str] = "policy-holder"

    holder: str
    holder_kind: HolderKind
    whole: bool
    as_of: datetime | None
