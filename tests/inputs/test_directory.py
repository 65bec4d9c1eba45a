from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kfm_audit.facts import Group, Membership, PersonKind, UnreadableInput, User
from kfm_audit.inputs.directory import KIND
from kfm_audit.inputs.kind import ReadContext
from kfm_audit.inputs.source import Source
from kfm_audit.policy.model import Policy
from kfm_audit.values import Origin

CONTEXT = ReadContext(Policy(policy=1, name="test"), Path(), Path())
PAGE = {"has_more": False, "max_per_page": 1000, "results": 1, "next_offset": ""}


def source(document: object, path: str = "directory.json") -> Source:
    return Source(path, None, document if isinstance(document, bytes) else msgspec.json.encode(document))


def read(document: object, path: str = "directory.json") -> tuple:
    known = source(document, path)
    assert KIND.recognise(known)
    return KIND.read(known, CONTEXT).facts


def day(number: int) -> datetime:
    return datetime(2026, 1, number, tzinfo=UTC)


def test_our_own_format() -> None:
    facts = read(
        {
            "as_of": "2026-01-31T02:00:00+02:00",
            "users": [
                {"id": "u1", "email": "jane@acme.com", "friendly_name": "Jane", "kind": "human"},
                {"id": "oncall", "kind": "shared", "email": None},
                {"id": "bot", "kind": "software", "team": "kept by others"},
                {"id": "u4"},
            ],
            "groups": [
                {
                    "id": "g1",
                    "name": "reliability-engineers",
                    "members": [
                        {"user": "u1", "since": "2026-01-05", "until": "2026-01-20"},
                        {"user": "u4", "since": "2026-01-05T00:00:00Z", "until": "2026-01-20T00:00:00Z"},
                        {"user": "oncall"},
                        "bot",
                    ],
                },
                {"id": "empty", "members": []},
                {"id": "named"},
            ],
        }
    )
    path = "directory.json"
    assert facts == (
        User(
            subject="u1",
            origin=Origin(path, "/users/0"),
            id="u1",
            email="jane@acme.com",
            friendly_name="Jane",
            person=PersonKind.HUMAN,
        ),
        User(subject="oncall", origin=Origin(path, "/users/1"), id="oncall", person=PersonKind.SHARED),
        User(subject="bot", origin=Origin(path, "/users/2"), id="bot", person=PersonKind.SOFTWARE),
        User(subject="u4", origin=Origin(path, "/users/3"), id="u4"),
        Group(
            subject="g1",
            origin=Origin(path, "/groups/0"),
            id="g1",
            name="reliability-engineers",
            members=(
                Membership("u1", day(5), day(21)),
                Membership("u4", day(5), day(20)),
                Membership("oncall"),
                Membership("bot"),
            ),
            as_of=day(31),
        ),
        Group(subject="empty", origin=Origin(path, "/groups/1"), id="empty", name="empty", as_of=day(31)),
        Group(
            subject="named",
            origin=Origin(path, "/groups/2"),
            id="named",
            name="named",
            members_known=False,
            as_of=day(31),
        ),
    )


def test_answers_of_the_api() -> None:
    users = {
        "pagination": PAGE,
        "results": [{"id": "u1", "creation_date": 1767225600, "email": "jane@acme.com"}],
    }
    assert read(users, "auth/users.json") == (
        User(subject="u1", origin=Origin("auth/users.json", "/results/0"), id="u1", email="jane@acme.com"),
    )
    groups = {"pagination": PAGE, "results": [{"id": "g1", "name": "sre", "creation_date": 1767225600}]}
    assert read(groups, "any.json") == (
        Group(
            subject="g1", origin=Origin("any.json", "/results/0"), id="g1", name="sre", members_known=False
        ),
    )
    path = "auth/groups/reliability%20engineers/members.json"
    members = {
        "pagination": PAGE,
        "results": [{"id": "u1", "creation_date": 1767225600}],
        "as_of": "2026-01-31T00:00:00Z",
    }
    assert read(members, path) == (
        User(subject="u1", origin=Origin(path, "/results/0"), id="u1"),
        Group(
            subject="reliability engineers",
            origin=Origin(path, "/results"),
            id="reliability engineers",
            name="reliability engineers",
            members=(Membership("u1"),),
            as_of=day(31),
        ),
    )


def test_nobody_in_a_group_is_an_answer() -> None:
    (group,) = read({"pagination": PAGE, "results": []}, "groups/sre/members.json")
    assert (group.id, group.members, group.members_known) == ("sre", (), True)


def test_a_page_of_several_is_not_the_whole() -> None:
    page = {
        "pagination": {**PAGE, "has_more": True, "next_offset": "u1"},
        "results": [{"id": "u1", "creation_date": 1}],
    }
    _, group, lost = read(page, "groups/sre/members.json")
    assert not group.members_known
    assert (lost.part, lost.cause, lost.origin.pointer) == (
        "the pages that follow",
        "is one page of several (pagination.has_more is true)",
        "/pagination",
    )


def test_what_cannot_be_read_is_lost_by_itself() -> None:
    facts = read(
        {
            "users": [{"id": 5}, {"id": "u1", "kind": "robot"}, {"id": "u2"}, "u3"],
            "groups": [
                {"id": "g", "members": [{"user": "u2", "since": "tomorrow"}, {"user": "u2"}, 7]},
                {"name": "without id"},
            ],
            "as_of": "2026-01-31",
        }
    )
    lost = [(fact.part, fact.cause) for fact in facts if isinstance(fact, UnreadableInput)]
    assert [part for part, _ in lost] == [
        "/as_of",
        "/users/0",
        "/users/1",
        "/users/3",
        "/groups/0/members/0",
        "/groups/0/members/2",
        "/groups/1",
    ]
    assert lost[4][1] == "'tomorrow' is no date or time: write 2026-01-31 or 2026-01-31T09:00:00Z"
    (group,) = [fact for fact in facts if isinstance(fact, Group)]
    assert (group.members, group.members_known, group.as_of) == ((Membership("u2"),), False, None)
    assert [fact.id for fact in facts if isinstance(fact, User)] == ["u2"]


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("rules.json", {"groups": [{"name": "recording", "rules": []}]}),
        ("org.json", {"users": [{"id": "u"}], "groups": [{"id": "g"}], "teams": []}),
        ("branches.json", {"pagination": PAGE, "results": [{"id": "main", "commit_id": "9666d7c9daf3"}]}),
        ("commits.json", {"pagination": PAGE, "results": [{"id": "9", "creation_date": 1, "parents": []}]}),
        (
            "repositories.json",
            {
                "pagination": PAGE,
                "results": [{"id": "kfm", "creation_date": 1, "storage_namespace": "s3://b"}],
            },
        ),
        ("page.json", {"pagination": {}, "results": [{"id": 1, "name": "of another service"}]}),
        ("a.json", {"users": "none"}),
        ("b.json", [{"id": "u"}]),
        ("c.json", b""),
    ],
)
def test_what_is_no_directory_is_left_to_others(path, document) -> None:
    assert not KIND.recognise(source(document, path))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("2026-01-31"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "users",
                    "groups",
                    "as_of",
                    "pagination",
                    "results",
                    "has_more",
                    "id",
                    "name",
                    "email",
                    "kind",
                    "members",
                    "user",
                    "since",
                    "until",
                    "creation_date",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@settings(max_examples=150)
@given(JSON, st.sampled_from(["a.json", "groups/g/members.json", "users.json", "groups.json"]))
def test_any_document_is_read(document, path) -> None:
    known = source(document, path)
    KIND.recognise(known)
    facts = KIND.read(known, CONTEXT).facts
    for fact in facts:
        KIND.locate(known, fact.origin, "")


@settings(max_examples=50)
@given(st.binary())
def test_any_bytes_are_refused(data) -> None:
    known = source(data)
    KIND.recognise(known)
    KIND.read(known, CONTEXT)
