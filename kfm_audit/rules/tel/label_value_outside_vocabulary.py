"""TEL004: label-value-outside-vocabulary."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.facts import LabelScope, MetricFamily
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule
from kfm_audit.telemetry.quoting import examples


@rule("TEL004", on=MetricFamily, severity=Severity.WARNING)
def label_value_outside_vocabulary(family: MetricFamily, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """A label takes values that its vocabulary does not hold.

    ## Why
    A vocabulary is what makes a label comparable: `status="409"` beside `status="error"` splits one thing
    into two series, and every dashboard and alarm that asks for `error` is blind to one of them. It is also
    how a bounded label begins to grow.

    ## Bad
    ```text metrics.prom
    # TYPE kfm_ingest_total counter
    kfm_ingest_total{status="ok"} 41
    kfm_ingest_total{status="409"} 2
    ```
    ```yaml policy.yaml
    policy: 1
    name: example
    extends: core
    telemetry:
      vocabularies: {status: [ok, error, timeout]}
    ```

    ## Good
    ```text metrics.prom
    # TYPE kfm_ingest_total counter
    kfm_ingest_total{status="ok"} 41
    kfm_ingest_total{status="error"} 2
    ```
    ```yaml policy.yaml
    policy: 1
    name: example
    extends: core
    telemetry:
      vocabularies: {status: [ok, error, timeout]}
    ```

    ## When it is undecided
    Where the input counts series without their labels (`/api/v1/status/tsdb`) and the policy has a
    vocabulary.

    ## Settings
    `telemetry.vocabularies`, and `vocabularies` under `telemetry.overrides` for single metrics. Values are
    compared as they are written, upper and lower case too: to a time-series database they differ.

    ## References
    Design section 6, decision 11; KFM metric cardinality rules, "finite documented vocabulary".
    """
    policy = ctx.evidence.labels.of(family)
    if policy.third_party:
        return
    if not family.labels_known and policy.has_vocabularies:
        yield ctx.undecided(
            family,
            f"which values the labels of its {family.series} series take is not in this input",
            at="labels",
            help="audit the answer of /api/v1/series, which holds the labels",
        )
    for label in family.labels:
        key = policy.key(label.key)
        outside = () if key.vocabulary is None else key.outside(label.values)
        if key.vocabulary is None or not outside:
            continue
        resource = label.scope is LabelScope.RESOURCE
        what = f"the {'resource attribute' if resource else 'label'} {label.key}"
        values = "a value" if len(outside) == 1 else f"{len(outside)} values"
        yield ctx.fail(
            family,
            f"has {what} with {values} outside its vocabulary: {examples(label.key, outside)}",
            at=f"labels/{label.key}",
            help=f"write one of {', '.join(key.vocabulary)}; or, if the value is meant, add it to "
            f"telemetry.vocabularies.{label.key}",
            origin=label.origin,
            severity=Severity.NOTE if resource else None,
        )
