"""AWS's own tables of examples, the rule on premature alarms, and what must hold for any data."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.aws.alarm_evaluation import (
    Assumptions,
    Basis,
    Comparison,
    Criteria,
    LowSamples,
    Treatment,
    YoungBreach,
    cadence,
    decide,
    enough_samples,
    evaluation_range,
)
from kfm_audit.aws.alarm_state import AlarmState

OK, ALARM, INSUFFICIENT = AlarmState.OK, AlarmState.ALARM, AlarmState.INSUFFICIENT_DATA
SIGNS = {"X": 9.0, "0": 0.0, "-": None}

# "Configuring how CloudWatch alarms treat missing data": N = 3, the treatments in the guide's order.
THREE_OF_THREE = """
0 - X - X | OK                | OK     | OK    | OK
0 - - - - | OK                | OK     | OK    | OK
- - - - - | INSUFFICIENT_DATA | retain | ALARM | OK
0 X X - X | ALARM             | ALARM  | ALARM | ALARM
- - X - - | ALARM             | retain | ALARM | OK
"""
TWO_OF_THREE = """
0 - X - X | ALARM             | ALARM  | ALARM | ALARM
0 0 X 0 X | ALARM             | ALARM  | ALARM | ALARM
0 - X - - | OK                | OK     | ALARM | OK
- - - - 0 | OK                | OK     | ALARM | OK
- - - X - | ALARM             | retain | ALARM | OK
"""


def criteria(m=3, n=3, treatment=Treatment.MISSING, period=300, **more):
    return Criteria(
        comparison=Comparison.AT_LEAST,
        threshold=1.0,
        period=period,
        periods=n,
        datapoints=m,
        treatment=treatment,
        **more,
    )


def slots(text):
    return [SIGNS[sign] for sign in text.split()]


def rows():
    for m, table in ((3, THREE_OF_THREE), (2, TWO_OF_THREE)):
        for line in table.strip().splitlines():
            points, *states = (cell.strip() for cell in line.split("|"))
            for treatment, state in zip(Treatment, states, strict=True):
                for prior in AlarmState:
                    yield m, points, treatment, prior, prior if state == "retain" else AlarmState(state)


@pytest.mark.parametrize(("m", "points", "treatment", "prior", "state"), list(rows()))
def test_the_tables_of_the_guide(m, points, treatment, prior, state):
    decision = decide(criteria(m, treatment=treatment), slots(points), prior)
    assert (decision.state, decision.indeterminate) == (state, False)


@pytest.mark.parametrize("prior", AlarmState)
@pytest.mark.parametrize("points", ["- - - - X", "- - - X -"])
def test_a_young_breach_is_no_alarm_and_what_it_is_instead_is_not_documented(points, prior):
    decision = decide(criteria(), slots(points), prior)
    assert (decision.state, decision.basis, decision.indeterminate) == (prior, Basis.YOUNG_BREACH, True)
    assert decide(criteria(), slots(points), prior, Assumptions(young_breach=YoungBreach.OK)).state is OK


@pytest.mark.parametrize("points", ["- - - X 0", "- - X - 0"])
def test_a_breach_before_a_good_datapoint_makes_no_false_alarm(points):
    assert decide(criteria(), slots(points), OK).state is OK


def test_the_row_that_turns_to_alarm_at_the_next_evaluation():
    breaching = criteria(treatment=Treatment.BREACHING)
    assert decide(breaching, slots("0 - - - -"), OK).state is OK
    assert decide(breaching, slots("- - - - -"), OK).state is ALARM


def test_a_breach_older_than_n_slots_still_counts_while_it_is_in_the_range():
    decision = decide(criteria(), slots("X - - - -"), OK)
    assert (decision.state, decision.basis) == (ALARM, Basis.OLD_BREACH)


def test_the_length_of_the_range_can_decide():
    two = criteria(2)
    assert decide(two, slots("0 - X - -"), OK).state is OK
    assert decide(two, slots("0 - X - -"), OK, Assumptions(range_offset=-1)).state is ALARM


def test_ranges_and_cadences():
    assert evaluation_range(criteria(n=3)) == 5
    assert evaluation_range(criteria(n=3, period=10)) == 9
    assert evaluation_range(criteria(n=3), Assumptions(evaluation_range=3, range_offset=-1)) == 3
    assert [
        cadence(criteria(n=n, m=1, period=period))
        for n, period in ((3, 10), (3, 300), (24, 3600), (25, 3600))
    ] == [
        10,
        60,
        60,
        3600,
    ]


def test_percentiles_of_few_samples():
    assert [enough_samples(0.9, n) for n in (99, 100)] == [False, True]  # recorded
    assert [enough_samples(p, 100) for p in (0.05, 0.1, 0.5, 0.99)] == [False, True, True, False]
    p90 = criteria(1, 1, percentile=0.9, low_samples=LowSamples.IGNORE)
    assert decide(p90, [9.0], OK, samples=[99]).state is OK
    assert decide(p90, [9.0], OK, samples=[100]).state is ALARM
    mixed = decide(
        criteria(1, 2, percentile=0.9, low_samples=LowSamples.IGNORE), [9.0, 9.0], OK, samples=[99, 100]
    )
    assert (mixed.basis, mixed.indeterminate) == (Basis.SOME_LOW_SAMPLES, True)


CASES = st.integers(1, 5).flatmap(
    lambda n: st.tuples(
        st.integers(1, n), st.just(n), st.lists(st.sampled_from([9.0, 0.0, None]), min_size=0, max_size=n + 4)
    )
)
BADNESS = {OK: 0, INSUFFICIENT: 0, ALARM: 1}


@given(CASES, st.sampled_from(Treatment), st.sampled_from(AlarmState), st.data())
def test_more_breaching_data_never_turns_alarm_to_ok(case, treatment, prior, data):
    m, n, values = case
    before = decide(criteria(m, n, treatment), values, prior)
    good = [at for at, value in enumerate(values) if value == 0.0]
    if before.state is not ALARM or not good:
        return
    worse = list(values)
    worse[data.draw(st.sampled_from(good))] = 9.0
    assert decide(criteria(m, n, treatment), worse, prior).state is ALARM


@given(CASES, st.sampled_from(AlarmState))
def test_treatments_are_ordered(case, prior):
    m, n, values = case
    least, most = (
        decide(criteria(m, n, treatment), values, prior).state
        for treatment in (Treatment.NOT_BREACHING, Treatment.BREACHING)
    )
    assert BADNESS[least] <= BADNESS[most]
    missing = decide(criteria(m, n), values, prior)
    if not missing.retained:
        assert BADNESS[least] <= BADNESS[missing.state] <= BADNESS[most]


@given(CASES, st.sampled_from(Treatment), st.sampled_from(AlarmState))
def test_only_a_documented_retention_or_an_assumption_keeps_the_state(case, treatment, prior):
    m, n, values = case
    decision = decide(criteria(m, n, treatment), values, prior)
    assert decision.indeterminate == (decision.basis is Basis.YOUNG_BREACH)
    assert not decision.retained or treatment in (Treatment.IGNORE, Treatment.MISSING)
