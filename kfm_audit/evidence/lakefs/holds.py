"""Promotions joined to the holds of policy that they fell into."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from kfm_audit.evidence.lakefs.people import Holds
from kfm_audit.facts import Promotion
from kfm_audit.policy.lakefs import Hold
from kfm_audit.policy.span import read_span

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence


class Held(Struct, frozen=True):
    """A hold into which a promotion fell; `excepted` says whether it lets the promotion's user promote all the same.

    `fault` says why its dates cannot be read, "" where they can; `key` is where it stands in the policy.
    """

    hold: Hold
    key: str
    excepted: Holds
    fault: str = ""


def holds_of(promotion: Promotion, evidence: Evidence) -> Iterator[Held]:
    """The holds into which a promotion fell, or may have."""
    for number, hold in enumerate(evidence.policy.lakefs.holds):
        if promotion.environment not in hold.environments:
            continue
        key = f"lakefs.holds.{number}"
        try:
            span = read_span(hold.since, hold.until)
        except ValueError as error:
            yield Held(hold, key, Holds.NO, str(error))
            continue
        if span.holds(promotion.time):
            yield Held(hold, key, _excepted(promotion, hold, evidence))


def _excepted(promotion: Promotion, hold: Hold, evidence: Evidence) -> Holds:
    if not promotion.user:
        return Holds.NO
    rulings = {evidence.people.same(promotion.user, name) for name in hold.except_users}
    if Holds.YES in rulings:
        return Holds.YES
    return Holds.UNDECIDED if Holds.UNDECIDED in rulings else Holds.NO
