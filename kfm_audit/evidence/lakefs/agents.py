"""Agents of corrections joined to the directory, to policy's roles and to the cases that they account for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from kfm_audit.facts import Agent, AgentKind, Case, Correction, Debt, PersonKind, User
from kfm_audit.prov.quoting import shorten
from kfm_audit.prov.terms import Vocabulary, last_part

if TYPE_CHECKING:
    from kfm_audit.evidence.evidence import Evidence


class Agents:
    """What the evidence knows of the agents of corrections."""

    def __init__(self, evidence: Evidence) -> None:
        """Take the evidence; nothing is joined yet."""
        self._evidence = evidence

    def called(self, agent: Agent) -> str:
        """What messages call an agent: the last part of its IRI, unless that is a mere number."""
        names = (last_part(agent.iri), *agent.names[2:], *agent.names)
        telling = (name for name in names if any(map(str.isalpha, name)))
        return shorten(next(telling, "an agent without a name"))

    def approvers(self, correction: Correction) -> tuple[Agent, ...]:
        """The agents with a role that makes them approvers; one without any name is nobody."""
        return tuple(
            agent for agent in correction.agents if agent.names and any(map(self._approves, agent.roles))
        )

    def executors(self, correction: Correction) -> tuple[Agent, ...]:
        """The agents that carried the Activity out: all but those that only approved it."""
        return tuple(
            agent
            for agent in correction.agents
            if not agent.roles or not all(map(self._approves, agent.roles))
        )

    def kind(self, agent: Agent) -> AgentKind:
        """What an agent is, by the document, the directory and the list of automation users.

        Software stays software whoever calls it a person. A shared identity is
        no single person, and counts as an organization.
        """
        if agent.kind is AgentKind.SOFTWARE or self._automation.intersection(agent.names):
            return AgentKind.SOFTWARE
        user = self.user(agent)
        match user.person if user else PersonKind.UNSAID:
            case PersonKind.SOFTWARE:
                return AgentKind.SOFTWARE
            case PersonKind.SHARED:
                return AgentKind.ORGANIZATION
            case PersonKind.HUMAN:
                return AgentKind.PERSON if agent.kind is AgentKind.UNSAID else agent.kind
            case PersonKind.UNSAID:
                return agent.kind

    def user(self, agent: Agent) -> User | None:
        """The user of the directory that all of an agent's names agree on, or None."""
        users = {user.id: user for name in agent.names if (user := self._evidence.people.find(name))}
        return next(iter(users.values())) if len(users) == 1 else None

    def same(self, agent: Agent, other: Agent) -> bool | None:
        """Whether two agents are one, or None where nothing shows it.

        The same IRI or mailbox shows it, then the directory, then that one is a
        person and the other software. Who is behind a shared identity, or acts
        for an organization, is not known.
        """
        if agent.iri and agent.iri == other.iri:
            return True
        if {name.casefold() for name in agent.names if "@" in name} & {
            name.casefold() for name in other.names
        }:
            return True
        user, other_user = self.user(agent), self.user(other)
        both_listed = user is not None and other_user is not None
        kinds = {self.kind(agent), self.kind(other)}
        if both_listed and user == other_user:
            return True
        if AgentKind.ORGANIZATION in kinds:
            return None
        return False if both_listed or kinds == {AgentKind.PERSON, AgentKind.SOFTWARE} else None

    def cases(self, correction: Correction) -> tuple[Case, ...]:
        """The cases that the correction answers for."""
        return tuple(self._cases.get(correction.subject, ()))

    def callers(self, correction: Correction) -> tuple[Agent, ...]:
        """The users who made the calls that the correction answers for, each an agent known by that name."""
        users = dict.fromkeys(
            call.user for case in self.cases(correction) for call in case.rollbacks if call.user
        )
        return tuple(Agent(iri="", kind=AgentKind.UNSAID, names=(user,)) for user in users)

    def _approves(self, role: str) -> bool:
        """Whether a role is one of policy's: a term of our own namespaces, or a bare word."""
        name = self._vocabulary.local_name(role) or role
        return name in self._evidence.policy.provenance.approver_roles

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        """Our terms; `kfm:approver` is one too where no JSON-LD processor expanded it."""
        return Vocabulary((*self._evidence.policy.provenance.namespaces, "kfm:"))

    @cached_property
    def _automation(self) -> frozenset[str]:
        return frozenset(self._evidence.policy.lakefs.automation_users)

    @cached_property
    def _cases(self) -> Mapping[str, list[Case]]:
        cases: dict[str, list[Case]] = defaultdict(list)
        for case in self._evidence.of(Case):
            record = case.records.get(Debt.CORRECTION)
            if record is not None:
                cases[record.subject].append(case)
        return cases
