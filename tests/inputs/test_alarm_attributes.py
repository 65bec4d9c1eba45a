"""What an alarm's numbers, queries and suppressor become: three values each, and what the thing was before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.evidence.alarm.series import often_silent, periods_of, series_of, watched
from kfm_audit.facts import (
    ActionsSuppressor,
    CompositeAlarm,
    MetricAlarm,
    MetricQuery,
    MetricStat,
    UnreadableInput,
)
from kfm_audit.inputs.kind import ReadContext
from kfm_audit.inputs.source import Source
from kfm_audit.inputs.terraform.plan import KIND
from kfm_audit.policy.model import Policy
from kfm_audit.values import ABSENT, Known, Reference, ReferenceKind, Unknown

CONTEXT = ReadContext(Policy(policy=1, name="test"), Path("/base"), Path("/base"))
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = (
    *("evaluation_periods", "datapoints_to_alarm", "threshold", "period", "statistic", "treat_missing_data"),
    *("metric_query", "comparison_operator", "unit", "threshold_metric_id", "region"),
    *("dimensions", "tags", "alarm_name"),
)


def facts(after: object, kind: str = "aws_cloudwatch_metric_alarm", **change: object) -> tuple:
    document = {
        "format_version": "1.2",
        "resource_changes": [
            {
                "address": f"{kind}.a",
                "mode": "managed",
                "type": kind,
                "name": "a",
                "change": {"actions": ["create"], "after": after, "after_unknown": {}, **change},
            }
        ],
    }
    return KIND.read(Source("tfplan.json", None, json.dumps(document).encode()), CONTEXT).facts


def alarm(after: object, **change: object) -> MetricAlarm:
    (fact,) = facts(after, **change)
    assert isinstance(fact, MetricAlarm)
    return fact


UNRESOLVED = ReferenceKind.UNRESOLVED
QUERY_UNKNOWN = Unknown((Reference("aws_cloudwatch_metric_alarm.a.metric_query", UNRESOLVED),))


@pytest.mark.parametrize(
    ("written", "read"),
    [(60, Known(60)), ("60", Known(60)), (60.0, Known(60)), (0, ABSENT), (None, ABSENT)],
)
def test_a_period_converts_as_in_terraform_and_0_is_unset(written, read) -> None:
    assert alarm({"period": written}).period == read


@pytest.mark.parametrize(
    ("written", "read"), [(0, Known(0)), ("0.5", Known(0.5)), (2.0, Known(2)), ("1e3", Known(1000))]
)
def test_a_threshold_of_0_is_a_threshold(written, read) -> None:
    assert alarm({"threshold": written}).threshold == read


@pytest.mark.parametrize("written", ["soon", True, 1.5, [], {}, "nan", "inf", "1e400"])
def test_what_is_no_whole_number_is_lost_and_said(written) -> None:
    read, lost = facts({"evaluation_periods": written})
    assert isinstance(read.evaluation_periods, Unknown)
    assert isinstance(lost, UnreadableInput)


def test_defaults_and_effective_datapoints() -> None:
    fact = alarm(
        {"evaluation_periods": 5, "datapoints_to_alarm": 0, "statistic": "", "treat_missing_data": None}
    )
    assert (fact.datapoints, fact.statistic, fact.treat_missing_data) == (Known(5), ABSENT, Known("missing"))
    assert alarm({"evaluation_periods": 5, "datapoints_to_alarm": 3}).datapoints == Known(3)


QUERIES = [
    {
        "id": "e",
        "expression": "",
        "label": None,
        "period": 0,
        "return_data": None,
        "metric": [
            {
                "namespace": "AWS/Lambda",
                "metric_name": "Errors",
                "dimensions": {"FunctionName": "f"},
                "period": "60",
            }
        ],
    },
    {"id": "r", "expression": "e*2", "return_data": True, "metric": []},
]


def test_queries_are_typed() -> None:
    fact = alarm({"metric_query": QUERIES, "period": 0, "metric_name": ""})
    assert fact.metric_query == Known(
        (
            MetricQuery(
                at="metric_query/0",
                id=Known("e"),
                metric=MetricStat(
                    namespace=Known("AWS/Lambda"),
                    metric_name=Known("Errors"),
                    dimensions=Known({"FunctionName": "f"}),
                    period=Known(60),
                ),
            ),
            MetricQuery(at="metric_query/1", id=Known("r"), expression=Known("e*2"), return_data=Known(True)),
        )
    )
    assert periods_of(fact) == (("metric_query/0/metric/0/period", Known(60)),)
    assert watched(fact) is None
    assert often_silent(fact)


def test_one_unknown_in_a_query_leaves_the_others_known() -> None:
    marks = {"metric_query": [{"metric": [{"period": True, "dimensions": {}}]}, {}]}
    fact = alarm({"metric_query": QUERIES}, after_unknown=marks)
    (series,) = series_of(fact)
    assert (series.period, series.namespace) == (QUERY_UNKNOWN, Known("AWS/Lambda"))


@pytest.mark.parametrize(
    ("after", "marks"),
    [
        ({}, {"metric_query": True}),
        # Plans of format 0.1 leave unknown elements out of `after`: what is left cannot be told apart.
        ({"metric_query": QUERIES[1:]}, {"metric_query": [True, {}]}),
    ],
)
def test_queries_that_cannot_be_counted_are_unknown(after, marks) -> None:
    fact = alarm(after, after_unknown=marks)
    assert fact.metric_query == QUERY_UNKNOWN
    assert series_of(fact) == QUERY_UNKNOWN
    assert periods_of(fact) == (("metric_query", QUERY_UNKNOWN),)


def test_no_queries_are_absent() -> None:
    assert [alarm({"metric_query": value}).metric_query for value in ([], None)] == [ABSENT, ABSENT]


def test_a_secret_query_stays_secret() -> None:
    fact = alarm({"metric_query": QUERIES}, after_sensitive={"metric_query": True})
    (series,) = series_of(fact)
    assert series.is_secret
    assert series.name == "a metric"


def test_the_suppressor_of_a_composite() -> None:
    block = [{"alarm": "prod-maintenance", "wait_period": 60, "extension_period": "120"}]
    (fact,) = facts({"actions_suppressor": block}, "aws_cloudwatch_composite_alarm")
    assert isinstance(fact, CompositeAlarm)
    assert fact.actions_suppressor == ActionsSuppressor(
        alarm=Known("prod-maintenance"), wait_period=Known(60), extension_period=Known(120)
    )
    (fact,) = facts({"actions_suppressor": []}, "aws_cloudwatch_composite_alarm")
    assert fact.actions_suppressor is None


def test_a_change_knows_what_was_before() -> None:
    fact = alarm({"alarm_name": "new"}, actions=["delete", "create"], before={"alarm_name": "old"})
    assert isinstance(fact.before, MetricAlarm)
    assert (fact.before.alarm_name, fact.alarm_name) == (Known("old"), Known("new"))
    assert fact.before.before is None
    assert alarm({"alarm_name": "new"}, actions=["update"]).before is None


def test_the_past_is_not_complained_of() -> None:
    fact = alarm({"period": 60}, actions=["update"], before={"period": "soon"})
    assert isinstance(fact.before, MetricAlarm)
    assert isinstance(fact.before.period, Unknown)


@given(
    st.dictionaries(st.sampled_from(NAMES), JSON_VALUES), st.dictionaries(st.sampled_from(NAMES), JSON_VALUES)
)
def test_any_values_become_facts_or_are_lost(after, marks) -> None:
    fact, *lost = facts(after, after_unknown=marks)
    assert isinstance(fact, MetricAlarm)
    assert all(isinstance(item, UnreadableInput) for item in lost)
    series_of(fact)
    periods_of(fact)
    often_silent(fact)
