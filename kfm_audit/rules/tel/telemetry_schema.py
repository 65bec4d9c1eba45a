"""TEL001: telemetry-schema."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.facts import SchemaDocument
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule


@rule("TEL001", on=SchemaDocument, severity=Severity.ERROR)
def telemetry_schema(document: SchemaDocument, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """A telemetry document breaks the schema that it declares.

    ## Why
    Dashboards, sustainability reports and the alarm tests read `reliability-telemetry.json` by its schema. A
    key that is misspelt, a number that is written as text or an energy figure that does not follow from
    watts and hours is dropped there without a word, and the run looks better than it was.

    Each violation is a finding of its own; the first twenty of a document are named, the rest is counted.
    Beside the schema its arithmetic is checked, to a hundredth: an estimate is `runner_watts *
    duration_seconds / 3600` watt hours, and `gco2e` is the energy in kWh times the intensity of the grid. The
    counts of a histogram never fall from one bound to the next, and nothing ends before it begins.

    ## Bad
    ```json reliability-telemetry.json
    {
      "schema": "https://kansasfrontiermatrix.org/schemas/telemetry/reliability-v1.json",
      "generated_at": "2025-12-06T02:41:07Z",
      "service": "etl-hydrology",
      "environment": "prod",
      "metrics": [
        {"name": "kfm_ingest_rows_total", "type": "counter", "unit": "1", "value": "18422"}
      ]
    }
    ```

    ## Good
    ```json reliability-telemetry.json
    {
      "schema": "https://kansasfrontiermatrix.org/schemas/telemetry/reliability-v1.json",
      "generated_at": "2025-12-06T02:41:07Z",
      "service": "etl-hydrology",
      "environment": "prod",
      "metrics": [
        {"name": "kfm_ingest_rows_total", "type": "counter", "unit": "1", "value": 18422}
      ]
    }
    ```

    ## When it is undecided
    Never. A document that is no JSON, or that declares a version that does not ship, is an unreadable input.

    ## Settings
    None. The schemas are `schemas/telemetry/reliability-v1.json`, `energy-v2.json` and `carbon-v2.json`.

    ## References
    Design section 7; `schemas/telemetry/`; JSON Schema 2020-12.
    """
    for violation in document.violations:
        yield ctx.fail(
            document,
            f"breaks {document.schema}: {violation.pointer or 'the document'} {violation.message}",
            at=violation.pointer.removeprefix("/"),
            help=f"{violation.cure} (schemas/telemetry/{document.schema}.json)",
            key=violation.pointer,
        )
    if document.more:
        yield ctx.fail(
            document,
            f"breaks {document.schema} in {document.more} more places",
            help="mend those that are named first: the rest mostly has the same cause",
            key="more",
        )
