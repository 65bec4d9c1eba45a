"""LFS002: rollback-without-correction."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.evidence.lakefs.drafts import correction_draft
from kfm_audit.facts import Case, Correction, Debt, Owed
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule


@rule("LFS002", on=Case, severity=Severity.ERROR, singly=True)
def rollback_without_correction(case: Case, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """No correction Activity accounts for a rollback.

    ## Why
    A rollback says that what had been promoted was wrong. Unless a correction says which commit was reverted,
    why, and who answers for it, lineage goes on claiming that derived data stand on commits that no branch
    holds any more. The correction is pending until it is due; a draft keeps it pending and never settles it. Nor does
    a correction that names the call and ended before it, is about another branch, or accounts for another
    episode: one correction accounts for one episode, however many calls it has.

    ## Bad
    ```json audit.jsonl
    {"log_audit":true,"time":"2026-01-29T03:00:00Z","operation_id":"RevertBranch","method":"POST","path":"/api/v1/repositories/kfm/branches/env-prod/revert","status_code":204,"request_id":"0b1e","user":"jane.doe"}
    ```
    ```yaml policy.yaml
    policy: 1
    name: example
    extends: core
    lakefs:
      environment_branches: {prod: [env-prod]}
      rollback: {users: [jane.doe]}
      due: {correction: 24h}
    ```
    ```toml kfm-audit.toml
    fail-on = "error"
    ```

    ## Good
    ```json audit.jsonl
    {"log_audit":true,"time":"2026-01-29T03:00:00Z","operation_id":"RevertBranch","method":"POST","path":"/api/v1/repositories/kfm/branches/env-prod/revert","status_code":204,"request_id":"0b1e","user":"jane.doe"}
    ```
    ```json 0b1e.prov.jsonld
    {
      "@context": {"prov": "http://www.w3.org/ns/prov#", "xsd": "http://www.w3.org/2001/XMLSchema#",
                   "kfm": "https://kansasfrontiermatrix.org/ns/kfm#"},
      "@id": "urn:kfm:correction:0b1e",
      "@type": ["prov:Activity", "kfm:Correction"],
      "prov:startedAtTime": {"@value": "2026-01-29T03:00:00Z", "@type": "xsd:dateTime"},
      "prov:endedAtTime": {"@value": "2026-01-29T09:58:00Z", "@type": "xsd:dateTime"},
      "prov:wasAssociatedWith": {"@id": "urn:kfm:person:jane.doe", "@type": "prov:Person"},
      "kfm:lakefsRepository": "kfm",
      "kfm:lakefsBranch": "env-prod",
      "kfm:lakefsRequestId": "0b1e",
      "kfm:revertedCommit": "b7d03f51c2aa",
      "kfm:restoredCommit": "9666d7c9daf3",
      "kfm:reasonCategory": "data-quality",
      "kfm:justification": "Parcel geometries were shifted by one county row; dashboards showed wrong owners."
    }
    ```
    ```yaml policy.yaml
    policy: 1
    name: example
    extends: core
    lakefs:
      environment_branches: {prod: [env-prod]}
      rollback: {users: [jane.doe]}
      due: {correction: 24h}
    ```

    ## When it is undecided
    Once it is overdue, where no correction was found and neither a config nor a repository nor any PROV
    document says where corrections would be.

    ## Settings
    `lakefs.due.correction`, `lakefs.join_tolerance`, `lakefs.episode_gap`, `lakefs.overrides`.

    ## References
    `docs/correction-document.md`; PROV-O, `prov:Activity`.
    """
    owed = case.owed(Debt.CORRECTION, ctx.now)
    if owed is Owed.SETTLED:
        return
    due = case.due[Debt.CORRECTION]
    persons = (case.first.user,) if case.first.user else ()
    record = case.records.get(Debt.CORRECTION)
    draft = record and next((c for c in ctx.evidence.of(Correction) if c.subject == record.subject), None)
    what = (
        "the correction that does not settle it"
        if record and record.cure
        else "the correction that is not final"
    )
    related = (ctx.related(what, draft),) if draft else ()
    if record:
        lack = f"its correction {record.subject} does not settle it: {record.why_not_final}"
        cure = (
            record.cure
            or f"finish {record.subject}: fill in what is still open, take out kfm:draft and commit it"
        )
        document = correction_draft(case) if record.cure else ""
    else:
        lack = "no correction Activity accounts for it"
        name = f"{case.first.time:%Y-%m-%d}-{case.first.repository}-{case.first.branch}.prov.jsonld"
        cure = (
            "write a correction and commit it, for example as "
            f"data/lineage/reliability/rollbacks/{name}; "
            "with its TODOs filled in and kfm:draft taken out, this one will do"
        )
        document = correction_draft(case)
    if owed is Owed.PENDING:
        yield ctx.pending(
            case,
            f"is {case.deed}; so far {lack}",
            due=due,
            help=cure,
            document=document,
            related=related,
            persons=persons,
        )
    elif record is None and not ctx.evidence.evidence_known:
        yield ctx.undecided(
            case,
            f"whether a correction accounts for {case.deed} cannot be known: nothing says where one would be",
            help="run it where the corrections are: in the repository, or with their files as PATHS",
            persons=persons,
        )
    else:
        yield ctx.fail(
            case,
            f"is {case.deed}; {lack}; overdue since {due:%Y-%m-%dT%H:%M:%SZ}",
            help=cure,
            document=document,
            related=related,
            persons=persons,
        )
