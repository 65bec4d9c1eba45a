"""Changes of what keeps environments safe, and rollbacks by those whom they let in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import msgspec

from kfm_audit.evidence.lakefs.people import Holds
from kfm_audit.facts import (
    BranchWrite,
    MembershipChange,
    Rollback,
    SafeguardCall,
    SafeguardChange,
    SafeguardKind,
)
from kfm_audit.lakefs.named import ACTIONS
from kfm_audit.lakefs.operations import Operation
from kfm_audit.policy.section import duration
from kfm_audit.policy.span import shifted

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence
    from kfm_audit.policy.lakefs import Roles

_PROTECTION: Final = frozenset(
    {Operation.SET_PROTECTION, Operation.CREATE_PROTECTION, Operation.DELETE_PROTECTION}
)
_DEEDS: Final = {
    Operation.SET_PROTECTION: "the branch protection rules of {repository} were set anew",
    Operation.CREATE_PROTECTION: "a branch protection rule of {repository} was added",
    Operation.DELETE_PROTECTION: "a branch protection rule of {repository} was deleted",
    Operation.SET_GC_RULES: "the garbage collection rules of {repository} were set",
    Operation.DELETE_GC_RULES: "the garbage collection rules of {repository} were deleted",
    Operation.SET_GC_RULES_INTERNALLY: "the garbage collection rules of {repository} were set",
    Operation.DELETE_GC_RULES_INTERNALLY: "the garbage collection rules of {repository} were deleted",
    Operation.CREATE_POLICY: "a policy was made, whose name no log shows",
    Operation.UPDATE_POLICY: "policy {policy} was changed",
    Operation.DELETE_POLICY: "policy {policy} was deleted",
    Operation.ATTACH_TO_USER: "policy {policy} was given to user {user}",
    Operation.DETACH_FROM_USER: "policy {policy} was taken from user {user}",
    Operation.ATTACH_TO_GROUP: "policy {policy} was given to group {group}",
    Operation.DETACH_FROM_GROUP: "policy {policy} was taken from group {group}",
    Operation.SET_GROUP_ACL: "the permission of group {group} was set",
    Operation.DELETE_GROUP: "group {group} was deleted",
    Operation.CREATE_CREDENTIALS: "an access key of user {user} was made",
    Operation.CREATE_PRINCIPAL: "an outside identity was let in as user {user}",
}
_LETTING_IN: Final = frozenset(
    {Operation.ATTACH_TO_USER, Operation.CREATE_CREDENTIALS, Operation.CREATE_PRINCIPAL}
)


def safeguard_changes(evidence: Evidence) -> Iterator[SafeguardChange]:
    """The changes of safeguards up to now, each with the rollback that somebody whom it let in made soon after."""
    rollbacks = evidence.of(Rollback)
    watched = _watched_groups(evidence)
    for change in (*_of_calls(evidence), *_of_members(evidence), *_of_hooks(evidence)):
        linked = _linked(change, rollbacks, evidence)
        if linked.rollback or change.safeguard is not SafeguardKind.MEMBERSHIP or change.group in watched:
            yield linked


def _of_calls(evidence: Evidence) -> Iterator[SafeguardChange]:
    for call in evidence.calls.of(SafeguardCall):
        operation = Operation(call.operation)
        if operation is Operation.CREATE_CREDENTIALS and call.user == call.about_user:
            continue  # everybody makes their own keys
        if operation in _PROTECTION:
            safeguard = SafeguardKind.PROTECTION
        else:
            safeguard = SafeguardKind.RETENTION if call.repository else SafeguardKind.ACCESS
        deed = _DEEDS[operation].format(
            repository=call.repository, policy=call.policy, user=call.about_user, group=call.group
        )
        yield SafeguardChange(
            subject=call.subject,
            origin=call.origin,
            safeguard=safeguard,
            deed=deed,
            time=call.time,
            by=call.user,
            repository=call.repository,
            group=call.group,
            lets_in=call.about_user if operation in _LETTING_IN else "",
        )


def _of_members(evidence: Evidence) -> Iterator[SafeguardChange]:
    changes = {change.identity: change for change in reversed(evidence.of(MembershipChange))}
    for change in sorted(changes.values(), key=lambda c: (c.time, c.subject)):
        if change.time > evidence.now:
            continue
        done = "added to" if change.added else "taken out of"
        yield SafeguardChange(
            subject=change.subject,
            origin=change.origin,
            safeguard=SafeguardKind.MEMBERSHIP,
            deed=f"{change.user} was {done} group {change.group}",
            time=change.time,
            by=change.by,
            group=change.group,
            lets_in=change.user if change.added else "",
        )


def _of_hooks(evidence: Evidence) -> Iterator[SafeguardChange]:
    for call in evidence.calls.of(BranchWrite):
        if call.path.startswith(ACTIONS):
            deleted = Operation(call.operation) in (Operation.DELETE_OBJECT, Operation.GATEWAY_DELETE)
            done = "deleted" if deleted else "written"
            yield SafeguardChange(
                subject=call.subject,
                origin=call.origin,
                safeguard=SafeguardKind.HOOKS,
                deed=f"{call.path} was {done} on branch {call.branch} of {call.repository}",
                time=call.time,
                by=call.user,
                repository=call.repository,
                branch=call.branch,
            )


def _linked(change: SafeguardChange, rollbacks: tuple[Rollback, ...], evidence: Evidence) -> SafeguardChange:
    """The change with the first rollback that somebody whom it let in made before the watch was over.

    For protection it is the first hard reset in the repository: lakeFS refuses one on a protected branch.
    """
    end = shifted(change.time, duration(evidence.policy.lakefs.membership_watch))
    for call in rollbacks:
        if not change.time <= call.time <= end:
            continue
        if change.safeguard is SafeguardKind.PROTECTION:
            made_possible = (
                call.operation == Operation.HARD_RESET.value and call.repository == change.repository
            )
        else:
            made_possible = bool(
                change.lets_in
                and call.user
                and evidence.people.same(call.user, change.lets_in) is not Holds.NO
            )
        if made_possible:
            return msgspec.structs.replace(
                change, rollback=call.subject, rollback_deed=call.deed, rollback_time=call.time
            )
    return change


def _watched_groups(evidence: Evidence) -> frozenset[str]:
    """The groups that the policy lists for rollbacks, by every name that the directory has for them."""
    from kfm_audit.facts import Group

    policy = evidence.policy.lakefs
    roles: list[Roles] = [policy.rollback, policy.rollback.break_glass]
    for override in policy.overrides:
        if override.rollback is not None:
            roles += [override.rollback, override.rollback.break_glass]
    names = {entry if isinstance(entry, str) else entry.id for role in roles for entry in role.groups}
    for group in evidence.of(Group):
        if {group.id, group.name} & names:
            names |= {group.id, group.name}
    return frozenset(names)
