"""PROV written in other ways is told from what only looks like it."""

from __future__ import annotations

import time

import pytest

from kfm_audit.prov.dialects import Dialect, is_hybrid, is_prov_json, text_dialect

PREFIX = b"@prefix prov: <http://www.w3.org/ns/prov#> .\n"


@pytest.mark.parametrize(
    ("head", "dialect"),
    [
        (b"document\nprefix ex <http://example.org/>\nactivity(ex:a)\nendDocument", Dialect.PROV_N),
        (b"// a run\n/* of\nyesterday */ document activity(a1) endDocument", Dialect.PROV_N),
        (b"document\nendDocument", Dialect.PROV_N),
        (b"document the incident before you leave\n", None),
        (b"documentation: prefix", None),
        (
            b'<?xml version="1.0"?>\n<!-- c --><prov:document xmlns:prov="http://www.w3.org/ns/prov#"/>',
            Dialect.PROV_XML,
        ),
        (b'<document xmlns="http://www.w3.org/ns/prov#"><activity/></document>', Dialect.PROV_XML),
        (b'<rdf:RDF xmlns:rdf="..." xmlns:prov="http://www.w3.org/ns/prov#"/>', Dialect.RDF_XML),
        (b'<rdf:RDF xmlns:rdf="..." xmlns:owl="http://www.w3.org/2002/07/owl#"/>', None),
        (b"<html><body>http://www.w3.org/ns/prov#</body></html>", None),
        (b"<document><child></document>", None),
        (PREFIX + b"<urn:a> a prov:Activity ; prov:used <urn:e> .", Dialect.TURTLE),
        (b"# c\nPREFIX p: <urn:p>\n<urn:a> a p:Run, <http://www.w3.org/ns/prov#Activity> .", Dialect.TURTLE),
        (PREFIX + b"[] a sh:NodeShape ; sh:targetClass prov:Activity .", None),
        (PREFIX + b"<urn:e> prov:wasDerivedFrom <urn:f> .", None),
        (b"prov:Activity", None),
        (b"", None),
    ],
)
def test_text_dialect(head, dialect) -> None:
    assert text_dialect(head) is dialect


@pytest.mark.parametrize(
    "head",
    [
        b"/*" * 30_000,
        b"<?" * 30_000,
        b"<!--" * 15_000,
        PREFIX + b" a" * 32_000,
        b"document" + b" " * 60_000,
        b"#\n" * 32_000,
    ],
    ids=lambda head: head[:8].decode(),
)
def test_no_beginning_takes_long(head) -> None:
    begin = time.perf_counter()
    text_dialect(head)
    assert time.perf_counter() - begin < 1


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"prefix", "entity"}, True),
        ({"entity", "activity", "wasGeneratedBy"}, True),
        ({"entity"}, False),
        ({"prefix", "bundle"}, False),
        ({"activity", "agent", "version"}, False),
        ({"@context", "entity", "activity"}, False),
        (set(), False),
    ],
)
def test_prov_json(keys, expected) -> None:
    assert is_prov_json(keys) is expected


def test_hybrid() -> None:
    assert is_hybrid({"@context", "entity", "activity", "title"})
    assert not is_hybrid({"@context", "activity", "title"})
    assert not is_hybrid({"entity", "activity"})
