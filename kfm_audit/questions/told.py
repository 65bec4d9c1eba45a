"""Will somebody be told?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from kfm_audit.evidence import Evidence
from kfm_audit.facts import CompositeAlarm, MetricAlarm, UnseenModule, UnsetVariable
from kfm_audit.findings.finding import Finding
from kfm_audit.questions.words import listed, number

BEYOND: Final = (
    "notifications were followed to their subscribers; whether an endpoint answers is not judged by this "
    "version"
)


def scope(evidence: Evidence) -> str:
    """What the answer is about."""
    counts = evidence.counts()
    return number(counts.get("metric-alarm", 0) + counts.get("composite-alarm", 0), "alarm")


def gaps(evidence: Evidence, findings: Sequence[Finding]) -> Iterator[str]:  # noqa: ARG001 - as all questions ask
    """What keeps the answer from being whole."""
    yield from _unseen(evidence)
    yield from _unlisted_composites(evidence)
    yield from _adrift(evidence)
    hidden = sorted({module.subject for module in evidence.of(UnseenModule)})
    if hidden:
        yield f"what {listed(hidden)} makes is not in the sources: check a plan"
    unset = sorted({variable.subject for variable in evidence.of(UnsetVariable)})
    if unset:
        have = "has" if len(unset) == 1 else "have"
        yield (
            f"{listed(unset)} {have} no value in the sources: name a variable file in [[stack]] of the "
            "config, or check a plan"
        )


def _unseen(evidence: Evidence) -> Iterator[str]:
    """The alarms of which nobody can say who is told, because no input shows their topics."""
    if not evidence.of(MetricAlarm) and not evidence.of(CompositeAlarm):
        return
    unseen = evidence.notifications.unseen
    if unseen:
        alarms = sum(n for _, n in unseen)
        they = "1 alarm notifies" if alarms == 1 else f"{alarms} alarms notify"
        topic = "a topic" if len(unseen) == 1 else "topics"
        yield f"{they} only {topic} that no input shows ({listed([name for name, _ in unseen])})"


def _adrift(evidence: Evidence) -> Iterator[str]:
    """The alarms that were not held to the contract, because no input shows which resource they watch."""
    if not evidence.policy.alarms.contract or not evidence.of(MetricAlarm):
        return
    adrift = evidence.contract.adrift
    if adrift:
        those = listed([alarm.subject for alarm in adrift])
        it = "it was" if len(adrift) == 1 else "they were"
        yield (
            f"no input shows which queue or function {number(len(adrift), 'alarm')} watch"
            f"{'es' if len(adrift) == 1 else ''} ({those}): {it} not held to the contract"
        )


def _unlisted_composites(evidence: Evidence) -> Iterator[str]:
    """Where alarms were listed and no composite: AWS lists these only when it is asked for them."""
    if not evidence.named("DeployedListing"):
        return
    from kfm_audit.facts import DeployedListing, Listed

    pages = [page for page in evidence.of(DeployedListing) if page.number]
    shown = {(page.account, page.region) for page in pages if page.listed is Listed.COMPOSITES}
    silent = dict.fromkeys(
        page.origin.input
        for page in pages
        if page.listed is Listed.ALARMS and (page.account, page.region) not in shown
    )
    if silent:
        lists = "lists" if len(silent) == 1 else "list"
        yield (
            f"{listed(list(silent))} {lists} no composite alarm: `aws cloudwatch describe-alarms` leaves these "
            "out unless it is asked with --alarm-types MetricAlarm CompositeAlarm"
        )
