"""PROV provenance: PROV-O JSON-LD, and PROV-JSONLD as far as its bundled context goes.

Other ways of writing PROV are recognised and refused with the cure, RO-Crates
and JSON-LD about other things are left to others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

import msgspec

from kfm_audit.facts import Fact, ProvDocument
from kfm_audit.inputs.kind import Kind, ReadContext, Reading, locate_in_json, not_utf8, unreadable
from kfm_audit.inputs.positions import join_pointer, split_pointer
from kfm_audit.inputs.source import Form, Source
from kfm_audit.values import Location, Origin

NAMES: Final = (
    "*.prov.jsonld",
    "*.prov.json",
    "prov.jsonld",
    "prov.json",
    "rollbacks/*.jsonld",
    "rollbacks/*.json",
    "*.provn",
    "*.provx",
    "*.prov.ttl",
    "*.prov.rdf",
    "*.prov.xml",
)
"""Names that say: this is provenance."""

_JSONLD_KEYS: Final = frozenset({"@context", "@graph", "@id", "@type"})
_SPEAKS_PROV: Final = rb"www\.w3\.org/ns/prov|openprovenance\.org/|kansasfrontiermatrix\.org/ns/kfm|\"prov:"
_IS_PROVENANCE: Final = (
    rb"(?:prov:|ns/prov#)[A-Z]\w+\"|ns/prov\.jsonld|openprovenance\.org/|ns/kfm\.jsonld|"
    rb"(?:Activity|Correction|Rollback|startedAtTime|endedAtTime|wasAssociatedWith|qualifiedAssociation"
    rb"|wasInformedBy|invalidated|generated|used)\""
)
"""A class of PROV, a context for it, or what only an Activity has; DCAT has `prov:wasDerivedFrom` alone."""
_RO_CRATE: Final = b"w3id.org/ro/crate"
_RO_CRATE_NAMES: Final = frozenset({"ro-crate-metadata.json", "ro-crate-metadata.jsonld"})


def is_ro_crate(source: Source) -> bool:
    """Whether a file is an RO-Crate, whose runs are schema.org actions and no Activities. Raises OSError."""
    named = PurePosixPath(source.path).name in _RO_CRATE_NAMES
    return source.shape.form is Form.OBJECT and (named or _is_crate(source)) and not _claimed(source)


def is_other_jsonld(source: Source) -> bool:
    """Whether a `*.jsonld` file is well-formed and no provenance, but DCAT or the like. Raises OSError."""
    return (
        PurePosixPath(source.path).suffix == ".jsonld"
        and source.shape.form in (Form.OBJECT, Form.ARRAY)
        and not _claimed(source)
        and not _holds_provenance(source)
    )


def _claimed(source: Source) -> bool:
    path = PurePosixPath(source.path)
    return any(path.match(name) for name in NAMES)


def _is_crate(source: Source) -> bool:
    context = source.shape.values.get("@context")
    return context is not None and _RO_CRATE in bytes(context)


def _holds_provenance(source: Source) -> bool:
    from kfm_audit.prov.dialects import is_hybrid, is_prov_json

    keys = source.shape.keys
    if is_prov_json(keys) or is_hybrid(keys):
        return True
    if not (keys & _JSONLD_KEYS or any("ns/prov#" in key for key in keys)):
        return False
    data = source.data
    return re.search(_SPEAKS_PROV, data) is not None and re.search(_IS_PROVENANCE, data) is not None


def _recognise(source: Source) -> bool:
    match source.shape.form:
        case Form.OBJECT | Form.ARRAY:
            return _claimed(source) or (not is_ro_crate(source) and _holds_provenance(source))
        case Form.LINES:
            return _claimed(source)
        case Form.TEXT:
            from kfm_audit.prov.dialects import text_dialect

            return text_dialect(source.head) is not None
        case Form.EMPTY | Form.BROKEN_JSON | Form.NOT_UTF8 | Form.TOO_DEEP:
            return False


def _read(source: Source, context: ReadContext) -> Reading:
    from kfm_audit.prov.dialects import CURE, text_dialect

    shape = source.shape
    match shape.form:
        case Form.OBJECT | Form.ARRAY:
            return _read_json(source, context)
        case Form.LINES:
            cause, cure = "holds several JSON documents, one a line", "write one document a file, with @graph"
        case Form.TEXT:
            dialect = text_dialect(source.head)
            cause, cure = (
                (f"is {dialect.value}, which is not read", CURE)
                if dialect
                else ("is neither JSON nor any other way of writing PROV", "write PROV-O JSON-LD")
            )
        case Form.EMPTY:
            cause, cure = "is empty", "write PROV-O JSON-LD, or delete it"
        case Form.BROKEN_JSON | Form.NOT_UTF8 | Form.TOO_DEEP:
            cause, cure = f"is not JSON: {shape.problem}", "it is cut off or edited by hand: write it again"
    return Reading((unreadable(source, cause, cure, line=shape.line),))


def _read_json(source: Source, context: ReadContext) -> Reading:
    from kfm_audit.prov.dialects import CURE, PROV_JSON_KEYS, is_prov_json

    keys = source.shape.keys if source.shape.form is Form.OBJECT else frozenset[str]()
    if is_prov_json(keys) or (keys and keys <= PROV_JSON_KEYS):
        return Reading((unreadable(source, "is PROV-JSON, which is not read", CURE),))
    if keys and _is_crate(source):
        return _broken(source, "is an RO-Crate, whose runs are schema.org actions and no Activities", CURE)

    from kfm_audit.inputs.corrections import CorrectionReader
    from kfm_audit.prov.activities import activities
    from kfm_audit.prov.faults import fault
    from kfm_audit.prov.jsonld import expand
    from kfm_audit.prov.prepare import Refusal
    from kfm_audit.prov.quoting import quote
    from kfm_audit.prov.terms import Vocabulary

    expanded = expand(source.data, source.path)
    if isinstance(expanded, Refusal):
        if source.bad_byte:
            lost = not_utf8(source)
            return _broken(source, lost.cause, lost.cure, line=lost.origin.line)
        return _broken(source, expanded.cause, expanded.cure, expanded.pointer)
    vocabulary = Vocabulary(context.policy.provenance.namespaces)
    found = activities(expanded, vocabulary)
    wrong = fault(keys, expanded, vocabulary)
    facts: list[Fact] = [
        ProvDocument(
            subject=source.path,
            origin=Origin(source.path, wrong.pointer if wrong else ""),
            activities=len(found),
            broken=wrong.cause if wrong else "",
            cure=wrong.cure if wrong else "",
        )
    ]
    for correction, times in CorrectionReader(expanded, vocabulary, source.path).read(found):
        facts.append(correction)
        facts.extend(
            unreadable(
                source,
                f"{quote(time.text)} is no time",
                "write an xsd:dateTime with its offset: 2026-01-30T03:10:00Z",
                part=f"{time.term} of {correction.subject}",
                pointer=correction.origin.pointer,
            )
            for time in times
        )
    return Reading(tuple(facts))


def _broken(source: Source, cause: str, cure: str, pointer: str = "", line: int = 0) -> Reading:
    origin = Origin(source.path, pointer, line)
    return Reading((ProvDocument(subject=source.path, origin=origin, broken=cause, cure=cure),))


def _locate(source: Source, origin: Origin, attribute: str) -> Location:
    """Keys are found by their local name: rules say `kfm:justification`, documents write it in many ways."""
    from kfm_audit.prov.terms import last_part

    if origin.line or not attribute:
        return locate_in_json(source, origin, attribute)
    tokens = list(split_pointer(origin.pointer))
    value = msgspec.json.decode(source.data)
    for token in tokens:
        value = _child(value, token)
    for part in attribute.split("/"):
        key = part
        if isinstance(value, Mapping) and part not in value:
            # What is missing is shown by the name of what lacks it.
            name = next((key for key in ("@id", "id") if key in value), part)
            key = next((key for key in value if last_part(key) == last_part(part)), name)
        tokens.append(key)
        value = _child(value, key)
    return source.positions.location(source.path, join_pointer(*tokens))


# Whatever the document holds there: what is not there is None, and the place above it is shown.
def _child(value: object, token: str) -> object:
    if isinstance(value, Mapping):
        return value.get(token)
    if isinstance(value, list) and token.isascii() and token.isdigit() and int(token) < len(value):
        return value[int(token)]
    return None


KIND: Final = Kind(
    name="prov",
    title="a provenance document",
    names=(*NAMES, "*.jsonld"),
    recognise=_recognise,
    read=_read,
    locate=_locate,
    foreign=(
        (is_ro_crate, "an RO-Crate: its runs are schema.org actions, no PROV Activities"),
        (is_other_jsonld, "JSON-LD that is no provenance: no Activity, no class of PROV, no context for it"),
    ),
)
