"""YAML as people mean it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.policy.yaml import read_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 2026-01-31", {"a": "2026-01-31"}),
        ("a: 2026-01-31T09:00:00Z", {"a": "2026-01-31T09:00:00Z"}),
        ("on: off", {"on": "off"}),
        ("[yes, no, Yes, NO, y, n]", ["yes", "no", "Yes", "NO", "y", "n"]),
        ("[true, false, 'true']", [True, False, "true"]),
        ("[1, 0x10, 1.5, null, ~, '1']", [1, 16, 1.5, None, None, "1"]),
        ("a: &x [1]\nb: *x", {"a": [1], "b": [1]}),
        ("base: &x {a: 1}\nb: {<<: *x, c: 2}", {"base": {"a": 1}, "b": {"a": 1, "c": 2}}),
        ("", None),
        ("# nothing", None),
    ],
)
def test_values(text, value):
    assert read_yaml(text.encode()) == value


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"a: 1\nb: 2\na: 3\n", "the key `a` stands twice in one map at line 3, column 1"),
        (b"x: {a: 1, a: 2}\n", "the key `a` stands twice in one map at line 1, column 11"),
        (b"a: [\n", "while parsing a flow node did not find expected node content at line 2, column 1"),
        (b"a: !!python/object/apply:os.system [id]\n", "could not determine a constructor for the tag"),
        (b"a: 1\n---\nb: 2\n", "expected a single document in the stream"),
        (b"a: \xff", "invalid leading UTF-8 octet"),
        (b"[" * 50, "while parsing a flow"),
        (b"[" * 200_000, "it is nested too deeply"),
        (b"[]: 1", "found unhashable key"),
        (b"[" * 100_000 + b"]" * 100_000, "it is nested too deeply"),
        (b"- " * 100_000 + b"a", "it is nested too deeply"),
        (b"{a: " * 30_000 + b"}" * 30_000, "it is nested too deeply"),
        (b"[" * 2_000 + b"]" * 2_000, "it is nested too deeply"),
    ],
)
def test_what_is_wrong_is_said_on_one_line(data, reason):
    said = refusal(data)
    assert reason in said
    assert "\n" not in said
    assert "byte string" not in said


def refusal(data: bytes) -> str:
    """Why it is refused; "" where it is read."""
    try:
        read_yaml(data)
    except ValueError as error:
        return str(error)
    return ""


@given(st.binary(max_size=200) | st.text("[]{}:,-&*!|>'\"# \n\tabc01", max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(data):
    assert "\n" not in refusal(data)
