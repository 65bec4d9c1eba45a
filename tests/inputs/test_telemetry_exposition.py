"""Prometheus text and OpenMetrics: read by the registry's parser, and around the lines that it refuses."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, Summary, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from kfm_audit.facts import Label, MetricFamily, UnreadableInput
from kfm_audit.inputs.kind import ReadContext
from kfm_audit.inputs.source import Source
from kfm_audit.inputs.telemetry import KIND, Format, format_of
from kfm_audit.policy.model import Policy
from kfm_audit.values import Location, Origin

CONTEXT = ReadContext(Policy(policy=1, name="test"), Path(), Path())


def source(text, path="metrics.txt"):
    return Source(path, None, text if isinstance(text, bytes) else text.encode())


def read(text, path="metrics.txt"):
    return KIND.read(source(text, path), CONTEXT).facts


def shown(facts):
    return {
        fact.subject: (fact.series, {label.key: label.values for label in fact.labels})
        for fact in facts
        if isinstance(fact, MetricFamily)
    }


def lost(facts):
    return [(fact.part, fact.cause, fact.origin.line) for fact in facts if isinstance(fact, UnreadableInput)]


TEXT = """\
# HELP kfm_rows_total Rows that were ingested.
# TYPE kfm_rows_total counter
kfm_rows_total{dataset="ssurgo",status="ok"} 3
kfm_rows_total{dataset="nhd",status="ok"} 4 1765022400000
# TYPE kfm_rows_created gauge
kfm_rows_created{dataset="ssurgo",status="ok"} 1.7e+09
# TYPE kfm_tile_seconds histogram
kfm_tile_seconds_bucket{layer="soil",le="0.5"} 1
kfm_tile_seconds_bucket{layer="soil",le="+Inf"} 2
kfm_tile_seconds_sum{layer="soil"} 0.9
kfm_tile_seconds_count{layer="soil"} 2
# TYPE kfm_load summary
kfm_load{quantile="0.99"} 2
kfm_load_sum 7
kfm_load_count 9
# TYPE kfm_jobs counter
kfm_jobs{kind="nightly"} 1
kfm_untyped{zone="a"} NaN
"""

EXPECTED = {
    "kfm_rows_total": (2, {"dataset": ("ssurgo", "nhd"), "status": ("ok",)}),
    "kfm_tile_seconds": (1, {"layer": ("soil",)}),
    "kfm_load": (1, {}),
    "kfm_jobs": (1, {"kind": ("nightly",)}),
    "kfm_untyped": (1, {"zone": ("a",)}),
}


@pytest.mark.parametrize("text", [TEXT, TEXT.replace("\n", "\r\n"), "\n\n" + TEXT])
def test_text_format(text):
    given_source = source(text)
    assert KIND.recognise(given_source)
    assert shown(KIND.read(given_source, CONTEXT).facts) == EXPECTED


def test_what_the_registry_writes_is_read_alike_in_both_formats():
    registry = CollectorRegistry()
    rows = Counter("kfm_rows", "Rows", ["dataset"], registry=registry)
    rows.labels("ssurgo").inc()
    rows.labels('a"b\\c\nd').inc(exemplar={"trace_id": "0af7651916cd43dd"})
    Gauge("kfm_depth", "Depth", ["queue"], registry=registry).labels("ingest").set(3)
    Histogram("kfm_tile_seconds", "Tiles", ["layer"], registry=registry).labels("soil").observe(1)
    Summary("kfm_load", "Load", ["phase"], registry=registry).labels("merge").observe(1)
    Info("kfm_build", "Build", registry=registry).info({"version": "11.2.4"})
    expected = {
        "kfm_rows_total": (2, {"dataset": ("ssurgo", 'a"b\\c\nd')}),
        "kfm_depth": (1, {"queue": ("ingest",)}),
        "kfm_tile_seconds": (1, {"layer": ("soil",)}),
        "kfm_load": (1, {"phase": ("merge",)}),
        "kfm_build_info": (1, {"version": ("11.2.4",)}),
    }
    assert shown(read(generate_latest(registry))) == expected
    openmetrics = read(generate_openmetrics(registry), "metrics.om")
    assert shown(openmetrics) == expected
    assert lost(openmetrics) == []


def test_facts_name_the_metric_and_lines_are_found_later():
    given_source = source(TEXT)
    family = KIND.read(given_source, CONTEXT).facts[0]
    origin = Origin("metrics.txt", "/kfm_rows_total")
    assert family == MetricFamily(
        subject="kfm_rows_total",
        origin=origin,
        name="kfm_rows_total",
        labels=(Label("dataset", ("ssurgo", "nhd"), 2, 0, origin), Label("status", ("ok",), 1, 0, origin)),
        series=2,
    )
    assert KIND.locate(given_source, origin, "") == Location("metrics.txt", 3, 1, 3, 47)
    assert KIND.locate(given_source, origin, "labels/status") == Location("metrics.txt", 3, 33, 3, 44)
    assert KIND.locate(given_source, origin, "labels/nowhere") == Location("metrics.txt", 3, 1)
    histogram = Origin("metrics.txt", "/kfm_tile_seconds")
    assert KIND.locate(given_source, histogram, "labels/layer").line == 8
    assert KIND.locate(given_source, Origin("metrics.txt", "/gone"), "") == Location("metrics.txt")


def test_places_of_thousands_of_labels_of_one_metric_are_found_in_one_look() -> None:
    text = "# TYPE a gauge\n" + "".join(f'a{{op="x",l{number}="{{,l0="}} 1\n' for number in range(10_000))
    given_source = source(text)
    (fact,) = KIND.read(given_source, CONTEXT).facts
    places = [
        KIND.locate(given_source, fact.origin, f"labels/l{number}") for number in reversed(range(10_000))
    ]
    assert [place.line for place in places] == list(reversed(range(2, 10_002)))
    assert places[-1] == Location("metrics.txt", 2, 10, 2, 20)


def test_targets_and_empty_labels_are_none_of_the_metric():
    text = '# TYPE m gauge\nm{job="etl",instance="h1",a=""} 1\nm{job="etl",instance="h2",a=""} 1\n'
    assert shown(read(text)) == {"m": (2, {})}


def test_a_broken_line_costs_that_line():
    text = TEXT.replace('status="ok"} 4 1765022400000', "status=ok} 4")
    facts = read(text)
    assert shown(facts) == {
        **EXPECTED,
        "kfm_rows_total": (1, {"dataset": ("ssurgo",), "status": ("ok",)}),
    }
    assert lost(facts) == [("line", "is not text format 0.0.4: Invalid labels", 4)]


def test_a_type_that_does_not_exist_costs_its_metric_and_no_other():
    text = "# TYPE a banana\na 1\n# TYPE b gauge\nb 1\n"
    facts = read(text)
    assert shown(facts) == {"b": (1, {})}
    assert [(part, line) for part, _, line in lost(facts)] == [("metric", 1)]


def test_what_stands_between_many_faults_is_read():
    good = [f'a{{n="{number}"}} 1\n' for number in range(200)]
    facts = read("# TYPE a gauge\n" + "".join(line + "a{ 1\n" for line in good) + "b 1\n")
    assert shown(facts) == {"a": (200, {"n": tuple(str(number) for number in range(200))}), "b": (1, {})}
    assert lost(facts)[0] == ("line", "is not text format 0.0.4: could not convert string to float", 3)
    assert lost(facts)[-1][0] == "180 more parts"


def test_invalid_openmetrics_is_said_and_its_labels_are_read_all_the_same():
    text = '# TYPE m counter\nm_total{a="1"} 1\nm_total{a="2"} -1\n# EOF\n'
    facts = read(text)
    assert shown(facts) == {"m_total": (2, {"a": ("1", "2")})}
    assert lost(facts) == [
        (
            "validity as OpenMetrics",
            "is not valid OpenMetrics: Counter-like samples cannot be negative",
            3,
        )
    ]


def test_openmetrics_that_is_cut_off_is_not_whole():
    facts = read("# TYPE m counter\nm_total 1\n", "metrics.om")
    assert [cause for _, cause, _ in lost(facts)] == ["is not valid OpenMetrics: Missing # EOF at end"]


def test_complaints_never_repeat_a_line():
    secret = 'm{token="AKIAIOSFODNN7EXAMPLE" 1'
    facts = read(f"# TYPE m gauge\n{secret}\n")
    assert lost(facts)
    assert not any("AKIA" in fact.cause for fact in facts)


@pytest.mark.parametrize(
    "text",
    [
        "# TYPE a gauge\n",
        "# HELP a Something.\na 1\n",
        'a{b="c"} 1\n',
        '# TYPE "kfm.rows" gauge\n{"kfm.rows", b="c"} 1\n',
        "# EOF\n",
    ],
)
def test_told_by_what_stands_in_it(text):
    assert format_of(source(text)) is Format.EXPOSITION


@pytest.mark.parametrize(
    "text",
    [
        "# Reliability\n\nRows 3\n",
        "#!/bin/sh\n# TYPE\necho 1\n",
        "a 1\nb 2\n",
        "the quick brown fox\n",
        "# Notes\n\n```\n# TYPE a gauge\na 1\n```\nand much more\nof prose\nthat follows\nhere\n",
    ],
)
def test_prose_scripts_and_counts_are_not_taken_for_it(text):
    assert format_of(source(text)) is None


def test_a_name_says_it_where_the_text_alone_does_not():
    assert format_of(source("a 1\nb 2\n", "node.prom")) is Format.EXPOSITION
    assert format_of(source("the quick brown fox\n", "node.prom")) is None
    assert KIND.claims(source("the quick brown fox\n", "node.prom"))
    assert read("# TYPE a gauge\n", "node.prom") == ()


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet='abm_{}"=,# \\\n\t1e+-.TYPEHLO', max_size=200))
def test_any_text_is_read_or_lost(text):
    for path in ("metrics.prom", "metrics.om"):
        given_source = source(text, path)
        if not KIND.recognise(given_source):
            continue
        for fact in KIND.read(given_source, CONTEXT).facts:
            assert KIND.locate(given_source, fact.origin, "labels/a").line <= text.count("\n") + 1
            assert isinstance(fact, MetricFamily | UnreadableInput)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from("abcd"), st.text(max_size=8), min_size=1), st.text(max_size=8))
def test_every_value_that_the_registry_can_write_comes_back(values, other):
    registry = CollectorRegistry()
    gauge = Gauge("m", "help", list(values), registry=registry)
    gauge.labels(*values.values()).set(1)
    gauge.labels(*(other for _ in values)).set(1)
    found = shown(read(generate_latest(registry)))
    labels = {key: tuple(filter(None, dict.fromkeys((value, other)))) for key, value in values.items()}
    assert found["m"][1] == {key: values for key, values in labels.items() if values}


def test_twenty_thousand_metrics_are_read_in_one_look() -> None:
    """A look at the whole text for each metric would take minutes."""
    text = "".join(f'# TYPE m{number} gauge\nm{number}{{queue="q"}} 1\n' for number in range(20_000))
    facts = read(text)
    assert len(facts) == 20_000
    assert facts[-1].subject == "m19999"
