"""PRV006: approver-is-actor."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.facts import Agent, AgentKind, Correction
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule

_AT = "prov:qualifiedAssociation"


@rule("PRV006", on=Correction, severity=Severity.ERROR)
def approver_is_actor(correction: Correction, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """Whoever moved the data back approved it too.

    ## Why
    An approval by oneself is none. Who acted is the agent that carried the Activity out and, where an audit
    log shows the rollback, the user who made the calls. People have several names: the log shows an id, the
    document an IRI or a mail address. They are compared through the directory.

    ## Bad
    ```json rollback.prov.jsonld
    {
      "@context": {
        "prov": "http://www.w3.org/ns/prov#",
        "kfm": "https://kansasfrontiermatrix.org/ns/kfm#"
      },
      "@id": "urn:kfm:correction:2026-01-30",
      "@type": ["prov:Activity", "kfm:Correction"],
      "prov:qualifiedAssociation": [
        {"prov:agent": {"@id": "urn:kfm:person:jane.doe"}, "prov:hadRole": {"@id": "kfm:operator"}},
        {"prov:agent": {"@id": "urn:kfm:person:jane.doe"}, "prov:hadRole": {"@id": "kfm:approver"}}
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
      "prov:qualifiedAssociation": [
        {"prov:agent": {"@id": "urn:kfm:person:jane.doe"}, "prov:hadRole": {"@id": "kfm:operator"}},
        {"prov:agent": {"@id": "urn:kfm:person:sam.lee"}, "prov:hadRole": {"@id": "kfm:approver"}}
      ]
    }
    ```
    ```json directory.json
    {
      "users": [
        {"id": "jane.doe", "email": "jane.doe@example.org", "kind": "human"},
        {"id": "sam.lee", "email": "sam.lee@example.org", "kind": "human"}
      ],
      "groups": []
    }
    ```

    ## When it is undecided
    Where the directory does not know one of the two, unless they have the same IRI or the same mail address
    (that fails), or one is a person and the other software (they differ). Where the document names nobody but
    the approver and no log shows who made the calls. Where the calls were made through a shared identity and
    no person is named. A second approver who is certainly somebody else settles it.

    ## Settings
    `provenance.approver_roles`, `lakefs.automation_users`.

    ## References
    `docs/correction-document.md`.
    """
    approvers = ctx.evidence.agents.approvers(correction)
    if correction.draft or not approvers:
        return
    findings = []
    for approver in approvers:
        finding = _judge(correction, approver, ctx)
        if finding is None:
            return
        findings.append(finding)
    # While one of them may be somebody else, nothing is certain.
    yield min(findings, key=lambda finding: finding.verdict.value == "fail")


def _judge(correction: Correction, approver: Agent, ctx: Context[NoSettings]) -> Finding | None:
    """What is wrong with this approver, or None where it is certainly nobody who acted."""
    agents = ctx.evidence.agents
    name = agents.called(approver)
    actors = [(actor, agents.called(actor), how) for actor, how in _actors(correction, ctx)]
    for actor, called, how in actors:
        if agents.same(approver, actor):
            return ctx.fail(
                correction,
                f"was approved by {name}, who {how}" + ("" if called == name else f" as {called}"),
                at=_AT,
                help="have somebody else review it now, and name that person as kfm:retrospectiveApprover; "
                "another name for the approver of that night would only hide it",
                persons=(name, called),
            )
    for actor, called, how in actors:
        if agents.same(approver, actor) is None:
            shared = agents.kind(actor) is AgentKind.ORGANIZATION
            return ctx.undecided(
                correction,
                f"whether {name}, who approved it, is {'behind ' if shared else ''}{called}, "
                f"{'which' if shared else 'who'} {how}, is not known",
                at=_AT,
                help=f'add "prov:wasAssociatedWith" with the person who acted as {called}'
                if shared
                else "give a directory that lists both, under the names that log and document use",
                persons=(name, called),
            )
    if not actors:
        return ctx.undecided(
            correction,
            f"whether {name} approved what somebody else had done is not known: nobody else is named",
            at=_AT,
            help='add "prov:wasAssociatedWith" with who carried it out, or give the audit log of the calls',
            persons=(name,),
        )
    return None


def _actors(correction: Correction, ctx: Context[NoSettings]) -> Iterator[tuple[Agent, str]]:
    """Who acted, and how that is known. A shared identity in the log is whoever the document says used it."""
    agents = ctx.evidence.agents
    executors = agents.executors(correction)
    persons = any(agents.kind(agent) is AgentKind.PERSON for agent in executors)
    for agent in executors:
        yield agent, "carried it out"
    for user in agents.callers(correction):
        if not (persons and agents.kind(user) is AgentKind.ORGANIZATION):
            yield user, "made the calls in the audit log"
