import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.reports.excerpt import excerpt
from kfm_audit.reports.neutral import cells, columns
from kfm_audit.values import Location


def draw(line, column, end_column, room=40, *, line_number=1, end_line=1):
    shown = excerpt(line, Location("f", line_number, column, end_line, end_column), room)
    return shown.text, shown.carets


@pytest.mark.parametrize(
    ("line", "column", "end_column", "text", "carets"),
    [
        ("alarm_actions = []\n", 17, 19, "alarm_actions = []", "                ^^"),
        ("\tx = 1\r\n", 2, 3, "    x = 1", "    ^"),
        ('name = "名前", x', 14, 15, 'name = "名前", x', "               ^"),
        ('"名前"', 2, 4, '"名前"', " ^^^^"),
        ("cafe\u0301 = x", 9, 10, "cafe\u0301 = x", "       ^"),
        ("a\x1b[31mb", 7, 8, "a\\x1b[31mb", "         ^"),
        ("short", 99, 100, "short", "     ^"),
        ("short", 3, 0, "short", "  ^"),
        ("short", 0, 0, "short", ""),
        ("short", 3, 99, "short", "  ^^^"),
    ],
)
def test_carets_stand_below_the_span(line, column, end_column, text, carets):
    assert draw(line, column, end_column) == (text, carets)


def test_a_span_over_several_lines_is_marked_to_the_end_of_the_first():
    assert draw("tags = {   \n", 8, 2, end_line=4) == ("tags = {", "       ^")


def test_a_long_line_is_cut_around_the_span():
    line = "x" * 1000 + "HERE" + "y" * 1000
    assert draw(line, 1001, 1005) == (
        "...xxxxxxxxxxHEREyyyyyyyyyyyyyyyyyyyy...",
        "             ^^^^",
    )


def test_a_long_line_is_cut_before_and_after_only_where_there_is_something():
    assert draw("HERE" + "y" * 1000, 1, 5)[0] == "HERE" + "y" * 33 + "..."
    assert draw("x" * 1000 + "HERE", 1001, 1005) == ("..." + "x" * 33 + "HERE", " " * 36 + "^^^^")


def test_a_span_longer_than_the_room():
    text, carets = draw("x" * 1000, 501, 701)
    assert (text, carets) == ("..." + "x" * 34 + "...", " " * 13 + "^" * 27)


def test_a_document_on_one_line_costs_no_more_than_a_short_one():
    line = '{"a": 1}' * 4_000_000
    text, _ = draw(line, 16_000_001, 16_000_009)
    assert len(text) == 40


@given(
    st.text(st.characters(exclude_characters="\r\n"), max_size=120),
    st.integers(1, 130),
    st.integers(0, 130),
    st.integers(30, 80),
)
def test_whatever_the_line_the_carets_fit(line, column, end_column, room):
    text, carets = draw(line, column, end_column, room)
    width = sum(columns(cell) for cell in cells(text))
    assert text.isprintable()
    assert width <= room
    assert carets.strip() == "^" * len(carets.strip())
    assert carets.strip()
    if "\t" not in line and sum(columns(cell) for cell in cells(line)) <= room:
        assert text == "".join(cells(line)).rstrip()
        before = sum(columns(cell) for cell in cells(line)[: column - 1])
        assert len(carets) - len(carets.lstrip()) == before
