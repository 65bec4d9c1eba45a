"""Rules of one shape differ in the names of alarms alone."""

from __future__ import annotations

import pytest

from kfm_audit.aws.alarm_rule import parse_alarm_rule
from kfm_audit.aws.alarm_rule_shape import shape


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ('ALARM("a")', ("ALARM",)),
        ("TRUE", ("True",)),
        ('ALARM("a") AND NOT OK("b")', ("AND 2", "ALARM", "NOT", "OK")),
        ('(ALARM("a") OR ALARM("b")) AND ALARM("c")', ("AND 2", "OR 2", "ALARM", "ALARM", "ALARM")),
        ('AT_LEAST(2, ALARM, ("a", "b", "c"))', ("AT_LEAST 2 ALARM 3",)),
        ('AT_LEAST(50%, NOT OK, ("a", "b", "c"))', ("NOT AT_LEAST 2 OK 3",)),
    ],
)
def test_it_is_read_off_the_rule(rule, expected):
    assert shape(parse_alarm_rule(rule)) == expected


def test_names_do_not_matter_and_operators_do():
    one = shape(parse_alarm_rule('ALARM("a") AND ALARM("b")'))
    assert one == shape(parse_alarm_rule("ALARM(x) AND ALARM(y)"))
    assert one != shape(parse_alarm_rule('ALARM("a") OR ALARM("b")'))


def test_it_is_not_as_deep_as_the_rule():
    deep = "".join(f"ALARM(a{n}) AND (OK(a{n}) OR (" for n in range(80)) + "TRUE" + "))" * 80
    assert len(shape(parse_alarm_rule(deep))) == 80 * 4 + 1
