"""PRV011: correction-late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from kfm_audit.facts import Case, Correction, Debt
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule


@rule("PRV011", on=Case, severity=Severity.WARNING)
def correction_late(case: Case, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """A rollback was accounted for only after its correction was due.

    ## Why
    A record that is written days later is written from memory. What was late stays late: the finding does not
    go away when the correction arrives, so that a report over a quarter shows how often it happens. While the
    correction is missing or a draft, LFS002 speaks instead.

    ## Bad
    ```json rollback.prov.jsonld
    {
      "@context": {
        "prov": "http://www.w3.org/ns/prov#",
        "kfm": "https://kansasfrontiermatrix.org/ns/kfm#"
      },
      "@id": "urn:kfm:correction:2026-01-27",
      "@type": ["prov:Activity", "kfm:Correction"],
      "kfm:lakefsRequestId": "6f1c2d3e",
      "prov:startedAtTime": "2026-01-27T09:12:00Z",
      "prov:endedAtTime": "2026-01-29T16:00:00Z"
    }
    ```
    ```json audit.jsonl
    {"log_audit":true,"time":"2026-01-27T09:12:03Z","operation_id":"HardResetBranch","method":"PUT","path":"/api/v1/repositories/kfm/branches/env-prod/hard_reset?ref=1f2e3d4c5b6a","status_code":204,"request_id":"6f1c2d3e","user":"jane.doe"}
    ```
    ```yaml policy.yaml
    policy: 1
    name: example
    extends: core
    lakefs:
      environment_branches: {prod: [env-prod]}
      due: {correction: 24h}
    ```

    ## Good
    ```json rollback.prov.jsonld
    {
      "@context": {
        "prov": "http://www.w3.org/ns/prov#",
        "kfm": "https://kansasfrontiermatrix.org/ns/kfm#"
      },
      "@id": "urn:kfm:correction:2026-01-27",
      "@type": ["prov:Activity", "kfm:Correction"],
      "kfm:lakefsRequestId": "6f1c2d3e",
      "prov:startedAtTime": "2026-01-27T09:12:00Z",
      "prov:endedAtTime": "2026-01-27T10:40:00Z"
    }
    ```
    ```json audit.jsonl
    {"log_audit":true,"time":"2026-01-27T09:12:03Z","operation_id":"HardResetBranch","method":"PUT","path":"/api/v1/repositories/kfm/branches/env-prod/hard_reset?ref=1f2e3d4c5b6a","status_code":204,"request_id":"6f1c2d3e","user":"jane.doe"}
    ```
    ```yaml policy.yaml
    policy: 1
    name: example
    extends: core
    lakefs:
      environment_branches: {prod: [env-prod]}
      due: {correction: 24h}
    ```

    ## When it is undecided
    Where the correction does not say when it was made: neither `prov:endedAtTime` nor `dct:issued`.

    ## Settings
    `lakefs.due.correction`, and its overrides by branch.

    ## References
    `docs/correction-document.md`.
    """
    record = case.records.get(Debt.CORRECTION)
    if record is None or not record.final:
        return
    due = case.due[Debt.CORRECTION]
    correction = next(item for item in ctx.evidence.of(Correction) if item.subject == record.subject)
    related = (ctx.related("the rollback", case),)
    if record.recorded is None:
        yield ctx.undecided(
            correction,
            f"does not say when it was made: whether it accounts for {case.subject} in time is not known",
            help='add "prov:endedAtTime" to the Activity, or "dct:issued" to the document',
            related=related,
        )
    elif record.recorded > due:
        yield ctx.fail(
            correction,
            f"accounts for {case.subject} since {record.recorded:%Y-%m-%dT%H:%M:%SZ}, "
            f"{_in_words(record.recorded - due)} after it was due",
            at="prov:endedAtTime",
            help="nothing mends it now: leave the times as they are, and accept this one event with reason, "
            "owner and expiry if the delay was agreed",
            related=related,
            key=case.subject,
        )


def _in_words(late: timedelta) -> str:
    minutes = int(late.total_seconds()) // 60
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
