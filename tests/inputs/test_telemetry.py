"""Each format of telemetry: recognised by structure, read whole, read around what is broken, and located."""

import json
from pathlib import Path

import pytest

from kfm_audit.facts import MAX_VALUES, Label, LabelScope, MetricFamily, UnreadableInput
from kfm_audit.inputs.kind import ReadContext
from kfm_audit.inputs.source import Source
from kfm_audit.inputs.telemetry import KIND, Format, format_of
from kfm_audit.policy.model import Policy
from kfm_audit.values import Origin

CONTEXT = ReadContext(Policy(policy=1, name="test"), Path(), Path())


def source(content, path="metrics.json"):
    if not isinstance(content, str | bytes):
        content = json.dumps(content, indent=1)
    return Source(path, None, content.encode() if isinstance(content, str) else content)


def lines(*documents):
    return "".join(json.dumps(document) + "\n" for document in documents)


def read(content, path="metrics.json"):
    given = source(content, path)
    assert KIND.recognise(given)
    return KIND.read(given, CONTEXT).facts


def families(facts):
    return {fact.subject: fact for fact in facts if isinstance(fact, MetricFamily)}


def labels(family):
    return {label.key: label.values for label in family.labels}


def lost(facts):
    return [
        (fact.part, fact.cause, fact.origin.pointer, fact.origin.line)
        for fact in facts
        if isinstance(fact, UnreadableInput)
    ]


# OTLP


def attributes(**values):
    return [{"key": key, "value": {"stringValue": value}} for key, value in values.items()]


def export(*metrics, resource=None, scope=None):
    entry = {"scopeMetrics": [{"scope": {"attributes": scope or []}, "metrics": list(metrics)}]}
    if resource:
        entry["resource"] = {"attributes": resource}
    return {"resourceMetrics": [entry]}


def metric(name, *points, kind="sum"):
    return {"name": name, kind: {"dataPoints": [{"attributes": point} for point in points]}}


POINTS = "/resourceMetrics/0/scopeMetrics/0/metrics/0/sum/dataPoints"


def test_otlp_family_with_its_labels_and_their_places():
    facts = read(
        export(
            metric(
                "kfm.rows", attributes(dataset="ssurgo", status="ok"), attributes(dataset="nhd", status="ok")
            )
        )
    )
    assert facts == (
        MetricFamily(
            subject="kfm.rows",
            origin=Origin("metrics.json", "/resourceMetrics/0/scopeMetrics/0/metrics/0"),
            name="kfm.rows",
            labels=(
                Label(
                    "dataset",
                    ("ssurgo", "nhd"),
                    2,
                    0,
                    Origin("metrics.json", f"{POINTS}/0/attributes/0/value"),
                ),
                Label("status", ("ok",), 1, 0, Origin("metrics.json", f"{POINTS}/0/attributes/1/value")),
            ),
            series=2,
        ),
    )


@pytest.mark.parametrize("kind", ["gauge", "sum", "histogram", "exponentialHistogram", "summary"])
def test_otlp_every_kind_of_metric_is_read(kind):
    found = families(read(export(metric("m", attributes(a="1"), kind=kind))))
    assert labels(found["m"]) == {"a": ("1",)}


def test_otlp_values_of_every_type_are_text_and_int64_may_be_a_string():
    values = [
        {"intValue": "9007199254740993"},
        {"intValue": 7},
        {"boolValue": True},
        {"doubleValue": 0.5},
        {"doubleValue": "NaN"},
        {"bytesValue": "AAE="},
        {"arrayValue": {"values": [{"stringValue": "x"}]}},
        {},
        None,
    ]
    points = [[{"key": "k", "value": value}] for value in values]
    assert labels(families(read(export(metric("m", *points))))["m"]) == {
        "k": (
            "9007199254740993",
            "7",
            "true",
            "0.5",
            "NaN",
            "AAE=",
            '{"values":[{"stringValue":"x"}]}',
            "",
        )
    }


def test_otlp_resource_attributes_are_labels_of_the_sender_and_make_series_of_their_own():
    one = export(metric("m", attributes(a="1")), resource=attributes(**{"host.name": "h1"}))
    two = export(metric("m", attributes(a="1")), resource=attributes(**{"host.name": "h2"}))
    both = {"resourceMetrics": one["resourceMetrics"] + two["resourceMetrics"]}
    found = families(read(both))
    assert list(found) == ["m", "target_info"]
    assert (found["m"].series, labels(found["m"])) == (2, {"a": ("1",)})
    (host,) = found["target_info"].labels
    assert host == Label(
        "host.name",
        ("h1", "h2"),
        2,
        0,
        Origin("metrics.json", "/resourceMetrics/0/resource/attributes/0/value"),
        LabelScope.RESOURCE,
    )


def test_otlp_attributes_of_a_scope_stand_with_those_of_the_resource():
    found = families(read(export(metric("m", attributes(a="1")), scope=attributes(module="etl"))))
    (module,) = found["target_info"].labels
    assert (module.values, module.origin.pointer) == (
        ("etl",),
        "/resourceMetrics/0/scopeMetrics/0/scope/attributes/0/value",
    )


def test_otlp_a_series_that_is_reported_again_is_one_series():
    point = attributes(a="1", b="2")
    again = list(reversed(point))
    assert families(read(export(metric("m", point, point, again))))["m"].series == 1


def test_otlp_overflow_is_a_fact_and_no_label():
    mark = [{"key": "otel.metric.overflow", "value": {"boolValue": True}}]
    family = families(read(export(metric("m", attributes(a="1"), mark))))["m"]
    assert (family.overflow, labels(family), family.series) == (True, {"a": ("1",)}, 2)


def test_otlp_json_lines_are_batches_and_a_value_that_is_new_in_the_later_half_is_late():
    text = lines(*(export(metric("m", attributes(run=f"r{number}", status="ok"))) for number in range(4)))
    (run, status) = families(read(text))["m"].labels
    assert (run.distinct, run.late, run.origin.line) == (4, 2, 1)
    assert (status.distinct, status.late) == (1, 0)


def test_otlp_traces_between_metrics_are_passed_over_and_alone_refused():
    spans, logs = {"resourceSpans": []}, {"resourceLogs": []}
    assert list(families(read(lines(spans, export(metric("m")))))) == ["m"]
    (refused,) = read(lines(spans, logs))
    assert refused.cause == "is OTLP, but holds logs and traces: there is no metric in it"


def test_otlp_with_snake_case_keys_is_refused_with_the_cure():
    (refused,) = read({"resource_metrics": [{"scope_metrics": []}]})
    assert "underscores" in refused.cause
    assert "file exporter" in refused.cure


def test_otlp_wrong_types_cost_the_part_that_they_stand_in():
    document = export(
        metric("good", attributes(a="1")),
        {"name": 7, "sum": {}},
        {"name": "nothing"},
        {"sum": {"dataPoints": []}},
        {"name": "half", "sum": {"dataPoints": [{"attributes": "x"}, {"attributes": attributes(a="1")}]}},
        {"name": "none", "sum": {"dataPoints": 3}},
        "metric",
    )
    document["resourceMetrics"] += [None, {"scopeMetrics": [[]]}]
    facts = read(document)
    metrics = "/resourceMetrics/0/scopeMetrics/0/metrics"
    assert list(families(facts)) == ["good", "half", "none"]
    assert labels(families(facts)["half"]) == {"a": ("1",)}
    assert lost(facts) == [
        ("metric", "holds a number as `name`, where a string belongs", f"{metrics}/1", 0),
        (
            "metric nothing",
            "has none of gauge, sum, histogram, exponentialHistogram and summary",
            f"{metrics}/2",
            0,
        ),
        ("metric", "has no name", f"{metrics}/3", 0),
        (
            "data point",
            "holds a string as `attributes`, where an array belongs",
            f"{metrics}/4/sum/dataPoints/0",
            0,
        ),
        ("all data points", "is a number where an array belongs", f"{metrics}/5/sum/dataPoints", 0),
        ("metric", "is a string where an object belongs", f"{metrics}/6", 0),
        ("resource", "is null where an object belongs", "/resourceMetrics/1", 0),
        ("scope", "is an array where an object belongs", "/resourceMetrics/2/scopeMetrics/0", 0),
    ]


def test_otlp_a_broken_line_costs_that_line():
    text = lines(export(metric("a"))) + '{"resourceMetrics": [\n' + lines(export(metric("b")))
    facts = read(text)
    assert list(families(facts)) == ["a", "b"]
    assert lost(facts) == [("export", "is not JSON: Input data was truncated", "", 2)]


def test_otlp_lines_longer_than_the_head_are_read():
    long = export(metric("m", *(attributes(a=f"{number:060}") for number in range(2000))))
    assert families(read(lines(long, export(metric("n")))))["n"].series == 0


def test_many_losses_are_named_up_to_twenty_and_counted():
    facts = read(export(*({"name": number} for number in range(30))))
    assert len(lost(facts)) == 21
    assert facts[-1].cause == "10 more parts cannot be read"


def test_otlp_without_a_metric_gives_no_fact():
    assert read({"resourceMetrics": []}) == ()
    assert read(export(resource=attributes(a="1"))) == ()


def test_a_label_keeps_no_more_values_than_say_enough():
    points = (attributes(a=str(number)) for number in range(MAX_VALUES + 500))
    (label,) = families(read(export(metric("m", *points))))["m"].labels
    assert (label.distinct, label.values) == (MAX_VALUES, tuple(str(number) for number in range(MAX_VALUES)))


def test_otlp_places_are_found():
    given = source(export(metric("kfm.rows", attributes(dataset="ssurgo"))))
    (family,) = KIND.read(given, CONTEXT).facts
    found = KIND.locate(given, family.labels[0].origin, "labels/dataset")
    assert given.lines[found.line - 1].strip() == b'"value": {'
    assert found.pointer == f"{POINTS}/0/attributes/0/value"


def test_places_in_json_lines_have_line_and_column():
    text = lines(export(metric("a")), export(metric("b", attributes(dataset="ssurgo"))))
    given = source(text)
    family = families(KIND.read(given, CONTEXT).facts)["b"]
    found = KIND.locate(given, family.labels[0].origin, "labels/dataset")
    assert (found.line, found.end_line) == (2, 2)
    assert text.splitlines()[1][found.column - 1 : found.end_column - 1] == '{"stringValue": "ssurgo"}'


# Prometheus API


def answer(data, **more):
    return {"status": "success", "data": data, **more}


def test_names_of_labels_alone_are_refused():
    cause = (
        "is an answer of Prometheus that lists names of labels or their values, and no metric that has them"
    )
    assert lost(read(answer(["__name__", "dataset"]))) == [("", cause, "", 0)]


def test_an_answer_that_prometheus_says_is_not_whole_is_lost_in_part():
    data = [{"__name__": "kfm_rows_total", "dataset": "ssurgo"}]
    facts = read(
        answer(data, warnings=["results truncated due to limit", "PromQL warning: mixed histograms"])
    )
    assert list(families(facts)) == ["kfm_rows_total"]
    cause = "Prometheus warns that the answer is not whole: `results truncated due to limit`"
    assert lost(facts) == [("data", cause, "/warnings/0", 0)]


SERIES = [
    {"__name__": "kfm_rows_total", "dataset": "ssurgo", "job": "etl", "instance": "10.0.0.1:9100"},
    {"__name__": "kfm_rows_total", "dataset": "nhd", "job": "etl", "instance": "10.0.0.1:9100"},
    {"__name__": "kfm_rows_created", "dataset": "nhd", "job": "etl", "instance": "10.0.0.1:9100"},
    {"__name__": "kfm_tile_seconds_bucket", "layer": "soil", "le": "0.5"},
    {"__name__": "kfm_tile_seconds_bucket", "layer": "soil", "le": "+Inf"},
    {"__name__": "kfm_tile_seconds_count", "layer": "soil"},
    {"__name__": "kfm_tile_seconds_sum", "layer": "soil"},
    {"__name__": "kfm_load_seconds", "quantile": "0.99"},
    {"__name__": "kfm_load_seconds_count"},
    {"__name__": "kfm_load_seconds_sum"},
]


def expect_series(facts, prefix):
    found = families(facts)
    assert {name: (family.series, labels(family)) for name, family in found.items()} == {
        "kfm_rows_total": (2, {"dataset": ("ssurgo", "nhd")}),
        "kfm_tile_seconds": (1, {"layer": ("soil",)}),
        "kfm_load_seconds": (1, {}),
    }
    assert found["kfm_tile_seconds"].labels[0].origin.pointer == prefix.format(3)


def test_series_of_one_histogram_summary_or_counter_are_one_metric():
    expect_series(read(answer(SERIES)), "/data/{}/layer")


@pytest.mark.parametrize("kind", ["vector", "matrix"])
def test_results_of_a_query(kind):
    results = [{"metric": series, "value": [1, "1"], "values": [[1, "1"]]} for series in SERIES]
    expect_series(read(answer({"resultType": kind, "result": results})), "/data/result/{}/metric/layer")


def test_targets_make_series_of_their_own():
    series = [{"__name__": "up_to", "a": "1", "instance": instance} for instance in ("h1", "h2")]
    assert families(read(answer(series)))["up_to"].series == 2


def test_overflow_as_prometheus_has_it():
    family = families(read(answer([{"__name__": "m", "otel_metric_overflow": "true"}])))["m"]
    assert (family.overflow, family.labels) == (True, ())


def test_status_counts_series_without_labels():
    facts = read(
        answer({"headStats": {}, "seriesCountByMetricName": [{"name": "kfm_rows_total", "value": 812}]})
    )
    assert facts == (
        MetricFamily(
            subject="kfm_rows_total",
            origin=Origin("metrics.json", "/data/seriesCountByMetricName/0"),
            name="kfm_rows_total",
            series=812,
            labels_known=False,
        ),
    )


def test_answers_without_a_metric_are_no_pass():
    assert read(answer([])) == ()
    (error,) = read({"status": "error", "errorType": "bad_data", "error": "parse error"})
    assert error.cause == "is an answer of Prometheus that says `bad_data: parse error`"
    (scalar,) = read(answer({"resultType": "scalar", "result": [1, "1"]}))
    assert "scalar" in scalar.cause
    (nameless,) = read(answer({"resultType": "vector", "result": [{"metric": {"dataset": "nhd"}}]}))
    assert nameless.part == "1 of 1 results"


def test_wrong_types_in_an_answer():
    facts = read(answer([SERIES[0], {"__name__": 7}, "x", {"__name__": "n", "a": None}]))
    assert list(families(facts)) == ["kfm_rows_total"]
    assert [(part, pointer) for part, _, pointer, _ in lost(facts)] == [
        ("series", "/data/1"),
        ("series", "/data/2"),
        ("series", "/data/3"),
    ]
    (counts,) = read(answer({"seriesCountByMetricName": 3}))
    assert counts.origin.pointer == "/data/seriesCountByMetricName"


@pytest.mark.parametrize(
    "foreign",
    [
        {"status": "success", "data": [{"id": 1}]},
        {"status": "success", "data": {"id": 1}},
        {"status": "ok", "data": []},
        {"status": "success", "data": [], "page": 1},
        {"status": "success"},
    ],
)
def test_the_envelope_alone_is_everybodys(foreign):
    assert format_of(source(foreign)) is None


# CloudWatch


def emf(properties, dimensions=(("service",),), metrics=("Rows",)):
    directive = {
        "Namespace": "KFM/ETL",
        "Dimensions": [list(keys) for keys in dimensions],
        "Metrics": [{"Name": name} for name in metrics],
    }
    return {"_aws": {"Timestamp": 1, "CloudWatchMetrics": [directive]}, **properties}


def test_emf_only_listed_dimensions_are_labels():
    facts = read(emf({"service": "etl", "request_id": "0000-1", "Rows": 3}))
    assert facts == (
        MetricFamily(
            subject="KFM/ETL Rows",
            origin=Origin("metrics.json", "/_aws/CloudWatchMetrics/0"),
            name="Rows",
            namespace="KFM/ETL",
            labels=(Label("service", ("etl",), 1, 0, Origin("metrics.json", "/service")),),
            series=1,
        ),
    )


def test_emf_every_dimension_set_is_a_series():
    family = families(read(emf({"service": "etl", "env": "prod"}, [["service"], ["service", "env"], []])))
    assert (family["KFM/ETL Rows"].series, labels(family["KFM/ETL Rows"])) == (
        3,
        {"service": ("etl",), "env": ("prod",)},
    )


@pytest.mark.parametrize("write", [json.dumps, lambda events: lines(*events)])
def test_emf_events_are_reported_one_after_the_other(write):
    events = [emf({"service": f"s{number}", "Rows": 1}) for number in range(4)]
    (service,) = families(read(write(events)))["KFM/ETL Rows"].labels
    assert (service.distinct, service.late) == (4, 2)


def test_emf_between_other_lines_of_a_log():
    text = lines({"level": "INFO", "message": "start"}, emf({"service": "etl"}), {"level": "INFO"})
    facts = read(text)
    assert list(families(facts)) == ["KFM/ETL Rows"]
    assert lost(facts) == []


def test_emf_what_cloudwatch_would_drop_is_lost():
    facts = read(
        [
            emf({"service": 3}),
            emf({}),
            emf({"service": "etl"}, metrics=(7,)),
            {"_aws": {"CloudWatchMetrics": "x"}},
            emf({"service": "etl"}),
        ]
    )
    assert families(facts)["KFM/ETL Rows"].series == 1
    assert lost(facts) == [
        ("dimension service", "is a number where a string belongs", "/0/service", 0),
        (
            "dimension set",
            "names the dimension `service`, which the event does not hold",
            "/1/_aws/CloudWatchMetrics/0",
            0,
        ),
        (
            "metric directive",
            "holds a number as `Name`, where a string belongs",
            "/2/_aws/CloudWatchMetrics/0",
            0,
        ),
        ("all metric directives", "is a string where an array belongs", "/3/_aws/CloudWatchMetrics", 0),
    ]


def listed(name, namespace="KFM/Tiles", **dimensions):
    named = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    return {"Namespace": namespace, "MetricName": name, "Dimensions": named}


def test_list_metrics():
    facts = read(
        {
            "Metrics": [
                listed("Build", layer="soil"),
                listed("Build", layer="water"),
                listed("Build", "KFM/Other", layer="soil"),
            ],
            "NextToken": None,
        }
    )
    found = families(facts)
    assert list(found) == ["KFM/Tiles Build", "KFM/Other Build"]
    assert found["KFM/Tiles Build"].series == 2
    assert found["KFM/Tiles Build"].labels == (
        Label("layer", ("soil", "water"), 2, 0, Origin("metrics.json", "/Metrics/0/Dimensions/0/Value")),
    )


def test_list_metrics_wrong_types():
    facts = read({"Metrics": [listed("Build", layer="soil"), listed("Build", layer=3), {"MetricName": "x"}]})
    assert list(families(facts)) == ["KFM/Tiles Build"]
    assert [pointer for _, _, pointer, _ in lost(facts)] == ["/Metrics/1", "/Metrics/2"]


def test_list_metrics_that_goes_on_lacks_the_pages_that_follow():
    first, second = {"Metrics": [listed("Build")], "NextToken": "x"}, {"Metrics": [listed("Serve")]}
    cause = "is one page of several: its last NextToken leads to more"
    assert lost(read(first)) == [("the pages that follow", cause, "/NextToken", 0)]
    assert lost(read(lines(first, second))) == []
    assert lost(read(lines(second, first))) == [("the pages that follow", cause, "/NextToken", 2)]


def test_list_metrics_of_nothing_gives_no_fact():
    assert read({"Metrics": []}) == ()


def test_metric_data_is_refused_with_the_cure():
    (refused,) = read({"MetricDataResults": [{"Id": "m1", "Label": "x", "Values": [1]}]})
    assert "no dimensions" in refused.cause
    assert "list-metrics" in refused.cure


def test_metrics_is_a_word_of_many():
    assert format_of(source({"Metrics": [{"name": "x"}]})) is None
    assert format_of(source({"Metrics": [], "Rules": []})) is None
    assert format_of(source({"Metrics": {"MetricName": 1}})) is None


# The kind


def test_refused_formats_are_recognised_so_that_they_are_never_ignored():
    assert format_of(source({"MetricDataResults": []})) is Format.METRIC_DATA
    assert format_of(source({"resourceSpans": []})) is Format.OTLP


@pytest.mark.parametrize("content", ["{}", "[]", "[1]", "hello", "", "[", '{"a": 1}', "# a comment\n"])
def test_what_is_no_telemetry_is_not_recognised(content):
    assert not KIND.recognise(source(content, "notes.txt"))


@pytest.mark.parametrize("content", ["{}", "hello", "", "["])
def test_a_file_that_was_said_to_be_telemetry_and_is_not_is_lost(content):
    (fact,) = KIND.read(source(content), CONTEXT).facts
    assert isinstance(fact, UnreadableInput)


@pytest.mark.parametrize("indent", [None, 1, 2, 4, "\t"])
def test_a_document_that_is_cut_off_is_claimed_by_how_it_begins(indent):
    text = json.dumps(export(metric("m", attributes(a="1"))), indent=indent)
    cut = source(text[:80], "dump.json")
    assert not KIND.recognise(cut)
    assert KIND.claims(cut)
    deep = {"about": {"something": {"else": {"resourceMetrics": []}}}}
    assert not KIND.claims(source(json.dumps(deep, indent=2), "dump.json"))
