"""Rollbacks, refused attempts and cases: what the calls in the logs come to under the policy.

A case is one episode of rollbacks with what it owes: a correction and an incident
record always, a review where glass was broken. What happens after `now` has not
happened yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import TypedDict

import msgspec

from kfm_audit.evidence.evidence import Evidence
from kfm_audit.evidence.lakefs.branches import EnvironmentBranch, environment_branch
from kfm_audit.evidence.lakefs.corrections import Episode, Match, ended_before, match_corrections
from kfm_audit.evidence.lakefs.episodes import in_episodes
from kfm_audit.evidence.lakefs.events import contradictions
from kfm_audit.evidence.lakefs.history import first_parent
from kfm_audit.evidence.lakefs.hooked import unlogged_reverts
from kfm_audit.evidence.lakefs.reopened import reopen
from kfm_audit.evidence.lakefs.roles import standing
from kfm_audit.evidence.lakefs.traces import hidden_rollbacks, restored_by
from kfm_audit.facts import (
    Agent,
    AgentKind,
    BranchOperation,
    Case,
    Correction,
    Debt,
    DeniedRollback,
    Fact,
    Incident,
    PersonKind,
    Record,
    Role,
    Rollback,
)
from kfm_audit.lakefs.operations import Operation, Outcome, outcome
from kfm_audit.policy.section import duration
from kfm_audit.policy.span import shifted
from kfm_audit.prov.placeholders import holds_todo
from kfm_audit.prov.terms import last_part


def join_cases(evidence: Evidence) -> None:
    """Add rollbacks and refused attempts that `since` and `until` admit, and the cases that have one of them.

    Episodes and joins see all events up to `now`: a window never tears a case apart, and a case that
    the ledger holds open stays one.
    """
    rollbacks: list[Rollback] = []
    derived: list[Fact] = [*contradictions(evidence)]
    for call, branch in _environment_calls(evidence):
        own = msgspec.structs.asdict(call)
        match outcome(call.status):
            case Outcome.EFFECTIVE:
                role = standing(call, branch.roles, evidence.people)
                shown = _shown(call, evidence)
                rollbacks.append(Rollback(**own, environment=branch.environment, standing=role, **shown))
            case Outcome.DENIED:
                if _in_window(call.time, evidence):
                    derived.append(DeniedRollback(**own, environment=branch.environment))
            case Outcome.FAILED:
                pass  # neither a rollback nor a denial (design section 6, decision 10)
    rollbacks.extend(hidden_rollbacks(evidence, tuple(rollbacks)))
    rollbacks.extend(unlogged_reverts(evidence, tuple(rollbacks)))
    opened = reopen(rollbacks, evidence)
    rollbacks.sort(key=lambda call: (call.time, call.subject, call.identity[1:]))
    derived.extend(call for call in rollbacks if call.reopened or _in_window(call.time, evidence))
    episodes = in_episodes(rollbacks, duration(evidence.policy.lakefs.episode_gap))
    for case in _cases(episodes, evidence):
        held = next((opened[call.identity] for call in case.rollbacks if call.identity in opened), "")
        if held or any(_in_window(call.time, evidence) for call in case.rollbacks):
            derived.append(msgspec.structs.replace(case, reopened=held))
    evidence.add(derived)


def _environment_calls(evidence: Evidence) -> Iterator[tuple[BranchOperation, EnvironmentBranch]]:
    """The calls on environment branches up to now, each once, in the order of their time."""
    for call in evidence.calls.of(BranchOperation):
        branch = evidence.calls.environment(call.repository, call.branch)
        if branch is not None:
            yield call, branch


class _Shown(TypedDict):
    commit: str
    restored: str
    previous: str


def _shown(call: BranchOperation, evidence: Evidence) -> _Shown:
    """What commit logs and snapshots add to a logged call."""
    made = evidence.calls.commit(call)
    reset = call.operation == Operation.HARD_RESET.value
    known = evidence.history.commit(call.repository, call.target) if reset and call.target else None
    before = "" if made else evidence.history.head_before(call.repository, call.branch, call.time)
    return {
        "commit": made.id if made else "",
        "restored": (known.id if known else "") if reset else restored_by(call, evidence),
        "previous": first_parent(made) if made else before,
    }


def _in_window(time: datetime, evidence: Evidence) -> bool:
    return (evidence.since is None or evidence.since <= time) and (
        evidence.until is None or time < evidence.until
    )


def _cases(episodes: list[Episode], evidence: Evidence) -> Iterator[Case]:
    policy = evidence.policy.lakefs
    now = evidence.now
    corrections = tuple(c for c in evidence.of(Correction) if c.recorded is None or c.recorded <= now)
    incidents = _Incidents(i for i in evidence.of(Incident) if i.opened is None or i.opened <= now)
    matched = match_corrections(episodes, corrections, duration(policy.join_tolerance))
    for episode, matches in zip(episodes, matched, strict=True):
        first = episode[0]
        branch = environment_branch(first.repository, first.branch, policy)
        # A case that the ledger holds open outlives a policy that no longer names its branch.
        owing = branch.due if branch is not None else policy.due
        due = {
            Debt.CORRECTION: shifted(first.time, duration(owing.correction)),
            Debt.INCIDENT: shifted(first.time, duration(owing.incident)),
        }
        records: dict[Debt, Record] = {}
        if matches:
            records[Debt.CORRECTION] = matches[0].record
        incident = _incident(episode, matches, incidents, now, duration(owing.incident))
        if incident:
            records[Debt.INCIDENT] = incident
        if any(call.standing.role is Role.BREAK_GLASS for call in episode):
            due[Debt.REVIEW] = shifted(first.time, duration(owing.review))
            review = _review(episode, matches, evidence)
            if review:
                records[Debt.REVIEW] = review
        yield Case(
            subject=first.subject,
            origin=first.origin,
            rollbacks=episode,
            environment=first.environment,
            due=due,
            records=records,
            identity=_identity(first.user, evidence),
            human=_human(matches, evidence),
        )


class _Incidents:
    """The incident records, by the calls that they list and by what they are called."""

    def __init__(self, incidents: Iterable[Incident]) -> None:
        self._all = tuple(incidents)
        self._listing: dict[str, list[int]] = {}
        self._called: dict[str, list[int]] = {}
        for number, incident in enumerate(self._all):
            self._called.setdefault(last_part(incident.id), []).append(number)
            for name in incident.rollbacks:
                self._listing.setdefault(name, []).append(number)

    def near(self, calls: Iterable[str], named: Iterable[str]) -> Iterator[Incident]:
        """Those that list a call, or are called so; each once, in the order of the inputs."""
        numbers = {number for name in calls for number in self._listing.get(name, ())}
        numbers.update(number for name in named for number in self._called.get(name, ()))
        return (self._all[number] for number in sorted(numbers))


def _incident(
    episode: Episode, matches: list[Match], incidents: _Incidents, now: datetime, slack: timedelta
) -> Record | None:
    """The incident record of an episode: it lists a call, or a correction of the episode names it.

    What was corrected first in production is put right elsewhere later: `slack` is
    how long an incident may have been over before the call.
    """
    listed = {name: name for call in episode for name in (call.request_id, call.subject) if name}
    named = {
        last_part(name): match.correction.subject
        for match in matches
        if match.conflict is None
        for name in match.correction.incidents
    }
    found = []
    for incident in incidents.near(listed, named):
        call = next((name for name in incident.rollbacks if name in listed), None)
        if call is not None:
            found.append((incident, f"it lists {call}"))
        elif last_part(incident.id) in named:
            found.append((incident, f"correction {named[last_part(incident.id)]} names it"))
    records = []
    for incident, how in found:
        why, cure = _why_open(incident, now), ""
        # One that does not say when it was over may have gone on until the call.
        end = incident.corrected and ended_before((incident.opened, incident.corrected), episode, slack)
        if end and not why:
            why = f"it was over before the call, at {end}"
            cure = (
                f"if the times of {incident.subject} are wrong, set opened_at and corrected_at right; if not, "
                "list the call under `rollbacks` of the incident that it belongs to"
            )
        records.append(Record(incident.subject, how, incident.opened, not why, why, cure))
    return min(records, key=lambda r: (not r.final, r.recorded is None, r.recorded, r.subject), default=None)


def _why_open(incident: Incident, now: datetime) -> str:
    if incident.status == "open":
        return "it is open"
    if incident.corrected is not None and incident.corrected > now:
        return "it is open still"
    return "its summary still holds a TODO" if holds_todo(incident.summary) else ""


def _review(episode: Episode, matches: list[Match], evidence: Evidence) -> Record | None:
    """The review of an episode: a person who approves its correction and did not make the calls."""
    reviews = []
    for match in matches:
        for approver in evidence.agents.approvers(match.correction):
            name = evidence.agents.called(approver)
            why = match.record.why_not_final
            if _is(approver, episode[0].user, evidence):
                why = f"its approver {name} made the calls"
            elif evidence.agents.kind(approver) is not AgentKind.PERSON:
                why = f"nothing shows that its approver {name} is a person"
            reviews.append(
                Record(
                    subject=match.correction.subject,
                    joined_by=f"approved by {name}",
                    recorded=approver.approved or match.correction.recorded,
                    final=not why,
                    why_not_final=why,
                )
            )
    return min(reviews, key=lambda review: not review.final, default=None)


def _human(matches: list[Match], evidence: Evidence) -> str:
    """The person who carried out a final correction and so answers for the calls, or ""."""
    agents = evidence.agents
    executors = (agent for match in matches if match.final for agent in agents.executors(match.correction))
    return next((agents.called(agent) for agent in executors if agents.kind(agent) is AgentKind.PERSON), "")


def _is(agent: Agent, user: str, evidence: Evidence) -> bool:
    """Whether an agent is shown to be the user whom the log names, by any name of either."""
    known = {name.casefold() for name in evidence.people.names(user)}
    return any(name.casefold() in known for name in agent.names)


def _identity(user: str, evidence: Evidence) -> PersonKind:
    """What is behind a user, by the policy's list of automation users and by the directory."""
    known = evidence.people.find(user)
    if user in evidence.policy.lakefs.automation_users:
        return PersonKind.SOFTWARE
    return known.person if known else PersonKind.UNSAID
