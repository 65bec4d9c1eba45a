"""TEL003: forbidden-label."""

from __future__ import annotations

from collections.abc import Iterator

from kfm_audit.facts import Label, LabelScope, MetricFamily
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule


@rule("TEL003", on=MetricFamily, severity=Severity.ERROR)
def forbidden_label(family: MetricFamily, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """A metric has a label whose key the policy forbids, or does not allow.

    ## Why
    A key on the deny list names something of which there is always another: a request, a tile, a point on
    the map. Its first value already says what the bill will be, so it is an error however few values there
    are. A key that is merely off the allow list has no documented vocabulary, and nobody has asked what it
    costs: a warning.

    Keys are compared in one form: `RequestId`, `request.id` and `request_id` are the same key. Attributes of
    an OTLP resource describe the sender and do not multiply its series: a denied one is a warning, and the
    allow list does not apply to them.

    ## Bad
    ```text metrics.prom
    # TYPE kfm_ingest_total counter
    kfm_ingest_total{dataset="usgs_hydro",session_id="s-1"} 3
    ```
    ```yaml policy.yaml
    policy: 1
    name: example
    extends: core
    telemetry:
      allow: [dataset]
      deny: [session_id]
    ```

    ## Good
    ```text metrics.prom
    # TYPE kfm_ingest_total counter
    kfm_ingest_total{dataset="usgs_hydro"} 3
    ```
    ```yaml policy.yaml
    policy: 1
    name: example
    extends: core
    telemetry:
      allow: [dataset]
      deny: [session_id]
    ```

    ## When it is undecided
    Where the input counts series without their labels (`/api/v1/status/tsdb`) and the policy lists any.

    ## Settings
    `telemetry.allow`, `telemetry.deny` (globs of `*` and `?`), `telemetry.vocabularies` (a key with a
    vocabulary is allowed) and `telemetry.overrides` for single metrics, each with its reason. An override
    lifts a denial only by naming the key itself, never by a glob.

    ## References
    Design section 6, decision 11; KFM metric cardinality rules; Prometheus, "Metric and label naming".
    """
    policy = ctx.evidence.labels.of(family)
    if policy.third_party:
        return
    if not family.labels_known and (policy.listed or policy.denies):
        yield ctx.undecided(
            family,
            f"which labels its {family.series} series have is not in this input, only their number",
            at="labels",
            help="audit the answer of /api/v1/series, which holds the labels",
        )
    for label in family.labels:
        key = policy.key(label.key)
        if key.denied is not None:
            by = "" if key.denied == label.key else f" (as `{key.denied}`)"
            yield ctx.fail(
                family,
                f"has the {_noun(label)} {label.key}, which the policy forbids{by}",
                at=f"labels/{label.key}",
                help=f"drop {label.key}, and keep its value in logs or traces; if this metric must have it, "
                f"allow it by name in telemetry.overrides (metrics: [{family.name}], allow: [{label.key}])",
                origin=label.origin,
                severity=Severity.WARNING if label.scope is LabelScope.RESOURCE else None,
            )
        elif policy.listed and label.scope is LabelScope.POINT and not key.declared:
            yield ctx.fail(
                family,
                f"has the label {label.key}, which is not on the policy's allow list",
                at=f"labels/{label.key}",
                help=f"use an allowed label; or document the values of this one under "
                f"telemetry.vocabularies.{label.key}, or allow it for this metric under telemetry.overrides",
                origin=label.origin,
                severity=Severity.WARNING,
            )


def _noun(label: Label) -> str:
    return "resource attribute" if label.scope is LabelScope.RESOURCE else "label"
