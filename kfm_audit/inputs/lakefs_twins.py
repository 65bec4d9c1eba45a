"""Calls joined to their debug twins, by request id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from kfm_audit.facts import BranchOperation, Fact, LoggedCall, MergeCall, UnreadableInput
from kfm_audit.inputs.kind import unreadable
from kfm_audit.inputs.source import Source
from kfm_audit.lakefs.twins import Twin, moves_back
from kfm_audit.values import Origin


class Twins:
    """The twins of one log."""

    def __init__(self, source: Source) -> None:
        """Begin without any."""
        self._source = source
        self._twins: dict[str, tuple[Twin, Origin]] = {}

    def take(self, twin: Twin, origin: Origin) -> None:
        """Keep a twin; the first of a request counts."""
        self._twins.setdefault(twin.request_id, (twin, origin))

    def told(self, fact: Fact) -> Fact:
        """A fact with what its call's twin knows and its own line does not."""
        if not self._twins or not isinstance(fact, LoggedCall):
            return fact
        twin, _ = self._twins.get(fact.request_id, (None, None))
        if twin is None or twin.operation.value != fact.operation:
            return fact
        if not fact.user and twin.user:
            fact = msgspec.structs.replace(fact, user=twin.user)
        if isinstance(fact, MergeCall) and fact.pull and not fact.branch:
            fact = msgspec.structs.replace(fact, branch=twin.ref, source=twin.source_ref)
        return fact

    def without_outcome(self, calls: Iterable[Fact]) -> Iterator[UnreadableInput]:
        """What was let through and has no audit line: a branch may have been moved back, and nobody can say."""
        known = {call.request_id for call in calls if isinstance(call, BranchOperation)}
        lost = [
            (twin, origin)
            for twin, origin in self._twins.values()
            if moves_back(twin) and twin.request_id not in known
        ]
        if lost:
            twin, origin = lost[0]
            yield unreadable(
                self._source,
                "begun, as its debug lines say, and without the audit line that says how they ended: "
                f"{twin.operation.value} of {twin.repository}/{twin.ref}, request {twin.request_id}",
                "fetch the rest of the log: the lines were lost, or the server died in the call",
                part=f"{len(lost)} call{'s' if len(lost) > 1 else ''}",
                pointer=origin.pointer,
                line=origin.line,
            )
