"""Texts that are known in part."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.aws.partly_known import UNKNOWN, in_words, like, mark, name_of, names_in, same

TOPIC = mark('aws_sns_topic.all["prod"]')


def test_a_mark_says_what_it_stands_for() -> None:
    assert name_of(TOPIC) == 'aws_sns_topic.all["prod"]'
    assert names_in(f"{TOPIC}:{UNKNOWN}:{mark('var.x')}:{TOPIC}") == ('aws_sns_topic.all["prod"]', "var.x")
    assert in_words(f"{TOPIC}:{UNKNOWN}") == '${aws_sns_topic.all["prod"]}:${?}'
    assert (name_of(f"{TOPIC}x"), name_of(UNKNOWN), name_of("x")) == ("", "", "")


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("*", TOPIC, True),
        ("a*", f"a{TOPIC}", True),
        ("a?", f"a{TOPIC}", None),
        (TOPIC, TOPIC, None),
        (TOPIC, "a", None),
        (f"a{TOPIC}", "b", False),
        (f"a{UNKNOWN}c", "abc", None),
        (f"a{UNKNOWN}c*", f"a{TOPIC}", None),
        (f"a{UNKNOWN}", f"b{UNKNOWN}", False),
    ],
)
def test_patterns(pattern, text, expected) -> None:
    assert like(pattern, text) is expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("a", "a", True),
        ("a", "*", False),
        (TOPIC, "*", None),
        (f"a{TOPIC}", "*", False),
        (f"*{TOPIC}", "*", None),
    ],
)
def test_sameness(one, other, expected) -> None:
    assert same(one, other) is expected


@given(st.text("ab*?", max_size=6), st.text("ab", max_size=6), st.text("ab", max_size=3), st.integers(0, 6))
def test_what_is_told_of_a_part_holds_of_every_whole(pattern, text, piece, at) -> None:
    told = like(pattern, text[:at] + UNKNOWN + text[at:])
    if told is not None:
        assert like(pattern, text[:at] + piece + text[at:]) is told


@given(st.text("ab*?", max_size=6), st.text("ab", max_size=6), st.text("ab*?", max_size=3), st.integers(0, 6))
def test_what_is_told_of_a_part_of_a_pattern_holds_of_every_whole(pattern, text, piece, at) -> None:
    told = like(pattern[:at] + mark("x") + pattern[at:], text)
    if told is not None:
        assert like(pattern[:at] + piece + pattern[at:], text) is told
