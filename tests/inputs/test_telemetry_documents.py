"""KFM's own documents: held to their schemas, which two engines read alike, and to their arithmetic."""

import copy
import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from referencing import Registry, Resource

from kfm_audit.facts import Label, MetricFamily, SchemaDocument, UnreadableInput
from kfm_audit.inputs.kind import ReadContext
from kfm_audit.inputs.schema import BASE, violations
from kfm_audit.inputs.source import Source
from kfm_audit.inputs.telemetry import KIND, Format, format_of
from kfm_audit.inputs.telemetry_formats.contradictions import contradictions
from kfm_audit.policy.model import Policy
from kfm_audit.shipped import read_schema
from kfm_audit.values import Origin

CONTEXT = ReadContext(Policy(policy=1, name="test"), Path(), Path())
NAMES = ("reliability-v1", "energy-v2", "carbon-v2")
SCHEMAS = {
    BASE + f"telemetry/{name}.json": json.loads(read_schema(f"telemetry/{name}.json")) for name in NAMES
}
REGISTRY = Registry().with_resources(
    [(uri, Resource.from_contents(schema)) for uri, schema in SCHEMAS.items()]
)

CONTEXT_KEYS = {"generated_at": "2025-12-06T02:41:07Z", "service": "etl-hydrology", "environment": "prod"}
RELIABILITY = {
    "schema": "https://kansasfrontiermatrix.org/schemas/telemetry/reliability-v1.json",
    **CONTEXT_KEYS,
    "run": {
        "id": "run-2025-12-06T02-10Z-abc123",
        "started_at": "2025-12-06T02:10:00Z",
        "ended_at": "2025-12-06T02:40:58.5+00:00",
        "status": "success",
        "retries": 0,
    },
    "commit": {"code": "60daa1a8", "lakefs_repository": "kfm", "lakefs_commit": "f2d5ec5f00aa"},
    "metrics": [
        {
            "name": "kfm_ingest_rows_total",
            "type": "counter",
            "unit": "1",
            "value": 18422,
            "labels": {"dataset": "usgs_hydro", "status": "ok"},
        },
        {"name": "kfm_queue_depth", "type": "gauge", "unit": "1", "values": [3, 0, 1]},
        {
            "name": "kfm_tile_build_seconds",
            "type": "histogram",
            "unit": "s",
            "count": 60,
            "sum": 12.5,
            "buckets": [{"le": 0.5, "count": 58}, {"le": None, "count": 60}],
            "labels": {"layer": "soil", "zoom_bin": "9-12"},
        },
        {
            "name": "kfm_load_seconds",
            "type": "summary",
            "unit": "s",
            "count": 9,
            "sum": 7,
            "quantiles": [{"quantile": 0.99, "value": 1.2}],
        },
    ],
    "alerts": {"raised": 2, "acknowledged": 2, "false_positives": 0, "by_severity": {"Sev2": 2}},
    "rollbacks": {"count": 1, "manual": 1, "by_reason": {"data-quality": 1}},
    "energy": {"method": "estimated", "wh": 20.6, "runner_watts": 40, "duration_seconds": 1854},
    "carbon": {"document": "../carbon/run-abc123.json"},
    "extra": {"anything": [1, None]},
}
ENERGY = {
    "schema": "energy-v2",
    **CONTEXT_KEYS,
    "energy": {"method": "measured", "kwh": 0.0206, "source": "RAPL"},
}
CARBON = {
    "schema": "schemas/telemetry/carbon-v2.json",
    **CONTEXT_KEYS,
    "carbon": {"gco2e": 7.97, "intensity_gco2e_per_kwh": 387, "wh": 20.6, "region": "US-CENT-SWPP"},
}
VALID = {"reliability-v1": RELIABILITY, "energy-v2": ENERGY, "carbon-v2": CARBON}


def source(document, path="out/reliability-telemetry.json"):
    text = document if isinstance(document, str) else json.dumps(document, indent=1)
    return Source(path, None, text.encode())


def read(document, path="out/reliability-telemetry.json"):
    given_source = source(document, path)
    assert KIND.recognise(given_source)
    return KIND.read(given_source, CONTEXT).facts


def judged(document, path="out/reliability-telemetry.json"):
    (found,) = (fact for fact in read(document, path) if isinstance(fact, SchemaDocument))
    return [(violation.pointer, violation.message) for violation in found.violations]


def changed(document, change):
    document = copy.deepcopy(document)
    change(document)
    return document


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=NAMES)
def test_schemas_are_schemas_and_describe_themselves(schema):
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$id"] in SCHEMAS
    assert schema["title"]
    assert schema["description"]
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize("name", NAMES)
def test_valid_documents(name):
    assert violations(f"telemetry/{name}.json", VALID[name]) == ((), 0)


def test_a_document_is_a_fact_and_its_metrics_are_families():
    path = "out/reliability-telemetry.json"
    facts = read(RELIABILITY)
    assert facts[:2] == (
        SchemaDocument(subject=path, origin=Origin(path), schema="reliability-v1"),
        MetricFamily(
            subject="kfm_ingest_rows_total",
            origin=Origin(path, "/metrics/0"),
            name="kfm_ingest_rows_total",
            labels=(
                Label("dataset", ("usgs_hydro",), 1, 0, Origin(path, "/metrics/0/labels/dataset")),
                Label("status", ("ok",), 1, 0, Origin(path, "/metrics/0/labels/status")),
            ),
            series=1,
        ),
    )
    assert [fact.subject for fact in facts[2:]] == [
        "kfm_queue_depth",
        "kfm_tile_build_seconds",
        "kfm_load_seconds",
    ]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda d: d.pop("service"), [("", "lacks `service`")]),
        (
            lambda d: d.update(rollback={}),
            [("", 'holds "rollback", which the schema does not know: did you mean `rollbacks`?')],
        ),
        (
            lambda d: d["metrics"][0].update(value="18422"),
            [("/metrics/0/value", 'is the string "18422" where a number belongs')],
        ),
        (
            lambda d: d["metrics"][0].update(type="count"),
            [("/metrics/0/type", 'is "count", not one of "counter", "gauge", "histogram", "summary"')],
        ),
        (lambda d: d["metrics"][1].pop("values"), [("/metrics/1", "lacks `value`")]),
        (lambda d: d["metrics"][2].pop("buckets"), [("/metrics/2", "lacks `buckets`")]),
        (
            lambda d: d["metrics"][0]["labels"].update(status=409),
            [("/metrics/0/labels/status", "is the number 409 where a string belongs")],
        ),
        (
            lambda d: d["metrics"][0]["labels"].update({"a b": "c"}),
            [("/metrics/0/labels", 'has the key "a b", which no key may be')],
        ),
        (
            lambda d: d["run"].update(started_at="yesterday"),
            [("/run/started_at", 'is "yesterday", which is no date-time')],
        ),
        (lambda d: d["alerts"].update(raised=-1), [("/alerts/raised", "is -1, less than 0")]),
        (lambda d: d["commit"].clear(), [("/commit", "is too short: at least 1 belong there")]),
        (lambda d: d.update(metrics={}), [("/metrics", "is an object where an array belongs")]),
        (
            lambda d: d["energy"].update(wh=40),
            [("/energy/wh", "says 40 Wh, but runner_watts * duration_seconds / 3600 is 20.6 Wh")],
        ),
        (
            lambda d: d["energy"].update(kwh=20.6),
            [("/energy/kwh", "is 20.6, but wh is 20.6: 1 kWh is 1000 Wh")],
        ),
        (lambda d: d["energy"].pop("runner_watts"), [("/energy", "lacks `runner_watts`")]),
        (
            lambda d: d.update(energy={"document": ""}),
            [("/energy/document", "is too short: at least 1 belong there")],
        ),
    ],
)
def test_each_violation_says_what_is_wrong_and_where(change, found):
    assert judged(changed(RELIABILITY, change)) == found


def test_arithmetic_of_energy_in_kilowatt_hours_and_of_carbon():
    energy = {"method": "estimated", "kwh": 0.04, "runner_watts": 40, "duration_seconds": 1854}
    assert judged({**ENERGY, "energy": energy}, "energy.json") == [
        ("/energy/kwh", "says 40 Wh, but runner_watts * duration_seconds / 3600 is 20.6 Wh")
    ]
    assert judged(changed(CARBON, lambda d: d["carbon"].update(gco2e=9)), "carbon.json") == [
        ("/carbon/gco2e", "is 9, but 0.0206 kWh * intensity_gco2e_per_kwh is 7.9722")
    ]


def test_a_measured_energy_need_not_be_what_an_estimate_would_be():
    energy = {"method": "measured", "wh": 31, "runner_watts": 40, "duration_seconds": 1854}
    assert judged({**ENERGY, "energy": energy}, "energy.json") == []


@pytest.mark.parametrize(
    ("name", "begin", "end"),
    [("run", "started_at", "ended_at"), ("alerts", "since", "until"), ("rollbacks", "since", "until")],
)
def test_nothing_ends_before_it_begins(name, begin, end):
    required = {"run": {"id": "r"}, "alerts": {"raised": 0}, "rollbacks": {"count": 0}}[name]

    def span(first: str, last: str) -> list:
        return judged({**RELIABILITY, name: {**required, begin: first, end: last}}, "reliability.json")

    assert span("2025-12-06T02:10:00Z", "2025-12-06T02:09:59.9Z") == [
        (f"/{name}/{end}", f"lies before {begin}")
    ]
    assert span("2025-12-06T02:10:00Z", "2025-12-06T03:09:59+01:00") == [
        (f"/{name}/{end}", f"lies before {begin}")
    ]
    assert span("2025-12-06T02:10:00Z", "2025-12-06T02:10:00Z") == []
    assert span("2025-12-06T02:10:00Z", "2025-12-06T01:10:01-01:00") == []


def histogram(*buckets: tuple[float | None, int]) -> dict:
    listed = [{"le": bound, "count": count} for bound, count in buckets]
    metric = {"name": "m", "type": "histogram", "unit": "s", "count": 9, "sum": 1.5, "buckets": listed}
    return {**RELIABILITY, "metrics": [{"name": "g", "type": "gauge", "unit": "1", "value": 1}, metric]}


@pytest.mark.parametrize(
    ("buckets", "found"),
    [
        (((0.1, 3), (0.5, 3), (None, 9)), []),
        (((None, 9), (0.5, 7), (0.1, 3)), []),
        (((0.1, 3), (0.5, 2), (1, 1), (None, 9)), [("1", "is 2, and up to 0.1 there are 3 already")]),
        (((0.1, 3), (0.5, 10), (None, 9)), [("2", "is 9, and up to 0.5 there are 10 already")]),
    ],
)
def test_counts_of_a_histogram_never_fall(buckets, found):
    assert judged(histogram(*buckets), "reliability.json") == [
        (f"/metrics/1/buckets/{place}/count", message) for place, message in found
    ]


@given(
    st.recursive(
        st.none() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3) | st.just(10**400),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(("le", "count", "since", "until", "started_at", "ended_at", "buckets")), inner
            )
        ),
        max_leaves=10,
    )
)
def test_contradictions_are_sought_in_values_of_any_type(value):
    document = {"run": value, "alerts": value, "metrics": [{"buckets": value}, {"buckets": [value]}, value]}
    for one in contradictions(document):
        assert one.message


def test_twenty_violations_are_named_and_the_rest_counted():
    document = changed(
        RELIABILITY, lambda d: d.update(metrics=[{"name": "a", "type": "gauge", "unit": 1, "value": 1}] * 50)
    )
    found = read(document)[0]
    assert (len(found.violations), found.more) == (20, 30)


def test_labels_of_a_document_that_breaks_its_schema_are_judged_all_the_same():
    def damage(document):
        document["metrics"][0]["labels"].update(status=409, nested=[], empty=None)
        document["metrics"] += [3, {"name": 3}, {"labels": {}}, {"name": "m", "labels": "x"}]

    families = {
        fact.subject: fact for fact in read(changed(RELIABILITY, damage)) if isinstance(fact, MetricFamily)
    }
    assert {label.key: label.values for label in families["kfm_ingest_rows_total"].labels} == {
        "dataset": ("usgs_hydro",),
        "status": ("409",),
        "empty": ("null",),
    }
    assert families["m"].labels == ()


@pytest.mark.parametrize(
    "declared",
    [
        "https://kansasfrontiermatrix.org/schemas/telemetry/reliability-v1.json",
        "schemas/telemetry/reliability-v1.json",
        "../../schemas/telemetry/reliability-v1.json",
        "reliability-v1",
    ],
)
def test_a_schema_may_be_named_as_people_name_it(declared):
    document = {**RELIABILITY, "schema": declared}
    assert format_of(source(document, "x.json")) is Format.KFM
    assert judged(document, "x.json") == []


def test_a_name_implies_the_schema_that_a_document_does_not_declare():
    document = changed(RELIABILITY, lambda d: d.pop("schema"))
    assert judged(document) == [("", "lacks `schema`")]
    assert format_of(source(document, "x.json")) is None
    assert judged({"a": 1}, "x/energy-telemetry.json")[0] == ("", "lacks `schema`")


def test_a_document_of_the_wrong_type_breaks_its_schema():
    assert judged([]) == [("", "is an array where an object belongs")]


def test_a_version_that_does_not_ship_is_lost_with_the_cure():
    (fact,) = read({**RELIABILITY, "schema": "reliability-v9"})
    assert isinstance(fact, UnreadableInput)
    assert "reliability-v9" in fact.cause
    assert "reliability-v1, energy-v2, carbon-v2" in fact.cure


def test_documents_one_a_line():
    text = "".join(json.dumps(document) + "\n" for document in (RELIABILITY, ENERGY)) + "{\n"
    facts = read(text, "runs.jsonl")
    assert [(fact.schema, fact.origin.line) for fact in facts if isinstance(fact, SchemaDocument)] == [
        ("reliability-v1", 1),
        ("energy-v2", 2),
    ]
    assert [fact.origin.line for fact in facts if isinstance(fact, UnreadableInput)] == [3]


def test_violations_are_found_at_their_line():
    document = source(changed(RELIABILITY, lambda d: d["metrics"][0].update(value="18422")))
    found = KIND.locate(document, Origin(document.path), "metrics/0/value")
    assert document.lines[found.line - 1].strip() == b'"value": "18422",'


def test_telemetry_schemas_are_no_telemetry():
    for name in NAMES:
        schema = Source(f"{name}.json", None, read_schema(f"telemetry/{name}.json"))
        assert not KIND.recognise(schema)
        assert not KIND.claims(schema)


@pytest.mark.parametrize("hostile", [10**400, "x" * 10_000, {"a": {}}, [[]] * 1000, True, None, -0.0])
def test_a_hostile_value_is_a_violation(hostile):
    found, _ = violations("telemetry/reliability-v1.json", {**RELIABILITY, "service": hostile})
    assert found
    assert all(len(violation.message) < 400 for violation in found)


def test_a_document_of_brackets_cannot_be_judged_and_says_so():
    nested = []
    for _ in range(5000):
        nested = [nested]
    found, _ = violations("telemetry/reliability-v1.json", {**RELIABILITY, "service": nested})
    (violation,) = found
    assert violation.message == "cannot be held to its schema: Recursion limit reached"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=8), children, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(NAMES), st.data())
def test_two_engines_agree_on_every_document(name, data):
    document = copy.deepcopy(VALID[name])
    place, parents = document, []
    while isinstance(place, dict | list) and place and data.draw(st.booleans(), label="deeper"):
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        parents.append((place, key))
        place = place[key]
    if parents:
        parent, key = parents[-1]
        if data.draw(st.booleans(), label="drop"):
            del parent[key]
        else:
            parent[key] = data.draw(JSON)
    oracle = jsonschema.Draft202012Validator(
        SCHEMAS[f"{BASE}telemetry/{name}.json"], registry=REGISTRY, format_checker=None
    )
    expected = {"".join(f"/{step}" for step in error.absolute_path) for error in oracle.iter_errors(document)}
    found, more = violations(f"telemetry/{name}.json", document)
    # `format` is judged by us alone; a wrong key name stands at the object for both.
    ours = {violation.pointer for violation in found if "which is no date-time" not in violation.message}
    assert more or ours == expected
