"""What rules say of missing data, of suppressors and of alarms that cannot change is what the simulation shows.

The rules decide without datapoints, because they judge thousands of alarms. Here each verdict is held against
the timeline of the same alarms.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.aws.math_assumptions import Choices
from kfm_audit.evidence import Evidence
from kfm_audit.facts import ActionsSuppressor, CompositeAlarm, MetricAlarm, MetricQuery, MetricStat
from kfm_audit.policy.model import Policy
from kfm_audit.rules.alm.alarm_latches import alarm_latches
from kfm_audit.rules.alm.alarm_that_cannot_change import alarm_that_cannot_change
from kfm_audit.rules.alm.composite_blind_to_missing_data import composite_blind_to_missing_data
from kfm_audit.rules.alm.missing_data_treatment import missing_data_treatment
from kfm_audit.rules.alm.suppressor_can_mute_forever import suppressor_can_mute_forever
from kfm_audit.rules.context import Context
from kfm_audit.simulation.assumptions import Assumptions
from kfm_audit.simulation.series import InputSeries
from kfm_audit.simulation.simulate import simulate
from kfm_audit.values import Known, Origin

ALARM, OK, INSUFFICIENT_DATA = AlarmState
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
READINGS = (Assumptions(), Assumptions(math=Choices(fill_without_data="leave")))
EXPRESSIONS = (
    "",
    "2 * e",
    "FILL(e, 0)",
    "FILL(e, 100)",
    "FILL(e, REPEAT)",
    "FILL(e, LINEAR)",
    "FILL(2 * FILL(e, REPEAT), 0)",
    "e / FILL(e, 1) + FILL(e, 0)",
    "IF(FILL(e, 0) > 0, FILL(e, 100), 0)",
    "SUM([e, e])",
    "DATAPOINT_COUNT([e]) + 100 * (DATAPOINT_COUNT([e]) > 9) + e",
    "TIME_SERIES(0) + e",
)
NOTHING, QUIET, LOUD = None, 0.0, 1000.0
"""Values of a minute: no datapoint, one that does not breach, one that does."""


def alarm(name, treatment="missing", expression="", **more):
    fields = {
        "comparison_operator": Known("GreaterThanOrEqualToThreshold"),
        "threshold": Known(50.0),
        "evaluation_periods": Known(3),
        "treat_missing_data": Known(treatment),
        "alarm_name": Known(name),
    }
    dimensions = Known({"FunctionName": name})
    if expression:
        stat = MetricStat(
            namespace=Known("AWS/Lambda"),
            metric_name=Known("Errors"),
            dimensions=dimensions,
            period=Known(60),
            stat=Known("Sum"),
        )
        queries = (
            MetricQuery(at="metric_query/0", id=Known("e"), metric=stat),
            MetricQuery(
                at="metric_query/1", id=Known("r"), expression=Known(expression), return_data=Known(True)
            ),
        )
        fields["metric_query"] = Known(queries)
    else:
        fields |= {
            "namespace": Known("AWS/Lambda"),
            "metric_name": Known("Errors"),
            "dimensions": dimensions,
            "statistic": Known("Sum"),
            "period": Known(60),
        }
    return MetricAlarm(subject=name, origin=Origin("x"), resource_name=name, **(fields | more))


def composite(name, rule, suppressor=""):
    return CompositeAlarm(
        subject=name,
        origin=Origin("x"),
        resource_name=name,
        alarm_name=Known(name),
        alarm_rule=Known(rule),
        alarm_actions=Known(("arn:aws:sns:us-east-1:111122223333:oncall",)),
        actions_suppressor=ActionsSuppressor(
            alarm=Known(suppressor), wait_period=Known(0), extension_period=Known(0)
        )
        if suppressor
        else None,
    )


def errors(name, *phases):
    """Twenty minutes of each value, one after the other."""
    values = tuple(value for value in phases for _ in range(20))
    dimensions = (("FunctionName", name),)
    return InputSeries(
        namespace="AWS/Lambda", metric_name="Errors", dimensions=dimensions, statistic="Sum", values=values
    )


def evidence(*alarms):
    return Evidence(list(alarms), Policy(policy=1), datetime(2026, 1, 1, tzinfo=UTC))


def findings(rule, judged, *others):
    context = Context(rule, rule.severity, rule.settings(), evidence(judged, *others))
    return [(finding.verdict.value, finding.message) for finding in rule.judge(judged, context)]


def verdict(rule, judged, *others):
    """The verdicts of a rule on an alarm: one, or "pass" for none."""
    found = {said for said, _ in findings(rule, judged, *others)}
    assert len(found) <= 1
    return found.pop() if found else "pass"


def run(alarms, series, assumptions=READINGS[0], phases=3):
    return simulate(
        evidence(*alarms), series, start=0, stop=phases * 1200, assumptions=assumptions, check_range=False
    )


def ends(one, *phases):
    """The states in which an alarm ends, by each reading of AWS's documents.

    A value that FILL(m, REPEAT) would still see, if CloudWatch looked back far enough, keeps the state.
    """
    found = set()
    for reading in READINGS:
        timeline = run([one], [errors(one.subject, *phases)], reading, len(phases)).timeline(one)
        found.add(timeline.state_at(len(phases) * 1200))
        before = timeline.state_at((len(phases) - 1) * 1200 - 60)
    queries = one.metric_query.value if isinstance(one.metric_query, Known) else ()
    if any("REPEAT" in query.expression.value for query in queries if query.metric is None):
        found.add(before)
    return found


GRID = list(product(TREATMENTS, EXPRESSIONS))


@pytest.mark.parametrize(("treatment", "expression"), GRID)
def test_alm020_goes_off_where_the_simulation_does(treatment, expression) -> None:
    one = alarm("load", treatment, expression)
    expected = {True: "fail", False: "undecided"}
    states = ends(one, QUIET, NOTHING)
    said = verdict(missing_data_treatment, one)
    assert said == (expected[states == {ALARM}] if ALARM in states else "pass")


@pytest.mark.parametrize("treatment", TREATMENTS)
@pytest.mark.parametrize("operator", ["LessThanThreshold", "LessThanOrEqualToThreshold"])
@pytest.mark.parametrize("threshold", [-1.0, 0.0, 1.0])
def test_alm020_waits_for_silence_where_the_simulation_does(treatment, operator, threshold) -> None:
    one = alarm(
        "load",
        treatment,
        metric_name=Known("Invocations"),
        comparison_operator=Known(operator),
        threshold=Known(threshold),
    )

    def end(value):
        series = InputSeries(
            namespace="AWS/Lambda",
            metric_name="Invocations",
            dimensions=(("FunctionName", "load"),),
            statistic="Sum",
            values=(9.0,) * 20 + (value,) * 20,
        )
        return run([one], [series], phases=2).timeline(one).state_at(2400)

    deaf = end(QUIET) is ALARM and end(NOTHING) is not ALARM
    assert verdict(missing_data_treatment, one) == ("fail" if deaf else "pass")


@pytest.mark.parametrize(("treatment", "expression"), GRID)
def test_alm026_stays_where_the_simulation_does(treatment, expression) -> None:
    one = alarm("load", treatment, expression)
    after, calm = ends(one, LOUD, NOTHING), ends(one, QUIET, NOTHING)
    repeats = "REPEAT" in expression
    expected = "pass"
    if after == {ALARM} and (repeats or ALARM not in calm):
        expected = "fail"
    elif ALARM in after and len(after) > 1 and repeats:
        expected = "undecided"
    assert verdict(alarm_latches, one) == expected


@pytest.mark.parametrize(("treatment", "expression"), GRID)
def test_alm025_mutes_where_the_simulation_does(treatment, expression) -> None:
    suppressor = alarm("deploying", treatment, expression)
    backlog = alarm("backlog")
    page = composite("page", "ALARM(backlog)", "deploying")
    muted = set()
    for reading in READINGS:
        found = run(
            [suppressor, backlog, page],
            [errors("deploying", LOUD, NOTHING, NOTHING), errors("backlog", QUIET, QUIET, LOUD)],
            reading,
        )
        assert found.timeline(page).state_at(3600) is ALARM
        sent = [notice for notice in found.notices if notice.alarm is page and notice.change.new is ALARM]
        held = [item for item in found.withheld if item.state is ALARM and item.until is None]
        assert bool(sent) is not bool(held)
        muted.add(not sent)
    if "REPEAT" in expression:
        muted.add(True)
    expected = {frozenset({True}): "fail", frozenset({False}): "pass"}.get(frozenset(muted), "undecided")
    assert verdict(suppressor_can_mute_forever, page, suppressor, backlog) == expected


STATES = {ALARM: LOUD, OK: QUIET, INSUFFICIENT_DATA: NOTHING}
ATOMS = st.builds(
    "{}({})".format, st.sampled_from([state.value for state in AlarmState]), st.sampled_from("xyz")
)
RULES = st.recursive(
    ATOMS,
    lambda below: st.one_of(
        below.map("NOT ({})".format),
        st.lists(below, min_size=2, max_size=3).map(lambda parts: f"({' AND '.join(parts)})"),
        st.lists(below, min_size=2, max_size=3).map(lambda parts: f"({' OR '.join(parts)})"),
    ),
    max_leaves=5,
)


def composite_states(rule, x, others, chosen):
    """The states of a composite in five phases of x, while the others are in the chosen states throughout."""
    page = composite("page", rule)
    phases = (QUIET, LOUD, QUIET, LOUD, NOTHING)
    series = [errors("x", *phases)]
    series += [errors(name, *[STATES[state]] * 5) for name, state in zip("yz", chosen, strict=True)]
    timeline = run([x, *others, page], series, phases=5).timeline(page)
    return [timeline.state_at(1200 * phase + 900) for phase in range(5)]


@settings(max_examples=60, deadline=None)
@given(RULES, st.sampled_from(TREATMENTS))
def test_alm015_is_blind_where_the_simulation_is(rule, treatment) -> None:
    if "(x)" not in rule:
        rule = f"({rule}) OR ALARM(x)"
    x = alarm("x", treatment)
    others = [alarm(name) for name in "yz"]
    expected = set()
    for chosen in product(AlarmState, repeat=2):
        quiet, loud, _, _, silent = composite_states(rule, x, others, chosen)
        if (quiet, loud, silent) == (OK, ALARM, OK):
            expected.add("takes")
        if ALARM not in chosen and (quiet, silent) == (OK, ALARM):
            expected.add("goes")
    if ends(x, LOUD, NOTHING) != {INSUFFICIENT_DATA}:
        expected = set()
    said = findings(composite_blind_to_missing_data, composite("page", rule), x, *others)
    about_x = [(verdict, message) for verdict, message in said if " x" in message]
    assert {verdict for verdict, _ in about_x} <= {"fail"}
    assert {message.split()[0] for _, message in about_x} == expected


@settings(max_examples=60, deadline=None)
@given(RULES)
def test_alm025_never_acts_where_the_simulation_does_not(rule) -> None:
    page = composite("page", rule, "x")
    members = [alarm(name) for name in "xyz"]
    acts = fires = False
    for chosen in product(AlarmState, repeat=3):
        series = [errors(name, STATES[state]) for name, state in zip("xyz", chosen, strict=True)]
        found = run([*members, page], series, phases=1)
        # What it is in at last: at the first evaluation all of them leave INSUFFICIENT_DATA at once.
        fires = fires or found.timeline(page).state_at(1200) is ALARM
        acts = acts or any(notice.alarm is page and notice.change.new is ALARM for notice in found.notices)
    never = any(
        "never takes an action" in message
        for _, message in findings(suppressor_can_mute_forever, page, *members)
    )
    assert never is (fires and not acts)


RANGES = (
    ("AWS/Lambda", "Errors", "Sum", 0.0, 1e12),
    ("AWS/EC2", "CPUUtilization", "Average", 0.0, 100.0),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", 0.0, 1e12),
)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(RANGES),
    st.sampled_from(
        (
            "GreaterThanOrEqualToThreshold",
            "GreaterThanThreshold",
            "LessThanThreshold",
            "LessThanOrEqualToThreshold",
        )
    ),
    st.sampled_from((-1.0, 0.0, 0.5, 1.0, 50.0, 100.0, 101.0)),
    st.sampled_from(TREATMENTS),
    st.integers(1, 3),
)
def test_alm018_cannot_change_where_the_simulation_cannot(
    range_, operator, threshold, treatment, datapoints
) -> None:
    namespace, name, statistic, lowest, highest = range_
    one = alarm(
        "a",
        treatment,
        namespace=Known(namespace),
        metric_name=Known(name),
        statistic=Known(statistic),
        dimensions=Known({}),
        comparison_operator=Known(operator),
        threshold=Known(threshold),
        datapoints_to_alarm=Known(datapoints),
    )

    def states(*values):
        series = InputSeries(namespace=namespace, metric_name=name, statistic=statistic, values=values)
        return {span.state for span in run([one], [series], phases=1).timeline(one).spans}

    middle = (lowest + highest) / 2
    always = states(*[lowest] * 20) == {ALARM} == states(*[highest] * 20) == states(*[middle, lowest] * 10)
    ever = any(
        ALARM in states(*values)
        for values in ([lowest] * 20, [highest] * 20, [middle] * 9, [None, highest, None, lowest] * 5)
    )
    said = verdict(alarm_that_cannot_change, one)
    assert said == ("fail" if always or not ever else "pass")
