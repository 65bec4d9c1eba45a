"""Alarms of one shape, and the rules that are silent on all of a shape where they are on one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import astuple, replace

from kfm_audit.alarmtests.alarms import LoadedAlarms, load_alarms
from kfm_audit.evidence import Evidence
from kfm_audit.evidence.alarm.shapes import Shapes
from kfm_audit.facts import MetricAlarm, MetricQuery, PromqlCriteria
from kfm_audit.policy.load import load_policy
from kfm_audit.rules.alm.alarm_latches import ends_in_silence
from kfm_audit.rules.judge import configure
from kfm_audit.rules.kit import Context
from kfm_audit.rules.registry import built_in_rules
from kfm_audit.testing import read_case
from kfm_audit.values import (
    ABSENT,
    Attribute,
    Known,
    Origin,
    PartMap,
    Reference,
    ReferenceKind,
    Unknown,
    known,
)

RULES = Path(__file__).parent.parent / "rules"
ONCE = [ends_in_silence]
ALIKE = [rule for rule in built_in_rules() if rule.body.alike]
SETTINGS = {"ALM005": {"minimum": 3}}
NAMES = ("x-dlq", "prod-critical-sev0", "arn:aws:sns:us-east-1:111122223333:t", "")


def dimensions(attribute: Attribute[dict[str, str]], name: str) -> Attribute[dict[str, str]]:
    if not isinstance(attribute, Known):
        return attribute
    return Known(dict.fromkeys(attribute.value, name), attribute.sensitive)


def renamed(alarm: MetricAlarm, name: str) -> MetricAlarm:
    """The alarm with every name changed, and nothing else."""
    queries = alarm.metric_query
    if isinstance(queries, Known):
        queries = Known(tuple(_query(query, name) for query in queries.value))
    return replace(
        alarm,
        subject=f'module.of["{name}"].aws_cloudwatch_metric_alarm.twin',
        origin=Origin("elsewhere.json", "/x"),
        stack="elsewhere",
        resource_name="twin",
        alarm_name=Known(name),
        arn=ABSENT,
        alarm_description=Known(f"about {name}"),
        tags=Known({"severity": name}),
        dimensions=dimensions(alarm.dimensions, name),
        metric_query=queries,
    )


def _query(query: MetricQuery, name: str) -> MetricQuery:
    if query.metric is None:
        return query
    return replace(query, metric=replace(query.metric, dimensions=dimensions(query.metric.dimensions, name)))


def attributes(alarm: MetricAlarm) -> Iterator[object]:
    yield from astuple(alarm)
    for query in known(alarm.metric_query) or ():
        yield from astuple(query)
        yield from astuple(query.metric) if query.metric is not None else ()


def alarms_of_cases(tmp_path: Path) -> list[MetricAlarm]:
    """Every metric alarm that the cases of all rules hold, as plans and as sources."""
    found = []
    for number, file in enumerate(sorted(RULES.glob("*/*.case"))):
        case = read_case(file)
        if "aws_cloudwatch_metric_alarm" not in "".join(case.files.values()):
            continue
        folder = tmp_path / str(number)
        for path, text in case.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        loaded = load_alarms(folder, tmp_path)
        if isinstance(loaded, LoadedAlarms):
            found += [alarm for alarm in loaded.all if isinstance(alarm, MetricAlarm)]
    return found


@pytest.fixture(scope="module")
def alarms(tmp_path_factory):
    return alarms_of_cases(tmp_path_factory.mktemp("cases"))


def test_a_renamed_alarm_has_the_same_shape(alarms):
    assert len(alarms) > 400
    for alarm in alarms:
        # What refers to the alarm itself keeps the old name in the twin.
        if not any(isinstance(value, Unknown) for value in attributes(alarm)):
            for name in NAMES:
                shapes = Shapes()
                assert shapes.of(alarm) == shapes.of(renamed(alarm, name)), alarm.subject


@pytest.mark.parametrize("rule", ALIKE, ids=lambda rule: rule.name)
def test_a_rule_that_judges_alike_is_silent_on_a_shape_or_on_none_of_it(rule, alarms):
    policy = replace(load_policy("kfm-v11").policy, rules={rule.id: SETTINGS.get(rule.id, {})})
    evidence = Evidence(alarms, policy, datetime(2026, 1, 30, tzinfo=UTC))
    (setting,) = configure([rule], policy)
    ctx = Context(rule, rule.severity, setting.settings(), evidence)
    verdicts = set()
    for alarm in alarms:
        said = bool(list(rule.judge(alarm, ctx)))
        verdicts.add(said)
        for name in NAMES:
            assert bool(list(rule.judge(renamed(alarm, name), ctx))) is said, (alarm.subject, name)
    assert verdicts == {True, False}


@pytest.mark.parametrize("ask", ONCE, ids=lambda ask: ask.__name__)
def test_what_is_asked_once_a_shape_hangs_on_no_name(ask, alarms):
    answers = {ask(alarm) for alarm in alarms}
    assert len(answers) > 1
    for alarm in alarms:
        for name in NAMES:
            assert ask(renamed(alarm, name)) == ask(alarm), (alarm.subject, name)


def test_what_an_alarm_does_is_its_shape():
    alarm = MetricAlarm(
        subject="a",
        origin=Origin("plan.json"),
        resource_name="a",
        dimensions=Known({"QueueName": "soils"}),
        threshold=Known(1.0),
    )
    shapes = Shapes()
    others = (
        replace(alarm, subject="b", threshold=Known(2.0)),
        replace(alarm, subject="c", dimensions=Known({"TopicName": "soils"})),
        replace(alarm, subject="d", threshold=Unknown()),
        replace(alarm, subject="e", alarm_actions=Known(("arn:aws:sns:eu-west-1:111122223333:t",))),
        replace(alarm, subject="f", threshold=Known(1.0, sensitive=True)),
        replace(alarm, subject="h", promql_criteria=Known(PromqlCriteria(query=Known("up == 0")))),
        replace(alarm, subject="i", promql_criteria=Known(PromqlCriteria(query=Known("up == 1")))),
    )
    numbers = [shapes.of(item) for item in (alarm, *others)]
    assert len(set(numbers)) == len(numbers)


def test_names_of_dimensions_are_a_shape_though_their_values_are_not_known():
    queue = Unknown((Reference("aws_sqs_queue.soils", ReferenceKind.RESOURCE),))
    plain = MetricAlarm(subject="a", origin=Origin("plan.json"), resource_name="a", dimensions=queue)

    def known(subject: str, *items: tuple[str, Known[str] | Unknown]) -> MetricAlarm:
        return replace(plain, subject=subject, dimensions=PartMap(queue.references, items))

    shapes = Shapes()
    numbers = [
        shapes.of(alarm)
        for alarm in (
            plain,
            known("b", ("QueueName", queue)),
            known("c", ("Queue", queue)),
            known("d", ("Queue", queue), ("Stage", Known("prod"))),
        )
    ]
    assert len(set(numbers)) == len(numbers)
    assert shapes.of(known("e", ("Queue", queue), ("Stage", Known("dev")))) == numbers[-1]


def test_what_is_computed_of_each_alarm_is_of_one_shape():
    def computed(name: str) -> MetricAlarm:
        own = Unknown((Reference(f"{name}.evaluate_low_sample_count_percentiles", ReferenceKind.UNRESOLVED),))
        return MetricAlarm(
            subject=name,
            origin=Origin("plan.json"),
            resource_name=name,
            evaluate_low_sample_count_percentiles=own,
        )

    shapes = Shapes()
    assert shapes.of(computed("a")) == shapes.of(computed("b"))
