"""Whether an AWS service may use the KMS key that a topic or queue is encrypted with."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Final

from kfm_audit.evidence.leads import Leads, called
from kfm_audit.evidence.notification.reach import REACHED, Reach, Step
from kfm_audit.facts import Change, Fact, Key, KeyAlias, KeyPolicy
from kfm_audit.values import ABSENT, Attribute, Known, ReferenceKind, Unknown

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence
    from kfm_audit.evidence.notification.rulings import Context, Rulings

_NEEDED: Final = ("kms:GenerateDataKey", "kms:Decrypt")
_AT: Final = "kms_master_key_id"


class Keys:
    """The customer managed keys of the inputs."""

    def __init__(self, evidence: Evidence, rulings: Rulings) -> None:
        """Index nothing before it is asked for."""
        self._evidence = evidence
        self._rulings = rulings

    def step(
        self,
        key_id: Attribute[str],
        at: Fact,
        sender: Fact,
        service: str,
        context: Callable[[str], Context],
        managed: str,
    ) -> Step:
        """Whether `service` may use the key that `key_id` of the fact `at` names, for what it does for `sender`.

        `context` gives the condition keys of its requests, as `Rulings` takes them. `managed` is the alias of
        the key that AWS manages for the resource: nobody can change its policy, and it lets no other service in.
        """
        if key_id is ABSENT or key_id == Known(""):
            return REACHED
        cure = (
            f'let the key\'s policy allow the principal {{"Service": "{service}"}} the actions kms:Decrypt '
            "and kms:GenerateDataKey*"
        )
        if isinstance(key_id, Known) and _is_alias(key_id.value, managed):
            return Step(
                reach=Reach.NOT_REACHED,
                why=f"is encrypted with the key that AWS manages, {managed}, which lets no other service in",
                cure=f"encrypt it with a customer managed key: {cure}",
                at=_AT,
            )
        keys = self._of(key_id, at)
        if not keys and isinstance(key_id, Unknown) and not _names_a_key(key_id):
            return _perhaps(key_id, at, service, cure)
        if not keys:
            return Step(
                reach=Reach.UNTOLD,
                why="is encrypted with a key that the input does not hold: "
                f"whether {service} may use it cannot be seen",
                cure=cure,
                at=_AT,
            )
        return self._policy_step(keys[0], (at, sender), service, context, cure)

    def policies(self, key_id: Attribute[str], at: Fact) -> list[Attribute[str]]:
        """The policies that are asked."""
        return [self._policy(key)[1] for key in self._of(key_id, at)[:1]]

    def _policy_step(
        self,
        key: Key,
        about: tuple[Fact, Fact],
        service: str,
        context: Callable[[str], Context],
        cure: str,
    ) -> Step:
        from kfm_audit.aws.resource_policy import Outcome, Request

        holder, policy = self._policy(key)
        name = f"is encrypted with {key.subject}"
        if policy is ABSENT:
            return Step(
                reach=Reach.NOT_REACHED,
                why=f"{name}, whose default policy lets no service in",
                cure=cure,
                at=_AT,
            )
        if not isinstance(policy, Known):
            from kfm_audit.evidence import unset

            return Step(
                reach=Reach.UNTOLD,
                why=f"{name}, whose policy {unset.hidden(policy, holder)}",
                cure=unset.cure(policy, cure, holder),
                at="policy",
                fact=holder,
            )
        for action in _NEEDED:
            names = called(key, self._keys, policy.value, holder)
            request = Request(principal=service, action=action, context=context(""), resource_names=names)
            ruling = self._rulings.of(policy.value, request, context, key, holder, *about)
            if ruling.outcome is Outcome.ALLOWED:
                continue
            refused = ruling.outcome is Outcome.REFUSED
            why = "it is marked sensitive" if policy.sensitive else ruling.why
            verb = "refuses" if refused else "may refuse"
            return Step(
                reach=Reach.NOT_REACHED if refused else Reach.UNTOLD,
                why=f"{name}, whose policy {verb} {action} to {service}: {why}",
                cure=self._rulings.cure(ruling, policy, holder, "sender", cure),
                at="policy",
                fact=holder,
            )
        return REACHED

    def _policy(self, key: Key) -> tuple[Fact, Attribute[str]]:
        for policy in self._policies.get((key.stack, key.subject), ()):
            return policy, policy.policy
        return key, key.policy

    @cached_property
    def _policies(self) -> dict[tuple[str, str], list[KeyPolicy]]:
        found: dict[tuple[str, str], list[KeyPolicy]] = {}
        for policy in self._evidence.of(KeyPolicy):
            if policy.change is not Change.DELETED:
                for key in self._keys.of(policy.key_id, policy).facts:
                    found.setdefault((key.stack, key.subject), []).append(policy)
        return found

    def _of(self, key_id: Attribute[str], at: Fact) -> tuple[Key, ...]:
        found = self._keys.of(key_id, at).facts
        if found:
            return found
        return tuple(
            key
            for alias in self._aliases.of(key_id, at).facts
            for key in self._keys.of(alias.target_key_id, alias).facts
        )

    @cached_property
    def _keys(self) -> Leads[Key]:
        return Leads(self._evidence.of(Key), lambda key: (key.arn, key.key_id), lambda _key: ())

    @cached_property
    def _aliases(self) -> Leads[KeyAlias]:
        return Leads(self._evidence.of(KeyAlias), lambda alias: (alias.arn,), lambda alias: (alias.name,))


def _names_a_key(key_id: Unknown) -> bool:
    """Whether it comes from a resource or data source, so that there is a key, whichever it is."""
    return any(end.kind in (ReferenceKind.RESOURCE, ReferenceKind.DATA) for end in key_id.references)


def _perhaps(key_id: Unknown, at: Fact, service: str, cure: str) -> Step:
    """Of what may not be encrypted at all."""
    from kfm_audit.evidence import unset

    what = f"{_AT} {unset.when(key_id, at)}"
    cure = unset.cure(key_id, cure, at)
    if at.deployed:
        said = ", ".join(end.name for end in key_id.references)
        what = f"no input holds {said}"
        cure = f"give the answer of {said.removeprefix('what ').removesuffix(' says')} too"
    why = f"may be encrypted with a key that keeps {service} out: {what}"
    return Step(reach=Reach.UNTOLD, why=why, cure=cure, at=_AT)


def _is_alias(text: str, alias: str) -> bool:
    return text == alias or text.endswith(f":{alias}")
