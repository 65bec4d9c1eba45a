"""LFS003: rollback-without-incident."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.evidence.lakefs.drafts import incident_draft
from kfm_audit.facts import Case, Debt, Incident, Owed
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule


@rule("LFS003", on=Case, severity=Severity.ERROR, singly=True)
def rollback_without_incident(case: Case, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """No incident record belongs to a rollback.

    ## Why
    Times to recovery, false positives and what was learned are counted over incidents. A rollback without one
    is a failure that the figures never saw. The record lists the rollback, or the rollback's correction names
    the record. It is pending until it is due; an open incident keeps it pending and never settles it, nor
    does one that was over longer before the call than a record may take.

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
      due: {incident: 24h}
    ```
    ```toml kfm-audit.toml
    fail-on = "error"
    ```

    ## Good
    ```json audit.jsonl
    {"log_audit":true,"time":"2026-01-29T03:00:00Z","operation_id":"RevertBranch","method":"POST","path":"/api/v1/repositories/kfm/branches/env-prod/revert","status_code":204,"request_id":"0b1e","user":"jane.doe"}
    ```
    ```json incidents/INC-7.json
    {
      "id": "INC-7",
      "severity": "Sev2",
      "service": "parcels",
      "environment": "prod",
      "status": "closed",
      "opened_at": "2026-01-29T02:50:00Z",
      "detected_at": "2026-01-29T02:41:00Z",
      "corrected_at": "2026-01-29T03:04:00Z",
      "rollbacks": ["0b1e"]
    }
    ```
    ```yaml policy.yaml
    policy: 1
    name: example
    extends: core
    lakefs:
      environment_branches: {prod: [env-prod]}
      rollback: {users: [jane.doe]}
      due: {incident: 24h}
    ```
    ```toml kfm-audit.toml
    fail-on = "error"
    ```

    ## When it is undecided
    Once it is overdue, where no incident was found and neither a config nor a repository nor any PROV
    document says where evidence would be.

    ## Settings
    `lakefs.due.incident`, `lakefs.episode_gap`, `lakefs.overrides`.

    ## References
    `schemas/json/incident-v1.schema.json`.
    """
    owed = case.owed(Debt.INCIDENT, ctx.now)
    if owed is Owed.SETTLED:
        return
    due = case.due[Debt.INCIDENT]
    persons = (case.first.user,) if case.first.user else ()
    record = case.records.get(Debt.INCIDENT)
    open_one = record and next((i for i in ctx.evidence.of(Incident) if i.subject == record.subject), None)
    what = (
        "the incident that does not settle it" if record and record.cure else "the incident that is not over"
    )
    related = (ctx.related(what, open_one),) if open_one else ()
    if record:
        lack = f"its incident {record.subject} does not settle it: {record.why_not_final}"
        cure = (
            record.cure
            or f"when {record.subject} is over, set its status and corrected_at, and finish its summary"
        )
        document = ""
    else:
        lack = "no incident record belongs to it"
        name = case.first.request_id or case.subject
        cure = (
            f'list "{name}" under `rollbacks` of its incident record, or name that record in the correction '
            "(kfm:incident); where there is none yet, fill in the TODOs of this one and commit it, for example as "
            "data/lineage/reliability/incidents/INC-TODO.json"
        )
        document = incident_draft(case)
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
            f"whether an incident belongs to {case.deed} cannot be known: nothing says where one would be",
            help="run it where the incident records are: in the repository, or with their files as PATHS",
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
