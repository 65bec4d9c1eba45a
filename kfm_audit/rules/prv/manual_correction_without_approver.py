"""PRV005: manual-correction-without-approver."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from kfm_audit.facts import Agent, AgentKind, Correction
from kfm_audit.prov.quoting import quote
from kfm_audit.prov.terms import last_part
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule

_AT = "prov:qualifiedAssociation"


class _Hand(Enum):
    """Whether somebody moved the data back by hand."""

    MANUAL = "manual"
    AUTOMATIC = "automatic"
    UNSAID = "unsaid"


@rule("PRV005", on=Correction, severity=Severity.ERROR)
def manual_correction_without_approver(correction: Correction, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """A correction that was made by hand names no person who approved it.

    ## Why
    Moving production data back by hand needs four eyes, and the record must show the second pair. A plain
    `prov:wasAssociatedWith` cannot tell who approved from who acted: only `prov:qualifiedAssociation` with a
    role can. A bot approves nothing, and a team is not a person. An approval that came only afterwards, as on
    a night of breaking glass, is allowed, and must say so by its role. A correction is manual where
    `kfm:trigger` says so, or where a person carried it out. A draft is not judged.

    ## Bad
    ```json rollback.prov.jsonld
    {
      "@context": {
        "prov": "http://www.w3.org/ns/prov#",
        "kfm": "https://kansasfrontiermatrix.org/ns/kfm#"
      },
      "@id": "urn:kfm:correction:2026-01-30",
      "@type": ["prov:Activity", "kfm:Correction"],
      "kfm:trigger": "manual",
      "prov:wasAssociatedWith": [
        {"@id": "urn:kfm:person:jane.doe", "@type": "prov:Person"},
        {"@id": "urn:kfm:person:sam.lee", "@type": "prov:Person"}
      ]
    }
    ```

    ## Good
    ```json rollback.prov.jsonld
    {
      "@context": {
        "prov": "http://www.w3.org/ns/prov#",
        "kfm": "https://kansasfrontiermatrix.org/ns/kfm#"
      },
      "@id": "urn:kfm:correction:2026-01-30",
      "@type": ["prov:Activity", "kfm:Correction"],
      "kfm:trigger": "manual",
      "prov:wasAssociatedWith": {"@id": "urn:kfm:person:jane.doe", "@type": "prov:Person"},
      "prov:qualifiedAssociation": {
        "@type": "prov:Association",
        "prov:agent": {"@id": "urn:kfm:person:sam.lee", "@type": "prov:Person"},
        "prov:hadRole": {"@id": "kfm:approver"}
      }
    }
    ```

    ## When it is undecided
    Where neither `kfm:trigger` nor the type of an agent says whether it was made by hand and no approver is
    named, and where neither the document nor the directory says whether the approver is a person.

    ## Settings
    `provenance.approver_roles`: the roles that approve; those that begin with `retrospective` say that the
    approval came afterwards. `lakefs.automation_users`: names that are software, whatever a document calls
    them.

    ## References
    PROV-O, qualified associations; `docs/correction-document.md`.
    """
    if correction.draft:
        return
    hand = _hand(correction, ctx)
    if hand is _Hand.AUTOMATIC:
        return
    approvers = ctx.evidence.agents.approvers(correction)
    if not approvers:
        yield _unapproved(correction, hand, ctx)
        return
    persons = [agent for agent in approvers if ctx.evidence.agents.kind(agent) is AgentKind.PERSON]
    if not persons:
        yield _approved_by_no_person(correction, approvers, hand, ctx)
    elif all(_late_and_silent(agent, correction) for agent in persons):
        name = ctx.evidence.agents.called(persons[0])
        yield ctx.fail(
            correction,
            f"was approved by {name} only at {persons[0].approved:%Y-%m-%dT%H:%M:%SZ}, after it had begun "
            f"at {correction.started or correction.ended:%Y-%m-%dT%H:%M:%SZ}, and does not say so",
            at=_AT,
            help='write "prov:hadRole": {"@id": "kfm:retrospectiveApprover"} for an approval that came later',
            persons=(name,),
        )


def _hand(correction: Correction, ctx: Context[NoSettings]) -> _Hand:
    kinds = {ctx.evidence.agents.kind(agent) for agent in ctx.evidence.agents.executors(correction)}
    if correction.trigger == "manual":
        return _Hand.MANUAL
    if correction.trigger == "automatic" and AgentKind.SOFTWARE in kinds:
        return _Hand.AUTOMATIC  # a person beside the software is in charge of it
    if AgentKind.PERSON in kinds:
        return _Hand.MANUAL
    if correction.trigger == "automatic" or kinds == {AgentKind.SOFTWARE}:
        return _Hand.AUTOMATIC
    return _Hand.UNSAID


def _unapproved(correction: Correction, hand: _Hand, ctx: Context[NoSettings]) -> Finding:
    help_ = (
        'add "prov:qualifiedAssociation" with "prov:agent", the person who approved it, and "prov:hadRole": '
        '{"@id": "kfm:approver"}; do not name whoever is at hand now'
    )
    if hand is _Hand.MANUAL:
        why = "kfm:trigger says so" if correction.trigger == "manual" else "a person carried it out"
        return ctx.fail(correction, f"was made by hand ({why}) and names no approver", at=_AT, help=help_)
    trigger = f"kfm:trigger is {quote(correction.trigger)}" if correction.trigger else "it has no kfm:trigger"
    return ctx.undecided(
        correction,
        f"whether it was made by hand, and so needs an approver, is not known: {trigger}, its agents no type",
        at=_AT,
        help=f'write "kfm:trigger": "manual" or "automatic"; if manual, {help_}',
    )


def _approved_by_no_person(
    correction: Correction, approvers: tuple[Agent, ...], hand: _Hand, ctx: Context[NoSettings]
) -> Finding:
    kinds = {
        ctx.evidence.agents.kind(agent): ctx.evidence.agents.called(agent) for agent in reversed(approvers)
    }
    if AgentKind.UNSAID in kinds:
        name = kinds[AgentKind.UNSAID]
        return ctx.undecided(
            correction,
            f"whether its approver {name} is a person is said neither by the document nor by the directory",
            at=_AT,
            help="type the approver as prov:Person, or list it in the directory with its kind",
            persons=(name,),
        )
    what = "software" if AgentKind.SOFTWARE in kinds else "no single person"
    name = kinds.get(AgentKind.SOFTWARE) or kinds[AgentKind.ORGANIZATION]
    message = f"names {name} as approver, which is {what}"
    help_ = (
        "name the person who approved it; if nobody did, have somebody review it now, as "
        "kfm:retrospectiveApprover"
    )
    if hand is _Hand.UNSAID:
        message = f"whether it was made by hand is not known; it {message}"
        return ctx.undecided(correction, message, at=_AT, help=help_)
    return ctx.fail(correction, message, at=_AT, help=help_)


def _late_and_silent(agent: Agent, correction: Correction) -> bool:
    """Whether the approval came after the act had begun, and no role of it says so."""
    begun = correction.started or correction.ended
    if agent.approved is None or begun is None or agent.approved <= begun:
        return False
    return not any(last_part(role).casefold().startswith("retrospective") for role in agent.roles)
