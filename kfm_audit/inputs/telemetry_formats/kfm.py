"""KFM's own telemetry documents: `reliability-v1`, `energy-v2` and `carbon-v2`.

Each is held to its schema in `schemas/telemetry/`, and the arithmetic that a
schema cannot say is checked too. What has the wrong type is a violation, not an
unreadable part: the document was read, and it is wrong.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import PurePosixPath
from typing import Any, Final

import msgspec

from kfm_audit.facts import Fact, SchemaDocument, SchemaViolation
from kfm_audit.inputs.positions import join_pointer
from kfm_audit.inputs.source import Form, Source
from kfm_audit.inputs.telemetry_formats.families import Families, LabelSet
from kfm_audit.inputs.telemetry_formats.losses import DECODE_ERRORS, Losses, plainly
from kfm_audit.inputs.telemetry_formats.pieces import At, documents
from kfm_audit.values import Origin

NAMES: Final = {
    "*reliability-telemetry.json": "reliability-v1",
    "*energy-telemetry.json": "energy-v2",
    "*carbon-telemetry.json": "carbon-v2",
}
SCHEMAS: Final = tuple(NAMES.values())
_DECLARED: Final = re.compile(r"(?:.*/)?((?:reliability|energy|carbon)-v\d+)(?:\.json)?")
_CURE: Final = "write it again as schemas/telemetry/ says"

TOLERANCE: Final = 0.01
"""A figure may differ by a hundredth from what it is computed from: people round."""


def is_document(source: Source) -> bool:
    """Whether a document declares one of our schemas, or its name implies one."""
    shape = source.shape
    if shape.form not in (Form.OBJECT, Form.LINES, Form.ARRAY):
        return False
    return implied(source) is not None or (
        shape.form is not Form.ARRAY
        and "schema" in shape.values
        and _declared(shape.values["schema"]) is not None
    )


def implied(source: Source) -> str | None:
    """The schema that the file's name implies."""
    path = PurePosixPath(source.path)
    return next((schema for pattern, schema in NAMES.items() if path.match(pattern)), None)


def _declared(schema: object) -> str | None:
    if isinstance(schema, msgspec.Raw):
        try:
            schema = msgspec.json.decode(schema)
        except DECODE_ERRORS:
            return None
    match = _DECLARED.fullmatch(schema) if isinstance(schema, str) else None
    return match[1] if match else None


def read(source: Source) -> Iterator[Fact]:
    """Yield a `SchemaDocument` and the metric families of each document; one that is no JSON is lost."""
    families, losses = Families(), Losses(source)
    whole = source.shape.form is Form.ARRAY  # an array is one document, of the wrong type
    places = ((At(source.path), msgspec.Raw(source.data)),) if whole else documents(source)
    for number, (at, raw) in enumerate(places):
        try:
            document: object = msgspec.json.decode(raw)
        except DECODE_ERRORS as error:
            losses.add("document", plainly(error), _CURE, line=at.line)
            continue
        if number:
            families.next_batch()
        declared = _declared(document.get("schema")) if isinstance(document, dict) else None
        schema = declared or implied(source) or SCHEMAS[0]
        if schema not in SCHEMAS:
            losses.add(
                "document",
                f"declares the schema {schema}, which this version does not have",
                f"declare one of {', '.join(SCHEMAS)}, or install a version that has it",
                pointer="/schema",
                line=at.line,
            )
            continue
        judged = _judged(schema, document, at)
        yield judged
        if isinstance(document, dict):
            _add_metrics(document.get("metrics"), at, families, sound=not judged.violations)
    yield from families.facts()
    yield from losses.facts


def _judged(schema: str, document: object, at: At) -> SchemaDocument:
    from kfm_audit.inputs.schema import violations

    found, more = violations(f"telemetry/{schema}.json", document)
    if isinstance(document, dict):
        found += tuple(_miscalculated(document))
    return SchemaDocument(subject=at.input, origin=at.origin, schema=schema, violations=found, more=more)


def _add_metrics(metrics: object, at: At, families: Families, *, sound: bool) -> None:
    """Take in each entry that has a name and labels; what has not is a violation already.

    A `sound` document has the types of its schema, and nothing is looked at twice.
    """
    if not isinstance(metrics, list):
        return
    groups: dict[str, list[int]] = defaultdict(list)
    for index, metric in enumerate(metrics):
        if sound or _has_name(metric):
            groups[metric["name"]].append(index)
    for name, numbers in groups.items():

        def where(index: int, key: str, numbers: list[int] = numbers) -> Origin:
            pointer = f"{at.pointer}/metrics/{numbers[index]}"
            return Origin(at.input, pointer + _below(key), at.line)

        series = [metrics[number].get("labels", {}) for number in numbers]
        families.add(name, series if sound else [_strings(labels) for labels in series], where)


@cache
def _below(key: str) -> str:
    return join_pointer("labels", key) if key else ""


def _has_name(metric: object) -> bool:
    return isinstance(metric, dict) and isinstance(name := metric.get("name"), str) and name != ""


def _strings(labels: object) -> LabelSet:
    """Labels as they would be sent: numbers and the like as text, without what is no value of a label."""
    if not isinstance(labels, dict):
        return {}
    scalars = {key: value for key, value in labels.items() if not isinstance(value, dict | list)}
    return {
        key: value if isinstance(value, str) else msgspec.json.encode(value).decode()
        for key, value in scalars.items()
    }


def _miscalculated(document: dict[str, Any]) -> Iterator[SchemaViolation]:  # a JSON object of any content
    """Figures that do not follow from the ones beside them (`facts/provenance-and-telemetry.md` 0.2)."""
    if isinstance(energy := document.get("energy"), dict):
        yield from _miscalculated_energy(energy)
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


def _miscalculated_energy(energy: dict[str, Any]) -> Iterator[SchemaViolation]:  # as above
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
