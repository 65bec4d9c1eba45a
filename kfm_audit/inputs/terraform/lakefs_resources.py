"""From a resource of lakeFS's community providers to a fact: one function a resource type.

The providers are Face-to-Face-IT/lakefs (all of these) and zjpiazza/lakefs (branches and
their protection); lakeFS has none of its own. What they hold of a policy is lakeFS's list
of statements, as JSON. The facts are imported where one is made: few plans have any.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from kfm_audit.values import Attribute, Known, Reference, ReferenceKind, Unknown

if TYPE_CHECKING:
    from kfm_audit.facts import Fact, PolicyStatement
    from kfm_audit.inputs.terraform.resources import Instance


def _policy(at: Instance) -> Fact:
    from kfm_audit.facts import ServerPolicy

    return ServerPolicy(
        subject=at.subject,
        origin=at.origin,
        stack=at.stack,
        change=at.change,
        id=at.attributes.text("id"),
        statements=_statements(at.attributes.text("statement")),
    )


def _attachment(at: Instance, holder: str) -> Fact:
    from kfm_audit.facts import HolderKind, PolicyAttachment

    return PolicyAttachment(
        subject=at.subject,
        origin=at.origin,
        stack=at.stack,
        change=at.change,
        holder=at.attributes.text(f"{holder}_id"),
        holder_kind=HolderKind(holder),
        policy=at.attributes.text("policy_id"),
    )


def _group_attachment(at: Instance) -> Fact:
    return _attachment(at, "group")


def _user_attachment(at: Instance) -> Fact:
    return _attachment(at, "user")


def _branch(at: Instance) -> Fact:
    from kfm_audit.facts import DeclaredBranch

    read = at.attributes
    return DeclaredBranch(
        subject=at.subject,
        origin=at.origin,
        stack=at.stack,
        change=at.change,
        repository=read.text("repository"),
        name=read.text("name"),
        source=read.text("source"),
    )


def _protection(at: Instance) -> Fact:
    from kfm_audit.facts import BranchProtection

    read = at.attributes
    return BranchProtection(
        subject=at.subject,
        origin=at.origin,
        stack=at.stack,
        change=at.change,
        repository=read.text("repository"),
        patterns=read.texts_in("rules", "pattern"),
    )


def _statements(attribute: Attribute[str]) -> Attribute[tuple[PolicyStatement, ...]]:
    """The statements of a policy; one that lakeFS would refuse is unknown, and says so."""
    if not isinstance(attribute, Known):
        return attribute
    import msgspec

    from kfm_audit.inputs.lakefs_server.access import read_statements
    from kfm_audit.policy.strict import DocumentError

    try:
        return Known(read_statements(msgspec.json.decode(attribute.value)), attribute.sensitive)
    except (msgspec.MsgspecError, RecursionError, DocumentError):
        return Unknown((Reference("a statement that lakeFS refuses", ReferenceKind.UNRESOLVED),))


LAKEFS_READERS: Final[Mapping[str, Callable[[Instance], Fact]]] = {
    "lakefs_branch": _branch,
    "lakefs_branch_protection": _protection,
    "lakefs_group_policy_attachment": _group_attachment,
    "lakefs_policy": _policy,
    "lakefs_user_policy_attachment": _user_attachment,
}
"""Resources of lakeFS that facts are made of."""
