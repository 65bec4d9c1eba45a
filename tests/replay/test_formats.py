"""History in all its formats: what is read, what is lost, and that nothing is ever taken for more than it says."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kfm_audit.replay.formats import metric_data
from kfm_audit.replay.formats.files import read_history
from kfm_audit.replay.formats.reading import Wanted
from kfm_audit.replay.history import History

ERRORS = ("AWS/Lambda", "Errors", (("FunctionName", "prod-load"),), "Sum")
AGE = ("AWS/SQS", "ApproximateAgeOfOldestMessage", (("QueueName", "prod-soils"),), "Maximum")
P90 = ("AWS/Lambda", "Duration", (("FunctionName", "prod-load"),), "p90")
WANTED = Wanted(frozenset({ERRORS, AGE, P90}))
START = 1769817600


def stamp(minute: int) -> str:
    return datetime.fromtimestamp(START + 60 * minute, UTC).isoformat()


def told(history: History) -> dict[str, tuple[int, int, list[float | None]]]:
    return {
        f"{item.metric_name} {item.statistic}": (
            item.start - START,
            item.interval,
            [None if np.isnan(value) else value for value in item.values.tolist()],
        )
        for item in history
    }


def read(tmp_path, *contents: object, wanted: Wanted = WANTED, suffix: str = ".json"):
    for number, content in enumerate(contents):
        text = content if isinstance(content, str) else json.dumps(content)
        (tmp_path / f"{number}{suffix}").write_text(text)
    return read_history([tmp_path], wanted)


def queries(*keys):
    return [json.loads(text) for text in metric_data.queries([(key, 60) for key in keys])]


def test_an_answer_to_our_own_queries_says_what_it_is_of(tmp_path):
    asked = queries(ERRORS, AGE)[0]
    answer = {
        "MetricDataResults": [
            {
                "Id": query["Id"],
                "Label": query["Label"],
                # Newest first, as CloudWatch answers; one minute is missing.
                "Timestamps": [stamp(3), stamp(1), stamp(0)],
                "Values": [3.5, 1.0, 0.0],
                "StatusCode": "Complete",
            }
            for query in asked
        ],
        "Messages": [],
    }
    history, lost = read(tmp_path, answer)
    values = [0.0, 1.0, None, 3.5]
    assert told(history) == {
        "Errors Sum": (0, 60, values),
        "ApproximateAgeOfOldestMessage Maximum": (0, 60, values),
    }
    assert lost == ()


def test_an_answer_is_read_beside_the_queries_that_others_wrote(tmp_path):
    query = {
        "Id": "m1",
        "MetricStat": {
            "Metric": {
                "Namespace": "AWS/Lambda",
                "MetricName": "Errors",
                "Dimensions": [{"Name": "FunctionName", "Value": "prod-load"}],
            },
            "Period": 300,
            "Stat": "Sum",
        },
        "ReturnData": True,
    }
    pages = [
        {"MetricDataResults": [{"Id": "m1", "Label": "Errors", "Timestamps": [START], "Values": [1]}]},
        {"MetricDataResults": [{"Id": "m1", "Label": "Errors", "Timestamps": [START + 300], "Values": [2]}]},
    ]
    for questions in ([query], {"MetricDataQueries": [query], "StartTime": "2026-01-31T00:00:00Z"}):
        history, lost = read(tmp_path, questions, *pages)
        assert (told(history), lost) == ({"Errors Sum": (0, 300, [1.0, 2.0])}, ())


def test_a_metric_that_was_asked_for_and_had_no_data_is_known_to_have_none(tmp_path):
    label = queries(ERRORS)[0][0]["Label"]
    history, lost = read(
        tmp_path, {"MetricDataResults": [{"Id": "s0", "Label": label, "Timestamps": [], "Values": []}]}
    )
    assert history.get(ERRORS) is not None
    assert (history.start, history.stop, lost) == (0, 0, ())


@pytest.mark.parametrize(
    ("result", "cause"),
    [
        (
            {"Id": "m1", "Label": "Errors", "Timestamps": [], "Values": []},
            "1 results do not say what they are of",
        ),
        ({"Id": 3}, "result 0 cannot be read: Expected `str`, got `int` - at `$.Id`"),
        ({"Timestamps": [stamp(0)], "Values": [1, 2]}, "result 0 cannot be read"),
        ({"Timestamps": ["yesterday"], "Values": [1]}, "result 0 cannot be read"),
        ({"Timestamps": [0, 4e15], "Values": [1, 2]}, "lie further apart than any history"),
        ({"Timestamps": [1e300], "Values": [1]}, "cannot be read"),
        ({"Timestamps": [0], "Values": [1], "StatusCode": "InternalError"}, "is InternalError"),
        ("nonsense", "result 0 cannot be read"),
    ],
)
def test_what_is_lost_of_an_answer_is_said(tmp_path, result, cause):
    label = {"Label": queries(ERRORS)[0][0]["Label"]}
    result = {**label, **result} if isinstance(result, dict) else result
    _, lost = read(tmp_path, {"MetricDataResults": [result]})
    assert len(lost) == 1
    assert cause in lost[0].cause


def page(status: str, *minutes: int) -> dict:
    label = queries(ERRORS)[0][0]["Label"]
    times = [stamp(minute) for minute in minutes]
    result = {
        "Id": "s0",
        "Label": label,
        "Timestamps": times,
        "Values": [1.0] * len(times),
        "StatusCode": status,
    }
    return {"MetricDataResults": [result]}


def test_an_answer_of_which_a_page_is_missing_is_said_to_be_in_part_only(tmp_path):
    history, lost = read(tmp_path, page("PartialData", 0, 1))
    assert told(history) == {"Errors Sum": (0, 60, [1.0, 1.0])}
    assert [(item.cause, item.cure) for item in lost] == [
        (
            "holds AWS/Lambda Errors Sum in part only (PartialData), and no other file the rest",
            "fetch the pages that follow (NextToken), and lay them beside it",
        )
    ]


def test_a_page_is_completed_by_the_next_wherever_it_is(tmp_path):
    history, lost = read(tmp_path, page("Complete", 2), page("PartialData", 0, 1))
    assert (told(history), lost) == ({"Errors Sum": (0, 60, [1.0, 1.0, 1.0])}, ())
    both = {
        "MetricDataResults": [
            *page("PartialData", 0)["MetricDataResults"],
            *page("Complete", 1)["MetricDataResults"],
        ]
    }
    (tmp_path / "one").mkdir()
    history, lost = read(tmp_path / "one", both)
    assert (told(history), lost) == ({"Errors Sum": (0, 60, [1.0, 1.0])}, ())


@pytest.mark.parametrize("time", [-60, 1769817600000])
def test_times_that_are_none_of_ours_are_said_to_be_so(tmp_path, time):
    lines = "".join(f"{time + 60 * at},AWS/Lambda,Errors,FunctionName=f,Sum,1\n" for at in range(9))
    wanted = Wanted(frozenset({("AWS/Lambda", "Errors", (("FunctionName", "f"),), "Sum")}))
    text = "timestamp,namespace,metric,dimensions,statistic,value\n" + lines
    history, (lost,) = read(tmp_path, text, wanted=wanted, suffix=".csv")
    assert len(history) == 0
    assert lost.cure == "give times in seconds since 1970 (not in milliseconds), or as ISO 8601"


def test_queries_are_asked_as_many_at_a_time_as_one_request_takes():
    keys = [("AWS/SQS", "NumberOfMessagesSent", (("QueueName", f"q{n}"),), "Sum") for n in range(501)]
    made = queries(*keys)
    assert [len(file) for file in made] == [500, 1]
    assert made[1][0] == {
        "Id": "s500",
        "Label": '{"Namespace":"AWS/SQS","MetricName":"NumberOfMessagesSent","Stat":"Sum","Period":60,'
        '"Dimensions":{"QueueName":"q500"}}',
        "MetricStat": {
            "Metric": {
                "Namespace": "AWS/SQS",
                "MetricName": "NumberOfMessagesSent",
                "Dimensions": [{"Name": "QueueName", "Value": "q500"}],
            },
            "Period": 60,
            "Stat": "Sum",
        },
    }


CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "telemetry"


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real documents (../shared/corpus) is not here")
def test_an_answer_that_boto3_printed(tmp_path):
    depth = ("AWS/SQS", "ApproximateNumberOfMessagesVisible", (("QueueName", "prod-soils"),), "Maximum")
    query = json.loads(next(metric_data.queries([(depth, 60)])))[0]
    (tmp_path / "queries.json").write_text(json.dumps([{**query, "Id": "m1"}]))
    files = [tmp_path, CORPUS / "cloudwatch" / "get_metric_data.json"]
    history, lost = read_history(files, Wanted(frozenset({depth})))
    found = history.get(depth)
    assert found is not None
    assert lost == ()
    assert (found.start, found.values.tolist()) == (
        int(datetime(2025, 12, 6, 12, tzinfo=UTC).timestamp()),
        [3.0],
    )


def metric_stream(minute: int, value: float) -> dict:
    """The form of the CloudWatch user guide, "Metric streams: OpenTelemetry 1.0.0 format", as JSON."""
    dimensions = [{"key": "QueueName", "value": {"stringValue": "prod-soils"}}]
    return {
        "resourceMetrics": [
            {
                "resource": {"attributes": [{"key": "cloud.region", "value": {"stringValue": "us-east-1"}}]},
                "scopeMetrics": [
                    {
                        "metrics": [
                            {
                                "name": "amazonaws.com/AWS/SQS/ApproximateAgeOfOldestMessage",
                                "unit": "{Seconds}",
                                "summary": {
                                    "dataPoints": [
                                        {
                                            "attributes": [
                                                {"key": "Namespace", "value": {"stringValue": "AWS/SQS"}},
                                                {
                                                    "key": "MetricName",
                                                    "value": {"stringValue": "ApproximateAgeOfOldestMessage"},
                                                },
                                                {
                                                    "key": "Dimensions",
                                                    "value": {"kvlistValue": {"values": dimensions}},
                                                },
                                            ],
                                            "startTimeUnixNano": str((START + 60 * minute) * 10**9),
                                            "timeUnixNano": str((START + 60 * minute + 60) * 10**9),
                                            "count": "2",
                                            "sum": value + 1,
                                            "quantileValues": [
                                                {"quantile": 0, "value": 1.0},
                                                {"quantile": 0.9, "value": 1.5},
                                                {"quantile": 1, "value": value},
                                            ],
                                        }
                                    ]
                                },
                            }
                        ]
                    }
                ],
            }
        ]
    }


@pytest.mark.parametrize("lines", [False, True])
def test_a_metric_stream(tmp_path, lines):
    names = ["Sum", "SampleCount", "Average", "Minimum", "p90", "Maximum"]
    wanted = Wanted(frozenset((*AGE[:3], name) for name in names))
    documents = [metric_stream(0, 5.0), metric_stream(2, 7.0)]
    contents = ["\n".join(map(json.dumps, documents))] if lines else documents
    history, lost = read(tmp_path, *contents, wanted=wanted)
    assert lost == ()
    assert told(history) == {
        f"ApproximateAgeOfOldestMessage {name}": (0, 60, [one, None, other])
        for name, one, other in (
            ("Sum", 6.0, 8.0),
            ("SampleCount", 2.0, 2.0),
            ("Average", 3.0, 4.0),
            ("Minimum", 1.0, 1.0),
            ("p90", 1.5, 1.5),
            ("Maximum", 5.0, 7.0),
        )
    }


@pytest.mark.parametrize(
    "labels",
    [
        {
            "__name__": "aws_lambda_errors_sum",
            "function_name": "prod-load",
            "job": "cloudwatch",
            "instance": "",
        },
        {"__name__": "aws_lambda_errors_sum", "dimension_FunctionName": "prod-load", "region": "us-east-1"},
    ],
)
def test_prometheus_by_the_names_of_two_exporters(tmp_path, labels):
    values = [[START + 60 * minute, text] for minute, text in enumerate(["1", "0.5", "NaN", "2"])]
    result = [
        {"metric": labels, "values": values},
        {"metric": {**labels, "dimension_Resource": "prod-load:live"}, "values": values},
        {"metric": {**labels, "function_name": "other", "dimension_FunctionName": "other"}, "values": values},
        {"metric": {"__name__": "up"}, "values": values},
    ]
    answer = {"status": "success", "data": {"resultType": "matrix", "result": result}}
    history, lost = read(tmp_path, answer)
    assert (told(history), lost) == ({"Errors Sum": (0, 60, [1.0, 0.5, None, 2.0])}, ())


def test_prometheus_at_one_moment_is_no_history(tmp_path):
    answer = {"status": "success", "data": {"resultType": "vector", "result": []}}
    _, lost = read(tmp_path, answer)
    assert [item.cause for item in lost] == ["holds a vector: one moment, not a range"]


def test_a_table(tmp_path):
    text = (
        "Timestamp,Namespace,Metric,Dimensions,Statistic,Value,Period\n"
        f"{stamp(0)},AWS/Lambda,Errors,FunctionName=prod-load,Sum,1,60\n"
        f"{START + 120},AWS/Lambda,Errors,FunctionName=prod-load,Sum,2.5,60\n"
        "2026-01-31 00:05:00,AWS/SQS,ApproximateAgeOfOldestMessage,QueueName=prod-soils,Maximum,7,300\n"
        "2026-01-31T00:05:00,AWS/SQS,NumberOfMessagesSent,QueueName=prod-soils,Sum,7,300\n"
        "\n"
        "soon,AWS/Lambda,Errors,FunctionName=prod-load,Sum,1,60\n"
        "1769817600,AWS/Lambda,Errors,prod-load,Sum,1,60\n"
        "1769817600,AWS/Lambda\n"
        "1769817600,AWS/Lambda,Errors,,Sum,1,0\n"
    )
    history, lost = read(tmp_path, text, suffix=".csv")
    assert told(history) == {
        "Errors Sum": (0, 60, [1.0, None, 2.5]),
        "ApproximateAgeOfOldestMessage Maximum": (300, 300, [7.0]),
    }
    assert [item.cause for item in lost] == [
        "line 7 cannot be read: Invalid isoformat string: 'soon'",
        "line 8 cannot be read: 'prod-load' is no dimension: write NAME=VALUE",
        "line 9 cannot be read: list index out of range",
        "1 more lines cannot be read",
    ]


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        ("time,value\n1,2\n", "has no column namespace or metric or statistic"),
        ("", "has no column"),
        ("[1, 2]", "is a JSON list, and no history"),
        ("{}", "is JSON, but no history that is known"),
        ("{", "is no JSON"),
        ('timestamp,namespace,metric,statistic,value\n"1', "is no CSV"),
    ],
)
def test_what_is_no_history_is_said(tmp_path, content, cause):
    history, lost = read(tmp_path, content)
    assert len(history) == 0
    assert [cause in item.cause for item in lost] == [True]


def test_a_file_that_cannot_be_opened_is_lost(tmp_path):
    _, lost = read_history([tmp_path / "nowhere.json"], WANTED)
    assert [item.cause for item in lost] == ["cannot be read: No such file or directory"]


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=10,
)
LABEL = metric_data.Label("AWS/Lambda", "Errors", "Sum", 60, {"FunctionName": "prod-load"})
DOCUMENTS = st.one_of(
    VALUES,
    st.fixed_dictionaries({"MetricDataResults": st.one_of(VALUES, st.lists(
        st.fixed_dictionaries({"Label": st.just(json.dumps({"Namespace": "AWS/Lambda", "MetricName": "Errors", "Stat": "Sum", "Period": 60, "Dimensions": {"FunctionName": "prod-load"}})), "Timestamps": VALUES, "Values": st.one_of(VALUES, st.lists(st.floats(), max_size=3))}), max_size=2))}),
    st.fixed_dictionaries({"resourceMetrics": VALUES}),
    st.fixed_dictionaries({"resourceMetrics": st.lists(st.fixed_dictionaries({"scopeMetrics": VALUES}), max_size=2)}),
    st.fixed_dictionaries({"status": VALUES, "data": VALUES}),
    st.fixed_dictionaries({"status": st.just("success"), "data": st.fixed_dictionaries({"resultType": st.just("matrix"), "result": st.one_of(VALUES, st.lists(st.fixed_dictionaries({"metric": VALUES, "values": VALUES}), max_size=2))})}),
    st.fixed_dictionaries({"MetricDataQueries": VALUES}),
)  # fmt: skip


@given(
    st.one_of(
        st.binary(max_size=200),
        st.text(max_size=200).map(str.encode),
        DOCUMENTS.map(lambda d: json.dumps(d).encode()),
    )
)
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_history_or_lost(tmp_path_factory, data):
    file = tmp_path_factory.mktemp("any") / "history.json"
    file.write_bytes(data)
    history, lost = read_history([file], WANTED)
    assert all(item.cause and item.cure for item in lost)
    for item in history:
        assert item.interval > 0
        assert WANTED.has(item.key)
