"""Agents of corrections: what they are, who they are, and whether two of them are one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kfm_audit.evidence import Evidence
from kfm_audit.evidence.lakefs.agents import Agents
from kfm_audit.facts import Agent, AgentKind, Correction, PersonKind, User
from kfm_audit.policy.lakefs import LakeFS
from kfm_audit.policy.model import Policy, Provenance
from kfm_audit.values import Origin

HERE = Origin("x")
NOW = datetime(2026, 1, 31, tzinfo=UTC)
POLICY = Policy(
    policy=1,
    name="test",
    lakefs=LakeFS(automation_users=("svc-rollback",)),
    provenance=Provenance(
        namespaces=("https://kfm.org/ns#",), approver_roles=("approver", "retrospectiveApprover")
    ),
)
OURS = "https://kansasfrontiermatrix.org/ns/kfm#"


def user(id_: str, person: PersonKind = PersonKind.HUMAN, email: str = "", friendly: str = "") -> User:
    return User(subject=id_, origin=HERE, id=id_, email=email, friendly_name=friendly, person=person)


JANE = user("jane.doe", email="jane@example.org", friendly="Jane Doe")
SAM = user("sam.lee", email="sam@example.org")
BOT = user("release-bot", PersonKind.SOFTWARE)
SHARED = user("breakglass", PersonKind.SHARED)
UNSAID = user("kim", PersonKind.UNSAID)


def agents(*users: User) -> Agents:
    return Agents(Evidence(users, POLICY, NOW))


def agent(
    *names: str, iri: str = "", kind: AgentKind = AgentKind.UNSAID, roles: tuple[str, ...] = ()
) -> Agent:
    return Agent(iri, kind, roles, (*filter(None, [iri]), *names))


def test_roles_part_approvers_from_executors() -> None:
    operator = agent("a", roles=("operator",))
    plain = agent("b")
    approver = agent("c", roles=(OURS + "approver",))
    late = agent("d", roles=("https://kfm.org/ns#retrospectiveApprover",))
    both = agent("e", roles=("kfm:approver", "operator"))
    nobody = agent(roles=("approver",))
    correction = Correction(
        subject="urn:c", origin=HERE, agents=(operator, plain, approver, late, both, nobody)
    )
    assert agents().approvers(correction) == (approver, late, both)
    assert agents().executors(correction) == (operator, plain, both)


@pytest.mark.parametrize(
    ("role", "approves"),
    [
        ("approver", True),
        ("kfm:approver", True),
        (OURS + "approver", True),
        ("https://kfm.org/ns#retrospectiveApprover", True),
        ("disapprover of kfm:approver", False),
        ("not an approver", False),
        ("https://evil.example/not/approver", False),
        ("https://evil.example/" + OURS + "approver", False),
        (OURS + "not/approver", False),
        ("urn:x:approver", False),
        ("evil:approver", False),
        ("", False),
    ],
)
def test_a_role_is_a_term_of_a_listed_namespace_or_a_bare_word(role, approves) -> None:
    who = agent("sam", roles=(role,))
    correction = Correction(subject="urn:c", origin=HERE, agents=(who,))
    assert agents().approvers(correction) == ((who,) if approves else ())


@pytest.mark.parametrize(
    ("who", "kind"),
    [
        (agent("jane.doe"), AgentKind.PERSON),
        (agent("jane.doe", kind=AgentKind.ORGANIZATION), AgentKind.ORGANIZATION),
        (agent("release-bot", kind=AgentKind.PERSON), AgentKind.SOFTWARE),
        (agent("svc-rollback", kind=AgentKind.PERSON), AgentKind.SOFTWARE),
        (agent("jane.doe", kind=AgentKind.SOFTWARE), AgentKind.SOFTWARE),
        (agent("breakglass", kind=AgentKind.PERSON), AgentKind.ORGANIZATION),
        (agent("kim", kind=AgentKind.PERSON), AgentKind.PERSON),
        (agent("kim"), AgentKind.UNSAID),
        (agent("stranger"), AgentKind.UNSAID),
        (agent("jane.doe", "sam.lee"), AgentKind.UNSAID),
    ],
)
def test_kind(who, kind) -> None:
    assert agents(JANE, SAM, BOT, SHARED, UNSAID).kind(who) is kind


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (agent(iri="urn:x"), agent(iri="urn:x"), True),
        (agent(), agent(), None),
        (agent("Jane@Example.org"), agent("jane@example.org"), True),
        (agent("jane.doe"), agent("Jane Doe"), True),
        (agent(iri="https://orcid.org/0000-0002-1825-0097"), agent("jane@example.org"), None),
        (agent("jane.doe"), agent("sam@example.org"), False),
        (agent("jane.doe"), agent("stranger"), None),
        (agent("jane.doe"), agent("breakglass"), None),
        (agent("breakglass"), agent("breakglass"), True),
        (agent("jane.doe"), agent("council", kind=AgentKind.ORGANIZATION), None),
        (agent("jane.doe"), agent("svc-rollback"), False),
        (agent("stranger", kind=AgentKind.PERSON), agent("release-bot"), False),
        (agent("stranger", kind=AgentKind.PERSON), agent("other", kind=AgentKind.PERSON), None),
    ],
)
def test_same(one, other, expected) -> None:
    known = agents(JANE, SAM, BOT, SHARED)
    assert known.same(one, other) is expected
    assert known.same(other, one) is expected


def test_without_a_directory_only_the_iri_or_mailbox_decides() -> None:
    assert agents().same(agent(iri="urn:x"), agent(iri="urn:x")) is True
    assert agents().same(agent("jane.doe"), agent("jane.doe")) is None


@pytest.mark.parametrize(
    ("who", "called"),
    [
        (Agent("urn:p:jane", AgentKind.PERSON, (), ("urn:p:jane", "jane", "Jane Doe")), "jane"),
        (
            Agent(
                "https://orcid.org/0000-0002",
                AgentKind.PERSON,
                (),
                ("https://orcid.org/0000-0002", "0000-0002", "Jane"),
            ),
            "Jane",
        ),
        (
            Agent(
                "https://orcid.org/0000-0002",
                AgentKind.PERSON,
                (),
                ("https://orcid.org/0000-0002", "0000-0002"),
            ),
            "https://orcid.org/0000-0002",
        ),
        (Agent("", AgentKind.PERSON, (), ("Jane",)), "Jane"),
        (Agent("", AgentKind.PERSON), "an agent without a name"),
    ],
)
def test_called(who, called) -> None:
    assert agents().called(who) == called
