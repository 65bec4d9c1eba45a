"""Expansion: what comes out of a document, where it stood, and what is refused before it can do harm."""

from __future__ import annotations

import json

import pytest

from kfm_audit.prov.contexts import BUNDLED, bundled_context
from kfm_audit.prov.graph import Text
from kfm_audit.prov.jsonld import Expanded, as_written, expand
from kfm_audit.prov.prepare import MAX_DEPTH, MAX_TERMS_DEEP, MAX_TEXT, Refusal
from kfm_audit.prov.terms import KFM, PROV, RDF, RDFS

PREFIXES = {"prov": PROV, "kfm": KFM}
E = "http://example.org/"


def expanded(document: object) -> Expanded:
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    result = expand(data, "docs/x.prov.jsonld")
    assert isinstance(result, Expanded), result
    return result


def refused(document: object) -> Refusal:
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    result = expand(data, "docs/x.prov.jsonld")
    assert isinstance(result, Refusal)
    return result


def triples(result: Expanded) -> set[tuple[str, str, object]]:
    graph = result.graph
    return {(s, p, v) for s in graph for p in graph.predicates(s) for v in graph.values(s, p)}


def test_relative_ids_are_kept_and_shown_as_written() -> None:
    result = expanded(
        {
            "@context": PREFIXES,
            "@id": "#run 1".replace(" ", "%20"),
            "@type": "prov:Activity",
            "prov:used": {"@id": "../data/a"},
        }
    )
    (node,) = result.graph
    assert as_written(node) == "docs/x.prov.jsonld#run 1"
    assert [as_written(iri) for iri in result.graph.nodes(node, PROV + "used")] == ["data/a"]


def test_pointers_lead_to_the_node_objects() -> None:
    result = expanded(
        {
            "@context": {**PREFIXES, "id": "@id", "type": "@type"},
            "@graph": [
                {
                    "id": E + "a",
                    "type": "prov:Activity",
                    "prov:used": {"@id": E + "e", "prov:wasGeneratedBy": {"@id": E + "a"}},
                },
                {"id": E + "a", "kfm:a/b~c": {"type": "prov:Entity"}},
            ],
        }
    )
    blank = next(node for node in result.pointers if node.startswith("_:"))
    assert result.pointers == {
        E + "a": ("/@graph/0", "/@graph/1"),
        E + "e": ("/@graph/0/prov:used",),
        blank: ("/@graph/1/kfm:a~1b~0c",),
    }
    assert result.dropped == ()


def test_values_language_maps_and_lists_are_no_nodes() -> None:
    result = expanded(
        {
            "@context": {
                **PREFIXES,
                "v": "@value",
                "label": {"@id": "rdfs:label", "@container": "@language"},
                "rdfs": RDFS,
            },
            "@id": E + "a",
            "label": {"en": "one", "de": "eins"},
            "prov:startedAtTime": {"@value": "2026-01-30T03:10:00Z", "@type": "xsd:dateTime"},
            "kfm:x": {"v": "text", "@type": "xsd:string"},
            "kfm:list": {"@list": ["b", {"@id": E + "c"}]},
        }
    )
    assert list(result.objects) == [""]
    assert result.graph.values(E + "a", KFM + "list") == (Text("b"), E + "c")
    assert set(result.graph.values(E + "a", RDFS + "label")) == {Text("one"), Text("eins")}


def test_a_node_that_expansion_drops_is_told() -> None:
    result = expanded(
        {
            "@context": PREFIXES,
            "@graph": [
                {"@id": "urn:run 7", "@type": "prov:Activity"},
                {"bare": {"@type": "prov:Activity"}, "@id": E + "a", "@type": "prov:Plan"},
            ],
        }
    )
    assert result.dropped == ("/@graph/0", "/@graph/1/bare")


def test_a_root_of_context_and_graph_names_no_graph() -> None:
    plain = expanded({"@context": PREFIXES, "@graph": [{"@id": E + "a", "@type": "prov:Activity"}]})
    assert plain.named == ("x-document:///docs/x.prov.jsonld",)
    bundle = expanded(
        {"@context": PREFIXES, "@id": E + "b", "@graph": [{"@id": E + "a", "@type": "prov:Activity"}]}
    )
    assert bundle.named == ("x-document:///docs/x.prov.jsonld", E + "b")


def test_text_under_prov_that_is_an_iri_of_the_document_is_a_reference() -> None:
    result = expanded(
        {
            "@context": PREFIXES,
            "@graph": [
                {"@id": E + "e", "prov:wasInvalidatedBy": E + "a", "kfm:commit": E + "a"},
                {"@id": E + "a", "@type": "prov:Activity"},
            ],
        }
    )
    assert result.graph.sources(PROV + "wasInvalidatedBy", E + "a") == (E + "e",)
    assert result.graph.values(E + "e", KFM + "commit") == (Text(E + "a"),)


@pytest.mark.parametrize(
    "iri",
    [
        "https://www.w3.org/ns/prov.jsonld",
        "http://www.w3.org/ns/prov.jsonld",
        "https://kansasfrontiermatrix.org/ns/kfm.jsonld",
    ],
)
def test_bare_words_of_prov(iri) -> None:
    result = expanded(
        {
            "@context": [iri, {"ex": E}],
            "@id": "ex:a",
            "@type": ["Activity", "ex:T"],
            "used": "ex:e",
            "startedAtTime": "2026-01-30T03:10:00Z",
            "prov:wasAssociatedWith": "ex:jane",
        }
    )
    assert triples(result) == {
        (E + "a", RDF + "type", PROV + "Activity"),
        (E + "a", RDF + "type", E + "T"),
        (E + "a", PROV + "used", E + "e"),
        (E + "a", PROV + "startedAtTime", Text("2026-01-30T03:10:00Z")),
        (E + "a", PROV + "wasAssociatedWith", E + "jane"),
    }


def test_bare_words_of_corrections() -> None:
    result = expanded(
        {
            "@context": BUNDLED[2],
            "@id": E + "a",
            "@type": ["Activity", "Correction"],
            "revertedCommit": "9666d7c9daf3",
            "lakefsUser": "jane",
        }
    )
    assert triples(result) == {
        (E + "a", RDF + "type", PROV + "Activity"),
        (E + "a", RDF + "type", KFM + "Correction"),
        (E + "a", KFM + "revertedCommit", Text("9666d7c9daf3")),
        (E + "a", KFM + "lakefsUser", Text("jane")),
    }


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (
            {"@type": "Association", "activity": "ex:a", "agent": "ex:g", "plan": "ex:p", "role": ["ex:r"]},
            {
                ("a", "qualifiedAssociation", "x"),
                ("x", "agent", "g"),
                ("x", "hadPlan", "p"),
                ("x", "hadRole", "r"),
            },
        ),
        (
            {"@type": "prov:Association", "activity": "ex:a", "agent": "ex:g"},
            {("a", "qualifiedAssociation", "x"), ("x", "agent", "g")},
        ),
        (
            {"activity": "ex:a", "agent": "ex:g", "@type": "Association"},
            {("a", "qualifiedAssociation", "x"), ("x", "agent", "g")},
        ),
        (
            {"@type": "Usage", "activity": "ex:a", "entity": "ex:e", "time": "T"},
            {("a", "qualifiedUsage", "x"), ("x", "entity", "e"), ("x", "atTime", Text("T"))},
        ),
        (
            {"@type": "Generation", "entity": "ex:e", "activity": "ex:a"},
            {("e", "qualifiedGeneration", "x"), ("x", "activity", "a")},
        ),
        (
            {"@type": "Invalidation", "entity": "ex:e", "activity": "ex:a"},
            {("e", "qualifiedInvalidation", "x"), ("x", "activity", "a")},
        ),
        (
            {"@type": "Start", "activity": "ex:a", "trigger": "ex:e", "starter": "ex:s"},
            {("a", "qualifiedStart", "x"), ("x", "entity", "e"), ("x", "hadActivity", "s")},
        ),
        (
            {"@type": "End", "activity": "ex:a", "trigger": "ex:e", "ender": "ex:s"},
            {("a", "qualifiedEnd", "x"), ("x", "entity", "e"), ("x", "hadActivity", "s")},
        ),
        (
            {"@type": "Communication", "informed": "ex:a", "informant": "ex:b"},
            {("a", "qualifiedCommunication", "x"), ("x", "activity", "b")},
        ),
        (
            {"@type": "Attribution", "entity": "ex:e", "agent": "ex:g"},
            {("e", "qualifiedAttribution", "x"), ("x", "agent", "g")},
        ),
        (
            {"@type": "Delegation", "delegate": "ex:g", "responsible": "ex:h", "activity": "ex:a"},
            {("g", "qualifiedDelegation", "x"), ("x", "agent", "h"), ("x", "hadActivity", "a")},
        ),
        (
            {
                "@type": "Derivation",
                "generatedEntity": "ex:e",
                "usedEntity": "ex:f",
                "activity": "ex:a",
                "generation": "ex:n",
                "usage": "ex:u",
            },
            {
                ("e", "qualifiedDerivation", "x"),
                ("x", "entity", "f"),
                ("x", "hadActivity", "a"),
                ("x", "hadGeneration", "n"),
                ("x", "hadUsage", "u"),
            },
        ),
        (
            {"@type": "Influence", "influencee": "ex:e", "influencer": "ex:f"},
            {("e", "qualifiedInfluence", "x"), ("x", "influencer", "f")},
        ),
    ],
    ids=lambda value: value.get("@type") if isinstance(value, dict) else "",
)
def test_relations_of_prov_jsonld_are_qualified_relations(statement, expected) -> None:
    document = {"@context": [{"ex": E}, BUNDLED[1]], "@graph": [{"@id": "ex:x", **statement}]}
    kind = statement["@type"].removeprefix("prov:")
    assert triples(expanded(document)) == {
        (E + "x", RDF + "type", PROV + kind),
        *((E + s, PROV + p, v if isinstance(v, Text) else E + v) for s, p, v in expected),
    }


def test_elements_of_prov_jsonld() -> None:
    result = expanded(
        {
            "@context": [{"ex": E}, "http://openprovenance.org/prov-jsonld.json"],
            "@graph": [
                {
                    "@type": "Activity",
                    "@id": "ex:a",
                    "type": ["ex:T"],
                    "label": [{"@value": "L"}],
                    "startTime": "S",
                    "endTime": "E",
                }
            ],
        }
    )
    assert triples(result) == {
        (E + "a", RDF + "type", PROV + "Activity"),
        (E + "a", RDF + "type", E + "T"),
        (E + "a", RDFS + "label", Text("L")),
        (E + "a", PROV + "startedAtTime", Text("S")),
        (E + "a", PROV + "endedAtTime", Text("E")),
    }


def test_every_bundled_context_expands() -> None:
    for iri in BUNDLED:
        assert bundled_context(iri) is not None
        assert triples(expanded({"@context": iri, "@id": E + "a", "@type": "Activity"})) == {
            (E + "a", RDF + "type", PROV + "Activity")
        }


@pytest.mark.parametrize(
    ("context", "pointer"),
    [
        ("https://schema.org/docs/jsonldcontext.json", "/@context"),
        (
            ["https://www.w3.org/ns/prov.jsonld", {"a": {"@id": E, "@context": "other.jsonld"}}],
            "/@context/1/a/@context",
        ),
        ({"@import": "https://www.w3.org/ns/prov.jsonld"}, "/@context/@import"),
    ],
)
def test_what_would_be_fetched_is_refused(context, pointer) -> None:
    refusal = refused({"@context": context, "@id": E + "a"})
    assert refusal.cause.endswith("nothing is fetched")
    assert refusal.pointer == pointer


def test_too_deep() -> None:
    expanded(b'{"http://a/p":' * MAX_DEPTH + b"1" + b"}" * MAX_DEPTH)
    deep = refused(b'{"http://a/p":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1))
    assert deep.cause == "is nested more than 64 levels deep"
    for opening, closing in ((b"[", b"]"), (b'{"@context":', b"}"), (b'{"@context":[', b"]}")):
        refusal = refused(b'{"@context":' + opening * 100_000 + b"1" + closing * 100_000 + b"}")
        assert refusal.cause == "is nested more than 64 levels deep"


def test_too_long() -> None:
    refusal = refused({"@id": E + "a", "http://a/p": ["x" * (MAX_TEXT + 1)]})
    assert (refusal.cause, refusal.pointer) == (
        f"holds a text of {MAX_TEXT + 1} characters",
        "/http:~1~1a~1p/0",
    )


@pytest.mark.parametrize(
    "context",
    [
        {f"t{n}": f"t{n + 1}:x" for n in range(20_000)},
        {f"t{n}": {"@id": E, "@type": f"t{n + 1}:x"} for n in range(20_000)},
        {"a": "b:x", "b": "a:x"},
    ],
    ids=["by @id", "by @type", "in a circle"],
)
def test_terms_defined_through_one_another(context) -> None:
    assert refused({"@context": context, "t0": "1"}).cause.startswith("defines terms through one another")


def test_terms_through_a_few_others_are_usual() -> None:
    context = {f"t{n}": f"t{n + 1}:x/" for n in range(MAX_TERMS_DEEP - 1)} | {f"t{MAX_TERMS_DEEP - 1}": E}
    assert len(triples(expanded({"@context": context, "@id": E + "a", "t0:y": "1"}))) == 1


@pytest.mark.parametrize(
    "data",
    [
        b'{"@id": "http://a/", "@id": "http://b/"}',
        b'{"@context": {"a": "http://a/", "a": "http://b/"}, "@id": "http://a/"}',
        b'{"@graph": [{"@id": "http://a/", "http://a/p": {"@value": "1", "@value": "2"}}]}',
    ],
)
def test_a_key_twice(data) -> None:
    assert refused(data).cause.startswith("repeats the key ")


def test_texts_that_look_like_keys_are_none() -> None:
    result = expanded(b'{"@id": "http://a/", "http://a/p": "x\\": \\"@id\\": ", "http://a/q": ["\\\\", ":"]}')
    assert triples(result) == {
        ("http://a/", "http://a/p", Text('x": "@id": ')),
        ("http://a/", "http://a/q", Text("\\")),
        ("http://a/", "http://a/q", Text(":")),
    }


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b'{"a": "\\ud800"}', b"nul", b'{"a": 1e999}'])
def test_no_json(data) -> None:
    assert refused(data).cause.startswith("is not JSON")


@pytest.mark.parametrize("data", [b"1", b'"x"', b"null", b"[]", b"{}", b"[1, [2]]", b'{"@graph": 5}'])
def test_json_that_says_nothing(data) -> None:
    assert triples(expanded(data)) == set()
