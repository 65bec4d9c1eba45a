"""PROV documents: recognised by what they hold, and every term of a correction read however it is written."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kfm_audit.facts import Agent, AgentKind, Correction, ProvDocument, UnreadableInput
from kfm_audit.inputs.kind import ReadContext, Reading
from kfm_audit.inputs.prov import KIND, is_other_jsonld, is_ro_crate
from kfm_audit.inputs.source import Source
from kfm_audit.policy.model import Policy, Provenance
from kfm_audit.prov.dialects import CURE
from kfm_audit.values import Location, Origin

OURS = "https://kansasfrontiermatrix.org/ns/kfm#"
CONTEXT = {"prov": "http://www.w3.org/ns/prov#", "kfm": OURS, "xsd": "http://www.w3.org/2001/XMLSchema#"}
PATH = "data/rollbacks/x.prov.jsonld"


def source(document: object, path: str = PATH) -> Source:
    return Source(path, None, document if isinstance(document, bytes) else json.dumps(document).encode())


def read(document: object, path: str = PATH, *namespaces: str) -> Reading:
    policy = Policy(policy=1, name="test", provenance=Provenance(namespaces=namespaces))
    return KIND.read(source(document, path), ReadContext(policy, Path("/base"), Path("/base")))


def activity(**terms: object) -> dict:
    written = {key.replace("__", ":"): value for key, value in terms.items()}
    return {"@context": CONTEXT, "@id": "urn:c", "@type": ["prov:Activity", "kfm:Correction"], **written}


def correction(document: object, *namespaces: str) -> Correction:
    (found,) = [fact for fact in read(document, PATH, *namespaces).facts if isinstance(fact, Correction)]
    return found


def document(reading: Reading) -> ProvDocument:
    (found,) = [fact for fact in reading.facts if isinstance(fact, ProvDocument)]
    return found


WHOLE = {
    "@context": {**CONTEXT, "foaf": "http://xmlns.com/foaf/0.1/"},
    "@graph": [
        {"@id": "urn:run", "@type": "prov:Activity"},
        {
            "@id": "urn:c",
            "@type": ["prov:Activity", "kfm:Correction"],
            "prov:startedAtTime": {"@value": "2026-01-29T21:10:00-06:00", "@type": "xsd:dateTime"},
            "prov:endedAtTime": "2026-01-30T03:18:00Z",
            "kfm:lakefsRepository": "kfm",
            "kfm:lakefsBranch": "env-prod",
            "kfm:lakefsRequestId": ["r1", "r2"],
            "kfm:revertedCommit": "9666d7c9daf3",
            "kfm:restoredCommit": {"@id": "lakefs://kfm/1f2e3d4c5b6a"},
            "kfm:reasonCategory": {"@id": "kfm:security"},
            "kfm:justification": "  Keys were in the export.  ",
            "kfm:trigger": "manual",
            "kfm:incident": [{"@id": "../incidents/INC-7.json"}, "INC-8"],
            "prov:wasAssociatedWith": [{"@id": "urn:p:jane"}, "svc-rollback"],
            "prov:qualifiedAssociation": [
                {
                    "prov:agent": {
                        "@id": "urn:p:sam",
                        "@type": "prov:Person",
                        "foaf:mbox": {"@id": "mailto:sam@example.org"},
                        "kfm:lakefsUser": "sam.lee",
                    },
                    "prov:hadRole": [{"@id": "kfm:witness"}, {"@id": "kfm:approver"}],
                    "kfm:approvedAt": "2026-01-30T03:05:00Z",
                },
                {"prov:agent": {"@id": "urn:p:jane"}, "prov:hadRole": "operator"},
            ],
        },
    ],
}


def test_every_term_is_read() -> None:
    reading = read(WHOLE)
    assert reading.facts == (
        ProvDocument(subject=PATH, origin=Origin(PATH), activities=2),
        Correction(
            subject="urn:c",
            origin=Origin(PATH, "/@graph/1"),
            repository="kfm",
            branch="env-prod",
            reverted_commits=("9666d7c9daf3",),
            restored_commits=("1f2e3d4c5b6a",),
            request_ids=("r1", "r2"),
            reason_category="security",
            justification="  Keys were in the export.  ",
            trigger="manual",
            incidents=("INC-7", "INC-8"),
            started=datetime(2026, 1, 30, 3, 10, tzinfo=UTC),
            ended=datetime(2026, 1, 30, 3, 18, tzinfo=UTC),
            recorded=datetime(2026, 1, 30, 3, 18, tzinfo=UTC),
            agents=(
                Agent("urn:p:jane", AgentKind.UNSAID, ("operator",), ("urn:p:jane", "jane")),
                Agent("svc-rollback", AgentKind.UNSAID, (), ("svc-rollback",)),
                Agent(
                    "urn:p:sam",
                    AgentKind.PERSON,
                    (OURS + "approver", OURS + "witness"),
                    ("urn:p:sam", "sam", "sam@example.org", "sam.lee"),
                    datetime(2026, 1, 30, 3, 5, tzinfo=UTC),
                ),
            ),
        ),
    )


def _expanded_by_hand() -> dict:
    prov, kfm = CONTEXT["prov"], OURS
    return {
        "@id": "urn:c",
        "@type": [prov + "Activity", kfm + "Correction"],
        kfm + "lakefsBranch": [{"@value": "env-prod"}],
        prov + "endedAtTime": [{"@value": "2026-01-30T03:18:00Z", "@type": CONTEXT["xsd"] + "dateTime"}],
    }


@pytest.mark.parametrize(
    "written",
    [
        activity(kfm__lakefsBranch="env-prod", prov__endedAtTime="2026-01-30T03:18:00Z"),
        [_expanded_by_hand()],
        {
            "@context": CONTEXT,
            "@id": "urn:b",
            "@graph": [activity(kfm__lakefsBranch="env-prod", prov__endedAtTime="2026-01-30T03:18:00")],
        },
        {
            "@context": "https://kansasfrontiermatrix.org/ns/kfm.jsonld",
            "@id": "urn:c",
            "@type": "Correction",
            "lakefsBranch": "env-prod",
            "endedAtTime": "2026-01-30T03:18:00Z",
        },
        {
            "@context": {
                "id": "@id",
                "type": "@type",
                "@vocab": OURS,
                "ended": {"@id": CONTEXT["prov"] + "endedAtTime", "@type": CONTEXT["xsd"] + "dateTime"},
            },
            "id": "urn:c",
            "type": "Rollback",
            "lakefsBranch": {"@set": ["env-prod"]},
            "ended": "2026-01-30T04:18:00+01:00",
        },
        {
            "@context": [
                {"ex": "urn:", "kfm": OURS},
                "https://openprovenance.org/prov-jsonld/context.jsonld",
            ],
            "@graph": [
                {
                    "@type": "Activity",
                    "@id": "ex:c",
                    "type": ["kfm:Correction"],
                    "endTime": "2026-01-30T03:18:00Z",
                    "kfm:lakefsBranch": [{"@value": "env-prod"}],
                }
            ],
        },
        {
            "@context": CONTEXT,
            "@id": "urn:c",
            "@type": "prov:Activity",
            "prov:type": "kfm:Correction",
            "kfm:lakefsBranch": "lakefs://kfm/env-prod",
            "prov:endedAtTime": ["2026-01-30T03:18:00Z", "2026-01-30T03:11:00Z"],
        },
        {
            "@context": CONTEXT,
            "@id": "urn:e",
            "@type": "prov:Entity",
            "prov:wasInvalidatedBy": activity(
                kfm__lakefsBranch={"@list": ["env-prod"]}, prov__endedAtTime="2026-01-30T03:18:00Z"
            ),
        },
    ],
    ids=[
        "compacted",
        "expanded",
        "named graph",
        "kfm context",
        "own terms",
        "PROV-JSONLD",
        "prov:type",
        "nested",
    ],
)
def test_the_same_correction_written_in_many_ways(written) -> None:
    found = correction(written)
    assert (found.subject, found.branch) == ("urn:c", "env-prod")
    assert found.ended == datetime(2026, 1, 30, 3, 18, tzinfo=UTC)


@pytest.mark.parametrize("namespace", ["https://kfm.org/ns#", "http://kfm.local/ns#", "urn:kfm:"])
def test_namespaces_of_the_policy(namespace) -> None:
    written = {**activity(kfm__draft=True), "@context": {**CONTEXT, "kfm": namespace}}
    assert correction(written, namespace).draft
    assert document(read(written)).broken == (
        f"holds a correction whose type {namespace}Correction is in no namespace that policy lists"
    )
    assert not [fact for fact in read(written).facts if isinstance(fact, Correction)]


@pytest.mark.parametrize(
    "entity",
    [
        {"@id": "urn:s", "kfm:commit": "c1", "prov:wasInvalidatedBy": {"@id": "urn:c"}},
        {"@id": "urn:s", "kfm:commit": "c1", "prov:wasInvalidatedBy": "urn:c"},
        {
            "@id": "urn:s",
            "kfm:commit": "c1",
            "prov:qualifiedInvalidation": {"prov:activity": {"@id": "urn:c"}},
        },
        {"@id": "urn:c", "prov:invalidated": {"kfm:commit": "c1"}},
        {"@id": "urn:c", "kfm:revertedCommit": {"@id": "urn:s", "kfm:commit": "c1"}},
        {"@id": "urn:c", "kfm:revertedCommit": {"@id": "lakefs://kfm/c1"}},
        {"@id": "urn:c", "kfm:revertedCommit": ["c1", "c1"], "prov:invalidated": {"kfm:commit": "c1"}},
    ],
)
def test_reverted_commits(entity) -> None:
    graph = {"@context": CONTEXT, "@graph": [{"@id": "urn:c", "@type": "kfm:Correction"}, entity]}
    assert correction(graph).reverted_commits == ("c1",)


@pytest.mark.parametrize(
    "entity",
    [
        {"@id": "urn:s", "kfm:commit": "c1", "prov:wasGeneratedBy": {"@id": "urn:c"}},
        {"@id": "urn:s", "kfm:commit": "c1", "prov:qualifiedGeneration": {"prov:activity": {"@id": "urn:c"}}},
        {"@id": "urn:c", "prov:generated": {"kfm:commit": "c1"}},
        {"@id": "urn:c", "kfm:restoredCommit": "c1"},
    ],
)
def test_restored_commits(entity) -> None:
    graph = {"@context": CONTEXT, "@graph": [{"@id": "urn:c", "@type": "kfm:Correction"}, entity]}
    assert correction(graph).restored_commits == ("c1",)


def test_a_lakefs_iri_with_a_commit_in_it_carries_one() -> None:
    written = activity(
        prov__invalidated=[{"@id": "lakefs://kfm/env-prod@9666d7c9daf3"}, {"@id": "lakefs://kfm/env-prod"}],
        prov__generated={"@id": "lakefs://kfm/1f2e3d4c5b6a"},
    )
    assert correction(written).reverted_commits == ("9666d7c9daf3",)
    assert correction(written).restored_commits == ("1f2e3d4c5b6a",)


def test_a_correction_in_prov_jsonld_has_its_relations() -> None:
    written = {
        "@context": [{"ex": "urn:", "kfm": OURS}, "https://openprovenance.org/prov-jsonld/context.jsonld"],
        "@graph": [
            {"@type": "Activity", "@id": "ex:c", "type": ["kfm:Correction"]},
            {"@type": "Entity", "@id": "ex:bad", "kfm:commit": [{"@value": "c1"}]},
            {"@type": "Entity", "@id": "ex:good", "kfm:commit": [{"@value": "c2"}]},
            {"@type": "Agent", "@id": "ex:sam", "type": ["prov:Person"]},
            {"@type": "Invalidation", "entity": "ex:bad", "activity": "ex:c"},
            {"@type": "Generation", "entity": "ex:good", "activity": "ex:c"},
            {"@type": "Association", "activity": "ex:c", "agent": "ex:sam", "role": ["kfm:approver"]},
        ],
    }
    found = correction(written)
    assert (found.reverted_commits, found.restored_commits) == (("c1",), ("c2",))
    assert found.agents == (Agent("urn:sam", AgentKind.PERSON, (OURS + "approver",), ("urn:sam", "sam")),)


def test_a_path_that_is_no_utf_8_is_only_a_path() -> None:
    path = "data/\udcff x#.prov.jsonld"
    (found,) = [fact for fact in read({**activity(), "@id": ""}, path).facts if isinstance(fact, Correction)]
    assert found.subject == "data/\ufffd x#.prov.jsonld"


def test_several_values_of_one_equal_nothing() -> None:
    written = activity(kfm__lakefsBranch=["env-prod", "env-stage"], kfm__trigger=["manual", "manual"])
    assert correction(written).branch == "env-prod | env-stage"
    assert correction(written).trigger == "manual"


@pytest.mark.parametrize(
    ("draft", "expected"),
    [
        (True, True),
        ("true", True),
        (1, True),
        ("yes", True),
        ("TODO", True),
        (False, False),
        ("false", False),
        (0, False),
        ([], False),
    ],
)
def test_draft(draft, expected) -> None:
    assert correction(activity(kfm__draft=draft)).draft is expected


@pytest.mark.parametrize(
    ("term", "value"),
    [
        ("prov:startedAtTime", "TODO"),
        ("prov:endedAtTime", {"@value": "TODO", "@type": "xsd:dateTime"}),
        ("prov:wasAssociatedWith", {"@id": "kfm:people/TODO"}),
        ("kfm:lakefsRepository", "TODO"),
        ("kfm:lakefsBranch", "todo"),
        ("kfm:revertedCommit", ["9666d7c9daf3", "TODO"]),
        ("kfm:restoredCommit", "TBD"),
        ("kfm:lakefsRequestId", "TODO: from the log"),
        ("kfm:reasonCategory", {"@id": "kfm:TODO"}),
        ("kfm:justification", "FIXME"),
        ("kfm:trigger", "TODO"),
        ("kfm:incident", "INC-TODO"),
    ],
)
def test_a_todo_in_each_term(term, value) -> None:
    assert correction(activity(**{term: value})).todo == term
    assert not read(activity(**{term: value})).unreadable


def test_a_time_that_is_none_is_lost_and_said() -> None:
    reading = read(activity(prov__endedAtTime="last Friday", prov__startedAtTime="2026-01-30T03:10:00Z"))
    assert reading.unreadable == (
        UnreadableInput(
            subject=PATH,
            origin=Origin(PATH),
            cause="'last Friday' is no time",
            cure="write an xsd:dateTime with its offset: 2026-01-30T03:10:00Z",
            part="prov:endedAtTime of urn:c",
        ),
    )
    assert [type(fact) for fact in reading.facts] == [ProvDocument, Correction, UnreadableInput]


@pytest.mark.parametrize(
    "written",
    [
        activity(prov__endedAtTime="2026-01-30T03:18:00Z", dct__issued="2026-02-01"),
        activity(prov__endedAtTime="2026-01-30T03:18:00Z", prov__generatedAtTime="2026-02-01T00:00:00Z"),
        {"@context": CONTEXT, "@id": "urn:doc", "dct:issued": "2026-02-01", "@graph": [activity()]},
        {"@context": CONTEXT, "@id": "", "prov:generatedAtTime": "2026-02-01", "prov:has": activity()},
        {
            "@context": CONTEXT,
            "@graph": [
                activity(),
                {"@id": "urn:b", "@type": "prov:Bundle", "prov:generatedAtTime": "2026-02-01"},
            ],
        },
    ],
)
def test_recorded_is_the_latest_that_the_document_says(written) -> None:
    written["@context"] = {**CONTEXT, "dct": "http://purl.org/dc/terms/"}
    assert correction(written).recorded == datetime(2026, 2, 1, tzinfo=UTC)


def test_a_state_that_was_generated_later_does_not_make_the_record_later() -> None:
    written = activity(
        prov__endedAtTime="2026-01-30T03:18:00Z",
        prov__generated={
            "@id": "urn:s",
            "@type": "prov:Entity",
            "prov:generatedAtTime": "2026-03-01T00:00:00Z",
        },
    )
    assert correction(written).recorded == datetime(2026, 1, 30, 3, 18, tzinfo=UTC)


def test_blank_activities_are_named_by_path_and_place() -> None:
    blank = {"@type": "kfm:Correction"}
    named = {"@id": "#second", "@type": "kfm:Correction"}
    graph = {
        "@context": CONTEXT,
        "@graph": [blank, {"@type": "prov:Activity"}, named, {"@id": "_:b0", **blank}],
    }
    found = [fact for fact in read(graph).facts if isinstance(fact, Correction)]
    assert [(fact.subject, fact.origin.pointer) for fact in found] == [
        (f"{PATH}#activity-1", "/@graph/0"),
        (f"{PATH}#second", "/@graph/2"),
        (f"{PATH}#activity-4", "/@graph/3"),
    ]


def test_agents_of_every_kind() -> None:
    written = activity(
        prov__wasAssociatedWith=[
            {"@id": "urn:p", "@type": "prov:Person"},
            {"@id": "urn:s", "@type": ["prov:Person", "prov:SoftwareAgent"]},
            {"@id": "urn:o", "@type": "prov:Organization"},
            {"@type": "prov:Agent", "prov:label": "Jane"},
            {"@type": "prov:Agent"},
        ]
    )
    assert correction(written).agents == (
        Agent("urn:p", AgentKind.PERSON, (), ("urn:p", "p")),
        Agent("urn:s", AgentKind.SOFTWARE, (), ("urn:s", "s")),
        Agent("urn:o", AgentKind.ORGANIZATION, (), ("urn:o", "o")),
        Agent("", AgentKind.UNSAID, (), ("Jane",)),
        Agent("", AgentKind.UNSAID),
    )


@pytest.mark.parametrize(
    "junk", [None, 5, True, "x", [], {}, [[]], {"a": {"b": 1}}, [{"@id": "urn:x"}], {"@value": 3}]
)
@pytest.mark.parametrize(
    "term",
    [
        "kfm:lakefsBranch",
        "kfm:draft",
        "prov:endedAtTime",
        "prov:qualifiedAssociation",
        "prov:invalidated",
        "@type",
    ],
)
def test_wrong_types_everywhere(term, junk) -> None:
    written = activity()
    written[term] = junk
    reading = read(written)
    assert reading.facts
    assert document(reading).broken or [fact for fact in reading.facts if isinstance(fact, Correction)]


@pytest.mark.parametrize(
    ("written", "cause"),
    [
        (
            {"@context": CONTEXT, "entity": {}, "activity": {"a": {}}},
            "holds no Activity: it is PROV-JSON under a JSON-LD context",
        ),
        (
            {"@context": CONTEXT, "@id": "urn:e", "@type": "prov:Entity"},
            "holds no Activity: it speaks of things, and not of what was done to them",
        ),
        (
            {"@context": {}, "@id": "urn:a", "@type": "prov:Activity"},
            "holds no Activity: it writes prov:Activity and does not declare the prefix prov:",
        ),
        (
            {"@context": {"p": "https://www.w3.org/ns/prov#"}, "@type": "p:Activity"},
            "holds no Activity: it writes https://www.w3.org/ns/prov#Activity, which is not in",
        ),
        (
            {"@context": CONTEXT, "@type": "Activity", "used": "x"},
            'holds no Activity: its @context does not define the type "Activity"',
        ),
        (
            {"startedAtTime": "2026"},
            "holds no Activity: none of its keys expands to an IRI, so that it says nothing",
        ),
        ({}, "holds no Activity: none of its keys expands to an IRI, so that it says nothing"),
        ([], "holds no Activity: none of its keys expands to an IRI, so that it says nothing"),
        (
            {"@context": CONTEXT, "@id": "a b", "@type": "prov:Activity"},
            "loses its prov:Activity at the root: JSON-LD drops a node whose @id is no IRI",
        ),
        ({"@context": CONTEXT, "@id": 5}, "cannot be expanded as JSON-LD: @id value must be a string"),
        ({"@context": {"a": {"@id": True}}, "a": 1}, "cannot be expanded as JSON-LD: "),
        (
            {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": []},
            "is an RO-Crate, whose runs are schema.org actions and no Activities",
        ),
    ],
)
def test_documents_that_say_nothing_are_broken(written, cause) -> None:
    found = document(read(written))
    assert found.broken.startswith(cause)
    assert found.cure
    assert found.activities == 0


@pytest.mark.parametrize(
    ("path", "content", "cause"),
    [
        ("run.json", b'{"prefix": {}, "entity": {"e": {}}}', "is PROV-JSON, which is not read"),
        ("x.prov.json", b'{"entity": {"e": null}}', "is PROV-JSON, which is not read"),
        ("run.provn", b"document\nactivity(a1)\nendDocument", "is PROV-N, which is not read"),
        (
            "run.ttl",
            b"@prefix prov: <http://www.w3.org/ns/prov#> . <urn:a> a prov:Activity .",
            "is Turtle, which is not read",
        ),
        (
            "run.xml",
            b'<prov:document xmlns:prov="http://www.w3.org/ns/prov#"/>',
            "is PROV-XML, which is not read",
        ),
        ("run.rdf", b'<rdf:RDF xmlns:prov="http://www.w3.org/ns/prov#"/>', "is RDF/XML, which is not read"),
    ],
)
def test_other_dialects_are_refused_with_the_cure(path, content, cause) -> None:
    assert KIND.recognise(source(content, path))
    assert read(content, path).facts == (
        UnreadableInput(subject=path, origin=Origin(path), cause=cause, cure=CURE),
    )


def test_lines_are_refused() -> None:
    lines = b'{"@id": "urn:a"}\n{"@id": "urn:b"}\n'
    assert KIND.recognise(source(lines))
    assert [fact.cause for fact in read(lines).unreadable] == ["holds several JSON documents, one a line"]


@pytest.mark.parametrize(
    ("path", "content", "recognised", "crate", "other"),
    [
        ("a.jsonld", {"@context": CONTEXT, "@type": "prov:Activity"}, True, False, False),
        ("a.json", {"@context": "https://www.w3.org/ns/prov.jsonld"}, True, False, False),
        ("a.json", [{"@id": "urn:a", "http://www.w3.org/ns/prov#used": []}], True, False, False),
        (
            "a.jsonld",
            {"@context": {"dcat": "http://www.w3.org/ns/dcat#", **CONTEXT}, "prov:wasDerivedFrom": "x"},
            False,
            False,
            True,
        ),
        ("rollbacks/a.jsonld", {"@context": {}}, True, False, False),
        ("rollbacks/a.json", {"x": 1}, True, False, False),
        (
            "ro-crate-metadata.json",
            {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": []},
            False,
            True,
            False,
        ),
        (
            "crate.json",
            {"@context": ["https://w3id.org/ro/crate/1.1/context", {}], "prov:used": "prov:Activity"},
            False,
            True,
            False,
        ),
        ("x.prov.json", {"@context": "https://w3id.org/ro/crate/1.1/context"}, True, False, False),
        ("package.json", {"name": "x", "activity": {}}, False, False, False),
        (
            "schema.json",
            {"$schema": "x", "properties": {"@type": {"const": "prov:Activity"}, "p": "www.w3.org/ns/prov"}},
            False,
            False,
            False,
        ),
        ("a.json", b"[1, 2]", False, False, False),
        ("a.json", b"", False, False, False),
        ("a.jsonld", b"{oops", False, False, False),
        ("README.md", b"# document\nprov:Activity http://www.w3.org/ns/prov#", False, False, False),
    ],
)
def test_recognition(path, content, recognised, crate, other) -> None:
    found = source(content, path)
    assert (KIND.recognise(found), is_ro_crate(found), is_other_jsonld(found)) == (recognised, crate, other)


def test_places() -> None:
    text = b"""{
  "@context": {"prov": "http://www.w3.org/ns/prov#", "k": "https://kansasfrontiermatrix.org/ns/kfm#"},
  "@graph": [
    {
      "@id": "urn:c", "@type": "k:Correction",
      "k:justification": "too short",
      "https://kansasfrontiermatrix.org/ns/kfm#trigger": "manual",
      "prov:qualifiedAssociation": [{"prov:hadRole": "x"}]
    }
  ]
}
"""
    found = source(text)
    origin = Origin(PATH, "/@graph/0")

    def place(attribute: str) -> Location:
        return KIND.locate(found, origin, attribute)

    assert place("kfm:justification") == Location(PATH, 6, 26, 6, 37, "/@graph/0/k:justification")
    assert place("kfm:trigger") == Location(
        PATH, 7, 58, 7, 66, "/@graph/0/https:~1~1kansasfrontiermatrix.org~1ns~1kfm#trigger"
    )
    assert (
        place("prov:qualifiedAssociation/0/hadRole").pointer
        == "/@graph/0/prov:qualifiedAssociation/0/prov:hadRole"
    )
    # What is missing is shown by the name of what lacks it.
    assert place("kfm:revertedCommit") == Location(PATH, 5, 14, 5, 21, "/@graph/0/@id")
    assert place("") == Location(PATH, 4, 5, 4, 6, "/@graph/0")
    assert KIND.locate(found, Origin(PATH, "/@graph/9"), "x").pointer == "/@graph"
    assert KIND.locate(found, Origin(PATH, "", 3), "x") == Location(PATH, 3, 1)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(max_size=5)
            | st.sampled_from(
                [
                    "@id",
                    "@type",
                    "@context",
                    "@graph",
                    "@value",
                    "@list",
                    "@reverse",
                    "prov:used",
                    "kfm:draft",
                    "activity",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def holds_no_pass(reading: Reading) -> bool:
    """Whether what was read either says that it was lost or broken, or holds an Activity."""
    return bool(reading.unreadable) or any(
        isinstance(fact, ProvDocument) and (fact.broken or fact.activities) for fact in reading.facts
    )


@given(st.binary(max_size=200))
@FUZZ
def test_any_bytes(data) -> None:
    KIND.recognise(source(data))
    assert holds_no_pass(read(data))


@given(JSON)
@FUZZ
def test_any_json(value) -> None:
    found = source(value)
    assert KIND.recognise(found) in (True, False)
    assert is_ro_crate(found) in (True, False)
    assert is_other_jsonld(found) in (True, False)
    assert holds_no_pass(read(value))


def paths(value: object, at: tuple = ()) -> list[tuple]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(path for key, item in inner for path in paths(item, (*at, key)))]


@given(st.sampled_from(paths(WHOLE)[1:]), JSON)
@FUZZ
def test_any_value_in_any_place(path, junk) -> None:
    changed = copy.deepcopy(WHOLE)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = junk
    reading = read(changed)
    assert holds_no_pass(reading)
    for fact in reading.facts:
        assert KIND.locate(source(changed), fact.origin, "kfm:justification").path == PATH


@given(st.integers(0, len(json.dumps(WHOLE))))
@FUZZ
def test_truncated(size) -> None:
    assert holds_no_pass(read(json.dumps(WHOLE).encode()[:size]))
