"""Lines and columns of byte offsets, also in documents that are one very long line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.inputs import positions
from kfm_audit.inputs.positions import Positions

TEXT = st.text(st.sampled_from("a\né€😀") | st.characters(codec="utf-8"), max_size=60)


@given(TEXT, st.data())
def test_columns_count_code_points(text, data):
    before = text[: data.draw(st.integers(0, len(text)))]
    document = Positions(text.encode())
    line, column = before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1
    assert document.line_column(len(before.encode())) == (line, column)


@given(TEXT, st.integers(1, 9), st.data())
def test_columns_do_not_depend_on_blocks(text, size, data):
    at = data.draw(st.integers(0, len(text.encode())))
    whole = Positions(text.encode()).line_column(at)
    block = positions._BLOCK
    positions._BLOCK = size
    try:
        assert Positions(text.encode()).line_column(at) == whole
    finally:
        positions._BLOCK = block


def test_a_place_far_into_one_long_line():
    values = 2_000
    document = Positions(b"[" + b",".join(['"é{}"'.format("x" * 200).encode()] * values) + b"]")
    place = document.location("plan.json", f"/{values - 1}")
    start = 1 + (values - 1) * (203 + 1) + 1
    assert (place.line, place.column, place.end_line, place.end_column) == (1, start, 1, start + 203)
