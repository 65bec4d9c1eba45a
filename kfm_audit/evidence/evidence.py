"""The evidence of one run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar, cast

from kfm_audit.facts import AboutTheAudit, Fact

if TYPE_CHECKING:
    from kfm_audit.evidence.agents import Agents
    from kfm_audit.evidence.alarms import Alarms
    from kfm_audit.evidence.delivery import Delivery
    from kfm_audit.evidence.environments import Environments
    from kfm_audit.evidence.labels import LabelPolicies
    from kfm_audit.evidence.notifications import Notifications
    from kfm_audit.evidence.people import People
    from kfm_audit.policy.model import Policy

F = TypeVar("F", bound=Fact)


class Evidence:
    """All facts, by type and in the order of their inputs, and the joins over them.

    `evidence_known` says whether config, repository or a PROV input tells where
    corrections and incidents would be (design section 6, decision 7): without
    it, their absence shows nothing. Joins are made when they are first asked
    for; derived facts (rollbacks, cases) come from `kfm_audit.evidence.join`.
    """

    def __init__(
        self,
        facts: Iterable[Fact],
        policy: Policy,
        now: datetime,
        *,
        evidence_known: bool = True,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> None:
        """Take facts that were read; `now`, `since` and `until` are in UTC."""
        self.policy = policy
        self.now = now
        self.since = since
        self.until = until
        self.evidence_known = evidence_known
        self._by_type: dict[type[Fact], list[Fact]] = defaultdict(list)
        self.add(facts)

    def add(self, facts: Iterable[Fact]) -> None:
        """Add derived facts. Only `join` does so, before any rule runs."""
        for fact in facts:
            self._by_type[type(fact)].append(fact)

    def of(self, kind: type[F]) -> tuple[F, ...]:
        """All facts of exactly this type, in the order of their inputs."""
        return tuple(cast("list[F]", self._by_type.get(kind, [])))

    def in_window(self, time: datetime) -> bool:
        """Whether an event at `time` is judged: from `since` on, before `until`, not after `now`."""
        return (
            time <= self.now
            and (self.since is None or self.since <= time)
            and (self.until is None or time < self.until)
        )

    def counts(self) -> dict[str, int]:
        """How many facts there are of each kind, by the kind's kebab-case name.

        Those about the audit itself are left out.
        """
        return dict(
            sorted(
                (kind.kind, len(facts))
                for kind, facts in self._by_type.items()
                if not issubclass(kind, AboutTheAudit)
            )
        )

    @cached_property
    def agents(self) -> Agents:
        """Agents of corrections joined to people, roles and cases."""
        from kfm_audit.evidence.agents import Agents

        return Agents(self)

    @cached_property
    def alarms(self) -> Alarms:
        """Alarms joined to each other, by name and by the rules of composites."""
        from kfm_audit.evidence.alarms import Alarms

        return Alarms(self)

    @cached_property
    def delivery(self) -> Delivery:
        """Alarms joined to those they notify."""
        from kfm_audit.evidence.delivery import Delivery

        return Delivery(self)

    @cached_property
    def environments(self) -> Environments:
        """Things joined to the environment that they belong to."""
        from kfm_audit.evidence.environments import Environments

        return Environments(self.policy.environments)

    @cached_property
    def labels(self) -> LabelPolicies:
        """Metrics joined to what policy says of their labels."""
        from kfm_audit.evidence.labels import LabelPolicies

        return LabelPolicies(self.policy.telemetry)

    @cached_property
    def notifications(self) -> Notifications:
        """Alarms joined to the readers of their notifications."""
        from kfm_audit.evidence.notifications import Notifications

        return Notifications(self)

    @cached_property
    def people(self) -> People:
        """Identities joined to groups, as of a point in time."""
        from kfm_audit.evidence.people import People

        return People(self)
