"""The evidence of one run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar, cast

from kfm_audit.facts import AboutTheAudit, Fact

if TYPE_CHECKING:
    from kfm_audit.evidence.alarm.alarms import Alarms
    from kfm_audit.evidence.alarm.contract import Contract
    from kfm_audit.evidence.alarm.earlier import Earlier
    from kfm_audit.evidence.alarm.mutes import Mutes
    from kfm_audit.evidence.alarm.severities import Severities
    from kfm_audit.evidence.alarm.shapes import Shapes
    from kfm_audit.evidence.environments import Environments
    from kfm_audit.evidence.labels import LabelPolicies
    from kfm_audit.evidence.lakefs.agents import Agents
    from kfm_audit.evidence.lakefs.calls import Calls
    from kfm_audit.evidence.lakefs.gates import Gates
    from kfm_audit.evidence.lakefs.history import History
    from kfm_audit.evidence.lakefs.ownership import Ownership
    from kfm_audit.evidence.lakefs.people import People
    from kfm_audit.evidence.notification.delivery import Delivery
    from kfm_audit.evidence.notification.notifications import Notifications
    from kfm_audit.evidence.places import Places
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
        self._frozen: dict[type[Fact], tuple[Fact, ...]] = {}
        self.add(facts)

    def add(self, facts: Iterable[Fact]) -> None:
        """Add derived facts. Only `join` does so, before any rule runs."""
        for fact in facts:
            self._by_type[type(fact)].append(fact)
        self._frozen.clear()

    def put(self, kind: type[F], facts: Iterable[F]) -> None:
        """Put facts in place of all of a kind. Only `join` does so, before any rule runs."""
        self._by_type[kind] = list(facts)
        self._frozen.clear()

    def of(self, kind: type[F]) -> tuple[F, ...]:
        """All facts of exactly this type, in the order of their inputs."""
        # Rules ask for the same facts by the thousand.
        if kind not in self._frozen:
            self._frozen[kind] = tuple(self._by_type.get(kind, ()))
        return cast("tuple[F, ...]", self._frozen[kind])

    def named(self, kind: str) -> tuple[Fact, ...]:
        """All facts of the type with this name; none where nothing of the kind was read."""
        return next((self.of(of) for of in self._by_type if of.__name__ == kind), ())

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
        from kfm_audit.evidence.lakefs.agents import Agents

        return Agents(self)

    @cached_property
    def alarms(self) -> Alarms:
        """Alarms joined to each other, by name and by the rules of composites."""
        from kfm_audit.evidence.alarm.alarms import Alarms

        return Alarms(self)

    @cached_property
    def calls(self) -> Calls:
        """The calls of all lakeFS logs, each once, joined to the commits that they made."""
        from kfm_audit.evidence.lakefs.calls import Calls

        return Calls(self)

    @cached_property
    def contract(self) -> Contract:
        """Resources joined to the contract alarms that they owe."""
        from kfm_audit.evidence.alarm.contract import Contract

        return Contract(self)

    @cached_property
    def delivery(self) -> Delivery:
        """Alarms joined to those they notify."""
        from kfm_audit.evidence.notification.delivery import Delivery

        return Delivery(self)

    @cached_property
    def earlier(self) -> Earlier:
        """Alarms joined to those who heard them before the plans of the run."""
        from kfm_audit.evidence.alarm.earlier import Earlier, before

        facts = before(fact for facts in self._by_type.values() for fact in facts)
        return Earlier(self, Evidence(facts, self.policy, self.now))

    @cached_property
    def environments(self) -> Environments:
        """Things joined to the environment that they belong to."""
        from kfm_audit.evidence.environments import Environments

        return Environments(self.policy.environments)

    @cached_property
    def gates(self) -> Gates:
        """Gates of environments joined to the hooks that make them, and to the runs of these."""
        from kfm_audit.evidence.lakefs.gates import Gates

        return Gates(self)

    @cached_property
    def history(self) -> History:
        """Commits joined to their ancestors, branches to where they stood."""
        from kfm_audit.evidence.lakefs.history import History

        return History(self)

    @cached_property
    def labels(self) -> LabelPolicies:
        """Metrics joined to what policy says of their labels."""
        from kfm_audit.evidence.labels import LabelPolicies

        return LabelPolicies(self.policy.telemetry)

    @cached_property
    def mutes(self) -> Mutes:
        """Alarms joined to the mute rules that keep their actions back."""
        from kfm_audit.evidence.alarm.mutes import Mutes

        return Mutes(self)

    @cached_property
    def notifications(self) -> Notifications:
        """Alarms joined to the readers of their notifications."""
        from kfm_audit.evidence.notification.notifications import Notifications

        return Notifications(self)

    @cached_property
    def ownership(self) -> Ownership:
        """Commits joined to the branches that they were made on."""
        from kfm_audit.evidence.lakefs.ownership import Ownership

        return Ownership(self)

    @cached_property
    def people(self) -> People:
        """Identities joined to groups, as of a point in time."""
        from kfm_audit.evidence.lakefs.people import People

        return People(self)

    @cached_property
    def places(self) -> Places:
        """Things joined to region, account and environment."""
        from kfm_audit.evidence.places import Places

        return Places(self)

    @cached_property
    def severities(self) -> Severities:
        """Alarms, topics and subscribers joined to the severities that they are for."""
        from kfm_audit.evidence.alarm.severities import Severities

        return Severities(self.policy)

    @cached_property
    def shapes(self) -> Shapes:
        """Metric alarms joined to those that differ from them in names alone."""
        from kfm_audit.evidence.alarm.shapes import Shapes

        return Shapes()
