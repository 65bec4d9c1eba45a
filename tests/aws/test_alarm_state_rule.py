"""A composite equals the truth table of its rule."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.aws.alarm_rule import parse_alarm_rule
from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.aws.alarm_state_rule import holds

A, O, I = AlarmState.ALARM, AlarmState.OK, AlarmState.INSUFFICIENT_DATA  # noqa: E741

RULES = {
    "TRUE": lambda a, b: True,
    "NOT TRUE": lambda a, b: False,
    "NOT NOT FALSE": lambda a, b: False,
    "TRUE OR FALSE AND FALSE": lambda a, b: True,
    "ALARM ( a )": lambda a, b: a is A,
    'ALARM("a") AND ALARM(b)': lambda a, b: a is A and b is A,
    "ALARM(a) OR ALARM(b)": lambda a, b: a is A or b is A,
    "ALARM(a) AND NOT (OK(b) OR INSUFFICIENT_DATA(b))": lambda a, b: a is A and b is A,
    "NOT ALARM(a)": lambda a, b: a is not A,
    "AT_LEAST(1, ALARM, (a, b))": lambda a, b: A in (a, b),
    "AT_LEAST(2, NOT OK, (a, b))": lambda a, b: O not in (a, b),
    "AT_LEAST(67%, ALARM, (a, a, b))": lambda a, b: a is A and b is A,
    "AT_LEAST(66%, ALARM, (a, a, b))": lambda a, b: a is A,
}


@pytest.mark.parametrize("text", RULES)
def test_truth_tables(text):
    rule = parse_alarm_rule(text)
    for a, b in product(AlarmState, repeat=2):
        assert holds(rule, {"a": a, "b": b}.get) is RULES[text](a, b), (a, b)


def rules():
    atoms = st.tuples(st.sampled_from(["ALARM", "OK", "INSUFFICIENT_DATA"]), st.sampled_from("abc")).map(
        lambda pair: (f"{pair[0]}({pair[1]})", lambda states: states[pair[1]] is AlarmState[pair[0]])
    )
    return st.recursive(
        atoms,
        lambda below: st.one_of(
            below.map(lambda one: (f"NOT ({one[0]})", lambda states: not one[1](states))),
            st.tuples(below, below).map(
                lambda two: (
                    f"({two[0][0]}) AND ({two[1][0]})",
                    lambda states: two[0][1](states) and two[1][1](states),
                )
            ),
            st.tuples(below, below).map(
                lambda two: (
                    f"({two[0][0]}) OR ({two[1][0]})",
                    lambda states: two[0][1](states) or two[1][1](states),
                )
            ),
        ),
        max_leaves=8,
    )


@given(rules())
def test_any_rule_equals_its_truth_table(made):
    text, truth = made
    rule = parse_alarm_rule(text)
    for combination in product(AlarmState, repeat=3):
        states = dict(zip("abc", combination, strict=True))
        assert holds(rule, states.get) is truth(states)


@given(rules(), st.sampled_from("abc"))
def test_an_unknown_child_leaves_open_only_what_hangs_on_it(made, hidden):
    rule = parse_alarm_rule(made[0])
    for combination in product(AlarmState, repeat=3):
        states = dict(zip("abc", combination, strict=True))
        known = holds(rule, {**states, hidden: None}.get)
        possible = {holds(rule, {**states, hidden: state}.get) for state in AlarmState}
        assert known is None or possible == {known}


def test_a_rule_deeper_than_the_stack():
    text = "NOT (OK(a) AND " * 240 + "ALARM(b)" + ")" * 240
    assert holds(parse_alarm_rule(text), {"a": O, "b": A}.get) is True
