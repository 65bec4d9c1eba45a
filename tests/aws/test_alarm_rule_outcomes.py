"""What a rule can come out as equals what its evaluator gives over all states of its children."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kfm_audit.aws.alarm_rule import children, parse_alarm_rule
from kfm_audit.aws.alarm_rule_outcomes import outcomes
from kfm_audit.aws.alarm_state import AlarmState
from kfm_audit.aws.alarm_state_rule import holds
from kfm_audit.aws.arns import alarm_name

ALARM, OK, INSUFFICIENT_DATA = AlarmState
NAMES = ("a", "b", "c", "d", "e")
ATOMS = st.builds(
    "{}({})".format, st.sampled_from([state.value for state in AlarmState]), st.sampled_from(NAMES)
)
AT_LEAST = st.builds(
    lambda number, negated, state, names: (
        f"AT_LEAST({min(number, len(names))}, {negated}{state}, ({', '.join(names)}))"
    ),
    st.integers(1, 4),
    st.sampled_from(("", "NOT ")),
    st.sampled_from([state.value for state in AlarmState]),
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=4),
)
RULES = st.recursive(
    ATOMS | st.sampled_from(("TRUE", "FALSE")) | AT_LEAST,
    lambda below: st.one_of(
        below.map("NOT ({})".format),
        st.lists(below, min_size=2, max_size=3).map(lambda parts: f"({' AND '.join(parts)})"),
        st.lists(below, min_size=2, max_size=3).map(lambda parts: f"({' OR '.join(parts)})"),
    ),
    max_leaves=7,
)
STATES = st.lists(st.sampled_from(AlarmState), min_size=1, max_size=3, unique=True)
CASES = st.lists(st.sampled_from(NAMES), unique=True, max_size=2).flatmap(
    lambda names: st.lists(
        st.fixed_dictionaries({name: st.sampled_from(AlarmState) for name in names}), min_size=1, max_size=3
    )
)


def by_the_evaluator(rule, cases, others):
    """Every state of every child, one after the other."""
    free = sorted({child.child for child in children(rule)} - cases[0].keys())
    return {
        tuple(holds(rule, {**dict(zip(free, chosen, strict=True)), **case}.get) for case in cases)
        for chosen in product(*(others.get(name, tuple(AlarmState)) for name in free))
    }


@settings(max_examples=400)
@given(RULES, CASES, st.dictionaries(st.sampled_from(NAMES), STATES))
def test_it_is_what_the_evaluator_gives_over_all_states(text, cases, others) -> None:
    rule = parse_alarm_rule(text)
    assert outcomes(rule, cases, others) == by_the_evaluator(rule, cases, others)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ALARM(a)", {(True,), (False,)}),
        ("ALARM(a) OR NOT ALARM(a)", {(True,)}),
        ("ALARM(a) AND OK(a)", {(False,)}),
        ("ALARM(a) OR OK(a)", {(True,), (False,)}),
        ("ALARM(a) OR OK(a) OR INSUFFICIENT_DATA(a)", {(True,)}),
        ("AT_LEAST(2, ALARM, (a, a, b))", {(True,), (False,)}),
        ("AT_LEAST(1, NOT ALARM, (a, b)) OR ALARM(a)", {(True,)}),
        ("TRUE", {(True,)}),
    ],
)
def test_what_can_change(text, expected) -> None:
    assert outcomes(parse_alarm_rule(text)) == expected


def test_a_name_and_an_arn_are_the_same_alarm() -> None:
    arn = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:a"
    assert outcomes(parse_alarm_rule(f'ALARM(a) OR NOT ALARM("{arn}")')) == {(True,)}
    assert outcomes(parse_alarm_rule(f'ALARM("{arn}")'), [{"a": ALARM}, {"a": OK}]) == {(True, False)}
    assert alarm_name(arn) == "a"


def test_a_large_rule_is_put_together_and_not_tried_out() -> None:
    names = [f"n{number}" for number in range(90)]
    rule = parse_alarm_rule(" OR ".join(f"ALARM({name})" for name in names))
    assert outcomes(rule) == {(True,), (False,)}
    assert outcomes(rule, [{"n0": ALARM}, {"n0": INSUFFICIENT_DATA}]) == {(True, True), (True, False)}
    quiet = dict.fromkeys(names, (OK,))
    assert outcomes(rule, [{"n0": ALARM}, {"n0": INSUFFICIENT_DATA}], quiet) == {(True, False)}


def test_a_rule_that_is_too_intricate_is_not_tried() -> None:
    pairs = " OR ".join(f"(ALARM(n{number}) AND OK(n{number}))" for number in range(40))
    assert outcomes(parse_alarm_rule(pairs)) is None
