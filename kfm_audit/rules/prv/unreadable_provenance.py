"""PRV001: unreadable-provenance."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.facts import ProvDocument
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule


@rule("PRV001", on=ProvDocument, severity=Severity.ERROR)
def unreadable_provenance(document: ProvDocument, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """A provenance document says less than its author thinks, or nothing.

    ## Why
    JSON-LD drops what it does not understand, without a word: a key that `@context` does not define, a node
    whose `@id` is no IRI, PROV-JSON under a JSON-LD context. The file looks full in a review and is empty to
    every tool that reads it, so that on the day of the audit nothing accounts for the rollback. A context
    that must be fetched is worse: what the document says then depends on what a server answers that day, and
    a check that runs without a network cannot tell. A document that cannot be expanded, and one without any
    Activity, is therefore an error.

    ## Bad
    ```json rollback.prov.jsonld
    {
      "@context": {"prov": "http://www.w3.org/ns/prov#"},
      "entity": {"urn:kfm:state:1": {"prov:label": "the bad state"}},
      "activity": {"urn:kfm:rollback:1": {"prov:type": "kfm:Correction"}},
      "wasInvalidatedBy": {"_:i1": {"prov:entity": "urn:kfm:state:1", "prov:activity": "urn:kfm:rollback:1"}}
    }
    ```

    ## Good
    ```json rollback.prov.jsonld
    {
      "@context": {"prov": "http://www.w3.org/ns/prov#"},
      "@id": "urn:kfm:run:2026-01-30T02-10Z",
      "@type": "prov:Activity",
      "prov:startedAtTime": "2026-01-30T02:10:00Z"
    }
    ```

    ## When it is undecided
    Never.

    ## Settings
    `provenance.namespaces`: the IRIs under which our own terms (`Correction`, `justification`, ...) are
    understood.

    ## References
    JSON-LD 1.1 API, expansion; PROV-O; `docs/correction-document.md`.
    """
    if document.broken:
        yield ctx.fail(document, document.broken, help=document.cure)
