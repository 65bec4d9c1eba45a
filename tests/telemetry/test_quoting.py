import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.telemetry.quoting import LENGTH, examples, quote


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("usgs_hydro", '"usgs_hydro"'),
        ("ada.lovelace@example.org", '"…@example.org"'),
        ("mailto:ada@example.org?x=1", '"…@example.org?x=1"'),
        ("https://ada:hunter2@db.example.org/kfm", '"…@db.example.org/kfm"'),
        ("redis://:hunter2@cache:6379/0", '"redis://…@cache:6379/0"'),
        ("https://example.org/a?token=abc123&page=2", '"https://example.org/a?token=…&page=2"'),
        ("password: hunter2", '"password:…"'),
        ("Bearer abc.def", '"Bearer …"'),
        ("AKIAIOSFODNN7EXAMPLE", '"…" (looks like a secret)'),
        ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", '"…" (looks like a secret)'),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", '"…" (looks like a secret)'),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig", '"…" (looks like a secret)'),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE", '"…" (looks like a secret)'),
        ("a\x1b[31mb\nc\u202ed", '"a\\u{1b}[31mb\\u{a}c\\u{202e}d"'),
        ("S2A_MSIL2A_20250611T170851_N0511_R069_T14SKJ", '"S2A_MSIL2A_20250611T170851_N0511_R069_T…"'),
        ("9cb471a5-5349-da48-0467-3b757ff2e341", '"9cb471a5-5349-da48-0467-3b757ff2e341"'),
        ("0f343b0931126a20f133d67c2b018a3b", '"0f343b0931126a20f133d67c2b018a3b"'),
    ],
)
def test_quote(value, shown):
    assert quote(value) == shown


def test_examples_are_at_most_three():
    assert examples("status", ["a"]) == '"a"'
    assert examples("status", ["a", "b", "c"]) == '"a", "b", "c"'
    assert examples("status", ["a", "b", "c", "d", "e"]) == '"a", "b", "c" and 2 more'


def test_values_that_are_masked_alike_are_shown_once():
    assert examples("user", ["ada@example.org", "bob@example.org"]) == '"…@example.org"'


@pytest.mark.parametrize("key", ["password", "api_key", "ApiKey", "session_token", "client.secret"])
def test_values_under_a_secret_name_are_not_shown_at_all(key):
    assert examples(key, ["hunter2", "x"]) == "values not shown, by the label's name"


@given(st.text())
def test_a_quoted_value_is_short_and_printable(value):
    shown = quote(value)
    assert shown.isprintable()
    unescaped = re.sub(r"\\u\{[0-9a-f]+\}", "?", shown)
    assert len(unescaped) <= LENGTH + len('"" (looks like a secret)')


@given(st.emails())
def test_no_local_part_of_an_address_is_shown(address):
    local = address.rpartition("@")[0]
    assert f"{local}@" not in quote(address)
