import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kfm_audit.reports.neutral import cells, columns, neutral, shorten
from tests.reports.hostile import any_text
from tests.reports.runner import command


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("AWS::SNS::Topic arn:aws:sns:eu-west-1:123456789012:alerts", None),
        ("fe80::1 and ::1", None),
        ("Straße, 名前, naïve", None),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\r\nb\tc\x00", r"a\r\nb\tc\x00"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("a\u200bb\xa0c\ufe0fd", r"a\u200bb\xa0c\ufe0fd"),
        ("\udcff", r"\udcff"),
        ("::error::x", ": :error::x"),
        ("see ::stop-commands::x", "see : :stop-commands::x"),
        ("##[error]x ##vso[task]y", "# #[error]x # #vso[task]y"),
        ("###[group]", "## #[group]"),
        ("## heading", None),
    ],
)
def test_what_is_shown(text, shown):
    assert neutral(text) == (text if shown is None else shown)


@given(any_text | st.text())
@example("#\ufe0f#[error]")
@example("\u3164::error::x")
def test_all_can_be_seen_and_nothing_commands(text):
    shown = neutral(text)
    assert shown.isprintable()
    for line in (shown, f"  {shown}", *shown.split(" ")):
        assert command(line) is None
    assert shown == "".join(cells(text))
    assert len(cells(text)) == len(text)


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "Zs"])))
def test_plain_text_stays_as_it_is(text):
    assert neutral(text) == text


def test_columns_of_a_terminal():
    assert [columns(cell) for cell in ("a", "名", "\u0301", "é", "\\x1b", "ﾅ")] == [1, 2, 0, 1, 4, 1]


def test_shorten():
    assert shorten("abcdef", 6) == "abcdef"
    assert shorten("abcdefg", 6) == "abc..."
