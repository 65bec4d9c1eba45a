"""The four questions, and how far a run answered each of them.

A pull request without logs must never read as "no illegal rollbacks": a question
is answered only where its inputs were read, its rules ran and none was undecided.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

from kfm_audit.evidence import Evidence
from kfm_audit.evidence.branches import environment_branch
from kfm_audit.facts import (
    BranchOperation,
    Case,
    CompositeAlarm,
    Correction,
    Incident,
    LogCoverage,
    MetricAlarm,
    MetricFamily,
    Rollback,
    UnseenModule,
    UnsetVariable,
)
from kfm_audit.findings.finding import Finding, Verdict
from kfm_audit.globs import matches_any
from kfm_audit.lakefs.operations import Outcome, outcome
from kfm_audit.reports.report import Answer, InputRecord, InputStatus, Question
from kfm_audit.rules.kit import Rule


class _Asked(Struct, frozen=True):
    name: str
    title: str
    families: tuple[str, ...]
    kinds: tuple[str, ...]
    needs: str
    beyond: str


QUESTIONS: Final = (
    _Asked(
        "told",
        "Will somebody be told?",
        ("ALM", "SNS"),
        ("terraform-plan", "terraform-source"),
        "neither a Terraform plan nor sources were read",
        "notifications were followed to their subscribers; whether an endpoint answers and whether each "
        "severity goes to the right people is not judged by this version",
    ),
    _Asked(
        "moved",
        "Who moved production data back, were they allowed to, is it accounted for?",
        ("LFS",),
        ("lakefs-log",),
        "no lakeFS audit log was read: nothing is known about rollbacks",
        "calls that can hide a rollback (cherry-picks, merges of an old ref, imports) are not judged by this version",
    ),
    _Asked(
        "evidence",
        "Does the evidence hold?",
        ("PRV", "INC", "GOV", "DOC"),
        ("prov", "incident"),
        "neither provenance nor incident records were read",
        "the order of events in provenance and changes to records are not judged by this version",
    ),
    _Asked(
        "telemetry",
        "Does telemetry stay affordable and comparable?",
        ("TEL",),
        ("telemetry",),
        "no telemetry was read",
        "series budgets and growth since the last run are not judged by this version",
    ),
)


def answer_questions(
    evidence: Evidence,
    inputs: Iterable[InputRecord],
    known_rules: Iterable[Rule],
    selected: Iterable[Rule],
    findings: Iterable[Finding],
) -> tuple[Question, ...]:
    """Say of each question whether it was answered, partly or not, and why."""
    inputs, findings = tuple(inputs), tuple(findings)
    known, chosen = tuple(known_rules), {rule.id for rule in selected}
    return tuple(_answer(asked, evidence, inputs, known, chosen, findings) for asked in QUESTIONS)


def _answer(
    asked: _Asked,
    evidence: Evidence,
    inputs: tuple[InputRecord, ...],
    known_rules: tuple[Rule, ...],
    selected: set[str],
    findings: tuple[Finding, ...],
) -> Question:
    own = [rule for rule in known_rules if rule.family in asked.families]
    left_out = [rule.id for rule in own if rule.id not in selected]
    if len(left_out) == len(own):
        return Question(asked.name, asked.title, Answer.NOT_CHECKED, "its rules were not selected")
    if asked.name == "moved" and not evidence.policy.lakefs.environment_branches:
        why = "the policy names no environment branches (lakefs.environment_branches)"
        return Question(asked.name, asked.title, Answer.NOT_CHECKED, why)
    of_kind = [record for record in inputs if record.kind in asked.kinds]
    read = [record for record in of_kind if record.status is not InputStatus.UNREADABLE]
    if not read:
        why = asked.needs if not of_kind else f"{of_kind[0].path} could not be read"
        return Question(asked.name, asked.title, Answer.NOT_CHECKED, why)
    gaps = (
        *([f"{_all(left_out)} not selected"] if left_out else []),
        *_gaps(asked, evidence, of_kind, inputs, findings),
    )
    scope = _scope(asked.name, evidence)
    if gaps:
        return Question(asked.name, asked.title, Answer.PARTLY, "; ".join(filter(None, (scope, *gaps))))
    return Question(asked.name, asked.title, Answer.ANSWERED, scope)


def _gaps(
    asked: _Asked,
    evidence: Evidence,
    of_kind: list[InputRecord],
    inputs: tuple[InputRecord, ...],
    findings: tuple[Finding, ...],
) -> Iterator[str]:
    """What keeps the answer from being whole."""
    lost = [record.path for record in of_kind if record.status is not InputStatus.READ]
    unclaimed = [record.path for record in inputs if not record.kind]
    if lost:
        yield f"{_listed(lost)} could not be read in full"
    if unclaimed:
        yield f"{_listed(unclaimed)} could not be read"
    broken = sum(1 for finding in findings if finding.rule == "PRV001" and "PRV" in asked.families)
    if broken:
        yield f"{_number(broken, 'provenance document')} could not be understood"
    broken = sum(1 for finding in findings if finding.rule == "PRV001" and "PRV" in asked.families)
    if broken:
        yield f"{broken} of the provenance documents could not be understood"
    for verdict in (Verdict.UNDECIDED, Verdict.PENDING):
        n = sum(
            1 for finding in findings if finding.verdict is verdict and finding.rule[:3] in asked.families
        )
        if n:
            yield f"{n} {verdict.value}"
    if asked.name == "told":
        yield from _unseen(evidence)
        hidden = sorted({module.subject for module in evidence.of(UnseenModule)})
        if hidden:
            yield f"what {_listed(hidden)} makes is not in the sources: check a plan"
        unset = sorted({variable.subject for variable in evidence.of(UnsetVariable)})
        if unset:
            have = "has" if len(unset) == 1 else "have"
            yield (
                f"{_listed(unset)} {have} no value in the sources: name a variable file in [[stack]] of the "
                "config, or check a plan"
            )
    if asked.beyond:
        yield asked.beyond


def _scope(name: str, evidence: Evidence) -> str:
    """What the answer is about, in numbers and times."""
    counts = evidence.counts()
    if name == "told":
        alarms = counts.get("metric-alarm", 0) + counts.get("composite-alarm", 0)
        return _number(alarms, "alarm")
    if name == "moved":
        logs = evidence.of(LogCoverage)
        first = min((log.first for log in logs if log.first), default=None)
        last = max((log.last for log in logs if log.last), default=None)
        span = f" from {first:%Y-%m-%dT%H:%M:%SZ} to {last:%Y-%m-%dT%H:%M:%SZ}" if first and last else ""
        moved = (
            f"{_number(counts.get('rollback', 0), 'rollback')} in {_number(len(evidence.of(Case)), 'case')}"
        )
        return f"{moved}{_elsewhere(evidence)}; the log covers{span or ' no time'}"
    if name == "evidence":
        corrections = _number(len(evidence.of(Correction)), "correction")
        return f"{corrections} and {_number(len(evidence.of(Incident)), 'incident')}"
    families = len(evidence.of(MetricFamily))
    return "1 metric family" if families == 1 else f"{families} metric families"


def _unseen(evidence: Evidence) -> Iterator[str]:
    """The alarms of which nobody can say who is told, because no input shows their topics."""
    if not evidence.of(MetricAlarm) and not evidence.of(CompositeAlarm):
        return
    unseen = evidence.notifications.unseen
    if unseen:
        alarms = sum(n for _, n in unseen)
        they = "1 alarm notifies" if alarms == 1 else f"{alarms} alarms notify"
        topic = "a topic" if len(unseen) == 1 else "topics"
        yield f"{they} only {topic} that no input shows ({_listed([name for name, _ in unseen])})"


def _elsewhere(evidence: Evidence) -> str:
    """The calls that moved a branch back and are not counted: elsewhere, or at another time."""
    policy = evidence.policy.lakefs
    judged = {call.origin for call in evidence.of(Rollback)}
    branches: set[str] = set()
    outside = 0
    for call in evidence.of(BranchOperation):
        if outcome(call.status) is not Outcome.EFFECTIVE or call.origin in judged:
            continue
        if environment_branch(call.repository, call.branch, policy) is None:
            if not matches_any(call.branch, policy.run_branches):
                branches.add(call.branch)
        elif not evidence.in_window(call.time):
            outside += 1
    said = []
    if branches:
        said.append(f"{_listed(sorted(branches))}, which the policy calls no environment")
    if outside:
        said.append(f"{_number(outside, 'call')} outside the time that is judged")
    return f" (not counted: {'; '.join(said)})" if said else ""


def _number(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _all(ids: list[str]) -> str:
    return f"{', '.join(ids)} was" if len(ids) == 1 else f"{', '.join(ids)} were"


def _listed(paths: list[str]) -> str:
    return paths[0] if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"
