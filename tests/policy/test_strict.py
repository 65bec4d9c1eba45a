"""What is wrong in a document is said in the words of its author, with the place."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.policy.model import Policy
from kfm_audit.policy.strict import DocumentError, nearest, read_strictly


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    colour: Literal["red", "green"] = "red"
    span: Annotated[str, msgspec.Meta(pattern="^[0-9]+h$", examples=["1h", "24h"])] = "1h"


class Outer(msgspec.Struct, forbid_unknown_fields=True, rename="kebab"):
    a_name: str
    inner: Inner | None = None
    many: tuple[Inner, ...] = ()
    by_name: dict[str, dict[str, Inner]] = {}
    words: dict[str, tuple[str | Inner, ...]] = {}
    flag: bool = False
    number: int = 0
    share: float = 0.0
    shades: dict[Literal["light", "dark"], int] = {}


@pytest.mark.parametrize(
    ("document", "path", "message"),
    [
        ({}, "", "lacks the key `a-name`"),
        ([], "", "expected a map, got a list"),
        (None, "", "expected a map, got nothing"),
        ({"a_name": "x"}, "a_name", "unknown key `a_name`: did you mean `a-name`?"),
        ({"a-name": 5}, "a-name", "expected text, got a whole number"),
        ({"a-name": "x", "flag": "yes"}, "flag", "expected true or false, got text"),
        ({"a-name": "x", "number": 1.5}, "number", "expected a whole number, got a number"),
        ({"a-name": "x", "share": []}, "share", "expected a number, got a list"),
        ({"a-name": "x", "inner": []}, "inner", "expected a map or nothing, got a list"),
        (
            {"a-name": "x", "inner": {"color": "red"}},
            "inner.color",
            "unknown key `color`: did you mean `colour`?",
        ),
        (
            {"a-name": "x", "many": [{}, {"colour": "gren"}]},
            "many.1.colour",
            "`gren` is no value of this key: did you mean `green`?",
        ),
        (
            {"a-name": "x", "inner": {"span": "soon"}},
            "inner.span",
            "is not written as it must be: 1h, 24h, for example",
        ),
        (
            {"a-name": "x", "by-name": {"a": {"b": {}, "c d.e": {"colour": "blue"}}}},
            "by-name.a.c d.e.colour",
            "`blue` is no value of this key: known are `green`, `red`",
        ),
        (
            {"a-name": "x", "by-name": {"fine": {}, "not": {"b": {"colours": 1}}}},
            "by-name.not.b.colours",
            "unknown key `colours`: did you mean `colour`?",
        ),
        (
            {"a-name": "x", "words": {"a": ["b"], "c": ["d", 3]}},
            "words.c.1",
            "expected text or a map, got a whole number",
        ),
        (
            {"a-name": "x", "words": {"c": ["d", {"span": "1"}]}},
            "words.c.1.span",
            "is not written as it must be: 1h, 24h, for example",
        ),
        ({"a-name": "x", "by-name": {5: {}}}, "by-name", "a key is no text: put it in quotes"),
        ({"a-name": "x", 5: {}}, "", "a key is no text: put it in quotes"),
        ({"a-name": "x", "shades": {"dakr": 1}}, "shades", "unknown key `dakr`: did you mean `dark`?"),
        ({"a-name": "x", "shades": {"x": 1}}, "shades", "unknown key `x`: known are `dark`, `light`"),
    ],
)
def test_place_and_words(document, path, message):
    with pytest.raises(DocumentError) as raised:
        read_strictly(document, Outer)
    assert (".".join(raised.value.path), raised.value.message) == (path, message)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda below: (
        st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=5) | st.integers(), below, max_size=3)
    ),
    max_leaves=10,
)
KEYS = st.sampled_from([*Policy.__struct_fields__, "polic", "x"])


@given(st.dictionaries(KEYS, JSON) | JSON)
def test_any_document_is_read_or_refused(document):
    error = refusal(document)
    if error is not None:
        assert error.message
        place = document
        for step in error.path[:-1]:
            place = place[int(step)] if isinstance(place, list) else place[step]


def refusal(document) -> DocumentError | None:
    try:
        read_strictly(document, Policy)
    except DocumentError as error:
        return error
    return None


@given(st.text(max_size=8), st.sets(st.text(max_size=8), max_size=4))
def test_nearest_never_fails(word, known):
    said = nearest(word, known)
    assert (said == "") is (not known)
