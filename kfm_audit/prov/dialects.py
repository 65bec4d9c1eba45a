"""The ways of writing PROV down, told apart by what a file holds, never by parsing it."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from enum import Enum
from typing import Final

from kfm_audit.prov.terms import PROV


class Dialect(Enum):
    """A serialization that is not PROV-O JSON-LD; the value is its name."""

    PROV_JSON = "PROV-JSON"
    PROV_N = "PROV-N"
    PROV_XML = "PROV-XML"
    RDF_XML = "RDF/XML"
    TURTLE = "Turtle"


CURE: Final = (
    "export it as PROV-O JSON-LD, for example: python -c 'import prov; "
    'prov.read("IN").serialize("OUT.prov.jsonld", format="rdf", rdf_format="json-ld")\' '
    "(packages prov and rdflib)"
)
"""How a document in any of these dialects becomes one that can be read."""

_ELEMENTS: Final = frozenset({"entity", "activity", "agent"})
_RELATIONS: Final = frozenset(
    {
        "actedOnBehalfOf",
        "alternateOf",
        "hadMember",
        "mentionOf",
        "specializationOf",
        "used",
        "wasAssociatedWith",
        "wasAttributedTo",
        "wasDerivedFrom",
        "wasEndedBy",
        "wasGeneratedBy",
        "wasInfluencedBy",
        "wasInformedBy",
        "wasInvalidatedBy",
        "wasStartedBy",
    }
)
PROV_JSON_KEYS: Final = frozenset({"prefix", "bundle"}) | _ELEMENTS | _RELATIONS
"""All that may stand at the top of a PROV-JSON document."""

# Patterns are compiled when they are first needed: most files are JSON.
_SPACE: Final = rb"(?:\s|//[^\n]*\n|/\*.*?\*/)*+"
_PROV_N: Final = rb"(?s)%sdocument\b%s(?:prefix\b|default\b|bundle\b|[A-Za-z]+\(|endDocument)" % (
    _SPACE,
    _SPACE,
)
_XML_ROOT: Final = (
    rb"(?s)(?:\s|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>]*>)*+<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)"
)
_TURTLE: Final = rb"(?i)(?:\s|#[^\n]*\n)*+(?:@prefix|@base|PREFIX|BASE)\s"
_TURTLE_ACTIVITY: Final = (
    rb"\s(?:a|rdf:type)\s[^.;]{0,200}?(?:prov:Activity\b|<http://www\.w3\.org/ns/prov#Activity>)"
)
_NAMESPACE: Final = PROV.encode()


def is_prov_json(keys: AbstractSet[str]) -> bool:
    """Whether an object with these keys is PROV-JSON: its maps, and enough of them to be nothing else."""
    return keys <= PROV_JSON_KEYS and bool(keys & _ELEMENTS) and len(keys) > 1


def is_hybrid(keys: AbstractSet[str]) -> bool:
    """Whether an object with these keys holds PROV-JSON's maps beside a JSON-LD context."""
    return "@context" in keys and len(keys & (_ELEMENTS | _RELATIONS)) > 1


def text_dialect(head: bytes) -> Dialect | None:
    """The dialect of a file that is no JSON, by its beginning; None where it is no PROV.

    Turtle counts only with an Activity in it: shapes and ontologies name PROV's
    classes without being provenance.
    """
    if re.match(_PROV_N, head):
        return Dialect.PROV_N
    root = re.match(_XML_ROOT, head)
    if root is not None:
        if root[1] == b"document" and _NAMESPACE in head:
            return Dialect.PROV_XML
        return Dialect.RDF_XML if root[1] == b"RDF" and _NAMESPACE in head else None
    if re.match(_TURTLE, head) and _NAMESPACE in head and re.search(_TURTLE_ACTIVITY, head):
        return Dialect.TURTLE
    return None
