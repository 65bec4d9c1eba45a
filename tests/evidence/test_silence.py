"""The state in which an alarm ends when data stops: what is known of it, and what is not."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from kfm_audit.aws.alarm_evaluation import Treatment
from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.evidence.alarm.silence import Silence, silence, treatment_of
from kfm_audit.facts import MetricAlarm, MetricQuery, MetricStat, PromqlCriteria
from kfm_audit.values import ABSENT, Known, Origin, Reference, ReferenceKind, Unknown

ALARM, OK, INSUFFICIENT_DATA = AlarmState
LATER = Unknown((Reference(name="aws_x.y", kind=ReferenceKind.RESOURCE),))


def alarm(**more):
    fields = {
        "namespace": Known("AWS/Lambda"),
        "metric_name": Known("Errors"),
        "comparison_operator": Known("GreaterThanThreshold"),
        "threshold": Known(5.0),
    }
    return MetricAlarm(subject="a", origin=Origin("x"), resource_name="a", **(fields | more))


def on_math(text, namespace="AWS/Lambda", **more):
    stat = MetricStat(
        namespace=Known(namespace), metric_name=Known("Errors"), period=Known(60), stat=Known("Sum")
    )
    queries = (
        MetricQuery(at="metric_query/0", id=Known("e"), metric=stat),
        MetricQuery(at="metric_query/1", id=Known("r"), expression=text, return_data=Known(True)),
    )
    return alarm(namespace=ABSENT, metric_name=ABSENT, metric_query=Known(queries), **more)


@pytest.mark.parametrize(
    ("treat", "from_alarm", "from_ok"),
    [
        ("missing", INSUFFICIENT_DATA, INSUFFICIENT_DATA),
        ("ignore", ALARM, OK),
        ("breaching", ALARM, ALARM),
        ("notBreaching", OK, OK),
    ],
)
def test_a_single_metric_ends_by_its_treatment(treat, from_alarm, from_ok) -> None:
    one = alarm(treat_missing_data=Known(treat))
    assert silence(one, ALARM) == Silence((from_alarm,))
    assert silence(one, OK) == Silence((from_ok,))
    # Nothing else of the alarm decides.
    bare = replace(one, threshold=LATER, comparison_operator=LATER, evaluation_periods=LATER)
    assert silence(bare, ALARM) == Silence((from_alarm,))


def test_tables_are_ignored_by_default() -> None:
    unset = alarm(treat_missing_data=ABSENT)
    assert treatment_of(unset) is Treatment.MISSING
    assert treatment_of(replace(unset, namespace=Known("AWS/DynamoDB"))) is Treatment.IGNORE
    assert treatment_of(on_math(Known("e"), "AWS/DynamoDB", treat_missing_data=ABSENT)) is Treatment.IGNORE
    assert treatment_of(
        replace(unset, namespace=Known("AWS/DynamoDB"), treat_missing_data=Known("missing"))
    ) is (Treatment.MISSING)


@pytest.mark.parametrize(
    ("text", "more", "expected"),
    [
        ("2 * e", {}, Silence((INSUFFICIENT_DATA,))),
        ("FILL(e, 0)", {}, Silence((OK, INSUFFICIENT_DATA), filled=True)),
        ("FILL(e, 0)", {"treat_missing_data": Known("notBreaching")}, Silence((OK,), filled=True)),
        # The filled value stands there while the range still holds data, and its state is then kept.
        ("FILL(e, 0)", {"treat_missing_data": Known("ignore")}, Silence((OK,), filled=True)),
        ("FILL(e, 9)", {"treat_missing_data": Known("ignore")}, Silence((ALARM,), filled=True)),
        ("FILL(e, REPEAT)", {}, Silence((INSUFFICIENT_DATA, ALARM), repeated=True)),
        ("FILL(e, REPEAT)", {"treat_missing_data": Known("ignore")}, Silence((ALARM,), repeated=True)),
        ("TIME_SERIES(9)", {"treat_missing_data": Known("notBreaching")}, Silence((ALARM,), filled=True)),
    ],
)
def test_an_expression_ends_by_what_it_gives(text, more, expected) -> None:
    assert silence(on_math(Known(text), **more), ALARM) == expected


def test_what_is_known_only_after_apply() -> None:
    assert silence(alarm(treat_missing_data=LATER), OK) is LATER
    assert silence(on_math(LATER), OK) is LATER
    assert silence(on_math(Known("FILL(e, 0)"), threshold=LATER), OK) is LATER
    assert silence(on_math(Known("FILL(e, 0)"), treat_missing_data=LATER), OK) is LATER
    assert silence(on_math(Known("TIME_SERIES(1)"), treat_missing_data=LATER), OK) == Silence(
        (OK,), filled=True
    )
    assert silence(replace(alarm(), metric_query=LATER), OK) is LATER


def test_what_only_cloudwatch_can_tell() -> None:
    assert silence(alarm(treat_missing_data=Known("sometimes")), OK) is None
    assert silence(on_math(Known("e +")), OK) is None
    assert silence(on_math(Known("IF(HOUR(e) > 3, FILL(e, 0))")), OK) is None
    assert silence(on_math(Known("FILL(e, 0)"), comparison_operator=Known("more")), OK) is None
    band = on_math(Known("ANOMALY_DETECTION_BAND(e)"), threshold_metric_id=Known("r"))
    assert silence(band, OK) == Silence((INSUFFICIENT_DATA,))


def test_a_promql_alarm_has_no_data_to_miss() -> None:
    # CloudWatch user guide, "PromQL alarms": a series that is not returned is one that recovers.
    criteria = PromqlCriteria(query=Known("up == 0"), pending_period=Known(60))
    promql = alarm(namespace=ABSENT, metric_name=ABSENT, promql_criteria=Known(criteria))
    assert silence(promql, ALARM) is None
    assert silence(promql, OK) is None
    # What reads a metric is none, whatever a `dynamic` block may hold.
    assert silence(alarm(promql_criteria=LATER), OK) == Silence((INSUFFICIENT_DATA,))
