"""Every telemetry document of the corpus against a second, naive reading; hostile input of every format."""

import copy
import json
import re
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kfm_audit.facts import LabelScope, MetricFamily, SchemaDocument, UnreadableInput
from kfm_audit.inputs.kind import ReadContext
from kfm_audit.inputs.source import Source
from kfm_audit.inputs.telemetry import KIND
from kfm_audit.policy.model import Policy

CONTEXT = ReadContext(Policy(policy=1, name="test"), Path(), Path())
CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "telemetry"
HERE = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the corpus of real documents (../shared/corpus) is not here"
)


def files(pattern):
    found = sorted(CORPUS.glob(pattern))
    return pytest.mark.parametrize(
        "file", found or [None], ids=[file.name[-60:] for file in found] or ["absent"]
    )


def facts_of(file):
    source = Source(file.name, file)
    assert KIND.recognise(source)
    return KIND.read(source, CONTEXT).facts


def read(file):
    """Metric -> label -> values, as we read it."""
    return {
        fact.subject: {label.key: set(label.values) for label in fact.labels}
        for fact in facts_of(file)
        if isinstance(fact, MetricFamily) and fact.subject != "target_info"
    }


def gathered(series):
    """Metric -> label -> values, of pairs of name and labels."""
    found = defaultdict(lambda: defaultdict(set))
    for name, labels in series:
        _ = found[name]
        for key, value in labels.items():
            found[name][key].add(value)
    return {name: dict(labels) for name, labels in found.items()}


def otlp_points(document):
    for resource in document["resourceMetrics"]:
        for scope in resource.get("scopeMetrics", ()):
            for metric in scope.get("metrics", ()):
                kinds = ("gauge", "sum", "histogram", "exponentialHistogram", "summary")
                data = next((metric[kind] for kind in kinds if kind in metric), {})
                if metric.get("name"):
                    yield metric["name"], {}
                for point in data.get("dataPoints", ()) if metric.get("name") else ():
                    yield (
                        metric["name"],
                        {
                            item["key"]: item.get("value", {}).get("stringValue", "")
                            if "stringValue" in item.get("value", {}) or not item.get("value")
                            else str(next(iter(item["value"].values())))
                            for item in point.get("attributes", ())
                        },
                    )


@HERE
@files("otlp/*.json")
def test_otlp(file):
    document = json.loads(file.read_text())
    assert read(file) == gathered(otlp_points(document))
    nameless = sum(
        1 for line in re.findall(r'"(?:sum|gauge|\w*istogram|summary)": \{', file.read_text()) if line
    )
    named = len([name for name, labels in otlp_points(document) if not labels])
    assert any(isinstance(fact, UnreadableInput) for fact in facts_of(file)) == (nameless > named)


@HERE
@files("otlp/*.json")
def test_otlp_resources(file):
    expected = defaultdict(set)
    for resource in json.loads(file.read_text())["resourceMetrics"]:
        bearers = [
            resource.get("resource") or {},
            *((scope.get("scope") or {}) for scope in resource["scopeMetrics"]),
        ]
        for bearer in bearers:
            for item in bearer.get("attributes", ()):
                expected[item["key"]].add(item.get("value", {}).get("stringValue", ""))
    found = [fact for fact in facts_of(file) if isinstance(fact, MetricFamily)]
    of_senders = [fact for fact in found if fact.subject == "target_info"]
    if not found:
        expected = {}  # no metric, no sender to judge
    assert {label.key: set(label.values) for fact in of_senders for label in fact.labels} == expected
    assert all(label.scope is LabelScope.RESOURCE for fact in of_senders for label in fact.labels)


def prometheus_name(name):
    """The corpus holds one histogram, counters with their creation times, and gauges."""
    for suffix in ("_bucket", "_sum", "_count"):
        name = name.removesuffix(suffix)
    return re.sub("^kfm_ingest_created$", "kfm_ingest_total", name.replace("seconds_created", "seconds"))


def without_bounds(labels):
    return {key: value for key, value in labels.items() if key not in ("le", "__name__")}


@HERE
@files("openmetrics/*")
def test_expositions(file):
    samples = (
        re.fullmatch(r"(\w+)(?:\{(.*)\})? \S+", line)
        for line in file.read_text().splitlines()
        if not line.startswith("#")
    )
    expected = gathered(
        (prometheus_name(sample[1]), without_bounds(dict(re.findall(r'(\w+)="([^"]*)"', sample[2] or ""))))
        for sample in samples
    )
    assert read(file) == expected
    assert not [fact for fact in facts_of(file) if isinstance(fact, UnreadableInput)]


@HERE
@files("prometheus_api/*_*__series.json")
def test_series(file):
    data = json.loads(file.read_text())["data"]
    expected = gathered((prometheus_name(series["__name__"]), without_bounds(series)) for series in data)
    assert read(file) == expected


@HERE
@files("prometheus_api/*query_vector.json")
def test_query(file):
    results = json.loads(file.read_text())["data"]["result"]
    series = (result["metric"] for result in results)
    assert read(file) == gathered(
        (prometheus_name(labels["__name__"]), without_bounds(labels)) for labels in series
    )


@HERE
@files("prometheus_api/*status_tsdb.json")
def test_status(file):
    counts = json.loads(file.read_text())["data"]["seriesCountByMetricName"]
    assert [(fact.subject, fact.series, fact.labels_known) for fact in facts_of(file)] == [
        (count["name"], count["value"], False) for count in counts
    ]


@HERE
@files("emf/*")
def test_emf(file):
    text = file.read_text()
    events = (
        [json.loads(line) for line in text.splitlines()] if file.suffix == ".ndjson" else [json.loads(text)]
    )
    expected = gathered(
        (f"{directive['Namespace']} {metric['Name']}", {key: event[key] for key in keys})
        for event in events
        for directive in event["_aws"]["CloudWatchMetrics"]
        for keys in directive["Dimensions"]
        for metric in directive["Metrics"]
    )
    assert read(file) == expected


@HERE
def test_cloudwatch():
    file = CORPUS / "cloudwatch" / "list_metrics.json"
    expected = gathered(
        (f"{m['Namespace']} {m['MetricName']}", {item["Name"]: item["Value"] for item in m["Dimensions"]})
        for m in json.loads(file.read_text())["Metrics"]
    )
    assert read(file) == expected
    (refused,) = facts_of(CORPUS / "cloudwatch" / "get_metric_data.json")
    assert isinstance(refused, UnreadableInput)


@HERE
def test_conventions_are_no_telemetry():
    for file in sorted(CORPUS.glob("semconv/*")):
        assert not KIND.recognise(Source(file.name, file))


@HERE
@pytest.mark.parametrize("cut", [0.1, 0.5, 0.9])
def test_every_document_cut_off_is_claimed_or_read_but_never_passed(cut):
    for file in sorted(CORPUS.glob("[!s]*/*")):
        data = file.read_bytes()
        source = Source(file.name, None, data[: int(len(data) * cut)])
        if KIND.recognise(source):
            assert KIND.read(source, CONTEXT).facts, file.name


# Hostile input

EXPORT = {
    "resourceMetrics": [
        {
            "resource": {"attributes": [{"key": "host.name", "value": {"stringValue": "h"}}]},
            "scopeMetrics": [
                {
                    "metrics": [
                        {
                            "name": "m",
                            "sum": {
                                "dataPoints": [{"attributes": [{"key": "a", "value": {"intValue": "1"}}]}]
                            },
                        }
                    ]
                }
            ],
        }
    ]
}
EVENT = {
    "_aws": {
        "CloudWatchMetrics": [
            {"Namespace": "N", "Dimensions": [["a"]], "Metrics": [{"Name": "m", "Unit": "Count"}]}
        ]
    },
    "a": "1",
    "m": 1,
}
PAGE = {"Metrics": [{"Namespace": "N", "MetricName": "m", "Dimensions": [{"Name": "a", "Value": "1"}]}]}
SERIES = {"status": "success", "data": [{"__name__": "m", "a": "1"}]}
QUERY = {
    "status": "success",
    "data": {"resultType": "vector", "result": [{"metric": {"__name__": "m", "a": "1"}}]},
}
STATUS = {"status": "success", "data": {"seriesCountByMetricName": [{"name": "m", "value": 1}]}}
DOCUMENT = {"schema": "reliability-v1", "metrics": [{"name": "m", "labels": {"a": "1"}}]}
DOCUMENTS = (EXPORT, EVENT, PAGE, SERIES, QUERY, STATUS, DOCUMENT)

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=8), children, max_size=3)
    ),
    max_leaves=6,
)


def kind(value):
    return float if isinstance(value, int) and not isinstance(value, bool) else type(value)


def locate_all(source, facts):
    for fact in facts:
        KIND.locate(source, fact.origin, "")
        for label in getattr(fact, "labels", ()):
            KIND.locate(source, label.origin, f"labels/{label.key}")


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(DOCUMENTS), st.data())
def test_a_wrong_type_at_any_place_never_raises_and_never_looks_like_a_pass(document, data):
    document = copy.deepcopy(document)
    parent, key, place = None, None, document
    while isinstance(place, dict | list) and place and (parent is None or data.draw(st.booleans())):
        parent = place
        key = data.draw(st.sampled_from(list(place) if isinstance(place, dict) else list(range(len(place)))))
        place = parent[key]
    parent[key] = data.draw(JSON)
    for text in (
        json.dumps(document),
        json.dumps([document]),
        json.dumps(document) + "\n" + json.dumps(document),
    ):
        source = Source("metrics.json", None, text.encode())
        if not KIND.recognise(source):
            continue
        facts = KIND.read(source, CONTEXT).facts
        locate_all(source, facts)
        # Other content of the same type is well-formed in all these formats, and null is "not set"; an empty
        # list as `data` is another answer of Prometheus.
        assert (
            facts
            or parent[key] is None
            or kind(parent[key]) is kind(place)
            or (key, parent[key]) == ("data", [])
        )


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
@pytest.mark.parametrize("path", ["metrics.json", "x.prom", "x.om", "reliability-telemetry.json", "x.jsonl"])
def test_any_bytes_are_read_or_lost(path, content):
    source = Source(path, None, content)
    if KIND.recognise(source):
        facts = KIND.read(source, CONTEXT).facts
        locate_all(source, facts)
        assert all(isinstance(fact, MetricFamily | SchemaDocument | UnreadableInput) for fact in facts)


@pytest.mark.parametrize(
    "content",
    [
        b'{"resourceMetrics": ' + b"[" * 200_000,
        b'{"resourceMetrics": [{"resource": {"attributes": [{"key": "\xff"}]}}]}',
        b'{"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": "\\ud800"}]}]}]}',
        b'{"status": "success", "data": [{"__name__": "\xff"}]}',
        b'{"Metrics": [{"MetricName": "\xff"}]}',
        b'{"_aws": {"CloudWatchMetrics": "\xff"}}',
    ],
)
def test_bytes_that_are_no_json_are_lost_or_not_recognised(content):
    source = Source("metrics.json", None, content)
    if KIND.recognise(source):
        assert [type(fact) for fact in KIND.read(source, CONTEXT).facts] == [UnreadableInput]


def test_text_that_is_not_utf8_is_said_and_its_labels_are_read_all_the_same():
    lines = b"".join(b'm{a="%d"} 1\n' % number for number in range(10_000))
    source = Source("x.prom", None, b"# TYPE m gauge\n" + lines + b'm{a="\xff"} 1\n')
    assert KIND.recognise(source)
    family, lost = KIND.read(source, CONTEXT).facts
    assert family.series == 10_001
    assert (lost.cause, lost.origin.line) == ("is not UTF-8: byte 0xff", 10_002)
