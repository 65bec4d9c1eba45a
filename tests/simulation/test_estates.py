"""Whole estates, as broken as they come: the simulation ends, and says nothing for certain that it cannot know."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise, product

import msgspec
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kfm_audit.aws.alarm_rule import children, parse_alarm_rule
from kfm_audit.aws.alarm_rule_error import AlarmRuleError
from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.aws.alarm_state_rule import holds
from kfm_audit.aws.arns import alarm_name
from kfm_audit.evidence import Evidence
from kfm_audit.facts import ActionsSuppressor, CompositeAlarm, MetricAlarm, MetricQuery, MetricStat
from kfm_audit.policy.model import Policy
from kfm_audit.simulation.assumptions import Assumptions
from kfm_audit.simulation.series import InputSeries, SeriesError
from kfm_audit.simulation.simulate import simulate
from kfm_audit.simulation.timeline import key_of
from kfm_audit.values import ABSENT, Known, Origin, Reference, ReferenceKind, Unknown

ALARM, OK, INSUFFICIENT_DATA = AlarmState
NOW = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = 3600
METRICS = ("m0", "m1", "m2")
COMPOSITES = ("c0", "c1", "c2")
NAMES = (*METRICS, *COMPOSITES, "ghost")
LATER = Unknown((Reference(name="aws_x.y", kind=ReferenceKind.RESOURCE),))


def attribute(*values, absent=True, unknown=True):
    """The first value most of the time, so that whole alarms come out right and some others wrong in one place."""
    others = [*map(Known, values[1:]), *[ABSENT] * absent, *[LATER] * unknown]
    return st.integers(0, 24).flatmap(
        lambda roll: st.sampled_from(others) if others and not roll else st.just(Known(values[0]))
    )


def any_of(*values):
    """Any of the values most of the time."""
    return st.sampled_from([*map(Known, values)] * 3 + [ABSENT, LATER])


PERIODS = attribute(60, 10, 30, 300, 3600, 86400, 0, -60, 45, 61, 10**12)
COUNTS = attribute(1, 2, 3, 5, 0, -1, 24, 10**12)
STATISTICS = attribute("Sum", "Maximum", "Average", "p90", "p0", "IQM", "nonsense")
EXPRESSIONS = any_of(
    "a / b",
    "FILL(a, 0) + b",
    "IF(FILL(b, 0) > 0, a / b, 0)",
    "FILL(a, REPEAT)",
    "RATE(a)",
    "IF(HOUR(a) > 3, a)",
    "SUM([a, b])",
    "AVG(METRICS())",
    "LOG(a) ^ b",
    "c",
    "ANOMALY_DETECTION_BAND(a)",
    "SEARCH('x', 'Sum')",
    "SELECT SUM(Errors) FROM Lambda",
    "a +",
    "",
    "((((((((((a))))))))))",
)
ACTIONS = attribute(("arn:aws:sns:us-east-1:111122223333:oncall",), (), ("not an arn", ""))


def metric_stat(name):
    return st.builds(
        MetricStat,
        namespace=attribute("N"),
        metric_name=attribute(name),
        dimensions=attribute({}, {"k": "v"}),
        period=PERIODS,
        stat=STATISTICS,
    )


@st.composite
def queries(draw):
    a, b = draw(metric_stat("x")), draw(metric_stat("y"))
    if draw(st.booleans()):
        b = msgspec.structs.replace(b, period=a.period)
    return (
        MetricQuery(at="metric_query/0", id=draw(attribute("a", "A", "b")), metric=a),
        MetricQuery(
            at="metric_query/1", id=draw(attribute("b")), metric=b, return_data=draw(attribute(False, True))
        ),
        MetricQuery(
            at="metric_query/2",
            id=draw(attribute("r", "c")),
            expression=draw(EXPRESSIONS),
            return_data=draw(attribute(True, False)),
        ),
    )


def shared(name):
    return {
        "subject": st.just(name),
        "origin": st.just(Origin("x")),
        "resource_name": st.just(name),
        "alarm_name": attribute(name, "m0"),
        "actions_enabled": attribute(True, False),
        "alarm_actions": ACTIONS,
        "ok_actions": ACTIONS,
        "insufficient_data_actions": ACTIONS,
    }


def metric_alarm(name):
    return st.builds(
        MetricAlarm,
        **shared(name),
        namespace=attribute("N"),
        metric_name=any_of("x", "y"),
        dimensions=attribute({}, {"k": "v"}),
        statistic=STATISTICS,
        extended_statistic=st.just(ABSENT),
        comparison_operator=attribute(
            "GreaterThanOrEqualToThreshold", "LessThanThreshold", "GreaterThanUpperThreshold", "more"
        ),
        threshold=attribute(5.0, 0.0, -1.0, float("inf"), float("nan")),
        threshold_metric_id=st.sampled_from((ABSENT, ABSENT, ABSENT, LATER, Known("r"))),
        period=PERIODS,
        evaluation_periods=COUNTS,
        datapoints_to_alarm=st.one_of(st.just(ABSENT), COUNTS),
        treat_missing_data=any_of("missing", "ignore", "breaching", "notBreaching"),
        evaluate_low_sample_count_percentiles=attribute("evaluate", "ignore"),
        metric_query=st.one_of(st.just(ABSENT), queries().map(Known)),
    )


ATOMS = st.builds(
    "{}({})".format, st.sampled_from(("ALARM", "OK", "INSUFFICIENT_DATA")), st.sampled_from(NAMES)
)
RULES = st.recursive(
    ATOMS,
    lambda below: st.one_of(
        below.map("NOT ({})".format),
        st.tuples(below, below).map("({0[0]} AND {0[1]})".format),
        st.tuples(below, below).map("({0[0]} OR {0[1]})".format),
    ),
    max_leaves=4,
)
BROKEN = st.sampled_from(("", "TRUE", "FALSE", "ALARM(", "alarm(m0)", "AT_LEAST(2, ALARM, (m0, m1, ghost))"))


def composite(name):
    suppressor = st.builds(
        ActionsSuppressor,
        alarm=st.one_of(st.sampled_from([Known(other) for other in NAMES]), st.sampled_from((LATER, ABSENT))),
        wait_period=attribute(0, 60, 120, -60, 10**12),
        extension_period=attribute(0, 60, 120, -60, 10**12),
    )
    return st.builds(
        CompositeAlarm,
        **shared(name),
        alarm_rule=st.one_of(
            RULES.map(Known), RULES.map(Known), BROKEN.map(Known), st.sampled_from((ABSENT, LATER))
        ),
        actions_suppressor=st.none() | suppressor,
    )


VALUES = st.none() | st.sampled_from((0.0, 5.0, 9.0, -1.0, 1e308, 2.0**-360))


@st.composite
def input_series(draw):
    return InputSeries(
        namespace="N",
        metric_name=draw(st.sampled_from(("x", "y"))),
        dimensions=draw(st.sampled_from(((), (("k", "v"),)))),
        statistic=draw(st.sampled_from(("Sum", "Maximum", "Average", "p90", "SampleCount"))),
        start=draw(st.sampled_from((0, 0, 30, -600, 7200))),
        interval=draw(st.sampled_from((60, 60, 10, 300))),
        values=tuple(draw(st.lists(VALUES, max_size=30))),
    )


@st.composite
def estates(draw):
    alarms = [draw(metric_alarm(name)) for name in METRICS] + [draw(composite(name)) for name in COMPOSITES]
    return draw(st.permutations(alarms))


ASSUMPTIONS = st.builds(Assumptions, evaluation_range=st.sampled_from((0, 0, 1, 9)))


@settings(
    max_examples=150, deadline=4000, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(
    estates(),
    st.lists(input_series(), max_size=4),
    st.sampled_from((None, 0, 600, 5000)),
    st.sampled_from((0, HOUR, -HOUR)),
    ASSUMPTIONS,
)
def test_any_estate_is_simulated_or_refused(alarms, series, first, stop, assumptions) -> None:
    evidence = Evidence(alarms, Policy(policy=1), NOW)
    try:
        found = simulate(
            evidence,
            series,
            start=0,
            stop=stop,
            evaluate_from=first,
            assumptions=assumptions,
            check_range=True,
        )
    except SeriesError:
        return  # documented: a series does not fit an alarm that reads it
    assert {key_of(alarm) for alarm in alarms} == {
        *found.timelines,
        *(key_of(item.alarm) for item in found.refused),
    }
    assert len(found.timelines) + len(found.refused) == len(alarms)
    for timeline in found.timelines.values():
        _is_a_timeline(timeline, stop)
        if isinstance(timeline.alarm, MetricAlarm):
            _hangs_on_nothing_unknown(timeline.alarm)
        else:
            _is_certain_of_its_rule(timeline, found, evidence)
    assert [notice.at for notice in found.notices] == sorted(notice.at for notice in found.notices)
    for notice in found.notices:
        _is_taken(notice, found, evidence)


def _is_a_timeline(timeline, stop):
    """Changes follow from each other, and the spans say the same."""
    states = [timeline.initial, *(change.new for change in timeline.changes)]
    assert [change.old for change in timeline.changes] == states[:-1]
    assert all(change.old is not change.new for change in timeline.changes)
    times = [change.at for change in timeline.changes]
    assert times == sorted(set(times))
    assert all(timeline.first <= at <= stop for at in times)
    for span, after in pairwise(timeline.spans):
        assert span.at < after.at
        assert (span.state, span.certain) != (after.state, after.certain)
    for change in timeline.changes:
        assert timeline.span_at(change.at).state is change.new
        assert timeline.span_at(change.at).certain is change.certain


def _hangs_on_nothing_unknown(alarm):
    """What decides about the states of a metric alarm is known."""
    deciding = [
        alarm.threshold,
        alarm.comparison_operator,
        alarm.evaluation_periods,
        alarm.treat_missing_data,
    ]
    deciding += [alarm.metric_query, alarm.threshold_metric_id, alarm.datapoints]
    if isinstance(alarm.metric_query, Known):
        for query in alarm.metric_query.value:
            deciding += [query.id, query.expression, query.return_data]
            if query.metric is not None:
                deciding += [
                    getattr(query.metric, name)
                    for name in ("namespace", "metric_name", "dimensions", "period")
                ]
                deciding.append(query.metric.stat)
    else:
        deciding += [alarm.namespace, alarm.metric_name, alarm.dimensions, alarm.period, alarm.statistic]
    assert not any(isinstance(item, Unknown) for item in deciding)


def _is_certain_of_its_rule(timeline, found, evidence):
    """A span is certain where the rule comes out so in all states of what is not known."""
    rule = parse_alarm_rule(timeline.alarm.alarm_rule.value)
    references = sorted({child.child for child in children(rule)})
    known = {}
    for reference in references:
        named = evidence.alarms.named(timeline.alarm, alarm_name(reference))
        if len(named) == 1 and key_of(named[0]) in found.timelines:
            known[reference] = found.timelines[key_of(named[0])]
    for span in timeline.spans:
        now = {reference: child.span_at(span.at) for reference, child in known.items()}
        sure = {reference: at.state for reference, at in now.items() if at.certain}
        opened = [reference for reference in references if reference not in sure]
        results = {
            holds(rule, {**sure, **dict(zip(opened, states, strict=True))}.get)
            for states in product(AlarmState, repeat=len(opened))
        }
        if span.certain:
            assert results == {span.state is ALARM}
        assert span.state is not INSUFFICIENT_DATA


def _is_taken(notice, found, evidence):
    alarm = notice.alarm
    assert notice.actions
    assert alarm.actions_enabled != Known(False)
    assert notice.change in found.timelines[key_of(alarm)].changes
    assert notice.at >= notice.change.at
    if notice.certain:
        assert notice.change.certain
        assert not isinstance(alarm.actions_enabled, Unknown)
    if isinstance(alarm, CompositeAlarm) and alarm.actions_suppressor is not None and notice.certain:
        suppressor = alarm.actions_suppressor
        assert isinstance(suppressor.alarm, Known), "which alarm suppresses it is not known"
        assert not isinstance(suppressor.wait_period, Unknown)
        assert not isinstance(suppressor.extension_period, Unknown)
        (other,) = evidence.alarms.named(alarm, suppressor.alarm.value)
        assert found.timelines[key_of(other)].state_at(notice.at) is not ALARM


def test_a_window_that_cloudwatch_refuses_is_not_looked_at() -> None:
    """PutMetricAlarm: at most a day, and seven days where the period is an hour or longer."""
    for periods, period, refused in (
        (1440, 60, False),
        (1441, 60, True),
        (10**12, 60, True),
        (7 * 24, 3600, False),
    ):
        one = msgspec.structs.replace(
            one_alarm("missing", (1, 1)), period=Known(period), evaluation_periods=Known(periods)
        )
        found = simulate(
            Evidence([one], Policy(policy=1), NOW), [], start=0, stop=60, evaluate_from=0, check_range=False
        )
        whys = [item.why for item in found.refused]
        wanted = f"is refused by CloudWatch: it looks back over {periods} periods of {period} s"
        assert whys == ([wanted] if refused else [])


def test_a_wait_below_zero_holds_nothing_back_and_nothing_is_certain() -> None:
    child = msgspec.structs.replace(one_alarm("missing", (1, 1)), alarm_name=Known("a"))
    page = CompositeAlarm(
        subject="page",
        origin=Origin("x"),
        resource_name="page",
        alarm_name=Known("page"),
        alarm_rule=Known("ALARM(a)"),
        alarm_actions=Known(("arn:aws:sns:us-east-1:111122223333:oncall",)),
        actions_suppressor=ActionsSuppressor(
            alarm=Known("b"), wait_period=Known(-60), extension_period=Known(0)
        ),
    )
    other = msgspec.structs.replace(child, subject="b", alarm_name=Known("b"), metric_name=Known("y"))
    series = InputSeries(namespace="N", metric_name="x", statistic="Sum", values=(0.0, 9.0, 9.0))
    found = simulate(Evidence([child, other, page], Policy(policy=1), NOW), [series], start=0, stop=180)
    assert [(notice.at, notice.certain) for notice in found.notices] == [(120, False)]


SLOTS = st.lists(st.sampled_from((None, 0.0, 9.0)), min_size=1, max_size=25)
WINDOWS = st.integers(1, 4).flatmap(lambda n: st.tuples(st.integers(1, n), st.just(n)))


def one_alarm(treatment, window):
    datapoints, periods = window
    return MetricAlarm(
        subject="a",
        origin=Origin("x"),
        resource_name="a",
        namespace=Known("N"),
        metric_name=Known("x"),
        statistic=Known("Sum"),
        period=Known(60),
        comparison_operator=Known("GreaterThanThreshold"),
        threshold=Known(5.0),
        evaluation_periods=Known(periods),
        datapoints_to_alarm=Known(datapoints),
        treat_missing_data=Known(treatment),
    )


def states_of(treatment, window, slots, initial=OK):
    one = one_alarm(treatment, window)
    series = InputSeries(namespace="N", metric_name="x", statistic="Sum", values=tuple(slots))
    found = simulate(
        Evidence([one], Policy(policy=1), NOW),
        [series],
        start=0,
        stop=60 * len(slots),
        evaluate_from=60,
        initial={key_of(one): initial},
        check_range=False,
    )
    timeline = found.timeline(one)
    return [timeline.span_at(60 * minute) for minute in range(1, len(slots) + 1)]


TREATMENTS = st.sampled_from(("missing", "ignore", "breaching", "notBreaching"))


@settings(max_examples=300)
@given(SLOTS, TREATMENTS, WINDOWS, st.sampled_from(AlarmState), st.data())
@example([0.0, None, None, 9.0], "ignore", (1, 1), OK, None)
def test_more_breaching_data_never_turns_an_alarm_to_ok_at_any_time(
    slots, treatment, window, initial, data
) -> None:
    good = [at for at, value in enumerate(slots) if value == 0.0]
    worse = list(slots)
    for at in (
        good if data is None else data.draw(st.lists(st.sampled_from(good), unique=True)) if good else ()
    ):
        worse[at] = 9.0
    before, after = (states_of(treatment, window, each, initial) for each in (slots, worse))
    assert all(
        not (one.state is ALARM and other.state is OK) for one, other in zip(before, after, strict=True)
    )


@settings(max_examples=300)
@given(SLOTS, WINDOWS, st.sampled_from(AlarmState))
def test_treatments_are_ordered_at_any_time(slots, window, initial) -> None:
    """What is in ALARM while missing data does not breach is so by data, whatever missing data is taken for."""
    least, most = (
        states_of(treatment, window, slots, initial) for treatment in ("notBreaching", "breaching")
    )
    for low, high in zip(least, most, strict=True):
        assert low.state is not ALARM or high.state is ALARM
    for treatment in ("missing", "ignore"):
        between = states_of(treatment, window, slots, initial)
        for low, middle, high in zip(least, between, most, strict=True):
            assert low.state is not ALARM or middle.state is ALARM
            # A state that is kept may be older than the data: a retained ALARM is no evaluation.
            if treatment == "missing" and middle.certain and middle.state is ALARM:
                assert high.state is ALARM


@settings(max_examples=150, deadline=None)
@given(
    RULES,
    st.lists(st.lists(st.sampled_from((None, 0.0, 9.0)), min_size=12, max_size=12), min_size=3, max_size=3),
)
def test_a_composite_equals_its_truth_table_at_any_time(rule, slots) -> None:
    members = [
        msgspec.structs.replace(
            one_alarm("missing", (1, 2)), subject=name, alarm_name=Known(name), metric_name=Known(name)
        )
        for name in METRICS
    ]
    page = CompositeAlarm(
        subject="page",
        origin=Origin("x"),
        resource_name="page",
        alarm_name=Known("page"),
        alarm_rule=Known(rule),
    )
    series = [
        InputSeries(namespace="N", metric_name=name, statistic="Sum", values=tuple(values))
        for name, values in zip(METRICS, slots, strict=True)
    ]
    found = simulate(
        Evidence([page, *members], Policy(policy=1), NOW), series, start=0, stop=720, check_range=False
    )
    parsed = parse_alarm_rule(rule)
    assert not isinstance(parsed, AlarmRuleError)
    timeline = found.timeline(page)
    for time in range(timeline.first, 721, 60):
        now = {member.subject: found.timeline(member).span_at(time) for member in members}
        # What no alarm is called is taken to be in OK, and then nothing that hangs on it is certain.
        states = dict.fromkeys(NAMES, OK) | {name: span.state for name, span in now.items()}
        span = timeline.span_at(time)
        assert span.state is (ALARM if holds(parsed, states.get) else OK)
        sure = {name: each.state for name, each in now.items() if each.certain}
        assert span.certain is (holds(parsed, sure.get) is not None)
