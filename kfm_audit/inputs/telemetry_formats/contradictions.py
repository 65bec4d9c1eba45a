"""What in a telemetry document contradicts itself, which no JSON schema can say.

The figures are those of `facts/provenance-and-telemetry.md` 0.2; counts of buckets are cumulative, as
`schemas/telemetry/reliability-v1.json` says of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

from kfm_audit.facts import SchemaViolation
from kfm_audit.inputs.positions import join_pointer
from kfm_audit.policy.span import read_instant

TOLERANCE: Final = 0.01
"""A figure may differ by a hundredth from what it is computed from: people round."""
_SPANS: Final = (
    ("run", "started_at", "ended_at"),
    ("alerts", "since", "until"),
    ("rollbacks", "since", "until"),
)


def contradictions(document: dict[str, Any]) -> Iterator[SchemaViolation]:  # a JSON object of any content
    """All of them. What has the wrong type contradicts nothing: the schema says so of it."""
    yield from _of_energy_and_carbon(document)
    for name, begin, end in _SPANS:
        if isinstance(span := document.get(name), dict):
            yield from _of_span(name, begin, end, span)
    if isinstance(metrics := document.get("metrics"), list):
        for number, metric in enumerate(metrics):
            if isinstance(metric, dict) and isinstance(buckets := metric.get("buckets"), list):
                yield from _of_buckets(number, buckets)


def _of_span(name: str, begin: str, end: str, span: dict[str, Any]) -> Iterator[SchemaViolation]:  # as above
    try:
        backwards = read_instant(span[end]) < read_instant(span[begin])
    except (KeyError, TypeError, ValueError, AttributeError):
        return
    if backwards:
        yield SchemaViolation(
            f"/{name}/{end}", f"lies before {begin}", f"correct {begin} or {end}; mind their offsets from UTC"
        )


def _of_buckets(number: int, buckets: list[Any]) -> Iterator[SchemaViolation]:  # JSON of any content
    """The first count that is less than that of a lower bound, in whatever order the buckets stand."""
    counted = []
    for place, bucket in enumerate(buckets):
        if isinstance(bucket, dict) and (count := _number(bucket, "count")) is not None:
            bound = math.inf if "le" in bucket and bucket["le"] is None else _number(bucket, "le")
            if bound is not None:
                counted.append((bound, place, count))
    counted.sort()
    for (below, _, fewer), (_, place, count) in pairwise(counted):
        if count < fewer:
            yield SchemaViolation(
                join_pointer("metrics", number, "buckets", place, "count"),
                f"is {count:g}, and up to {below:g} there are {fewer:g} already",
                "write cumulative counts: how many were no greater than the bound, not how many of the bucket",
            )
            return


def _of_energy_and_carbon(document: dict[str, Any]) -> Iterator[SchemaViolation]:  # as above
    """Figures that do not follow from the ones beside them (`facts/provenance-and-telemetry.md` 0.2)."""
    if isinstance(energy := document.get("energy"), dict):
        yield from _of_energy(energy)
    if isinstance(carbon := document.get("carbon"), dict):
        grams, intensity = _number(carbon, "gco2e"), _number(carbon, "intensity_gco2e_per_kwh")
        used = _kwh(carbon)
        if (
            used is not None
            and grams is not None
            and intensity is not None
            and _differ(grams, used * intensity)
        ):
            yield SchemaViolation(
                "/carbon/gco2e",
                f"is {grams:g}, but {used:g} kWh * intensity_gco2e_per_kwh is {used * intensity:g}",
                "correct whichever of the three was not measured; mind watt hours and kilowatt hours",
            )


def _of_energy(energy: dict[str, Any]) -> Iterator[SchemaViolation]:  # as above
    wh, kwh = _number(energy, "wh"), _number(energy, "kwh")
    if wh is not None and kwh is not None and _differ(wh, kwh * 1000):
        yield SchemaViolation(
            "/energy/kwh", f"is {kwh:g}, but wh is {wh:g}: 1 kWh is 1000 Wh", "keep one of the two"
        )
    watts, seconds = _number(energy, "runner_watts"), _number(energy, "duration_seconds")
    used = _kwh(energy)
    if energy.get("method") != "estimated" or used is None or watts is None or seconds is None:
        return
    estimate = watts * seconds / 3600
    if _differ(used * 1000, estimate):
        yield SchemaViolation(
            "/energy/kwh" if wh is None else "/energy/wh",
            f"says {used * 1000:g} Wh, but runner_watts * duration_seconds / 3600 is {estimate:g} Wh",
            "correct the energy, the watts or the seconds; if it was measured, say so by `method`",
        )


def _kwh(values: dict[str, Any]) -> float | None:  # as above
    wh = _number(values, "wh")
    return _number(values, "kwh") if wh is None else wh / 1000


def _number(values: dict[str, Any], key: str) -> float | None:  # as above
    value = values.get(key)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _differ(one: float, other: float) -> bool:
    return not math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=1e-9)
