"""KFM's own telemetry documents: `reliability-v1`, `energy-v2` and `carbon-v2`.

Each is held to its schema in `schemas/telemetry/`, and the arithmetic that a
schema cannot say is checked too. What has the wrong type is a violation, not an
unreadable part: the document was read, and it is wrong.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import PurePosixPath
from typing import Final

import msgspec

from kfm_audit.facts import Fact, SchemaDocument
from kfm_audit.inputs.positions import join_pointer
from kfm_audit.inputs.source import Form, Source
from kfm_audit.inputs.telemetry_formats.families import Families, LabelSet
from kfm_audit.inputs.telemetry_formats.losses import DECODE_ERRORS, Losses
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
            losses.undecodable("document", error, _CURE, line=at.line)
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
    from kfm_audit.inputs.schema import LIMIT, violations
    from kfm_audit.inputs.telemetry_formats.contradictions import contradictions

    found, more = violations(f"telemetry/{schema}.json", document)
    against_itself = tuple(contradictions(document)) if isinstance(document, dict) else ()
    return SchemaDocument(
        subject=at.input,
        origin=at.origin,
        schema=schema,
        violations=found + against_itself[:LIMIT],
        more=more + len(against_itself[LIMIT:]),
    )


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
