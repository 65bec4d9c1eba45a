"""Real documents by others: read, refused or ignored with a reason; two parsers agree on what they hold."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from kfm_audit.facts import ProvDocument
from kfm_audit.inputs.kind import ReadContext
from kfm_audit.inputs.prov import KIND
from kfm_audit.inputs.source import Source
from kfm_audit.policy.model import Policy
from kfm_audit.prov.activities import activities
from kfm_audit.prov.graph import is_blank
from kfm_audit.prov.jsonld import Expanded, expand
from kfm_audit.prov.terms import PROV, Vocabulary

CONTEXT = ReadContext(Policy(policy=1, name="test"), Path("/base"), Path("/base"))
QUALIFIED = (
    "qualifiedAssociation",
    "qualifiedDelegation",
    "qualifiedDerivation",
    "qualifiedEnd",
    "qualifiedGeneration",
    "qualifiedInvalidation",
    "qualifiedStart",
    "qualifiedUsage",
)


def outcome(folder: Path, file: Path) -> str:
    """What becomes of a file: its facts in words, or why it is not looked at."""
    source = Source(file.relative_to(folder).as_posix(), file)
    for predicate, why in KIND.foreign:
        if predicate(source):
            return f"ignored: {why}"
    if not KIND.recognise(source):
        return "unrecognised, and claimed by its name" if KIND.claims(source) else "unrecognised"
    reading = KIND.read(source, CONTEXT)
    (fact,) = reading.unreadable or [fact for fact in reading.facts if isinstance(fact, ProvDocument)]
    if isinstance(fact, ProvDocument):
        return f"broken: {fact.broken}" if fact.broken else "read"
    return f"refused: {fact.cause}"


def outcomes(folder: Path, pattern: str) -> Counter[str]:
    return Counter(outcome(folder, file) for file in sorted(folder.rglob(pattern)) if file.is_file())


SILENT = "broken: holds no Activity: it speaks of things, and not of what was done to them"


def test_constraint_cases(corpus) -> None:
    # The numbers of those that are read are what `grep -l` finds of the type Activity.
    cases = corpus / "prov" / "constraints" / "cases"
    assert outcomes(cases, "*.prov-o.jsonld") == {"read": 83, SILENT: 34}
    assert outcomes(cases, "*.prov-jsonld.jsonld") == {"read": 83, SILENT: 30}
    assert outcomes(cases, "*.prov.json") == {"refused: is PROV-JSON, which is not read": 118}
    assert outcomes(cases, "*.provn") == {"refused: is PROV-N, which is not read": 118}


def test_the_rest_of_the_corpus(corpus) -> None:
    prov = corpus / "prov"
    assert outcomes(prov / "provtoolbox_jsonld", "*") == {"read": 3}
    assert outcomes(prov / "prov_jsonld_vendored", "*") == {"read": 3, SILENT: 2}
    crate = next(why for _, why in KIND.foreign if "RO-Crate" in why)
    assert outcomes(prov / "wrroc", "*") == {f"ignored: {crate}": 14}
    assert outcomes(prov / "cwlprov", "*") == {
        "refused: is Turtle, which is not read": 1,
        "refused: is PROV-XML, which is not read": 1,
    }
    assert outcomes(prov / "malformed", "*") == {
        "refused: is PROV-JSON, which is not read": 3,
        "unrecognised": 14,
    }


def ours(data: bytes) -> Expanded:
    result = expand(data, "case.jsonld")
    assert isinstance(result, Expanded), result
    return result


def iris(nodes) -> list[str]:
    """IRIs in order, and how many blank nodes there are: labels mean nothing."""
    nodes = list(nodes)
    return [*sorted(node for node in nodes if not is_blank(node)), f"{sum(map(is_blank, nodes))} blank"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_rdflib_finds_the_same_in_prov_o(corpus) -> None:
    rdflib = pytest.importorskip("rdflib")
    files = sorted((corpus / "prov" / "constraints" / "cases").glob("*.prov-o.jsonld"))
    assert len(files) == 117
    for file in files:
        data = file.read_bytes()
        result = ours(data)
        theirs = rdflib.Dataset()
        theirs.parse(data=data, format="json-ld", publicID="x-document:///case.jsonld")
        triples = {quad[:3] for quad in theirs.quads()}
        acts = {s for s, p, o in triples if p == rdflib.RDF.type and o == rdflib.URIRef(PROV + "Activity")}
        named = [f"_:{node}" if isinstance(node, rdflib.BNode) else str(node) for node in acts]
        assert iris(activities(result, Vocabulary())) == iris(named), file.name
        graph = result.graph
        assert sum(len(graph.values(s, p)) for s in graph for p in graph.predicates(s)) == len(triples), (
            file.name
        )


def test_prov_jsonld_says_the_same_as_prov_o(corpus) -> None:
    """Both forms of a case were converted from PROV-N by one program: each relation with an id must agree."""
    cases = corpus / "prov" / "constraints" / "cases"
    pairs = [
        (file, cases / file.name.replace(".prov-jsonld.", ".prov-o."))
        for file in sorted(cases.glob("*.prov-jsonld.jsonld"))
    ]
    relations = 0
    for first, second in pairs:
        if not second.exists():
            continue
        left, right = ours(first.read_bytes()), ours(second.read_bytes())
        assert iris(activities(left, Vocabulary())) == iris(activities(right, Vocabulary())), first.name
        for property_ in QUALIFIED:
            found = [
                {
                    (subject, relation)
                    for subject in side.graph
                    for relation in side.graph.nodes(subject, PROV + property_)
                    if not is_blank(relation)
                }
                for side in (left, right)
            ]
            assert found[0] == found[1], (first.name, property_)
            relations += len(found[0])
    assert relations > 100
