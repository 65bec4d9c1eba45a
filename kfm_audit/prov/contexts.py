"""JSON-LD contexts that documents name by IRI: written by us from the specifications, never fetched.

**PROV-O** (`https://www.w3.org/ns/prov.jsonld`): prefixes, and every class and
property of PROV-O under its bare name and as `prov:name`; properties between
resources take plain strings as IRIs, times are `xsd:dateTime`.

**PROV-JSONLD** (openprovenance.org, W3C member submission of 25 August 2024):
Entities, Activities and Agents, and the relations of which each is an object of
its own (`Generation`, `Usage`, `Invalidation`, `Start`, `End`, `Communication`,
`Association`, `Attribution`, `Delegation`, `Derivation`, `Influence`), come out
as PROV-O's qualified relations. Not covered: `Specialization`, `Alternate`,
`Membership` and `Mention`, which PROV-O has no qualified relation for (their
properties are dropped), and the unqualified short forms, which follow from the
qualified ones.

**kfm**: PROV-O and the terms of `docs/correction-document.md`, bare.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final, TypeAlias

from kfm_audit.prov.terms import (
    CORRECTION_TERMS,
    CORRECTION_TYPES,
    DCTERMS,
    FOAF,
    KFM,
    PROV,
    RDF,
    RDFS,
    SCHEMA,
    XSD,
)

ContextObject: TypeAlias = Mapping[str, object]
"""A JSON-LD context as decoded JSON: term definitions nest to any depth."""

_PREFIXES: Final = {
    "prov": PROV,
    "rdf": RDF,
    "rdfs": RDFS,
    "xsd": XSD,
    "dct": DCTERMS,
    "dcterms": DCTERMS,
    "foaf": FOAF,
    "schema": SCHEMA,
}


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_CLASSES: Final = _words("""
    Activity ActivityInfluence Agent AgentInfluence Association Attribution Bundle Collection Communication
    Delegation Derivation EmptyCollection End Entity EntityInfluence Generation Influence InstantaneousEvent
    Invalidation Location Organization Person Plan PrimarySource Quotation Revision Role SoftwareAgent Start
    Usage
""")

_RELATIONS: Final = _words("""
    actedOnBehalfOf activity agent alternateOf atLocation entity generated hadActivity hadGeneration hadMember
    hadPlan hadPrimarySource hadRole hadUsage influenced influencer invalidated qualifiedAssociation
    qualifiedAttribution qualifiedCommunication qualifiedDelegation qualifiedDerivation qualifiedEnd
    qualifiedGeneration qualifiedInfluence qualifiedInvalidation qualifiedPrimarySource qualifiedQuotation
    qualifiedRevision qualifiedStart qualifiedUsage specializationOf used wasAssociatedWith wasAttributedTo
    wasDerivedFrom wasEndedBy wasGeneratedBy wasInfluencedBy wasInformedBy wasInvalidatedBy wasQuotedFrom
    wasRevisionOf wasStartedBy
""")

_TIMES: Final = _words("atTime endedAtTime generatedAtTime invalidatedAtTime startedAtTime")

_QUALIFIED: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "Generation": ("entity", {"activity": "activity"}),
    "Usage": ("activity", {"entity": "entity"}),
    "Invalidation": ("entity", {"activity": "activity"}),
    "Start": ("activity", {"trigger": "entity", "starter": "hadActivity"}),
    "End": ("activity", {"trigger": "entity", "ender": "hadActivity"}),
    "Communication": ("informed", {"informant": "activity"}),
    "Association": ("activity", {"agent": "agent", "plan": "hadPlan"}),
    "Attribution": ("entity", {"agent": "agent"}),
    "Delegation": ("delegate", {"responsible": "agent", "activity": "hadActivity"}),
    "Derivation": (
        "generatedEntity",
        {
            "usedEntity": "entity",
            "activity": "hadActivity",
            "generation": "hadGeneration",
            "usage": "hadUsage",
        },
    ),
    "Influence": ("influencee", {"influencer": "influencer"}),
}
"""For each relation of PROV-JSONLD: the key of what it qualifies, and PROV-O's terms for the other keys."""


@cache
def bundled_context(iri: str) -> ContextObject | None:
    """The context at `iri`, or None where we hold none."""
    if iri in _PROV_O_AT:
        return _prov_o()
    if iri in _PROV_JSONLD_AT:
        return _prov_jsonld()
    if iri in _KFM_AT:
        return _kfm()
    return None


_PROV_O_AT: Final = frozenset(f"{scheme}://www.w3.org/ns/prov.jsonld" for scheme in ("http", "https"))
_PROV_JSONLD_AT: Final = frozenset(
    f"{scheme}://{host}openprovenance.org/{name}"
    for scheme in ("http", "https")
    for host in ("", "www.")
    for name in (
        "prov-jsonld/context.jsonld",
        "prov-jsonld/context.json",
        "prov-jsonld/context-2024-06-19.json",
        "prov-jsonld.json",
    )
)
_KFM_AT: Final = frozenset(
    f"{scheme}://kansasfrontiermatrix.org/ns/kfm.jsonld" for scheme in ("http", "https")
)

BUNDLED: Final = (
    "https://www.w3.org/ns/prov.jsonld",
    "https://openprovenance.org/prov-jsonld/context.jsonld",
    "https://kansasfrontiermatrix.org/ns/kfm.jsonld",
)
"""The name of each bundled context that a message offers; each is known under older names too."""


def _prov_o() -> ContextObject:
    context: dict[str, object] = dict(_PREFIXES)
    for name in _CLASSES:
        context[name] = f"prov:{name}"
    for name in _RELATIONS:
        context[name] = context[f"prov:{name}"] = {"@id": f"prov:{name}", "@type": "@id"}
    for name in _TIMES:
        context[name] = context[f"prov:{name}"] = {"@id": f"prov:{name}", "@type": "xsd:dateTime"}
    return context


def _prov_jsonld() -> ContextObject:
    context: dict[str, object] = {
        **_PREFIXES,
        "type": {"@id": "rdf:type", "@type": "@id"},
        "label": "rdfs:label",
        "role": {"@id": "prov:hadRole", "@type": "@id"},
        "location": {"@id": "prov:atLocation", "@type": "@id"},
        "value": "prov:value",
        "startTime": {"@id": "prov:startedAtTime", "@type": "xsd:dateTime"},
        "endTime": {"@id": "prov:endedAtTime", "@type": "xsd:dateTime"},
    }
    for name in _CLASSES:
        context[name] = f"prov:{name}"
    for name, (qualifies, properties) in _QUALIFIED.items():
        terms: dict[str, object] = {
            key: {"@id": f"prov:{term}", "@type": "@id"} for key, term in properties.items()
        }
        terms[qualifies] = {"@reverse": f"prov:qualified{name}", "@type": "@id"}
        terms["time"] = {"@id": "prov:atTime", "@type": "xsd:dateTime"}
        context[name] = context[f"prov:{name}"] = {"@id": f"prov:{name}", "@context": terms}
    return context


def _kfm() -> ContextObject:
    context: dict[str, object] = {**_prov_o(), "kfm": KFM}
    for name in (*CORRECTION_TYPES, *CORRECTION_TERMS, "commit", "approvedAt", "lakefsUser"):
        context[name] = f"kfm:{name}"
    return context
