"""From pointers to lines: what stands at the place is the value."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.inputs.positions import Positions, join_pointer, split_pointer

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=4)
        # Few names, so that objects within each other have the same ones.
        | st.dictionaries(st.sampled_from(["a", "b", "ab"]) | st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=20,
)


def pointers(value: object, at: tuple = ()):
    yield at, value
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, child in children:
        yield from pointers(child, (*at, key))


@given(VALUES, st.sampled_from([None, 0, 1, 3]), st.booleans())
def test_every_pointer_leads_to_its_value(document, indent, escaped) -> None:
    text = json.dumps(document, indent=indent, ensure_ascii=escaped)
    data = text.encode("utf-8", "surrogatepass")
    positions = Positions(data)
    lines = text.split("\n")
    for path, value in pointers(document):
        found = positions.location("x.json", join_pointer(*path))
        assert found.pointer == join_pointer(*path)
        rest = "\n".join([lines[found.line - 1][found.column - 1 :], *lines[found.line :]])
        decoded, _ = json.JSONDecoder().raw_decode(rest)
        assert decoded == value
        assert found.end_line == found.line, "one line, so that a pull request can show it"


def test_a_place_that_does_not_exist_is_the_nearest_above_it() -> None:
    positions = Positions(b'{"a": {"b": 1}}')
    found = positions.location("x", "/a", "c/d")
    assert (found.line, found.column, found.pointer) == (1, 7, "/a")


def test_an_object_that_repeats_a_key_is_shown_as_a_whole() -> None:
    positions = Positions(b'{"o": {"a": 1, "a": 22}, "z": 3}')
    assert positions.location("x", "/o/a").pointer == "/o"
    assert positions.location("x", "/z").column == 31


def test_columns_count_code_points() -> None:
    assert Positions('{"ä😀": 1}'.encode()).location("x", join_pointer("ä😀")).column == 8


@pytest.mark.parametrize("token", ["a/b", "m~n", "~1", "", "/", "~"])
def test_tokens_survive_a_pointer(token) -> None:
    assert split_pointer(join_pointer("x", token)) == ("x", token)


@pytest.mark.parametrize(
    ("document", "pointer", "column"),
    [
        ('{"a" : 12, "b": {"a":123}}', "/a", 8),
        ('{"b": {"a":123}, "a"\t: 12}', "/a", 24),
        ('{"\\u0061": 12, "b": {"a":123}}', "/a", 12),
        ('{"b": "a", "a": 12}', "/a", 17),
    ],
)
def test_a_key_is_found_however_it_and_those_below_are_spelt(document, pointer, column):
    assert Positions(document.encode()).location("plan.json", pointer).column == column
