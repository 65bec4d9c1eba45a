"""What resource policies say to AWS services, also where they name Terraform's own account before it is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from kfm_audit.aws.partly_known import mark, names_in
from kfm_audit.evidence.notification.delivery import resource_type
from kfm_audit.facts import Alarm, CompositeAlarm, Fact, MetricAlarm, Topic
from kfm_audit.pattern import pattern
from kfm_audit.values import Attribute, Known, Reference, ReferenceKind, Unknown

if TYPE_CHECKING:
    from kfm_audit.aws.resource_policy import Request, Ruling
    from kfm_audit.evidence.evidence import Evidence

Context = Mapping[str, str | None]

_OWN: Final = "own-account"
"""What stands for the account, in a policy and in the request that it is asked about."""
_CALLER: Final = ".data.aws_caller_identity"
_OF_SENDER: Final = frozenset({"aws:sourcearn", "aws:sourceaccount", "aws:sourceowner"})
"""The condition keys that tell who asks."""
_NUMBER: Final = pattern(r"[0-9]{5}")
"""A part of an account's number that no date has."""


class Rulings:
    """The rulings of policies of topics, queues and keys."""

    def __init__(self, evidence: Evidence) -> None:
        """Look at nothing before it is asked for."""
        self._evidence = evidence

    def of(self, policy: str, request: Request, context: Callable[[str], Context], *about: Fact) -> Ruling:
        """What a policy says to a request. Raises nothing: a policy that cannot be read rules nothing.

        `context` gives the request's condition keys where the account of the sender is the one that it is
        given. `about` are sender, receiver and the holder of the policy: where they are all made in the account
        that Terraform works in, a policy that asks for that account lets the sender in.
        """
        from kfm_audit.aws.resource_policy import Outcome, PolicyError, Ruling, rule_on

        try:
            ruling = rule_on(policy, request)
            if ruling.outcome is Outcome.UNTOLD:
                own = self._in_own_account(policy, about)
                if own is not None:
                    again = rule_on(own, replace(request, context=context(_OWN)))
                    ruling = again if again.outcome is Outcome.ALLOWED else ruling
        except PolicyError as error:
            return Ruling(Outcome.UNTOLD, str(error))
        return ruling

    def cure(self, ruling: Ruling, policy: Known[str], holder: Fact, sender: str, otherwise: str) -> str:
        """What answers a ruling that cannot be told, or `otherwise`, which mends one that refuses.

        `holder` is what the policy is an attribute of, `sender` what asks, in a word: it has the account.
        """
        from kfm_audit.aws.resource_policy import Outcome
        from kfm_audit.evidence import unset

        if ruling.outcome is not Outcome.UNTOLD or policy.sensitive:
            return otherwise
        if ruling.missing:
            names = " and ".join(ruling.missing)
            unknown = Unknown(tuple(map(_reference, ruling.missing)))
            if unset.of_sources(holder):
                return unset.cure(unknown, f"write out in the policy what {names} stands for", holder)
            return f"plan again when {names} can be read, or write out in the policy what it stands for"
        if ruling.asked in _OF_SENDER:
            return (
                f"see that the {sender} is in the account that the policy asks for: a plan that is made after the "
                f"{sender} and the topic exist shows it"
            )
        return otherwise

    def _in_own_account(self, policy: str, about: tuple[Fact, ...]) -> str | None:
        """The policy with one word for the account that Terraform works in, which is that of the facts too.

        None where it does not ask for that account, where it denies and writes accounts out, since one of them may
        be this one, and where the facts are of several stacks, or of one with several providers, which may be of
        several accounts.
        """
        asked = [name for name in names_in(policy) if f".{name}".rpartition(".")[0].endswith(_CALLER)]
        if not asked or ("Deny" in policy and _NUMBER.search(policy)):
            return None
        stack, *others = {fact.stack for fact in about}
        if others or len(self._providers.get(stack, ())) > 1:
            return None
        for name in asked:
            policy = policy.replace(mark(name), _OWN)
        return policy

    @cached_property
    def _providers(self) -> dict[str, list[Attribute[Mapping[str, str]]]]:
        """The provider configurations of each stack, as far as alarms and topics show them."""
        found: dict[str, list[Attribute[Mapping[str, str]]]] = {}
        of = self._evidence.of
        facts: tuple[Alarm | Topic, ...] = (*of(MetricAlarm), *of(CompositeAlarm), *of(Topic))
        for fact in facts:
            known = found.setdefault(fact.stack, [])
            if fact.provider not in known:
                known.append(fact.provider)
        return found


def _reference(name: str) -> Reference:
    """What a mark comes from, of which only the name is kept."""
    is_resource = resource_type(name).startswith("aws_")
    return Reference(name, ReferenceKind.RESOURCE if is_resource else ReferenceKind.UNRESOLVED)
