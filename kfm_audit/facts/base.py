"""What every fact has."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct

from kfm_audit.values import IdentityEnum, Origin


class Change(IdentityEnum):
    """What the input says will happen to the thing, or has happened to it."""

    CREATED = "created"
    CHANGED = "changed"
    DELETED = "deleted"
    UNCHANGED = "unchanged"


class Fact(Struct, frozen=True, kw_only=True):
    """A typed, frozen value that rules speak about.

    `subject` is the name under which findings speak of it (design section 4):
    a full Terraform address, `lakefs://repository/branch@request-id`, a PROV
    IRI, a metric family, or a path. `stack` tells apart the same address in
    two Terraform root modules. `kind` is the kebab-case name of the type in
    JSON output. `before` is what a thing that changes is now; what is deleted
    is itself what it was. `indefinite` says that it stands, without an instance
    key, for any number of instances, also none: its `count` or `for_each`, or that
    of a module that it is in, cannot be known from the sources. `deployed` says
    that AWS itself described it: it exists, whatever Terraform says.
    """

    kind: ClassVar[str]

    subject: str
    origin: Origin
    stack: str = ""
    change: Change = Change.UNCHANGED
    before: Fact | None = None
    indefinite: bool = False
    deployed: bool = False
