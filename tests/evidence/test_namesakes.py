"""Which names may turn out to be the same, against a comparison of each with each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.aws.partly_known import UNKNOWN, apart, mark, same
from kfm_audit.evidence.alarm.namesakes import Namesakes
from kfm_audit.facts import MetricAlarm
from kfm_audit.values import ABSENT, Attribute, Known, Origin, PartText, Unknown

ENV, X, ONE = mark("var.env"), mark("var.x"), mark("var.one", one=True)
PIECES = st.lists(st.sampled_from(["a", "b", "ab", "-", ENV, X, ONE]), min_size=1, max_size=5).map("".join)


def name(text: str) -> Attribute[str]:
    return PartText((), text) if UNKNOWN in text else Known(text)


def named(*names: Attribute[str]) -> list[MetricAlarm]:
    return [
        MetricAlarm(subject=str(number), origin=Origin("main.tf"), resource_name="a", alarm_name=item)
        for number, item in enumerate(names)
    ]


def subjects(alarms: list[MetricAlarm], of: int) -> list[str]:
    return sorted(alarm.subject for alarm in Namesakes(alarms).of(alarms[of]))


@pytest.mark.parametrize(
    ("own", "other", "may_be"),
    [
        (f"{ENV}-orders-backlog", f"{ENV}-orders-age", False),
        (f"{ENV}-orders-age", f"{ENV}-orders-age", True),
        (f"{ENV}-age", "prod-orders-age", True),
        (f"{ENV}-age", "prod-orders-depth", False),
        (f"{ENV}-age", "age", False),
        (f"a-{ENV}", f"a-b-{X}", True),
        (f"a-{ENV}", f"b-{X}", False),
        (f"a-{ENV}-c", "a-b-c", True),
        (f"a-{ENV}-c", "a-c", False),
        (f"a-{ENV}-b-{X}-c", "a-1-b-2-c", True),
        (f"a-{ENV}-b-{X}-c", "a-1-2-c", False),
        (f"{ENV}*", "ab", False),
        # A variable itself is the same in both; what is made of one may be anything.
        (f"{ONE}-asg-up", f"{ONE}-web-{X}", False),
        (f"{ONE}-{ONE}-up", f"{ONE}-{ONE}-down-{X}", False),
        (f"{X}-up-{ONE}", f"a-{X}-down-{ONE}", False),
        (f"{ENV}-asg-up", f"{ENV}-web-{X}", True),
        (f"{ONE}-a", f"{ONE}-a", True),
        (f"{ONE}-{X}", f"{ONE}-web-{X}", True),
        # What is longer than a name can be is not compared.
        (f"{ENV}{'a' * 256}", f"{'b' * 256}{'a' * 256}", True),
        (f"{ENV}-a", f"{'b' * 600}-a", True),
    ],
)
def test_names_that_may_turn_out_to_be_the_same(own, other, may_be) -> None:
    assert subjects(named(name(own), name(other)), 0) == (["1"] if may_be else [])


def test_an_alarm_of_whose_name_nothing_is_known_is_nobodys_namesake() -> None:
    alarms = named(name(f"{ENV}-a"), Unknown(), ABSENT, Known("x-a"))
    assert [subjects(alarms, number) for number in range(3)] == [["3"], [], []]


@given(st.lists(PIECES, min_size=1, max_size=12))
def test_the_index_finds_what_a_comparison_of_each_with_each_finds(texts) -> None:
    alarms = named(*map(name, texts))
    for number, own in enumerate(texts):
        expected = [
            str(other)
            for other, text in enumerate(texts)
            if other != number and same(*apart(own, text)) is not False
        ]
        assert subjects(alarms, number) == sorted(expected)


@given(PIECES, PIECES, st.data())
def test_names_that_turn_out_to_be_the_same_are_found(one, other, data) -> None:
    value = st.sampled_from(["", "a", "b", "ab", "-", "a-b"])
    same_one = data.draw(value)

    def finally_called(text: str) -> str:
        text = text.replace(ONE, same_one)
        for piece in (ENV, X):
            while piece in text:
                text = text.replace(piece, data.draw(value), 1)
        return text

    if finally_called(one) == finally_called(other) and UNKNOWN in one:
        assert subjects(named(name(one), name(other)), 0) == ["1"]
