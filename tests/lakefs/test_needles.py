from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.inputs.engines.finder import Finder
from kfm_audit.inputs.engines.roots import roots
from kfm_audit.lakefs.needles import FREQUENT, Needles, least, plain, snake_case
from kfm_audit.lakefs.operations import Operation, decision

GLOBS = ("env-dev", "env_dev", "dev", "env-stage", "staging", "env-prod", "prod*", "production")
NEEDLES = Needles(GLOBS)
RARE = [found for found in Operation if decision(found) not in FREQUENT]


def worth(line: str, words: tuple[bytes, ...]) -> bool:
    """Whether a line is worth parsing, which what stands next to a needle must not change."""
    buffer = bytearray(line.encode() + b"\n")
    all_places, places = Finder(words), Finder(words, harmless=NEEDLES.harmless)
    found, quickly = (
        any(
            NEEDLES.matters(needle, buffer, 0, len(buffer))
            for _, needle in finder.search(buffer, len(buffer))
        )
        for finder in (all_places, places)
    )
    assert quickly is found
    return found


@pytest.mark.parametrize("operation", RARE, ids=lambda operation: operation.value)
def test_each_operation_that_is_rare_is_found_by_its_name(operation) -> None:
    line = '{"operation_id":"%s","path":"/x","status_code":200}'
    assert worth(line % operation.value, NEEDLES.usual(snakes=False))
    assert worth(line % snake_case(operation.value), NEEDLES.usual(snakes=True))
    assert worth(line % snake_case(operation.value), NEEDLES.all)


def test_snake_case() -> None:
    assert [
        snake_case(name) for name in ("HardResetBranch", "SetGCRules", "SetGroupACL", "MergeIntoBranchAsync")
    ] == [
        "hard_reset_branch",
        "set_gc_rules",
        "set_group_acl",
        "merge_into_branch_async",
    ]


BRANCHES = st.sampled_from(["env-dev", "env-prod", "production", "prod-eu", "staging"])


@given(BRANCHES, st.data())
def test_a_write_to_an_environment_is_found_however_the_branch_is_percent_encoded(branch, data) -> None:
    encoded = "".join(
        f"%{ord(letter):02x}" if data.draw(st.booleans()) else quote(letter, safe="") for letter in branch
    )
    path = f"/api/v1/repositories/r/branches/{encoded}/commits"
    line = f'{{"method":"POST","operation_id":"Commit","path":"{path}"}}'
    assert worth(line, NEEDLES.usual(snakes=False))


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (
            '{"method":"GET","operation_id":"GetBranch","path":"/api/v1/repositories/r/branches/env-prod"}',
            False,
        ),
        (
            '{"method":"POST","operation_id":"Commit","path":"/api/v1/repositories/r/branches/run-1/commits"}',
            False,
        ),
        (
            '{"method":"POST","operation_id":"Commit","path":"/r/branches/run-1/commits?source_metarange=a"}',
            True,
        ),
        (
            '{"method":"POST","operation_id":"UploadObject","path":"/r/branches/run-1/objects?path=_lakefs_actions%2Fa"}',
            True,
        ),
        # Two lines written into one another: what the second says does not clear the first.
        (
            '{"method":"POST","path":"/r/branches/env-prod/commits"{"method":"GET","operation_id":"GetObject"}',
            True,
        ),
        # What a caller says of itself has its quotes escaped.
        ('{"client":"\\"method\\":\\"GET\\"","method":"POST","path":"/r/branches/env-prod/commits"}', True),
        ('{"operation_id":"put_object","path":"k","ref":"env-prod","repository":"r"}', True),
        ('{"operation_id":"put_object","path":"k","ref":"run-1","repository":"r"}', False),
        # Lines torn within the ref of one call, and with another behind it.
        (
            '{"operation_id":"put_object","path":"k","ref":"{"path":"k","ref":"env-prod","repository":"r"}',
            True,
        ),
        (
            '{"operation_id":"put_object","path":"k","ref":"run-1","r":{"operation_id":"put_object","path":"k","ref":"env-dev",',
            True,
        ),
        # The method of a call stands before its path or behind it.
        ('{"method":"GET","path":"/r/x"}{"path":"/r/branches/env-prod/commits","method":"POST"}', True),
        ('{"method":"HEAD","path":"/r/branches/env-prod"}', False),
        ('{"log":"{\\"operation_id\\":\\"delete_objects\\",\\"ref\\":\\"env-prod\\"}"}', True),
        ("operation_id=post_object path=k ref=env-prod repository=r", True),
        ('{"operation_id":"get_object","path":"k","ref":"env-prod"}', False),
        # A log inside a log: the name is found in any depth of quoting.
        ('{"a":"{\\\\\\"b\\\\\\":\\\\\\"HardResetBranch\\\\\\"}"}', True),
    ],
)
def test_lines(line, found) -> None:
    assert worth(line, NEEDLES.usual(snakes=False)) is found


def test_a_glob_that_begins_with_a_star_makes_every_branch_a_place() -> None:
    buffer = bytearray(b'{"method":"POST","operation_id":"Commit","path":"/r/branches/x-prod/commits"}')
    needles = Needles(("*-prod",))
    assert any(
        needles.matters(needle, buffer, 0, len(buffer))
        for _, needle in Finder(needles.all).search(buffer, len(buffer))
    )


def test_logs_with_other_escapes_than_a_server_writes_are_told() -> None:
    assert plain(b'{"path":"/a?b=1\\u0026c=2","x":"\\u003c"}')
    for escaped in (b"\\u0048ardResetBranch", b"env\\u002dprod", b"branches\\/env-prod", b"prod\\u0032"):
        assert not plain(escaped)


WORDS = st.lists(st.text("abAB_-/", min_size=1, max_size=9), min_size=1, max_size=12, unique=True)


@given(WORDS)
def test_each_word_has_a_root(words) -> None:
    wanted = least(words)
    assert all(any(root in word for root in roots(wanted)) for word in wanted)


@given(WORDS, st.text("abAB_-/\n", max_size=80))
def test_the_libraries_find_the_lines_that_python_finds(words, text) -> None:
    wanted = least(words)
    buffer = bytearray(text.encode())
    lines = {
        buffer.count(b"\n", 0, at)
        for at, word in Finder(wanted).search(buffer, len(buffer))
        if buffer.startswith(word, at)
    }
    assert lines == {
        number
        for number, line in enumerate(text.encode().split(b"\n"))
        if any(word in line for word in wanted)
    }
    finder = Finder(wanted)
    for word in (b"\n", *wanted):
        assert finder.count(buffer, 0, len(buffer), word) == buffer.count(word)


@pytest.mark.parametrize("operation", RARE, ids=lambda operation: operation.value)
def test_without_libraries_every_id_is_found_that_is_not_known_to_be_frequent(operation) -> None:
    ids, *_ = NEEDLES.by_id()
    for said in (
        operation.value,
        snake_case(operation.value),
        "SomethingNewer",
        "put_object",
        "delete_objects",
    ):
        assert ids.search(b'"operation_id":"%b","path"' % said.encode())
        assert ids.search(b'\\"operation_id\\": \\"%b\\"' % said.encode())
        assert ids.search(b"operation_id=%b path=/" % said.encode())
    for said in ("GetObject", "Commit", "list_objects", "CommitAsync", "DeleteObjects"):
        assert not ids.search(b'"operation_id":"%b","path"' % said.encode())
