"""Globs of branches, held to Go's documentation of `path.Match` and to Python's `fnmatch` where they agree."""

from contextlib import suppress
from fnmatch import fnmatchcase

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kfm_audit.lakefs.branch_globs import GlobError, letter_no_branch_has, path_matches, protects


@pytest.mark.parametrize(
    ("glob", "name", "matches"),
    [
        # The table of Go's path/match_test.go, without those that need a slash.
        ("abc", "abc", True),
        ("*", "abc", True),
        ("*c", "abc", True),
        ("a*", "a", True),
        ("a*", "abc", True),
        ("a*b*c*d*e*", "axbxcxdxe", True),
        ("a*b*c*d*e*", "axbxcxdxexxx", True),
        ("a*b?c*x", "abxbbxdbxebxczzx", True),
        ("a*b?c*x", "abxbbxdbxebxczzy", False),
        ("ab[c]", "abc", True),
        ("ab[b-d]", "abc", True),
        ("ab[e-g]", "abc", False),
        ("ab[^c]", "abc", False),
        ("ab[^b-d]", "abc", False),
        ("ab[^e-g]", "abc", True),
        ("a\\*b", "a*b", True),
        ("a\\*b", "ab", False),
        ("a?b", "a☺b", True),
        ("a[^a]b", "a☺b", True),
        ("a???b", "a☺b", False),
        ("[a-ζ]*", "α", True),  # noqa: RUF001 - as Go has it
        ("*[a-ζ]", "A", False),
        ("[\\]a]", "]", True),
        ("[\\-]", "-", True),
        ("[x\\-]", "x", True),
        ("[x\\-]", "-", True),
        ("[x\\-]", "z", False),
        ("[\\-x]", "a", False),
        ("*x", "xxx", True),
        ("", "", True),
        ("", "a", False),
        ("{a,b}", "a", False),
        ("[!a]", "b", False),
    ],
)
def test_as_go_matches(glob, name, matches) -> None:
    assert path_matches(glob, name) is matches


@pytest.mark.parametrize(
    "glob", ["[]a]", "[-]", "[x-]", "[-x]", "\\", "[a-b-c]", "[", "[^", "[^bc", "a[", "a\\"]
)
def test_as_go_refuses(glob) -> None:
    with pytest.raises(GlobError):
        path_matches(glob, "a")


@given(st.text("abc*?", max_size=10), st.text("abc", max_size=12))
@example("a*a*a*a*a*a*a*b", "a" * 60)
def test_without_classes_it_is_what_everybody_means(glob, name) -> None:
    assert path_matches(glob, name) is fnmatchcase(name, glob)
    assert protects(glob, name) is fnmatchcase(name, glob)


@pytest.mark.parametrize(
    ("glob", "name", "matches"),
    [
        ("stable_*", "stable_1", True),
        ("main", "main2", False),
        ("{env,rel}-*", "rel-1", True),
        ("{env,rel}-{prod,dev}", "env-dev", True),
        ("{env,rel}-{prod,dev}", "env-stage", False),
        ("[!e]*", "main", True),
        ("[^e]*", "env-prod", False),
    ],
)
def test_protection(glob, name, matches) -> None:
    assert protects(glob, name) is matches


@pytest.mark.parametrize("glob", ["{a", "{a,b}" * 9, "[a"])
def test_protection_that_is_malformed(glob) -> None:
    with pytest.raises(GlobError):
        protects(glob, "a")


@given(st.text(max_size=20), st.text(max_size=20))
def test_nothing_else_is_raised(glob, name) -> None:
    for match in (path_matches, protects, lambda glob, name: letter_no_branch_has(glob)):
        with suppress(GlobError):
            match(glob, name)


@pytest.mark.parametrize(
    ("glob", "letter"),
    [("env/*", "/"), ("env-*", ""), ("v1.*", "."), ("{a,b}", "{"), ("[./]x", ""), ("ü", "ü"), ("a_b-9?", "")],
)
def test_letters_that_no_branch_has(glob, letter) -> None:
    assert letter_no_branch_has(glob) == letter
