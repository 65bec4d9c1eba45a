"""Times, placeholders and terms: the small words of provenance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.prov.placeholders import holds_todo, is_placeholder
from kfm_audit.prov.quoting import quote, shorten
from kfm_audit.prov.terms import KFM, Vocabulary, last_part
from kfm_audit.prov.times import instant


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-30T03:10:00Z", datetime(2026, 1, 30, 3, 10, tzinfo=UTC)),
        ("2026-01-29T21:10:00-06:00", datetime(2026, 1, 30, 3, 10, tzinfo=UTC)),
        ("2026-01-30T08:40:00+05:30", datetime(2026, 1, 30, 3, 10, tzinfo=UTC)),
        ("2026-01-30T03:10:00", datetime(2026, 1, 30, 3, 10, tzinfo=UTC)),
        (" 2026-01-30t03:10:00.5z ", datetime(2026, 1, 30, 3, 10, 0, 500000, tzinfo=UTC)),
        ("2026-01-30T03:10:00.123456789Z", datetime(2026, 1, 30, 3, 10, 0, 123456, tzinfo=UTC)),
        ("2026-01-30T24:00:00Z", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-30", datetime(2026, 1, 30, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("2026-02-30T03:10:00Z", None),
        ("2026-01-30T03:10:60Z", None),
        ("2026-01-30T03:10:00+15:00", None),
        ("2026-01-30T03:10Z", None),
        ("2026-W05-5T03:10:00Z", None),
        ("yesterday", None),
        ("1769742600", None),
        ("", None),
        ("\u0662\u0660\u0662\u0666-01-30", None),
    ],
)
def test_instant(text, expected) -> None:
    assert instant(text) == expected


def zones():
    return st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.integers(-30_000_000_000, 250_000_000_000).map(lambda s: datetime.fromtimestamp(s, UTC)), zones())
def test_every_time_with_an_offset_comes_back(time, zone) -> None:
    assert instant(time.astimezone(zone).isoformat()) == time


@given(st.text())
def test_instant_never_raises(text) -> None:
    assert instant(text) is None or instant(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text", ["TODO", "todo", "TODO: ask Jane", "urn:kfm:person:TODO", "TBD.", "(FIXME)", "XXX", "tbd"]
)
def test_a_todo_is_seen(text) -> None:
    assert holds_todo(text)
    assert is_placeholder(text)


@pytest.mark.parametrize("text", ["Todos los Santos", "mastodon", "We had a todo list.", "tbdx", ""])
def test_other_words_are_no_todo(text) -> None:
    assert not holds_todo(text)


@pytest.mark.parametrize(
    "text",
    [
        "n/a",
        "N/A.",
        "none",
        "<why>",
        "{{ reason }}",
        "${REASON}",
        "[reason]",
        "xxxxxxxx",
        "... ...",
        "Lorem ipsum dolor",
    ],
)
def test_fillers_are_placeholders(text) -> None:
    assert is_placeholder(text)


@pytest.mark.parametrize(
    "text",
    ["The feed was 5 < 7 > 3 wrong.", "Gauge heights in feet [not metres] since 02:10.", "9666d7c9daf3"],
)
def test_texts_with_brackets_are_none(text) -> None:
    assert not is_placeholder(text)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("https://kansasfrontiermatrix.org/ns/kfm#approver", "approver"),
        ("kfm:approver", "approver"),
        ("approver", "approver"),
        ("urn:kfm:person:jane.doe", "jane.doe"),
        ("https://orcid.org/0000-0002-1825-0097/", "0000-0002-1825-0097"),
        ("lakefs://kfm/env-prod", "env-prod"),
        ("#", "#"),
        ("", ""),
    ],
)
def test_last_part(text, part) -> None:
    assert last_part(text) == part


def test_terms_are_matched_by_local_name_under_any_listed_namespace() -> None:
    vocabulary = Vocabulary(["http://kfm.local/ns#", "http://kfm.local/", ""])
    assert vocabulary.local_name(KFM + "justification") == "justification"
    assert vocabulary.local_name("http://kfm.local/ns#justification") == "justification"
    assert vocabulary.local_name("http://kfm.local/draft") == "draft"
    assert vocabulary.local_name("https://kfm.example.org/ns#justification") == ""


def test_texts_are_shown_short_and_on_one_line() -> None:
    assert quote("a\nb\x1b[31m") == r"'a\nb\x1b[31m'"
    assert shorten("x" * 80) == "x" * 80
    assert shorten("x" * 81) == "x" * 79 + "…"
