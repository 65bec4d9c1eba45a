"""The IRIs that provenance is written in, and the local names of our own terms.

Our terms are matched by local name under any of several namespaces: real
documents disagree about what `kfm:` stands for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

PROV: Final = "http://www.w3.org/ns/prov#"
RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS: Final = "http://www.w3.org/2000/01/rdf-schema#"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"
DCTERMS: Final = "http://purl.org/dc/terms/"
FOAF: Final = "http://xmlns.com/foaf/0.1/"
SCHEMA: Final = "https://schema.org/"
KFM: Final = "https://kansasfrontiermatrix.org/ns/kfm#"
"""The namespace of our own terms; a policy may list others beside it."""

CORRECTION_TYPES: Final = ("Correction", "Rollback")
"""Local names of the types that make an Activity a correction."""

CORRECTION_NAMES: Final = frozenset(f"kfm:{name}" for name in CORRECTION_TYPES)
"""The same as they stand as text under `prov:type`, where no JSON-LD processor expands them."""

CORRECTION_TERMS: Final = (
    "lakefsRepository",
    "lakefsBranch",
    "revertedCommit",
    "restoredCommit",
    "lakefsRequestId",
    "reasonCategory",
    "justification",
    "trigger",
    "incident",
    "draft",
)
"""Local names of the properties of a correction (`docs/correction-document.md`)."""


def last_part(text: str) -> str:
    """What follows the last `/`, `#` or `:` of an IRI, of `prefix:name` or of a plain word."""
    bare = text.rstrip("/#:")
    start = max(bare.rfind("/"), bare.rfind("#"), bare.rfind(":")) + 1
    return bare[start:] or text


class Vocabulary:
    """Our own terms, under every namespace that the policy understands."""

    def __init__(self, namespaces: Iterable[str] = ()) -> None:
        """`namespaces` are understood beside `KFM`; a longer one is tried before one that begins it."""
        self._namespaces = tuple(sorted({KFM, *filter(None, namespaces)}, key=lambda iri: (-len(iri), iri)))

    def local_name(self, iri: str) -> str:
        """The local name of one of our terms, or "" where `iri` is under none of the namespaces."""
        return next((iri[len(ns) :] for ns in self._namespaces if iri.startswith(ns)), "")
