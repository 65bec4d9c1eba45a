"""Action files: what lakeFS reads of them, and what of it is wrong. The rule's cases show most of it."""

from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kfm_audit.facts import ActionFile, ActionHook, ActionTrigger
from kfm_audit.inputs.kind import ReadContext
from kfm_audit.inputs.lakefs_server.kinds import KINDS
from kfm_audit.inputs.source import Source
from kfm_audit.lakefs.actions import EVENTS
from kfm_audit.policy.model import Policy
from kfm_audit.values import Location

CONTEXT = ReadContext(Policy(policy=1, name="test"), Path(), Path())
(KIND,) = (kind for kind in KINDS if kind.name == "lakefs-action")
HOOKS = "hooks: [{id: check, type: lua, properties: {script: print(1)}}]\n"


def source(data: str | bytes) -> Source:
    return Source("_lakefs_actions/a.yaml", None, data if isinstance(data, bytes) else data.encode())


def read(data: str | bytes) -> ActionFile:
    known = source(data)
    assert KIND.recognise(known)
    (fact,) = KIND.read(known, CONTEXT).facts
    assert isinstance(fact, ActionFile)
    return fact


def faults(data: str | bytes) -> list[tuple[str, str]]:
    return [(fault.at, fault.message) for fault in read(data).faults]


def test_on_is_a_word_in_every_way_to_write_it() -> None:
    for key in ("on", '"on"', "'on'", "!!str on"):
        fact = read(f"name: gate\n{key}:\n  pre-merge:\n{HOOKS}")
        assert (fact.on, fact.faults) == ((ActionTrigger("pre-merge"),), ())
    assert faults(f"name: gate\ntrue: {{pre-merge: }}\n{HOOKS}") == [("on", "has no `on`: it names no event")]


def test_scalars_are_text_where_lakefs_takes_text() -> None:
    fact = read(
        "name: 2026\non: {pre-merge: {branches: [2026, true, 1e3]}}\nhooks: [{id: on, type: lua, properties: {script: x}}]"
    )
    assert (fact.name, fact.faults) == ("2026", ())
    assert fact.on == (ActionTrigger("pre-merge", ("2026", "true", "1e3")),)
    assert fact.hooks == (ActionHook("on", "lua", "", {"script": ""}),)


@pytest.mark.parametrize(
    "rest", ["", "---\n", "...\n", "--- \n# only a comment\n", "...\n---\n...\n", "---\nname: ü\n---\n"]
)
def test_documents_that_follow(rest) -> None:
    more = [
        fault.message.partition(":")[0]
        for fault in read(f"name: gäte\non: {{pre-merge: }}\n{HOOKS}{rest}").faults
    ]
    more = [message for message in more if "name" not in message]
    assert more == (["holds more than one YAML document"] if "ü" in rest else [])


def test_what_follows_is_not_even_looked_at() -> None:
    fact = read(f"name: gate\non: {{pre-merge: }}\n{HOOKS}---\n[broken: {{\n")
    assert [fault.refused for fault in fact.faults] == [False]


def test_a_comment_before_the_first_document() -> None:
    assert read(f"# Gates\n---\nname: gate\non: {{pre-merge: }}\n{HOOKS}").faults == ()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("", "holds no action"),
        ("null", "holds no action"),
        ("- a", "is no map with `name`, `on` and `hooks`"),
        ("just words", "is no map with `name`, `on` and `hooks`"),
        (b"name: \xff", "is not UTF-8: byte 0xff at offset 6"),
        (b"name: \x00", "is no YAML that lakeFS reads: unacceptable character"),
        ("name: a\nname: b", "is no YAML that lakeFS reads: the key `name` stands twice in one map"),
        ("a: *nowhere", "is no YAML that lakeFS reads: found undefined alias"),
        ("[" * 5000, "is no YAML that lakeFS reads: it is nested too deeply"),
    ],
)
def test_files_that_are_no_actions(data, said) -> None:
    ((at, message),) = faults(data)
    assert (at, message.startswith(said)) == ("", True), message


def test_places() -> None:
    data = (
        "# ü\nname: gate\non:\n  pre-merge:\n    branches: [main, env/prod]\nhooks:\n  - {id: x, type: lua}\n"
    )
    at = {fault.at: KIND.locate(source(data), read(data).origin, fault.at) for fault in read(data).faults}
    path = "_lakefs_actions/a.yaml"
    assert at == {
        "on/pre-merge/branches/1": Location(path, 5, 22),
        "hooks/0/id": Location(path, 7, 6),
        "hooks/0/properties": Location(path, 7, 5),
    }
    assert KIND.locate(source(data), read(data).origin, "") == Location(path, 1, 1)
    assert KIND.locate(source("a: [b"), read("a: [b").origin, "name") == Location(path)
    assert KIND.locate(source(b"\xff"), read(b"\xff").origin, "name") == Location(path)


def test_what_keeps_an_empty_folder_in_git_is_no_action() -> None:
    keep = Source("_lakefs_actions/.gitkeep", None, b"")
    assert KIND.recognise(keep)
    assert KIND.read(keep, CONTEXT).facts == ()


WORDS = st.sampled_from(
    [
        *EVENTS,
        "on",
        "name",
        "hooks",
        "branches",
        "id",
        "type",
        "properties",
        "if",
        "lua",
        "webhook",
        "url",
        "*",
        "a",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | WORDS | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(deadline=None)
@given(VALUES)
@example({"on": {"\n": None}})
def test_whatever_is_written_is_read_or_refused(document) -> None:
    data = yaml.safe_dump(document, allow_unicode=True)
    fact = read(data)
    assert fact.faults or (fact.name and fact.on and fact.hooks)
    for fault in fact.faults:
        assert fault.message
        assert fault.cure
        assert "\n" not in fault.message
        KIND.locate(source(data), fact.origin, fault.at)


@settings(deadline=None)
@given(st.binary(max_size=80) | st.text("-?:,[]{}#&*!|>'\"%@` \n\tab1", max_size=60).map(str.encode))
def test_whatever_bytes_there_are(data) -> None:
    fact = read(data)
    assert fact.faults, "no such bytes make an action"
    assert not fact.runs
