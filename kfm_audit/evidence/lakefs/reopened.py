"""Cases of earlier runs that are open still: their rollbacks are judged again, though no log shows them any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from kfm_audit.facts import LedgerCase, Role, Rollback

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence


def reopen(rollbacks: list[Rollback], evidence: Evidence) -> dict[tuple[object, ...], str]:
    """Add the rollbacks of open cases that no trace of this run shows.

    For the identity of each call that the ledger holds: since when. A role that was decided
    when the evidence of that day was there stays decided where today's cannot tell.
    """
    held = evidence.of(LedgerCase)
    if not held:
        return {}
    places = {call.identity: number for number, call in enumerate(rollbacks)}
    opened: dict[tuple[object, ...], str] = {}
    for case in held:
        for call in case.rollbacks:
            if call.time > evidence.now:
                continue
            opened.setdefault(call.identity, case.opened)
            place = places.get(call.identity)
            if place is None:
                places[call.identity] = len(rollbacks)
                rollbacks.append(msgspec.structs.replace(call, reopened=True))
            elif rollbacks[place].standing.role is Role.UNDECIDED:
                rollbacks[place] = msgspec.structs.replace(rollbacks[place], standing=call.standing)
    return opened
