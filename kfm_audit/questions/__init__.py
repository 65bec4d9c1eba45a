"""The four questions, and how far a run answered each of them.

A pull request without logs must never read as "no illegal rollbacks": a question
is answered only where its inputs were read, its rules ran and none was undecided.
One module a question; it is imported only where there is something to answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import Final, Protocol, cast

from msgspec import Struct

from kfm_audit.evidence import Evidence
from kfm_audit.findings.finding import Finding, Verdict
from kfm_audit.questions.words import listed, were
from kfm_audit.reports.report import Answer, InputRecord, InputStatus, Question
from kfm_audit.rules.kit import Rule


class _Asked(Struct, frozen=True):
    """A question: its module, the families and kinds of input that answer it, what is said without these.

    `alone` says of a kind of input what it does not show, where nothing else that answers was read.
    """

    name: str
    title: str
    module: str
    families: tuple[str, ...]
    kinds: tuple[str, ...]
    needs: str
    alone: Mapping[str, str] = {}


class _Answering(Protocol):
    """What the module of a question holds."""

    BEYOND: str
    """What this version does not judge of it; empty where it judges all."""

    def scope(self, evidence: Evidence) -> str: ...

    def gaps(self, evidence: Evidence, findings: tuple[Finding, ...]) -> Iterator[str]: ...


QUESTIONS: Final = (
    _Asked(
        "told",
        "Will somebody be told?",
        "told",
        ("ALM", "SNS"),
        ("terraform-plan", "terraform-source", "deployed-alarms"),
        "neither a Terraform plan, nor its sources, nor what is deployed was read",
        {
            "terraform-source": "sources alone were read: what exists, and what apply would change or delete, "
            "is in a plan",
            "deployed-alarms": "what is deployed alone was read: nothing is known of the changes that Terraform "
            "will make",
        },
    ),
    _Asked(
        "moved",
        "Who moved production data back, were they allowed to, is it accounted for?",
        "moved",
        ("LFS",),
        ("lakefs-log", "lakefs-commits", "lakefs-heads"),
        "no lakeFS audit log was read: nothing is known about rollbacks",
    ),
    _Asked(
        "evidence",
        "Does the evidence hold?",
        "holds",
        ("PRV", "INC", "GOV", "DOC"),
        ("prov", "incident"),
        "neither provenance nor incident records were read",
    ),
    _Asked(
        "telemetry",
        "Does telemetry stay affordable and comparable?",
        "comparable",
        ("TEL",),
        ("telemetry",),
        "no telemetry was read",
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
    if all(record.status is InputStatus.UNREADABLE for record in of_kind):
        why = asked.needs if not of_kind else f"{of_kind[0].path} could not be read"
        return Question(asked.name, asked.title, Answer.NOT_CHECKED, why)
    answering = cast("_Answering", import_module(f"{__name__}.{asked.module}"))
    gaps = (
        *([f"{were(left_out)} not selected"] if left_out else []),
        *_lost(of_kind, inputs),
        *_alone(asked, of_kind),
        *_unsettled(asked, findings),
        *answering.gaps(evidence, findings),
        *filter(None, (answering.BEYOND,)),
    )
    scope = answering.scope(evidence)
    if gaps:
        return Question(asked.name, asked.title, Answer.PARTLY, "; ".join(filter(None, (scope, *gaps))))
    return Question(asked.name, asked.title, Answer.ANSWERED, scope)


def _lost(of_kind: list[InputRecord], inputs: tuple[InputRecord, ...]) -> Iterator[str]:
    """The inputs that were not read, or not as a whole."""
    partly = [record.path for record in of_kind if record.status is not InputStatus.READ]
    unclaimed = [record.path for record in inputs if not record.kind]
    if partly:
        yield f"{listed(partly)} could not be read in full"
    if unclaimed:
        yield f"{listed(unclaimed)} could not be read"


def _alone(asked: _Asked, of_kind: list[InputRecord]) -> Iterator[str]:
    """What the one kind of input that was read does not show."""
    kinds = {record.kind for record in of_kind if record.status is not InputStatus.UNREADABLE}
    if len(kinds) == 1:
        yield from filter(None, (asked.alone.get(kinds.pop()),))


def _unsettled(asked: _Asked, findings: tuple[Finding, ...]) -> Iterator[str]:
    """How many findings are undecided or pending."""
    for verdict in (Verdict.UNDECIDED, Verdict.PENDING):
        n = sum(
            1 for finding in findings if finding.verdict is verdict and finding.rule[:3] in asked.families
        )
        if n:
            yield f"{n} {verdict.value}"
