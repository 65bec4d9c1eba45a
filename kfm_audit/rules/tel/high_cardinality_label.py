"""TEL002: high-cardinality-label."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kfm_audit.facts import MAX_VALUES, Label, LabelScope, MetricFamily
from kfm_audit.rules.kit import Context, Finding, NoSettings, Severity, rule
from kfm_audit.telemetry.quoting import examples
from kfm_audit.telemetry.shapes import Shape, is_id_like, likeness

MATCHES: Final = 2
"""Distinct values of an endless shape that condemn a label; one will do under a name that says the same."""
MAJORITY: Final = 0.5
"""The part of the distinct values that must have such a shape."""
OWN_VALUE: Final = 0.9
"""Distinct values for each series from which nearly every series has a value of its own ..."""
MANY: Final = 30
"""... if there are at least so many."""
LATE: Final = 0.5
"""The part of the distinct values that is new in the later half of the reports when a label keeps growing."""

_INSTEAD: Final = {
    Shape.UUID: "what it is one of (pipeline, dataset)",
    Shape.URL: "the route or service that it leads to",
    Shape.IP: "the service or region behind it",
    Shape.RUN: "the pipeline",
    Shape.H3: "a region or a bin of the resolution",
    Shape.HEX: "what it is one of (pipeline, dataset)",
    Shape.COORDINATE: "a region or a bin",
    Shape.POD: "the service",
    Shape.PATH: "the dataset or layer that it belongs to",
}
"""The bounded label that serves in place of one whose values have this shape. People and times have none."""


@rule("TEL002", on=MetricFamily, severity=Severity.ERROR)
def high_cardinality_label(family: MetricFamily, ctx: Context[NoSettings]) -> Iterator[Finding]:
    """A metric has a label of which there is always another value.

    ## Why
    Each distinct value of a label makes a new series, and each series is stored, indexed and billed:
    CloudWatch bills every combination of dimensions as a metric of its own, and a Prometheus server runs out
    of memory. Nothing breaks in review; the damage is done in production, by traffic.

    Four layers, the first that speaks decides:

    1. **Declared policy.** A key that the policy denies is TEL003, which says so whatever the values are. A
       key that the policy allows (allow list, vocabulary, or an override with its reason) is taken to be
       bounded unless layers 2 and 3 show that it is not; a value within its vocabulary always is.
    2. **Shapes of values**: UUIDs, e-mail and IP addresses, URLs, paths with digits, timestamps, run ids, H3
       cells, hex ids, coordinates, pod names. From two distinct matches on, if they are half of the distinct
       values; one is enough where the key's name says the same (`http_url`, `lat`, anything that ends in
       `_id`). `/dev/...` is no path here, and neither is a route with placeholders.
    3. **Statistics**, from 50 series on: more distinct values than the limit (500 an error, 100 a warning);
       for keys that nothing declares also a value of its own in nine series of ten (from 30 values on, an
       error), and, where the input was reported over time, a later half that still brings half of all values
       (a warning).
    4. An **overflow** that an OpenTelemetry SDK recorded is a breach that has happened: it folds all series
       beyond its limit into one and drops their attributes.

    Attributes of an OTLP resource describe the sender, once (as `target_info`): only shapes and limits apply
    to them, one degree milder. `job` and `instance`, which Prometheus adds to each target, are not judged.

    ## Bad
    ```text metrics.prom
    # TYPE kfm_ingest_total counter
    kfm_ingest_total{request_id="9cb471a5-5349-4a48-8467-3b757ff2e341"} 1
    kfm_ingest_total{request_id="4806aa81-e651-40b5-a6fe-c086df229650"} 1
    ```

    ## Good
    ```text metrics.prom
    # TYPE kfm_ingest_total counter
    kfm_ingest_total{dataset="usgs_hydro",status="ok"} 1
    kfm_ingest_total{dataset="ssurgo",status="error"} 1
    ```
    ```yaml policy.yaml
    policy: 1
    name: example
    extends: core
    telemetry:
      allow: [dataset, status]
    ```

    ## When it is undecided
    Where a metric has fewer series than `telemetry.min_series` and labels that nothing declares and whose
    values have no shape: so small a sample shows nothing. One finding for each metric, with its labels. Also
    where the input counts series without their labels (`/api/v1/status/tsdb`), and where a limit lies beyond
    the 1001 values that are counted.

    ## Settings
    `telemetry.max_values`, `telemetry.warn_values`, `telemetry.min_series`; `telemetry.allow`,
    `telemetry.vocabularies`; `telemetry.overrides` for single metrics, each with a reason (`third_party:
    true` for metrics whose labels others choose: AWS, client libraries; the pack `core` lists them). A label
    that must stay unbounded is accepted by a suppression, with an owner and an end.

    ## References
    Facts 3.4; Prometheus, "Metric and label naming"; CloudWatch pricing (custom metrics); OpenTelemetry
    metrics SDK, "Cardinality limits"; KFM metric cardinality rules.
    """
    policy = ctx.evidence.labels.of(family)
    if policy.third_party:
        return
    if not family.labels_known:
        yield ctx.undecided(
            family,
            f"which labels its {family.series} series have is not in this input, only their number",
            at="labels",
            help="audit the answer of /api/v1/series, which holds the labels",
        )
        return
    if family.overflow:
        yield ctx.fail(
            family,
            "has overflowed: its SDK folded all series beyond its limit into one, without their attributes",
            at="overflow",
            help="find the unbounded attribute where the instrument is recorded, and drop it by a view; a "
            "higher limit only delays the next overflow",
        )
    unjudged: list[str] = []
    for label in family.labels:
        key = policy.key(label.key)
        # Values that a vocabulary holds are bounded in any case.
        values = key.outside(label.values)
        finding = _by_shape(family, label, values, ctx)
        if finding is None and values and family.series >= policy.min_series:
            finding = _by_statistics(family, label, ctx)
        if finding is not None:
            yield finding
        elif (
            family.series < policy.min_series
            and label.scope is LabelScope.POINT
            and not key.declared
            and key.denied is None
        ):
            unjudged.append(label.key)
    if unjudged:
        listed = " and ".join(filter(None, (", ".join(unjudged[:-1]), unjudged[-1])))
        labels = f"label {listed}" if len(unjudged) == 1 else f"labels {listed}"
        it = "it" if len(unjudged) == 1 else "them"
        yield ctx.undecided(
            family,
            f"has too few series ({family.series}, under {policy.min_series}) to judge its "
            f"{labels}, and the policy does not declare {it}",
            at="labels",
            help=f"declare {it} in the policy (telemetry.allow, or telemetry.vocabularies with the values), "
            "or audit a larger sample",
        )


def _by_shape(
    family: MetricFamily, label: Label, values: tuple[str, ...], ctx: Context[NoSettings]
) -> Finding | None:
    """Judge by what the values look like."""
    alike = likeness(label.key, values)
    if alike is None or len(alike.values) < MAJORITY * len(values):
        return None
    if len(alike.values) < MATCHES and not is_id_like(label.key):
        return None
    count = f"{len(alike.values)} of {len(values)} distinct value{'s' if len(values) > 1 else ''}"
    return ctx.fail(
        family,
        f"has the {_noun(label)} {label.key}, whose values are {alike.shape.value} ({count}): "
        f"{examples(label.key, alike.values)}",
        at=f"labels/{label.key}",
        help=_instead(label, alike.shape),
        origin=label.origin,
        severity=Severity.WARNING if label.scope is LabelScope.RESOURCE else None,
    )


def _instead(label: Label, shape: Shape) -> str:
    """What to do about a label whose values have an endless shape."""
    if shape is Shape.EMAIL:
        return f"drop {label.key}: it is personal data, and belongs in no log or trace either"
    if label.scope is LabelScope.RESOURCE:
        return (
            f"keep {label.key} out of labels: turn off resource_to_telemetry_conversion in the exporter, or "
            "delete it with a resource processor; in logs and traces it is welcome"
        )
    instead = (
        f" or replace it by {_INSTEAD[shape]}; keep the value in logs, traces or exemplars"
        if shape in _INSTEAD
        else ": every sample has its time"
    )
    return (
        f"drop {label.key}{instead}. If its values are few and known, list them in the policy "
        f"(telemetry.overrides, vocabularies: {{{label.key}: [...]}}, with a reason)"
    )


def _by_statistics(family: MetricFamily, label: Label, ctx: Context[NoSettings]) -> Finding | None:
    """Judge by how many values there are, in a sample that is large enough to show it."""
    policy = ctx.evidence.labels.of(family)
    resource = label.scope is LabelScope.RESOURCE
    counted = f"{label.distinct}" if label.distinct < MAX_VALUES else f"at least {MAX_VALUES}"
    what = f"has the {_noun(label)} {label.key}"
    severity: Severity | None
    if label.distinct > policy.max_values:
        message = f"{what} with {counted} distinct values, over the limit of {policy.max_values}"
        severity = Severity.WARNING if resource else None
    elif label.distinct >= MAX_VALUES:
        return ctx.undecided(
            family,
            f"{what} with {counted} distinct values, and they are counted no further: whether it keeps to "
            f"the limit of {policy.max_values} is not known",
            at=f"labels/{label.key}",
            help=f"set telemetry.max_values under {MAX_VALUES}",
            origin=label.origin,
        )
    elif label.distinct > policy.warn_values:
        message = (
            f"{what} with {counted} distinct values, over {policy.warn_values} and on its way to the limit "
            f"of {policy.max_values}"
        )
        severity = Severity.NOTE if resource else Severity.WARNING
    elif resource or policy.key(label.key).declared or label.distinct < MANY:
        # What says nothing of a declared key: a metric with one label has a value of its own in every series.
        return None
    elif label.distinct >= OWN_VALUE * family.series:
        message = f"{what} with a value of its own in nearly every series: {counted} in {family.series}"
        severity = None
    elif label.late >= LATE * label.distinct:
        message = f"{what}, which keeps growing: {label.late} of {counted} values came in the later half"
        severity = Severity.WARNING
    else:
        return None
    return ctx.fail(
        family,
        message,
        at=f"labels/{label.key}",
        help=f"drop {label.key}, or bin its values. If they are bounded, say so in the policy: "
        f"telemetry.overrides with metrics: [{family.name}], allow: [{label.key}], max_values and a reason",
        origin=label.origin,
        severity=severity,
    )


def _noun(label: Label) -> str:
    return "resource attribute" if label.scope is LabelScope.RESOURCE else "label"
