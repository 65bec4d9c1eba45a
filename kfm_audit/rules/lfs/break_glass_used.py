"""LFS014: break-glass-used."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.facts import Case, Correction, Debt, Owed, PersonKind
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule


@rule("LFS014", on=Case, severity=Severity.WARNING)
def break_glass_used(case: Case, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """Emergency access moved an environment branch back, and nobody has reviewed it.

    ## Why
    Breaking glass is allowed: that is what it is for. It stays safe only if each use is looked at afterwards
    by somebody else. The review is the approver of the correction, a person who did not make the calls; it is
    pending until it is due. An identity that several people share shows nobody: until the correction names
    the person who made the calls, they cannot be attributed, whoever approves.

    ## Bad
    ```json audit.jsonl
    {"log_audit":true,"time":"2026-01-20T03:00:00Z","operation_id":"RevertBranch","method":"POST","path":"/api/v1/repositories/kfm/branches/env-prod/revert","status_code":204,"request_id":"0b1e","user":"oncall-emergency"}
    ```
    ```yaml policy.yaml
    policy: 1
    name: example
    extends: core
    lakefs:
      environment_branches: {prod: [env-prod]}
      rollback: {users: [jane.doe], break_glass: {users: [oncall-emergency]}}
      due: {review: 72h}
    ```

    ## Good
    ```json audit.jsonl
    {"log_audit":true,"time":"2026-01-20T03:00:00Z","operation_id":"RevertBranch","method":"POST","path":"/api/v1/repositories/kfm/branches/env-prod/revert","status_code":204,"request_id":"0b1e","user":"oncall-emergency"}
    ```
    ```json 0b1e.prov.jsonld
    {
      "@context": {"prov": "http://www.w3.org/ns/prov#", "xsd": "http://www.w3.org/2001/XMLSchema#",
                   "kfm": "https://kansasfrontiermatrix.org/ns/kfm#"},
      "@id": "urn:kfm:correction:0b1e",
      "@type": ["prov:Activity", "kfm:Correction"],
      "prov:startedAtTime": {"@value": "2026-01-20T03:00:00Z", "@type": "xsd:dateTime"},
      "prov:endedAtTime": {"@value": "2026-01-20T09:58:00Z", "@type": "xsd:dateTime"},
      "prov:wasAssociatedWith": {"@id": "urn:kfm:person:sam.roe", "@type": "prov:Person"},
      "prov:qualifiedAssociation": {
        "@type": "prov:Association",
        "prov:agent": {"@id": "urn:kfm:person:jane.doe", "@type": "prov:Person"},
        "prov:hadRole": {"@id": "kfm:retrospectiveApprover"}
      },
      "kfm:lakefsRequestId": "0b1e",
      "kfm:justification": "Parcel geometries were shifted by one county row; dashboards showed wrong owners."
    }
    ```
    ```yaml policy.yaml
    policy: 1
    name: example
    extends: core
    lakefs:
      environment_branches: {prod: [env-prod]}
      rollback: {users: [jane.doe], break_glass: {users: [oncall-emergency]}}
      due: {review: 72h}
    ```

    ## When it is undecided
    Never. Whether glass was broken at all may be undecided: LFS001 says so.

    ## Settings
    `lakefs.rollback.break_glass`, `lakefs.due.review`, `provenance.approver_roles`.

    ## References
    Design, section 5; `docs/correction-document.md`, the approver.
    """
    if Debt.REVIEW not in case.due:
        return
    user, agents = case.first.user, ctx.evidence.agents
    record = case.records.get(Debt.REVIEW)
    reviewed = (c for c in ctx.evidence.of(Correction) if record is not None and c.subject == record.subject)
    approvers = (agents.called(agent) for correction in reviewed for agent in agents.approvers(correction))
    persons = tuple(filter(None, (user, *approvers)))
    due = case.due[Debt.REVIEW]
    faceless = case.identity in (PersonKind.SHARED, PersonKind.SOFTWARE) and not case.human
    nobody = (
        f"; {user} is {_behind(case.identity)}, so that nobody can be shown to have done it"
        if faceless
        else ""
    )
    name_them = "name the person who made the calls in the correction (prov:wasAssociatedWith, a prov:Person)"
    approve = (
        "have another person review it and add them to the correction: prov:qualifiedAssociation with "
        "prov:agent, a prov:Person, and prov:hadRole kfm:retrospectiveApprover"
    )
    owed = case.owed(Debt.REVIEW, ctx.now)
    if owed is Owed.SETTLED:
        if faceless:
            yield ctx.fail(case, f"is break-glass, {case.deed}{nobody}", help=name_them, persons=persons)
        return
    lack = f"its review does not count: {record.why_not_final}" if record else "nobody has reviewed it"
    cure = f"{approve}; {name_them}" if faceless else approve
    if owed is Owed.PENDING:
        message = f"is break-glass, {case.deed}; so far {lack}{nobody}"
        yield ctx.pending(case, message, due=due, help=cure, persons=persons)
    else:
        message = f"is break-glass, {case.deed}; {lack}, overdue since {due:%Y-%m-%dT%H:%M:%SZ}{nobody}"
        yield ctx.fail(case, message, help=cure, persons=persons)


def _behind(kind: PersonKind) -> str:
    return "an identity that people share" if kind is PersonKind.SHARED else "software"
