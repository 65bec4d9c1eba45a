"""What the contract counts on an alarm for is what sets such an alarm off, by what AWS says of its metrics."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.drill.modes import HEALTHY, MODES, NAMESPACES
from kfm_audit.evidence import Evidence
from kfm_audit.facts import MetricAlarm, MetricQuery, MetricStat
from kfm_audit.policy.contract import SINGLE, promises
from kfm_audit.policy.load import load_policy
from kfm_audit.policy.model import Policy
from kfm_audit.simulation.series import InputSeries
from kfm_audit.simulation.simulate import simulate
from kfm_audit.values import Known, Origin

OPERATORS = {
    ">=": "GreaterThanOrEqualToThreshold",
    ">": "GreaterThanThreshold",
    "<": "LessThanThreshold",
    "<=": "LessThanOrEqualToThreshold",
}
HEALTH, FAILURE = 30, 360
"""Minutes."""

PROMISES = promises(load_policy("kfm-v11").policy.alarms)
MODE = {mode.name: mode for mode in MODES}
PAIRS = [
    (promise, mode)
    for promise in PROMISES
    for mode in MODES
    if any((promise.resource, name) in mode.shapes for _, name in promise.metrics.values())
]


def alarm(promise):
    """The alarm that the promise asks for, in its own words."""
    fields = {
        "comparison_operator": Known(OPERATORS[promise.operator]),
        "threshold": Known(promise.threshold),
        "evaluation_periods": Known(promise.window // 60),
        "datapoints_to_alarm": Known(promise.datapoints),
        "treat_missing_data": Known("notBreaching"),
    }
    stats = {
        id_: MetricStat(
            namespace=Known(namespace),
            metric_name=Known(name),
            period=Known(60),
            stat=Known(promise.statistics[0]),
        )
        for id_, (namespace, name) in promise.metrics.items()
    }
    if promise.expression == SINGLE:
        stat = stats[SINGLE]
        fields |= {"namespace": stat.namespace, "metric_name": stat.metric_name}
        fields |= {"statistic": stat.stat, "period": stat.period}
    else:
        queries = [MetricQuery(at=id_, id=Known(id_), metric=stat) for id_, stat in stats.items()]
        queries.append(
            MetricQuery(at="r", id=Known("r"), expression=Known(promise.expression), return_data=Known(True))
        )
        fields["metric_query"] = Known(tuple(queries))
    return MetricAlarm(subject=promise.name, origin=Origin("x"), resource_name=promise.name, **fields)


def goes_off(promise, mode):
    one = alarm(promise)
    series = []
    for namespace, name in promise.metrics.values():
        assert NAMESPACES[promise.resource][0] == namespace
        healthy = HEALTHY[promise.resource][name]
        shape = mode.shapes.get((promise.resource, name))
        failing = [shape.at(minute) if shape else healthy for minute in range(FAILURE)]
        series.append(
            InputSeries(
                namespace=namespace,
                metric_name=name,
                statistic=promise.statistics[0],
                values=(*[healthy] * HEALTH, *failing),
            )
        )
    evidence = Evidence([one], Policy(policy=1), datetime(2026, 1, 1, tzinfo=UTC))
    found = simulate(
        evidence, series, start=0, stop=60 * (HEALTH + FAILURE), initial={("", one.subject): AlarmState.OK}
    )
    timeline = found.timeline(one)
    assert timeline is not None, found.refused
    return AlarmState.ALARM in {change.new for change in timeline.changes}


@pytest.mark.parametrize(
    ("promise", "name"),
    [(promise, name) for promise in PROMISES for name in promise.catches],
    ids=lambda item: item if isinstance(item, str) else item.name,
)
def test_what_an_alarm_is_to_catch_changes_its_metric(promise, name) -> None:
    # Thresholds and windows are the runbook's: a dead consumer with 900 messages is below its backlog.
    assert any((promise.resource, metric) in MODE[name].shapes for _, metric in promise.metrics.values())


def test_the_age_of_the_oldest_message_catches_no_poison_pill() -> None:
    """Amazon SQS developer guide, "Available CloudWatch metrics": a poison pill is no part of that metric."""
    promise = next(promise for promise in PROMISES if promise.name == "oldest-age-high")
    assert promise.catches == ("dead-consumer", "drip")
    assert {name: goes_off(promise, MODE[name]) for name in ("dead-consumer", "drip", "poison-pill")} == {
        "dead-consumer": True,
        "drip": True,
        "poison-pill": False,
    }


def test_every_failure_is_caught_by_an_alarm_that_it_sets_off() -> None:
    heard = {
        mode.name: {promise.name for promise, other in PAIRS if other is mode and goes_off(promise, mode)}
        & {promise.name for promise in PROMISES if mode.name in promise.catches}
        for mode in MODES
    }
    assert heard == {
        "dead-consumer": {"oldest-age-high"},
        "drip": {"oldest-age-high"},
        "poison-pill": {"error-ratio", "dlq-depth"},
        "throttle-storm": {"throttles"},
        "async-drop": {"dlq-depth"},
        "dlq-trickle": {"dlq-depth"},
    }
