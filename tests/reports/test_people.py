import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.findings.finding import Acceptance, AcceptedBy, LocatedRelated
from kfm_audit.reports import FORMATS
from kfm_audit.reports.people import publishable
from kfm_audit.values import Location
from tests.reports.builder import FAILED, SUPPRESSED, UNLISTED, finding, report, view

PRIVATE = view(people=False, show_suppressed=True)


def hidden(*findings):
    return publishable(report(*findings), PRIVATE).findings


def named(message, *persons, **changes):
    return finding(message=message, persons=persons, **changes)


def message_of(settled):
    return settled.finding.message


@pytest.mark.parametrize(
    ("message", "person", "shown"),
    [
        ("was reset by dana", "dana", "was reset by person-{}"),
        ("was reset by Dana, at noon", "dana", "was reset by person-{}, at noon"),
        ("danang is a town", "dana", "danang is a town"),
        ("by user_dana.", "dana", "by user_person-{}."),
        (
            "by https://kfm.example/people/dana%40kfm.org",
            "dana@kfm.org",
            "by https://kfm.example/people/person-{}",
        ),
        ("by person", "person", "by person-{}"),
    ],
)
def test_a_name_is_replaced_where_it_stands_as_a_word(message, person, shown):
    (settled,) = hidden(named(message, person))
    assert re.fullmatch(re.escape(shown).replace(re.escape("{}"), "[0-9a-f]{4}"), message_of(settled))


def test_a_person_has_one_pseudonym_in_every_run_and_case():
    (first,) = hidden(named("dana", "dana"))
    one, two = hidden(named("Dana and bo", "Dana", "bo"), named("dana", "dana", subject="b"))
    assert message_of(one).split()[0] == message_of(two) == message_of(first)


def test_a_name_is_hidden_in_every_text_of_every_finding():
    lister = named("was reset by dana", "dana")
    other = finding(
        message="dana again",
        help="ask dana",
        subject="https://kfm.example/dana",
        attribute="approver/dana",
        related=(LocatedRelated("dana's record", Location("rollbacks/dana.jsonld", 3)),),
        acceptance=Acceptance(by=AcceptedBy.CONFIG, reason="dana agreed", owner="dana"),
    )
    (settled,) = [each for each in hidden(lister, other) if each.acceptance]
    assert "dana" not in str(settled).replace("rollbacks/dana.jsonld", "")
    assert settled.acceptance.owner == ""
    assert settled.related[0].location.path == "rollbacks/dana.jsonld"


def test_an_address_wins_over_the_name_that_it_begins_with():
    (settled,) = hidden(named("dana@kfm.org and dana", "dana", "dana@kfm.org"))
    mail, _, name = message_of(settled).split()
    assert mail != name
    assert "kfm" not in mail


def test_the_view_may_allow_names():
    made = report(UNLISTED)
    assert publishable(made, view(people=True)) is made


def test_without_names_nothing_else_changes():
    assert hidden(FAILED) == (FAILED,)


@given(
    st.lists(
        st.text(st.characters(categories=["Ll", "Nd"]), min_size=1, max_size=3), max_size=300, unique=True
    )
)
def test_two_people_never_look_like_one(names):
    people = sorted({name.lower() for name in names})
    settled = hidden(named(" ".join(people), *people)) if people else ()
    for each in settled:
        assert len(set(message_of(each).split())) == len(people)


@pytest.mark.parametrize("name", ["sarif", "github", "summary"])
def test_formats_for_a_public_place_hide_names(name):
    text = FORMATS[name].render(report(UNLISTED, SUPPRESSED), PRIVATE)
    assert "person-fc51" in text
    assert "dana" not in text
    assert "team-ingest" not in text


@pytest.mark.parametrize("name", ["text", "json"])
def test_formats_for_those_who_run_it_keep_them(name):
    assert "dana.lopez@example.org" in FORMATS[name].render(report(UNLISTED), PRIVATE)
