"""What is said without datapoints is what the evaluator decides on them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.aws.alarm_bounds import breaching, settled
from kfm_audit.aws.alarm_evaluation import (
    Assumptions,
    Comparison,
    Criteria,
    Treatment,
    YoungBreach,
    decide,
    evaluation_range,
)
from kfm_audit.aws.alarm_state import AlarmState

VALUES = st.integers(-3, 3).map(float)
PRIORS = st.sampled_from(AlarmState)
ASSUMPTIONS = st.builds(
    Assumptions,
    evaluation_range=st.integers(0, 12),
    range_offset=st.integers(-1, 1),
    young_breach=st.sampled_from(YoungBreach),
)


@st.composite
def criteria(draw, treatments=tuple(Treatment)):
    periods = draw(st.integers(1, 6))
    return Criteria(
        comparison=draw(st.sampled_from(Comparison)),
        threshold=draw(VALUES),
        period=draw(st.sampled_from((10, 30, 60, 300))),
        periods=periods,
        datapoints=draw(st.integers(1, periods)),
        treatment=draw(st.sampled_from(treatments)),
    )


@given(criteria(), PRIORS, ASSUMPTIONS, st.integers(0, 20))
def test_without_data_it_is_what_the_evaluator_decides(what, prior, assumptions, count) -> None:
    decision = decide(what, (None,) * count, prior, assumptions)
    assert decision.state is settled(what.treatment, prior)
    assert not decision.indeterminate


@given(criteria(), PRIORS, ASSUMPTIONS, VALUES)
def test_with_one_value_throughout_it_is_what_the_evaluator_decides(what, prior, assumptions, value) -> None:
    reach = evaluation_range(what, assumptions)
    breaches = what.comparison.holds(value, what.threshold)
    assert decide(what, (value,) * reach, prior, assumptions).state is settled(
        what.treatment, prior, breaches=breaches
    )


@given(criteria(), PRIORS, ASSUMPTIONS, st.lists(st.none() | VALUES, max_size=9))
def test_it_is_where_an_alarm_ends_whatever_was_before(what, state, assumptions, before) -> None:
    """The state is carried from evaluation to evaluation until nothing but silence is in the range."""
    slots = list(before)
    for _ in range(evaluation_range(what, assumptions) + 1):
        prior, state = state, decide(what, slots, state, assumptions).state
        slots.append(None)
    assert state is settled(what.treatment, prior)


@given(st.sampled_from(Comparison), VALUES, VALUES, st.none() | VALUES, st.floats(0, 1))
def test_all_values_within_bounds_do_what_is_said(comparison, threshold, lowest, highest, share) -> None:
    if highest is not None and highest < lowest:
        lowest, highest = highest, lowest
    within = lowest + share * ((highest if highest is not None else lowest + 9) - lowest)
    said = breaching(comparison, threshold, lowest, highest)
    found = {
        comparison.holds(value, threshold)
        for value in (lowest, within, 1e300 if highest is None else highest)
    }
    assert found == {said} if said is not None else len(found) == 2 or within not in (lowest, highest)


BOUNDED = st.tuples(st.integers(0, 2), st.integers(2, 4))


@given(
    criteria(),
    PRIORS,
    ASSUMPTIONS,
    BOUNDED.flatmap(
        lambda ends: st.tuples(st.just(ends), st.lists(st.none() | st.floats(*ends), min_size=1, max_size=12))
    ),
)
def test_an_alarm_whose_values_all_breach_is_in_alarm_whenever_there_is_data(
    what, prior, assumptions, bounded
) -> None:
    (lowest, highest), slots = bounded
    state = decide(what, slots, prior, assumptions).state
    full = decide(
        what, [highest if value is None else value for value in slots] * 12, prior, assumptions
    ).state
    match breaching(what.comparison, what.threshold, lowest, highest):
        case True:
            assert full is AlarmState.ALARM
        case False if what.treatment is not Treatment.BREACHING and prior is not AlarmState.ALARM:
            assert state is not AlarmState.ALARM
        case _:
            pass


@pytest.mark.parametrize(
    ("comparison", "threshold", "lowest", "highest", "expected"),
    [
        (Comparison.AT_LEAST, 0, 0, None, True),
        (Comparison.GREATER, 0, 0, None, None),
        (Comparison.AT_LEAST, 100, 0, 100, None),
        (Comparison.GREATER, 100, 0, 100, False),
        (Comparison.LESS, 0, 0, None, False),
        (Comparison.AT_MOST, 0, 0, None, None),
        (Comparison.AT_MOST, 100, 0, 100, True),
        (Comparison.LESS, 101, 0, 100, True),
        (Comparison.LESS, 1e300, 0, None, None),
        (Comparison.GREATER, math.inf, 0, None, False),
    ],
)
def test_bounds_of_metrics(comparison, threshold, lowest, highest, expected) -> None:
    assert breaching(comparison, threshold, lowest, highest) is expected
